/** What a county's review desk (审核) does: its worklist, tasks, verdicts, questions to hospitals, appeals. */
import { readFileSync } from "node:fs";
import { basename, extname } from "node:path";
import Table from "cli-table3";
import {
  type Appeal,
  type AttachmentKind,
  type Claim,
  ClaimsServiceDefinition,
  type Deduction,
  type DeductionReason,
  type Verdict,
} from "../../proto/generated/nrcms/claims/v1/claims.ts";
import { yuan } from "../values/money.ts";
import type { GatewayClient } from "./gateway-client.ts";

export type TaskFilter = "UNSPECIFIED" | "FREE" | "MINE" | "WITH_HOSPITAL";

export async function worklist(who: GatewayClient, county: string, filter: TaskFilter): Promise<readonly Claim[]> {
  return (await who.call(ClaimsServiceDefinition, "listReviewTasks", { county, filter })).claims;
}

/** Of this moment: a task may be taken and released many times. */
function now(what: string, claimId: string): string {
  return `${what}-${claimId}-${Date.now().toString(36)}`;
}

export async function takeTask(who: GatewayClient, county: string, claimId: string): Promise<Claim> {
  return wanted((await who.call(ClaimsServiceDefinition, "takeReviewTask", { requestId: now("take", claimId), county, claimId })).claim);
}

export async function releaseTask(who: GatewayClient, county: string, claimId: string): Promise<Claim> {
  const request = { requestId: now("release", claimId), county, claimId };
  return wanted((await who.call(ClaimsServiceDefinition, "releaseReviewTask", request)).claim);
}

export interface Word {
  readonly county: string;
  readonly claimId: string;
  readonly verdict: Verdict;
  readonly reason: string;
  readonly deductions: Deduction[];
}

export async function giveVerdict(who: GatewayClient, word: Word): Promise<Claim> {
  const request = { requestId: now("verdict", word.claimId), words: [], ...word };
  return wanted((await who.call(ClaimsServiceDefinition, "reviewClaim", request)).claim);
}

export async function returnClaim(who: GatewayClient, county: string, claimId: string, question: string): Promise<Claim> {
  const request = { requestId: now("return", claimId), county, claimId, question };
  return wanted((await who.call(ClaimsServiceDefinition, "returnClaim", request)).claim);
}

export async function questions(who: GatewayClient, institutionId: string): Promise<readonly Claim[]> {
  return (await who.call(ClaimsServiceDefinition, "listQuestions", { institutionId })).claims;
}

export async function answerQuestion(who: GatewayClient, institutionId: string, claimId: string, answer: string): Promise<Claim> {
  const request = { requestId: now("answer", claimId), institutionId, claimId, answer };
  return wanted((await who.call(ClaimsServiceDefinition, "answerQuestion", request)).claim);
}

export async function appealClaim(who: GatewayClient, institutionId: string, claimId: string, reason: string): Promise<Appeal> {
  const request = { requestId: now("appeal", claimId), institutionId, claimId, reason };
  return wanted((await who.call(ClaimsServiceDefinition, "appealClaim", request)).appeal);
}

export async function appealsOf(who: GatewayClient, county: string): Promise<readonly Appeal[]> {
  return (await who.call(ClaimsServiceDefinition, "listAppeals", { county })).appeals;
}

export interface Ruling {
  readonly county: string;
  readonly claimId: string;
  readonly verdict: "GRANT" | "DISMISS";
  readonly reason: string;
  readonly lines: number[];
}

export async function ruleAppeal(who: GatewayClient, ruling: Ruling): Promise<Appeal> {
  const request = { requestId: now("rule", ruling.claimId), ...ruling };
  return wanted((await who.call(ClaimsServiceDefinition, "decideAppeal", request)).appeal);
}

export async function appoint(who: GatewayClient, county: string, name: string, level: "FIRST" | "SECOND"): Promise<string> {
  const request = { requestId: now("appoint", name), county, name, level };
  const appointed = await who.call(ClaimsServiceDefinition, "appointReviewer", request);
  return `${appointed.name} ${appointed.level}`;
}

/** `3:120.50:OVER_PRICE` or `3:120.50:OTHER:note`, as `--deduct` has it. */
export interface Off {
  readonly line: number;
  readonly deductedFen: bigint;
  readonly reason: DeductionReason;
  readonly note: string;
}

export function tasksText(claims: readonly Claim[]): string {
  const table = new Table({
    head: ["补偿单 claim", "级 level", "机构 institution", "总额 total", "基金 fund", "领取 held by", "原因 why", "询问 question"],
    style: { head: [], border: [], compact: true },
    colAligns: ["left", "left", "left", "right", "right", "left", "left", "left"],
  });
  for (const { bill, benefit, state, reason, task } of claims) {
    const level = task?.level === "SECOND" ? "二审 2/2" : task?.twice ? "一审 1/2" : "一审 1";
    const asked = task?.question ? `${task.question}${task.answer ? ` → ${task.answer}` : " …"}` : "";
    table.push([
      bill?.claimId ?? "",
      state === "IN_REVIEW" ? level : state,
      bill?.institutionId ?? "",
      yuan(bill?.totalFen ?? 0n),
      yuan(benefit?.fundFen ?? 0n),
      task?.heldBy ?? "",
      reason,
      asked,
    ]);
  }
  return claims.length > 0 ? table.toString() : "没有任务 no tasks";
}

export function appealsText(appeals: readonly Appeal[]): string {
  const table = new Table({
    head: ["补偿单 claim", "状态 state", "机构 institution", "申诉 appeal", "扣款 taken off", "裁定 ruling", "退还 given back"],
    style: { head: [], border: [], compact: true },
    colAligns: ["left", "left", "left", "left", "left", "left", "right"],
  });
  for (const { claimId, state, institutionId, reason, deductions, ruling, decidedBy, deltaFen } of appeals) {
    const off = deductions.map(({ line, deductedFen, reason: why }) => `${line}: ${yuan(deductedFen)} ${why}`).join("\n");
    table.push([claimId, state, institutionId, reason, off, decidedBy === "" ? "" : `${decidedBy}: ${ruling}`, yuan(deltaFen)]);
  }
  return appeals.length > 0 ? table.toString() : "没有申诉 no appeals";
}

function wanted<T>(part: T | undefined): T {
  if (part === undefined) throw new Error("an answer without its content");
  return part;
}

const TYPES: Readonly<Record<string, "JPEG" | "PNG" | "PDF">> = { ".jpg": "JPEG", ".jpeg": "JPEG", ".png": "PNG", ".pdf": "PDF" };

/** Attaches a file to an institution's claim; its kind of file is taken from its name, and its bytes must say the same. */
export async function attachFile(
  who: GatewayClient,
  institutionId: string,
  claimId: string,
  file: string,
  kind: AttachmentKind,
): Promise<string> {
  const mediaType = TYPES[extname(file).toLowerCase()];
  if (!mediaType) throw new Error(`${file}: 须为 JPEG、PNG 或 PDF / must be a JPEG, a PNG or a PDF`);
  const attachment = { kind, mediaType, name: basename(file), content: readFileSync(file) };
  const request = { requestId: now("attach", claimId), institutionId, claimId, attachment };
  const stored = wanted((await who.call(ClaimsServiceDefinition, "attachToClaim", request, { timeoutMs: 20_000 })).attachment);
  return `${stored.contentHash} ${stored.mediaType} ${stored.sizeBytes} ${stored.name}`;
}
