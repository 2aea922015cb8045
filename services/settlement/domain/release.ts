/** Lets a held payable go to the payment centre once the county's fund has room for it. Found by the timer, in ascending order of id. */
import type { Decision } from "../../values/decision.ts";
import { unavailable } from "../../values/outcome.ts";
import { books, payables } from "./documents.ts";
import type { SettlementEvents } from "./events.ts";
import { roomOf, tellDue, withDue, withoutHeld } from "./payables.ts";

/** How soon a release without room may be tried again; the timer finds it again anyway. */
const RETRY_MS = 1000;

export interface ReleaseInput {
  readonly payableId: string;
}

/** The release's input id: a payable is held at most once, so the first release is the only one. */
export function releaseId(payableId: string): string {
  return `payable/${payableId}/release/1`;
}

export const release: Decision<ReleaseInput, { released: boolean }, SettlementEvents> = {
  needs({ payableId }, loaded) {
    const payable = loaded.get(payables.key(payableId));
    return payable ? [payables.key(payableId), books.key(payable.county)] : [payables.key(payableId)];
  },
  decide({ payableId }, state, change, context) {
    const payable = state.must(payables.key(payableId));
    change.about(payable.claimId || payableId);
    if (payable.state !== "HELD") return { released: false };
    const book = state.must(books.key(payable.county));
    // Not an answer but weather: nothing is stored, so the same id can be tried when money has come.
    if (payable.amountFen > roomOf(book)) return unavailable(`the fund of ${payable.county} has no room for ${payableId}`, RETRY_MS);
    const due = { ...payable, state: "DUE" as const, dueOn: context.day };
    change.put(payables.key(payableId), due);
    change.put(books.key(payable.county), withoutHeld(withDue(book, payable.amountFen), payable.amountFen));
    tellDue(change, due);
    return { released: true };
  },
};
