/** A stay from admission to discharge, as hospitals ask for it (登记, 明细, 预结算, 结算). */
import { type Admission as AdmissionMessage, ClaimsServiceDefinition as definition } from "../../proto/generated/nrcms/claims/v1/claims.ts";
import { type Ask, type Call, command, query, type Reader, trial } from "../mesh/wiring.ts";
import type { Refusal } from "../values/outcome.ts";
import { askOwners, claimMessage, explained, wanted } from "./answers.ts";
import { claimsConfig } from "./config.ts";
import {
  type AdmissionForm,
  type AdmissionInput,
  admit,
  cancelAdmission,
  changeAdmission,
  type SettleInput,
  settleAdmission,
  undoFees,
  uploadFees,
} from "./domain/admission.ts";
import { badDiagnosis, badInvoice, badLines, badProcedures, MAX_LINES, MAX_NEWBORNS } from "./domain/bill-form.ts";
import { type Admission, admissions } from "./domain/documents.ts";
import { badCount, badDay, badFen, badId, badNumber, badPerson, missing } from "./domain/fields.ts";
import { refuse } from "./domain/refusals.ts";

const MAX_PAGES = 20;

export interface AdmissionParts {
  readonly reader: Reader;
  readonly ask: Ask;
  readonly settings: Readonly<Record<string, unknown>>;
}

export function admissionCalls({ reader, ask, settings }: AdmissionParts): readonly Call[] {
  const { methods } = definition;
  const { crossRegion } = claimsConfig(settings);
  const reply = (admission: Admission) => ({ admission: admissionMessage(admission) });
  /** The owners' word on whom an admission is of. One that is not known here is refused by the decision, whoever it is. */
  const askAbout = async (input: SettleInput): Promise<SettleInput> => {
    const admission = await reader.get(admissions.key(input.admissionId));
    if (!admission) return input;
    return { ...input, asked: await askOwners(ask, admission.personId, input.dischargedOn, admission.institutionId) };
  };
  const settleInput = ({ institutionId, admissionId, dischargedOn, invoiceNumber, totalFen }: SettleInput): SettleInput => ({
    institutionId,
    admissionId,
    dischargedOn,
    invoiceNumber,
    totalFen,
  });
  return [
    command(methods.registerAdmission, {
      check: ({ admission }) => admissionFault(admission),
      input: ({ admission }) => ({ form: formOf(wanted(admission)), crossRegion }),
      async ask({ admission }) {
        const form = formOf(wanted(admission));
        return { form, crossRegion, asked: await askOwners(ask, form.personId, form.admittedOn, form.institutionId) };
      },
      decision: admit,
      reply,
    }),
    command(methods.changeAdmission, {
      check: (request) => idFault(request) ?? detailFault("", request),
      input: ({ institutionId, admissionId, diagnosis, referralId, tcm, procedures }) => ({
        institutionId,
        admissionId,
        diagnosis,
        referralId,
        tcm,
        procedures,
      }),
      decision: changeAdmission,
      reply,
    }),
    command(methods.cancelAdmission, {
      check: (request) => idFault(request),
      input: ({ institutionId, admissionId }) => ({ institutionId, admissionId }),
      decision: cancelAdmission,
      reply,
    }),
    command(methods.uploadFees, {
      check: (request) =>
        idFault(request) ?? pageFault(request) ?? badCount("lines", request.lines.length, 1, MAX_LINES) ?? badLines("lines", request.lines),
      input: ({ institutionId, admissionId, page, lines }) => ({ institutionId, admissionId, page, lines }),
      decision: uploadFees,
      reply,
    }),
    command(methods.undoFees, {
      check: (request) => idFault(request) ?? pageFault(request),
      input: ({ institutionId, admissionId, page }) => ({ institutionId, admissionId, page }),
      decision: undoFees,
      reply,
    }),
    trial(methods.trialAdmission, {
      check: (request) => settleFault(request),
      input: (request) => ({ ...settleInput(request), trial: true as const }),
      ask: async (request) => ({ ...(await askAbout(settleInput(request))), trial: true as const }),
      decision: settleAdmission,
      reply: (claim) => explained(reader, claim),
    }),
    command(methods.settleAdmission, {
      check: (request) => settleFault(request),
      input: (request) => settleInput(request),
      ask: (request) => askAbout(settleInput(request)),
      decision: settleAdmission,
      reply: (claim) => ({ claim: claimMessage(claim) }),
      pending: (claim) => (claim.state === "PENDING" ? claim.bill.claimId : undefined),
    }),
    query(methods.getAdmission, async (request) => {
      const fault = idFault(request);
      if (fault) return fault;
      const admission = await reader.get(admissions.key(request.admissionId));
      if (admission?.institutionId !== request.institutionId)
        return refuse("UNKNOWN_ADMISSION", { field: "admission_id", admission: request.admissionId });
      return reply(admission);
    }),
  ];
}

function idFault({ institutionId, admissionId }: AdmissionInput): Refusal | undefined {
  return badId("institution_id", institutionId) ?? badId("admission_id", admissionId);
}

function pageFault({ page }: { readonly page: number }): Refusal | undefined {
  return badNumber("page", page, 1, MAX_PAGES);
}

function settleFault(request: Omit<SettleInput, "asked">): Refusal | undefined {
  return (
    idFault(request) ??
    badDay("discharged_on", request.dischargedOn) ??
    badInvoice("invoice_number", request.invoiceNumber) ??
    badFen("total_fen", request.totalFen)
  );
}

type Detail = Pick<AdmissionForm, "diagnosis" | "referralId" | "procedures">;

function detailFault(prefix: string, { diagnosis, referralId, procedures }: Detail): Refusal | undefined {
  return (
    badDiagnosis(`${prefix}diagnosis`, diagnosis) ??
    (referralId === "" ? undefined : badId(`${prefix}referral_id`, referralId)) ??
    badProcedures(`${prefix}procedures`, procedures)
  );
}

function admissionFault(admission: AdmissionMessage | undefined): Refusal | undefined {
  if (!admission) return missing("admission");
  return (
    badId("admission.admission_id", admission.admissionId) ??
    badId("admission.institution_id", admission.institutionId) ??
    badPerson("admission.person_id", admission.personId) ??
    badNumber("admission.newborn", admission.newborn, 0, MAX_NEWBORNS) ??
    badDay("admission.admitted_on", admission.admittedOn) ??
    detailFault("admission.", admission)
  );
}

function formOf(admission: AdmissionMessage): AdmissionForm {
  const { admissionId, institutionId, personId, newborn, admittedOn, diagnosis, referralId, tcm, procedures } = admission;
  return { admissionId, institutionId, personId, newborn, admittedOn, diagnosis, referralId, tcm, procedures };
}

function admissionMessage(admission: Admission): AdmissionMessage {
  const { state, pages, totalFen, procedures } = admission;
  return {
    ...formOf({ ...admission, procedures: [...procedures], pages: [...pages] }),
    procedures: [...procedures],
    state,
    pages: [...pages],
    totalFen,
  };
}
