/**
 * A benefit scheme from its YAML document: whether every field is one. Contradictions are `scheme-check.ts`'s to find; all faults come with line and column.
 * Fields are named as in the document (snake_case); `reference.md` tells each to those who write one. Whole numbers only: fen, and basis points (62.5 % is 6250).
 */
import { MAX_FAULTS, type PlacedFault, readPlaced } from "../mesh/yaml.ts";
import { FIRST_YEAR, LAST_YEAR } from "../values/days.ts";
import { code, countyCode, day, diagnosisPrefix, fen, title } from "../values/document-shapes.ts";
import { MAX_FEN } from "../values/money.ts";
import {
  among,
  type Fault,
  few,
  integer32,
  integer64,
  message,
  optional,
  type Path,
  type Shape,
  such,
  text,
  truth,
  within,
} from "../values/shape.ts";
import {
  CATALOGUE_PLACES,
  FUNDS,
  type GoldenCase,
  type LevelTerms,
  OUTPATIENT_ORDERS,
  type OutpatientOrder,
  type Rate,
  RESEQUENCE,
  SCOPES,
  type Scheme,
  SELECT_BY,
  type Segment,
  SITUATIONS,
  SOURCES,
  UNITS,
} from "./scheme.ts";
import { schemeFaults } from "./scheme-check.ts";
import { CATEGORIES, LEVELS, VISIT_KINDS } from "./words.ts";

export type SchemeFile = { readonly scheme: Scheme; place(path: Path): PlacedFault } | { readonly faults: readonly PlacedFault[] };

export const MAX_DOCUMENT_BYTES = 256 * 1024;
const FULL_BP = 10_000;
const MAX_MULTIPLIER_BP = 100_000;

const share = such(integer32, "须在 0 与 10000 之间（100%）", "must be between 0 and 10000 (100 %)", (bp) => bp >= 0 && bp <= FULL_BP);
const points = within(-FULL_BP, FULL_BP);
const multiplier = within(0, MAX_MULTIPLIER_BP);
const categories = few(among(CATEGORIES), CATEGORIES.length);
const level = among(LEVELS);
const segment: Shape<Segment> = message({ over_fen: fen, up_to_fen: optional<bigint | undefined>(fen, undefined), bp: share });
const segments = few(segment, 20, 1);

const levelForm = message({
  level,
  deductible_fen: optional(fen, 0n),
  rate_bp: optional<number | undefined>(share, undefined),
  segments: optional<Segment[] | undefined>(segments, undefined),
  quota_fen: optional<bigint | undefined>(fen, undefined),
  monthly_quota_fen: optional<bigint | undefined>(fen, undefined),
  multiplier_bp: optional(multiplier, FULL_BP),
  floor_bp: optional(share, 0),
});

/** Exactly one kind of rate. */
const levelTerms: Shape<LevelTerms> = (value, path, faults) => {
  const form = levelForm(value, path, faults);
  if (!form) return undefined;
  const { rateBp, segments: parts, quotaFen, monthlyQuotaFen, multiplierBp, ...terms } = form;
  const rates: Rate[] = [
    ...(rateBp === undefined ? [] : [{ kind: "FLAT" as const, bp: rateBp, multiplierBp }]),
    ...(parts === undefined ? [] : [{ kind: "SEGMENTS" as const, segments: parts, multiplierBp }]),
    ...(quotaFen === undefined ? [] : [{ kind: "QUOTA" as const, fen: quotaFen }]),
    ...(monthlyQuotaFen === undefined ? [] : [{ kind: "MONTHLY_QUOTA" as const, fen: monthlyQuotaFen }]),
  ];
  const [rate] = rates;
  if (rate && rates.length === 1) return { ...terms, rate };
  const kinds = "rate_bp, segments, quota_fen, monthly_quota_fen";
  faults.push({ path, zh: `须有且只有 ${kinds} 之一`, en: `has exactly one of ${kinds}` });
  return undefined;
};

const benefit = message({
  code,
  visit_kind: among(VISIT_KINDS),
  categories: optional(categories, []),
  diagnoses: optional(few(diagnosisPrefix, 500), []),
  registration: optional(code, ""),
  subsidy_fen: optional(fen, 0n),
  deductible: optional(
    message({
      nth_stay: optional(few(message({ from: within(2, 50), bp: share }), 10), []),
      waived_for: optional(categories, []),
      once_per_year: optional(few(diagnosisPrefix, 100), []),
    }),
    { nthStay: [], waivedFor: [], oncePerYear: [] },
  ),
  modifiers: optional(
    few(message({ when: among(SITUATIONS), points_bp: optional(points, 0), multiply_bp: optional(multiplier, FULL_BP) }), 10),
    [],
  ),
  levels: few(levelTerms, LEVELS.length, 1),
  per_visit_cap_fen: optional<bigint | undefined>(fen, undefined),
  outpatient_order: optional<OutpatientOrder | undefined>(among(OUTPATIENT_ORDERS), undefined),
});

const result = optional<bigint | undefined>(
  such(integer64, "金额过大", "is too large", (value) => value >= -MAX_FEN && value <= MAX_FEN),
  undefined,
);

const golden: Shape<GoldenCase> = message({
  name: title,
  visit: message({
    visit_kind: among(VISIT_KINDS),
    level,
    category: optional(among(CATEGORIES), "ORDINARY"),
    diagnosis: optional(diagnosisPrefix, "J18"),
    procedures: optional(few(code, 20), []),
    registrations: optional(few(code, 20), []),
    referred: optional(truth, false),
    tcm: optional(truth, false),
    lines: few(
      message({
        item_code: code,
        fen,
        quantity_e4: optional(integer64, 10_000n),
        day: optional(day, ""),
        covered: optional(truth, true),
      }),
      300,
      1,
    ),
  }),
  before: optional(
    message({
      used_fen: optional(few(message({ cap: code, fen }), 20), []),
      compensated_stays: optional(within(0, 100), 0),
      account_fen: optional(fen, 0n),
      borne_fen: optional(fen, 0n),
    }),
    { usedFen: [], compensatedStays: 0, accountFen: 0n, borneFen: 0n },
  ),
  expect: such(
    message({
      total_fen: result,
      eligible_fen: result,
      deductible_fen: result,
      subsidy_fen: result,
      fund_fen: result,
      account_fen: result,
      assistance_fen: result,
      catastrophic_fen: result,
      hospital_fen: result,
      patient_fen: result,
      over_cap_fen: result,
    }),
    "须至少有一项结果",
    "must expect something",
    (wanted) => Object.values(wanted).some((one) => one !== undefined),
  ),
});

const schemeShape: Shape<Scheme> = message({
  county: countyCode,
  year: within(FIRST_YEAR, LAST_YEAR),
  version: within(1, 99),
  name: title,
  from_day: day,
  to_day: day,
  select_by: optional(among(SELECT_BY), "DISCHARGE_DATE"),
  legal_basis: optional(few(message({ document: title, url: optional(text, "") }), 20), []),
  financing: optional(few(message({ source: among(SOURCES), fen_per_head: fen, categories: optional(categories, []) }), 30), []),
  funds: optional(
    few(
      message({
        fund: among(FUNDS),
        share_bp: optional<number | undefined>(share, undefined),
        fen_per_head: optional<bigint | undefined>(fen, undefined),
        min_use_bp: optional(share, 0),
        max_use_bp: optional(share, FULL_BP),
      }),
      FUNDS.length,
    ),
    [],
  ),
  catalogue_version: code,
  classes: few(message({ class: code, self_first_bp: share }), 50, 1),
  result_unit: optional(among(UNITS), "FEN"),
  result_unit_at: optional(few(message({ level, unit: among(UNITS) }), LEVELS.length), []),
  benefits: few(benefit, 40, 1),
  serious_diseases: optional(
    few(
      message({
        code,
        diagnoses: few(diagnosisPrefix, 100, 1),
        procedures: optional(few(code, 100), []),
        lowest_level: level,
        quota_fen: fen,
        fund_bp: share,
        assistance_bp: optional(share, 0),
      }),
      100,
    ),
    [],
  ),
  disease_prices: optional(
    few(
      message({
        code,
        diagnoses: few(diagnosisPrefix, 100, 1),
        levels: few(level, LEVELS.length, 1),
        price_fen: fen,
        fund_bp: share,
        separately: optional(few(message({ items: few(code, 500, 1), bp: share }), 20), []),
      }),
      300,
    ),
    [],
  ),
  caps: optional(few(message({ code, scope: optional(among(SCOPES), "PERSON"), fen, includes: few(code, 100, 1) }), 20), []),
  outpatient_order: optional(among(OUTPATIENT_ORDERS), "POOL_ONLY"),
  assistance: optional(few(message({ categories, bp: share }), 10), []),
  catastrophic: optional(few(segment, 20), []),
  cross_region_catalogue: optional(among(CATALOGUE_PLACES), "TREATMENT_PLACE"),
  newborn_under_mother: optional(truth, false),
  capitation: optional(few(message({ institution_id: code, fen_per_head: fen, withheld_bp: share }), 500), []),
  reversal: optional(
    message({
      block_after_disbursed: optional(truth, false),
      day_limit: optional<number | undefined>(within(1, 1_000), undefined),
      resequence: optional(among(RESEQUENCE), "FLAG"),
    }),
    { blockAfterDisbursed: false, dayLimit: undefined, resequence: "FLAG" },
  ),
  paper_within_days: optional<number | undefined>(within(1, 1_000), undefined),
  second_compensation: optional<{ overFen: bigint; shareBp: number } | undefined>(message({ over_fen: fen, share_bp: share }), undefined),
  review: optional(message({ above_fund_fen: optional(fen, 0n), diagnosis_prefixes: optional(few(diagnosisPrefix, 200), []) }), {
    aboveFundFen: 0n,
    diagnosisPrefixes: [],
  }),
  golden: few(golden, 200, 1),
});

/** Reads a scheme; where it is none, or contradicts itself, its faults, at most 50. */
export function readScheme(content: string): SchemeFile {
  const read = readPlaced(content, MAX_DOCUMENT_BYTES);
  if ("faults" in read) return read;
  const faults: Fault[] = [];
  const scheme = schemeShape(read.value, [], faults);
  if (scheme) faults.push(...schemeFaults(scheme));
  if (!scheme || faults.length > 0) return { faults: faults.slice(0, MAX_FAULTS).map(read.place) };
  return { scheme, place: (path) => read.place({ path, zh: "", en: "" }) };
}
