/**
 * A referral's life after it was applied for (REQUESTED) and approved or rejected (application.ts):
 *   APPROVED → USED (a claim stands on it; it may serve further stays of its days) | EXPIRED (its days are over) | REVOKED (the county has taken it back before it was used)
 */
import type { Decision } from "../../values/decision.ts";
import { type Referral, referrals } from "./documents.ts";
import { refuse } from "./refusals.ts";

export type ReferralState = "APPROVED" | "USED" | "EXPIRED" | "REVOKED";

export function referralState({ revoked, usedBy, toDay }: Referral, today: string): ReferralState {
  if (revoked) return "REVOKED";
  if (usedBy !== undefined) return "USED";
  return toDay < today ? "EXPIRED" : "APPROVED";
}

export interface RevokeInput {
  /** The home county. */
  readonly county: string;
  readonly referralId: string;
  readonly reason: string;
}

/** Replies with the referral. The same again is the same answer. Refuses UNKNOWN_REFERRAL, and REFERRAL_CLOSED where it is used, expired, or revoked for another reason. */
export const revokeReferral: Decision<RevokeInput, Referral> = {
  needs: ({ county, referralId }) => [referrals.key(county, referralId)],
  decide({ county, referralId, reason }, state, change, { day, caller }) {
    const key = referrals.key(county, referralId);
    const referral = state.get(key);
    if (!referral) return refuse("UNKNOWN_REFERRAL", { field: "referral_id", referral: referralId });
    change.about(referralId);
    if (referral.revoked?.reason === reason) return referral;
    const stands = referralState(referral, day);
    if (stands !== "APPROVED") return refuse("REFERRAL_CLOSED", { field: "referral_id", referral: referralId, state: stands });
    const revoked: Referral = { ...referral, revoked: { day, reason, by: caller.name } };
    change.put(key, revoked);
    return revoked;
  },
};
