/** Review rules at the command line: checked, published, shown with their scores, tried on stored claims before they go live, and run at night over those of the last days. */
import { readFileSync } from "node:fs";
import { setPriority } from "node:os";
import Table from "cli-table3";
import {
  ClaimsServiceDefinition,
  type Finding as FindingMessage,
  type GetRulesResponse,
  type Look,
} from "../../proto/generated/nrcms/claims/v1/claims.ts";
import { type Backtest, openBacktest, precisionBp, recallBp } from "../rules/backtest.ts";
import type { Finding, Rule, Rulebook } from "../rules/rule.ts";
import type { Codes } from "../rules/rules-check.ts";
import { readRules } from "../rules/rules-file.ts";
import { openRuleStore, type RuleStore, type Wanted } from "../rules/store.ts";
import { addDays } from "../values/days.ts";
import { yuan } from "../values/money.ts";
import type { GatewayClient } from "./gateway-client.ts";

/** Below everything that somebody waits for. */
const LOW_PRIORITY = 15;
/** Claims before the wanted days that theirs are compared with: two years, for an invoice of the year before. */
const BEFORE_DAYS = 731;
const LIMIT_MS = 3 * 3_600_000;
const REPORTED_AT_ONCE = 50;
const SAID_EACH = 2_000;

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
export function scoresText({ version, fromDay, scores, sample }: GetRulesResponse): string {
  const table = new Table({
    head: ["规则 rule", "属实 right", "误报 wrong", "准确率 precision"],
    style: { head: [], border: [], compact: true },
    colAligns: ["left", "right", "right", "right"],
  });
  for (const score of scores) table.push([`${score.ruleId}/${score.version}`, score.right, score.wrong, percent(precisionBp(score))]);
  const drawn = sample && sample.right + sample.wrong > 0 ? `抽查 sample: ${sample.right} 无误 right, ${sample.wrong} 有误 at fault` : "";
  return [`审核规则 rules ${version}, ${fromDay} 起 from`, table.toString(), ...(drawn === "" ? [] : [drawn])].join("\n");
}

export async function looksOf(who: GatewayClient, county: string): Promise<readonly Look[]> {
  return (await who.call(ClaimsServiceDefinition, "listLooks", { county })).looks;
}

export async function closeLook(who: GatewayClient, county: string, claimId: string, faulty: boolean, note: string): Promise<Look> {
  const state = faulty ? ("FAULTY" as const) : ("RIGHT" as const);
  const request = { requestId: `look-${claimId}-${Date.now().toString(36)}`, county, claimId, state, note, deductions: [] };
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

export interface BacktestOptions {
  readonly uri: string;
  readonly county: string;
  readonly fromDay: string;
  readonly toDay: string;
  readonly most: number;
  /** Told how many claims are read of how many. */
  onProgress(read: number, all: number): void;
}

export interface Tried {
  readonly backtest: Backtest;
  readonly read: { readonly claims: number; readonly holders: number; readonly cut: boolean };
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
    return await run(store, read.book.rules, priceLimitFen, options);
  } finally {
    await store.close();
  }
}

/** What the nightly rules in force find in the claims of the wanted days, reported to the counties' desks. */
export async function runNight(
  who: GatewayClient,
  today: string,
  options: BacktestOptions,
): Promise<Tried & { readonly reported: number }> {
  setPriority(LOW_PRIORITY);
  const store = await openRuleStore(options.uri);
  try {
    const book = await store.book(today);
    if (!book) throw new Error(`${today} 没有生效的审核规则 / no review rules are in force`);
    const { priceLimitFen } = await catalogueOf(store, book);
    const nightly = book.rules.filter(({ stage }) => stage === "NIGHTLY");
    let waiting: { claimId: string; findings: FindingMessage[] }[] = [];
    let reported = 0;
    const report = async (): Promise<void> => {
      if (waiting.length === 0) return;
      const request = { requestId: `night-${Date.now().toString(36)}-${reported}`, version: book.version, found: waiting };
      reported += (await who.call(ClaimsServiceDefinition, "reportFindings", request)).claims;
      waiting = [];
    };
    const tried = await run(store, nightly, priceLimitFen, options, async (claimId, findings) => {
      waiting.push({ claimId, findings: findings.map(findingMessage) });
      if (waiting.length >= REPORTED_AT_ONCE) await report();
    });
    await report();
    return { ...tried, reported };
  } finally {
    await store.close();
  }
}

function findingMessage({ claims, lines, values, excess: _, ...finding }: Finding): FindingMessage {
  return { ...finding, claimIds: [...claims], lines: [...lines], values: values.map((one) => ({ ...one })) };
}

async function catalogueOf(
  store: RuleStore,
  { catalogueVersion }: Rulebook,
): Promise<{ codes: Codes; priceLimitFen(item: string): bigint }> {
  const catalogue = await store.catalogue(catalogueVersion);
  if (!catalogue) throw new Error(`没有目录 ${catalogueVersion} / there is no catalogue ${catalogueVersion}`);
  const limits = new Map(catalogue.items.map(({ itemCode, priceLimitFen }) => [itemCode, priceLimitFen]));
  const { diagnoses } = catalogue;
  const hasDiagnosis = (prefix: string) => diagnoses.length === 0 || diagnoses.some((code) => code.startsWith(prefix));
  return { codes: { hasItem: (item) => limits.has(item), hasDiagnosis }, priceLimitFen: (item) => limits.get(item) ?? 0n };
}

async function run(
  store: RuleStore,
  rules: readonly Rule[],
  priceLimitFen: (itemCode: string) => bigint,
  { county, fromDay, toDay, most, onProgress }: BacktestOptions,
  onFound?: (claimId: string, findings: readonly Finding[]) => Promise<void>,
): Promise<Tried> {
  const startedMs = performance.now();
  const wanted: Wanted = { county, fromDay, toDay, beforeDay: addDays(fromDay, -BEFORE_DAYS), most, limitMs: LIMIT_MS };
  const all = await store.count(wanted);
  const backtest = openBacktest(rules, priceLimitFen);
  let claims = 0;
  let said = 0;
  const read = await store.each(wanted, async (holder) => {
    const found: { claimId: string; findings: readonly Finding[] }[] = [];
    backtest.add(holder, ({ bill, stands }, findings) => {
      if (stands) found.push({ claimId: bill.claimId, findings });
    });
    for (const { claimId, findings } of found) await onFound?.(claimId, findings);
    claims += holder.claims.length;
    if (claims - said < SAID_EACH) return;
    said = claims;
    onProgress(claims, all);
  });
  return { backtest, read, seconds: (performance.now() - startedMs) / 1000 };
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
