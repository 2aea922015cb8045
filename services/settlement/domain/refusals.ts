/** Every "no" of settlement: the codes are SettlementRefusal of the contract. */
import { refusals } from "../../values/outcome.ts";

export const refuse = refusals({
  UNKNOWN_ACCOUNT: { status: "NOT_FOUND", zh: "{county} 没有账户 {account}", en: "{county} has no account {account}" },
  TOO_LONG_AGO: {
    status: "FAILED_PRECONDITION",
    zh: "自 {day} 起的发生额过多，请缩小范围",
    en: "too much has moved since {day}: ask for a county, or for a later day",
  },
  YEAR_NOT_OVER: { status: "FAILED_PRECONDITION", zh: "{year} 年尚未结束（今天 {today}）", en: "{year} is not over; today is {today}" },
  YEAR_CLOSED: {
    status: "FAILED_PRECONDITION",
    zh: "{county} 已结转至 {closed} 年",
    en: "the books of {county} are closed through {closed}",
  },
  YEARS_IN_ORDER: {
    status: "FAILED_PRECONDITION",
    zh: "{county} 须先结转 {next} 年",
    en: "of {county}, {next} is to be closed first",
  },
  UNKNOWN_COUNTY: {
    status: "FAILED_PRECONDITION",
    zh: "县 {county} 尚未登记，没有基金账",
    en: "county {county} is not registered and has no fund book",
  },
  NO_OPEN_WINDOW: {
    status: "FAILED_PRECONDITION",
    zh: "清算期 {windowId} 未开放，当前开放的是 {open}",
    en: "clearing window {windowId} is not open; the open one is {open}",
  },
  RECEIPT_EXISTS: {
    status: "ALREADY_EXISTS",
    zh: "{county} 的收款凭据号 {reference} 已记账，内容不同",
    en: "receipt {reference} of {county} is booked already, with other content",
  },
});
