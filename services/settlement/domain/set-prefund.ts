/** Sets a county's prefund limit. Below what is already promised it only stops new stays; nothing promised is taken back. */
import type { Decision } from "../../values/decision.ts";
import { books, type Prefund } from "./documents.ts";
import type { SettlementEvents } from "./events.ts";
import { refuse } from "./refusals.ts";

export interface SetPrefundInput {
  readonly county: string;
  readonly limitFen: bigint;
}

export const setPrefund: Decision<SetPrefundInput, Prefund, SettlementEvents> = {
  needs: ({ county }) => [books.key(county)],
  decide({ county, limitFen }, state, change) {
    change.about(`prefund/${county}`);
    const book = state.get(books.key(county));
    if (!book) return refuse("UNKNOWN_COUNTY", { field: "county", county });
    const prefund = { ...book.prefund, limitFen };
    change.put(books.key(county), { ...book, prefund });
    return prefund;
  },
};
