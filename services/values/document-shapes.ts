/** The fields that documents of people (schemes, rule books) are made of, each with what is wrong where it is none. */
import { isDay } from "./days.ts";
import { MAX_FEN } from "./money.ts";
import { isCountyCode } from "./region.ts";
import { integer64, matching, type Shape, such, text } from "./shape.ts";

export const fen = such(
  integer64,
  `须在 0 与 ${MAX_FEN} 分之间`,
  `must be between 0 and ${MAX_FEN} fen`,
  (value) => value >= 0n && value <= MAX_FEN,
);
export const day = such(text, "须为 YYYY-MM-DD 的日期", "must be a day YYYY-MM-DD", isDay);
export const code = matching(/^[A-Za-z0-9._-]{1,40}$/, "须为 1 至 40 位字母、数字或 . _ -", "must be 1 to 40 characters A–Z a–z 0–9 . _ -");
export const title = such(
  text,
  "须为 1 至 100 个字符",
  "must be 1 to 100 characters, without control characters or outer spaces",
  (value) => value.length >= 1 && value.length <= 100 && value === value.trim() && !/\p{Cc}/u.test(value),
);
export const diagnosisPrefix = matching(
  /^[A-Z](\d(\d[0-9A-Za-z.+*]{0,12})?)?$/,
  "须为 ICD-10 编码或其前几位",
  "must be an ICD-10 code or its beginning",
);
export const countyCode = digits(such(text, "不是本省的县级区划代码", "is not a county division code of the province", isCountyCode));

/** Digits that YAML may have read as a number. */
export function digits(inner: Shape<string>): Shape<string> {
  return (value, path, faults) => inner(typeof value === "bigint" ? value.toString() : value, path, faults);
}
