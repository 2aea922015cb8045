/** A book of rules from its YAML document: whether every field is one, with line and column. What contradicts itself is `rules-check.ts`'s to find. Fields are named as in the document; reference.md tells each. */
import { LEVELS } from "../benefit/words.ts";
import { parseYaml } from "../mesh/yaml.ts";
import { isDay } from "../values/days.ts";
import { MAX_FEN } from "../values/money.ts";
import { isCountyCode } from "../values/region.ts";
import {
  among,
  type Fault,
  integer32,
  integer64,
  list,
  message,
  optional,
  type Path,
  pathText,
  type Shape,
  such,
  text,
  truth,
} from "../values/shape.ts";
import { ACTIONS, FORMS, type PriceLimit, type Rule, type Rulebook, SEXES, SPANS, STAGES } from "./rule.ts";
import { type Codes, ordered, rulebookFaults } from "./rules-check.ts";

/** One fault of a document, where a person finds it. Lines and columns from 1. */
export interface PlacedFault {
  readonly line: number;
  readonly column: number;
  /** `rules[2].items[0]`. */
  readonly field: string;
  readonly zh: string;
  readonly en: string;
}

export type RulesFile = { readonly book: Rulebook; place(fault: Fault): PlacedFault } | { readonly faults: readonly PlacedFault[] };

export const MAX_RULES_BYTES = 256 * 1024;
const MAX_ALIASES = 200;
const MAX_FAULTS = 50;
export const MAX_RULES = 200;
const MAX_CODES = 500;
const MAX_QUANTITY_E4 = 100_000_000_000n;
/** Two years, so that an invoice of the year before is found. */
const MAX_DAYS = 731;

function few<T>(inner: Shape<T>, most: number, least = 0): Shape<T[]> {
  return such(
    list(inner),
    `须有 ${least} 至 ${most} 条`,
    `must have ${least} to ${most} entries`,
    ({ length }) => length >= least && length <= most,
  );
}

const number = (least: number, most: number): Shape<number> =>
  such(integer32, `须在 ${least} 与 ${most} 之间`, `must be between ${least} and ${most}`, (value) => value >= least && value <= most);
const amount = (most: bigint): Shape<bigint> =>
  such(integer64, `须在 0 与 ${most} 之间`, `must be between 0 and ${most}`, (value) => value >= 0n && value <= most);
const fen = amount(MAX_FEN);
const quantityE4 = amount(MAX_QUANTITY_E4);
const code: Shape<string> = (value, path, faults) =>
  such(text, "须为 1 至 40 位字母、数字或 . _ -", "must be 1 to 40 characters A–Z a–z 0–9 . _ -", (one) =>
    /^[A-Za-z0-9._-]{1,40}$/.test(one),
  )(
    // Digits that YAML has read as a number.
    typeof value === "bigint" ? value.toString() : value,
    path,
    faults,
  );
const county: Shape<string> = (value, path, faults) =>
  such(
    text,
    "不是本省的县级区划代码",
    "is not a county division code of the province",
    isCountyCode,
  )(typeof value === "bigint" ? value.toString() : value, path, faults);
const title = such(
  text,
  "须为 1 至 100 个字符",
  "must be 1 to 100 characters, without control characters or outer spaces",
  (value) => value.length >= 1 && value.length <= 100 && value === value.trim() && !/\p{Cc}/u.test(value),
);
const prefix = such(text, "须为 ICD-10 编码或其前几位", "must be an ICD-10 code or its beginning", (value) =>
  /^[A-Z](\d(\d[0-9A-Za-z.+*]{0,12})?)?$/.test(value),
);
const limit: Shape<PriceLimit> = message({ item_code: code, fen });

const ruleShape = message({
  id: code,
  version: number(1, 9_999),
  name: title,
  name_en: title,
  form: among(FORMS),
  stage: among(STAGES),
  action: among(ACTIONS),
  counties: optional(few(county, 100), []),
  unless: optional(few(code, 20), []),
  items: optional(few(code, MAX_CODES), []),
  diagnoses: optional(few(prefix, MAX_CODES), []),
  levels: optional(few(among(LEVELS), LEVELS.length), []),
  most_e4: optional<bigint | undefined>(quantityE4, undefined),
  most_per_day_e4: optional<bigint | undefined>(quantityE4, undefined),
  per: optional<(typeof SPANS)[number] | undefined>(among(SPANS), undefined),
  together: optional(truth, false),
  days: optional<number | undefined>(number(0, MAX_DAYS), undefined),
  digits: optional(number(0, 10), 3),
  same_institution: optional(truth, true),
  limits: optional(few(limit, MAX_CODES), []),
  tolerance_bp: optional(number(0, 100_000), 0),
  sex: optional<(typeof SEXES)[number] | undefined>(among(SEXES), undefined),
  from_years: optional<number | undefined>(number(0, 150), undefined),
  to_years: optional<number | undefined>(number(0, 150), undefined),
});

const bookShape = message({
  version: number(1, 99_999),
  from_day: such(text, "须为 YYYY-MM-DD 的日期", "must be a day YYYY-MM-DD", isDay),
  second_level_above_fund_fen: optional(fen, 0n),
  sample_bp: optional(number(0, 10_000), 0),
  catalogue_version: code,
  rules: few(ruleShape, MAX_RULES),
});

/** Reads a book; where it is none, or contradicts itself, its faults, at most 50. Its rules come in the order in which they are judged. */
export function readRules(content: string, codes?: Codes): RulesFile {
  if (Buffer.byteLength(content) > MAX_RULES_BYTES)
    return { faults: [atTop(`文件过大，上限 ${MAX_RULES_BYTES} 字节`, `is larger than ${MAX_RULES_BYTES} bytes`)] };
  const { document, placeOf } = parseYaml(content);
  const place = ({ path, zh, en }: Fault): PlacedFault => ({ ...placeOf(path), field: pathText(path), zh, en });
  if (document.errors.length > 0)
    return {
      faults: document.errors.slice(0, MAX_FAULTS).map(({ linePos, code: word }) => ({
        line: linePos?.[0].line ?? 1,
        column: linePos?.[0].col ?? 1,
        field: "",
        zh: `YAML 写法有误（${word}）`,
        en: `is no right YAML: ${word}`,
      })),
    };
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: MAX_ALIASES });
  } catch {
    // The one thing that it throws for: aliases that multiply into more than anybody has written.
    return { faults: [atTop(`引用超过 ${MAX_ALIASES} 处`, `has more than ${MAX_ALIASES} aliases`)] };
  }
  const faults: Fault[] = [];
  const read = bookShape(value, [] as Path, faults);
  const book = read && bookFrom(read);
  if (book) faults.push(...rulebookFaults(book, codes));
  if (!book || faults.length > 0) return { faults: faults.slice(0, MAX_FAULTS).map(place) };
  return { book: { ...book, rules: ordered(book.rules).rules }, place };
}

type Read = NonNullable<ReturnType<typeof bookShape>>;

function bookFrom({ secondLevelAboveFundFen, rules, ...book }: Read): Rulebook {
  return { ...book, secondLevelAboveFen: secondLevelAboveFundFen, rules: rules.map(ruleFrom) };
}

/** Without what was left out, so that a stored rule says no more than the document. */
function ruleFrom(rule: Read["rules"][number]): Rule {
  return Object.fromEntries(Object.entries(rule).filter(([, value]) => value !== undefined)) as unknown as Rule;
}

function atTop(zh: string, en: string): PlacedFault {
  return { line: 1, column: 1, field: "", zh, en };
}
