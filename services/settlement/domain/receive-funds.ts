/** Books money that a county's fund received: Dr 1003, Cr the income account of its source. The bank's reference is posted once in a county. */
import type { Decision } from "../../values/decision.ts";
import { BANK, type FundSource, incomeOf } from "./chart.ts";
import { books, entries, type Line } from "./documents.ts";
import type { SettlementEvents } from "./events.ts";
import { withoutBook } from "./know-county.ts";
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

function linesOf({ county, source, amountFen }: ReceiveFundsInput): readonly Line[] {
  const lines = newLines();
  lines.debit(county, BANK, amountFen);
  lines.credit(county, incomeOf(source), amountFen);
  return lines.all();
}

/** True where both lists say the same in the same order. */
function sameLines(a: readonly Line[], b: readonly Line[]): boolean {
  const text = (lines: readonly Line[]) =>
    lines.map((line) => `${line.county}/${line.account}/${line.debitFen}/${line.creditFen}`).join(" ");
  return text(a) === text(b);
}

export const receiveFunds: Decision<ReceiveFundsInput, ReceiveFundsResult, SettlementEvents> = {
  needs: (input) => [books.key(input.county), ...postingKeys(entryIdOf(input), linesOf(input))],
  decide(input, state, change, context) {
    const { county, reference } = input;
    const entryId = entryIdOf(input);
    change.about(entryId);
    const book = state.get(books.key(county));
    if (!book) return withoutBook(input);
    const lines = linesOf(input);
    const posted = state.get(entries.key(entryId));
    if (posted) {
      if (!sameLines(posted.lines, lines)) return refuse("RECEIPT_EXISTS", { field: "reference", county, reference });
      return { entryId, bankBalanceFen: book.bankFen };
    }
    post(state, change, context, { id: entryId, county, day: context.day, about: entryId, lines });
    return { entryId, bankBalanceFen: book.bankFen + input.amountFen };
  },
};
