/**
 * Each county's benefit scheme for 2011 as YAML a county manager can read. The base is the fixture NX-REF-2011 of the domain facts (3.3);
 * what a county does differently is invented but of the era, and written out at its place. Amounts in fen, rates in basis points.
 */
import type { SourceCounty } from "./sources.ts";

interface Terms {
  /** Deductible and rate of inpatient stays: township, county, prefecture, province. */
  readonly township: readonly [deductibleFen: number, rateBp: number];
  readonly county: readonly [deductibleFen: number, rateBp: number];
  readonly prefecture: readonly [deductibleFen: number, rateBp: number];
  readonly province: readonly [deductibleFen: number, rateBp: number];
}

const BASE: Terms = { township: [10_000, 8_500], county: [30_000, 7_000], prefecture: [50_000, 6_000], province: [80_000, 5_000] };

/** Who differs from the base, and how. */
const VARIANTS: readonly { name: string; why: string; counties: readonly string[]; terms: Terms }[] = [
  {
    name: "jingyuan",
    why: "county hospitals at 65 %: the fund is small (domain facts 3.3, example 8)",
    counties: ["640424"],
    terms: { ...BASE, county: [30_000, 6_500] },
  },
  {
    name: "mountains",
    why: "the dry mountain counties of the south: township hospitals with a lower deductible",
    counties: ["640402", "640422", "640423", "640425", "640522", "640324"],
    terms: { ...BASE, township: [8_000, 8_500] },
  },
  {
    name: "capital",
    why: "around Yinchuan, where the large hospitals are near: a little less there",
    counties: ["640104", "640105", "640106"],
    terms: { ...BASE, prefecture: [60_000, 5_500], province: [80_000, 4_500] },
  },
  { name: "lingwu", why: "a richer county: 72 % at its own hospital", counties: ["640181"], terms: { ...BASE, county: [30_000, 7_200] } },
];

export const CATALOGUE_VERSION = "NX-2011";
/** A fund part above 4,000 yuan waits for the review desk, and so do injuries (third-party liability). */
const REVIEW_ABOVE_FEN = 400_000;
const TCM_POINTS_BP = 1_000;
const NO_REFERRAL_POINTS_BP = -1_000;

function rule(
  visit: string,
  level: string,
  deductibleFen: number,
  rateBp: number,
  extra: { referral: number; tcm: number; repeatBp: number },
): string {
  return `    - { visit_kind: ${visit}, level: ${level}, deductible_fen: ${deductibleFen}, repeat_deductible_bp: ${extra.repeatBp}, rate_bp: ${rateBp}, no_referral_points_bp: ${extra.referral}, tcm_points_bp: ${extra.tcm} }`;
}

function rules(name: string, why: string, terms: Terms): string {
  const outpatient = ["VILLAGE", "TOWNSHIP", "COUNTY", "PREFECTURE", "PROVINCE"].map((level) =>
    rule("OUTPATIENT", level, 0, 8_000, { referral: 0, tcm: 0, repeatBp: 10_000 }),
  );
  const inpatient = (["township", "county", "prefecture", "province"] as const).map((level) =>
    rule("INPATIENT", level.toUpperCase(), terms[level][0], terms[level][1], {
      referral: level === "township" || level === "county" ? 0 : NO_REFERRAL_POINTS_BP,
      tcm: TCM_POINTS_BP,
      repeatBp: 5_000,
    }),
  );
  return [`  # ${why}`, `  ${name}: &${name}`, ...outpatient, ...inpatient].join("\n");
}

/** The text of scheme.yaml: what the schemes share by name, then one scheme a county. */
export function schemeYaml(counties: readonly SourceCounty[]): string {
  const variantOf = (county: string) => VARIANTS.find((variant) => variant.counties.includes(county))?.name ?? "base";
  return `# The benefit schemes (补助方案) of the 22 counties for 2011, each in the shape of nrcms.claims.v1.Scheme.
# Fixture NX-REF-2011: invented, typical of its time. Made by deploy/sandbox/region/generate.ts; amounts in fen, rates in basis points.
rules:
${rules("base", "NX-REF-2011", BASE)}
${VARIANTS.map((variant) => rules(variant.name, variant.why, variant.terms)).join("\n")}
# At most 120 yuan a year for outpatient visits, 50,000 for stays.
caps: &caps
  - { visit_kind: OUTPATIENT, cap_fen: 12000 }
  - { visit_kind: INPATIENT, cap_fen: 5000000 }
# What the patient pays first (先自付): drugs of class B, large examinations, imported material, what is not in the catalogue.
classes: &classes
  - { class: A, self_first_bp: 0 }
  - { class: B, self_first_bp: 1000 }
  - { class: EXAM, self_first_bp: 2000 }
  - { class: IMPORT, self_first_bp: 4000 }
  - { class: OUT, self_first_bp: 10000 }
review: &review { above_fund_fen: ${REVIEW_ABOVE_FEN}, diagnosis_prefixes: [S, T] }
schemes:
${counties
  .map(
    (county) => `  - county: "${county.county}"
    year: 2011
    version: 1
    name: ${county.nameZh}2011年新型农村合作医疗补助方案
    from_day: "2011-01-01"
    to_day: "2011-12-31"
    catalogue_version: ${CATALOGUE_VERSION}
    rules: *${variantOf(county.county)}
    caps: *caps
    classes: *classes
    review: *review
    deductible_waived: [FIVE_GUARANTEES, MINIMUM_LIVING]`,
  )
  .join("\n")}
`;
}
