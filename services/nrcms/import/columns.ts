/** What one cell of a table may hold, and what it means. A column gives the value, or the reason why there is none. */
import { isDay } from "../../values/days.ts";
import { readIdentityNumber } from "../../values/identity.ts";
import { MAX_FEN } from "../../values/money.ts";
import { isCountyCode } from "../../values/region.ts";
import type { Reason } from "../../values/shape.ts";

export type Cell<T> = { readonly value: T } | { readonly wrong: Reason };
export type Column<T> = (text: string) => Cell<T>;

/** A column that gives undefined for what is wrong. */
export function column<T>(zh: string, en: string, read: (text: string) => T | undefined): Column<T> {
  return (text) => {
    const value = read(text);
    if (value !== undefined) return { value };
    return text === "" ? { wrong: { zh: "必填", en: "is missing" } } : { wrong: { zh, en } };
  };
}

export function matching(pattern: RegExp, zh: string, en: string): Column<string> {
  return column(zh, en, (text) => (pattern.test(text) ? text : undefined));
}

/** 1 to `most` characters without control characters, angle brackets and outer spaces. */
export function words(most: number): Column<string> {
  return column(
    `须为 1 至 ${most} 个字符，不含控制字符、尖括号和首尾空格`,
    `must be 1 to ${most} characters without control characters, angle brackets or outer spaces`,
    (text) => (text !== "" && [...text].length <= most && text === text.trim() && !/[\p{Cc}<>\ufffd]/u.test(text) ? text : undefined),
  );
}

/** One of a closed list; `also` are other words for them. */
export function oneOf<T extends string>(values: readonly T[], also: Readonly<Record<string, T>> = {}): Column<T> {
  const known = new Map<string, T>([...values.map((value) => [value, value] as const), ...Object.entries(also)]);
  const list = [...known.keys()].join(", ");
  return column(`须为 ${list} 之一`, `must be one of ${list}`, (text) => known.get(text));
}

const FLAGS = new Map([
  ["true", true],
  ["false", false],
  ["是", true],
  ["否", false],
]);

export const flag: Column<boolean> = column("须为 true 或 false（是、否）", "must be true or false (是, 否)", (text) => FLAGS.get(text));

export const fen: Column<bigint> = column(`须为 0 至 ${MAX_FEN} 的整数（分）`, `must be a whole number of fen, 0 to ${MAX_FEN}`, (text) => {
  const amount = /^\d{1,13}$/.test(text) ? BigInt(text) : -1n;
  return amount >= 0n && amount <= MAX_FEN ? amount : undefined;
});

export const year: Column<number> = column("须为四位数的年份", "must be a year of four digits", (text) =>
  /^(20|21)\d\d$/.test(text) ? Number(text) : undefined,
);

export const day: Column<string> = column("须为真实日期 YYYY-MM-DD", "must be a day that exists, YYYY-MM-DD", (text) =>
  isDay(text) ? text : undefined,
);

/** A county of the province; where the known ones are given, one of them. */
export function countyCode(known?: ReadonlySet<string>): Column<string> {
  return (text) => {
    if (!isCountyCode(text)) return { wrong: { zh: "不是本省的县级区划代码", en: "is not a county division code of the province" } };
    if (known && !known.has(text)) return { wrong: { zh: "不是本省已登记的县", en: "is not a registered county of the province" } };
    return { value: text };
  };
}

/** A person's name as enrolment takes it: letters, the middle dot, single spaces. */
export const personName: Column<string> = column(
  "须为 1 至 50 个文字（可含“·”和空格）",
  'must be 1 to 50 letters, "·" and single spaces, in NFC',
  (text) =>
    /^\p{L}[\p{L}\p{M}·]*(?: \p{L}[\p{L}\p{M}·]*)*$/u.test(text) && [...text].length <= 50 && text.normalize("NFC") === text
      ? text
      : undefined,
);

export const identityNumber: Column<string> = (text) => {
  if (readIdentityNumber(text)) return { value: text };
  if (text === "") return { wrong: { zh: "必填", en: "is missing" } };
  if (/^\d(\.\d+)?E\+?\d+$/i.test(text))
    return {
      wrong: {
        zh: "电子表格把号码变成了科学计数，数字已丢失；该列须为文本格式",
        en: "a spreadsheet has turned it into scientific notation and its digits are lost; format the column as text",
      },
    };
  if (!/^\d{17}[\dX]$/.test(text))
    return { wrong: { zh: "须为 18 位，末位为数字或大写 X", en: "must be 18 characters, the last a digit or a capital X" } };
  if (!isDay(`${text.slice(6, 10)}-${text.slice(10, 12)}-${text.slice(12, 14)}`))
    return { wrong: { zh: "其中的出生日期不存在", en: "the birth date in it does not exist" } };
  return { wrong: { zh: "校验码不对", en: "the check character is wrong" } };
};
