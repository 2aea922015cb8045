/** What enrollment is asked of a year's campaign: what is asked of whom, who is enrolled of how many, and who is still missing. */
import { AdministrationServiceDefinition } from "../../proto/generated/nrcms/administration/v1/administration.ts";
import {
  type Campaign as CampaignMessage,
  EnrollmentServiceDefinition as definition,
  type ReceiveContributionRequest,
  type SetCampaignRequest,
  type SetEntitledRequest,
} from "../../proto/generated/nrcms/enrollment/v1/enrollment.ts";
import { type Ask, type Call, command, query, type Reader } from "../mesh/wiring.ts";
import { MAX_FEN } from "../values/money.ts";
import { badRequest, isRefusal, type Refusal } from "../values/outcome.ts";
import { type CampaignInput, type ContributionInput, receiveContribution, setCampaign, setEntitled } from "./domain/campaign.ts";
import { masked } from "./domain/covers.ts";
import { type Campaign, type FundSource, type Household, RATED_SOURCES, type RatedSource } from "./domain/documents.ts";
import { badCounty, badDay, badHousehold, badYear, missing } from "./domain/fields.ts";
import { participation, standings } from "./domain/participation.ts";
import { refuse } from "./domain/refusals.ts";
import { campaignOf, missingHouseholds, receiptsOf, rollsOf, sourceReceiptsOf, talliesOf } from "./store.ts";

const MAX_VILLAGES = 500;
/** More people than any village has. */
const MAX_ENTITLED = 1_000_000;
const MAX_MISSING = 200;

export function campaignCalls({ reader, ask }: { readonly reader: Reader; readonly ask: Ask }): readonly Call[] {
  const { methods } = definition;
  const isKnown = async (county: string) => {
    const { counties } = await ask(AdministrationServiceDefinition, "listCounties", {});
    return counties.some((one) => one.county === county);
  };
  return [
    command(methods.setCampaign, {
      check: checkSetCampaign,
      input: ({ campaign }) => campaignInput(campaign, undefined),
      ask: async ({ campaign }) => campaignInput(campaign, await isKnown(campaign?.county ?? "")),
      decision: setCampaign,
      reply: (campaign) => ({ campaign: campaignMessage(campaign) }),
    }),
    command(methods.setEntitled, {
      check: checkSetEntitled,
      input: ({ county, year, villages }) => ({ county, year, villages, ownerKnowsCounty: undefined }),
      ask: async ({ county, year, villages }) => ({ county, year, villages, ownerKnowsCounty: await isKnown(county) }),
      decision: setEntitled,
      reply: (entitled) => ({ entitled }),
    }),
    command(methods.receiveContribution, {
      check: checkReceiveContribution,
      input: contributionInput,
      decision: receiveContribution,
      reply: ({ receiptId }) => ({ receiptId }),
    }),
    query(methods.getCampaign, async ({ county, year }) => {
      const wrong = badCounty(county) ?? badYear(year);
      if (wrong) return wrong;
      const campaign = await campaignOf(reader, county, year);
      if (!campaign) return refuse("NO_CAMPAIGN", { field: "year", county, year });
      const [tallies, rolls, receipts, others] = await Promise.all([
        talliesOf(reader, county, year),
        rollsOf(reader, county, year),
        receiptsOf(reader, county, year),
        sourceReceiptsOf(reader, county, year),
      ]);
      const [{ heads, households, entitled } = { heads: 0, households: 0, entitled: 0 }] = participation(tallies, rolls);
      const sources = [...standings(campaign, tallies, receipts, others)];
      return { campaign: campaignMessage(campaign), sources, heads, households, entitled };
    }),
    query(methods.getParticipation, async ({ county, year }) => {
      const wrong = badCounty(county) ?? badYear(year);
      if (wrong) return wrong;
      const [tallies, rolls] = await Promise.all([talliesOf(reader, county, year), rollsOf(reader, county, year)]);
      return { lines: [...participation(tallies, rolls)] };
    }),
    query(methods.listMissing, async ({ county, year, afterHouseholdId: after }) => {
      const wrong = badCounty(county) ?? badYear(year) ?? (after === "" ? undefined : badHousehold(after, "after_household_id"));
      if (wrong) return wrong;
      return { households: (await missingHouseholds(reader, county, year, after, MAX_MISSING)).map(missingMessage) };
    }),
  ];
}

function checkSetCampaign({ campaign }: SetCampaignRequest): Refusal | undefined {
  if (!campaign) return missing("campaign");
  const { county, year, opensOn, closesOn, rates } = campaign;
  const wrong =
    badCounty(county, "campaign.county") ??
    (badYear(year) && badRequest("campaign.year", "年度不在范围内", "is not a year of the scheme")) ??
    badDay("campaign.opens_on", opensOn) ??
    badDay("campaign.closes_on", closesOn);
  if (wrong) return wrong;
  if (closesOn < opensOn) return badRequest("campaign.closes_on", "不得早于开始日", "must not be before the first day");
  if (opensOn < `${year - 1}-01-01` || closesOn > `${year}-12-31`)
    return badRequest("campaign.opens_on", `须在 ${year - 1} 或 ${year} 年内`, `must lie in ${year - 1} or ${year}`);
  const seen = new Set<string>();
  for (const [index, { source, fenPerHead }] of rates.entries()) {
    const at = `campaign.rates[${index}]`;
    if (!isRated(source) || seen.has(source))
      return badRequest(
        `${at}.source`,
        `须为 ${RATED_SOURCES.join("、")} 之一，各一次`,
        `must be one of ${RATED_SOURCES.join(", ")}, each once`,
      );
    seen.add(source);
    if (fenPerHead < 0n || fenPerHead > MAX_FEN)
      return badRequest(`${at}.fen_per_head`, `须在 0 与 ${MAX_FEN} 分之间`, `must be between 0 and ${MAX_FEN} fen`);
  }
  return seen.has("INDIVIDUAL")
    ? undefined
    : badRequest("campaign.rates", "缺少个人缴费标准（INDIVIDUAL）", "lacks what individuals pay (INDIVIDUAL)");
}

function isRated(source: string): source is RatedSource {
  return (RATED_SOURCES as readonly string[]).includes(source);
}

function campaignInput(campaign: CampaignMessage | undefined, ownerKnowsCounty: boolean | undefined): CampaignInput | Refusal {
  if (!campaign) return missing("campaign");
  const { county, year, opensOn, closesOn } = campaign;
  const rates = campaign.rates.flatMap(({ source, fenPerHead }) => (isRated(source) ? [{ source, fenPerHead }] : []));
  return { county, year, opensOn, closesOn, rates, ownerKnowsCounty };
}

function campaignMessage({ county, year, opensOn, closesOn, rates }: Campaign): CampaignMessage {
  return { county, year, opensOn, closesOn, rates: [...rates] };
}

function checkSetEntitled({ county, year, villages }: SetEntitledRequest): Refusal | undefined {
  const wrong = badCounty(county) ?? badYear(year);
  if (wrong) return wrong;
  if (villages.length === 0) return missing("villages");
  if (villages.length > MAX_VILLAGES) return badRequest("villages", `不得超过 ${MAX_VILLAGES} 个`, `must not be more than ${MAX_VILLAGES}`);
  const index = villages.findIndex(({ entitled }) => entitled < 0 || entitled > MAX_ENTITLED);
  if (index < 0) return undefined;
  return badRequest(`villages[${index}].entitled`, `须在 0 与 ${MAX_ENTITLED} 之间`, `must be between 0 and ${MAX_ENTITLED}`);
}

function checkReceiveContribution(request: ReceiveContributionRequest): Refusal | undefined {
  const { county, year, amountFen, reference } = request;
  const wrong = badCounty(county) ?? badYear(year);
  if (wrong) return wrong;
  if (isRefusal(contributionInput(request))) return badSource();
  if (amountFen <= 0n || amountFen > MAX_FEN)
    return badRequest("amount_fen", `须在 1 与 ${MAX_FEN} 分之间`, `must be between 1 and ${MAX_FEN} fen`);
  if (/^[A-Za-z0-9._-]{1,40}$/.test(reference)) return undefined;
  return badRequest("reference", "须为 1 至 40 位字母、数字或 . _ -", "must be 1 to 40 characters A–Z a–z 0–9 . _ -");
}

function badSource(): Refusal {
  return badRequest(
    "source",
    "须为个人以外的来源；个人缴费随参合登记",
    "must be another than individuals, whose money comes with their enrolment",
  );
}

function contributionInput({ county, year, source, amountFen, reference }: ReceiveContributionRequest): ContributionInput | Refusal {
  const known = source as FundSource | "UNSPECIFIED";
  return known === "UNSPECIFIED" || known === "INDIVIDUAL" ? badSource() : { county, year, source: known, amountFen, reference };
}

function missingMessage({ householdId, township, village, members, year }: Household) {
  const head = masked(members.find((member) => member.head)?.name ?? "");
  return { householdId, township, village, head, members: members.length, lastYear: year };
}
