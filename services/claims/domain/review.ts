/** A reviewer's word on a claim that waits at the desk (审核). Approved elsewhere than at home, it goes on to the prefund. */
import type { Decision } from "../../values/decision.ts";
import { type Claim, claims } from "./documents.ts";
import type { ClaimsEvents } from "./events.ts";
import { refuse } from "./refusals.ts";
import { pass, refusalKeys, refuseClaim } from "./standing.ts";

export interface ReviewInput {
  /** The reviewer's county: the claim's home county. */
  readonly county: string;
  readonly claimId: string;
  readonly verdict: "APPROVE" | "REFUSE";
  readonly reason: string;
}

/** Replies with the claim as it then stands. Refuses UNKNOWN_CLAIM, also for another county's, and NOT_IN_REVIEW. */
export const review: Decision<ReviewInput, Claim, ClaimsEvents> = {
  needs({ claimId, verdict }, loaded) {
    const key = claims.key(claimId);
    return verdict === "REFUSE" ? [key, ...refusalKeys(loaded.get(key))] : [key];
  },
  decide({ county, claimId, verdict, reason }, state, change, context) {
    const claim = state.get(claims.key(claimId));
    if (claim?.county !== county) return refuse("UNKNOWN_CLAIM", { field: "claim_id", claim: claimId });
    change.about(claimId);
    if (claim.state !== "IN_REVIEW") return refuse("NOT_IN_REVIEW", { field: "claim_id", claim: claimId, state: claim.state });
    if (verdict === "REFUSE") return refuseClaim(claim, reason, state, change, context);
    return pass({ ...claim, reviewed: true }, change, context);
  },
};
