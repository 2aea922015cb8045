/**
 * The province's centre rules on a disputed row, while the window that it is in is not netted. OVERRULED: it is owed, stays where it is, and is disputed no more. UPHELD: it leaves its window
 * and waits outside of all for a person to reverse or correct the claim; that brings it back, into the same window as the correction. What itself corrects, or was reversed already, is never upheld. The same ruling again changes nothing.
 */
import type { Change, Decision, Key, Loaded, State } from "../../values/decision.ts";
import { disputeKeys, disputeView } from "./answering.ts";
import { type ClearingWindow, type Dispute, disputes, type Payable, payables, type Upheld, upheld } from "./documents.ts";
import type { SettlementEvents } from "./events.ts";
import { promisedFen } from "./payables.ts";
import { owe, oweKeys } from "./prefund.ts";
import { refuse } from "./refusals.ts";
import { isNetted, putWindow, windowKey, withObligation, withoutObligation } from "./windows.ts";

export interface RuleDisputeInput {
  readonly rowId: string;
  readonly ruling: "OVERRULED" | "UPHELD";
  readonly reason: string;
}

export const ruleDispute: Decision<RuleDisputeInput, Dispute, SettlementEvents> = {
  needs({ rowId, ruling }, loaded) {
    const dispute = loaded.get(disputes.key(rowId));
    if (!dispute || dispute.window === 0) return [disputes.key(rowId)];
    const keys: Key[] = [disputes.key(rowId), windowKey(dispute.window)];
    if (ruling === "OVERRULED") return keys;
    return [...keys, payables.key(rowId), upheld.key(dispute.claimId), ...oweKeys(dispute.county, dispute.creditor)];
  },
  decide({ rowId, ruling, reason }, state, change, { caller, day }) {
    const dispute = state.get(disputes.key(rowId));
    if (dispute?.state === ruling && dispute.ruling?.reason === reason) return dispute;
    if (dispute?.state !== "DISPUTED") return refuse("NOT_DISPUTED", { field: "row_id", row: rowId });
    change.about(dispute.claimId);
    const window = state.must(windowKey(dispute.window));
    if (isNetted(window)) return refuse("ROW_NETTED", { field: "row_id", row: rowId, windowId: `W${window.number}` });
    // A payable has its approval's id, and a correction's is for what it gives more: what takes back has none.
    const payable = ruling === "UPHELD" ? state.get(payables.key(rowId)) : undefined;
    if (ruling === "UPHELD" && !isReversible(payable)) return refuse("ROW_NOT_REVERSIBLE", { field: "row_id", row: rowId });
    const ruled: Dispute = { ...dispute, state: ruling, ruling: { reason, by: caller.name, day }, revision: dispute.revision + 1 };
    const after = ruling === "UPHELD" ? { ...ruled, window: 0 } : ruled;
    if (ruling === "UPHELD") takeOut(dispute, window, state, change);
    change.put(disputes.key(rowId), after);
    change.tell("DisputeChanged", dispute.county, disputeView(after));
    return after;
  },
};

/** An approval of which something is left: of a correction, or of a claim that was taken back already, nobody could bring the row back. */
function isReversible(payable: Payable | undefined): boolean {
  return payable !== undefined && payable.claimId !== "" && promisedFen(payable) + (payable.adjustedFen ?? 0n) > 0n;
}

function takeOut(
  { rowId, claimId, county, creditor, fen }: Dispute,
  window: ClearingWindow,
  state: State,
  change: Change<SettlementEvents>,
): void {
  const waiting: Upheld = state.get(upheld.key(claimId)) ?? { county, rowIds: [] };
  change.put(upheld.key(claimId), { ...waiting, rowIds: [...waiting.rowIds, rowId] });
  owe(county, creditor, -fen, state, change);
  putWindow(change, withoutRow(window, { from: county, to: creditor, fen }));
}

/** A row that the debtor has confirmed already is one less of what it confirmed. */
function withoutRow(window: ClearingWindow, owed: Parameters<typeof withoutObligation>[1]): ClearingWindow {
  const after = withoutObligation(window, owed);
  const said = window.answers?.[owed.from];
  if (!said) return after;
  return { ...after, answers: { ...window.answers, [owed.from]: { ...said, rows: said.rows - 1, fen: said.fen - owed.fen } } };
}

export function upheldKeys(claimId: string, loaded: Loaded): Key[] {
  const waiting = loaded.get(upheld.key(claimId));
  return [upheld.key(claimId), ...disputeKeys(waiting?.rowIds ?? [])];
}

/** The open window with the rows of a claim that waited for its reversal or correction, and with what they are to the prefunds. Looks at `upheldKeys`. */
export function withUpheld(claimId: string, open: ClearingWindow, state: State, change: Change<SettlementEvents>): ClearingWindow {
  const waiting = state.get(upheld.key(claimId));
  if (!waiting || waiting.rowIds.length === 0) return open;
  let window = open;
  for (const rowId of waiting.rowIds) {
    const dispute = state.must(disputes.key(rowId));
    const { county, creditor, fen } = dispute;
    window = withObligation(window, { from: county, to: creditor, fen });
    owe(county, creditor, fen, state, change);
    const corrected: Dispute = { ...dispute, window: open.number, state: "CORRECTED", revision: dispute.revision + 1 };
    change.put(disputes.key(rowId), corrected);
    change.tell("DisputeChanged", county, disputeView(corrected));
  }
  change.put(upheld.key(claimId), { ...waiting, rowIds: [] });
  return window;
}
