/**
 * A household as a clerk lists it, and what it must be by itself: the head, the numbers, the identity cards.
 * What other households say against it (the same person elsewhere) is `enrol.ts`'s matter.
 */
import { isDay } from "../../values/days.ts";
import { readIdentityNumber } from "../../values/identity.ts";
import { badRequest, isRefusal, type Refusal } from "../../values/outcome.ts";
import type { Category, Member, Sex } from "./documents.ts";
import { refuse } from "./refusals.ts";

/** As it was sent, unread. */
export interface MemberForm {
  readonly memberNo: string;
  readonly name: string;
  readonly identityNumber: string;
  readonly sex: Sex | "UNSPECIFIED";
  readonly bornOn: string;
  readonly head: boolean;
  readonly category: Category | "UNSPECIFIED";
}

export interface HouseholdForm {
  readonly householdId: string;
  readonly township: string;
  readonly village: string;
  readonly members: readonly MemberForm[];
}

/** As it was read: every member is right by itself; they are in the order of the form. */
export interface Listing {
  readonly householdId: string;
  readonly township: string;
  readonly village: string;
  readonly members: readonly Member[];
}

const MAX_MEMBERS = 99;
const MAX_NAME = 50;
const MAX_PLACE = 50;

/** Letters of any script with their marks, the middle dot of Hui and Uyghur names, single spaces between words. */
const NAME = /^\p{L}[\p{L}\p{M}·]*(?: \p{L}[\p{L}\p{M}·]*)*$/u;

/**
 * Reads one household of a county for an enrolment year, as of `today`. Refuses with the field's path within the household:
 * BAD_REQUEST (form), NO_HEAD, TWO_HEADS, DUPLICATE_MEMBER, BAD_IDENTITY_NUMBER.
 */
export function readListing(form: HouseholdForm, county: string, year: number, today: string): Listing | Refusal {
  const { householdId, township, village } = form;
  if (!isHouseholdId(householdId) || !householdId.startsWith(county))
    return badRequest("household_id", `须为县代码 ${county} 加 8 位数字`, `must be the county code ${county} and eight digits`);
  const place = badPlace("township", township) ?? badPlace("village", village);
  if (place) return place;
  if (form.members.length > MAX_MEMBERS) return badRequest("members", `不得超过 ${MAX_MEMBERS} 人`, `must not be more than ${MAX_MEMBERS}`);
  const heads = form.members.filter((member) => member.head).length;
  if (heads === 0) return refuse("NO_HEAD", { field: "members" });
  if (heads > 1) return refuse("TWO_HEADS", { field: `members[${form.members.findLastIndex((member) => member.head)}].head`, heads });
  const members: Member[] = [];
  for (const [index, raw] of form.members.entries()) {
    const member = readMember(raw, `members[${index}]`, year, today);
    if (isRefusal(member)) return member;
    const twin = members.findIndex((other) => other.memberNo === member.memberNo);
    if (twin >= 0)
      return refuse("DUPLICATE_MEMBER", { field: `members[${index}].member_no`, other: twin + 1, zh: "成员号", en: "member_no" });
    const same = members.findIndex((other) => other.identityNumber === member.identityNumber);
    if (same >= 0)
      return refuse("DUPLICATE_MEMBER", {
        field: `members[${index}].identity_number`,
        other: same + 1,
        zh: "身份证号",
        en: "identity number",
      });
    members.push(member);
  }
  return { householdId, township, village, members };
}

export function isHouseholdId(text: string): boolean {
  return /^\d{14}$/.test(text);
}

/** Reads one member for an enrolment year, as of `today`. Refuses BAD_REQUEST and BAD_IDENTITY_NUMBER with the field's path under `at`. */
export function readMember(raw: MemberForm, at: string, year: number, today: string): Member | Refusal {
  const { memberNo, name, identityNumber, sex, bornOn, head, category } = raw;
  if (!/^\d\d$/.test(memberNo) || memberNo === "00") return badRequest(`${at}.member_no`, "须为 01 至 99", "must be 01 to 99");
  if (name.length > 2 * MAX_NAME || [...name].length > MAX_NAME || !NAME.test(name) || name.normalize("NFC") !== name)
    return badRequest(
      `${at}.name`,
      `须为 1 至 ${MAX_NAME} 个文字（可含“·”和空格）`,
      `must be 1 to ${MAX_NAME} letters, "·" and single spaces, in NFC`,
    );
  if (sex === "UNSPECIFIED") return badRequest(`${at}.sex`, "必填", "is missing");
  if (category === "UNSPECIFIED") return badRequest(`${at}.category`, "必填", "is missing");
  if (!isDay(bornOn)) return badRequest(`${at}.born_on`, "须为 YYYY-MM-DD 的日期", "must be a day YYYY-MM-DD");
  if (bornOn > today) return badRequest(`${at}.born_on`, "不得晚于今天", "must not be in the future");
  if (bornOn > lastDayOf(year))
    return badRequest(`${at}.born_on`, `不得晚于参合年度 ${year}`, `must not be after the enrolment year ${year}`);
  const said = readIdentityNumber(identityNumber);
  const wrong = (zh: string, en: string) => refuse("BAD_IDENTITY_NUMBER", { field: `${at}.identity_number`, zh, en });
  if (!said) return wrong("须为 18 位，出生日期真实，校验码正确", "18 digits with a real birth date and a right check digit are wanted");
  if (said.bornOn !== bornOn) return wrong("与出生日期不符", "it does not match born_on");
  if (said.sex !== sex) return wrong("与性别不符", "it does not match sex");
  return { memberNo, name, identityNumber, sex, bornOn, head, category };
}

/** What is wrong with a township's or a village's name. */
export function badPlace(field: string, text: string): Refusal | undefined {
  if (text.trim() !== "" && text.length <= MAX_PLACE && text === text.trim() && !/[\p{Cc}<>]/u.test(text)) return undefined;
  return badRequest(
    field,
    `须为 1 至 ${MAX_PLACE} 个字符，不含控制字符和尖括号`,
    `must be 1 to ${MAX_PLACE} characters without control characters or angle brackets`,
  );
}

export function firstDayOf(year: number): string {
  return `${year}-01-01`;
}

export function lastDayOf(year: number): string {
  return `${year}-12-31`;
}
