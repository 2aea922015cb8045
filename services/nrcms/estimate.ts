/** A cost estimate (费用测算) asked for, followed and shown as tables. */
import { readFileSync } from "node:fs";
import Table from "cli-table3";
import {
  ClaimsServiceDefinition,
  type EstimateCost,
  type EstimateFund,
  type EstimateMargin,
  type EstimateProgress,
  type EstimateReport,
  type EstimateSchemeRequest,
  type EstimateSide,
} from "../../proto/generated/nrcms/claims/v1/claims.ts";
import { yuan } from "../values/money.ts";
import type { GatewayClient } from "./gateway-client.ts";

/** What is asked besides the scheme and the year. */
export type EstimateAsked = Omit<EstimateSchemeRequest, "schemeId" | "document">;

const SCHEME_ID = /^\d{6}\/\d{4}\/\d{1,2}$/;
/** Rows of diseases that a person is shown; the files have all of them. */
const SHOWN_DISEASES = 15;
const FULL_BP = 10_000;

/** Runs an estimate of a stored version or of a document in a file. Throws GatewayError, also where it was cancelled. */
export async function runEstimate(
  who: GatewayClient,
  scheme: string,
  asked: EstimateAsked,
  options: { readonly signal?: AbortSignal; onProgress?(progress: EstimateProgress): void } = {},
): Promise<EstimateReport> {
  const named = SCHEME_ID.test(scheme) ? { schemeId: scheme, document: "" } : { schemeId: "", document: readFileSync(scheme, "utf8") };
  const stream = who.stream(
    ClaimsServiceDefinition,
    "estimateScheme",
    { ...asked, ...named },
    options.signal ? { signal: options.signal } : {},
  );
  for await (const { progress, report } of stream) {
    if (report) return report;
    if (progress) options.onProgress?.(progress);
  }
  throw new Error("an estimate without its report");
}

const BAR = 24;

/** One line: how far it is, how fast, and how long it will take. */
export function progressLine({ households, householdsTotal, claims }: EstimateProgress, elapsedMs: number): string {
  const share = householdsTotal === 0n ? 0 : Math.min(1, Number(households) / Number(householdsTotal));
  const full = Math.round(share * BAR);
  const seconds = elapsedMs / 1_000;
  const left = share > 0 ? `${Math.ceil((seconds * (1 - share)) / share)} s` : "–";
  const speed = seconds > 0 ? Math.round(Number(claims) / seconds) : 0;
  return `测算 estimating ${"█".repeat(full)}${"░".repeat(BAR - full)} ${Math.floor(share * 100)} % · ${households}/${householdsTotal} 户 households · ${claims} 笔 claims · ${speed}/s · 还需 left ${left}`;
}

export const SCENARIO_WORDS = {
  UNSPECIFIED: "",
  PAID: "已付 paid",
  CURRENT: "现行 current",
  DRAFT: "草案 draft",
  SUPPOSED: "假设 supposed",
} as const;
export const FUND_WORDS = {
  UNSPECIFIED: "合计 all",
  POOLED_INPATIENT: "住院统筹 pooled inpatient",
  POOLED_OUTPATIENT: "门诊统筹 pooled outpatient",
  SERIOUS: "大病 serious",
  FAMILY: "家庭账户 family accounts",
  RISK: "风险 risk",
} as const;
export const DIMENSION_WORDS = {
  UNSPECIFIED: "",
  COUNTY: "县 county",
  AGE: "年龄 age",
  LEVEL: "级别 level",
  DISEASE: "病种 disease",
} as const;

export function percent(bp: number): string {
  return `${(bp / 100).toFixed(2)} %`;
}

/** A margin's value or step in its unit. */
export function inUnit({ unit }: Pick<EstimateMargin, "unit">, value: bigint): string {
  return unit === "BP" ? percent(Number(value)) : yuan(value);
}

const bare = { head: [] as string[], border: [] as string[], compact: true };
const right = (count: number, first = 1) => [...Array<"left">(first).fill("left"), ...Array<"right">(count).fill("right")];

export function estimateText(report: EstimateReport): string {
  const { schemeId, contentHash, counties, year, throughDay, households, heads, claimants, differingClaims, differingFen, parametersLeft } =
    report;
  const through = throughDay === `${year}-12-31` ? "" : `，截至 until ${throughDay}`;
  const part = [
    `费用测算 cost estimate ${schemeId} · 摘要 hash ${contentHash.slice(0, 16)}…`,
    `${year} 年 of ${year}${through} · ${counties.join(", ")} · ${households} 户 households, 参合 enrolled ${heads}, 受益 with claims ${claimants}`,
    costsTable(report.costs),
    fundsTable(report.funds),
    sidesTable(report.sides),
    ...(report.margins.length > 0 ? [marginsTable(report.margins)] : []),
    ...report.refused.map(({ code, claims, totalFen }) => `草案不予支付 the draft refuses: ${code} ${claims} 笔 claims, ${yuan(totalFen)}`),
    ...(parametersLeft > 0 ? [`另有 ${parametersLeft} 个参数未逐一测算 parameters were not turned`] : []),
    differingClaims === 0n
      ? "现行方案重算与实付一致，分文不差 the current scheme computed again is what was paid, to the fen"
      : `与实付不同 otherwise than paid: ${differingClaims} 笔 claims, ${yuan(differingFen)}（补报、更正、冲销的先后 bills that came late, corrections, claims taken back）`,
  ];
  return part.join("\n");
}

function costsTable(costs: readonly EstimateCost[]): string {
  const head = [
    "",
    "笔数 claims",
    "总费用 total",
    "统筹基金 funds",
    "人均 a head",
    "账户 accounts",
    "救助大病 others",
    "患者 patients",
    "拒付 refused",
  ];
  const table = new Table({ head, style: bare, colAligns: right(8) });
  for (const row of costs)
    table.push([
      SCENARIO_WORDS[row.scenario],
      String(row.claims),
      yuan(row.totalFen),
      yuan(row.fundFen),
      yuan(row.fundFenPerHead),
      yuan(row.accountFen),
      yuan(row.assistanceFen + row.catastrophicFen + row.subsidyFen),
      yuan(row.patientFen),
      String(row.unpaid),
    ]);
  return table.toString();
}

function fundsTable(funds: readonly EstimateFund[]): string {
  const table = new Table({
    head: ["基金 fund", "", "收入 income", "支出 cost", "人均 a head", "使用率 use", "用尽 exhausted"],
    style: bare,
    colAligns: right(5, 2),
  });
  for (const row of funds) {
    const { incomeFen, exhaustedOn } = row;
    const known = incomeFen > 0n;
    table.push([
      FUND_WORDS[row.fund],
      SCENARIO_WORDS[row.scenario],
      known ? yuan(incomeFen) : "–",
      yuan(row.costFen),
      yuan(row.costFenPerHead),
      known ? percent(row.useBp) : "–",
      known ? exhaustedOn || "年内不会 not in the year" : "–",
    ]);
  }
  return table.toString();
}

function sidesTable(sides: readonly EstimateSide[]): string {
  const table = new Table({
    head: ["", "", "笔数 claims", "少付 better", "多付 worse", "不变 same", "现行 current", "草案 draft", "共少付 gain", "共多付 loss"],
    style: bare,
    colAligns: right(8, 2),
  });
  const diseases = sides.filter(({ dimension }) => dimension === "DISEASE");
  const shown = new Set(diseases.slice(0, SHOWN_DISEASES));
  for (const row of sides) {
    if (row.dimension === "DISEASE" && !shown.has(row)) continue;
    const counts = [row.claims, row.better, row.worse, row.same].map(String);
    const amounts = [row.currentFundFen, row.draftFundFen, row.gainFen, row.lossFen].map(yuan);
    table.push([DIMENSION_WORDS[row.dimension], row.value, ...counts, ...amounts]);
  }
  const more = diseases.length - shown.size;
  return more > 0 ? `${table.toString()}\n另有 ${more} 个病种，见文件 more diseases are in the files` : table.toString();
}

function marginsTable(margins: readonly EstimateMargin[]): string {
  const table = new Table({
    head: ["参数 parameter", "现值 value", "增加 step", "涉及 claims", "基金 funds", "患者 patients"],
    style: bare,
    colAligns: right(5),
  });
  for (const row of margins)
    table.push([
      row.field,
      inUnit(row, row.value),
      `+${inUnit(row, row.step)}`,
      String(row.claims),
      signed(row.fundFen),
      signed(row.patientFen),
    ]);
  return table.toString();
}

function signed(fen: bigint): string {
  return fen > 0n ? `+${yuan(fen)}` : yuan(fen);
}

/** "12.5" of a person → 1250 basis points; undefined where it is not a number with at most two decimals. */
export function bpOf(text: string): number | undefined {
  const match = /^([+-]?)(\d{1,5})(?:\.(\d{1,2}))?$/.exec(text);
  if (!match) return undefined;
  const bp = Number(match[2]) * 100 + Number((match[3] ?? "").padEnd(2, "0"));
  return bp > 100 * FULL_BP ? undefined : match[1] === "-" ? -bp : bp;
}
