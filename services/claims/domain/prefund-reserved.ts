/**
 * Settlement has reserved the home county's prefund: the claim is promised. Where the claim was refused in the meantime (it waited too long),
 * the reservation is given back, once.
 */
import type { Decision } from "../../values/decision.ts";
import { assert, unavailable } from "../../values/outcome.ts";
import { claims } from "./documents.ts";
import type { ClaimsEvents } from "./events.ts";
import { releasePrefund } from "./refuse-claim.ts";
import { approve } from "./standing.ts";

export interface ReservationInput {
  readonly claimId: string;
}

export const prefundReserved: Decision<ReservationInput, void, ClaimsEvents> = {
  needs: ({ claimId }) => [claims.key(claimId)],
  decide({ claimId }, state, change, context) {
    const claim = state.get(claims.key(claimId));
    if (!claim) return unavailable(`claim ${claimId} is not known yet`);
    assert(claim.state !== "IN_REVIEW", `prefund reserved for ${claimId}, which has asked for none`);
    change.about(claimId);
    if (claim.state === "PENDING") approve(claim, change, context);
    if (claim.state === "REFUSED") releasePrefund(claim, change);
  },
};
