/** Sets a county's prefund limit, and with it the thresholds in force. Below what is already promised it only stops new stays; nothing promised is taken back. */
import type { Decision } from "../../values/decision.ts";
import { type Book, books, type Prefund } from "./documents.ts";
import type { SettlementEvents } from "./events.ts";
import { withoutBook } from "./know-county.ts";
import { tellPrefund } from "./prefund.ts";

export interface SetPrefundInput {
  readonly county: string;
  readonly limitFen: bigint;
  readonly yellowBp: bigint;
  readonly redBp: bigint;
  /** Whether administration knows the county, where its book was not there. */
  readonly countyKnown?: boolean;
}

export const setPrefund: Decision<SetPrefundInput, Prefund, SettlementEvents> = {
  needs: ({ county }) => [books.key(county)],
  decide(input, state, change) {
    const { county, limitFen, yellowBp, redBp } = input;
    change.about(`prefund/${county}`);
    const book = state.get(books.key(county));
    if (!book) return withoutBook(input);
    const { version = 0 } = book.prefund;
    const set: Book = { ...book, prefund: { ...book.prefund, limitFen, yellowBp, redBp, version: version + 1 } };
    change.put(books.key(county), set);
    tellPrefund(change, set);
    return set.prefund;
  },
};
