/**
 * Takes an approved claim back (冲销): it is VOIDED, its invoice and its days are free, what it drew is given back exactly, and its fund part becomes what the
 * institution, or the household that was paid, owes. What follows for later claims is in `aftermath.ts`, and the county's word on it here. A claim is never edited: every amount that changes is an entry of its own.
 */
import { dayOf, daysBetween } from "../../values/days.ts";
import type { Change, Context, Decision, State } from "../../values/decision.ts";
import type { Refusal } from "../../values/outcome.ts";
import { aftermathKeys, correct, laterDiffering, postCorrection } from "./aftermath.ts";
import { type Claim, type Correction, claims, corrections } from "./documents.ts";
import type { ClaimsEvents } from "./events.ts";
import { householdKey } from "./family-account.ts";
import { freeInvoices, invoiceKeys } from "./invoice-keys.ts";
import { documentKeys, documentsOf } from "./published.ts";
import { refuse } from "./refusals.ts";
import { adjust, assertPath, factOf, isPromised } from "./standing.ts";
import { drawnKeys, leaveYears } from "./year.ts";

interface Taken {
  readonly claimId: string;
  readonly reason: string;
}

/** The institution that takes its own claim back, or the county that takes back what was handed in on paper. */
export type VoidInput = Taken & ({ readonly institutionId: string } | { readonly county: string });

function isOwn({ bill, county, paper }: Claim, by: VoidInput): boolean {
  if ("county" in by) return paper !== undefined && county === by.county;
  return paper === undefined && bill.institutionId === by.institutionId;
}

export const voidClaim: Decision<VoidInput, Claim, ClaimsEvents> = {
  needs({ claimId }, loaded) {
    const key = claims.key(claimId);
    const claim = loaded.get(key);
    if (!claim) return [key];
    return [key, ...invoiceKeys(claim), ...aftermathKeys(claim, loaded)];
  },
  decide(input, state, change, context) {
    const { claimId, reason } = input;
    const claim = state.get(claims.key(claimId));
    if (!claim || !isOwn(claim, input)) return refuse("UNKNOWN_CLAIM", { field: "claim_id", claim: claimId });
    if (claim.state === "VOIDED") return claim;
    const fault = mayNot(claim, state, context);
    if (fault) return fault;
    return takeBackWhole(claim, reason, state, change, context);
  },
};

/** Takes a promised claim back, with what follows for later ones. Looks at `invoiceKeys` and `aftermathKeys`. */
export function takeBackWhole(claim: Claim, reason: string, state: State, change: Change<ClaimsEvents>, context: Context): Claim {
  const differing = laterDiffering(claim, undefined, state);
  const voided = takeBack(claim, reason, state, change, context);
  for (const one of differing) correct(one, claim, state, change, context);
  return voided;
}

/** Why the claim may not be taken back. */
function mayNot(claim: Claim, state: State, context: Context): Refusal | undefined {
  const { claimId } = claim.bill;
  if (!isPromised(claim)) return refuse("NOT_APPROVED", { field: "claim_id", claim: claimId, state: claim.state });
  if (claim.sharedFen !== undefined) return refuse("HAS_SHARE", { field: "claim_id", claim: claimId, fen: claim.sharedFen });
  const { blockAfterDisbursed, dayLimit } = documentsOf(claim, state).home.scheme.reversal;
  if (claim.state === "PAID" && blockAfterDisbursed) return refuse("ALREADY_PAID", { field: "claim_id", claim: claimId });
  const days = daysBetween(dayOf(claim.decidedAtMs), context.day);
  return dayLimit !== undefined && days > dayLimit ? refuse("TOO_LATE", { field: "claim_id", claim: claimId, days: dayLimit }) : undefined;
}

function takeBack(claim: Claim, reason: string, state: State, change: Change<ClaimsEvents>, context: Context): Claim {
  assertPath(claim, "VOIDED");
  const { bill } = claim;
  leaveYears(claim, state, change);
  freeInvoices(claim, state, change);
  const voided: Claim = { ...claim, state: "VOIDED", reason };
  change.put(claims.key(bill.claimId), voided);
  change.about(bill.claimId);
  const waiting = state.get(corrections.key(bill.claimId));
  if (waiting?.state === "QUEUED") change.put(corrections.key(bill.claimId), { ...waiting, state: "DISMISSED" });
  adjust(claim, `${factOf(claim)}/void`, undefined, change, context);
  return voided;
}

export interface CorrectionInput {
  /** The home county. */
  readonly county: string;
  readonly claimId: string;
  readonly verdict: "POST" | "DISMISS";
}

/** The county's word on a claim's correction. */
export const decideCorrection: Decision<CorrectionInput, Correction, ClaimsEvents> = {
  needs({ claimId }, loaded) {
    const key = claims.key(claimId);
    const claim = loaded.get(key);
    return [
      key,
      corrections.key(claimId),
      ...(claim ? [householdKey(claim.bill), ...drawnKeys(claim), ...documentKeys(claim, loaded)] : []),
    ];
  },
  decide({ county, claimId, verdict }, state, change, context) {
    const key = corrections.key(claimId);
    const correction = state.get(key);
    if (correction?.county !== county) return refuse("UNKNOWN_CORRECTION", { field: "claim_id", claim: claimId });
    const wanted = verdict === "POST" ? "POSTED" : "DISMISSED";
    if (correction.state === wanted) return correction;
    if (correction.state !== "QUEUED") return refuse("NOT_QUEUED", { field: "claim_id", claim: claimId, state: correction.state });
    const claim = state.must(claims.key(claimId));
    change.about(claimId);
    if (verdict === "POST" && isPromised(claim)) return postCorrection(correction, claim, state, change, context);
    // Nothing is promised yet that could be corrected; where it has been refused or taken back meanwhile, there is nothing left to correct.
    if (verdict === "POST" && (claim.state === "IN_REVIEW" || claim.state === "PENDING"))
      return refuse("NOT_APPROVED", { field: "claim_id", claim: claimId, state: claim.state });
    const dismissed: Correction = { ...correction, state: "DISMISSED" };
    change.put(key, dismissed);
    return dismissed;
  },
};
