/**
 * What the province's rules say of a bill at its submission. A plain claim costs one more key a batch (the timetable; the book never changes and is kept by the process). Only where a rule in force
 * looks at other claims, and the person has such, are they read: those nearest to the bill, a few at most.
 */
import { createHash } from "node:crypto";
import { reachOf } from "../../rules/forms.ts";
import { excessByLine, judge } from "../../rules/judge.ts";
import { type Case, type Finding, isJudgedAt, type Rule, type RuleBill, type Rulebook } from "../../rules/rule.ts";
import { addDays, daysBetween, yearOf } from "../../values/days.ts";
import type { Key, Loaded, State } from "../../values/decision.ts";
import { lesser } from "../../values/money.ts";
import { PROVINCE } from "../../values/region.ts";
import { type Bill, type Claim, claims, covers, type PaperForm, type Visit, years } from "./documents.ts";
import { reasons } from "./reasons.ts";
import { refuse } from "./refusals.ts";
import type { Deduction, DeductionReason } from "./review-documents.ts";
import { bookVersionOn, looks, rulesets, ruleTimes } from "./rulebook.ts";
import { type Catalogue, itemOf } from "./scheme.ts";
import { holderOf } from "./year.ts";

/** Other claims that are read for one bill. */
const MAX_OTHERS = 12;

export function bookOn(day: string, from: Loaded): Rulebook | undefined {
  const version = bookVersionOn(from.get(ruleTimes.key(PROVINCE)), day);
  return version === undefined ? undefined : from.get(rulesets.key(version))?.book;
}

/** What the rules look at, besides what a submission reads anyway. */
export function ruleKeys(bill: Bill, day: string, loaded: Loaded): Key[] {
  const times = ruleTimes.key(PROVINCE);
  const version = bookVersionOn(loaded.get(times), day);
  if (version === undefined) return [times];
  const keys: Key[] = [times, rulesets.key(version)];
  const book = loaded.get(rulesets.key(version))?.book;
  if (!book) return keys;
  keys.push(looks.key(bill.claimId));
  const reach = reachIn(book.rules);
  if (reach === undefined) return keys;
  return [...keys, ...yearsAround(bill, reach), ...othersOf(bill, reach, loaded).map(({ claimId }) => claims.key(claimId))];
}

/** How many days away the rules that are judged at a settlement look; undefined where none does. */
function reachIn(rules: readonly Rule[]): number | undefined {
  let reach: number | undefined;
  for (const rule of rules) {
    const own = isJudgedAt(rule, "SETTLE") ? reachOf(rule) : undefined;
    if (own !== undefined && (reach === undefined || own > reach)) reach = own;
  }
  return reach;
}

function yearsAround(bill: Bill, reach: number): Key[] {
  const from = yearOf(addDays(bill.admittedOn, -reach));
  const to = yearOf(addDays(bill.dischargedOn, reach));
  return Array.from({ length: to - from + 1 }, (_, index) => years.key(holderOf(bill), from + index));
}

/** The holder's standing claims within reach, the nearest first. */
function othersOf(bill: Bill, reach: number, from: Loaded): Visit[] {
  const found = new Map<string, Visit>();
  for (const key of yearsAround(bill, reach))
    for (const visit of from.get(key as ReturnType<typeof years.key>)?.visits ?? [])
      if (visit.claimId !== bill.claimId && gap(bill, visit) <= reach) found.set(visit.claimId, visit);
  return [...found.values()].sort((a, b) => gap(bill, a) - gap(bill, b)).slice(0, MAX_OTHERS);
}

function gap({ admittedOn, dischargedOn }: Bill, { from, to }: Visit): number {
  if (to < admittedOn) return daysBetween(to, admittedOn);
  return dischargedOn < from ? daysBetween(dischargedOn, from) : 0;
}

export function ruleBill({ bill, paper }: { readonly bill: Bill; readonly paper?: PaperForm | undefined }): RuleBill {
  const invoices = paper ? paper.invoices : [{ invoiceNumber: bill.invoiceNumber, totalFen: bill.totalFen }];
  return { ...bill, institutionId: paper?.institutionId ?? bill.institutionId, invoices };
}

export interface Ruled {
  readonly book: Rulebook;
  readonly findings: readonly Finding[];
  readonly deductions: readonly Deduction[];
}

export interface RuledInput {
  readonly bill: Bill;
  readonly paper?: PaperForm | undefined;
  readonly county: string;
  readonly level: Claim["level"];
  readonly uncoveredDays: readonly string[];
  readonly catalogue: Catalogue;
  /** Only tried: what is judged at the settlement alone is not told. */
  readonly trial: boolean;
}

/** What the rules in force find; undefined where there are none. Refuses RULE_BLOCKS. */
export function ruled(input: RuledInput, day: string, state: State): Ruled | ReturnType<typeof refuse> | undefined {
  const book = bookOn(day, state);
  if (!book) return undefined;
  const { bill, paper, county, level, uncoveredDays, catalogue } = input;
  const reach = reachIn(book.rules);
  const others = reach === undefined ? [] : othersOf(bill, reach, state).map(({ claimId }) => ruleBill(state.must(claims.key(claimId))));
  const { person } = state.get(covers.key(bill.personId)) ?? {};
  const one: Case = {
    bill: ruleBill({ bill, paper }),
    county,
    level,
    uncoveredDays,
    others,
    priceLimitFen: (itemCode) => itemOf(catalogue, itemCode)?.priceLimitFen ?? 0n,
    ...(person ? { person } : {}),
  };
  const findings = judge(one, book.rules, input.trial ? "TRIAL" : "SETTLE");
  const block = findings.find(({ action }) => action === "BLOCK");
  if (block) {
    const [line] = block.lines;
    const field = line === undefined ? "bill" : `bill.lines[${line - 1}]`;
    return refuse("RULE_BLOCKS", { field, rule: block.ruleId, version: block.version, zh: block.zh, en: block.en });
  }
  return { book, findings, deductions: deductionsBy(findings, bill, book.rules) };
}

const REASONS: Readonly<Partial<Record<Rule["form"], DeductionReason>>> = {
  PRICE_OVER_LIMIT: "OVER_PRICE",
  FREQUENCY: "OVER_QUANTITY",
  QUANTITY_OVER_COURSE: "OVER_QUANTITY",
  SEX_MISMATCH: "NOT_INDICATED",
  AGE_MISMATCH: "NOT_INDICATED",
};

function deductionsBy(findings: readonly Finding[], { lines }: Bill, rules: readonly Rule[]): Deduction[] {
  const billed = (line: number) => lines[line - 1]?.billedFen ?? 0n;
  return excessByLine(findings, billed).map(({ line, fen, ruleId, version }) => ({
    line,
    deductedFen: lesser(fen, billed(line)),
    reason: REASONS[rules.find(({ id }) => id === ruleId)?.form ?? "TRAUMA"] ?? "OTHER",
    note: `${ruleId}/${version}`,
  }));
}

/** Why the rules hold a claim; undefined where they do not. */
export function heldBy(findings: readonly Finding[]): string | undefined {
  const held = findings.filter(({ action }) => action === "HOLD");
  return held.length === 0 ? undefined : held.map(reasons.rule).join("；");
}

/** Whether a claim is in the sample: the same ones, however often it is asked. */
export function isSampled(claimId: string, sampleBp: number): boolean {
  if (sampleBp === 0) return false;
  const drawn = createHash("sha256").update(`sample/${claimId}`).digest().readUInt32BE(0);
  return drawn % 10_000 < sampleBp;
}
