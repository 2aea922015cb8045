/** What an adjudication is about, and what comes of it, in fen: shared by its steps. Source: domain rules 3.2 and 3.4. */
import { type CatalogueItem, type ItemClass, type OutpatientOrder, type Scheme, type Unit, unitAt, type VisitFacts } from "./scheme.ts";
import type { StepName, Words } from "./trace.ts";

export const FULL_BP = 10_000;
const UNIT_FEN: Readonly<Record<Unit, bigint>> = { FEN: 1n, JIAO: 10n, YUAN: 100n };

/** One line as the treatment place's catalogue sees it. */
export interface PricedLine {
  readonly item: CatalogueItem;
  readonly quantityE4: bigint;
  readonly billedFen: bigint;
  /** What the review desk took off it; what counts shrinks in proportion. Left out: nothing. */
  readonly deductedFen?: bigint;
  readonly day: string;
  /** False on a day on which the person is not covered: such a line is the patient's. */
  readonly covered: boolean;
}

export interface Visit extends VisitFacts {
  readonly lines: readonly PricedLine[];
}

/** The documents that decide: the insured place's rules, the treatment place's classes. Hashes name them in the trace. */
export interface Law {
  readonly scheme: Scheme;
  readonly schemeHash: string;
  readonly classes: readonly ItemClass[];
  readonly catalogueVersion: string;
  readonly catalogueHash: string;
}

/** What a monthly quota has paid: the benefit's code, YYYY-MM. */
export interface PaidMonth {
  readonly code: string;
  readonly month: string;
  readonly fen: bigint;
}

/** What the person's year has seen until now. */
export interface Before {
  /** What the pooled funds have paid under each cap; a cap that is not named has paid nothing. */
  readonly usedFen: Readonly<Record<string, bigint>>;
  /** Standing inpatient claims with a fund part under FLAT or SEGMENTS. */
  readonly compensatedStays: number;
  /** The family account's balance. */
  readonly accountFen: bigint;
  /** Eligible amounts that the person has borne. */
  readonly borneFen: bigint;
  /** What monthly quotas have paid. */
  readonly months: readonly PaidMonth[];
  /** The prefixes of `oncePerYear` whose deductible was taken. */
  readonly deducted: readonly string[];
}

export const NOTHING_BEFORE: Before = {
  usedFen: {},
  compensatedStays: 0,
  accountFen: 0n,
  borneFen: 0n,
  months: [],
  deducted: [],
};

/** total = subsidy + fund + account + assistance + catastrophic + hospital + patient; only the hospital's part may be below 0 (its profit on a price). */
export interface Amounts {
  readonly totalFen: bigint;
  readonly eligibleFen: bigint;
  readonly deductibleFen: bigint;
  /** The rate after modifiers, rounded to a basis point for show; 0 where there is none. */
  readonly rateBp: number;
  readonly subsidyFen: bigint;
  readonly fundFen: bigint;
  readonly accountFen: bigint;
  readonly assistanceFen: bigint;
  readonly catastrophicFen: bigint;
  readonly hospitalFen: bigint;
  readonly patientFen: bigint;
  /** What caps cut off. */
  readonly overCapFen: bigint;
}

/** What the year remembers of it. */
export interface Drawn {
  /** The caps that the fund part counts in. */
  readonly caps: readonly string[];
  /** Whether it counts as a compensated stay. */
  readonly stay: boolean;
  readonly borneFen: bigint;
  readonly months: readonly PaidMonth[];
  /** The prefix of `oncePerYear` whose deductible was taken with it; empty: none. */
  readonly deducted: string;
}

export interface Adjudicated {
  /** The code of the benefit, serious disease or disease price. */
  readonly code: string;
  readonly amounts: Amounts;
  readonly drawn: Drawn;
}

/** What an entitlement computes before the caps. */
export interface Computed {
  readonly code: string;
  readonly order: OutpatientOrder;
  readonly deductibleFen: bigint;
  readonly rateBp: number;
  readonly subsidyFen: bigint;
  /** Rounded to the unit. */
  readonly resultFen: bigint;
  readonly perVisitCapFen: bigint | undefined;
  readonly assistanceFen: bigint;
  readonly hospitalFen: bigint;
  readonly byRate: boolean;
  readonly months: readonly PaidMonth[];
  readonly deducted: string;
}

/** One adjudication under way. The trace is written only where it is wanted: its sentences cost more than the sums. */
export interface Case {
  readonly visit: Visit;
  readonly law: Law;
  readonly before: Before;
  readonly totalFen: bigint;
  readonly eligibleFen: bigint;
  readonly note: ((step: StepName, rule: string, inFen: bigint, outFen: bigint, words: Words) => void) | undefined;
}

/** The smallest amount, in fen, that a result has where the visit was. */
export function unitSize({ visit, law }: Pick<Case, "visit" | "law">): bigint {
  return UNIT_FEN[unitAt(law.scheme, visit.level)];
}
