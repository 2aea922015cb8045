/** Review rules at the command line: checked, published, shown with their scores, tried on stored claims before they go live, and run at night over those of the last days. */
import { readFileSync } from "node:fs";
import { setPriority } from "node:os";
import Table from "cli-table3";
import {
  ClaimsServiceDefinition,
  type Finding as FindingMessage,
  type GetRulesResponse,
  type Look,
  type RuleNight,
} from "../../proto/generated/nrcms/claims/v1/claims.ts";
import { type Backtest, precisionBp, recallBp } from "../rules/backtest.ts";
import type { Finding } from "../rules/rule.ts";
import { readRules } from "../rules/rules-file.ts";
import { openRuleStore } from "../rules/store.ts";
import { catalogueOf, type LookedThrough, type LookOptions, lookByNight, lookThrough } from "../rules/stored.ts";
import { yuan } from "../values/money.ts";
import type { GatewayClient } from "./gateway-client.ts";
import type { Off } from "./review.ts";

/** Below everything that somebody waits for. */
const LOW_PRIORITY = 15;
const REPORTED_AT_ONCE = 50;

export async function publishRules(who: GatewayClient, file: string): Promise<string> {
  const document = readFileSync(file, "utf8");
  const request = { requestId: `rules-${Date.now().toString(36)}`, document };
  const { version, contentHash } = await who.call(ClaimsServiceDefinition, "publishRules", request);
  return `规则 rules ${version} · ${contentHash}`;
}

export async function checkRules(who: GatewayClient, file: string): Promise<readonly string[]> {
  const { faults } = await who.call(ClaimsServiceDefinition, "checkRules", { document: readFileSync(file, "utf8") });
  return faults.map(({ line, column, field, zh, en }) => `${file}:${line}:${column} ${field}: ${zh} / ${en}`);
}

export async function rulesOn(who: GatewayClient, day: string): Promise<GetRulesResponse> {
  return await who.call(ClaimsServiceDefinition, "getRules", { day });
}

function percent(bp: number | undefined): string {
  return bp === undefined ? "–" : `${(bp / 100).toFixed(1)} %`;
}

/** Each rule of a book with its precision in the reviewers' words. */
export function scoresText({ version, fromDay, scores, sample, lastNight }: GetRulesResponse): string {
  const table = new Table({
    head: ["规则 rule", "属实 right", "误报 wrong", "准确率 precision"],
    style: { head: [], border: [], compact: true },
    colAligns: ["left", "right", "right", "right"],
  });
  for (const score of scores) table.push([`${score.ruleId}/${score.version}`, score.right, score.wrong, percent(precisionBp(score))]);
  const night = lastNight && nightText(lastNight);
  const drawn = sample && sample.right + sample.wrong > 0 ? `抽查 sample: ${sample.right} 无误 right, ${sample.wrong} 有误 at fault` : "";
  return [
    `审核规则 rules ${version}, ${fromDay} 起 from`,
    table.toString(),
    ...(drawn === "" ? [] : [drawn]),
    ...(night ? [night] : []),
  ].join("\n");
}

function nightText({ day, claims, found, left, fault }: RuleNight): string {
  if (fault !== "") return `夜间规则 nightly rules ${day}: 未能完成 did not end: ${fault}`;
  const more = left > 0 ? `, 另有 and ${left} 笔未交 not reported` : "";
  return `夜间规则 nightly rules ${day}: 已查 ${claims} 笔 looked at, ${found} 笔交复查 to be looked at by the counties${more}`;
}

export async function looksOf(who: GatewayClient, county: string): Promise<readonly Look[]> {
  return (await who.call(ClaimsServiceDefinition, "listLooks", { county })).looks;
}

export async function closeLook(
  who: GatewayClient,
  county: string,
  claimId: string,
  faulty: boolean,
  note: string,
  deductions: Off[] = [],
): Promise<Look> {
  const state = faulty ? ("FAULTY" as const) : ("RIGHT" as const);
  const request = { requestId: `look-${claimId}-${Date.now().toString(36)}`, county, claimId, state, note, deductions };
  const { look } = await who.call(ClaimsServiceDefinition, "closeLook", request);
  if (!look) throw new Error("an answer without its look");
  return look;
}

export function looksText(looks: readonly Look[]): string {
  const table = new Table({
    head: ["补偿单 claim", "状态 state", "因 because of", "发现 found"],
    style: { head: [], border: [], compact: true },
  });
  for (const { claimId, state, sampled, findings } of looks) {
    const why = [...(sampled ? ["抽查 sample"] : []), ...findings.map(({ ruleId, version }) => `${ruleId}/${version}`)].join("\n");
    table.push([claimId, state, why, findings.map(({ zh, en }) => `${zh}\n${en}`).join("\n")]);
  }
  return looks.length > 0 ? table.toString() : "没有待复查 nothing to look at";
}

export interface BacktestOptions extends LookOptions {
  readonly uri: string;
}

export interface Tried extends LookedThrough {
  readonly seconds: number;
}

/** What a document of rules finds in stored claims. Throws its faults, with their places. */
export async function backtestFile(file: string, options: BacktestOptions): Promise<Tried> {
  setPriority(LOW_PRIORITY);
  const document = readFileSync(file, "utf8");
  const first = readRules(document);
  if ("faults" in first) throw new Error(faultLines(file, first.faults));
  const store = await openRuleStore(options.uri);
  try {
    const { codes, priceLimitFen } = await catalogueOf(store, first.book);
    const read = readRules(document, codes);
    if ("faults" in read) throw new Error(faultLines(file, read.faults));
    return await timed(lookThrough(store, read.book.rules, priceLimitFen, options));
  } finally {
    await store.close();
  }
}

/** What the nightly rules in force find in the claims of the wanted days, reported to the counties' desks: what the leading twin of claims does by itself every night. */
export async function runNight(
  who: GatewayClient,
  today: string,
  options: BacktestOptions,
): Promise<Tried & { readonly reported: number }> {
  setPriority(LOW_PRIORITY);
  const store = await openRuleStore(options.uri);
  try {
    const found: { claimId: string; findings: FindingMessage[] }[] = [];
    const onFound = (claimId: string, findings: readonly Finding[]) => void found.push({ claimId, findings: findings.map(findingMessage) });
    const { version, ...tried } = await timed(lookByNight(store, today, { ...options, onFound }));
    let reported = 0;
    for (let at = 0; at < found.length; at += REPORTED_AT_ONCE) {
      const page = found.slice(at, at + REPORTED_AT_ONCE);
      const request = { requestId: `night-${Date.now().toString(36)}-${at}`, version, found: page };
      reported += (await who.call(ClaimsServiceDefinition, "reportFindings", request)).claims;
    }
    return { ...tried, reported };
  } finally {
    await store.close();
  }
}

async function timed<L extends LookedThrough>(looking: Promise<L>): Promise<L & Tried> {
  const startedMs = performance.now();
  return { ...(await looking), seconds: (performance.now() - startedMs) / 1000 };
}

function findingMessage({ claims, lines, values, excess: _, ...finding }: Finding): FindingMessage {
  return { ...finding, claimIds: [...claims], lines: [...lines], values: values.map((one) => ({ ...one })) };
}

function faultLines(file: string, faults: readonly { line: number; column: number; field: string; zh: string; en: string }[]): string {
  return faults.map(({ line, column, field, zh, en }) => `${file}:${line}:${column} ${field}: ${zh} / ${en}`).join("\n");
}

/** A rule a line: hits, how many of them were right in a reviewer's word, precision and recall, what was at stake, an example. */
export function backtestText(backtest: Backtest): string {
  const table = new Table({
    head: [
      "规则 rule",
      "命中 hits",
      "属实 right",
      "误报 wrong",
      "未审 unseen",
      "漏 missed",
      "准确率 precision",
      "召回率 recall",
      "金额 billed",
      "可扣 excess",
    ],
    style: { head: [], border: [], compact: true },
    colAligns: ["left", "right", "right", "right", "right", "right", "right", "right", "right", "right"],
  });
  for (const report of backtest.reports) {
    const { rule, hits, right, wrong, unknown, missed, billedFen, excessFen } = report;
    table.push([
      `${rule.id}/${rule.version} ${rule.name}`,
      hits,
      right,
      wrong,
      unknown,
      missed,
      percent(precisionBp(report)),
      percent(recallBp(report)),
      yuan(billedFen),
      yuan(excessFen),
    ]);
  }
  return table.toString();
}

export function triedText({ backtest, read, seconds }: Tried): string {
  const examples = backtest.reports.flatMap(({ rule, examples: [first] }) =>
    first ? [`${rule.id}: ${first.claimId} ${first.zh} / ${first.en}`] : [],
  );
  const limits = [
    ...(read.cut ? ["已达笔数上限，其余未读 the most claims were read; the rest was left out"] : []),
    ...(backtest.forgotten > 0 ? [`${backtest.forgotten} 张发票未记住 invoices were not remembered across persons`] : []),
  ];
  return [
    backtestText(backtest),
    `${backtest.claims} 笔 claims, ${read.holders} 人 persons, ${seconds.toFixed(1)} s`,
    ...limits,
    ...examples,
  ].join("\n");
}

/** As data: what --json prints. */
export function triedData({ backtest, read, seconds }: Tried) {
  return {
    claims: backtest.claims,
    forgotten: backtest.forgotten,
    read,
    seconds,
    rules: backtest.reports.map(({ rule, ...figures }) => ({
      ruleId: rule.id,
      version: rule.version,
      ...figures,
      precisionBp: precisionBp(figures),
      recallBp: recallBp(figures),
    })),
  };
}
