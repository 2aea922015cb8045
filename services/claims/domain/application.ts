/**
 * What a hospital applies for on a patient's behalf, and the county's reviewer decides: a referral (转诊申请) or a chronic disease's registration (慢特病申请). Approved, it is registered in
 * the same commit, under the application's id, by the decision that registers what a reviewer enters directly.
 */
import type { Decision, Key, Loaded } from "../../values/decision.ts";
import { askOwner, isRefusal, isUnavailable } from "../../values/outcome.ts";
import { canonical } from "./canonical.ts";
import { type Application, type ApplicationForm, applications, covers, institutions } from "./documents.ts";
import { isInsuredIn } from "./ground.ts";
import { refuse } from "./refusals.ts";
import { type DiseaseInput, registerDisease } from "./register-disease.ts";
import { type ReferralInput, registerReferral } from "./register-referral.ts";
import type { Asked } from "./submit.ts";

export interface ApplyInput {
  readonly form: ApplicationForm;
  readonly asked?: Asked;
}

/** Replies with the application as it stands; the same one again gets it, decided or not. Refuses APPLICATION_EXISTS, UNKNOWN_PERSON (also another county's), UNKNOWN_INSTITUTION. */
export const apply: Decision<ApplyInput, Application> = {
  needs: ({ form }) => [
    applications.key(form.county, form.applicationId),
    covers.key(form.personId),
    ...(form.kind === "REFERRAL" ? [institutions.key(form.toInstitutionId)] : []),
  ],
  decide({ form, asked }, state, change, context) {
    const { county, applicationId, personId, toInstitutionId } = form;
    const key = applications.key(county, applicationId);
    const stored = state.get(key);
    if (stored) {
      if (canonical(stored.form) === canonical(form)) return stored;
      return refuse("APPLICATION_EXISTS", { field: "application.application_id", application: applicationId });
    }
    const insuredHere = isInsuredIn(county, state.get(covers.key(personId)), asked?.cover);
    const known = form.kind === "DISEASE" || state.get(institutions.key(toInstitutionId)) || asked?.institution;
    if (!asked && (!insuredHere || !known)) return askOwner();
    if (!insuredHere) return refuse("UNKNOWN_PERSON", { field: "application.person_id", person: personId });
    if (!known) return refuse("UNKNOWN_INSTITUTION", { field: "application.to_institution_id", institution: toInstitutionId });
    const application: Application = { county, form, state: "APPLIED", reason: "", decidedBy: "", appliedAtMs: context.atMs };
    change.put(key, application);
    change.about(applicationId);
    return application;
  },
};

export interface DecideApplicationInput {
  /** The home county. */
  readonly county: string;
  readonly applicationId: string;
  readonly verdict: "APPROVE" | "REJECT";
  /** Wanted for a rejection. */
  readonly reason: string;
  readonly asked?: Asked;
}

/** Replies with the application as it then stands. Refuses UNKNOWN_APPLICATION, ALREADY_DECIDED with another verdict, and what the registration refuses. */
export const decideApplication: Decision<DecideApplicationInput, Application> = {
  needs({ county, applicationId, asked }, loaded, context) {
    const key = applications.key(county, applicationId);
    return [key, ...registrationKeys(loaded.get(key), asked, loaded, context)];
  },
  decide({ county, applicationId, verdict, reason, asked }, state, change, context) {
    const key = applications.key(county, applicationId);
    const application = state.get(key);
    if (!application) return refuse("UNKNOWN_APPLICATION", { field: "application_id", application: applicationId });
    const wanted = verdict === "APPROVE" ? "APPROVED" : "REJECTED";
    if (application.state === wanted) return application;
    if (application.state !== "APPLIED")
      return refuse("ALREADY_DECIDED", { field: "application_id", application: applicationId, state: application.state });
    if (verdict === "APPROVE") {
      const { form } = application;
      const registered =
        form.kind === "REFERRAL"
          ? registerReferral.decide(referralOf(form, asked), state, change, context)
          : registerDisease.decide(diseaseOf(form, asked), state, change, context);
      if (isRefusal(registered) || isUnavailable(registered)) return registered;
    }
    const decided: Application = { ...application, state: wanted, reason, decidedBy: context.caller.name };
    change.put(key, decided);
    change.about(applicationId);
    return decided;
  },
};

function registrationKeys(
  application: Application | undefined,
  asked: Asked | undefined,
  loaded: Loaded,
  context: Parameters<typeof registerReferral.needs>[2],
): readonly Key[] {
  if (!application) return [];
  const { form } = application;
  return form.kind === "REFERRAL"
    ? registerReferral.needs(referralOf(form, asked), loaded, context)
    : registerDisease.needs(diseaseOf(form, asked), loaded, context);
}

function referralOf(form: ApplicationForm, asked: Asked | undefined): ReferralInput {
  const { county, applicationId: referralId, personId, toInstitutionId, fromDay, toDay } = form;
  return { referral: { county, referralId, personId, toInstitutionId, fromDay, toDay }, ...(asked ? { asked } : {}) };
}

function diseaseOf(form: ApplicationForm, asked: Asked | undefined): DiseaseInput {
  const { county, applicationId: registrationId, personId, disease, fromDay, toDay } = form;
  return { county, personId, registration: { registrationId, disease, fromDay, toDay }, ...(asked ? { asked } : {}) };
}
