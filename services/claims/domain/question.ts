/** Returns a claim to its hospital with a question (退单), and takes the answer: until then the claim may be refused and not approved. */
import type { Decision } from "../../values/decision.ts";
import { isRefusal } from "../../values/outcome.ts";
import { type Claim, claims } from "./documents.ts";
import type { ClaimsEvents } from "./events.ts";
import { refuse } from "./refusals.ts";
import type { Question } from "./review-documents.ts";
import { mayNotWork, released, reviewerKeys, type TaskInput, taskOf, waitingClaim } from "./task.ts";

/** The question that its hospital has not answered. */
export function openQuestion(claim: Claim): Question | undefined {
  const { question } = taskOf(claim);
  return question?.answer === undefined ? question : undefined;
}

export interface ReturnInput extends TaskInput {
  readonly question: string;
}

/** Replies with the claim as it then stands, in nobody's hands. */
export const returnClaim: Decision<ReturnInput, Claim, ClaimsEvents> = {
  needs: ({ county, claimId }, loaded, { caller }) => [
    claims.key(claimId),
    ...reviewerKeys(county, loaded.get(claims.key(claimId)), caller),
  ],
  decide({ county, claimId, question: text }, state, change, context) {
    const claim = waitingClaim(claimId, county, state);
    if (isRefusal(claim)) return claim;
    change.about(claimId);
    if (claim.paper) return refuse("NO_HOSPITAL", { field: "claim_id", claim: claimId });
    const fault = mayNotWork(claim, state, context);
    if (fault) return fault;
    if (openQuestion(claim)) return refuse("WITH_HOSPITAL", { field: "claim_id", claim: claimId });
    const question: Question = { text, askedBy: context.caller.name, askedAtMs: context.atMs };
    const asked: Claim = { ...claim, task: { ...released(taskOf(claim)), question } };
    change.put(claims.key(claimId), asked);
    return asked;
  },
};

export interface AnswerInput {
  readonly institutionId: string;
  readonly claimId: string;
  readonly answer: string;
}

/** Replies with the claim as it then stands: back in the worklist. */
export const answerQuestion: Decision<AnswerInput, Claim, ClaimsEvents> = {
  needs: ({ claimId }) => [claims.key(claimId)],
  decide({ institutionId, claimId, answer }, state, change, context) {
    const claim = state.get(claims.key(claimId));
    if (!claim || claim.paper || claim.bill.institutionId !== institutionId)
      return refuse("UNKNOWN_CLAIM", { field: "claim_id", claim: claimId });
    change.about(claimId);
    const task = taskOf(claim);
    if (task.question?.answer === answer) return claim;
    if (claim.state !== "IN_REVIEW") return refuse("NOT_IN_REVIEW", { field: "claim_id", claim: claimId, state: claim.state });
    const question = openQuestion(claim);
    if (!question) return refuse("NOT_ASKED", { field: "claim_id", claim: claimId });
    const answered: Claim = { ...claim, task: { ...task, question: { ...question, answer, answeredAtMs: context.atMs } } };
    change.put(claims.key(claimId), answered);
    return answered;
  },
};
