/** A book of rules from its YAML document: whether every field is one, with line and column. What contradicts itself is `rules-check.ts`'s to find. Fields are named as in the document; reference.md tells each. */
import { LEVELS } from "../benefit/words.ts";
import { MAX_FAULTS, type PlacedFault, readPlaced } from "../mesh/yaml.ts";
import { code, countyCode, day, diagnosisPrefix, digits, fen, title } from "../values/document-shapes.ts";
import { among, type Fault, few, integer64, message, optional, type Shape, such, truth, within } from "../values/shape.ts";
import { ACTIONS, FORMS, type PriceLimit, type Rule, type Rulebook, SEXES, SPANS, STAGES } from "./rule.ts";
import { type Codes, ordered, rulebookFaults } from "./rules-check.ts";

export type RulesFile = { readonly book: Rulebook; place(fault: Fault): PlacedFault } | { readonly faults: readonly PlacedFault[] };

export const MAX_RULES_BYTES = 256 * 1024;
export const MAX_RULES = 200;
const MAX_CODES = 500;
const MAX_QUANTITY_E4 = 100_000_000_000n;
/** Two years, so that an invoice of the year before is found. */
const MAX_DAYS = 731;

const quantityE4 = such(
  integer64,
  `须在 0 与 ${MAX_QUANTITY_E4} 之间`,
  `must be between 0 and ${MAX_QUANTITY_E4}`,
  (value) => value >= 0n && value <= MAX_QUANTITY_E4,
);
const itemCode = digits(code);
const limit: Shape<PriceLimit> = message({ item_code: itemCode, fen });

const ruleShape = message({
  id: itemCode,
  version: within(1, 9_999),
  name: title,
  name_en: title,
  form: among(FORMS),
  stage: among(STAGES),
  action: among(ACTIONS),
  counties: optional(few(countyCode, 100), []),
  unless: optional(few(itemCode, 20), []),
  items: optional(few(itemCode, MAX_CODES), []),
  diagnoses: optional(few(diagnosisPrefix, MAX_CODES), []),
  levels: optional(few(among(LEVELS), LEVELS.length), []),
  most_e4: optional<bigint | undefined>(quantityE4, undefined),
  most_per_day_e4: optional<bigint | undefined>(quantityE4, undefined),
  per: optional<(typeof SPANS)[number] | undefined>(among(SPANS), undefined),
  together: optional(truth, false),
  days: optional<number | undefined>(within(0, MAX_DAYS), undefined),
  digits: optional(within(0, 10), 3),
  same_institution: optional(truth, true),
  limits: optional(few(limit, MAX_CODES), []),
  tolerance_bp: optional(within(0, 100_000), 0),
  sex: optional<(typeof SEXES)[number] | undefined>(among(SEXES), undefined),
  from_years: optional<number | undefined>(within(0, 150), undefined),
  to_years: optional<number | undefined>(within(0, 150), undefined),
});

const bookShape = message({
  version: within(1, 99_999),
  from_day: day,
  second_level_above_fund_fen: optional(fen, 0n),
  sample_bp: optional(within(0, 10_000), 0),
  catalogue_version: itemCode,
  rules: few(ruleShape, MAX_RULES),
});

/** Reads a book; where it is none, or contradicts itself, its faults, at most 50. Its rules come in the order in which they are judged. */
export function readRules(content: string, codes?: Codes): RulesFile {
  const read = readPlaced(content, MAX_RULES_BYTES);
  if ("faults" in read) return read;
  const faults: Fault[] = [];
  const form = bookShape(read.value, [], faults);
  const book = form && bookFrom(form);
  if (book) faults.push(...rulebookFaults(book, codes));
  if (!book || faults.length > 0) return { faults: faults.slice(0, MAX_FAULTS).map(read.place) };
  return { book: { ...book, rules: ordered(book.rules).rules }, place: read.place };
}

type Read = NonNullable<ReturnType<typeof bookShape>>;

function bookFrom({ secondLevelAboveFundFen, rules, ...book }: Read): Rulebook {
  return { ...book, secondLevelAboveFen: secondLevelAboveFundFen, rules: rules.map(ruleFrom) };
}

/** Without what was left out, so that a stored rule says no more than the document. */
function ruleFrom(rule: Read["rules"][number]): Rule {
  return Object.fromEntries(Object.entries(rule).filter(([, value]) => value !== undefined)) as unknown as Rule;
}
