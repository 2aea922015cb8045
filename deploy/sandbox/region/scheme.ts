/**
 * Each county's benefit scheme for 2011, a YAML document that a county manager can read. The base is the fixture NX-REF-2011 of the domain facts (3.3);
 * what a county does differently is invented but of the era, and written out at its place. Amounts in fen, rates in basis points.
 */
import type { SourceCounty } from "./sources.ts";

interface Terms {
  /** Deductible and rate of inpatient stays: township, county, prefecture, province. */
  readonly township: readonly [deductibleFen: number, rateBp: number];
  readonly county: readonly [deductibleFen: number, rateBp: number];
  readonly prefecture: readonly [deductibleFen: number, rateBp: number];
  readonly province: readonly [deductibleFen: number, rateBp: number];
  readonly outside: readonly [deductibleFen: number, rateBp: number];
  /** What each head brings to the household's account; left out: there are none. */
  readonly familyFenPerHead?: number;
}

const BASE: Terms = {
  township: [10_000, 8_500],
  county: [30_000, 7_000],
  prefecture: [50_000, 6_000],
  province: [80_000, 5_000],
  outside: [100_000, 4_500],
};
/** Who is paid by head beside what it bills, a part withheld until it is assessed: Haiyuan, as in Ningxia's pilot of 2010 (domain facts 1, row 12). */
const CAPITATION: Readonly<Record<string, string>> = {
  "640522": `# 按人头付费: 3 yuan a head and month, 30 % of it withheld until the institution is assessed.
capitation:
  - { institution_id: H640522011, fen_per_head: 300, withheld_bp: 3000 }
`,
};

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
  {
    name: "yanchi",
    why: "family accounts of half the contribution, which pay of outpatient visits what the pool leaves open",
    counties: ["640323"],
    terms: { ...BASE, familyFenPerHead: 1_500 },
  },
  { name: "lingwu", why: "a richer county: 72 % at its own hospital", counties: ["640181"], terms: { ...BASE, county: [30_000, 7_200] } },
];

export const CATALOGUE_VERSION = "NX-2011";
/** A fund part above 4,000 yuan waits for the review desk, and so do injuries (third-party liability). */
const REVIEW_ABOVE_FEN = 400_000;
const TCM_POINTS_BP = 1_000;
const NO_REFERRAL_POINTS_BP = -1_000;
const REPEAT_BP = 5_000;
const OUTPATIENT_RATE_BP = 8_000;
const LEVELS = [
  ["township", "TOWNSHIP"],
  ["county", "COUNTY"],
  ["prefecture", "PREFECTURE"],
  ["province", "PROVINCE"],
  ["outside", "OUT_OF_PROVINCE"],
] as const;
/** A thousand boxes of a class A drug: below its price limit. */
const GOLDEN_ITEM = "item_code: D0010, quantity_e4: 10000000";
const GOLDEN_STAY_FEN = 300_000;
const GOLDEN_VISIT_FEN = 5_000;

/** Half-up on amounts that are not negative. */
const share = (fen: number, bp: number): number => Math.floor((fen * bp + 5_000) / 10_000);

/** Worked out here by themselves, not by the code that will decide them. */
function golden({ county, prefecture, familyFenPerHead }: Terms): string {
  const [countyFen, countyBp] = county;
  const [prefectureFen, prefectureBp] = prefecture;
  const stay = (name: string, level: string, extra: string, fundFen: number) => `  - name: ${name}
    visit: { visit_kind: INPATIENT, level: ${level}, ${extra}lines: [{ ${GOLDEN_ITEM}, fen: ${GOLDEN_STAY_FEN} }] }
    expect: { fund_fen: ${fundFen}, patient_fen: ${GOLDEN_STAY_FEN - fundFen} }
`;
  const second = share(countyFen, REPEAT_BP);
  return `golden:
${stay("县级首次住院 a first stay at the county hospital", "COUNTY", "", share(GOLDEN_STAY_FEN - countyFen, countyBp))}${stay(
  "低保户免起付线 no deductible for the minimum living guarantee",
  "COUNTY",
  "category: MINIMUM_LIVING, ",
  share(GOLDEN_STAY_FEN, countyBp),
)}${stay(
  "未转诊市级住院 a prefecture hospital without referral",
  "PREFECTURE",
  "",
  share(GOLDEN_STAY_FEN - prefectureFen, prefectureBp + NO_REFERRAL_POINTS_BP),
)}  - name: 县级第二次住院 a second stay
    visit: { visit_kind: INPATIENT, level: COUNTY, lines: [{ ${GOLDEN_ITEM}, fen: ${GOLDEN_STAY_FEN} }] }
    before: { compensated_stays: 1, used_fen: [{ cap: YEAR_IP, fen: 100000 }] }
    expect: { deductible_fen: ${second}, fund_fen: ${share(GOLDEN_STAY_FEN - second, countyBp)} }
  - name: 门诊年度封顶 an outpatient visit at the year's cap
    visit: { visit_kind: OUTPATIENT, level: TOWNSHIP, lines: [{ ${GOLDEN_ITEM}, fen: ${GOLDEN_VISIT_FEN} }] }
    before: { used_fen: [{ cap: YEAR_OP, fen: 11000 }] }
    expect: { fund_fen: 1000, over_cap_fen: ${share(GOLDEN_VISIT_FEN, OUTPATIENT_RATE_BP) - 1_000} }
${familyFenPerHead === undefined ? "" : goldenAccount()}`;
}

/** A balance that lasts for what the pool leaves open of a visit. */
function goldenAccount(): string {
  const fundFen = share(GOLDEN_VISIT_FEN, OUTPATIENT_RATE_BP);
  return `  - name: 家庭账户 the account pays what the pool leaves open
    visit: { visit_kind: OUTPATIENT, level: TOWNSHIP, lines: [{ ${GOLDEN_ITEM}, fen: ${GOLDEN_VISIT_FEN} }] }
    before: { account_fen: 6000 }
    expect: { fund_fen: ${fundFen}, account_fen: ${GOLDEN_VISIT_FEN - fundFen}, patient_fen: 0 }
`;
}

/** A county's scheme for 2011, by the name of its file: <county>-<year>-<version>.yaml. */
export function schemeFiles(counties: readonly SourceCounty[]): [name: string, content: string][] {
  return counties.map((county) => [`schemes/${county.county}-2011-1.yaml`, schemeYaml(county)]);
}

/** Who raises what a head (230 yuan), what of it the household keeps, and when its account pays. */
function accounts({ familyFenPerHead }: Terms): string {
  if (familyFenPerHead === undefined) return "";
  return `financing:
  - { source: INDIVIDUAL, fen_per_head: 3000 }
  - { source: CENTRAL, fen_per_head: 12400 }
  - { source: PROVINCE, fen_per_head: 5600 }
  - { source: COUNTY, fen_per_head: 2000 }
funds:
  - { fund: POOLED_INPATIENT, fen_per_head: 16500 }
  - { fund: POOLED_OUTPATIENT, fen_per_head: ${5_000 - familyFenPerHead} }
  - { fund: FAMILY, fen_per_head: ${familyFenPerHead} }
  - { fund: RISK, fen_per_head: 1500 }
outpatient_order: POOL_THEN_ACCOUNT
`;
}

function schemeYaml({ county, nameZh }: SourceCounty): string {
  const variant = VARIANTS.find(({ counties }) => counties.includes(county));
  const terms = variant?.terms ?? BASE;
  const levels = LEVELS.map(
    ([level, name]) => `      - { level: ${name}, deductible_fen: ${terms[level][0]}, rate_bp: ${terms[level][1]} }`,
  );
  const outpatient = ["VILLAGE", "TOWNSHIP", "COUNTY", "PREFECTURE", "PROVINCE"].map(
    (level) => `      - { level: ${level}, rate_bp: ${OUTPATIENT_RATE_BP} }`,
  );
  return `# ${nameZh}2011年新型农村合作医疗补助方案. Amounts in fen, rates and shares in basis points (bp).
# Fixture NX-REF-2011${variant ? `, with a difference: ${variant.why}` : ""}. Invented, typical of its time. Made by deploy/sandbox/region/generate.ts.
county: ${county}
year: 2011
version: 1
name: ${nameZh}2011年新型农村合作医疗补助方案
from_day: 2011-01-01
to_day: 2011-12-31
${accounts(terms)}catalogue_version: ${CATALOGUE_VERSION}
# What the patient pays first (先自付): drugs of class B, large examinations, imported material, what is not in the catalogue.
classes:
  - { class: A, self_first_bp: 0 }
  - { class: B, self_first_bp: 1000 }
  - { class: EXAM, self_first_bp: 2000 }
  - { class: IMPORT, self_first_bp: 4000 }
  - { class: OUT, self_first_bp: 10000 }
benefits:
  # 住院: from the second compensated stay of the year on, half the deductible; none for 五保 and 低保.
  - code: IP
    visit_kind: INPATIENT
    deductible:
      nth_stay: [{ from: 2, bp: ${REPEAT_BP} }]
      waived_for: [FIVE_GUARANTEES, MINIMUM_LIVING]
    modifiers:
      - { when: NO_REFERRAL, points_bp: ${NO_REFERRAL_POINTS_BP} }
      - { when: TCM, points_bp: ${TCM_POINTS_BP} }
    levels:
${levels.join("\n")}
  # 门诊
  - code: OP
    visit_kind: OUTPATIENT
    levels:
${outpatient.join("\n")}
# At most 50,000 yuan a year for stays, 120 for outpatient visits.
caps:
  - { code: YEAR_IP, fen: 5000000, includes: [IP] }
  - { code: YEAR_OP, fen: 12000, includes: [OP] }
# At the end of a year with a surplus: who has borne more than 200 yuan of a stay may get up to 30 % of it.
second_compensation: { over_fen: 20000, share_bp: 3000 }
# 手工报销: a bill that was paid elsewhere is handed in within half a year of the discharge.
paper_within_days: 180
${CAPITATION[county] ?? ""}review: { above_fund_fen: ${REVIEW_ABOVE_FEN}, diagnosis_prefixes: [S, T] }
${golden(terms)}`;
}
