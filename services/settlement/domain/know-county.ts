/** CountyChanged: a county is known from then on, and so is its fund's floor. A state: the newest version wins. */
import type { Decision } from "../../values/decision.ts";
import { askOwner, type Refusal, type Unavailable, unavailable } from "../../values/outcome.ts";
import { type Book, books } from "./documents.ts";
import type { SettlementEvents } from "./events.ts";
import { refuse } from "./refusals.ts";

export interface KnowCountyInput {
  readonly county: string;
  readonly floorFen: bigint;
  readonly countyVersion: bigint;
}

function emptyBook(county: string): Book {
  return {
    county,
    countyVersion: 0n,
    floorFen: 0n,
    bankFen: 0n,
    dueFen: 0n,
    duePayables: 0,
    heldFen: 0n,
    heldPayables: 0,
    prefund: { limitFen: 0n, reservedFen: 0n, committedFen: 0n },
  };
}

export const knowCounty: Decision<KnowCountyInput, Record<string, never>, SettlementEvents> = {
  needs: ({ county }) => [books.key(county)],
  decide({ county, floorFen, countyVersion }, state, change) {
    const stored = state.get(books.key(county));
    if (stored && stored.countyVersion >= countyVersion) return {};
    change.put(books.key(county), { ...(stored ?? emptyBook(county)), floorFen, countyVersion });
    return {};
  },
};

/** What a command is answered whose county has no book: administration is asked whether there is such a county, and where there is, the book is on its way (protocols 15). */
export function withoutBook({ county, countyKnown }: { readonly county: string; readonly countyKnown?: boolean }): Refusal | Unavailable {
  if (countyKnown === undefined) return askOwner();
  return countyKnown
    ? unavailable(`county ${county} is registered and not heard yet`)
    : refuse("UNKNOWN_COUNTY", { field: "county", county });
}
