/** What a debtor's answers to a window have in common: who may give one, to which window, until when. */
import type { Loaded } from "../../values/decision.ts";
import { assert, type Refusal } from "../../values/outcome.ts";
import { type ClearingWindow, type Dispute, disputes, type Entry, type Obligation, windows } from "./documents.ts";
import { refuse } from "./refusals.ts";
import { owedOf, windowId } from "./windows.ts";

export interface AnswerInput {
  readonly windowId: string;
  /** The debtor. */
  readonly county: string;
}

/** The window, where the county may answer to it today. */
export function windowToAnswer({ windowId: id, county }: AnswerInput, state: Loaded, day: string): ClearingWindow | Refusal {
  const window = state.get(windows.key(id));
  if (!window) return refuse("UNKNOWN_WINDOW", { field: "window_id", windowId: id });
  if (!isParty(window, county)) return refuse("NO_PARTY", { field: "county", windowId: id, county });
  if (window.state !== "CONFIRMING") return refuse("NOT_CONFIRMING", { field: "window_id", windowId: id, state: window.state });
  const { deadlineOn = "" } = window;
  if (day > deadlineOn) return refuse("AFTER_DEADLINE", { field: "window_id", windowId: id, deadline: deadlineOn });
  return window;
}

/** It owes something in the window, or did before it disputed it. */
function isParty(window: ClearingWindow, county: string): boolean {
  return owedOf(window).has(county) || window.disputed?.[county] !== undefined || window.answers?.[county] !== undefined;
}

/** The window of a row: where its disputes have brought it, or by its place in the ledger's order. */
export function isIn(window: ClearingWindow, { sequence }: Entry, dispute: Dispute | undefined): boolean {
  if (dispute) return dispute.window === window.number;
  return window.fromSequence < sequence && (window.state === "OPEN" || sequence <= window.toSequence);
}

export function obligationOf(entry: Entry): Obligation {
  assert(entry.obligation, `entry ${entry.sequence} makes nobody owe another county`);
  return entry.obligation;
}

/** What others are told of a dispute. */
export function disputeView(dispute: Dispute) {
  const { rowId, claimId, county, creditor, fen, window, state, times, ruling, revision } = dispute;
  return {
    rowId,
    claimId,
    debtor: county,
    creditor,
    owedFen: fen,
    windowId: window === 0 ? "" : windowId(window),
    state,
    disputes: times.length,
    reason: ruling?.reason ?? times.at(-1)?.reason ?? "",
    version: BigInt(revision),
  };
}

/** Whether the row may be disputed at all, or once more. */
export function canDispute(dispute: Dispute | undefined, limit: number): boolean {
  if (!dispute) return true;
  return dispute.state !== "OVERRULED" && dispute.state !== "UPHELD" && dispute.times.length < limit;
}

export function disputeKeys(rowIds: readonly string[]) {
  return rowIds.map((rowId) => disputes.key(rowId));
}
