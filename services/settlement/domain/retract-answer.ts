/**
 * A debtor takes back what it said, until the window is netted: its confirmation, or, where it names rows, its disputes of them; those come back from the window into which they went, while that is open.
 * All of it or nothing.
 */
import type { Decision, Loaded } from "../../values/decision.ts";
import { type AnswerInput, disputeKeys, disputeView, windowToAnswer } from "./answering.ts";
import { withDisputed } from "./dispute-rows.ts";
import { type ClearingWindow, type Dispute, disputes, windows } from "./documents.ts";
import type { SettlementEvents, WindowView } from "./events.ts";
import { refuse } from "./refusals.ts";
import { putWindow, viewOf, windowKey, withObligation, withoutObligation } from "./windows.ts";

export interface RetractAnswerInput extends AnswerInput {
  /** None: the confirmation. */
  readonly rowIds: readonly string[];
}

export const retractAnswer: Decision<RetractAnswerInput, WindowView, SettlementEvents> = {
  needs(input, loaded) {
    const stand = input.rowIds.flatMap((rowId) => loaded.get(disputes.key(rowId)) ?? []);
    return [
      windows.key(input.windowId),
      ...disputeKeys(input.rowIds),
      ...stand.filter(({ window }) => window > 0).map(({ window }) => windowKey(window)),
    ];
  },
  decide(input, state, change, { day }) {
    const { windowId, county, rowIds } = input;
    change.about(`window/${windowId}`);
    const window = windowToAnswer(input, state, day);
    if ("outcome" in window) return window;
    if (rowIds.length === 0) {
      const { [county]: said, ...answers } = window.answers ?? {};
      return said ? viewOf(putWindow(change, { ...window, answers })) : refuse("NOT_ANSWERED", { field: "county", windowId, county });
    }
    if (window.answers?.[county]) return refuse("ANSWERED", { field: "county", windowId, county });
    let back = window;
    const others = new Map<number, ClearingWindow>();
    for (const [index, rowId] of rowIds.entries()) {
      const field = `row_ids[${index}]`;
      const dispute = state.get(disputes.key(rowId));
      if (!dispute || !isOutOf(window, dispute, county)) return refuse("NOT_DISPUTED", { field, row: rowId });
      const other = others.get(dispute.window) ?? windowOf(dispute, state);
      if (other?.state !== "OPEN") return refuse("ROW_MOVED_ON", { field, row: rowId, windowId: `W${dispute.window}` });
      const owed = { from: county, to: dispute.creditor, fen: dispute.fen };
      others.set(dispute.window, withoutObligation(other, owed));
      back = withDisputed(withObligation(back, owed), county, -1, -dispute.fen);
      const withdrawn: Dispute = {
        ...dispute,
        window: window.number,
        state: "WITHDRAWN",
        times: dispute.times.slice(0, -1),
        revision: dispute.revision + 1,
      };
      change.put(disputes.key(rowId), withdrawn);
      change.about(dispute.claimId);
      change.tell("DisputeChanged", county, disputeView(withdrawn));
    }
    for (const other of others.values()) putWindow(change, other);
    return viewOf(putWindow(change, back));
  },
};

/** The county's last dispute of the row took it out of this window, and nobody has ruled since. */
function isOutOf(window: ClearingWindow, { county, state, times }: Dispute, debtor: string): boolean {
  return county === debtor && state === "DISPUTED" && times.at(-1)?.window === window.number;
}

function windowOf({ window }: Dispute, state: Loaded): ClearingWindow | undefined {
  return state.get(windowKey(window));
}
