/**
 * A reviewer's word on a claim that waits at the desk (审核): refused, approved, or approved with something taken off some lines (扣款), each with its reason.
 * Approved elsewhere than at home, it goes on to the prefund.
 */
import type { Change, Context, Decision, State } from "../../values/decision.ts";
import { assert, isRefusal, type Refusal } from "../../values/outcome.ts";
import { aftermathKeys, correct, laterDiffering } from "./aftermath.ts";
import { compute, inputOf } from "./compute.ts";
import { type Claim, claims, corrections, type Deduction } from "./documents.ts";
import type { ClaimsEvents } from "./events.ts";
import { documentsOf } from "./published.ts";
import { refuse } from "./refusals.ts";
import { refusalKeys, refuseClaim } from "./refuse-claim.ts";
import { isWaiting } from "./resequence.ts";
import { pass } from "./standing.ts";
import { exchange } from "./year.ts";

export interface ReviewInput {
  /** The reviewer's county: the claim's home county. */
  readonly county: string;
  readonly claimId: string;
  readonly verdict: "APPROVE" | "REFUSE";
  readonly reason: string;
  /** At most one a line; none with a refusal. */
  readonly deductions: readonly Deduction[];
}

/** Replies with the claim as it then stands. Refuses UNKNOWN_CLAIM, also for another county's, NOT_IN_REVIEW, NOT_CONFIRMED, UNKNOWN_LINE and DEDUCTION_TOO_LARGE. */
export const review: Decision<ReviewInput, Claim, ClaimsEvents> = {
  needs({ claimId, verdict, deductions }, loaded) {
    const key = claims.key(claimId);
    const claim = loaded.get(key);
    if (!claim) return [key];
    if (verdict === "REFUSE") return [key, ...refusalKeys(claim, loaded)];
    return deductions.length > 0 ? [key, ...aftermathKeys(claim, loaded)] : [key];
  },
  decide({ county, claimId, verdict, reason, deductions }, state, change, context) {
    const claim = state.get(claims.key(claimId));
    if (claim?.county !== county) return refuse("UNKNOWN_CLAIM", { field: "claim_id", claim: claimId });
    change.about(claimId);
    if (claim.state !== "IN_REVIEW") return refuse("NOT_IN_REVIEW", { field: "claim_id", claim: claimId, state: claim.state });
    if (verdict === "REFUSE") return refuseClaim(claim, reason, state, change, context);
    if (claim.paper && !claim.paper.confirmation) return refuse("NOT_CONFIRMED", { field: "claim_id", claim: claimId });
    const reviewed: Claim = { ...claim, reviewed: true };
    if (deductions.length === 0) return pass(reviewed, change, context);
    const fault = deductionFault(claim, deductions);
    if (fault) return fault;
    const inOrder = [...deductions].sort((a, b) => a.line - b.line);
    return pass(deduct({ ...reviewed, deductions: inOrder }, claim, state, change, context), change, context);
  },
};

function deductionFault({ bill: { lines } }: Claim, deductions: readonly Deduction[]): Refusal | undefined {
  for (const [index, { line, deductedFen: fen }] of deductions.entries()) {
    const billed = lines[line - 1];
    if (!billed) return refuse("UNKNOWN_LINE", { field: `deductions[${index}].line`, line, lines: lines.length });
    const field = `deductions[${index}].deducted_fen`;
    if (fen > billed.billedFen) return refuse("DEDUCTION_TOO_LARGE", { field, fen, billed: billed.billedFen });
  }
  return undefined;
}

/** The claim computed without what was taken off, by what it saw then; what it draws less is free, and later claims that stood on it are computed again. */
function deduct(claim: Claim, before: Claim, state: State, change: Change<ClaimsEvents>, context: Context): Claim {
  const { claimId } = claim.bill;
  const documents = documentsOf(claim, state);
  const computed = compute(inputOf(claim, documents));
  assert(!isRefusal(computed), `${claimId} was computed and cannot be computed again`);
  const { benefit, drawn } = computed;
  const would = { fundFen: benefit.fundFen, drawn };
  const differing = laterDiffering(before, would, state);
  exchange(before, would, state, change);
  const deducted: Claim = { ...claim, benefit, drawn };
  for (const one of differing) correct(one, claim, state, change, context);
  const waiting = state.get(corrections.key(claimId));
  if (isWaiting(waiting)) {
    // Its own correction stood on the whole bill.
    const again = compute(inputOf(deducted, documents, waiting.before));
    assert(!isRefusal(again), `${claimId} was computed and cannot be computed again`);
    const deltaFen = again.benefit.fundFen - benefit.fundFen;
    const toFen = again.benefit.fundFen;
    change.put(corrections.key(claimId), { ...waiting, toFen, deltaFen, drawn: again.drawn, state: deltaFen === 0n ? "EVEN" : "QUEUED" });
  }
  return deducted;
}
