/**
 * A debtor disputes rows of a window that is being confirmed: each leaves it and joins the window that is open now, in the same commit, so that it is in exactly one at any time.
 * All rows or none. The same row again, with the same reason, changes nothing.
 */
import type { Change, Context, Decision, State } from "../../values/decision.ts";
import { isRefusal, type Refusal } from "../../values/outcome.ts";
import { type AnswerInput, canDispute, disputeKeys, disputeView, isIn, obligationOf, windowToAnswer } from "./answering.ts";
import { type ClearingWindow, type Dispute, disputes, EMPTY_LEDGER, type Entry, entries, LEDGER, windows } from "./documents.ts";
import type { SettlementEvents, WindowView } from "./events.ts";
import { refuse } from "./refusals.ts";
import { OWES_NOTHING, openWindowKey, putWindow, viewOf, withObligation, withoutObligation } from "./windows.ts";

export interface DisputeRowsInput extends AnswerInput {
  readonly rows: readonly DisputedRow[];
  /** How often a row may be disputed. */
  readonly limit: number;
}

export interface DisputedRow {
  readonly rowId: string;
  readonly reason: string;
}

/** At the door, and where the machine disputes for who keeps silent. */
export const MOST_DISPUTED = 100;

/** The two windows between which rows move. */
export interface Between {
  readonly from: ClearingWindow;
  readonly to: ClearingWindow;
}

export function disputeRowsKeys({ windowId, rows }: Pick<DisputeRowsInput, "windowId" | "rows">) {
  const ids = rows.map(({ rowId }) => rowId);
  return [LEDGER, windows.key(windowId), ...ids.map((rowId) => entries.key(rowId)), ...disputeKeys(ids)];
}

export const disputeRows: Decision<DisputeRowsInput, WindowView, SettlementEvents> = {
  needs: (input, loaded) => [...disputeRowsKeys(input), openWindowKey(loaded.get(LEDGER) ?? EMPTY_LEDGER)],
  decide(input, state, change, context) {
    change.about(`window/${input.windowId}`);
    const from = windowToAnswer(input, state, context.day);
    if ("outcome" in from) return from;
    if (from.answers?.[input.county]) return refuse("ANSWERED", { field: "county", windowId: input.windowId, county: input.county });
    let between: Between = { from, to: state.must(openWindowKey(state.must(LEDGER))) };
    let moved = 0;
    for (const [index, row] of input.rows.entries()) {
      const field = `rows[${index}].row_id`;
      const entry = state.get(entries.key(row.rowId));
      if (entry?.obligation?.debtor !== input.county) return refuse("UNKNOWN_ROW", { field, row: row.rowId, county: input.county });
      const dispute = state.get(disputes.key(row.rowId));
      if (isRepeat(dispute, row, from)) continue;
      const fault = faultOf(field, row, entry, dispute, from, input.limit);
      if (isRefusal(fault)) return fault;
      between = moveRow(row, entry, between, state, change, context);
      moved += 1;
    }
    if (moved === 0) return viewOf(from);
    putWindow(change, between.to);
    return viewOf(putWindow(change, between.from));
  },
};

/** The row left this window before, for this reason. */
function isRepeat(dispute: Dispute | undefined, { reason }: DisputedRow, window: ClearingWindow): boolean {
  const last = dispute?.times.at(-1);
  return dispute?.state === "DISPUTED" && last?.window === window.number && last.reason === reason;
}

function faultOf(
  field: string,
  { rowId: row }: DisputedRow,
  entry: Entry,
  dispute: Dispute | undefined,
  window: ClearingWindow,
  limit: number,
): Refusal | undefined {
  if (dispute?.state === "UPHELD") return refuse("ROW_UPHELD", { field, row });
  if (!isIn(window, entry, dispute)) return refuse("ROW_ELSEWHERE", { field, row, windowId: `W${window.number}` });
  if (dispute?.state === "OVERRULED") return refuse("ROW_OVERRULED", { field, row });
  if (!canDispute(dispute, limit)) return refuse("DISPUTED_OFTEN", { field, row, limit });
  return undefined;
}

/** Takes a row out of one window and into the other. The windows are put by the caller, once for all rows. */
export function moveRow(
  { rowId, reason }: DisputedRow,
  entry: Entry,
  { from, to }: Between,
  state: State,
  change: Change<SettlementEvents>,
  { caller, day }: Context,
): Between {
  const { debtor, creditor, fen } = obligationOf(entry);
  const before = state.get(disputes.key(rowId));
  const dispute: Dispute = {
    county: debtor,
    rowId,
    claimId: entry.about,
    creditor,
    fen,
    sequence: entry.sequence,
    origin: before?.origin ?? from.number,
    window: to.number,
    state: "DISPUTED",
    times: [...(before?.times ?? []), { window: from.number, reason, by: caller.name, day }],
    revision: (before?.revision ?? 0) + 1,
  };
  change.put(disputes.key(rowId), dispute);
  change.about(entry.about);
  change.tell("DisputeChanged", debtor, disputeView(dispute));
  const owed = { from: debtor, to: creditor, fen };
  return { from: withDisputed(withoutObligation(from, owed), debtor, 1, fen), to: withObligation(to, owed) };
}

/** The window with more (or, below 0, less) that a debtor has disputed out of it. */
export function withDisputed(window: ClearingWindow, county: string, rows: number, fen: bigint): ClearingWindow {
  const before = window.disputed?.[county] ?? OWES_NOTHING;
  return { ...window, disputed: { ...window.disputed, [county]: { rows: before.rows + rows, fen: before.fen + fen } } };
}
