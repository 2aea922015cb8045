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
  UNKNOWN_WINDOW: { status: "NOT_FOUND", zh: "没有清算期 {windowId}", en: "there is no clearing window {windowId}" },
  NO_PARTY: {
    status: "FAILED_PRECONDITION",
    zh: "{county} 在清算期 {windowId} 中没有应付明细，无须答复",
    en: "{county} owes nothing in window {windowId}: there is nothing for it to answer",
  },
  NOT_CONFIRMING: {
    status: "FAILED_PRECONDITION",
    zh: "清算期 {windowId} 不在确认阶段（{state}）",
    en: "window {windowId} is not being confirmed: it is {state}",
  },
  AFTER_DEADLINE: {
    status: "FAILED_PRECONDITION",
    zh: "清算期 {windowId} 的确认已于 {deadline} 截止",
    en: "window {windowId} could be answered until {deadline}",
  },
  ANSWERED: {
    status: "FAILED_PRECONDITION",
    zh: "{county} 已确认清算期 {windowId}；如需更改，请先撤回确认",
    en: "{county} has confirmed window {windowId}; to say something else, take the confirmation back first",
  },
  NOT_ANSWERED: {
    status: "FAILED_PRECONDITION",
    zh: "{county} 尚未确认清算期 {windowId}，无可撤回",
    en: "{county} has not confirmed window {windowId}: there is nothing to take back",
  },
  LIST_MOVED: {
    status: "FAILED_PRECONDITION",
    zh: "清算期 {windowId} 的明细现为 {rows} 条、{fen} 分，与所确认的不符；请重新核对",
    en: "the list of window {windowId} is now {rows} rows of {fen} fen, not what was confirmed: look at it again",
  },
  UNKNOWN_ROW: { status: "NOT_FOUND", zh: "{county} 没有应付明细 {row}", en: "{county} owes no row {row}" },
  ROW_ELSEWHERE: {
    status: "FAILED_PRECONDITION",
    zh: "明细 {row} 不在清算期 {windowId} 中",
    en: "row {row} is not in window {windowId}",
  },
  DISPUTED_OFTEN: {
    status: "FAILED_PRECONDITION",
    zh: "明细 {row} 已提出异议 {limit} 次；请省级中心裁定",
    en: "row {row} was disputed {limit} times; ask the province's centre to rule on it",
  },
  ROW_OVERRULED: {
    status: "FAILED_PRECONDITION",
    zh: "省级中心已裁定明细 {row} 应付，不得再提异议",
    en: "the province's centre has ruled that row {row} is owed; it can be disputed no more",
  },
  ROW_UPHELD: {
    status: "FAILED_PRECONDITION",
    zh: "明细 {row} 的异议已获支持，正等待冲正",
    en: "the dispute of row {row} was upheld; it waits for its claim to be reversed",
  },
  NOT_DISPUTED: { status: "FAILED_PRECONDITION", zh: "明细 {row} 没有待处理的异议", en: "row {row} has no dispute that stands" },
  ROW_MOVED_ON: {
    status: "FAILED_PRECONDITION",
    zh: "明细 {row} 已随清算期 {windowId} 关闭，异议不能再撤回",
    en: "row {row} is in window {windowId}, which was closed meanwhile: its dispute stands",
  },
  ROW_NETTED: {
    status: "FAILED_PRECONDITION",
    zh: "明细 {row} 已在清算期 {windowId} 中轧差",
    en: "row {row} was netted in window {windowId}",
  },
  ROW_NOT_REVERSIBLE: {
    status: "FAILED_PRECONDITION",
    zh: "明细 {row} 本身是更正，或其补偿单已冲正，无可再冲正；只能裁定应付",
    en: "row {row} is a correction, or its claim was taken back already: there is nothing left to reverse, and it can only be overruled",
  },
  UNKNOWN_INSTITUTION: {
    status: "NOT_FOUND",
    zh: "{county} 没有对机构 {institution} 预留质量保证金的约定",
    en: "{county} has no institution {institution} of which it withholds anything",
  },
  NOTHING_WITHHELD: {
    status: "FAILED_PRECONDITION",
    zh: "机构 {institution} 没有待考核的预留款",
    en: "nothing stands withheld of {institution}",
  },
  PERIOD_TO_COME: {
    status: "FAILED_PRECONDITION",
    zh: "考核期 {period} 尚未到（今天 {today}）",
    en: "period {period} is still to come; today is {today}",
  },
  PERIOD_ASSESSED: {
    status: "FAILED_PRECONDITION",
    zh: "机构 {institution} 已考核至 {assessed}，不能再考核 {period}",
    en: "{institution} is assessed up to {assessed}: {period} cannot be any more",
  },
  NO_CAPITATION: {
    status: "FAILED_PRECONDITION",
    zh: "{county} {year} 年的补助方案未约定对机构 {institution} 按人头付费",
    en: "the scheme of {county} of {year} pays {institution} nothing by head",
  },
  CAPITATION_PAID: {
    status: "FAILED_PRECONDITION",
    zh: "机构 {institution} {period} 的人头费已支付",
    en: "{institution} has been paid by head for {period} already",
  },
  UNKNOWN_CAPITATION: {
    status: "NOT_FOUND",
    zh: "机构 {institution} 没有 {period} 的待批人头费",
    en: "nobody has proposed what {institution} is paid by head for {period}",
  },
  CAPITATION_CHANGED: {
    status: "FAILED_PRECONDITION",
    zh: "机构 {institution} 的人头数现为 {heads}，与所批的不符",
    en: "{institution} has {heads} heads in the proposal, not what was approved: look at it again",
  },
  UNKNOWN_ASSESSMENT: {
    status: "NOT_FOUND",
    zh: "机构 {institution} 没有 {period} 的待批考核",
    en: "nobody has proposed an assessment of {institution} for {period}",
  },
  ASSESSMENT_CHANGED: {
    status: "FAILED_PRECONDITION",
    zh: "机构 {institution} 的考核得分现为 {score}（万分比），与所批的不符",
    en: "the proposed score of {institution} is {score} basis points, not what was approved: look at it again",
  },
  PROPOSED_BY_YOU: {
    status: "PERMISSION_DENIED",
    zh: "考核由 {name} 提出，须由他人批准",
    en: "the assessment was proposed by {name}: another person is to approve it",
  },
  RECEIPT_EXISTS: {
    status: "ALREADY_EXISTS",
    zh: "{county} 的收款凭据号 {reference} 已记账，内容不同",
    en: "receipt {reference} of {county} is booked already, with other content",
  },
});
