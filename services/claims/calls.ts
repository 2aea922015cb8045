import {
  type Correction as CorrectionMessage,
  ClaimsServiceDefinition as definition,
  type FindingWord,
  type RegisterDiseaseRequest,
  type RegisterReferralRequest,
  type ReviewClaimRequest,
} from "../../proto/generated/nrcms/claims/v1/claims.ts";
import { type Ask, type Call, command, query, type Reader, trial } from "../mesh/wiring.ts";
import { badRequest, type Refusal } from "../values/outcome.ts";
import { askForCover, askOwners, claimMessage, deductionFormsFault, deductionsFrom, explained, mayRead, wanted } from "./answers.ts";
import { claimsConfig } from "./config.ts";
import { type BillForm, billFormFault, billFrom } from "./domain/bill-form.ts";
import { hashOf } from "./domain/canonical.ts";
import { catalogueFormFault, itemsFrom } from "./domain/catalogue-form.ts";
import { type Correction, type Referral, referrals } from "./domain/documents.ts";
import { badCode, badCounty, badDay, badId, badPerson, badSpan, badText, missing } from "./domain/fields.ts";
import { publishCatalogue } from "./domain/publish-catalogue.ts";
import { referralState, revokeReferral } from "./domain/referral-life.ts";
import { refuse } from "./domain/refusals.ts";
import { type DiseaseInput, registerDisease } from "./domain/register-disease.ts";
import { registerReferral } from "./domain/register-referral.ts";
import { type ReviewInput, review } from "./domain/review.ts";
import { byItemCode } from "./domain/scheme.ts";
import { type SubmitInput, submit } from "./domain/submit.ts";
import { type CorrectionInput, decideCorrection, voidClaim } from "./domain/void-claim.ts";
import { benefitYear, claimOf, correctionsOf } from "./store.ts";

const MAX_REASON = 200;

export interface CallParts {
  readonly reader: Reader;
  readonly ask: Ask;
  readonly settings: Readonly<Record<string, unknown>>;
}

export function calls({ reader, ask, settings }: CallParts): readonly Call[] {
  const { methods } = definition;
  const { crossRegion } = claimsConfig(settings);
  const submitInput = (form: BillForm | undefined): SubmitInput => ({ bill: billFrom(wanted(form)), crossRegion });
  const askedBill = async (form: BillForm | undefined): Promise<SubmitInput> => {
    const input = submitInput(form);
    const { personId, dischargedOn, institutionId } = input.bill;
    return { ...input, asked: await askOwners(ask, personId, dischargedOn, institutionId) };
  };
  return [
    command(methods.submitClaim, {
      check: ({ bill }) => billFormFault(bill),
      input: ({ bill }) => submitInput(bill),
      ask: ({ bill }) => askedBill(bill),
      decision: submit,
      reply: (claim) => ({ claim: claimMessage(claim) }),
      pending: (claim) => (claim.state === "PENDING" ? claim.bill.claimId : undefined),
    }),
    trial(methods.trialClaim, {
      check: ({ bill }) => billFormFault(bill),
      input: ({ bill }) => ({ ...submitInput(bill), trial: true as const }),
      ask: async ({ bill }) => ({ ...(await askedBill(bill)), trial: true as const }),
      decision: submit,
      reply: (claim) => explained(reader, claim),
    }),
    query(methods.getBenefitYear, ({ personId, day, newborn }) => benefitYear(reader, { personId, day, newborn })),
    query(methods.getClaim, async ({ claimId }, caller) => {
      const fault = badId("claim_id", claimId);
      if (fault) return fault;
      const claim = await claimOf(reader, claimId);
      if (!claim || !mayRead(claim, caller)) return refuse("UNKNOWN_CLAIM", { field: "claim_id", claim: claimId });
      return { claim: claimMessage(claim) };
    }),
    query(methods.explainClaim, async ({ claimId }, caller) => {
      const fault = badId("claim_id", claimId);
      if (fault) return fault;
      const claim = await claimOf(reader, claimId);
      if (!claim || !mayRead(claim, caller)) return refuse("UNKNOWN_CLAIM", { field: "claim_id", claim: claimId });
      return { ...(await explained(reader, claim)), treatingSchemeId: claim.basis.treatingSchemeId };
    }),
    command(methods.reviewClaim, {
      check: reviewFault,
      input: ({ county, claimId, verdict, reason, deductions, words }): ReviewInput => ({
        county,
        claimId,
        verdict: verdict === "REFUSE" ? "REFUSE" : "APPROVE",
        reason,
        deductions: deductionsFrom(deductions),
        words: words.map(({ ruleId, bearing }) => ({ ruleId, bearing: bearing === "RIGHT" ? ("RIGHT" as const) : ("WRONG" as const) })),
      }),
      decision: review,
      reply: (claim) => ({ claim: claimMessage(claim) }),
      pending: (claim) => (claim.state === "PENDING" ? claim.bill.claimId : undefined),
    }),
    command(methods.publishCatalogue, {
      check: ({ catalogueVersion, items, diagnoses }) => catalogueFormFault(catalogueVersion, items, diagnoses),
      input: ({ catalogueVersion, items: forms, diagnoses }) => {
        const items = itemsFrom(forms);
        const content = { catalogueVersion, items: [...items].sort(byItemCode), diagnoses: [...diagnoses].sort() };
        return { catalogueVersion, items, diagnoses, contentHash: hashOf(content) };
      },
      decision: publishCatalogue,
      reply: (contentHash) => ({ contentHash }),
    }),
    command(methods.registerReferral, {
      check: referralFault,
      input: (request) => ({ referral: referralFrom(request) }),
      async ask(request) {
        const referral = referralFrom(request);
        return { referral, asked: await askOwners(ask, referral.personId, referral.fromDay, referral.toInstitutionId) };
      },
      decision: registerReferral,
      reply: ({ referralId }) => ({ referralId }),
    }),
    command(methods.revokeReferral, {
      check: ({ county, referralId, reason }) =>
        badCounty("county", county) ?? badId("referral_id", referralId) ?? badText("reason", reason, MAX_REASON),
      input: ({ county, referralId, reason }) => ({ county, referralId, reason }),
      decision: revokeReferral,
      reply: ({ referralId }) => ({ referralId }),
    }),
    query(methods.getReferral, async ({ county, referralId, day }) => {
      const fault = badCounty("county", county) ?? badId("referral_id", referralId) ?? badDay("day", day);
      if (fault) return fault;
      const referral = await reader.get(referrals.key(county, referralId));
      if (!referral) return refuse("UNKNOWN_REFERRAL", { field: "referral_id", referral: referralId });
      const { personId, toInstitutionId, fromDay, toDay, usedBy = "", revoked } = referral;
      const state = referralState(referral, day);
      return { personId, toInstitutionId, fromDay, toDay, state, usedBy, revokedOn: revoked?.day ?? "", reason: revoked?.reason ?? "" };
    }),
    command(methods.voidClaim, {
      check: ({ institutionId, claimId, reason }) =>
        badId("institution_id", institutionId) ?? badId("claim_id", claimId) ?? badText("reason", reason, MAX_REASON),
      input: ({ institutionId, claimId, reason }) => ({ institutionId, claimId, reason }),
      decision: voidClaim,
      reply: (claim) => ({ claim: claimMessage(claim) }),
    }),
    query(methods.listCorrections, async ({ county }) => {
      const fault = badCounty("county", county);
      return fault ?? { corrections: (await correctionsOf(reader, county)).map(correctionMessage) };
    }),
    command(methods.decideCorrection, {
      check: ({ county, claimId, verdict }) =>
        badCounty("county", county) ?? badId("claim_id", claimId) ?? (verdict === "UNSPECIFIED" ? missing("verdict") : undefined),
      input: ({ county, claimId, verdict }): CorrectionInput => ({ county, claimId, verdict: verdict === "DISMISS" ? "DISMISS" : "POST" }),
      decision: decideCorrection,
      reply: (correction) => ({ correction: correctionMessage(correction) }),
    }),
    command(methods.registerDisease, {
      check: diseaseFault,
      input: (request) => diseaseInput(request),
      async ask(request) {
        const { personId, fromDay } = request;
        return { ...diseaseInput(request), asked: await askForCover(ask, personId, fromDay) };
      },
      decision: registerDisease,
      reply: ({ registrationId }) => ({ registrationId }),
    }),
  ];
}

function correctionMessage({ claimId, causedBy, toFen, deltaFen, state, queuedAtMs }: Correction): CorrectionMessage {
  return { claimId, causedBy: [...causedBy], toFen, deltaFen, state, queuedAtMs: BigInt(queuedAtMs) };
}

function diseaseFault({ county, registrationId, personId, disease, fromDay, toDay }: RegisterDiseaseRequest): Refusal | undefined {
  return (
    badCounty("county", county) ??
    badId("registration_id", registrationId) ??
    badPerson("person_id", personId) ??
    badCode("disease", disease) ??
    badSpan(fromDay, toDay)
  );
}

function diseaseInput({ county, personId, registrationId, disease, fromDay, toDay }: RegisterDiseaseRequest): DiseaseInput {
  return { county, personId, registration: { registrationId, disease, fromDay, toDay } };
}

function reviewFault({ county, claimId, verdict, reason, deductions, words }: ReviewClaimRequest): Refusal | undefined {
  return (
    badCounty("county", county) ??
    badId("claim_id", claimId) ??
    (verdict === "UNSPECIFIED" ? missing("verdict") : undefined) ??
    (verdict === "REFUSE" || reason !== "" ? badText("reason", reason, MAX_REASON) : undefined) ??
    (verdict === "REFUSE" && deductions.length > 0
      ? badRequest("deductions", "拒付不得再扣减", "a refusal has no deductions")
      : deductionFormsFault(deductions)) ??
    wordsFault(words)
  );
}

const MAX_WORDS = 200;

function wordsFault(words: readonly FindingWord[]): Refusal | undefined {
  if (words.length > MAX_WORDS) return badRequest("words", `不得超过 ${MAX_WORDS} 条`, `must have at most ${MAX_WORDS} entries`);
  const seen = new Set<string>();
  for (const [index, { ruleId, bearing }] of words.entries()) {
    const fault =
      badCode(`words[${index}].rule_id`, ruleId) ??
      (seen.has(ruleId) ? badRequest(`words[${index}].rule_id`, "规则重复", "the rule is there twice") : undefined) ??
      (bearing === "UNSPECIFIED" ? missing(`words[${index}].bearing`) : undefined);
    if (fault) return fault;
    seen.add(ruleId);
  }
  return undefined;
}

function referralFault({ county, referralId, personId, toInstitutionId, fromDay, toDay }: RegisterReferralRequest): Refusal | undefined {
  return (
    badCounty("county", county) ??
    badId("referral_id", referralId) ??
    badPerson("person_id", personId) ??
    badId("to_institution_id", toInstitutionId) ??
    badSpan(fromDay, toDay)
  );
}

function referralFrom({ county, referralId, personId, toInstitutionId, fromDay, toDay }: RegisterReferralRequest): Referral {
  return { county, referralId, personId, toInstitutionId, fromDay, toDay };
}
