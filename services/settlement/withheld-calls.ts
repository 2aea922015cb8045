/** What settlement is asked about what counties withhold from their institutions: the rate, the assessment by two people, how it stands. */
import { AdministrationServiceDefinition } from "../../proto/generated/nrcms/administration/v1/administration.ts";
import {
  type ApproveAssessmentRequest,
  type Assessment as AssessmentMessage,
  type ListWithheldResponse,
  type ProposeAssessmentRequest,
  SettlementServiceDefinition,
  type SetWithheldRequest,
} from "../../proto/generated/nrcms/settlement/v1/settlement.ts";
import { type Ask, type Call, command, query, type Reader } from "../mesh/wiring.ts";
import { BP, sum } from "../values/money.ts";
import { badRequest, type Refusal } from "../values/outcome.ts";
import { type AssessmentOf, approveAssessment, proposeAssessment } from "./domain/assess.ts";
import { type Assessment, assessments } from "./domain/documents.ts";
import { MOST_WITHHELD_BP, type SetWithheldInput, setWithheld } from "./domain/set-withheld.ts";
import { checkCounty } from "./scope.ts";
import { accountsOf, withholdingsOf } from "./store.ts";

const MOST_REASON = 200;
/** Enough for every institution of a county. */
const MOST_LISTED = 1_000;

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
    query(methods.listWithheld, async ({ county }) => checkCounty(county) ?? listWithheld(reader, county)),
  ];
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

function rateOf({ county, institutionId, withheldBp }: SetWithheldRequest): SetWithheldInput {
  return { county, institutionId, withheldBp: BigInt(withheldBp) };
}

function assessmentOf({ county, institutionId, period, scoreBp }: ApproveAssessmentRequest | ProposeAssessmentRequest): AssessmentOf {
  return { county, institutionId, period, scoreBp: BigInt(scoreBp) };
}

function checkInstitution(county: string, institutionId: string): Refusal | undefined {
  const wrong = checkCounty(county);
  if (wrong) return wrong;
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
  const wrong = checkInstitution(county, institutionId);
  if (wrong) return wrong;
  if (!/^20\d\d-(0[1-9]|1[0-2])$/.test(period)) return badRequest("period", "须为 YYYY-MM 的月份", "must be a month YYYY-MM");
  return checkBp("score_bp", scoreBp, BP);
}

function checkReason({ reason }: ProposeAssessmentRequest): Refusal | undefined {
  if (reason.trim() !== "" && reason.length <= MOST_REASON && !/\p{Cc}/u.test(reason)) return undefined;
  return badRequest(
    "reason",
    `须为 1 至 ${MOST_REASON} 个字符，不含控制字符`,
    `must be 1 to ${MOST_REASON} characters without control characters`,
  );
}
