/** The three-way comparison (三方对账): a hospital's day-end report, its rows where the sums differ, and what does not agree. */
import { createHash } from "node:crypto";
import {
  type BillBreak,
  type BillReport,
  BillReportState,
  type BillRow,
  type BillTotals,
  ClaimsServiceDefinition,
  type GetBillReportResponse,
  type OpenBillBreak,
} from "../../proto/generated/nrcms/claims/v1/claims.ts";
import { sum, yuan } from "../values/money.ts";
import { type GatewayClient, GatewayError } from "./gateway-client.ts";
import { type Column, column, fen, matching } from "./import/columns.ts";
import type { ReadOptions } from "./import/problems.ts";
import { readTable } from "./import/table.ts";

/** Rows in one page. */
const PAGE = 300;

export interface HospitalDay {
  readonly institutionId: string;
  readonly day: string;
  readonly rows: readonly BillRow[];
}

/** Reports a day, with its rows where they are wanted. What stands and agrees is not reported again; the same content after the same report is the same request, however often it is sent. */
export async function reportDay(who: GatewayClient, { institutionId, day, rows }: HospitalDay): Promise<BillReport> {
  const totals = totalsOf(rows);
  const request = { institutionId, day, totals };
  const known = await knownReport(who, institutionId, day);
  if (known?.state === BillReportState.MATCHED && sameTotals(known.hospital, totals)) return known;
  const first = wanted(
    (await who.call(ClaimsServiceDefinition, "reportBills", { requestId: idOf("report", request, rows, known?.revision ?? 0), ...request }))
      .report,
  );
  if (first.state !== BillReportState.ROWS_WANTED) return first;
  const pages = Math.max(1, Math.ceil(rows.length / PAGE));
  let last = first;
  for (let page = 1; page <= pages; page += 1) {
    const part = rows.slice((page - 1) * PAGE, page * PAGE);
    const sent = { institutionId, day, revision: first.revision, page, pages, rows: part };
    last = wanted((await who.call(ClaimsServiceDefinition, "reportBillRows", { requestId: idOf("rows", sent), ...sent })).report);
  }
  return last;
}

async function knownReport(who: GatewayClient, institutionId: string, day: string): Promise<BillReport | undefined> {
  try {
    return await billReport(who, institutionId, day);
  } catch (error) {
    if (error instanceof GatewayError && error.code === "UNKNOWN_REPORT") return undefined;
    throw error;
  }
}

function sameTotals(one: BillTotals | undefined, other: BillTotals): boolean {
  return one?.bills === other.bills && one.totalFen === other.totalFen && one.fundFen === other.fundFen;
}

/** What a hospital counts: no bill that it has taken back. */
export function totalsOf(rows: readonly BillRow[]): BillTotals {
  const voided = new Set(rows.filter((row) => row.voided).map(({ claimId }) => claimId));
  const counted = rows.filter(({ claimId }) => !voided.has(claimId));
  return { bills: counted.length, totalFen: sum(counted.map((row) => row.totalFen)), fundFen: sum(counted.map((row) => row.fundFen)) };
}

const voided: Column<boolean> = column("须为 true、false 或留空", "must be true, false or empty", (text) =>
  text === "" || text === "false" ? false : text === "true" ? true : undefined,
);
const COLUMNS = {
  claim_id: matching(/^[A-Za-z0-9_-]{1,40}$/, "须为 1 至 40 位字母、数字、- 或 _", "must be 1 to 40 characters A–Z a–z 0–9 - _"),
  total_fen: fen,
  fund_fen: fen,
  voided,
};

/** A hospital's bills of a day from a table with the columns claim_id, total_fen, fund_fen, voided. Throws what the file system says. */
export async function readBillRows(file: string, { onProblem }: ReadOptions): Promise<BillRow[]> {
  const rows: BillRow[] = [];
  const usable = await readTable(file, COLUMNS, onProblem, ({ value }) => {
    if (value) rows.push(value);
  });
  return usable ? rows : [];
}

export async function billReport(who: GatewayClient, institutionId: string, day: string): Promise<BillReport> {
  return wanted((await dayShown(who, institutionId, day)).report);
}

/** A day as it was compared last, with what is withheld of it now. */
export async function dayShown(who: GatewayClient, institutionId: string, day: string): Promise<GetBillReportResponse> {
  return await who.call(ClaimsServiceDefinition, "getBillReport", { institutionId, day });
}

export function dayShownText({ report, withheldFen, assessedFen }: GetBillReportResponse): string {
  const withheld = `  其中预留 of it withheld ${yuan(withheldFen)}, 已考核 assessed ${yuan(assessedFen)}: nrcms fund withheld`;
  return [billReportText(wanted(report)), ...(withheldFen + assessedFen > 0n ? [withheld] : [])].join("\n");
}

export interface BreaksAsked {
  readonly county: string;
  readonly institutionId: string;
  readonly onDay: string;
}

export async function billBreaks(who: GatewayClient, asked: BreaksAsked): Promise<OpenBillBreak[]> {
  return (await who.call(ClaimsServiceDefinition, "listBillBreaks", asked)).breaks;
}

export function billReportText({ institutionId, day, revision, state, hospital, claims, breaks, breaksLeft, unpaid }: BillReport): string {
  return [
    `${institutionId} ${day}: ${state}${revision > 0 ? ` (第 ${revision} 次报告 report ${revision})` : ""}`,
    `  医院 hospital ${sidesText(hospital)} · 本系统 claims ${sidesText(claims)} · 待付 unpaid ${unpaid}`,
    billBreaksText(breaks.map((found) => ({ institutionId, day, ageDays: 0, found }))),
    ...(breaksLeft > 0 ? [`… 另有 ${breaksLeft} 处 · ${breaksLeft} more`] : []),
  ].join("\n");
}

function sidesText(totals: BillTotals | undefined): string {
  if (!totals) return "—";
  return `${totals.bills} 笔 bills, 总额 total ${yuan(totals.totalFen)}, 应付 owed ${yuan(totals.fundFen)}`;
}

export function billBreaksText(breaks: readonly OpenBillBreak[]): string {
  if (breaks.length === 0) return "无不符 · no breaks";
  return breaks.map(breakText).join("\n");
}

function breakText({ institutionId, day, ageDays, found }: OpenBillBreak): string {
  const { kind, claimId, hospitalFen, claimsFen, zh, en, owner, repairZh, repairEn }: BillBreak = wanted(found);
  const age = ageDays > 0 ? ` (${ageDays} 天 days)` : "";
  return [
    `${institutionId} ${day}${age} ${kind} ${claimId} · 医院 hospital ${yuan(hospitalFen)}, 本系统 claims ${yuan(claimsFen)} · 责任人 owner ${owner}`,
    `  ${zh} · ${en}`,
    `  → ${repairZh} · ${repairEn}`,
  ].join("\n");
}

function idOf(step: string, ...content: unknown[]): string {
  const text = JSON.stringify(content, (_, value: unknown) => (typeof value === "bigint" ? value.toString() : value));
  return `${step}-${createHash("sha256").update(text).digest("hex").slice(0, 20)}`;
}

function wanted<T>(part: T | undefined): T {
  if (part === undefined) throw new Error("an answer without what it is about");
  return part;
}
