/** A scheme or a catalogue at the door: whether every field is one. Whether it contradicts itself is the decision's to judge. */
import { badRequest, type Refusal } from "../../values/outcome.ts";
import { badCode, badCount, badCounty, badDay, badFen, badId, badNumber, badText, missing } from "./fields.ts";
import type { BenefitRule, CatalogueItem, Scheme, SelfFirst, YearCap } from "./scheme.ts";
import { isCategory, isLevel, isVisitKind } from "./words.ts";

type Wide<T, K extends keyof T> = Omit<T, K> & { readonly [key in K]: string };
type RuleForm = Wide<BenefitRule, "visitKind" | "level">;
type CapForm = Wide<YearCap, "visitKind">;

/** A scheme as the contract has it: any word may be none, the review rule may be left out. */
export type SchemeForm = Omit<Scheme, "rules" | "caps" | "review" | "deductibleWaived"> & {
  readonly rules: readonly RuleForm[];
  readonly caps: readonly CapForm[];
  readonly review: Scheme["review"] | undefined;
  readonly deductibleWaived: readonly string[];
};

export type ItemForm = Wide<CatalogueItem, "lowestLevel">;

const FULL_BP = 10_000;
const FIRST_YEAR = 2003;
const LAST_YEAR = 2199;
const MAX_VERSION = 99;
const MAX_NAME = 100;
const MAX_RULES = 12;
const MAX_CAPS = 2;
const MAX_CLASSES = 50;
const MAX_PREFIXES = 200;
const MAX_WAIVED = 10;
const MAX_ITEMS = 5000;

export function schemeFormFault(scheme: SchemeForm | undefined): Refusal | undefined {
  if (!scheme) return missing("scheme");
  return (
    badCounty("scheme.county", scheme.county) ??
    badNumber("scheme.year", scheme.year, FIRST_YEAR, LAST_YEAR) ??
    badNumber("scheme.version", scheme.version, 1, MAX_VERSION) ??
    badText("scheme.name", scheme.name, MAX_NAME) ??
    badDay("scheme.from_day", scheme.fromDay) ??
    badDay("scheme.to_day", scheme.toDay) ??
    badId("scheme.catalogue_version", scheme.catalogueVersion) ??
    badCount("scheme.rules", scheme.rules.length, 1, MAX_RULES) ??
    badCount("scheme.caps", scheme.caps.length, 0, MAX_CAPS) ??
    badCount("scheme.classes", scheme.classes.length, 1, MAX_CLASSES) ??
    badCount("scheme.deductible_waived", scheme.deductibleWaived.length, 0, MAX_WAIVED) ??
    first(scheme.rules, badRule) ??
    first(scheme.caps, badCap) ??
    first(scheme.classes, badClass) ??
    first(scheme.deductibleWaived, badCategory) ??
    badReview(scheme.review)
  );
}

/** A form that passed `schemeFormFault`, as a scheme. */
export function schemeFrom(form: SchemeForm): Scheme {
  return {
    ...form,
    rules: form.rules.flatMap(({ visitKind, level, ...rule }) =>
      isVisitKind(visitKind) && isLevel(level) ? [{ ...rule, visitKind, level }] : [],
    ),
    caps: form.caps.flatMap(({ visitKind, ...cap }) => (isVisitKind(visitKind) ? [{ ...cap, visitKind }] : [])),
    review: form.review ?? { aboveFundFen: 0n, diagnosisPrefixes: [] },
    deductibleWaived: form.deductibleWaived.filter(isCategory),
  };
}

export function catalogueFormFault(catalogueVersion: string, items: readonly ItemForm[]): Refusal | undefined {
  return badId("catalogue_version", catalogueVersion) ?? badCount("items", items.length, 1, MAX_ITEMS) ?? first(items, badItem);
}

/** Items that passed `catalogueFormFault`. */
export function itemsFrom(items: readonly ItemForm[]): CatalogueItem[] {
  return items.flatMap(({ lowestLevel, ...item }) => (isLevel(lowestLevel) ? [{ ...item, lowestLevel }] : []));
}

function first<T>(entries: readonly T[], fault: (entry: T, index: number) => Refusal | undefined): Refusal | undefined {
  for (const [index, entry] of entries.entries()) {
    const found = fault(entry, index);
    if (found) return found;
  }
  return undefined;
}

function badRule(rule: RuleForm, index: number): Refusal | undefined {
  const field = `scheme.rules[${index}]`;
  return (
    (isVisitKind(rule.visitKind) ? undefined : missing(`${field}.visit_kind`)) ??
    (isLevel(rule.level) ? undefined : missing(`${field}.level`)) ??
    badFen(`${field}.deductible_fen`, rule.deductibleFen) ??
    badNumber(`${field}.repeat_deductible_bp`, rule.repeatDeductibleBp, 0, FULL_BP) ??
    badNumber(`${field}.rate_bp`, rule.rateBp, 0, FULL_BP) ??
    badNumber(`${field}.no_referral_points_bp`, rule.noReferralPointsBp, -FULL_BP, FULL_BP) ??
    badNumber(`${field}.tcm_points_bp`, rule.tcmPointsBp, -FULL_BP, FULL_BP)
  );
}

function badCap(cap: CapForm, index: number): Refusal | undefined {
  const field = `scheme.caps[${index}]`;
  return (isVisitKind(cap.visitKind) ? undefined : missing(`${field}.visit_kind`)) ?? badFen(`${field}.cap_fen`, cap.capFen);
}

function badClass(entry: SelfFirst, index: number): Refusal | undefined {
  const field = `scheme.classes[${index}]`;
  return badCode(`${field}.class`, entry.class) ?? badNumber(`${field}.self_first_bp`, entry.selfFirstBp, 0, FULL_BP);
}

function badCategory(category: string, index: number): Refusal | undefined {
  if (isCategory(category)) return undefined;
  return badRequest(`scheme.deductible_waived[${index}]`, "不是参合人员类别", "is no category of members");
}

function badReview(review: SchemeForm["review"]): Refusal | undefined {
  if (!review) return undefined;
  return (
    badFen("scheme.review.above_fund_fen", review.aboveFundFen) ??
    badCount("scheme.review.diagnosis_prefixes", review.diagnosisPrefixes.length, 0, MAX_PREFIXES) ??
    first(review.diagnosisPrefixes, (prefix, index) =>
      /^[A-Z][0-9A-Za-z.]{0,9}$/.test(prefix)
        ? undefined
        : badRequest(`scheme.review.diagnosis_prefixes[${index}]`, "须为 ICD-10 编码的开头", "must be the beginning of an ICD-10 code"),
    )
  );
}

function badItem(item: ItemForm, index: number): Refusal | undefined {
  const field = `items[${index}]`;
  return (
    badCode(`${field}.item_code`, item.itemCode) ??
    badText(`${field}.name`, item.name, MAX_NAME) ??
    badCode(`${field}.class`, item.class) ??
    badFen(`${field}.price_limit_fen`, item.priceLimitFen) ??
    (isLevel(item.lowestLevel) ? undefined : missing(`${field}.lowest_level`))
  );
}
