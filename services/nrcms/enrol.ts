/** What a county's office asks of enrolment: a campaign, who takes part, who is missing; the life of a household; people in two counties; claims that lost their cover. */
import { randomUUID } from "node:crypto";
import Table from "cli-table3";
import { ClaimsServiceDefinition, type CoverLoss } from "../../proto/generated/nrcms/claims/v1/claims.ts";
import {
  type AddMemberRequest,
  type Campaign,
  EnrollmentServiceDefinition as Enrollment,
  type GetCampaignResponse,
  type GetHouseholdResponse,
  type HouseholdChange,
  type MissingHousehold,
  type MoveMemberRequest,
  type Participation,
  type RecordDepartureRequest,
  type RecordDepartureResponse,
  type Release,
  type VillageEntitled,
} from "../../proto/generated/nrcms/enrollment/v1/enrollment.ts";
import { FundSource } from "../../proto/generated/nrcms/settlement/v1/settlement.ts";
import type { GatewayClient } from "./gateway-client.ts";
import { column, words } from "./import/columns.ts";
import { problemText } from "./import/problems.ts";
import { readUnique } from "./import/table.ts";
import { money } from "./summary.ts";

const STYLE = { head: [], border: [], compact: true };
const MAX_VILLAGES = 500;
/** Pages of missing households that are asked for: 200 each. */
const MAX_PAGES = 500;

type Asked<T> = Omit<T, "requestId">;

function tableOf(head: readonly string[], rightFrom: number): Table.Table {
  return new Table({ head: [...head], style: STYLE, colAligns: head.map((_, index) => (index >= rightFrom ? "right" : "left")) });
}

function wanted<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("an answer without what was asked for");
  return value;
}

export async function openCampaign(who: GatewayClient, campaign: Campaign): Promise<Campaign> {
  return wanted((await who.call(Enrollment, "setCampaign", { requestId: randomUUID(), campaign })).campaign);
}

export function campaign(who: GatewayClient, county: string, year: number): Promise<GetCampaignResponse> {
  return who.call(Enrollment, "getCampaign", { county, year });
}

const SOURCE_NAMES: Readonly<Record<string, string>> = {
  INDIVIDUAL: "个人 individuals",
  CENTRAL: "中央 centre",
  PROVINCE: "省 province",
  PREFECTURE: "市 prefecture",
  COUNTY: "县 county",
  COLLECTIVE: "集体 collective",
  ASSISTANCE: "医疗救助 assistance",
};

export function campaignText({ campaign: set, sources, heads, households, entitled }: GetCampaignResponse): string {
  const { county, year, opensOn, closesOn, rates } = wanted(set);
  const table = tableOf(["来源 source", "每人 a head", "人数 heads", "应收 expected", "已收 received", "未到 missing"], 1);
  for (const { source, heads: of, expectedFen, receivedFen, missingFen } of sources) {
    const rate = rates.find((one) => one.source === source)?.fenPerHead;
    table.push(
      [
        SOURCE_NAMES[source] ?? source,
        rate === undefined ? "" : money(rate),
        of,
        money(expectedFen),
        money(receivedFen),
        money(missingFen),
      ].map(String),
    );
  }
  return [
    `${county} ${year} 年参合筹资 campaign, ${opensOn} 至 to ${closesOn}`,
    table.toString(),
    `${households} 户 households, ${heads} 人 heads; 应参合 entitled ${entitled === 0 ? "未报 not told" : `${entitled}, ${percent(heads, entitled)}`}`,
  ].join("\n");
}

function percent(part: number, of: number): string {
  return of === 0 ? "" : `${((part * 100) / of).toFixed(2)} %`;
}

export async function receive(
  who: GatewayClient,
  county: string,
  year: number,
  source: FundSource,
  amountFen: bigint,
  reference: string,
): Promise<string> {
  const request = { requestId: randomUUID(), county, year, source, amountFen, reference };
  return (await who.call(Enrollment, "receiveContribution", request)).receiptId;
}

export function isSource(text: string): text is FundSource {
  return Object.hasOwn(SOURCE_NAMES, text) && Object.hasOwn(FundSource, text);
}

/** Reads a CSV of villages (township, village, entitled) and tells all of it. Throws with every fault's line and column; then nothing is told. */
export async function tellEntitled(who: GatewayClient, county: string, year: number, file: string): Promise<number> {
  const problems: string[] = [];
  const entitled = column("须为 0 至 1000000 的整数", "must be a whole number, 0 to 1000000", (text) =>
    /^\d{1,7}$/.test(text) && Number(text) <= 1_000_000 ? Number(text) : undefined,
  );
  const villages: VillageEntitled[] = await readUnique(
    file,
    { township: words(50), village: words(50), entitled },
    ["township", "village"],
    {
      onProblem: (problem) => void problems.push(problemText(problem)),
    },
  );
  if (problems.length > 0) throw new Error([...problems, "未登记 nothing was entered"].join("\n"));
  let told = 0;
  for (let from = 0; from < villages.length; from += MAX_VILLAGES) {
    const request = { requestId: randomUUID(), county, year, villages: villages.slice(from, from + MAX_VILLAGES) };
    told += (await who.call(Enrollment, "setEntitled", request)).entitled;
  }
  return told;
}

export async function participation(who: GatewayClient, county: string, year: number): Promise<Participation[]> {
  return (await who.call(Enrollment, "getParticipation", { county, year })).lines;
}

export function participationText(lines: readonly Participation[]): string {
  const table = tableOf(["乡镇 township", "村 village", "户 households", "参合 enrolled", "应参合 entitled", "参合率 rate"], 2);
  for (const { township, village, households, heads, entitled, rateBp } of lines)
    table.push([
      township === "" ? "全县 county" : township,
      village === "" ? "合计 all" : village,
      String(households),
      String(heads),
      entitled === 0 ? "未报 not told" : String(entitled),
      entitled === 0 ? "" : `${(rateBp / 100).toFixed(2)} %`,
    ]);
  return table.toString();
}

export async function missingOf(who: GatewayClient, county: string, year: number): Promise<MissingHousehold[]> {
  const found: MissingHousehold[] = [];
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const { households } = await who.call(Enrollment, "listMissing", { county, year, afterHouseholdId: found.at(-1)?.householdId ?? "" });
    if (households.length === 0) break;
    found.push(...households);
  }
  return found;
}

export function missingText(households: readonly MissingHousehold[]): string {
  if (households.length === 0) return "往年参合的户均已参合 every household of earlier years is enrolled";
  const table = tableOf(["户号 household", "乡镇 township", "村 village", "户主 head", "人数 members", "上次 last year"], 4);
  for (const { householdId, township, village, head, members, lastYear } of households)
    table.push([householdId, township, village, head, String(members), String(lastYear)]);
  return `${table.toString()}\n${households.length} 户未参合 households are missing`;
}

export function showHousehold(who: GatewayClient, householdId: string): Promise<GetHouseholdResponse> {
  return who.call(Enrollment, "getHousehold", { county: householdId.slice(0, 6), householdId });
}

export function householdText({ household, year }: GetHouseholdResponse): string {
  const { householdId, township, village, members } = wanted(household);
  const table = tableOf(["号 no", "姓名 name", "身份证号 identity number", "性别 sex", "出生 born", "户主 head", "类别 category"], 7);
  for (const { memberNo, name, identityNumber, sex, bornOn, head, category } of members)
    table.push([memberNo, name, identityNumber, sex, bornOn, head ? "是 yes" : "", category]);
  return `${householdId} ${township} ${village}, ${year} 年参合 enrolled\n${table.toString()}`;
}

export async function historyOf(who: GatewayClient, householdId: string): Promise<HouseholdChange[]> {
  return (await who.call(Enrollment, "getHistory", { county: householdId.slice(0, 6), householdId })).changes;
}

export function historyText(changes: readonly HouseholdChange[]): string {
  if (changes.length === 0) return "没有变更 nothing has changed";
  const table = tableOf(
    ["序 no", "变更 change", "原因 cause", "人员 person", "相关 other", "生效 day", "登记 entered", "登记人 by", "凭证 evidence"],
    9,
  );
  for (const { number, kind, cause, personId, other, day, enteredOn, enteredBy, evidence } of changes)
    table.push([String(number), kind, cause, personId, other, day, enteredOn, enteredBy, evidence]);
  return table.toString();
}

export function addMember(who: GatewayClient, request: Asked<AddMemberRequest>) {
  return who.call(Enrollment, "addMember", { requestId: randomUUID(), ...request });
}

export function depart(who: GatewayClient, request: Asked<RecordDepartureRequest>): Promise<RecordDepartureResponse> {
  return who.call(Enrollment, "recordDeparture", { requestId: randomUUID(), ...request });
}

export function departureText({ cover, lateDays, dissolved }: RecordDepartureResponse): string {
  const covered = cover !== undefined && cover.fromDay <= cover.toDay;
  const lines = [covered ? `参合至 covered until ${cover.toDay}` : "没有参合日 no day is covered"];
  if (lateDays > 0)
    lines.push(`迟报 told ${lateDays} 天 days late；此后的补偿单转审核人员 claims after it are the reviewers' (nrcms enrol losses)`);
  if (dissolved) lines.push("该户已无成员 nobody is left in the household");
  return lines.join("\n");
}

export function moveMember(who: GatewayClient, request: Asked<MoveMemberRequest>) {
  return who.call(Enrollment, "moveMember", { requestId: randomUUID(), ...request });
}

export async function changeHead(who: GatewayClient, householdId: string, headNo: string, evidence: string): Promise<GetHouseholdResponse> {
  await who.call(Enrollment, "changeHead", { requestId: randomUUID(), county: householdId.slice(0, 6), householdId, headNo, evidence });
  return await showHousehold(who, householdId);
}

export async function moveHouse(
  who: GatewayClient,
  householdId: string,
  place: { township: string; village: string },
  day: string,
  evidence: string,
): Promise<GetHouseholdResponse> {
  await who.call(Enrollment, "moveHousehold", {
    requestId: randomUUID(),
    county: householdId.slice(0, 6),
    householdId,
    ...place,
    day,
    evidence,
  });
  return await showHousehold(who, householdId);
}

export async function releasesOf(who: GatewayClient, county: string): Promise<Release[]> {
  return (await who.call(Enrollment, "listReleases", { county })).releases;
}

export async function askRelease(
  who: GatewayClient,
  county: string,
  identityNumber: string,
  householdId: string,
  year: number,
  reason: string,
): Promise<Release[]> {
  const request = { requestId: randomUUID(), county, identityNumber, householdId, year, reason };
  return [wanted((await who.call(Enrollment, "askRelease", request)).release)];
}

export async function decideRelease(
  who: GatewayClient,
  releaseId: string,
  word: { released: boolean; lastDay: string; newHeadNo: string; reason: string },
): Promise<Release[]> {
  const request = { requestId: randomUUID(), county: releaseId.slice(0, 6), releaseId, ...word };
  return [wanted((await who.call(Enrollment, "decideRelease", request)).release)];
}

export function releasesText(releases: readonly Release[]): string {
  if (releases.length === 0) return "没有转出申请 no cases";
  const table = tableOf(
    ["申请 case", "所在 holding", "申请县 asking", "年度 year", "状态 state", "申请日 asked", "末日 last day", "决定 by", "理由 reason"],
    9,
  );
  for (const { releaseId, holdingCounty, askingCounty, year, state, askedOn, lastDay, decidedBy, reason } of releases)
    table.push([releaseId, holdingCounty, askingCounty, String(year), state, askedOn, lastDay, decidedBy, reason]);
  return table.toString();
}

export async function lossesOf(who: GatewayClient, county: string): Promise<CoverLoss[]> {
  return (await who.call(ClaimsServiceDefinition, "listCoverLosses", { county })).losses;
}

export async function decideLoss(
  who: GatewayClient,
  county: string,
  claimId: string,
  verdict: "TAKE_BACK" | "LET_STAND",
  reason: string,
): Promise<CoverLoss[]> {
  const request = { requestId: randomUUID(), county, claimId, verdict, reason };
  return [wanted((await who.call(ClaimsServiceDefinition, "decideCoverLoss", request)).loss)];
}

export function lossesText(losses: readonly CoverLoss[]): string {
  if (losses.length === 0) return "没有失去参合的补偿单 no claim has lost its cover";
  const table = tableOf(["补偿单 claim", "人员 person", "就诊 from", "至 to", "参合至 covered until", "状态 state", "决定 by"], 7);
  for (const { claimId, personId, fromDay, toDay, lastCoveredDay, state, decidedBy } of losses)
    table.push([claimId, personId, fromDay, toDay, lastCoveredDay === "" ? "无 none" : lastCoveredDay, state, decidedBy]);
  return table.toString();
}
