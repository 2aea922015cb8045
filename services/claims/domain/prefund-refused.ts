/** The home county's prefund does not suffice: the claim ends, its cap and its invoice are free again. There is no reservation to give back. */
import type { Decision } from "../../values/decision.ts";
import { assert, unavailable } from "../../values/outcome.ts";
import { claims } from "./documents.ts";
import type { ClaimsEvents } from "./events.ts";
import type { ReservationInput } from "./prefund-reserved.ts";
import { reasonOf } from "./reasons.ts";
import { refuse } from "./refusals.ts";
import { refusalKeys, refuseClaim } from "./refuse-claim.ts";

export const prefundRefused: Decision<ReservationInput, void, ClaimsEvents> = {
  needs({ claimId }, loaded) {
    const key = claims.key(claimId);
    return [key, ...refusalKeys(loaded.get(key), loaded)];
  },
  decide({ claimId }, state, change, context) {
    const claim = state.get(claims.key(claimId));
    if (!claim) return unavailable(`claim ${claimId} is not known yet`);
    change.about(claimId);
    if (claim.state === "REFUSED") return;
    assert(claim.state === "PENDING", `prefund refused for ${claimId}, which is ${claim.state}`);
    refuseClaim(claim, reasonOf(refuse("PREFUND_EXHAUSTED")), state, change, context);
  },
};
