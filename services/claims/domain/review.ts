/**
 * A reviewer's word on a claim that waits at the desk (审核): refused, approved, or approved with something taken off some lines (扣款), each with its reason.
 * Where it takes two levels (一审, 二审), the first passes it on and the second, another person, approves it; a refusal stands at either. Approved elsewhere than at home, it goes on to the prefund.
 */
import type { Change, Context, Decision, State } from "../../values/decision.ts";
import { assert, isRefusal, type Refusal } from "../../values/outcome.ts";
import { aftermathKeys, correct, laterDiffering } from "./aftermath.ts";
import { compute, inputOf } from "./compute.ts";
import { type Claim, claims, corrections } from "./documents.ts";
import type { ClaimsEvents } from "./events.ts";
import { documentsOf } from "./published.ts";
import { openQuestion } from "./question.ts";
import { refuse } from "./refusals.ts";
import { refusalKeys, refuseClaim } from "./refuse-claim.ts";
import { isWaiting } from "./resequence.ts";
import type { Deduction } from "./review-documents.ts";
import { type Bearing, score, scoreKeys } from "./rulebook.ts";
import { pass } from "./standing.ts";
import { mayNotWork, released, reviewerKeys, taskOf, waitingClaim } from "./task.ts";
import { exchange } from "./year.ts";

export interface ReviewInput {
  /** The reviewer's county: the claim's home county. */
  readonly county: string;
  readonly claimId: string;
  readonly verdict: "APPROVE" | "REFUSE";
  readonly reason: string;
  /** At most one a line; none with a refusal. At the second level they stand in the place of the first's; none: the first's stand. */
  readonly deductions: readonly Deduction[];
  /** On findings of the claim; of those that are not named the verdict itself says it. */
  readonly words?: readonly { readonly ruleId: string; readonly bearing: Bearing }[];
}

/**
 * Replies with the claim as it then stands. Refuses UNKNOWN_CLAIM, also for another county's, NOT_IN_REVIEW, ENTERED_BY_YOU, PASSED_BY_YOU, ABOVE_YOUR_LEVEL, TASK_HELD, WITH_HOSPITAL, NOT_CONFIRMED,
 * UNKNOWN_LINE and DEDUCTION_TOO_LARGE.
 */
export const review: Decision<ReviewInput, Claim, ClaimsEvents> = {
  needs({ county, claimId, verdict, deductions }, loaded, { caller }) {
    const claim = loaded.get(claims.key(claimId));
    const keys = [claims.key(claimId), ...reviewerKeys(county, claim, caller), ...scoreKeys(county, claim?.findings ?? [])];
    if (!claim) return keys;
    if (verdict === "REFUSE") return [...keys, ...refusalKeys(claim, loaded)];
    const isLess = deductions.length > 0 || (taskOf(claim).first?.deductions.length ?? 0) > 0;
    return isLess ? [...keys, ...aftermathKeys(claim, loaded)] : keys;
  },
  decide({ county, claimId, verdict, reason, deductions, words = [] }, state, change, context) {
    const claim = waitingClaim(claimId, county, state);
    if (isRefusal(claim)) return claim;
    change.about(claimId);
    const { name } = context.caller;
    const task = taskOf(claim);
    const notYours = mayNotWork(claim, state, context);
    if (notYours) return notYours;
    const decided: Claim = { ...claim, task: { ...released(task), decidedBy: name } };
    const strange = wordFault(claim, words);
    if (strange) return strange;
    const scored = (isLess: boolean) => {
      for (const finding of claim.findings ?? []) {
        const word = words.find(({ ruleId }) => ruleId === finding.ruleId);
        score(county, finding, word?.bearing ?? (isLess ? "RIGHT" : "WRONG"), state, change);
      }
    };
    if (verdict === "REFUSE") {
      scored(true);
      return refuseClaim(decided, reason, state, change, context);
    }
    if (claim.paper && !claim.paper.confirmation) return refuse("NOT_CONFIRMED", { field: "claim_id", claim: claimId });
    if (openQuestion(claim)) return refuse("WITH_HOSPITAL", { field: "claim_id", claim: claimId });
    const fault = deductionFault(claim, deductions);
    if (fault) return fault;
    const given = [...deductions].sort((a, b) => a.line - b.line);
    if (task.twice && task.level === "FIRST") {
      const first = { by: name, atMs: context.atMs, deductions: given };
      const passed: Claim = { ...claim, task: { ...released(task), level: "SECOND", first } };
      change.put(claims.key(claimId), passed);
      return passed;
    }
    const off = given.length > 0 ? given : (task.first?.deductions ?? []);
    scored(off.length > 0);
    const reviewed: Claim = { ...decided, reviewed: true };
    if (off.length === 0) return pass(reviewed, change, context);
    return pass(deduct({ ...reviewed, deductions: merged(claim.deductions ?? [], off) }, claim, state, change, context), change, context);
  },
};

/** A reviewer's word on a line stands in the place of what a rule has taken off it. */
export function merged(before: readonly Deduction[], given: readonly Deduction[]): readonly Deduction[] {
  const others = before.filter(({ line }) => !given.some((one) => one.line === line));
  return [...others, ...given].sort((a, b) => a.line - b.line);
}

function wordFault({ findings = [] }: Claim, words: NonNullable<ReviewInput["words"]>): Refusal | undefined {
  const index = words.findIndex(({ ruleId }) => !findings.some((finding) => finding.ruleId === ruleId));
  return index < 0 ? undefined : refuse("UNKNOWN_RULE", { field: `words[${index}].rule_id`, rule: words[index]?.ruleId ?? "" });
}

export function deductionFault({ bill: { lines } }: Claim, deductions: readonly Deduction[]): Refusal | undefined {
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
