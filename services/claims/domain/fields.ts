/** What a single field of a request may be. Each gives what is wrong with it, named by its path, or undefined. */
import { isDay } from "../../values/days.ts";
import { MAX_FEN } from "../../values/money.ts";
import { badRequest, type Refusal } from "../../values/outcome.ts";
import { isCountyCode } from "../../values/region.ts";

/** A unique id that a caller chose: it becomes part of a key. */
const ID = /^[A-Za-z0-9_-]{1,40}$/;
/** An item's or a class's code. */
const CODE = /^[A-Za-z0-9._-]{1,40}$/;
/** Household (county and eight digits) and member number. */
const PERSON = /^\d{16}$/;

export function missing(field: string): Refusal {
  return badRequest(field, "必填", "is missing");
}

export function badId(field: string, id: string): Refusal | undefined {
  if (ID.test(id)) return undefined;
  return badRequest(field, "须为 1 至 40 位字母、数字、- 或 _", "must be 1 to 40 characters A–Z a–z 0–9 - _");
}

export function badCode(field: string, code: string): Refusal | undefined {
  if (CODE.test(code)) return undefined;
  return badRequest(field, "须为 1 至 40 位字母、数字或 . _ -", "must be 1 to 40 characters A–Z a–z 0–9 . _ -");
}

export function badPerson(field: string, personId: string): Refusal | undefined {
  if (PERSON.test(personId)) return undefined;
  return badRequest(field, "须为 16 位数字：户号 14 位和成员号 2 位", "must be 16 digits: a household's 14 and the member's 2");
}

export function badCounty(field: string, county: string): Refusal | undefined {
  if (isCountyCode(county)) return undefined;
  return badRequest(field, "不是本省的县级区划代码", "is not a county division code of the province");
}

export function badDay(field: string, day: string): Refusal | undefined {
  return isDay(day) ? undefined : badRequest(field, "须为 YYYY-MM-DD 的日期", "must be a day YYYY-MM-DD");
}

/** An amount of money from 0 to the largest that one bill may carry. */
export function badFen(field: string, fen: bigint): Refusal | undefined {
  if (fen >= 0n && fen <= MAX_FEN) return undefined;
  return badRequest(field, `须在 0 与 ${MAX_FEN} 分之间`, `must be between 0 and ${MAX_FEN} fen`);
}

export function badNumber(field: string, value: number, least: number, most: number): Refusal | undefined {
  if (Number.isInteger(value) && value >= least && value <= most) return undefined;
  return badRequest(field, `须在 ${least} 与 ${most} 之间`, `must be between ${least} and ${most}`);
}

/** Two days, both inclusive; `place` comes before their names. */
export function badSpan(fromDay: string, toDay: string, place = ""): Refusal | undefined {
  return (
    badDay(`${place}from_day`, fromDay) ??
    badDay(`${place}to_day`, toDay) ??
    (toDay < fromDay ? badRequest(`${place}to_day`, "不得早于首日", "must not be before the first day") : undefined)
  );
}

/** A text of 1 to `most` characters without control characters or outer spaces. */
export function badText(field: string, text: string, most: number): Refusal | undefined {
  if (text === "") return missing(field);
  if (text.length > most) return badRequest(field, `不得超过 ${most} 个字符`, `must not be longer than ${most} characters`);
  if (text !== text.trim() || /\p{Cc}/u.test(text))
    return badRequest(field, "不得含控制字符或首尾空格", "must not hold control characters or outer spaces");
  return undefined;
}

export function badCount(field: string, count: number, least: number, most: number): Refusal | undefined {
  if (count >= least && count <= most) return undefined;
  return badRequest(field, `须有 ${least} 至 ${most} 条`, `must have ${least} to ${most} entries`);
}
