/** What a treasurer asks of a county's book: its balances now or of an evening, an account's statement, the end of a year. */
import Table from "cli-table3";
import {
  type Assessment,
  type Capitation,
  type CloseYearResponse,
  type GetStatementResponse,
  type GetTrialBalanceResponse,
  type PrefundForecast,
  SettlementServiceDefinition,
  type Withholding,
} from "../../proto/generated/nrcms/settlement/v1/settlement.ts";
import { yuan } from "../values/money.ts";
import type { GatewayClient } from "./gateway-client.ts";

const STYLE = { head: [], border: [], compact: true };

export async function balances(who: GatewayClient, county: string, day: string): Promise<GetTrialBalanceResponse> {
  return await who.call(SettlementServiceDefinition, "getTrialBalance", { county, day });
}

export function balancesText({ accounts, sumFen, sequence }: GetTrialBalanceResponse): string {
  const table = new Table({
    head: ["县 county", "账户 account", "借方余额 debit", "贷方余额 credit", "笔数 entries"],
    style: STYLE,
    colAligns: ["left", "left", "right", "right", "right"],
  });
  for (const { county, account, balanceFen, entries } of accounts)
    table.push([county, account, balanceFen > 0n ? yuan(balanceFen) : "", balanceFen < 0n ? yuan(-balanceFen) : "", String(entries)]);
  return `${table.toString()}\n合计 sum ${yuan(sumFen)} · 账簿序号 ledger ${sequence}`;
}

export async function prefunds(who: GatewayClient, county: string, day: string): Promise<PrefundForecast[]> {
  return (await who.call(SettlementServiceDefinition, "listPrefunds", { county, day })).prefunds;
}

export function prefundsText(rows: readonly PrefundForecast[]): string {
  const table = new Table({
    head: [
      "县 county",
      "状态 state",
      "限额 limit",
      "占用 used",
      "其中预留 reserved",
      "超限 open call",
      "日均 a day",
      "预计用尽 exhausted",
      "应有 target",
      "建议追加 proposed call",
    ],
    style: STYLE,
    colAligns: ["left", "left", "right", "right", "right", "right", "right", "left", "right", "right"],
  });
  for (const { county, state, limitFen, usedFen, reservedFen, openCallFen, dailyUseFen, exhaustedOn, targetFen, proposedCallFen } of rows)
    table.push([
      county,
      state,
      yuan(limitFen),
      yuan(usedFen),
      yuan(reservedFen),
      yuan(openCallFen),
      yuan(dailyUseFen),
      exhaustedOn,
      yuan(targetFen),
      yuan(proposedCallFen),
    ]);
  return table.toString();
}

export interface StatementWanted {
  readonly county: string;
  readonly account: string;
  readonly fromDay: string;
  readonly toDay: string;
}

/** All pages as one statement. */
export async function statementOf(who: GatewayClient, wanted: StatementWanted): Promise<GetStatementResponse> {
  const first = await who.call(SettlementServiceDefinition, "getStatement", { ...wanted, after: "" });
  const rows = [...first.rows];
  let { next } = first;
  while (next !== "") {
    const page = await who.call(SettlementServiceDefinition, "getStatement", { ...wanted, after: next });
    rows.push(...page.rows);
    next = page.next;
  }
  return { ...first, rows, next };
}

export function statementText({ county, account, openingFen, closingFen, rows }: GetStatementResponse): string {
  const table = new Table({
    head: ["日期 day", "序号 sequence", "事项 about", "借 debit", "贷 credit", "余额 balance"],
    style: STYLE,
    colAligns: ["left", "right", "left", "right", "right", "right"],
  });
  let balanceFen = openingFen;
  for (const { day, sequence, about, debitFen, creditFen } of rows) {
    balanceFen += debitFen - creditFen;
    table.push([
      day,
      String(sequence),
      about,
      debitFen > 0n ? yuan(debitFen) : "",
      creditFen > 0n ? yuan(creditFen) : "",
      yuan(balanceFen),
    ]);
  }
  return [
    `${county} ${account}: 期初 opening ${yuan(openingFen)}, 期末 closing ${yuan(closingFen)} (借方为正 a debit is positive)`,
    ...(rows.length > 0 ? [table.toString()] : []),
    "补偿单可用 nrcms explain <claim> 查到明细 · a claim's lines: nrcms explain <claim>",
  ].join("\n");
}

export async function closeYear(who: GatewayClient, county: string, year: number): Promise<CloseYearResponse> {
  return await who.call(SettlementServiceDefinition, "closeYear", { requestId: `close-${county}-${year}`, county, year });
}

export function yearText({ county, year, incomeFen, paidFen, funds }: CloseYearResponse): string {
  const table = new Table({
    head: ["基金 fund", "本年收入 income", "本年支出 paid", "滚存结余 balance"],
    style: STYLE,
    colAligns: ["left", "right", "right", "right"],
  });
  for (const { fund, incomeFen: income, paidFen: paid, balanceFen } of funds)
    table.push([fund, yuan(income), yuan(paid), yuan(balanceFen)]);
  const surplusFen = incomeFen - paidFen;
  return `${county} ${year} 年终结转 closed: 收入 income ${yuan(incomeFen)}, 支出 paid ${yuan(paidFen)}, 结余 surplus ${yuan(surplusFen)}\n${table.toString()}`;
}

export async function withheld(who: GatewayClient, county: string): Promise<Withholding[]> {
  return (await who.call(SettlementServiceDefinition, "listWithheld", { county })).withholdings;
}

export function withheldText(rows: readonly Withholding[]): string {
  const table = new Table({
    head: [
      "机构 institution",
      "预留比例 rate",
      "预留余额 withheld",
      "待批考核 proposed",
      "上次考核 last",
      "发放 released",
      "返还基金 returned",
    ],
    style: STYLE,
    colAligns: ["left", "right", "right", "left", "left", "right", "right"],
  });
  for (const { institutionId, withheldBp, withheldFen, proposed, last } of rows)
    table.push([
      institutionId,
      percent(withheldBp),
      yuan(withheldFen),
      proposed ? `${proposed.period} ${percent(proposed.scoreBp)} ${proposed.proposedBy}` : "",
      last ? `${last.period} ${percent(last.scoreBp)}` : "",
      last ? yuan(last.releasedFen) : "",
      last ? yuan(last.returnedFen) : "",
    ]);
  return table.toString();
}

/** "12.5 %" from 1250. */
function percent(bp: number): string {
  return `${bp / 100} %`;
}

export async function capitations(who: GatewayClient, county: string): Promise<Capitation[]> {
  return (await who.call(SettlementServiceDefinition, "listCapitations", { county })).capitations;
}

export interface Heads {
  readonly county: string;
  readonly institutionId: string;
  readonly period: string;
  readonly heads: number;
}

export async function proposeHeads(who: GatewayClient, heads: Heads): Promise<Capitation[]> {
  const requestId = `capitation-${heads.institutionId}-${heads.period}-${Date.now()}`;
  const { capitation } = await who.call(SettlementServiceDefinition, "proposeCapitation", { requestId, ...heads });
  return capitation ? [capitation] : [];
}

export async function approveHeads(who: GatewayClient, heads: Heads): Promise<Capitation[]> {
  const requestId = `capitated-${heads.institutionId}-${heads.period}-${Date.now()}`;
  const { capitation } = await who.call(SettlementServiceDefinition, "approveCapitation", { requestId, ...heads });
  return capitation ? [capitation] : [];
}

export function capitationsText(rows: readonly Capitation[]): string {
  if (rows.length === 0) return "没有按人头付费 · nothing is paid by head";
  const table = new Table({
    head: [
      "机构 institution",
      "月份 month",
      "状态 state",
      "人头 heads",
      "每人 a head",
      "合计 sum",
      "预留 withheld",
      "抵扣 set off",
      "提出 proposed",
      "批准 approved",
    ],
    style: STYLE,
    colAligns: ["left", "left", "left", "right", "right", "right", "right", "right", "left", "left"],
  });
  for (const row of rows)
    table.push([
      row.institutionId,
      row.period,
      row.state,
      String(row.heads),
      yuan(row.fenPerHead),
      yuan(row.amountFen),
      yuan(row.withheldFen),
      yuan(row.setOffFen),
      row.proposedBy,
      row.approvedBy,
    ]);
  return table.toString();
}

export async function withhold(who: GatewayClient, county: string, institutionId: string, withheldBp: number) {
  const requestId = `withhold-${institutionId}-${Date.now()}`;
  return await who.call(SettlementServiceDefinition, "setWithheld", { requestId, county, institutionId, withheldBp });
}

export interface Score {
  readonly county: string;
  readonly institutionId: string;
  readonly period: string;
  readonly scoreBp: number;
}

export async function proposeScore(who: GatewayClient, score: Score, reason: string): Promise<Assessment | undefined> {
  const requestId = `assess-${score.institutionId}-${score.period}-${Date.now()}`;
  return (await who.call(SettlementServiceDefinition, "proposeAssessment", { requestId, ...score, reason })).assessment;
}

export async function approveScore(who: GatewayClient, score: Score): Promise<Assessment | undefined> {
  const requestId = `assessed-${score.institutionId}-${score.period}-${Date.now()}`;
  return (await who.call(SettlementServiceDefinition, "approveAssessment", { requestId, ...score })).assessment;
}

export function assessmentText(assessment: Assessment | undefined): string {
  if (!assessment) return "";
  const { institutionId, period, state, scoreBp, proposedBy, approvedBy, withheldFen, releasedFen, setOffFen, returnedFen } = assessment;
  const head = `${institutionId} ${period} 考核 assessed ${percent(scoreBp)}`;
  if (state !== "APPROVED") return `${head}: ${proposedBy} 提出，待他人批准 · proposed, another person is to approve it`;
  return [
    `${head}: ${approvedBy} 批准 approved`,
    `预留 withheld ${yuan(withheldFen)}, 发放 released ${yuan(releasedFen)} (抵扣 set off ${yuan(setOffFen)}), 返还基金 returned ${yuan(returnedFen)}`,
  ].join("\n");
}
