/** CountyChanged: a county is known from then on, and so is its fund's floor. A state: the newest version wins. */
import type { Decision } from "../../values/decision.ts";
import { type Book, books } from "./documents.ts";
import type { SettlementEvents } from "./events.ts";

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
