/** Every "no" of settlement: the codes are SettlementRefusal of the contract. */
import { refusals } from "../../values/outcome.ts";

export const refuse = refusals({
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
