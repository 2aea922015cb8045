/**
 * ContributionsReceived: what a campaign brought in (参合筹资): Dr 1003, Cr the income account of its source. The receipt is posted once; one that the treasurer has booked under
 * the same bank's reference is that receipt.
 */
import type { Decision, Loaded } from "../../values/decision.ts";
import { assert, unavailable } from "../../values/outcome.ts";
import { BANK, type FundSource, incomeOf } from "./chart.ts";
import { books, entries, type Line } from "./documents.ts";
import type { SettlementEvents } from "./events.ts";
import { bookedYear } from "./nominal.ts";
import { newLines, post, postingKeys } from "./posting.ts";

export interface ContributionsInput {
  /** contributions/<county>/<request id>, or receipt/<county>/<reference>; the entry's id as well. */
  readonly receiptId: string;
  readonly county: string;
  readonly contributionsFen: bigint;
  readonly receivedOn: string;
  readonly source: FundSource;
}

function linesOf({ county, source, contributionsFen, receivedOn }: ContributionsInput, documents: Loaded): readonly Line[] {
  const lines = newLines();
  lines.debit(county, BANK, contributionsFen);
  lines.credit(county, incomeOf(source, bookedYear(documents.get(books.key(county)), receivedOn)), contributionsFen);
  return lines.all();
}

export const receiveContributions: Decision<ContributionsInput, { posted: boolean }, SettlementEvents> = {
  needs(input, loaded) {
    if (input.contributionsFen === 0n) return [];
    return [books.key(input.county), ...postingKeys(input.receiptId, input.receivedOn, linesOf(input, loaded))];
  },
  decide(input, state, change, context) {
    const { receiptId, county, source, contributionsFen, receivedOn } = input;
    change.about(receiptId);
    // All heads' contributions were paid for them: there is nothing to book.
    if (contributionsFen === 0n) return { posted: false };
    if (!state.get(books.key(county))) return unavailable(`county ${county} is not known yet`);
    const lines = linesOf(input, state);
    const posted = state.get(entries.key(receiptId));
    if (posted) {
      const income = posted.lines.find(({ account }) => account !== BANK);
      const same = income?.creditFen === contributionsFen && income.account.startsWith(`${incomeOf(source, 0).split("/")[0]}/`);
      assert(same, `${receiptId} is posted with another amount or source than ${contributionsFen} ${source}`);
      return { posted: false };
    }
    post(state, change, context, { id: receiptId, county, day: receivedOn, about: receiptId, lines });
    return { posted: true };
  },
};
