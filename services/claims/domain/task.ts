/**
 * Tasks of the review desk: who may take one and give a verdict on it. A task belongs to whoever holds it, for four hours at most, so that nobody's absence holds a claim up; no one reviews
 * what they entered, nor at the second level what they passed at the first.
 */
import type { Caller, Context, Decision, Key, State } from "../../values/decision.ts";
import { isRefusal, type Refusal } from "../../values/outcome.ts";
import { type Claim, claims } from "./documents.ts";
import type { ClaimsEvents } from "./events.ts";
import { refuse } from "./refusals.ts";
import { type Reviewer, type ReviewLevel, reviewers, type Task } from "./review-documents.ts";

/** So long a task stays with who took it. */
export const HOLD_LIMIT_MS = 4 * 3_600_000;

const FIRST: Task = { level: "FIRST", twice: false };

export function taskOf({ task }: Pick<Claim, "task">): Task {
  return task ?? FIRST;
}

/** The task in nobody's hands. */
export function released(task: Task): Task {
  const { heldBy: _, heldSinceMs: __, ...rest } = task;
  return rest;
}

/** The caller's own appointment, which only the second level asks for. */
export function reviewerKeys(county: string, claim: Claim | undefined, { name }: Caller): Key<Reviewer>[] {
  return claim && taskOf(claim).level === "SECOND" ? [reviewers.key(county, name)] : [];
}

export function levelOf(county: string, { name }: Caller, state: State): ReviewLevel {
  return state.get(reviewers.key(county, name))?.level ?? "FIRST";
}

/** The claim that waits at this county's desk. Refuses UNKNOWN_CLAIM and NOT_IN_REVIEW. */
export function waitingClaim(claimId: string, county: string, state: State): Claim | Refusal {
  const claim = state.get(claims.key(claimId));
  if (claim?.county !== county) return refuse("UNKNOWN_CLAIM", { field: "claim_id", claim: claimId });
  return claim.state === "IN_REVIEW" ? claim : refuse("NOT_IN_REVIEW", { field: "claim_id", claim: claimId, state: claim.state });
}

/** Why the caller may not work on this task. Refuses ENTERED_BY_YOU, PASSED_BY_YOU, ABOVE_YOUR_LEVEL and TASK_HELD. */
export function mayNotWork(claim: Claim, state: State, { caller, atMs }: Context): Refusal | undefined {
  const { name } = caller;
  const { claimId } = claim.bill;
  const { level, first, heldBy, heldSinceMs = 0 } = taskOf(claim);
  if (claim.paper?.submittedBy === name) return refuse("ENTERED_BY_YOU", { field: "claim_id", claim: claimId, name });
  if (first?.by === name) return refuse("PASSED_BY_YOU", { field: "claim_id", claim: claimId, name });
  if (level === "SECOND" && levelOf(claim.county, caller, state) !== "SECOND")
    return refuse("ABOVE_YOUR_LEVEL", { field: "claim_id", claim: claimId, name });
  if (heldBy === undefined || heldBy === name || atMs - heldSinceMs >= HOLD_LIMIT_MS) return undefined;
  return refuse("TASK_HELD", { field: "claim_id", claim: claimId, by: heldBy, since: new Date(heldSinceMs).toISOString() });
}

export interface TaskInput {
  /** The home county. */
  readonly county: string;
  readonly claimId: string;
}

/** Replies with the claim as it then stands; a task that one holds already stays as it is. */
export const takeTask: Decision<TaskInput, Claim, ClaimsEvents> = {
  needs: ({ county, claimId }, loaded, { caller }) => [
    claims.key(claimId),
    ...reviewerKeys(county, loaded.get(claims.key(claimId)), caller),
  ],
  decide({ county, claimId }, state, change, context) {
    const claim = waitingClaim(claimId, county, state);
    if (isRefusal(claim)) return claim;
    change.about(claimId);
    const fault = mayNotWork(claim, state, context);
    if (fault) return fault;
    const task = taskOf(claim);
    const { name } = context.caller;
    if (task.heldBy === name) return claim;
    const taken: Claim = { ...claim, task: { ...task, heldBy: name, heldSinceMs: context.atMs } };
    change.put(claims.key(claimId), taken);
    return taken;
  },
};

/** Replies with the claim as it then stands; a task that nobody holds stays as it is. */
export const releaseTask: Decision<TaskInput, Claim, ClaimsEvents> = {
  needs: ({ claimId }) => [claims.key(claimId)],
  decide({ county, claimId }, state, change, { caller }) {
    const claim = waitingClaim(claimId, county, state);
    if (isRefusal(claim)) return claim;
    change.about(claimId);
    const task = taskOf(claim);
    const { heldBy, heldSinceMs = 0 } = task;
    if (heldBy === undefined) return claim;
    if (heldBy !== caller.name)
      return refuse("TASK_HELD", { field: "claim_id", claim: claimId, by: heldBy, since: new Date(heldSinceMs).toISOString() });
    const free: Claim = { ...claim, task: released(task) };
    change.put(claims.key(claimId), free);
    return free;
  },
};

export interface AppointInput {
  readonly county: string;
  readonly name: string;
  readonly level: ReviewLevel;
}

export const appointReviewer: Decision<AppointInput, Reviewer> = {
  needs: ({ county, name }) => [reviewers.key(county, name)],
  decide(reviewer, _, change) {
    change.put(reviewers.key(reviewer.county, reviewer.name), reviewer);
    change.about(reviewer.name);
    return reviewer;
  },
};
