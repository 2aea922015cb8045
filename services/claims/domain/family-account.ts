/**
 * Family accounts (家庭账户): a household's own money in the fund, for its outpatients. What goes in follows from how many it has enrolled in each year and what that year's
 * scheme gives a head; what is left is carried over; what standing claims have taken is kept. So nothing is booked in advance, and enrolling once more books nothing twice.
 */
import { orderOf } from "../../benefit/entitlement.ts";
import type { Scheme } from "../../benefit/scheme.ts";
import type { Change, Key, State } from "../../values/decision.ts";
import { BP, greater } from "../../values/money.ts";
import { assert } from "../../values/outcome.ts";
import { type Bill, type Claim, type Household, households } from "./documents.ts";
import type { ClaimsEvents } from "./events.ts";
import type { Timetable } from "./scheme.ts";

/** Of a person's id. */
export const HOUSEHOLD_DIGITS = 14;

export function householdOf({ personId }: Pick<Bill, "personId">): string {
  return personId.slice(0, HOUSEHOLD_DIGITS);
}

export function householdKey(bill: Pick<Bill, "personId">): Key<Household> {
  return households.key(householdOf(bill));
}

/** True where some benefit for such a visit lets the account pay. */
export function usesAccount({ visitKind }: Pick<Bill, "visitKind">, scheme: Scheme): boolean {
  return scheme.benefits.some((benefit) => benefit.visitKind === visitKind && orderOf({ visitKind }, scheme, benefit) !== "POOL_ONLY");
}

/** What a scheme puts into the account for each head: an amount, or a share of what is raised for all, rounded down. */
export function familyFenPerHead({ funds, financing }: Pick<Scheme, "funds" | "financing">): bigint {
  const family = funds.find(({ fund }) => fund === "FAMILY");
  if (!family) return 0n;
  const raisedFen = financing.filter(({ categories }) => categories.length === 0).reduce((sum, { fenPerHead }) => sum + fenPerHead, 0n);
  return family.fenPerHead ?? (raisedFen * BigInt(family.shareBp ?? 0)) / BP;
}

/** What is in a household's account in a year: all that the years until then put in, less what was taken. */
export function balanceOf({ heads, takenFen }: Household, timetable: Timetable, year: number): bigint {
  const newest = new Map(timetable.rows.filter((row) => row.year <= year).map((row) => [row.year, row.familyFenPerHead ?? 0n]));
  const givenFen = [...newest].reduce((sum, [of, fenPerHead]) => sum + fenPerHead * BigInt(heads[of] ?? 0), 0n);
  return greater(0n, givenFen - takenFen);
}

/** Takes from the account what a claim has it pay; gives it back where that is below 0. */
export function takeFromAccount({ bill }: Pick<Claim, "bill">, fen: bigint, state: State, change: Change<ClaimsEvents>): void {
  if (fen === 0n) return;
  const key = householdKey(bill);
  const household = state.must(key);
  const takenFen = household.takenFen + fen;
  assert(takenFen >= 0n, `household ${key.id} would have taken ${takenFen} fen from its account`);
  change.put(key, { ...household, takenFen });
}
