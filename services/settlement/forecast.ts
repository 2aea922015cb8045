/**
 * How a county's prefund stands, and how long it will do: its use a day over the last days, the day on which it is exhausted if that goes on and no window is settled meanwhile, and what it should be: twice the monthly average
 * of last year's clearing (the national rule). A forecast is only shown; what blocks new stays is the state.
 */
import type { Reader } from "../mesh/wiring.ts";
import { addDays, yearOf } from "../values/days.ts";
import { greater, sum } from "../values/money.ts";
import type { Book, ClearingWindow } from "./domain/documents.ts";
import { callOf, freePrefund, openCallOf, stateOf, usedOf } from "./domain/prefund.ts";
import { owedOf } from "./domain/windows.ts";
import { booksOf, owedOnDays, windowsNetted } from "./store.ts";

const MONTHS = 12n;
/** The prefund is this many average months. */
const MONTHS_HELD = 2n;
/** A forecast that is further away than this is none. */
const FAR_DAYS = 3_650n;

/** One county's book, or all where `county` is empty, by county, as of a day. */
export async function prefundsOn(reader: Reader, county: string, day: string, days: number) {
  const books = await booksOf(reader, county);
  const year = yearOf(day) - 1;
  const lastYear = await windowsNetted(reader, `${year}-01-01`, `${year}-12-31`);
  const rows = [];
  for (const book of books.toSorted((a, b) => (a.county < b.county ? -1 : 1))) {
    const moved = await owedOnDays(reader, book.county, addDays(day, 1 - days), day);
    const dailyUseFen = sum(moved.map(({ creditFen }) => creditFen)) / BigInt(days);
    rows.push(forecastOf(book, day, dailyUseFen, lastYear));
  }
  return rows;
}

export function forecastOf({ county, prefund }: Book, day: string, dailyUseFen: bigint, lastYear: readonly ClearingWindow[]) {
  const { limitFen, reservedFen, committedFen, incomingFen = 0n } = prefund;
  const clearedFen = sum(lastYear.map((window) => owedOf(window).get(county)?.fen ?? 0n));
  const targetFen = (clearedFen * MONTHS_HELD) / MONTHS;
  const freeFen = freePrefund(prefund);
  return {
    county,
    state: stateOf(prefund),
    limitFen,
    reservedFen,
    committedFen,
    incomingFen,
    usedFen: usedOf(prefund),
    openCallFen: openCallOf(prefund),
    dailyUseFen,
    exhaustedOn: exhaustedOn(day, freeFen, dailyUseFen),
    targetFen,
    proposedCallFen: greater(targetFen - limitFen, callOf(prefund)),
  };
}

/** The first day that does not suffice any more; empty where none is in sight. */
function exhaustedOn(day: string, freeFen: bigint, dailyUseFen: bigint): string {
  if (freeFen <= 0n) return day;
  if (dailyUseFen === 0n || freeFen / dailyUseFen > FAR_DAYS) return "";
  return addDays(day, Number(freeFen / dailyUseFen) + 1);
}
