/**
 * A benefit scheme (补助方案) as data: what a county's fund pays in one year, and how the money is raised. Amounts in fen, rates and shares in basis points (bp),
 * days YYYY-MM-DD. Source: domain rules 3.2 and 3.4. Where a field may be left out in the YAML, it is undefined or empty here; nothing is assumed.
 */
import type { Category, Level, VisitKind } from "./words.ts";

export const SELECT_BY = ["DISCHARGE_DATE", "ADMISSION_DATE", "FEE_DATE"] as const;
export const SOURCES = ["INDIVIDUAL", "CENTRAL", "PROVINCE", "PREFECTURE", "COUNTY", "COLLECTIVE", "ASSISTANCE"] as const;
export const FUNDS = ["POOLED_INPATIENT", "POOLED_OUTPATIENT", "SERIOUS", "FAMILY", "RISK"] as const;
export const UNITS = ["FEN", "JIAO", "YUAN"] as const;
export const SITUATIONS = ["NO_REFERRAL", "TCM"] as const;
export const SCOPES = ["PERSON", "HOUSEHOLD", "MOTHER_CHILD"] as const;
export const OUTPATIENT_ORDERS = ["POOL_ONLY", "ACCOUNT_ONLY", "ACCOUNT_THEN_POOL", "POOL_THEN_ACCOUNT"] as const;
export const CATALOGUE_PLACES = ["TREATMENT_PLACE", "INSURED_PLACE"] as const;
export const RESEQUENCE = ["NONE", "FLAG", "AUTO"] as const;

export type SelectBy = (typeof SELECT_BY)[number];
export type Source = (typeof SOURCES)[number];
export type Fund = (typeof FUNDS)[number];
export type Unit = (typeof UNITS)[number];
export type Situation = (typeof SITUATIONS)[number];
export type Scope = (typeof SCOPES)[number];
export type OutpatientOrder = (typeof OUTPATIENT_ORDERS)[number];
export type CataloguePlace = (typeof CATALOGUE_PLACES)[number];
export type Resequence = (typeof RESEQUENCE)[number];

export interface Scheme {
  /** Six-digit division code: the pool. */
  readonly county: string;
  readonly year: number;
  readonly version: number;
  readonly name: string;
  readonly fromDay: string;
  readonly toDay: string;
  /** Which day of a stay picks the version. FEE_DATE: the day of its last line. */
  readonly selectBy: SelectBy;
  readonly legalBasis: readonly LegalBasis[];
  readonly financing: readonly Financing[];
  readonly funds: readonly FundShare[];
  readonly catalogueVersion: string;
  readonly classes: readonly ItemClass[];
  /** The smallest amount that a result has. */
  readonly resultUnit: Unit;
  /** Levels with a unit of their own. */
  readonly resultUnitAt: readonly { readonly level: Level; readonly unit: Unit }[];
  /** Tried in this order; the first that fits a visit is its benefit. */
  readonly benefits: readonly BenefitRule[];
  /** Tried before the benefits. */
  readonly seriousDiseases: readonly SeriousDisease[];
  readonly diseasePrices: readonly DiseasePrice[];
  readonly caps: readonly Cap[];
  readonly outpatientOrder: OutpatientOrder;
  /** Medical assistance (医疗救助) on what is left of the eligible amount. */
  readonly assistance: readonly Assistance[];
  /** Catastrophic insurance (大病保险) on what the person has borne of eligible amounts in the year. */
  readonly catastrophic: readonly Segment[];
  /** Whose catalogue and classes price the lines of a member treated in another county; rules and caps are always the insured place's. */
  readonly crossRegionCatalogue: CataloguePlace;
  /** Newborns are covered under their mother until the end of the year of birth. */
  readonly newbornUnderMother: boolean;
  readonly capitation: readonly Capitation[];
  readonly reversal: Reversal;
  /** Days after the discharge within which a bill on paper is handed in; undefined: no limit. */
  readonly paperWithinDays: number | undefined;
  readonly secondCompensation: SecondCompensation | undefined;
  readonly review: ReviewRule;
  readonly golden: readonly GoldenCase[];
}

export interface LegalBasis {
  readonly document: string;
  readonly url: string;
}

export interface Financing {
  readonly source: Source;
  readonly fenPerHead: bigint;
  /** Empty: for all. */
  readonly categories: readonly Category[];
}

/** What of the year's income a fund gets: a share of it, or an amount a head. */
export interface FundShare {
  readonly fund: Fund;
  readonly shareBp: number | undefined;
  readonly fenPerHead: bigint | undefined;
  /** The share of it that should be used in the year. */
  readonly minUseBp: number;
  readonly maxUseBp: number;
}

/** The share of a class of items that the patient pays first (先自付). */
export interface ItemClass {
  readonly class: string;
  readonly selfFirstBp: number;
}

export interface BenefitRule {
  readonly code: string;
  readonly visitKind: VisitKind;
  /** Empty: of all categories. */
  readonly categories: readonly Category[];
  /** ICD-10 prefixes; empty: any. */
  readonly diagnoses: readonly string[];
  /** The chronic disease (慢特病) that the person must be registered for; empty: none. */
  readonly registration: string;
  /** A public-health subsidy that is paid before the fund. */
  readonly subsidyFen: bigint;
  readonly deductible: DeductibleRule;
  readonly modifiers: readonly Modifier[];
  /** At the levels that are not here there is no such benefit. */
  readonly levels: readonly LevelTerms[];
  readonly perVisitCapFen: bigint | undefined;
  /** Instead of the scheme's; undefined: the scheme's. */
  readonly outpatientOrder: OutpatientOrder | undefined;
}

export interface DeductibleRule {
  /** From the nth compensated stay of the year on, the deductible times bp; the last that applies does. */
  readonly nthStay: readonly { readonly from: number; readonly bp: number }[];
  readonly waivedFor: readonly Category[];
  /** ICD-10 prefixes of diseases whose deductible is taken once a year. */
  readonly oncePerYear: readonly string[];
}

export interface LevelTerms {
  readonly level: Level;
  readonly deductibleFen: bigint;
  readonly rate: Rate;
  /** At least this share of what is over the deductible, whatever the catalogue lets count (保底); 0: none. */
  readonly floorBp: number;
}

export type Rate =
  | { readonly kind: "FLAT"; readonly bp: number; readonly multiplierBp: number }
  | { readonly kind: "SEGMENTS"; readonly segments: readonly Segment[]; readonly multiplierBp: number }
  | { readonly kind: "QUOTA"; readonly fen: bigint }
  | { readonly kind: "MONTHLY_QUOTA"; readonly fen: bigint };

/** (overFen; upToFen], the last without an end. */
export interface Segment {
  readonly overFen: bigint;
  readonly upToFen: bigint | undefined;
  readonly bp: number;
}

/** Points are added to the rate, before it is multiplied. */
export interface Modifier {
  readonly when: Situation;
  readonly pointsBp: number;
  readonly multiplyBp: number;
}

/** A fixed price that fund, assistance and patient share; what is above it is the hospital's (定额包干). */
export interface SeriousDisease {
  readonly code: string;
  readonly diagnoses: readonly string[];
  /** Codes of procedures; empty: any. */
  readonly procedures: readonly string[];
  readonly lowestLevel: Level;
  readonly quotaFen: bigint;
  readonly fundBp: number;
  readonly assistanceBp: number;
}

/** A price for a disease (单病种): the hospital keeps what it needs less, and bears what it needs more. */
export interface DiseasePrice {
  readonly code: string;
  readonly diagnoses: readonly string[];
  readonly levels: readonly Level[];
  readonly priceFen: bigint;
  readonly fundBp: number;
  /** Items that are paid beside the price, at a share of their own. */
  readonly separately: readonly { readonly items: readonly string[]; readonly bp: number }[];
}

/** What the pooled funds pay at most in a year; `includes` names benefits, diseases or other caps by their codes. */
export interface Cap {
  readonly code: string;
  readonly scope: Scope;
  readonly fen: bigint;
  readonly includes: readonly string[];
}

export interface Assistance {
  readonly categories: readonly Category[];
  readonly bp: number;
}

/** An institution is paid a head (按人头), a part of it after an assessment. */
export interface Capitation {
  readonly institutionId: string;
  readonly fenPerHead: bigint;
  readonly withheldBp: number;
}

export interface Reversal {
  /** No reversal once the bank has paid. */
  readonly blockAfterDisbursed: boolean;
  /** Days after the approval within which a claim may be reversed; undefined: no limit. */
  readonly dayLimit: number | undefined;
  readonly resequence: Resequence;
}

/** At the end of a year with a surplus (二次补偿): claims of which the person bore more than `overFen` of eligible amounts share a pot, each at most `shareBp` of it. */
export interface SecondCompensation {
  readonly overFen: bigint;
  readonly shareBp: number;
}

export interface ReviewRule {
  /** 0: no claim waits for its amount. */
  readonly aboveFundFen: bigint;
  readonly diagnosisPrefixes: readonly string[];
}

/** A case that the scheme must decide as its authors have worked out by hand. */
export interface GoldenCase {
  readonly name: string;
  readonly visit: GoldenVisit;
  readonly before: GoldenBefore;
  /** What must come out; what is not named is not compared. */
  readonly expect: Readonly<Record<GoldenResult, bigint | undefined>>;
}

export const GOLDEN_RESULTS = [
  "totalFen",
  "eligibleFen",
  "deductibleFen",
  "subsidyFen",
  "fundFen",
  "accountFen",
  "assistanceFen",
  "catastrophicFen",
  "hospitalFen",
  "patientFen",
  "overCapFen",
] as const;
export type GoldenResult = (typeof GOLDEN_RESULTS)[number];

/** What is known of a stay or visit besides its lines. */
export interface VisitFacts {
  readonly visitKind: VisitKind;
  readonly level: Level;
  readonly category: Category;
  /** ICD-10. */
  readonly diagnosis: string;
  readonly procedures: readonly string[];
  /** The chronic diseases that the person is registered for. */
  readonly registrations: readonly string[];
  /** With a referral approved for this stay. */
  readonly referred: boolean;
  /** Mainly traditional medicine. */
  readonly tcm: boolean;
}

export interface GoldenVisit extends VisitFacts {
  readonly lines: readonly GoldenLine[];
}

export interface GoldenLine {
  readonly itemCode: string;
  readonly fen: bigint;
  /** Ten-thousandths. */
  readonly quantityE4: bigint;
  /** Empty: the scheme's first day. */
  readonly day: string;
  readonly covered: boolean;
}

export interface GoldenBefore {
  readonly usedFen: readonly { readonly cap: string; readonly fen: bigint }[];
  readonly compensatedStays: number;
  readonly accountFen: bigint;
  readonly borneFen: bigint;
}

export interface CatalogueItem {
  readonly itemCode: string;
  readonly name: string;
  readonly class: string;
  /** 0: no limit. */
  readonly priceLimitFen: bigint;
  readonly lowestLevel: Level;
}

/** Found once for each code of a scheme: a year's claims ask for the same few. */
const found = new WeakMap<readonly Cap[], Map<string, readonly Cap[]>>();

/** The caps that count what a benefit pays, directly or through another cap. A cap that includes itself is refused at publication. */
export function capsOver(caps: readonly Cap[], code: string): readonly Cap[] {
  const known = found.get(caps)?.get(code);
  if (known) return known;
  const direct = caps.filter((cap) => cap.includes.includes(code));
  const over = direct.length === 0 ? direct : [...new Set(direct.flatMap((cap) => [cap, ...capsOver(caps, cap.code)]))];
  const ofCaps = found.get(caps) ?? new Map<string, readonly Cap[]>();
  found.set(caps, ofCaps.set(code, over));
  return over;
}

export function unitAt({ resultUnit, resultUnitAt }: Scheme, level: Level): Unit {
  return resultUnitAt.find((at) => at.level === level)?.unit ?? resultUnit;
}
