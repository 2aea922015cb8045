/** What claims is asked about applications: a hospital applies, its patient's county decides. */
import {
  type ApplicationForm as ApplicationFormMessage,
  type Application as ApplicationMessage,
  type DecideApplicationRequest,
  ClaimsServiceDefinition as definition,
} from "../../proto/generated/nrcms/claims/v1/claims.ts";
import { type Ask, type Call, command, query, type Reader } from "../mesh/wiring.ts";
import { badRequest, type Refusal } from "../values/outcome.ts";
import { PROVINCE } from "../values/region.ts";
import { askForCover, askOwners, wanted } from "./answers.ts";
import { apply, type DecideApplicationInput, decideApplication } from "./domain/application.ts";
import { badDiagnosis } from "./domain/bill-form.ts";
import { type Application, type ApplicationForm, applications } from "./domain/documents.ts";
import { badCode, badCounty, badId, badPerson, badSpan, badText, missing } from "./domain/fields.ts";
import { refuse } from "./domain/refusals.ts";
import { applicationsOf } from "./store.ts";

const MAX_NOTE = 200;

export function applicationCalls({ reader, ask }: { readonly reader: Reader; readonly ask: Ask }): readonly Call[] {
  const { methods } = definition;
  /** The owners' words on whom and where an application names. */
  const asked = ({ kind, personId, fromDay, toInstitutionId }: ApplicationForm) =>
    kind === "REFERRAL" ? askOwners(ask, personId, fromDay, toInstitutionId) : askForCover(ask, personId, fromDay);
  return [
    command(methods.apply, {
      check: ({ application }) => formFault(application),
      input: ({ application }) => ({ form: formFrom(wanted(application)) }),
      async ask({ application }) {
        const form = formFrom(wanted(application));
        return { form, asked: await asked(form) };
      },
      decision: apply,
      reply: (application) => ({ application: applicationMessage(application) }),
    }),
    query(methods.getApplication, async ({ county, applicationId }, { role, scope }) => {
      const fault = badCounty("county", county) ?? badId("application_id", applicationId);
      if (fault) return fault;
      const found = await reader.get(applications.key(county, applicationId));
      // A hospital sees its own, a county's reviewer the county's; of others' they learn no more than that they are not theirs.
      const sees = role === "HOSPITAL" ? found?.form.institutionId === scope : scope === PROVINCE || scope === county;
      if (!found || !sees) return refuse("UNKNOWN_APPLICATION", { field: "application_id", application: applicationId });
      return { application: applicationMessage(found) };
    }),
    query(methods.listApplications, async ({ county }) => {
      const fault = badCounty("county", county);
      return fault ?? { applications: (await applicationsOf(reader, county)).map(applicationMessage) };
    }),
    command(methods.decideApplication, {
      check: ({ county, applicationId, verdict, reason }) =>
        badCounty("county", county) ??
        badId("application_id", applicationId) ??
        (verdict === "UNSPECIFIED" ? missing("verdict") : undefined) ??
        (verdict === "REFUSE" || reason !== "" ? badText("reason", reason, MAX_NOTE) : undefined),
      input: decisionFrom,
      async ask(request) {
        const input = decisionFrom(request);
        const stored = await reader.get(applications.key(input.county, input.applicationId));
        return stored ? { ...input, asked: await asked(stored.form) } : input;
      },
      decision: decideApplication,
      reply: (application) => ({ application: applicationMessage(application) }),
    }),
  ];
}

function formFault(form: ApplicationFormMessage | undefined): Refusal | undefined {
  if (!form) return missing("application");
  const { applicationId, county, institutionId, personId, kind, toInstitutionId, disease, diagnosis, fromDay, toDay, note } = form;
  const field = (name: string) => `application.${name}`;
  return (
    badId(field("application_id"), applicationId) ??
    badCounty(field("county"), county) ??
    badId(field("institution_id"), institutionId) ??
    badPerson(field("person_id"), personId) ??
    (kind === "UNSPECIFIED" ? missing(field("kind")) : undefined) ??
    (kind === "REFERRAL" ? badId(field("to_institution_id"), toInstitutionId) : notFor(field("to_institution_id"), toInstitutionId)) ??
    (kind === "DISEASE" ? badCode(field("disease"), disease) : notFor(field("disease"), disease)) ??
    badDiagnosis(field("diagnosis"), diagnosis) ??
    badSpan(fromDay, toDay, "application.") ??
    badText(field("note"), note, MAX_NOTE)
  );
}

function notFor(field: string, text: string): Refusal | undefined {
  return text === "" ? undefined : badRequest(field, "此类申请不填", "does not belong to this kind of application");
}

function formFrom(form: ApplicationFormMessage): ApplicationForm {
  return { ...form, kind: form.kind === "DISEASE" ? "DISEASE" : "REFERRAL" };
}

function decisionFrom({ county, applicationId, verdict, reason }: DecideApplicationRequest): DecideApplicationInput {
  return { county, applicationId, verdict: verdict === "REFUSE" ? "REJECT" : "APPROVE", reason };
}

function applicationMessage({ form, state, reason, decidedBy, appliedAtMs }: Application): ApplicationMessage {
  return { application: { ...form }, state, reason, decidedBy, appliedAtMs: BigInt(appliedAtMs) };
}
