/**
 * How many are enrolled in each village and year. Pure counts over a household's covers; a decision that changes a household moves the tallies by the
 * difference, so that they always are what counting all households would give.
 */
import { yearOf } from "../../values/days.ts";
import type { Change, Key, State } from "../../values/decision.ts";
import { assert } from "../../values/outcome.ts";
import { type Cover, type Household, type Place, type Tally, tallyKey } from "./documents.ts";
import type { EnrollmentEvents } from "./events.ts";

export type Counts = Pick<Tally, "households" | "heads" | "paying" | "assisted">;

const NONE: Counts = { households: 0, heads: 0, paying: 0, assisted: 0 };

/** A cover that ended before it began covers no day. */
export function isEmpty({ fromDay, toDay }: Pick<Cover, "fromDay" | "toDay">): boolean {
  return toDay < fromDay;
}

/** Where a household counts in a year. */
export function placeIn({ township, village, places }: Household, year: number): Place {
  const { township: t, village: v } = places?.find(({ untilYear }) => year <= untilYear) ?? { township, village };
  return { township: t, village: v };
}

/** What a household comes to in a year: each person once, by the first cover of it. */
export function countsIn(household: Household, year: number): Counts {
  const persons = new Map<string, Cover>();
  for (const cover of household.covers)
    if (yearOf(cover.fromDay) === year && !isEmpty(cover) && !persons.has(cover.personId)) persons.set(cover.personId, cover);
  const own = [...persons.values()].filter(({ moved }) => !moved);
  const paid = own.filter(({ free }) => !free);
  const paying = paid.filter(({ category }) => category === "ORDINARY").length;
  return { households: own.length > 0 ? 1 : 0, heads: own.length, paying, assisted: paid.length - paying };
}

/** The years in which a household has covers. */
function yearsOf(household: Household | undefined): number[] {
  return (household?.covers ?? []).map(({ fromDay }) => yearOf(fromDay));
}

/** The tallies from a year on that a household counts in. */
export function tallyKeys(household: Household | undefined, fromYear: number): Key<Tally>[] {
  if (!household) return [];
  const years = new Set(yearsOf(household).filter((year) => year >= fromYear || !household.tallied));
  return [...years].map((year) => tallyKey(household.county, year, placeIn(household, year)));
}

/** Moves the tallies from what a household came to, to what it comes to. */
export function recount(before: Household | undefined, after: Household, state: State, change: Change<EnrollmentEvents>): void {
  for (const { key, county, year, place, by } of shifts(before, after)) {
    const stored = state.get(key);
    const { township, village } = place;
    const tally: Tally = { county, year, township, village, ...add(stored ?? NONE, by) };
    assert(tally.heads >= 0 && tally.households >= 0 && tally.paying >= 0 && tally.assisted >= 0, `tally ${key.id} fell below nothing`);
    change.put(key, tally);
  }
}

interface Shift {
  readonly key: Key<Tally>;
  readonly county: string;
  readonly year: number;
  readonly place: Place;
  readonly by: Counts;
}

/** What changes in which tally; what stays the same is not among it. */
export function shifts(stored: Household | undefined, after: Household): Shift[] {
  const before = stored?.tallied ? stored : undefined;
  const found = new Map<string, Shift>();
  const put = (household: Household, year: number, sign: 1 | -1) => {
    const place = placeIn(household, year);
    const key = tallyKey(household.county, year, place);
    const { county } = household;
    const known = found.get(key.id) ?? { key, county, year, place, by: NONE };
    found.set(key.id, { ...known, by: add(known.by, countsIn(household, year), sign) });
  };
  for (const year of new Set([...yearsOf(before), ...yearsOf(after)])) {
    if (before) put(before, year, -1);
    put(after, year, 1);
  }
  return [...found.values()].filter(({ by }) => Object.values(by).some((count) => count !== 0));
}

function add(to: Counts, by: Counts, sign: 1 | -1 = 1): Counts {
  return {
    households: to.households + sign * by.households,
    heads: to.heads + sign * by.heads,
    paying: to.paying + sign * by.paying,
    assisted: to.assisted + sign * by.assisted,
  };
}
