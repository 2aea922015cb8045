/** The legal paths of a claim (invariant 7), each in one place: what changes in its documents and what is told. */
import type { Change, Context } from "../../values/decision.ts";
import { assert } from "../../values/outcome.ts";
import { type Claim, type ClaimState, claims } from "./documents.ts";
import type { ClaimsEvents } from "./events.ts";
import { householdOf } from "./family-account.ts";
import { type Drawing, drawingOf, promisedFen } from "./year.ts";

/** Where a claim may go from each state; a new one begins as APPROVED, IN_REVIEW or PENDING. PAID → APPROVED: the money came back. */
export const PATHS: Readonly<Record<ClaimState, readonly ClaimState[]>> = {
  IN_REVIEW: ["APPROVED", "PENDING", "REFUSED"],
  PENDING: ["APPROVED", "REFUSED"],
  APPROVED: ["PAID", "VOIDED"],
  PAID: ["APPROVED", "VOIDED"],
  REFUSED: [],
  VOIDED: [],
};

/** A step that is none is a bug in whoever takes it: what callers may ask has been refused by name before. */
export function assertPath(claim: Claim, to: ClaimState): void {
  assert(PATHS[claim.state].includes(to), `${claim.bill.claimId} is ${claim.state} and cannot become ${to}`);
}

/** True once its fund part is promised, until it is taken back. */
export function isPromised({ state }: Claim): boolean {
  return state === "APPROVED" || state === "PAID";
}

/** What the ids of a claim's facts begin with: they say whether an institution is paid or a household. */
export function factOf({ bill, paper }: Pick<Claim, "bill" | "paper">): string {
  return `${paper ? "paper" : "claim"}/${bill.claimId}`;
}

/** The household that is paid; empty where the institution is. */
function paidHousehold({ bill, paper }: Claim): string {
  return paper ? householdOf(bill) : "";
}

/** The id of a claim's latest decision: the business fact that one ledger entry, one payable and one order follow. */
export function approvalIdOf(claim: Claim): string {
  return `${factOf(claim)}/decision/${claim.decision}`;
}

export function reservationIdOf(claim: Claim): string {
  return `claim/${claim.bill.claimId}/reservation`;
}

/** What the rules or a reviewer have passed: promised at once, or after the home county's prefund where another county would advance money. */
export function pass(claim: Claim, change: Change<ClaimsEvents>, context: Context): Claim {
  const advanced = claim.county !== claim.treatingCounty && promisedFen(drawingOf(claim)) > 0n;
  return advanced ? awaitPrefund(claim, change, context) : approve(claim, change, context);
}

/** Promises the fund part: tells ClaimApproved under the next decision's id. */
export function approve(claim: Claim, change: Change<ClaimsEvents>, context: Context): Claim {
  assertPath(claim, "APPROVED");
  const approved: Claim = { ...done(claim), state: "APPROVED", reason: "", decision: claim.decision + 1, decidedAtMs: context.atMs };
  const { bill, benefit } = approved;
  change.put(claims.key(bill.claimId), approved);
  change.tell("ClaimApproved", approved.county, {
    approvalId: approvalIdOf(approved),
    claimId: bill.claimId,
    decision: approved.decision,
    homeCounty: approved.county,
    treatingCounty: approved.treatingCounty,
    institutionId: bill.institutionId,
    personId: bill.personId,
    fundFen: benefit.fundFen,
    accountFen: benefit.accountFen,
    fund: benefit.fund,
    totalFen: benefit.totalFen,
    visitKind: bill.visitKind,
    dischargedOn: bill.dischargedOn,
    approvedOn: context.day,
    level: approved.level,
    submittedAtMs: BigInt(approved.submittedAtMs),
    approvedAtMs: BigInt(approved.decidedAtMs),
    reviewed: approved.reviewed,
    householdId: paidHousehold(approved),
  });
  return approved;
}

/** Sends a claim to the county's review desk. */
export function hold(claim: Claim, reason: string, change: Change<ClaimsEvents>, context: Context): Claim {
  const held: Claim = { ...claim, state: "IN_REVIEW", reason, waitingSinceMs: context.atMs };
  const { claimId } = held.bill;
  change.put(claims.key(claimId), held);
  change.tell("ClaimHeld", held.county, { claimId, homeCounty: held.county, reason, fundFen: held.benefit.fundFen });
  return held;
}

/** Asks settlement for the home county's prefund (protocols 18): the cap is reserved in the benefit year already. */
function awaitPrefund(claim: Claim, change: Change<ClaimsEvents>, context: Context): Claim {
  const pending: Claim = { ...claim, state: "PENDING", reason: "", waitingSinceMs: context.atMs };
  const { claimId } = pending.bill;
  change.put(claims.key(claimId), pending);
  change.tell("PrefundRequested", pending.county, {
    reservationId: reservationIdOf(pending),
    claimId,
    homeCounty: pending.county,
    treatingCounty: pending.treatingCounty,
    fundFen: promisedFen(drawingOf(pending)),
    admitted: pending.admitted === true,
  });
  return pending;
}

/** Tells that what a claim was promised has changed after its approval, by an entry of its own; nothing where it has not. `to` is undefined where nothing is left. */
export function adjust(claim: Claim, adjustmentId: string, to: Drawing | undefined, change: Change<ClaimsEvents>, context: Context): void {
  const from = drawingOf(claim);
  const deltaFen = (to?.fundFen ?? 0n) - from.fundFen;
  const accountDeltaFen = (to?.drawn.accountFen ?? 0n) - from.drawn.accountFen;
  if (deltaFen === 0n && accountDeltaFen === 0n) return;
  change.tell("ClaimAdjusted", claim.county, {
    adjustmentId,
    claimId: claim.bill.claimId,
    approvalId: approvalIdOf(claim),
    homeCounty: claim.county,
    treatingCounty: claim.treatingCounty,
    institutionId: claim.bill.institutionId,
    deltaFen,
    accountDeltaFen,
    fund: claim.benefit.fund,
    adjustedOn: context.day,
    householdId: paidHousehold(claim),
  });
}

/** A claim that no longer waits. */
export function done(claim: Claim): Claim {
  const { waitingSinceMs: _, ...rest } = claim;
  return rest;
}
