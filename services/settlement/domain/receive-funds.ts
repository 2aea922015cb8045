/** Books money that a county's fund received: Dr 1003, Cr the income account of its source. The bank's reference is posted once in a county. */
import { yearOf } from "../../values/days.ts";
import type { Decision, Loaded } from "../../values/decision.ts";
import { BANK, type FundSource, incomeOf } from "./chart.ts";
import { books, type Entry, entries, type Line } from "./documents.ts";
import type { SettlementEvents } from "./events.ts";
import { withoutBook } from "./know-county.ts";
import { bookedYear } from "./nominal.ts";
import { newLines, post, postingKeys } from "./posting.ts";
import { refuse } from "./refusals.ts";

export interface ReceiveFundsInput {
  readonly county: string;
  readonly source: FundSource;
  readonly amountFen: bigint;
  readonly reference: string;
  /** Whether administration knows the county, where its book was not there. */
  readonly countyKnown?: boolean;
}

export interface ReceiveFundsResult {
  readonly entryId: string;
  readonly bankBalanceFen: bigint;
}

function entryIdOf(input: ReceiveFundsInput): string {
  return `receipt/${input.county}/${input.reference}`;
}

function linesOf({ county, source, amountFen }: ReceiveFundsInput, day: string, documents: Loaded): readonly Line[] {
  const lines = newLines();
  lines.debit(county, BANK, amountFen);
  lines.credit(county, incomeOf(source, bookedYear(documents.get(books.key(county)), day)), amountFen);
  return lines.all();
}

/** The same money from the same source, in whatever year it was booked. */
function sameReceipt({ lines, day }: Entry, { county, source, amountFen }: ReceiveFundsInput): boolean {
  const income = lines.find(({ account }) => account !== BANK);
  return (
    income?.county === county &&
    income.creditFen === amountFen &&
    income.account.split("/")[0] === incomeOf(source, yearOf(day)).split("/")[0]
  );
}

export const receiveFunds: Decision<ReceiveFundsInput, ReceiveFundsResult, SettlementEvents> = {
  needs: (input, loaded, { day }) => [books.key(input.county), ...postingKeys(entryIdOf(input), day, linesOf(input, day, loaded))],
  decide(input, state, change, context) {
    const { county, reference } = input;
    const entryId = entryIdOf(input);
    change.about(entryId);
    const book = state.get(books.key(county));
    if (!book) return withoutBook(input);
    const posted = state.get(entries.key(entryId));
    if (posted) {
      // Its lines are those of the day on which it was booked.
      if (!sameReceipt(posted, input)) return refuse("RECEIPT_EXISTS", { field: "reference", county, reference });
      return { entryId, bankBalanceFen: book.bankFen };
    }
    post(state, change, context, { id: entryId, county, day: context.day, about: entryId, lines: linesOf(input, context.day, state) });
    return { entryId, bankBalanceFen: book.bankFen + input.amountFen };
  },
};
