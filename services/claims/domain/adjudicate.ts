/**
 * What the fund pays on one stay or visit (补偿额), in fen, exactly. Source: the order of evaluation and its readings, domain rules 3.2 and 3.4.
 * Half-up rounding happens at each line's eligible amount and once at the result; a rate is never rounded.
 */
import { BP, greater, halfUp, lesser, sum } from "../../values/money.ts";
import { assert } from "../../values/outcome.ts";
import type { BenefitRule, CatalogueItem, SelfFirst } from "./scheme.ts";
import { type Level, reaches, type VisitKind } from "./words.ts";

const QUANTITY_SCALE = 10_000n;

/** One line as the treatment place's catalogue sees it. */
export interface PricedLine {
  readonly item: CatalogueItem;
  readonly quantityE4: bigint;
  readonly billedFen: bigint;
  /** False on a day on which the person is not covered: such a line is the patient's. */
  readonly covered: boolean;
}

export interface Stay {
  readonly visitKind: VisitKind;
  readonly level: Level;
  readonly lines: readonly PricedLine[];
  /** With a referral registered for this stay. */
  readonly referred: boolean;
  readonly tcm: boolean;
  readonly deductibleWaived: boolean;
}

/** What the scheme says of such a stay: rule and cap of the insured place, classes of the treatment place. */
export interface Terms {
  readonly rule: BenefitRule;
  readonly classes: readonly SelfFirst[];
  /** Undefined: no yearly cap. */
  readonly capFen: bigint | undefined;
}

/** What the person's year has seen of this kind of visit. */
export interface Before {
  readonly usedFen: bigint;
  /** Standing inpatient claims with a fund part. */
  readonly compensatedStays: number;
}

export interface Amounts {
  readonly totalFen: bigint;
  readonly eligibleFen: bigint;
  readonly deductibleFen: bigint;
  readonly rateBp: number;
  readonly fundFen: bigint;
  readonly patientFen: bigint;
  readonly overCapFen: bigint;
}

/** total = fund + patient; 0 ≤ fund ≤ eligible ≤ total; used + fund ≤ cap wherever used ≤ cap. */
export function adjudicate(stay: Stay, terms: Terms, before: Before): Amounts {
  const totalFen = sum(stay.lines.map((line) => line.billedFen));
  const eligibleFen = sum(stay.lines.map((line) => eligibleOf(line, stay.level, terms.classes)));
  const deductibleFen = lesser(eligibleFen, deductibleOf(stay, terms.rule, before));
  const rateBp = rateOf(stay, terms.rule);
  const computedFen = halfUp((eligibleFen - deductibleFen) * BigInt(rateBp), BP);
  const leftFen = terms.capFen === undefined ? computedFen : greater(0n, terms.capFen - before.usedFen);
  const fundFen = lesser(computedFen, leftFen);
  assert(
    fundFen >= 0n && fundFen <= eligibleFen && eligibleFen <= totalFen,
    `a fund part of ${fundFen} of ${eligibleFen} of ${totalFen} fen`,
  );
  return { totalFen, eligibleFen, deductibleFen, rateBp, fundFen, patientFen: totalFen - fundFen, overCapFen: computedFen - fundFen };
}

/** Item scope, then price limit, then what the patient pays first of the class. */
function eligibleOf(line: PricedLine, level: Level, classes: readonly SelfFirst[]): bigint {
  if (!line.covered || !reaches(level, line.item.lowestLevel)) return 0n;
  const { priceLimitFen } = line.item;
  const limitedFen =
    priceLimitFen === 0n ? line.billedFen : lesser(line.billedFen, halfUp(priceLimitFen * line.quantityE4, QUANTITY_SCALE));
  const share = classes.find((entry) => entry.class === line.item.class);
  assert(share, `class ${line.item.class} of ${line.item.itemCode} is in the scheme: it was checked at publication`);
  return halfUp(limitedFen * (BP - BigInt(share.selfFirstBp)), BP);
}

/** From the second compensated stay of the year on, the deductible is reduced. */
function deductibleOf(stay: Stay, rule: BenefitRule, before: Before): bigint {
  if (stay.deductibleWaived) return 0n;
  const repeated = stay.visitKind === "INPATIENT" && before.compensatedStays > 0;
  return repeated ? halfUp(rule.deductibleFen * BigInt(rule.repeatDeductibleBp), BP) : rule.deductibleFen;
}

/** The rate with its points, between nothing and everything. A referral is wanted at PREFECTURE and above. */
function rateOf(stay: Stay, rule: BenefitRule): number {
  const noReferral = reaches(stay.level, "PREFECTURE") && !stay.referred ? rule.noReferralPointsBp : 0;
  const tcm = stay.tcm ? rule.tcmPointsBp : 0;
  return Math.min(10_000, Math.max(0, rule.rateBp + noReferral + tcm));
}
