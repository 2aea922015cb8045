/** Registers an approved referral (转诊) of one of the county's own people to one institution. What it says never changes afterwards; what became of it is in referral-life.ts. */
import type { Decision } from "../../values/decision.ts";
import { askOwner } from "../../values/outcome.ts";
import { covers, institutions, type Referral, referrals } from "./documents.ts";
import { isInsuredIn } from "./ground.ts";
import { refuse } from "./refusals.ts";
import type { Asked } from "./submit.ts";

export interface ReferralInput {
  readonly referral: Referral;
  readonly asked?: Asked;
}

/** Replies with the referral; the same one again gets the same answer. Refuses REFERRAL_EXISTS, UNKNOWN_PERSON (also another county's), UNKNOWN_INSTITUTION. */
export const registerReferral: Decision<ReferralInput, Referral> = {
  needs: ({ referral }) => [
    referrals.key(referral.county, referral.referralId),
    covers.key(referral.personId),
    institutions.key(referral.toInstitutionId),
  ],
  decide({ referral, asked }, state, change) {
    const key = referrals.key(referral.county, referral.referralId);
    const stored = state.get(key);
    if (stored) {
      return sameReferral(stored, referral) ? stored : refuse("REFERRAL_EXISTS", { field: "referral_id", referral: referral.referralId });
    }
    const insuredHere = isInsuredIn(referral.county, state.get(covers.key(referral.personId)), asked?.cover);
    const institution = state.get(institutions.key(referral.toInstitutionId)) ?? asked?.institution;
    if (!asked && (!insuredHere || !institution)) return askOwner();
    if (!insuredHere) return refuse("UNKNOWN_PERSON", { field: "person_id", person: referral.personId });
    if (!institution) return refuse("UNKNOWN_INSTITUTION", { field: "to_institution_id", institution: referral.toInstitutionId });
    change.put(key, referral);
    change.about(referral.referralId);
    return referral;
  },
};

function sameReferral(a: Referral, b: Referral): boolean {
  return a.personId === b.personId && a.toInstitutionId === b.toInstitutionId && a.fromDay === b.fromDay && a.toDay === b.toDay;
}
