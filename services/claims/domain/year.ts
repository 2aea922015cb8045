/**
 * Benefit years: the accumulators. Invariant: what a year has used, its count of compensated stays and what was borne are those of the standing claims, reserved ones included.
 * A stay over New Year counts in the year of its scheme version and has its days in both. Each claim says what it has drawn, so that it can be taken out exactly.
 */
import type { Before } from "../../benefit/case.ts";
import type { Cap, Scheme } from "../../benefit/scheme.ts";
import type { Change, Key, State } from "../../values/decision.ts";
import { assert } from "../../values/outcome.ts";
import { yearsOf } from "./bill.ts";
import { type BenefitYear, type Bill, type Claim, type Drawn, type Visit, years } from "./documents.ts";
import type { ClaimsEvents } from "./events.ts";
import { HOUSEHOLD_DIGITS, takeFromAccount } from "./family-account.ts";

/** Claims of one person in one year whose days are kept; a person with more waits for review, and the earliest visits are forgotten first. */
export const MAX_VISITS = 400;

type Who = Pick<Bill, "personId" | "newborn">;

/** Whose year a bill's own days and stays are: the person's, or the newborn's under its mother. */
export function holderOf({ personId, newborn }: Who): string {
  return newborn === 0 ? personId : `${personId}#${newborn}`;
}

/** Whose year holds a cap of that scope. */
export function capHolder(scope: Cap["scope"], who: Who): string {
  if (scope === "HOUSEHOLD") return who.personId.slice(0, HOUSEHOLD_DIGITS);
  return scope === "MOTHER_CHILD" ? who.personId : holderOf(who);
}

/** The benefit years that a bill's days touch. */
export function yearKeys(bill: Bill): Key<BenefitYear>[] {
  return yearsOf(bill).map((year) => years.key(holderOf(bill), year));
}

/** The years that hold the caps on a bill. */
export function capKeys(bill: Who, caps: readonly Cap[], year: number): Key<BenefitYear>[] {
  return [...new Set(caps.map(({ scope }) => capHolder(scope, bill)))].map((holder) => years.key(holder, year));
}

/** The years that a claim has drawn on. */
export function drawnKeys(claim: Claim): Key<BenefitYear>[] {
  const keys = [...yearKeys(claim.bill), ...claim.drawn.caps.map(({ holder }) => years.key(holder, claim.year))];
  return [...new Map(keys.map((key) => [key.id, key])).values()];
}

function emptyYear(county: string, holder: string, year: number): BenefitYear {
  return { county, holder, year, usedFen: {}, compensatedStays: 0, borneFen: 0n, months: [], deducted: [], visits: [], others: [] };
}

/** What a bill's year has seen, as the computation wants it, and the balance of the family account. */
export function beforeOf(bill: Bill, { caps, year }: Scheme, accountFen: bigint, state: State): Before {
  const own = state.get(years.key(holderOf(bill), year));
  const used = caps.map(({ code, scope }) => [code, state.get(years.key(capHolder(scope, bill), year))?.usedFen[code] ?? 0n]);
  return {
    usedFen: Object.fromEntries(used),
    compensatedStays: own?.compensatedStays ?? 0,
    accountFen,
    borneFen: own?.borneFen ?? 0n,
    months: own?.months ?? [],
    deducted: own?.deducted.map(({ disease }) => disease) ?? [],
  };
}

/** Adds a standing claim to its years, and its days to every year that it touches. */
export function enterYears(claim: Claim, state: State, change: Change<ClaimsEvents>): void {
  const { bill } = claim;
  const visit: Visit = { claimId: bill.claimId, visitKind: bill.visitKind, from: bill.admittedOn, to: bill.dischargedOn };
  update(claim, state, change, (year) => ({ ...year, visits: [...roomIn(year.visits), visit] }), 1);
  takeFromAccount(claim, drawingOf(claim).drawn.accountFen, state, change);
}

/** Takes a claim that no longer stands out of its years. */
export function leaveYears(claim: Claim, state: State, change: Change<ClaimsEvents>): void {
  const { claimId } = claim.bill;
  update(claim, state, change, (year) => ({ ...year, visits: year.visits.filter((visit) => visit.claimId !== claimId) }), -1);
  takeFromAccount(claim, -drawingOf(claim).drawn.accountFen, state, change);
}

function update(claim: Claim, state: State, change: Change<ClaimsEvents>, ofDays: (year: BenefitYear) => BenefitYear, sign: 1 | -1): void {
  const { bill, county } = claim;
  const touched = new Set(yearsOf(bill));
  for (const key of drawnKeys(claim)) {
    const [holder = "", number = ""] = key.id.split("/");
    const year = Number(number);
    const before = state.get(key) ?? emptyYear(county, holder, year);
    const own = holder === holderOf(bill);
    const withDays = own
      ? touched.has(year)
        ? ofDays(before)
        : before
      : { ...before, others: withOther(before.others, bill.claimId, sign) };
    change.put(key, year === claim.year ? count(withDays, bill.claimId, drawingOf(claim), own, sign) : withDays);
  }
}

function withOther(others: readonly string[], claimId: string, sign: 1 | -1): readonly string[] {
  return sign > 0 ? [...others, claimId].slice(-MAX_VISITS) : others.filter((one) => one !== claimId);
}

/** What a claim has in the accumulators: as it was computed, or as its newest correction has it. */
export interface Drawing {
  readonly fundFen: bigint;
  readonly drawn: Drawn;
}

/** What the institution is promised of it: the fund's part, and what the family account pays. */
export function promisedFen({ fundFen, drawn }: Drawing): bigint {
  return fundFen + drawn.accountFen;
}

export function drawingOf({ benefit, drawn, corrected }: Pick<Claim, "benefit" | "drawn" | "corrected">): Drawing {
  return corrected ? { fundFen: benefit.fundFen + corrected.fen, drawn: corrected.drawn } : { fundFen: benefit.fundFen, drawn };
}

/** Puts what a correction draws in the place of what the claim has drawn. */
export function exchange(claim: Claim, drawing: Drawing, state: State, change: Change<ClaimsEvents>): void {
  for (const key of drawnKeys(claim)) {
    const year = state.must(key);
    if (year.year !== claim.year) continue;
    const own = year.holder === holderOf(claim.bill);
    const { claimId } = claim.bill;
    change.put(key, count(count(year, claimId, drawingOf(claim), own, -1), claimId, drawing, own, 1));
  }
  takeFromAccount(claim, drawing.drawn.accountFen - drawingOf(claim).drawn.accountFen, state, change);
}

function count(year: BenefitYear, claimId: string, { fundFen, drawn }: Drawing, own: boolean, sign: 1 | -1): BenefitYear {
  const usedFen: Record<string, bigint> = { ...year.usedFen };
  for (const { code, holder } of drawn.caps) if (holder === year.holder) usedFen[code] = (usedFen[code] ?? 0n) + BigInt(sign) * fundFen;
  const counted = own ? countOwn(year, claimId, drawn, sign) : year;
  assert(
    Object.values(usedFen).every((fen) => fen >= 0n) && counted.compensatedStays >= 0 && counted.borneFen >= 0n,
    `benefit year ${year.holder}/${year.year} fell below nothing`,
  );
  return { ...counted, usedFen };
}

function countOwn(year: BenefitYear, claimId: string, drawn: Drawn, sign: 1 | -1): BenefitYear {
  const deducted =
    sign > 0
      ? [...year.deducted, ...(drawn.deducted === "" ? [] : [{ disease: drawn.deducted, claimId }])]
      : year.deducted.filter((one) => one.claimId !== claimId);
  return {
    ...year,
    compensatedStays: year.compensatedStays + (drawn.stay ? sign : 0),
    borneFen: year.borneFen + BigInt(sign) * drawn.borneFen,
    months: drawn.months.reduce((months, paid) => addMonth(months, { ...paid, fen: BigInt(sign) * paid.fen }), year.months),
    deducted,
  };
}

function addMonth(months: BenefitYear["months"], paid: BenefitYear["months"][number]): BenefitYear["months"] {
  const is = ({ code, month }: typeof paid) => code === paid.code && month === paid.month;
  const fen = (months.find(is)?.fen ?? 0n) + paid.fen;
  const others = months.filter((one) => !is(one));
  return fen === 0n ? others : [...others, { ...paid, fen }];
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
