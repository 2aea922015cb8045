/** Sets a county's prefund limit. Below what is already promised it only stops new stays; nothing promised is taken back. */
import type { Decision } from "../../values/decision.ts";
import { books, type Prefund } from "./documents.ts";
import type { SettlementEvents } from "./events.ts";
import { withoutBook } from "./know-county.ts";

export interface SetPrefundInput {
  readonly county: string;
  readonly limitFen: bigint;
  /** Whether administration knows the county, where its book was not there. */
  readonly countyKnown?: boolean;
}

export const setPrefund: Decision<SetPrefundInput, Prefund, SettlementEvents> = {
  needs: ({ county }) => [books.key(county)],
  decide(input, state, change) {
    const { county, limitFen } = input;
    change.about(`prefund/${county}`);
    const book = state.get(books.key(county));
    if (!book) return withoutBook(input);
    const prefund = { ...book.prefund, limitFen };
    change.put(books.key(county), { ...book, prefund });
    return prefund;
  },
};
