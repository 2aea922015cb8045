/** The closed list of what enrollment refuses. No sentence holds a name or an identity number. */
import { refusals } from "../../values/outcome.ts";

export const refuse = refusals({
  UNKNOWN_COUNTY: {
    status: "FAILED_PRECONDITION",
    zh: "{county} 不是本省已登记的县",
    en: "{county} is not a registered county of the province",
  },
  UNKNOWN_PERSON: { status: "NOT_FOUND", zh: "没有参合人员 {person}", en: "there is no enrolled person {person}" },
  UNKNOWN_HOUSEHOLD: { status: "NOT_FOUND", zh: "本县没有参合户 {household}", en: "there is no household {household} in this county" },
  NO_HEAD: { status: "FAILED_PRECONDITION", zh: "没有户主；每户须有且只有一名户主", en: "there is no head; a household has exactly one" },
  TWO_HEADS: {
    status: "FAILED_PRECONDITION",
    zh: "有 {heads} 名户主；每户须有且只有一名户主",
    en: "there are {heads} heads; a household has exactly one",
  },
  ENROLLED_ELSEWHERE: {
    status: "ALREADY_EXISTS",
    zh: "该身份证号已在 {county} 参合至 {day}，不得重复参合",
    en: "this identity number is enrolled in {county} until {day}; nobody is enrolled twice",
  },
  BAD_IDENTITY_NUMBER: {
    status: "INVALID_ARGUMENT",
    zh: "身份证号有误：{zh}",
    en: "not a right identity number: {en}",
  },
  DUPLICATE_MEMBER: {
    status: "INVALID_ARGUMENT",
    zh: "户内与第 {other} 名成员的{zh}重复",
    en: "the same {en} as member {other} of the household",
  },
  HOUSEHOLD_EXISTS: {
    status: "ALREADY_EXISTS",
    zh: "该户 {year} 年已参合，内容与此不同：{zh}",
    en: "the household is enrolled for {year} with other content: {en}",
  },
  COVER_ALREADY_ENDED: {
    status: "FAILED_PRECONDITION",
    zh: "该人的参合已于 {day} 终止",
    en: "this person's cover has been ended already, with {day} as its last day",
  },
  DAY_OUTSIDE_COVER: {
    status: "FAILED_PRECONDITION",
    zh: "{day} 不在该人的任何参合期内",
    en: "{day} is in none of this person's covers",
  },
  NOT_A_MEMBER: {
    status: "FAILED_PRECONDITION",
    zh: "户名须为该户成员的姓名",
    en: "the account must be in the name of a member of the household",
  },
  WRONG_CONTRIBUTION: {
    status: "FAILED_PRECONDITION",
    zh: "该户 {year} 年已按每人 {fen} 分缴费参合，与此次金额不同",
    en: "the household was enrolled for {year} at {fen} fen a head, not at this amount",
  },
});
