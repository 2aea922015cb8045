/** What several of claims' calls say and ask: a claim as the contract has it, and the owners' words on a person and an institution (protocols 15). */
import { AdministrationServiceDefinition } from "../../proto/generated/nrcms/administration/v1/administration.ts";
import type {
  BenefitStep,
  Claim as ClaimMessage,
  Deduction as DeductionForm,
  Finding as FindingMessage,
  Paper as PaperMessage,
  ReviewTask,
} from "../../proto/generated/nrcms/claims/v1/claims.ts";
import { EnrollmentServiceDefinition } from "../../proto/generated/nrcms/enrollment/v1/enrollment.ts";
import { RefusedError } from "../mesh/rpc.ts";
import type { Ask, Reader } from "../mesh/wiring.ts";
import type { Finding } from "../rules/rule.ts";
import type { Caller } from "../values/decision.ts";
import { assert, badRequest, type Refusal } from "../values/outcome.ts";
import { PROVINCE } from "../values/region.ts";
import { deductionsOf } from "./domain/appeal.ts";
import { MAX_LINES } from "./domain/bill-form.ts";
import type { Claim, Paper } from "./domain/documents.ts";
import { explain } from "./domain/explain.ts";
import { badFen, badNumber, badText, missing } from "./domain/fields.ts";
import { stretchFrom } from "./domain/ground.ts";
import type { Deduction, Task } from "./domain/review-documents.ts";
import type { Asked, Place } from "./domain/submit.ts";
import { documentsOf } from "./store.ts";

/** What the door has seen to be there. */
export function wanted<T>(part: T | undefined): T {
  assert(part !== undefined, "the check at the door asks for it");
  return part;
}

/** Enrollment's word on a person and administration's on an institution, asked together. Throws UnavailableError where one is silent. */
export async function askOwners(ask: Ask, personId: string, day: string, institutionId: string): Promise<Asked> {
  const [person, institution] = await Promise.all([askForCover(ask, personId, day), placeOf(ask, institutionId)]);
  return { ...person, ...(institution ? { institution } : {}) };
}

/** Administration's word on an institution. Throws UnavailableError where it is silent. */
export async function placeOf(ask: Ask, institutionId: string): Promise<Place | undefined> {
  const { institutions } = await ask(AdministrationServiceDefinition, "listInstitutions", { county: "" });
  const found = institutions.find((institution) => institution.institutionId === institutionId);
  return found && found.level !== "UNSPECIFIED" ? { county: found.county, level: found.level } : undefined;
}

/** Enrollment's word on a person and a day. Throws UnavailableError where it is silent. */
export async function askForCover(ask: Ask, personId: string, day: string): Promise<Asked> {
  try {
    const { cover } = await ask(EnrollmentServiceDefinition, "checkEligibility", { personId, day });
    return { personKnown: true, ...(cover ? { cover: stretchFrom(cover) } : {}) };
  } catch (error) {
    if (error instanceof RefusedError && error.refusal.code === "UNKNOWN_PERSON") return { personKnown: false };
    throw error;
  }
}

export function claimMessage(claim: Claim): ClaimMessage {
  const { bill, state, benefit, county, treatingCounty, reason, decision, traceId } = claim;
  return {
    bill: { ...bill, procedures: [...bill.procedures], lines: [...bill.lines] },
    state,
    benefit: { ...benefit },
    homeCounty: county,
    treatingCounty,
    reason,
    decision,
    submittedAtMs: BigInt(claim.submittedAtMs),
    decidedAtMs: BigInt(claim.decidedAtMs),
    paidAtMs: BigInt(claim.paidAtMs),
    traceId,
    correctedFen: claim.corrected?.fen ?? 0n,
    correctedAccountFen: claim.corrected ? claim.corrected.drawn.accountFen - claim.drawn.accountFen : 0n,
    deductions: [...deductionsOf(claim)],
    paper: claim.paper && paperMessage(claim.paper),
    task: claim.task && taskMessage(claim.task),
    findings: (claim.findings ?? []).map(findingMessage),
    attachments: (claim.attachments ?? []).map(({ sizeBytes, ...one }) => ({ ...one, sizeBytes: BigInt(sizeBytes) })),
  };
}

function paperMessage({ confirmation, invoices, level, ...paper }: Paper): PaperMessage {
  return { ...paper, level: level ?? "UNSPECIFIED", invoices: [...invoices], confirmation: confirmation && { ...confirmation } };
}

function taskMessage({ level, twice, heldBy = "", heldSinceMs = 0, first, question }: Task): ReviewTask {
  return {
    level,
    twice,
    heldBy,
    heldSinceMs: BigInt(heldSinceMs),
    passedBy: first?.by ?? "",
    proposed: [...(first?.deductions ?? [])],
    question: question?.text ?? "",
    askedBy: question?.askedBy ?? "",
    askedAtMs: BigInt(question?.askedAtMs ?? 0),
    answer: question?.answer ?? "",
    answeredAtMs: BigInt(question?.answeredAtMs ?? 0),
  };
}

/** A claim with the steps that led to its benefit, from stored documents alone. */
export async function explained(reader: Reader, claim: Claim): Promise<{ claim: ClaimMessage; steps: BenefitStep[] }> {
  return { claim: claimMessage(claim), steps: [...explain(claim, await documentsOf(reader, claim))] };
}

const MAX_NOTE = 200;

/** What is to be taken off lines, at the door. */
export function deductionFormsFault(deductions: readonly DeductionForm[]): Refusal | undefined {
  const lines = new Set<number>();
  for (const [index, { line, deductedFen, reason, note }] of deductions.entries()) {
    const at = `deductions[${index}]`;
    const fault =
      badNumber(`${at}.line`, line, 1, MAX_LINES) ??
      (lines.has(line) ? badRequest(`${at}.line`, "该行已扣减", "the line has a deduction already") : undefined) ??
      badFen(`${at}.deducted_fen`, deductedFen) ??
      (deductedFen === 0n ? badRequest(`${at}.deducted_fen`, "须大于 0", "must be above 0") : undefined) ??
      (reason === "UNSPECIFIED" ? missing(`${at}.reason`) : undefined) ??
      (reason === "OTHER" || note !== "" ? badText(`${at}.note`, note, MAX_NOTE) : undefined);
    if (fault) return fault;
    lines.add(line);
  }
  return undefined;
}

/** Forms that passed `deductionFormsFault`. */
export function deductionsFrom(forms: readonly DeductionForm[]): Deduction[] {
  return forms.map((one) => ({ ...one, reason: one.reason === "UNSPECIFIED" ? "OTHER" : one.reason }));
}

export function findingMessage({ claims, lines, values, excess: _, ...finding }: Finding): FindingMessage {
  return { ...finding, claimIds: [...claims], lines: [...lines], values: values.map((one) => ({ ...one })) };
}

/** A hospital reads its own claims, a county's caller those that it insures or treats, the province's callers and the mesh all. */
export function mayRead(claim: Claim, { role, scope }: Caller): boolean {
  if (role === "HOSPITAL") return claim.bill.institutionId === scope;
  return role === "SERVICE" || scope === PROVINCE || scope === claim.county || scope === claim.treatingCounty;
}
