/**
 * A person's benefit year. Invariant: its used amounts and its count of compensated stays are those of the standing claims, reserved ones included.
 * A stay over New Year counts in the year of its scheme version and has its days in both.
 */
import type { Change, Key, State } from "../../values/decision.ts";
import { assert } from "../../values/outcome.ts";
import { yearsOf } from "./bill.ts";
import { type BenefitYear, type Bill, type Claim, type Visit, years } from "./documents.ts";
import type { ClaimsEvents } from "./events.ts";

/** Claims of one person in one year whose days are kept; a person with more waits for review, and the earliest visits are forgotten first. */
export const MAX_VISITS = 400;

/** The benefit years that a bill's days touch. */
export function yearKeys(bill: Bill): Key<BenefitYear>[] {
  return yearsOf(bill).map((year) => years.key(bill.personId, year));
}

/** The year as it stands, or an empty one. */
export function yearOrEmpty(doc: BenefitYear | undefined, county: string, personId: string, year: number): BenefitYear {
  return doc ?? { county, personId, year, usedFen: { INPATIENT: 0n, OUTPATIENT: 0n }, compensatedStays: 0, visits: [] };
}

/** Adds a standing claim to its year, and its days to every year that it touches. */
export function enterYears(claim: Claim, state: State, change: Change<ClaimsEvents>): void {
  const { bill, county } = claim;
  const visit: Visit = { claimId: bill.claimId, visitKind: bill.visitKind, from: bill.admittedOn, to: bill.dischargedOn };
  for (const year of yearsOf(bill)) {
    const key = years.key(bill.personId, year);
    const before = yearOrEmpty(state.get(key), county, bill.personId, year);
    const entered = { ...before, visits: [...roomIn(before.visits), visit] };
    change.put(key, year === claim.year ? count(entered, claim, 1) : entered);
  }
}

/** Takes a claim that no longer stands out of its years. */
export function leaveYears(claim: Claim, state: State, change: Change<ClaimsEvents>): void {
  const { bill } = claim;
  for (const year of yearsOf(bill)) {
    const key = years.key(bill.personId, year);
    const before = state.must(key);
    const left = { ...before, visits: before.visits.filter((visit) => visit.claimId !== bill.claimId) };
    change.put(key, year === claim.year ? count(left, claim, -1) : left);
  }
}

function count(year: BenefitYear, claim: Claim, sign: 1 | -1): BenefitYear {
  const { fundFen } = claim.benefit;
  const { visitKind } = claim.bill;
  const usedFen = { ...year.usedFen, [visitKind]: year.usedFen[visitKind] + BigInt(sign) * fundFen };
  const compensatedStays = year.compensatedStays + (visitKind === "INPATIENT" && fundFen > 0n ? sign : 0);
  assert(usedFen[visitKind] >= 0n && compensatedStays >= 0, `benefit year ${year.personId}/${year.year} fell below nothing`);
  return { ...year, usedFen, compensatedStays };
}

/** At the limit the earliest outpatient visit is forgotten. Stays never are: they do not overlap, so a year holds few of them. */
function roomIn(visits: readonly Visit[]): readonly Visit[] {
  if (visits.length < MAX_VISITS) return visits;
  let earliest: Visit | undefined;
  for (const visit of visits) if (visit.visitKind === "OUTPATIENT" && (!earliest || visit.from < earliest.from)) earliest = visit;
  return visits.filter((visit) => visit !== earliest);
}

/** A stay that shares more than the day of passing from one institution to the next with this one; undefined for a visit. */
export function overlapOf(bill: Bill, visits: readonly Visit[]): Visit | undefined {
  if (bill.visitKind !== "INPATIENT") return undefined;
  const { admittedOn: from, dischargedOn: to } = bill;
  return visits.find(
    (visit) => visit.visitKind === "INPATIENT" && ((visit.from < to && from < visit.to) || (visit.from === from && visit.to === to)),
  );
}

/** An outpatient visit inside a stay, whichever of the two is billed later: neither on the day of admission nor of discharge. */
export function visitDuringStay(bill: Bill, visits: readonly Visit[]): boolean {
  const { admittedOn: from, dischargedOn: to } = bill;
  return visits.some((visit) => {
    if (visit.visitKind === bill.visitKind) return false;
    return bill.visitKind === "OUTPATIENT" ? visit.from < from && to < visit.to : from < visit.from && visit.to < to;
  });
}
