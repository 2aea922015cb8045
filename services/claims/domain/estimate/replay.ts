/**
 * A household's claims of a past year computed again, in the order of their days of service, with accumulators that begin empty: by the code that decides claims, and by no other.
 * What comes out differs from what was decided only where a claim came in another order than its day, was decided with something that is not there any more (a claim taken back and
 * not resequenced, a correction dismissed), or saw the family account before a member joined.
 */
import type { Sums } from "../../../benefit/adjudicate.ts";
import { sumsOf } from "../../../benefit/adjudicate.ts";
import type { Before, PaidMonth, Visit } from "../../../benefit/case.ts";
import type { Scheme } from "../../../benefit/scheme.ts";
import { greater } from "../../../values/money.ts";
import { type Computed, type ComputeInput, computeVisit, type Documents, inputOf, visitOf } from "../compute.ts";
import type { Bill, Claim } from "../documents.ts";
import { usesAccount } from "../family-account.ts";
import type { SchemeDocument } from "../scheme.ts";
import { capHolder, holderOf } from "../year.ts";

/** What of a stored claim an estimate reads. Of what it saw before and of what it drew, only the family account is looked at; of a paper, only that it is there. */
export type Past = Pick<
  Claim,
  | "county"
  | "bill"
  | "state"
  | "benefit"
  | "basis"
  | "drawn"
  | "level"
  | "year"
  | "submittedAtMs"
  | "deductions"
  | "corrected"
  | "paper"
  | "treatingCounty"
>;

/** A claim with its lines priced and summed, once for every run under the same documents. */
export interface Ready {
  readonly past: Past;
  readonly input: ComputeInput;
  readonly visit: Visit;
  readonly sums: Sums;
}

/** Why a claim would be refused: UNKNOWN_ITEM, UNKNOWN_DIAGNOSIS, NO_BENEFIT. */
export type Unpaid = string;

/** Prices a claim by these documents. */
export function ready(past: Past, documents: Documents): Ready | Unpaid {
  const input = inputOf(past, documents);
  const visit = visitOf(input);
  if ("outcome" in visit) return visit.code;
  return { past, input, visit, sums: sumsOf(visit, documents.treating.scheme.classes) };
}

/** The order of service: the day of discharge; bills of one day as they came. */
export function byService(a: Past, b: Past): number {
  if (a.bill.dischargedOn !== b.bill.dischargedOn) return a.bill.dischargedOn < b.bill.dischargedOn ? -1 : 1;
  if (a.submittedAtMs !== b.submittedAtMs) return a.submittedAtMs - b.submittedAtMs;
  return a.bill.claimId < b.bill.claimId ? -1 : a.bill.claimId > b.bill.claimId ? 1 : 0;
}

interface Seen {
  readonly usedFen: Record<string, bigint>;
  compensatedStays: number;
  borneFen: bigint;
  months: readonly PaidMonth[];
  deducted: readonly string[];
}

/** Another scheme in the place of one. */
export interface Swap {
  readonly from: SchemeDocument;
  readonly to: SchemeDocument;
}

/** Computes them one after the other. `givenFen` says what had been put into the household's account by then. */
export function replay(claims: readonly (Ready | Unpaid)[], givenFen: (one: Ready) => bigint, swap?: Swap): readonly (Computed | Unpaid)[] {
  const years = new Map<string, Seen>();
  let takenFen = 0n;
  const seenOf = (holder: string): Seen => {
    const known = years.get(holder);
    if (known) return known;
    const made: Seen = { usedFen: {}, compensatedStays: 0, borneFen: 0n, months: [], deducted: [] };
    years.set(holder, made);
    return made;
  };
  return claims.map((one) => {
    if (typeof one === "string") return one;
    const { input, visit, sums } = one;
    const { bill, basis } = input;
    const home = input.home === swap?.from ? swap.to : input.home;
    const treating = input.treating === swap?.from ? swap.to : input.treating;
    const accountFen = usesAccount(bill, home.scheme) ? greater(0n, givenFen(one) - takenFen) : 0n;
    const before = beforeOf(bill, home.scheme, accountFen, seenOf);
    const summed = treating.scheme.classes === input.treating.scheme.classes ? sums : undefined;
    const computed = computeVisit(visit, { ...input, home, treating, basis: { ...basis, before } }, undefined, summed);
    if ("outcome" in computed) return computed.code;
    enter(bill, computed, seenOf);
    takenFen += computed.drawn.accountFen;
    return computed;
  });
}

function beforeOf(bill: Bill, { caps }: Scheme, accountFen: bigint, seenOf: (holder: string) => Seen): Before {
  const usedFen: Record<string, bigint> = {};
  for (const { code, scope } of caps) usedFen[code] = seenOf(capHolder(scope, bill)).usedFen[code] ?? 0n;
  const { compensatedStays, borneFen, months, deducted } = seenOf(holderOf(bill));
  return { usedFen, compensatedStays, accountFen, borneFen, months, deducted };
}

function enter(bill: Bill, { benefit, drawn }: Computed, seenOf: (holder: string) => Seen): void {
  const own = seenOf(holderOf(bill));
  if (drawn.stay) own.compensatedStays += 1;
  own.borneFen += drawn.borneFen;
  if (drawn.months.length > 0) own.months = [...own.months, ...drawn.months];
  if (drawn.deducted !== "") own.deducted = [...own.deducted, drawn.deducted];
  for (const { code, holder } of drawn.caps) {
    const { usedFen } = seenOf(holder);
    usedFen[code] = (usedFen[code] ?? 0n) + benefit.fundFen;
  }
}

/** What had been put into a household's account when each of its claims was decided, and the most of them: found back from what each saw and what those before it had taken. */
export function givenUntil(claims: readonly Past[]): { readonly byClaim: ReadonlyMap<string, bigint>; readonly mostFen: bigint } {
  const byClaim = new Map<string, bigint>();
  let takenFen = 0n;
  let mostFen = 0n;
  for (const { bill, basis, drawn } of claims.toSorted((a, b) => a.submittedAtMs - b.submittedAtMs || byService(a, b))) {
    const given = basis.before.accountFen + takenFen;
    byClaim.set(bill.claimId, given);
    mostFen = greater(mostFen, given);
    takenFen += drawn.accountFen;
  }
  return { byClaim, mostFen };
}
