/** What settlement is asked about what counties withhold from their institutions, and what they pay them by head: the rate, the assessment and the heads by two people each, how it stands. */
import { AdministrationServiceDefinition } from "../../proto/generated/nrcms/administration/v1/administration.ts";
import {
  type ApproveAssessmentRequest,
  type ApproveCapitationRequest,
  type Assessment as AssessmentMessage,
  type Capitation as CapitationMessage,
  type ListWithheldResponse,
  type ProposeAssessmentRequest,
  type ProposeCapitationRequest,
  SettlementServiceDefinition,
  type SetWithheldRequest,
  type SumWithheldRequest,
  type SumWithheldResponse,
} from "../../proto/generated/nrcms/settlement/v1/settlement.ts";
import { type Ask, type Call, command, query, type Reader } from "../mesh/wiring.ts";
import { BP, sum } from "../values/money.ts";
import { badRequest, type Refusal } from "../values/outcome.ts";
import { type AssessmentOf, approveAssessment, proposeAssessment } from "./domain/assess.ts";
import { approveCapitation, type CapitationOf, proposeCapitation } from "./domain/capitation.ts";
import { type Assessment, assessments, type Capitation, payables, withholdings } from "./domain/documents.ts";
import { MOST_WITHHELD_BP, type SetWithheldInput, setWithheld } from "./domain/set-withheld.ts";
import { checkCounty } from "./scope.ts";
import { accountsOf, capitationsOf, withholdingsOf } from "./store.ts";

const MOST_REASON = 200;
/** Enough for every institution of a county. */
const MOST_LISTED = 1_000;
const MOST_CAPITATIONS = 200;
/** As many as a hospital's day may have. */
const MOST_SUMMED = 6_000;
/** A county has some hundred thousand people. */
const MOST_HEADS = 2_000_000;

export function withheldCalls({ reader, ask }: { readonly reader: Reader; readonly ask: Ask }): readonly Call[] {
  const { methods } = SettlementServiceDefinition;
  return [
    command(methods.setWithheld, {
      check: checkRate,
      input: rateOf,
      ask: async (request): Promise<SetWithheldInput> => {
        const { county, institutionId } = request;
        const { counties } = await ask(AdministrationServiceDefinition, "listCounties", {});
        const { institutions } = await ask(AdministrationServiceDefinition, "listInstitutions", { county });
        const countyKnown = counties.some((known) => known.county === county);
        return { ...rateOf(request), countyKnown, institutionKnown: institutions.some((known) => known.institutionId === institutionId) };
      },
      decision: setWithheld,
      reply: ({ institutionId, withheldBp }) => ({ institutionId, withheldBp: Number(withheldBp) }),
    }),
    command(methods.proposeAssessment, {
      check: (request) => checkAssessment(request) ?? checkReason(request),
      input: (request) => ({ ...assessmentOf(request), reason: request.reason }),
      decision: proposeAssessment,
      reply: (assessment) => ({ assessment: messageOf(assessment) }),
    }),
    command(methods.approveAssessment, {
      check: checkAssessment,
      input: assessmentOf,
      decision: approveAssessment,
      reply: (assessment) => ({ assessment: messageOf(assessment) }),
    }),
    command(methods.proposeCapitation, {
      check: checkCapitation,
      input: capitationOf,
      decision: proposeCapitation,
      reply: (capitation) => ({ capitation: capitationMessage(capitation) }),
    }),
    command(methods.approveCapitation, {
      check: checkCapitation,
      input: capitationOf,
      decision: approveCapitation,
      reply: (capitation) => ({ capitation: capitationMessage(capitation) }),
    }),
    query(
      methods.listCapitations,
      async ({ county }) =>
        checkCounty(county) ?? { capitations: (await capitationsOf(reader, county, MOST_CAPITATIONS)).map(capitationMessage) },
    ),
    query(methods.listWithheld, async ({ county }) => checkCounty(county) ?? listWithheld(reader, county)),
    query(methods.sumWithheld, async (request) => checkSum(request) ?? sumWithheld(reader, request)),
  ];
}

/** Each payable by what is withheld of it now, corrections and all. */
async function sumWithheld(reader: Reader, { institutionId, payableIds }: SumWithheldRequest): Promise<SumWithheldResponse> {
  const { round } = (await reader.get(withholdings.key(institutionId))) ?? {};
  if (round === undefined) return { withheldFen: 0n, assessedFen: 0n };
  const found = await reader.getAll([...new Set(payableIds)].map((id) => payables.key(id)));
  const own = [...found.values()].filter(({ payee }) => payee === institutionId).flatMap(({ withheld }) => withheld ?? []);
  const open = own.filter((withheld) => withheld.round === round);
  const withheldFen = sum(open.map(({ heldFen }) => heldFen));
  return { withheldFen, assessedFen: sum(own.map(({ heldFen }) => heldFen)) - withheldFen };
}

async function listWithheld(reader: Reader, county: string): Promise<ListWithheldResponse> {
  const found = await withholdingsOf(reader, county, MOST_LISTED);
  const accounts = await accountsOf(reader, county);
  const rounds = await reader.getAll(
    found.flatMap(({ institutionId, round }) => [assessments.key(institutionId, round), assessments.key(institutionId, round - 1)]),
  );
  const at = (institutionId: string, round: number) => {
    const assessment = rounds.get(assessments.key(institutionId, round).id);
    return assessment && messageOf(assessment);
  };
  return {
    withholdings: found.map(({ institutionId, withheldBp, round }) => {
      const own = accounts.filter(({ account }) => account.startsWith(`WITHHELD/${institutionId}/`));
      const withheldFen = -sum(own.map(({ balanceFen }) => balanceFen));
      return {
        institutionId,
        withheldBp: Number(withheldBp),
        withheldFen,
        proposed: at(institutionId, round),
        last: at(institutionId, round - 1),
      };
    }),
  };
}

function messageOf({ scoreBp, ...assessment }: Assessment): AssessmentMessage {
  return { ...assessment, scoreBp: Number(scoreBp) };
}

function capitationMessage({ withheldBp, ...capitation }: Capitation): CapitationMessage {
  return { ...capitation, withheldBp: Number(withheldBp) };
}

function capitationOf({ county, institutionId, period, heads }: ApproveCapitationRequest | ProposeCapitationRequest): CapitationOf {
  return { county, institutionId, period, heads };
}

function rateOf({ county, institutionId, withheldBp }: SetWithheldRequest): SetWithheldInput {
  return { county, institutionId, withheldBp: BigInt(withheldBp) };
}

function assessmentOf({ county, institutionId, period, scoreBp }: ApproveAssessmentRequest | ProposeAssessmentRequest): AssessmentOf {
  return { county, institutionId, period, scoreBp: BigInt(scoreBp) };
}

function checkInstitution(county: string, institutionId: string): Refusal | undefined {
  return checkCounty(county) ?? checkId(institutionId);
}

function checkId(institutionId: string): Refusal | undefined {
  if (/^[A-Z0-9-]{3,20}$/.test(institutionId)) return undefined;
  return badRequest("institution_id", "须为 3 至 20 位大写字母、数字或连字符", "must be 3 to 20 characters A–Z, 0–9 or -");
}

function checkBp(field: string, bp: number, most: bigint): Refusal | undefined {
  if (bp >= 0 && BigInt(bp) <= most) return undefined;
  return badRequest(field, `须在 0 与 ${most} 之间（万分比）`, `must be between 0 and ${most} basis points`);
}

function checkRate({ county, institutionId, withheldBp }: SetWithheldRequest): Refusal | undefined {
  return checkInstitution(county, institutionId) ?? checkBp("withheld_bp", withheldBp, MOST_WITHHELD_BP);
}

function checkAssessment({
  county,
  institutionId,
  period,
  scoreBp,
}: ApproveAssessmentRequest | ProposeAssessmentRequest): Refusal | undefined {
  return checkInstitution(county, institutionId) ?? checkPeriod(period) ?? checkBp("score_bp", scoreBp, BP);
}

function checkCapitation({
  county,
  institutionId,
  period,
  heads,
}: ApproveCapitationRequest | ProposeCapitationRequest): Refusal | undefined {
  const wrong = checkInstitution(county, institutionId) ?? checkPeriod(period);
  if (wrong) return wrong;
  if (heads >= 1 && heads <= MOST_HEADS) return undefined;
  return badRequest("heads", `须在 1 与 ${MOST_HEADS} 之间`, `must be between 1 and ${MOST_HEADS}`);
}

function checkPeriod(period: string): Refusal | undefined {
  if (/^20\d\d-(0[1-9]|1[0-2])$/.test(period)) return undefined;
  return badRequest("period", "须为 YYYY-MM 的月份", "must be a month YYYY-MM");
}

function checkSum({ institutionId, payableIds }: SumWithheldRequest): Refusal | undefined {
  if (payableIds.length > MOST_SUMMED)
    return badRequest("payable_ids", `至多 ${MOST_SUMMED} 个`, `must have at most ${MOST_SUMMED} entries`);
  return checkId(institutionId);
}

function checkReason({ reason }: ProposeAssessmentRequest): Refusal | undefined {
  if (reason.trim() !== "" && reason.length <= MOST_REASON && !/\p{Cc}/u.test(reason)) return undefined;
  return badRequest(
    "reason",
    `须为 1 至 ${MOST_REASON} 个字符，不含控制字符`,
    `must be 1 to ${MOST_REASON} characters without control characters`,
  );
}
