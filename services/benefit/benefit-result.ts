/** What a benefit pays on a visit before the caps: the account's first part, deductible, rate, segments or quota with modifiers, floor, rounding. */
import { BP, greater, halfUp, lesser } from "../values/money.ts";
import { type Case, type Computed, type PaidMonth, unitSize } from "./case.ts";
import { orderOf } from "./entitlement.ts";
import { accountPart, partIn } from "./payers.ts";
import { type BenefitRule, type LevelTerms, unitAt } from "./scheme.ts";
import { percent, words } from "./trace.ts";
import { reaches } from "./words.ts";

/** An exact rate: numerator / denominator, between 0 and 1. */
interface Rational {
  readonly numerator: bigint;
  readonly denominator: bigint;
}

export function byBenefit(one: Case, benefit: BenefitRule, terms: LevelTerms): Computed {
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
  const size = unitSize(one);
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
