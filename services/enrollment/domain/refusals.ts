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
    zh: "须为该户在户成员：{zh}",
    en: "must be a member of the household: {en}",
  },
  WRONG_CONTRIBUTION: {
    status: "FAILED_PRECONDITION",
    zh: "该户 {year} 年已按每人 {fen} 分缴费参合，与此次金额不同",
    en: "the household was enrolled for {year} at {fen} fen a head, not at this amount",
  },
  NOT_ENROLLED: { status: "FAILED_PRECONDITION", zh: "该户 {year} 年未参合", en: "the household is not enrolled for {year}" },
  MEMBER_EXISTS: {
    status: "FAILED_PRECONDITION",
    zh: "成员号与身份证号须对应同一人：该户 {number} 号已是另一对应",
    en: "a member number stands for one identity number: member {number} of the household says otherwise",
  },
  DEAD: { status: "FAILED_PRECONDITION", zh: "该人已于 {day} 死亡", en: "this person's death on {day} is recorded" },
  MOTHER_NOT_COVERED: {
    status: "FAILED_PRECONDITION",
    zh: "母亲须为该户女性成员，{day} 当日在参合期内",
    en: "the mother must be a woman of the household who was covered on {day}",
  },
  COVERED_ALREADY: { status: "FAILED_PRECONDITION", zh: "该人已参合至 {day}", en: "this person is covered until {day} already" },
  BACKDATED: {
    status: "FAILED_PRECONDITION",
    zh: "早于所允许的日期：加入自今天起，离开至多追溯 {days} 天（出生、死亡除外）",
    en: "too early a day: who joins does so from today, who leaves at most {days} days back, birth and death apart",
  },
  ALREADY_LEFT: {
    status: "FAILED_PRECONDITION",
    zh: "该人已于 {day} 离户",
    en: "this person has left the household, with {day} as the last day",
  },
  HEAD_WANTED: { status: "FAILED_PRECONDITION", zh: "户主离户，须指定新户主", en: "the head leaves: name the head that is to follow" },
  TOO_MANY_CHANGES: {
    status: "FAILED_PRECONDITION",
    zh: "户 {household} 的变更已达 {most} 次上限",
    en: "household {household} has had {most} changes, the most that are kept",
  },
  UNKNOWN_IDENTITY: { status: "NOT_FOUND", zh: "该身份证号从未参合", en: "this identity number was never enrolled" },
  NOT_ELSEWHERE: {
    status: "FAILED_PRECONDITION",
    zh: "该人在 {year} 年未在其他县参合，可直接登记",
    en: "no other county has this person enrolled for {year}: enter them",
  },
  UNKNOWN_RELEASE: { status: "NOT_FOUND", zh: "本县没有转出申请 {release}", en: "this county holds no case {release}" },
  RELEASE_DECIDED: { status: "FAILED_PRECONDITION", zh: "该申请已决定：{state}", en: "the case is decided: {state}" },
  CAMPAIGN_CLOSED: {
    status: "FAILED_PRECONDITION",
    zh: "{year} 年参合缴费期为 {opens} 至 {closes}",
    en: "the campaign for {year} is open from {opens} to {closes}",
  },
  NO_CAMPAIGN: { status: "NOT_FOUND", zh: "{county} 没有 {year} 年的筹资计划", en: "{county} has no campaign for {year}" },
  RECEIPT_EXISTS: {
    status: "ALREADY_EXISTS",
    zh: "参考号 {reference} 已用于另一笔收款",
    en: "the reference {reference} stands for other money",
  },
  WRONG_RATE: {
    status: "FAILED_PRECONDITION",
    zh: "{year} 年应缴 {fen} 分",
    en: "for {year} it is {fen} fen that are to be paid",
  },
  CAMPAIGN_STARTED: {
    status: "FAILED_PRECONDITION",
    zh: "缴费期已于 {opens} 开始，标准与开始日期不再改变",
    en: "the campaign has been open since {opens}: its rates and its first day stand",
  },
});
