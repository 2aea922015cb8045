/**
 * What each payer pays on one stay or visit (补偿额), in fen, exactly. Pure. Source: the order of evaluation in domain rules 3.2, read as in 3.4:
 * lines (scope, price limit, self-first) → Σ eligible → deductible → rate, segments or quota with modifiers → floor → rounding → caps → account → assistance → catastrophic → patient.
 * Half-up rounding happens at each line's eligible amount, at each segment's amount, and once at the result, from the exact value straight to the scheme's unit.
 */
import { BP, greater, halfUp, lesser } from "../values/money.ts";
import { assert } from "../values/outcome.ts";
import {
  type BenefitRule,
  type Cap,
  type CatalogueItem,
  capsOver,
  type DiseasePrice,
  type ItemClass,
  type LevelTerms,
  type OutpatientOrder,
  type Scheme,
  type Segment,
  type SeriousDisease,
  type Unit,
  unitAt,
  type VisitFacts,
} from "./scheme.ts";
import { percent, type Step, type StepName, type Words, words } from "./trace.ts";
import { type Level, reaches } from "./words.ts";

const QUANTITY_SCALE = 10_000n;
const UNIT_FEN: Readonly<Record<Unit, bigint>> = { FEN: 1n, JIAO: 10n, YUAN: 100n };
const FULL_BP = 10_000;

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

/** An exact rate: numerator / denominator, between 0 and 1. */
interface Rational {
  readonly numerator: bigint;
  readonly denominator: bigint;
}

/** What an entitlement computes before the caps. */
interface Computed {
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
interface Case {
  readonly visit: Visit;
  readonly law: Law;
  readonly before: Before;
  readonly totalFen: bigint;
  readonly eligibleFen: bigint;
  readonly note: ((step: StepName, rule: string, inFen: bigint, outFen: bigint, words: Words) => void) | undefined;
}

/** The entitlement that a visit falls under: the first serious disease, disease price or benefit that fits; undefined where the scheme has none. */
export function entitlementOf(visit: Visit, scheme: Scheme): Entitlement | undefined {
  const { diagnosis, level } = visit;
  if (visit.visitKind === "INPATIENT") {
    const serious = scheme.seriousDiseases.find((one) => isSerious(one, visit));
    if (serious) return { kind: "SERIOUS", serious };
    const price = scheme.diseasePrices.find((one) => one.levels.includes(level) && hasPrefix(one.diagnoses, diagnosis));
    if (price) return { kind: "PRICE", price };
  }
  for (const benefit of scheme.benefits) {
    if (!fits(benefit, visit)) continue;
    const terms = benefit.levels.find((one) => one.level === level);
    if (terms) return { kind: "BENEFIT", benefit, terms };
  }
  return undefined;
}

export type Entitlement =
  | { readonly kind: "BENEFIT"; readonly benefit: BenefitRule; readonly terms: LevelTerms }
  | { readonly kind: "SERIOUS"; readonly serious: SeriousDisease }
  | { readonly kind: "PRICE"; readonly price: DiseasePrice };

function isSerious(one: SeriousDisease, { level, diagnosis, procedures }: Visit): boolean {
  if (!reaches(level, one.lowestLevel) || !hasPrefix(one.diagnoses, diagnosis)) return false;
  return one.procedures.length === 0 || one.procedures.some((procedure) => procedures.includes(procedure));
}

function fits({ visitKind, categories, diagnoses, registration }: BenefitRule, visit: Visit): boolean {
  return (
    visitKind === visit.visitKind &&
    (categories.length === 0 || categories.includes(visit.category)) &&
    (diagnoses.length === 0 || hasPrefix(diagnoses, visit.diagnosis)) &&
    (registration === "" || visit.registrations.includes(registration))
  );
}

function hasPrefix(prefixes: readonly string[], diagnosis: string): boolean {
  return prefixes.some((prefix) => diagnosis.startsWith(prefix));
}

/** Adjudicates a visit under the entitlement that `entitlementOf` gave; `trace` takes the steps where they are wanted. */
export function adjudicate(visit: Visit, entitlement: Entitlement, law: Law, before: Before, trace?: Step[]): Adjudicated {
  const { schemeHash, catalogueHash } = law;
  const note = trace
    ? (step: StepName, rule: string, inFen: bigint, outFen: bigint, [zh, en]: Words): void => {
        trace.push({ step, rule, source: step === "LINE" ? catalogueHash : schemeHash, inFen, outFen, zh, en });
      }
    : undefined;
  let totalFen = 0n;
  let eligibleFen = 0n;
  for (const line of visit.lines) {
    totalFen += line.billedFen - (line.deductedFen ?? 0n);
    eligibleFen += eligibleOf(line, visit.level, law.classes, note);
  }
  note?.("ELIGIBLE", law.catalogueVersion, totalFen, eligibleFen, words.eligible(totalFen, eligibleFen));
  const one: Case = { visit, law, before, totalFen, eligibleFen, note };
  const computed =
    entitlement.kind === "BENEFIT"
      ? byBenefit(one, entitlement.benefit, entitlement.terms)
      : entitlement.kind === "SERIOUS"
        ? byQuota(one, entitlement.serious)
        : byPrice(one, entitlement.price);
  return paid(one, computed);
}

/** Item scope, then price limit, then what the patient pays first of the class. */
function eligibleOf(line: PricedLine, level: Level, classes: readonly ItemClass[], note: Case["note"]): bigint {
  const { item, billedFen, quantityE4, deductedFen = 0n } = line;
  if (!line.covered) {
    note?.("LINE", item.itemCode, billedFen, 0n, words.uncovered(item.name, billedFen, line.day));
    return 0n;
  }
  if (!reaches(level, item.lowestLevel)) {
    note?.("LINE", item.itemCode, billedFen, 0n, words.outOfScope(item.name, billedFen, item.lowestLevel));
    return 0n;
  }
  const { priceLimitFen } = item;
  const limitedFen = priceLimitFen === 0n ? billedFen : lesser(billedFen, halfUp(priceLimitFen * quantityE4, QUANTITY_SCALE));
  const share = classes.find((entry) => entry.class === item.class);
  assert(share, `class ${item.class} of ${item.itemCode} is in the scheme: it was checked at publication`);
  const eligibleFen = share.selfFirstBp === 0 ? limitedFen : halfUp(limitedFen * BigInt(FULL_BP - share.selfFirstBp), BP);
  note?.(
    "LINE",
    item.itemCode,
    billedFen,
    eligibleFen,
    words.line(item.name, item.class, billedFen, limitedFen, share.selfFirstBp, eligibleFen),
  );
  if (deductedFen === 0n) return eligibleFen;
  const standing = limitedFen * (billedFen - deductedFen) * BigInt(FULL_BP - share.selfFirstBp);
  const leftFen = halfUp(standing, billedFen * BP);
  note?.("DEDUCTION", item.itemCode, eligibleFen, leftFen, words.deduction(item.name, billedFen, deductedFen, leftFen));
  return leftFen;
}

function byBenefit(one: Case, benefit: BenefitRule, terms: LevelTerms): Computed {
  const { visit, law, totalFen, eligibleFen, note } = one;
  const rule = `${benefit.code}/${terms.level}`;
  const order = orderOf(visit, law.scheme, benefit);
  const subsidyFen = lesser(benefit.subsidyFen, totalFen);
  if (subsidyFen > 0n) note?.("SUBSIDY", rule, totalFen, subsidyFen, words.subsidy(subsidyFen));
  // The family account comes first where the scheme says so: the pool then sees what is left.
  const first = order === "ACCOUNT_THEN_POOL" ? accountPart(one, eligibleFen) : 0n;
  const baseFen = eligibleFen - first;
  const { deductibleFen, deducted } = deductibleOf(one, benefit, terms, baseFen);
  const { rate } = terms;
  const common = {
    code: benefit.code,
    order,
    subsidyFen,
    perVisitCapFen: benefit.perVisitCapFen,
    assistanceFen: 0n,
    hospitalFen: 0n,
    months: [],
    deducted,
    deductibleFen,
  };
  if (order === "ACCOUNT_ONLY") return { ...common, rateBp: 0, resultFen: 0n, byRate: false };
  const leftFen = totalFen - subsidyFen;
  switch (rate.kind) {
    case "QUOTA": {
      const resultFen = lesser(rate.fen, leftFen);
      note?.("QUOTA", rule, leftFen, resultFen, words.quota(rate.fen, resultFen));
      return { ...common, rateBp: 0, resultFen, byRate: false };
    }
    case "MONTHLY_QUOTA": {
      const months = monthsOf(one, benefit.code, rate.fen, leftFen);
      const resultFen = months.reduce((sum, { fen }) => sum + fen, 0n);
      note?.("QUOTA", rule, leftFen, resultFen, words.monthlyQuota(rate.fen, months.length, resultFen));
      return { ...common, rateBp: 0, resultFen, byRate: false, months };
    }
    case "FLAT": {
      const effective = effectiveRate(one, benefit, rate.bp, rate.multiplierBp);
      const overFen = baseFen - deductibleFen;
      const exact = { numerator: overFen * effective.numerator, denominator: effective.denominator };
      note?.("RATE", rule, overFen, halfUp(exact.numerator, exact.denominator), words.rate(overFen, rateText(effective)));
      return { ...common, rateBp: shown(effective), resultFen: floored(one, rule, terms, deductibleFen, exact), byRate: true };
    }
    case "SEGMENTS": {
      let resultFen = 0n;
      let top: Rational = { numerator: 0n, denominator: 1n };
      for (const segment of rate.segments) {
        const partFen = partIn(segment, deductibleFen, baseFen);
        if (partFen === 0n) continue;
        top = effectiveRate(one, benefit, segment.bp, rate.multiplierBp);
        const fen = halfUp(partFen * top.numerator, top.denominator);
        note?.("SEGMENT", rule, partFen, fen, words.segment(segment.overFen, segment.upToFen, partFen, rateText(top)));
        resultFen += fen;
      }
      const exact = { numerator: resultFen, denominator: 1n };
      return { ...common, rateBp: shown(top), resultFen: floored(one, rule, terms, deductibleFen, exact), byRate: true };
    }
  }
}

/** Who pays first on a visit; a stay is never paid from the family account. */
export function orderOf({ visitKind }: Pick<VisitFacts, "visitKind">, scheme: Scheme, { outpatientOrder }: BenefitRule): OutpatientOrder {
  return visitKind === "OUTPATIENT" ? (outpatientOrder ?? scheme.outpatientOrder) : "POOL_ONLY";
}

/** What of (from; to] lies in a segment. */
function partIn({ overFen, upToFen }: Segment, fromFen: bigint, toFen: bigint): bigint {
  const end = upToFen === undefined ? toFen : lesser(toFen, upToFen);
  return greater(0n, end - greater(overFen, fromFen));
}

/** The nth compensated stay's deductible, at most what counts. */
function deductibleOf(one: Case, benefit: BenefitRule, terms: LevelTerms, baseFen: bigint): { deductibleFen: bigint; deducted: string } {
  const { visit, before, note } = one;
  const { nthStay, waivedFor, oncePerYear } = benefit.deductible;
  const stays = visit.visitKind === "INPATIENT";
  const nth = before.compensatedStays + 1;
  const yearly = oncePerYear.find((prefix) => visit.diagnosis.startsWith(prefix)) ?? "";
  let fen = terms.deductibleFen;
  let why = words.plain;
  if (waivedFor.includes(visit.category)) [fen, why] = [0n, words.waived];
  else if (yearly !== "" && before.deducted.includes(yearly)) [fen, why] = [0n, words.onceTaken];
  else if (stays) {
    const step = nthStay.findLast(({ from }) => from <= nth);
    if (step) fen = halfUp(fen * BigInt(step.bp), BP);
  }
  const deductibleFen = lesser(baseFen, fen);
  if (terms.deductibleFen > 0n)
    note?.(
      "DEDUCTIBLE",
      `${benefit.code}/${terms.level}`,
      baseFen,
      deductibleFen,
      stays ? words.deductible(deductibleFen, nth, why) : words.visitDeductible(deductibleFen, why),
    );
  return { deductibleFen, deducted: deductibleFen > 0n ? yearly : "" };
}

/** clamp((bp + Σ points) × Π multipliers, 0, 1), exactly. A referral is wanted at PREFECTURE and above. */
function effectiveRate({ visit }: Case, { modifiers }: BenefitRule, bp: number, multiplierBp: number): Rational {
  let points = bp;
  let numerator = BigInt(multiplierBp);
  let denominator = BP * BP;
  for (const { when, pointsBp, multiplyBp } of modifiers) {
    const holds = when === "TCM" ? visit.tcm : reaches(visit.level, "PREFECTURE") && !visit.referred;
    if (!holds) continue;
    points += pointsBp;
    numerator *= BigInt(multiplyBp);
    denominator *= BP;
  }
  numerator *= BigInt(Math.max(0, points));
  return numerator > denominator ? { numerator: 1n, denominator: 1n } : { numerator, denominator };
}

function shown({ numerator, denominator }: Rational): number {
  return Number(halfUp(numerator * BP, denominator));
}

function rateText({ numerator, denominator }: Rational): string {
  return percent(Number((numerator * 1_000_000n) / denominator) / 100);
}

/** The exact result or the floor, whichever is more, rounded once to the unit. Where nothing is over the deductible there is no floor. */
function floored(one: Case, rule: string, { floorBp, level }: LevelTerms, deductibleFen: bigint, exact: Rational): bigint {
  const { law, totalFen, eligibleFen, note } = one;
  const unit = unitAt(law.scheme, level);
  const size = UNIT_FEN[unit];
  const resultFen = halfUp(exact.numerator, exact.denominator * size) * size;
  if (resultFen * exact.denominator !== exact.numerator)
    note?.("ROUND", unit, halfUp(exact.numerator, exact.denominator), resultFen, words.round(unit, resultFen));
  if (floorBp === 0 || eligibleFen <= deductibleFen) return resultFen;
  const baseFen = totalFen - deductibleFen;
  const floorFen = halfUp(baseFen * BigInt(floorBp), BP * size) * size;
  note?.("FLOOR", rule, resultFen, greater(resultFen, floorFen), words.floor(baseFen, floorBp, floorFen > resultFen));
  return greater(resultFen, floorFen);
}

/** The quota of each month with a covered service, less what was paid for it, in the order of the months; at most what is left of the bill. */
function monthsOf(one: Case, code: string, quotaFen: bigint, leftFen: bigint): PaidMonth[] {
  const months = [...new Set(one.visit.lines.filter(({ covered }) => covered).map(({ day }) => day.slice(0, 7)))].sort();
  let left = leftFen;
  return months.map((month) => {
    const paidFen = one.before.months.reduce((sum, paid) => (paid.code === code && paid.month === month ? sum + paid.fen : sum), 0n);
    const open = greater(0n, quotaFen - paidFen);
    const fen = lesser(open, left);
    left -= fen;
    return { code, month, fen };
  });
}

/** A fixed price that fund, assistance and patient share: no deductible, no catalogue; what is above it is the hospital's. */
function byQuota({ law, visit, totalFen, note }: Case, serious: SeriousDisease): Computed {
  const { code, quotaFen, fundBp, assistanceBp } = serious;
  const baseFen = lesser(totalFen, quotaFen);
  const size = UNIT_FEN[unitAt(law.scheme, visit.level)];
  const resultFen = halfUp(baseFen * BigInt(fundBp), BP * size) * size;
  const assistanceFen = halfUp(baseFen * BigInt(assistanceBp), BP);
  note?.("PRICE", code, baseFen, resultFen, words.price(baseFen, fundBp, resultFen));
  const hospitalFen = totalFen - baseFen;
  return { ...FIXED, code, resultFen, assistanceFen, hospitalFen };
}

const FIXED = {
  order: "POOL_ONLY",
  deductibleFen: 0n,
  rateBp: 0,
  subsidyFen: 0n,
  perVisitCapFen: undefined,
  assistanceFen: 0n,
  byRate: false,
  months: [],
  deducted: "",
} as const;

/** A price for the disease, whatever it cost, and some items beside it. */
function byPrice({ law, visit, note }: Case, { code, priceFen, fundBp, separately }: DiseasePrice): Computed {
  const size = UNIT_FEN[unitAt(law.scheme, visit.level)];
  const fundFen = halfUp(priceFen * BigInt(fundBp), BP * size) * size;
  note?.("PRICE", code, priceFen, fundFen, words.price(priceFen, fundBp, fundFen));
  let resultFen = fundFen;
  let actualFen = 0n;
  for (const { item, billedFen, deductedFen = 0n } of visit.lines) {
    const standingFen = billedFen - deductedFen;
    const apart = separately.find(({ items }) => items.includes(item.itemCode));
    if (!apart) {
      actualFen += standingFen;
      continue;
    }
    const fen = halfUp(standingFen * BigInt(apart.bp), BP * size) * size;
    note?.("SEPARATE", item.itemCode, standingFen, fen, words.separate(item.name, standingFen, apart.bp, fen));
    resultFen += fen;
  }
  return { ...FIXED, code, resultFen, hospitalFen: actualFen - priceFen };
}

function accountPart({ before }: Case, mostFen: bigint): bigint {
  return lesser(before.accountFen, greater(0n, mostFen));
}

/** The caps, then the other payers in their order, each limited to what is left; the patient is the remainder. */
function paid(one: Case, computed: Computed): Adjudicated {
  const { visit, law, before, totalFen, eligibleFen, note } = one;
  const { scheme } = law;
  const { code, order, subsidyFen, hospitalFen, deductibleFen } = computed;
  const caps = capsOver(scheme.caps, code);
  const { fundFen, overCapFen } = capped(one, computed, caps);
  let leftFen = totalFen - hospitalFen - subsidyFen - fundFen;
  const openFen = greater(0n, lesser(leftFen, eligibleFen - fundFen));
  const accountFen = order === "POOL_ONLY" ? 0n : accountPart(one, openFen);
  if (order !== "POOL_ONLY" && before.accountFen > 0n)
    note?.("ACCOUNT", order, before.accountFen, accountFen, words.account(before.accountFen, accountFen));
  leftFen -= accountFen;
  const assistanceFen = assisted(one, computed, openFen - accountFen, leftFen);
  leftFen -= assistanceFen;
  const borneFen = computed.byRate ? greater(0n, lesser(leftFen, eligibleFen - fundFen - accountFen - assistanceFen)) : 0n;
  const catastrophicFen = lesser(leftFen, catastrophicOf(one, borneFen));
  const patientFen = leftFen - catastrophicFen;
  if (hospitalFen !== 0n) note?.("HOSPITAL", code, totalFen, hospitalFen, words.hospital(hospitalFen));
  note?.("PATIENT", code, totalFen, patientFen, words.patient(patientFen));
  assert(fundFen >= 0n && patientFen >= 0n, `a fund part of ${fundFen}, a patient's of ${patientFen}, of ${totalFen} fen`);
  return {
    code,
    amounts: {
      totalFen,
      eligibleFen,
      deductibleFen,
      rateBp: computed.rateBp,
      subsidyFen,
      fundFen,
      accountFen,
      assistanceFen,
      catastrophicFen,
      hospitalFen,
      patientFen,
      overCapFen,
    },
    drawn: {
      caps: caps.map((cap) => cap.code),
      stay: computed.byRate && visit.visitKind === "INPATIENT" && fundFen > 0n,
      borneFen,
      months: monthsPaid(computed.months, fundFen),
      deducted: computed.deducted,
    },
  };
}

/** The fund's part after what is left of the bill, the cap of the visit and the caps of the year. What is cut is rounded down to the unit, never up. */
function capped(one: Case, computed: Computed, caps: readonly Cap[]): { fundFen: bigint; overCapFen: bigint } {
  const { visit, law, before, totalFen, note } = one;
  const { resultFen, subsidyFen, hospitalFen, perVisitCapFen, assistanceFen, code } = computed;
  const size = UNIT_FEN[unitAt(law.scheme, visit.level)];
  const cut = (fen: bigint, mostFen: bigint) => (fen <= mostFen ? fen : (greater(0n, mostFen) / size) * size);
  const wantedFen = cut(resultFen, totalFen - hospitalFen - subsidyFen - assistanceFen);
  let fen = wantedFen;
  if (perVisitCapFen !== undefined) {
    const within = cut(fen, perVisitCapFen);
    note?.("VISIT_CAP", code, fen, within, words.visitCap(perVisitCapFen, within));
    fen = within;
  }
  for (const cap of caps) {
    const usedFen = before.usedFen[cap.code] ?? 0n;
    const within = cut(fen, cap.fen - usedFen);
    note?.("CAP", cap.code, fen, within, words.cap(cap.code, cap.fen, usedFen, within));
    fen = within;
  }
  return { fundFen: fen, overCapFen: wantedFen - fen };
}

/** A serious disease's own assistance, or the scheme's on what is left of the eligible amount. */
function assisted({ visit, law, note }: Case, computed: Computed, openFen: bigint, leftFen: bigint): bigint {
  const rule = computed.byRate ? law.scheme.assistance.find(({ categories }) => categories.includes(visit.category)) : undefined;
  const fen = lesser(leftFen, rule ? halfUp(openFen * BigInt(rule.bp), BP) : computed.assistanceFen);
  if (fen > 0n) note?.("ASSISTANCE", rule ? visit.category : computed.code, openFen, fen, words.assistance(rule?.bp ?? 0, fen));
  return fen;
}

/** What the year's segments give for what is borne with this stay, less what they gave for what was borne before. */
function catastrophicOf({ law, before, note }: Case, borneFen: bigint): bigint {
  const { catastrophic } = law.scheme;
  if (catastrophic.length === 0 || borneFen === 0n) return 0n;
  const upTo = (fen: bigint) => catastrophic.reduce((sum, segment) => sum + halfUp(partIn(segment, 0n, fen) * BigInt(segment.bp), BP), 0n);
  const afterFen = before.borneFen + borneFen;
  const fen = upTo(afterFen) - upTo(before.borneFen);
  if (fen > 0n) note?.("CATASTROPHIC", "catastrophic", borneFen, fen, words.catastrophic(before.borneFen, afterFen, fen));
  return fen;
}

/** The months that the fund part was for, the earliest first. */
function monthsPaid(months: Computed["months"], fundFen: bigint): PaidMonth[] {
  let left = fundFen;
  return months.flatMap((month) => {
    const fen = lesser(month.fen, left);
    left -= fen;
    return fen > 0n ? [{ ...month, fen }] : [];
  });
}
