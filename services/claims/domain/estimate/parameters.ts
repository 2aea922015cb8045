/** The numbers of a scheme that somebody may turn, each with the same scheme a step further, and the claims that such a step can touch: all others stay as they are. */
import type { BenefitRule, LevelTerms, Scheme } from "../../../benefit/scheme.ts";
import type { Computed } from "../compute.ts";
import type { Ready } from "./replay.ts";

/** How far each is turned: a rate by so many basis points, an amount by so many fen. */
export interface Steps {
  readonly stepBp: number;
  readonly stepFen: bigint;
}

export interface Parameter {
  /** As the document names it: `benefits[0].levels[1].rate_bp`. */
  readonly field: string;
  readonly unit: "BP" | "FEN";
  readonly value: bigint;
  /** What it is turned by: less than a whole step where that would be above 100 %. */
  readonly step: bigint;
  readonly scheme: Scheme;
  touches(one: Ready, computed: Computed): boolean;
}

/** A scheme with more has its first ones tried; their number is in the report. */
export const MAX_PARAMETERS = 400;
const FULL_BP = 10_000;

type Place = readonly (string | number)[];
type Touch = Parameter["touches"];

export function parametersOf(scheme: Scheme, { stepBp, stepFen }: Steps): readonly Parameter[] {
  const found: Parameter[] = [];
  const rate = (place: Place, field: string, value: number, touches: Touch) => {
    const to = Math.min(FULL_BP, value + stepBp);
    if (to === value) return;
    found.push({ field, unit: "BP", value: BigInt(value), step: BigInt(to - value), scheme: changed(scheme, place, to), touches });
  };
  const amount = (place: Place, field: string, value: bigint, touches: Touch) =>
    found.push({ field, unit: "FEN", value, step: stepFen, scheme: changed(scheme, place, value + stepFen), touches });
  for (const [index, benefit] of scheme.benefits.entries()) benefitParameters(benefit, index, rate, amount);
  const isCut: Touch = (_, { benefit }) => benefit.overCapFen > 0n;
  for (const [index, { fen }] of scheme.caps.entries()) amount(["caps", index, "fen"], `caps[${index}].fen`, fen, isCut);
  for (const [index, { class: name, selfFirstBp }] of scheme.classes.entries())
    rate(["classes", index, "selfFirstBp"], `classes[${index}].self_first_bp`, selfFirstBp, ({ visit }) =>
      visit.lines.some(({ item }) => item.class === name),
    );
  for (const [index, { code, quotaFen, fundBp }] of scheme.seriousDiseases.entries()) {
    amount(["seriousDiseases", index, "quotaFen"], `serious_diseases[${index}].quota_fen`, quotaFen, isOf(code));
    rate(["seriousDiseases", index, "fundBp"], `serious_diseases[${index}].fund_bp`, fundBp, isOf(code));
  }
  for (const [index, { code, priceFen, fundBp }] of scheme.diseasePrices.entries()) {
    amount(["diseasePrices", index, "priceFen"], `disease_prices[${index}].price_fen`, priceFen, isOf(code));
    rate(["diseasePrices", index, "fundBp"], `disease_prices[${index}].fund_bp`, fundBp, isOf(code));
  }
  for (const [index, { categories, bp }] of scheme.assistance.entries())
    rate(["assistance", index, "bp"], `assistance[${index}].bp`, bp, ({ visit }) => categories.includes(visit.category));
  for (const [index, { bp }] of scheme.catastrophic.entries())
    rate(["catastrophic", index, "bp"], `catastrophic[${index}].bp`, bp, (_, { drawn }) => drawn.borneFen > 0n);
  return found;
}

const isOf =
  (code: string): Touch =>
  (_, { benefit }) =>
    benefit.code === code;

type Rate = (place: Place, field: string, value: number, touches: Touch) => void;
type Amount = (place: Place, field: string, value: bigint, touches: Touch) => void;

function benefitParameters(benefit: BenefitRule, index: number, rate: Rate, amount: Amount): void {
  const { code, levels, perVisitCapFen, subsidyFen, modifiers, deductible } = benefit;
  const [place, field] = [["benefits", index], `benefits[${index}]`];
  const touches = isOf(code);
  for (const [at, terms] of levels.entries())
    levelParameters(benefit, terms, [...place, "levels", at], `${field}.levels[${at}]`, rate, amount);
  for (const [at, { bp }] of deductible.nthStay.entries())
    rate([...place, "deductible", "nthStay", at, "bp"], `${field}.deductible.nth_stay[${at}].bp`, bp, touches);
  for (const [at, { pointsBp }] of modifiers.entries())
    rate([...place, "modifiers", at, "pointsBp"], `${field}.modifiers[${at}].points_bp`, pointsBp, touches);
  if (perVisitCapFen !== undefined)
    amount([...place, "perVisitCapFen"], `${field}.per_visit_cap_fen`, perVisitCapFen, (_, of) => of.benefit.overCapFen > 0n);
  if (subsidyFen > 0n) amount([...place, "subsidyFen"], `${field}.subsidy_fen`, subsidyFen, touches);
}

function levelParameters(benefit: BenefitRule, terms: LevelTerms, place: Place, field: string, rate: Rate, amount: Amount): void {
  const { level, deductibleFen, floorBp, rate: of } = terms;
  const touches: Touch = ({ visit }, computed) => visit.level === level && computed.benefit.code === benefit.code;
  const isDeducted: Touch = (one, computed) => touches(one, computed) && !benefit.deductible.waivedFor.includes(one.visit.category);
  switch (of.kind) {
    case "QUOTA":
      return amount([...place, "rate", "fen"], `${field}.quota_fen`, of.fen, touches);
    case "MONTHLY_QUOTA":
      return amount([...place, "rate", "fen"], `${field}.monthly_quota_fen`, of.fen, touches);
    case "FLAT":
      rate([...place, "rate", "bp"], `${field}.rate_bp`, of.bp, touches);
      break;
    case "SEGMENTS":
      for (const [at, { bp, overFen }] of of.segments.entries())
        rate(
          [...place, "rate", "segments", at, "bp"],
          `${field}.segments[${at}].bp`,
          bp,
          (one, computed) => touches(one, computed) && computed.benefit.eligibleFen > overFen,
        );
  }
  amount([...place, "deductibleFen"], `${field}.deductible_fen`, deductibleFen, isDeducted);
  if (floorBp > 0) rate([...place, "floorBp"], `${field}.floor_bp`, floorBp, touches);
}

/** A copy of the scheme with one value changed; what does not hold it is shared with the scheme. */
function changed(scheme: Scheme, place: Place, value: number | bigint): Scheme {
  return within(scheme, place, value) as Scheme;
}

function within(holder: unknown, [step, ...rest]: Place, value: number | bigint): unknown {
  if (step === undefined) return value;
  if (Array.isArray(holder)) return holder.map((held: unknown, index) => (index === step ? within(held, rest, value) : held));
  const fields = holder as Readonly<Record<string, unknown>>;
  return { ...fields, [step]: within(fields[step], rest, value) };
}
