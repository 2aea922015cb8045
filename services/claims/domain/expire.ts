/** A reservation has a due time (protocols 18): a claim that waits too long for its prefund ends, and what may be reserved is given back. */
import type { Decision } from "../../values/decision.ts";
import { unavailable } from "../../values/outcome.ts";
import { claims } from "./documents.ts";
import type { ClaimsEvents } from "./events.ts";
import { reasonOf } from "./reasons.ts";
import { refuse } from "./refusals.ts";
import { refusalKeys, refuseClaim, releasePrefund } from "./refuse-claim.ts";

export interface ExpireInput {
  readonly claimId: string;
  /** How long a claim may wait. */
  readonly limitMs: number;
}

/** The fact that a claim's wait is over, as an input's id: a claim waits once for each decision. */
export function expiryIdOf(claimId: string, decision: number): string {
  return `claim/${claimId}/expire/${decision}`;
}

export const expire: Decision<ExpireInput, void, ClaimsEvents> = {
  needs({ claimId }, loaded) {
    const key = claims.key(claimId);
    return [key, ...refusalKeys(loaded.get(key), loaded)];
  },
  decide({ claimId, limitMs }, state, change, context) {
    const claim = state.must(claims.key(claimId));
    change.about(claimId);
    if (claim.state !== "PENDING") return;
    if ((claim.waitingSinceMs ?? 0) + limitMs > context.atMs) return unavailable(`claim ${claimId} is not due yet`);
    const refused = refuseClaim(claim, reasonOf(refuse("PREFUND_EXHAUSTED")), state, change, context);
    releasePrefund(refused, change);
  },
};
