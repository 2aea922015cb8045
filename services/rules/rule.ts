/**
 * A review rule (审核规则) as data: a form with its parameters, the stage at which it is judged and what it does. A form is one of a closed list, each a bounded look at one claim and those beside it:
 * no rule has an expression, calls another, or repeats itself, so that none can run without end. Amounts in fen, quantities in ten-thousandths, days YYYY-MM-DD.
 */
import type { Level, VisitKind } from "../benefit/words.ts";

/** TRIAL: told at a trial already, and at the settlement. SETTLE: at the settlement only. NIGHTLY: over stored claims. */
export const STAGES = ["TRIAL", "SETTLE", "NIGHTLY"] as const;
export type Stage = (typeof STAGES)[number];

/** BLOCK: the bill is refused. HOLD: the claim waits for a reviewer. DEDUCT: what is too much is taken off its lines. FLAG: the claim goes on, and somebody looks at it afterwards. */
export const ACTIONS = ["BLOCK", "HOLD", "DEDUCT", "FLAG"] as const;
export type Action = (typeof ACTIONS)[number];

export const FORMS = [
  "DUPLICATE_INVOICE",
  "OVERLAPPING_STAY",
  "VISIT_DURING_STAY",
  "NOT_ENROLLED",
  "FREQUENCY",
  "QUANTITY_OVER_COURSE",
  "PRICE_OVER_LIMIT",
  "SEX_MISMATCH",
  "AGE_MISMATCH",
  "SPLIT_STAY",
  "TRAUMA",
  "UNREFERRED_HIGH_LEVEL",
] as const;
export type Form = (typeof FORMS)[number];

export const SEXES = ["FEMALE", "MALE"] as const;
export type Sex = (typeof SEXES)[number];
export const SPANS = ["DAY", "HOUR"] as const;

export interface PriceLimit {
  readonly itemCode: string;
  readonly fen: bigint;
}

/** One rule. What its form does not use is left out. */
export interface Rule {
  readonly id: string;
  readonly version: number;
  readonly name: string;
  readonly nameEn: string;
  readonly form: Form;
  readonly stage: Stage;
  readonly action: Action;
  /** Of these insured counties only; none: of all. */
  readonly counties: readonly string[];
  /** Silent where one of these has found something. */
  readonly unless: readonly string[];
  /** Item codes of the catalogue. */
  readonly items: readonly string[];
  /** ICD-10 codes or their beginnings. */
  readonly diagnoses: readonly string[];
  readonly levels: readonly Level[];
  /** The most of an item in the span, or in the course. */
  readonly mostE4?: bigint;
  /** The most of an item for each day of the stay. */
  readonly mostPerDayE4?: bigint;
  readonly per?: (typeof SPANS)[number];
  /** The items count together; otherwise each by itself. */
  readonly together: boolean;
  /** How many days stays may overlap, or lie apart and still be one; how far back an invoice is looked for. */
  readonly days?: number;
  /** How many characters of the diagnoses must agree; 0: any will do. */
  readonly digits: number;
  readonly sameInstitution: boolean;
  /** Prices in the place of the catalogue's. */
  readonly limits: readonly PriceLimit[];
  /** How far a price may be above its limit. */
  readonly toleranceBp: number;
  readonly sex?: Sex;
  readonly fromYears?: number;
  readonly toYears?: number;
}

/** A version of the province's rules. It never changes once published. */
export interface Rulebook {
  readonly version: number;
  readonly fromDay: string;
  /** Claims that wait for review with a fund part above it take both levels; 0: none does. */
  readonly secondLevelAboveFen: bigint;
  /** The share of automatically passed claims that somebody looks at afterwards, basis points. */
  readonly sampleBp: number;
  readonly catalogueVersion: string;
  /** Each after those that silence it. */
  readonly rules: readonly Rule[];
}

export interface RuleLine {
  readonly itemCode: string;
  readonly day: string;
  /** HH:MM; left out where the hospital did not say. */
  readonly time?: string | undefined;
  readonly quantityE4: bigint;
  readonly unitPriceFen: bigint;
  readonly billedFen: bigint;
}

/** A bill as rules see it. */
export interface RuleBill {
  readonly claimId: string;
  readonly institutionId: string;
  readonly personId: string;
  readonly newborn: number;
  readonly visitKind: VisitKind;
  readonly diagnosis: string;
  readonly admittedOn: string;
  readonly dischargedOn: string;
  readonly referralId: string;
  readonly lines: readonly RuleLine[];
  readonly totalFen: bigint;
  /** As they were written on it. */
  readonly invoices: readonly { readonly invoiceNumber: string; readonly totalFen: bigint }[];
}

/** One claim, and what else a rule may look at. */
export interface Case {
  readonly bill: RuleBill;
  /** The insured county. */
  readonly county: string;
  readonly level: Level;
  /** Days with lines on which the person was not covered, or dead. */
  readonly uncoveredDays: readonly string[];
  /** Not there where it is not known. */
  readonly person?: { readonly sex: Sex; readonly bornOn: string };
  /** Other standing claims: of the same holder; with the same invoice, of whomever. */
  readonly others: readonly RuleBill[];
  /** The catalogue's; 0: none. */
  priceLimitFen(itemCode: string): bigint;
}

/** A line of a bill that a rule takes something off. */
export interface Excess {
  /** From 1. */
  readonly line: number;
  readonly fen: bigint;
}

/** What a rule has found, with its evidence. */
export interface Finding {
  readonly ruleId: string;
  readonly version: number;
  readonly action: Action;
  /** One sentence in each language, that says what was found. */
  readonly zh: string;
  readonly en: string;
  /** The other claims that it stands on. */
  readonly claims: readonly string[];
  /** The bill's lines, from 1. */
  readonly lines: readonly number[];
  /** What was seen and what was allowed, as the rule compared them. */
  readonly values: readonly { readonly name: string; readonly value: string }[];
  /** What is too much in these lines. */
  readonly excess: readonly Excess[];
}

export function isJudgedAt(rule: Rule, stage: Stage): boolean {
  return rule.stage === stage || (stage === "SETTLE" && rule.stage === "TRIAL");
}
