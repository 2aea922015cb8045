/**
 * What later claims would have been had an earlier one drawn less, or nothing (重算). Pure. Each is computed again from its stored input under its own stored version,
 * with what it saw then less what the earlier one no longer draws, and with the differences of those before it; in the order of their commits. Source: domain rules 3.4, example 11.
 */
import type { Before } from "../../benefit/case.ts";
import type { Key, Loaded } from "../../values/decision.ts";
import { assert, isRefusal } from "../../values/outcome.ts";
import { canonical } from "./canonical.ts";
import { type Computed, compute, type Documents, inputOf } from "./compute.ts";
import { type Claim, type Correction, claims, type Drawn } from "./documents.ts";
import { capHolder, type Drawing, drawingOf, drawnKeys, holderOf } from "./year.ts";

export interface Differing {
  readonly claim: Claim;
  /** What its fund part would be. */
  readonly toFen: bigint;
  readonly deltaFen: bigint;
  /** What it is computed with now, and would draw. */
  readonly before: Before;
  readonly drawn: Drawn;
}

/** What a claim put into the accumulators, once as it was and once as it would have been; nothing where it would not stand. */
interface Shift {
  readonly claim: Claim;
  readonly was: Drawing;
  readonly would: Drawing | undefined;
}

/** A correction that is not decided, one that comes to nothing as things stand among them. */
export function isWaiting(correction: Correction | undefined): correction is Correction {
  return correction?.state === "QUEUED" || correction?.state === "EVEN";
}

/** What a claim is computed with and draws, a correction that waits being taken for granted: those after it were computed so. */
function consideredOf(claim: Claim, waiting: Correction | undefined): { before: Before; drawing: Drawing } {
  if (isWaiting(waiting)) return { before: waiting.before, drawing: { fundFen: waiting.toFen, drawn: waiting.drawn } };
  return { before: claim.corrected?.before ?? claim.basis.before, drawing: drawingOf(claim) };
}

/** The other claims that the years of this one name, as far as they are loaded. */
export function neighboursOf(claim: Claim, loaded: Loaded): Key<Claim>[] {
  const ids = drawnKeys(claim).flatMap((key) => {
    const year = loaded.get(key);
    return [...(year?.visits.map((visit) => visit.claimId) ?? []), ...(year?.others ?? [])];
  });
  return [...new Set(ids)].filter((id) => id !== claim.bill.claimId).map((id) => claims.key(id));
}

/** The standing claims that came after this one and share a year with it, in the order in which they came. */
export function laterClaims(claim: Claim, loaded: Loaded): Claim[] {
  const found = neighboursOf(claim, loaded).flatMap((key) => loaded.get(key) ?? []);
  return found.filter((one) => one.year === claim.year && isLater(one, claim) && stands(one)).sort((a, b) => (isLater(a, b) ? 1 : -1));
}

function isLater(one: Claim, than: Claim): boolean {
  return one.submittedAtMs === than.submittedAtMs ? one.bill.claimId > than.bill.claimId : one.submittedAtMs > than.submittedAtMs;
}

function stands({ state }: Claim): boolean {
  return state !== "REFUSED" && state !== "VOIDED";
}

export interface Setting {
  documentsOf(claim: Claim): Documents;
  correctionOf(claim: Claim): Correction | undefined;
}

/** The later claims that would be computed with something else if `earlier` drew only what it `would`, those among them that come to the same. */
export function resequence(
  earlier: Claim,
  would: Drawing | undefined,
  later: readonly Claim[],
  { documentsOf, correctionOf }: Setting,
): Differing[] {
  const shifts: Shift[] = [{ claim: earlier, was: consideredOf(earlier, correctionOf(earlier)).drawing, would }];
  const differing: Differing[] = [];
  for (const claim of later) {
    const waiting = correctionOf(claim);
    const { before: seen, drawing: was } = consideredOf(claim, waiting);
    const documents = documentsOf(claim);
    const before = shifted(claim, seen, documents, shifts);
    // What its account has paid stays paid: a later claim's correction is of the pooled fund.
    const fixed = { ...before, accountFen: was.drawn.accountFen };
    const again: Computed | { outcome: string } = compute(inputOf(claim, documents, fixed));
    assert(!isRefusal(again) && "benefit" in again, `${claim.bill.claimId} was computed and cannot be computed again`);
    const toFen = again.benefit.fundFen;
    shifts.push({ claim, was, would: { fundFen: toFen, drawn: again.drawn } });
    if (toFen !== was.fundFen || canonical(before) !== canonical(seen))
      differing.push({ claim, toFen, deltaFen: toFen - drawingOf(claim).fundFen, before: fixed, drawn: again.drawn });
  }
  return differing;
}

/** What a claim saw, without what is gone and with what is otherwise. */
function shifted({ bill }: Claim, seen: Before, { home }: Documents, shifts: readonly Shift[]): Before {
  const usedFen: Record<string, bigint> = { ...seen.usedFen };
  let { compensatedStays, borneFen, months, deducted } = seen;
  for (const { claim, was, would } of shifts) {
    for (const { code, scope } of home.scheme.caps) {
      const holder = capHolder(scope, bill);
      usedFen[code] = (usedFen[code] ?? 0n) - drawnOn(was, code, holder) + drawnOn(would, code, holder);
    }
    if (holderOf(claim.bill) !== holderOf(bill)) continue;
    compensatedStays += Number(would?.drawn.stay ?? false) - Number(was.drawn.stay);
    borneFen += (would?.drawn.borneFen ?? 0n) - was.drawn.borneFen;
    months = [...months, ...was.drawn.months.map((paid) => ({ ...paid, fen: -paid.fen })), ...(would?.drawn.months ?? [])];
    if (was.drawn.deducted !== "" && would?.drawn.deducted !== was.drawn.deducted)
      deducted = deducted.filter((disease) => disease !== was.drawn.deducted);
    if (would && would.drawn.deducted !== "" && would.drawn.deducted !== was.drawn.deducted) deducted = [...deducted, would.drawn.deducted];
  }
  return { ...seen, usedFen, compensatedStays, borneFen, months, deducted };
}

function drawnOn(drawing: Drawing | undefined, code: string, holder: string): bigint {
  return drawing?.drawn.caps.some((cap) => cap.code === code && cap.holder === holder) ? drawing.fundFen : 0n;
}
