/** What treasurers do with clearing windows: a county looks at its rows, disputes, confirms, takes back; the province's centre closes, rules, and shows that the netting is right. */
import { createHash } from "node:crypto";
import Table from "cli-table3";
import {
  Answer,
  type Dispute,
  type DisputeState,
  type GetWindowResponse,
  SettlementServiceDefinition,
  type Window,
  type WindowRow,
} from "../../proto/generated/nrcms/settlement/v1/settlement.ts";
import { yuan } from "../values/money.ts";
import type { GatewayClient } from "./gateway-client.ts";

const STYLE = { head: [], border: [], compact: true };
/** Far more than a county owes in one window. */
const MOST_PAGES = 5_000;

export async function listWindows(who: GatewayClient): Promise<Window[]> {
  return (await who.call(SettlementServiceDefinition, "listWindows", {})).windows;
}

export async function showWindow(who: GatewayClient, windowId: string): Promise<GetWindowResponse> {
  return await who.call(SettlementServiceDefinition, "getWindow", { windowId });
}

/** All pages of what a county owes in a window. */
export async function rowsOf(who: GatewayClient, windowId: string, county: string): Promise<WindowRow[]> {
  const rows: WindowRow[] = [];
  let after = "";
  for (let page = 1; page <= MOST_PAGES; page += 1) {
    const found = await who.call(SettlementServiceDefinition, "listWindowRows", { windowId, county, after });
    rows.push(...found.rows);
    after = found.next;
    if (after === "") return rows;
  }
  throw new Error(`${county} has more than ${rows.length} rows in ${windowId}`);
}

/** Confirms what the rows say that are in the window: those that were read, of this number and sum. */
export async function confirmRows(who: GatewayClient, windowId: string, county: string): Promise<Window> {
  const left = (await rowsOf(who, windowId, county)).filter((row) => row.windowId === windowId);
  const answer = { windowId, county, rows: left.length, owedFen: left.reduce((sum, row) => sum + row.owedFen, 0n) };
  return wanted((await who.call(SettlementServiceDefinition, "confirmRows", { requestId: now("confirm", windowId), ...answer })).window);
}

export async function disputeRows(who: GatewayClient, windowId: string, county: string, rowIds: string[], reason: string): Promise<Window> {
  const request = { windowId, county, rows: rowIds.map((rowId) => ({ rowId, reason })) };
  return wanted((await who.call(SettlementServiceDefinition, "disputeRows", { requestId: now("dispute", windowId), ...request })).window);
}

/** The confirmation, or the disputes of these rows. */
export async function retractAnswer(who: GatewayClient, windowId: string, county: string, rowIds: string[]): Promise<Window> {
  const request = { requestId: now("retract", windowId), windowId, county, rowIds };
  return wanted((await who.call(SettlementServiceDefinition, "retractAnswer", request)).window);
}

export async function ruleDispute(
  who: GatewayClient,
  rowId: string,
  ruling: Extract<DisputeState, "OVERRULED" | "UPHELD">,
  reason: string,
): Promise<Dispute> {
  const requestId = `rule-${createHash("sha256").update(`${rowId} ${ruling} ${reason}`).digest("hex").slice(0, 32)}`;
  const { dispute } = await who.call(SettlementServiceDefinition, "ruleDispute", { requestId, rowId, ruling, reason });
  if (!dispute) throw new Error("an answer without its dispute");
  return dispute;
}

export async function listDisputes(who: GatewayClient, state: DisputeState, county: string): Promise<Dispute[]> {
  const disputes: Dispute[] = [];
  let after = "";
  for (let page = 1; page <= MOST_PAGES; page += 1) {
    const found = await who.call(SettlementServiceDefinition, "listDisputes", { state, county, after });
    disputes.push(...found.disputes);
    after = found.next;
    if (after === "") return disputes;
  }
  throw new Error(`there are more than ${disputes.length} disputes that are ${state}`);
}

export async function closeWindow(who: GatewayClient, windowId: string): Promise<Window> {
  return wanted((await who.call(SettlementServiceDefinition, "closeWindow", { requestId: `close-${windowId}`, windowId })).window);
}

/** Whether the netting that is stored is the one that its pairs give: undefined while it is not netted. */
export function isVerified({ window, recomputedHash }: GetWindowResponse): boolean | undefined {
  return window?.hash ? window.hash === recomputedHash : undefined;
}

export function windowsText(windows: readonly Window[]): string {
  const table = new Table({
    head: ["清算期 window", "状态 state", "明细 rows", "总额 gross", "关闭 closed", "截止 deadline", "未答复 unanswered", "轧差 netted"],
    style: STYLE,
    colAligns: ["left", "left", "right", "right", "left", "left", "left", "left"],
  });
  for (const { windowId, state, obligations, grossFen, closedOn, deadlineOn, nettedOn, parties } of windows) {
    const silent = state === "CONFIRMING" ? parties.filter(({ rows, answer }) => rows > 0 && answer === Answer.WAITING) : [];
    const waits = silent.map(({ county }) => county).join(", ");
    table.push([windowId, state, String(obligations), yuan(grossFen), closedOn, deadlineOn, waits, nettedOn]);
  }
  return table.toString();
}

export function windowText(found: GetWindowResponse): string {
  const window = wanted(found.window);
  const parties = new Table({
    head: ["参保县 debtor", "明细 rows", "应付 owed", "异议 disputed", "异议金额 disputed", "答复 answer", "答复人 by", "日期 on"],
    style: STYLE,
    colAligns: ["left", "right", "right", "right", "right", "left", "left", "left"],
  });
  for (const { county, rows, owedFen, disputedRows, disputedFen, answer, answeredBy, answeredOn } of window.parties)
    parties.push([county, String(rows), yuan(owedFen), String(disputedRows), yuan(disputedFen), answer, answeredBy, answeredOn]);
  const pairs = found.pairs.map(
    ({ fromCounty, toCounty, obligations, owedFen }) => `  ${fromCounty} → ${toCounty}: ${obligations} 条 rows, ${yuan(owedFen)}`,
  );
  const nets = window.positions.map(({ county, netFen }) => `  ${county}: ${yuan(netFen)}`);
  const transfers = window.transfers.map(
    ({ fromCounty, toCounty, amountFen, settled }) =>
      `  ${fromCounty} → ${toCounty}: ${yuan(amountFen)} ${settled ? "已付 paid" : "未付 not paid"}`,
  );
  return [
    windowsText([window]),
    parties.toString(),
    "双边 bilateral:",
    ...pairs,
    "轧差 net (Σ 0):",
    ...nets,
    ...(transfers.length > 0 ? ["划拨 transfers:", ...transfers] : []),
    ...(window.hash ? [`摘要 hash ${window.hash}`] : []),
  ].join("\n");
}

export function verifiedText(found: GetWindowResponse): string {
  const verified = isVerified(found);
  const words =
    verified === undefined
      ? "尚未轧差 · not netted yet"
      : verified
        ? "复算一致 · computed again from the pairs: the same bytes"
        : `复算不一致 · computed again it is ${found.recomputedHash}`;
  return `${windowText(found)}\n${words}`;
}

export function rowsText(rows: readonly WindowRow[]): string {
  if (rows.length === 0) return "没有明细 · no rows";
  const table = new Table({
    head: [
      "明细 row",
      "就医县 treated in",
      "医疗机构 institution",
      "出院 discharged",
      "核准 approved",
      "总费用 total",
      "应付 owed",
      "所在 in",
      "异议 dispute",
    ],
    style: STYLE,
    colAligns: ["left", "left", "left", "left", "left", "right", "right", "left", "left"],
  });
  for (const { rowId, creditor, institutionId, dischargedOn, day, totalFen, owedFen, windowId, dispute, disputes, reason } of rows)
    table.push([
      rowId,
      creditor,
      institutionId,
      dischargedOn,
      day,
      totalFen > 0n ? yuan(totalFen) : "",
      yuan(owedFen),
      windowId || "—",
      dispute === "UNSPECIFIED" ? "" : `${dispute} ×${disputes} ${reason}`,
    ]);
  const sum = rows.reduce((total, { owedFen }) => total + owedFen, 0n);
  return `${table.toString()}\n${rows.length} 条 rows, ${yuan(sum)}`;
}

export function disputesText(disputes: readonly Dispute[]): string {
  if (disputes.length === 0) return "没有异议 · no disputes";
  return disputes
    .map(
      ({ rowId, debtor, creditor, owedFen, windowId, state, disputes: times, reason }) =>
        `${rowId} ${debtor} → ${creditor} ${yuan(owedFen)} · ${state} ×${times} · ${windowId || "不在任何清算期 in no window"} · ${reason}`,
    )
    .join("\n");
}

/** What may be said, taken back and said again: the decision itself knows a repeat. */
function now(step: string, id: string): string {
  return `${step}-${id}-${Date.now()}`;
}

function wanted(window: Window | undefined): Window {
  if (!window) throw new Error("an answer without its window");
  return window;
}
