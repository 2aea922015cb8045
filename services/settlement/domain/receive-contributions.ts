/** ContributionsReceived: what a county's people paid in (个人缴费): Dr 1003, Cr 4001. The receipt is posted once. */
import type { Decision, Loaded } from "../../values/decision.ts";
import { assert, unavailable } from "../../values/outcome.ts";
import { BANK, incomeOf } from "./chart.ts";
import { books, entries, type Line } from "./documents.ts";
import type { SettlementEvents } from "./events.ts";
import { bookedYear } from "./nominal.ts";
import { newLines, post, postingKeys } from "./posting.ts";

export interface ContributionsInput {
  /** contributions/<county>/<request id>; the entry's id as well. */
  readonly receiptId: string;
  readonly county: string;
  readonly contributionsFen: bigint;
  readonly receivedOn: string;
}

function linesOf({ county, contributionsFen, receivedOn }: ContributionsInput, documents: Loaded): readonly Line[] {
  const lines = newLines();
  lines.debit(county, BANK, contributionsFen);
  lines.credit(county, incomeOf("INDIVIDUAL", bookedYear(documents.get(books.key(county)), receivedOn)), contributionsFen);
  return lines.all();
}

export const receiveContributions: Decision<ContributionsInput, { posted: boolean }, SettlementEvents> = {
  needs(input, loaded) {
    if (input.contributionsFen === 0n) return [];
    return [books.key(input.county), ...postingKeys(input.receiptId, input.receivedOn, linesOf(input, loaded))];
  },
  decide(input, state, change, context) {
    const { receiptId, county, contributionsFen, receivedOn } = input;
    change.about(receiptId);
    // All heads' contributions were paid for them: there is nothing to book.
    if (contributionsFen === 0n) return { posted: false };
    if (!state.get(books.key(county))) return unavailable(`county ${county} is not known yet`);
    const lines = linesOf(input, state);
    const posted = state.get(entries.key(receiptId));
    if (posted) {
      assert(posted.lines[0]?.debitFen === contributionsFen, `${receiptId} is posted with another amount than ${contributionsFen}`);
      return { posted: false };
    }
    post(state, change, context, { id: receiptId, county, day: receivedOn, about: receiptId, lines });
    return { posted: true };
  },
};
