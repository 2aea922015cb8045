/** Reads the sample region's files as an outsider would, and reckons a bill's benefit by the domain facts 3.4: independent of the product, to check the sample against the figures that it promises. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse as parseCsv } from "csv-parse/sync";
import { parse as parseYaml } from "yaml";
import { halfUp, lesser, sum } from "../../../services/values/money.ts";

export const REGION = join(import.meta.dirname, "..", "..", "..", "deploy", "sandbox", "region");
const LEVELS = ["VILLAGE", "TOWNSHIP", "COUNTY", "PREFECTURE", "PROVINCE"];

export type Row = Readonly<Record<string, string>>;

export function readRows(name: string): readonly Row[] {
  return parseCsv(readFileSync(join(REGION, name)), { columns: true });
}

export interface BillText {
  readonly claim_id: string;
  readonly institution_id: string;
  readonly person_id: string;
  readonly visit_kind: string;
  readonly diagnosis: string;
  readonly admitted_on: string;
  readonly discharged_on: string;
  readonly invoice_number: string;
  readonly referral_id: string;
  readonly tcm: boolean;
  readonly lines: readonly {
    readonly item_code: string;
    readonly day: string;
    readonly quantity_e4: number;
    readonly unit_price_fen: number;
    readonly billed_fen: number;
  }[];
  readonly total_fen: number;
}

export function readBills(name = "day.jsonl"): readonly BillText[] {
  return readFileSync(join(REGION, name), "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as BillText);
}

export interface SchemeText {
  readonly county: number;
  readonly benefits: readonly {
    readonly code: string;
    readonly visit_kind: string;
    readonly deductible?: { readonly waived_for: readonly string[] };
    readonly modifiers?: readonly { readonly when: string; readonly points_bp: number }[];
    readonly levels: readonly { readonly level: string; readonly deductible_fen?: number; readonly rate_bp: number }[];
  }[];
  readonly caps: readonly { readonly code: string; readonly fen: number; readonly includes: readonly string[] }[];
  readonly classes: readonly { readonly class: string; readonly self_first_bp: number }[];
  readonly review: { readonly above_fund_fen: number; readonly diagnosis_prefixes: readonly string[] };
}

export function readSchemes(): ReadonlyMap<string, SchemeText & Readonly<Record<string, unknown>>> {
  const folder = join(REGION, "schemes");
  const schemes = readdirSync(folder).map(
    (name) => parseYaml(readFileSync(join(folder, name), "utf8")) as SchemeText & Record<string, unknown>,
  );
  return new Map(schemes.map((scheme) => [String(scheme.county), scheme]));
}

const at = <K, V>(map: ReadonlyMap<K, V>, key: K): V => {
  const value = map.get(key);
  if (value === undefined) throw new Error(`nothing under ${String(key)}`);
  return value;
};

/** The fund's part of a first bill of the year, in fen: eligible per line, deductible, rate with its points, yearly cap. */
export function reckoner(): (bill: BillText) => { fundFen: bigint; review: boolean } {
  const schemes = readSchemes();
  const levels = new Map(readRows("institutions.csv").map((row) => [row.institution_id ?? "", row.level ?? ""]));
  const categories = new Map(readRows("households.csv").map((row) => [`${row.household_id}${row.member_no}`, row.category ?? ""]));
  const items = new Map(readRows("catalogue.csv").map((row) => [row.item_code ?? "", row]));
  return (bill) => {
    const scheme = at(schemes, bill.person_id.slice(0, 6));
    const level = at(levels, bill.institution_id);
    const benefit = scheme.benefits.find((one) => one.visit_kind === bill.visit_kind);
    const rule = benefit?.levels.find((one) => one.level === level);
    const cap = scheme.caps.find((one) => one.includes.includes(benefit?.code ?? ""));
    if (!benefit || !rule || !cap) throw new Error(`${bill.claim_id}: no rule`);
    const eligibleFen = sum(
      bill.lines.map((line) => {
        const item = at(items, line.item_code);
        if (LEVELS.indexOf(level) < LEVELS.indexOf(item.lowest_level ?? "")) return 0n;
        const limitFen = BigInt(item.price_limit_fen ?? "0");
        const billedFen = BigInt(line.billed_fen);
        const limitedFen = limitFen === 0n ? billedFen : lesser(billedFen, halfUp(limitFen * BigInt(line.quantity_e4), 10_000n));
        const selfFirstBp = scheme.classes.find((one) => one.class === item.class)?.self_first_bp ?? 0;
        return halfUp(limitedFen * BigInt(10_000 - selfFirstBp), 10_000n);
      }),
    );
    const waived = benefit.deductible?.waived_for.includes(at(categories, bill.person_id)) ?? false;
    const deductibleFen = waived ? 0n : lesser(eligibleFen, BigInt(rule.deductible_fen ?? 0));
    const far = LEVELS.indexOf(level) >= LEVELS.indexOf("PREFECTURE");
    const holds = (when: string) => (when === "TCM" ? bill.tcm : far && bill.referral_id === "");
    const points = (benefit.modifiers ?? []).reduce((sum, { when, points_bp }) => sum + (holds(when) ? points_bp : 0), 0);
    const rateBp = Math.min(10_000, Math.max(0, rule.rate_bp + points));
    const fundFen = lesser(halfUp((eligibleFen - deductibleFen) * BigInt(rateBp), 10_000n), BigInt(cap.fen));
    const review =
      fundFen > BigInt(scheme.review.above_fund_fen) ||
      scheme.review.diagnosis_prefixes.some((prefix) => bill.diagnosis.startsWith(prefix));
    return { fundFen, review };
  };
}
