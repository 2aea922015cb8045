/** What a single field of a request may be. Each gives what is wrong with it, named by its path, or undefined. */
import { FIRST_YEAR, isDay, LAST_YEAR } from "../../values/days.ts";
import { badRequest, type Refusal } from "../../values/outcome.ts";
import { isCountyCode } from "../../values/region.ts";
import { isHouseholdId } from "./listing.ts";

const MAX_TEXT = 200;

export function badCounty(county: string, field = "county"): Refusal | undefined {
  return isCountyCode(county) ? undefined : badRequest(field, "不是本省的县级区划代码", "is not a county division code of the province");
}

export function badHousehold(householdId: string, field = "household_id"): Refusal | undefined {
  return isHouseholdId(householdId) ? undefined : badRequest(field, "须为 14 位数字", "must be 14 digits");
}

/** One that belongs to the county. */
export function badOwnHousehold(householdId: string, county: string, field = "household_id"): Refusal | undefined {
  if (isHouseholdId(householdId) && householdId.startsWith(county)) return undefined;
  return badRequest(field, `须为县代码 ${county} 加 8 位数字`, `must be the county code ${county} and eight digits`);
}

export function badPerson(personId: string): Refusal | undefined {
  return /^\d{16}$/.test(personId) ? undefined : badRequest("person_id", "须为 16 位数字", "must be 16 digits");
}

export function badMemberNo(memberNo: string, field: string): Refusal | undefined {
  return /^\d\d$/.test(memberNo) && memberNo !== "00" ? undefined : badRequest(field, "须为 01 至 99", "must be 01 to 99");
}

/** A member number, or nothing. */
export function badMemberNoIfAny(memberNo: string, field: string): Refusal | undefined {
  return memberNo === "" ? undefined : badMemberNo(memberNo, field);
}

export function badDay(field: string, day: string): Refusal | undefined {
  return isDay(day) ? undefined : badRequest(field, "须为 YYYY-MM-DD 的日期", "must be a day YYYY-MM-DD");
}

export function badYear(year: number): Refusal | undefined {
  if (year >= FIRST_YEAR && year <= LAST_YEAR) return undefined;
  return badRequest("year", `须在 ${FIRST_YEAR} 与 ${LAST_YEAR} 之间`, `must be between ${FIRST_YEAR} and ${LAST_YEAR}`);
}

/** A line of text; `empty` where there may be none. */
export function badText(field: string, text: string, empty: "MAY_BE_EMPTY" | "WANTED"): Refusal | undefined {
  const fits = text.length <= MAX_TEXT && !/[\p{Cc}<>]/u.test(text) && (empty === "MAY_BE_EMPTY" || text.trim() !== "");
  if (fits) return undefined;
  const least = empty === "MAY_BE_EMPTY" ? 0 : 1;
  return badRequest(
    field,
    `须为 ${least} 至 ${MAX_TEXT} 个字符，不含控制字符和尖括号`,
    `must be ${least} to ${MAX_TEXT} characters without control characters or angle brackets`,
  );
}

export function missing(field: string): Refusal {
  return badRequest(field, "必填", "is missing");
}
