/** Whose task a break of the three-way comparison is, and what is proposed: replay, revoke, or a person's word. */
import type { BillBreak, BillBreakKind } from "./three-way.ts";

export interface BillTask {
  readonly owner: "HOSPITAL" | "REVIEWER" | "MAKER" | "TREASURER";
  readonly repairZh: string;
  readonly repairEn: string;
}

const CORRECT_BOOKS = {
  zh: "以 GetClaim 所示为准更正医院账目，再报该日",
  en: "correct the hospital's books by GetClaim, and report the day again",
};

function hospital(repairZh: string, repairEn: string): BillTask {
  return { owner: "HOSPITAL", repairZh, repairEn };
}

const TASKS: Readonly<Record<BillBreakKind, BillTask>> = {
  VOIDED_HERE: hospital(
    "在医院账上冲销；确应报销的，以新单号重新提交",
    "take it back in the hospital's books; where it is to be paid, submit it under a new id",
  ),
  MISSING_BILL: hospital(
    "医院未收到答复的：以 GetClaim 补记；不应有此单的，VoidClaim 撤销（未知结果冲正）",
    "where the answer was lost, enter it by GetClaim; where it should not be, revoke it (VoidClaim): an unknown outcome",
  ),
  SEVERAL_VOIDS: hospital("重复冲销，只保留一次，再报该日", "keep one of the voids in the hospital's books, and report the day again"),
  SEVERAL_BILLS: hospital("重复结算，只保留一次，再报该日", "keep one of the bills in the hospital's books, and report the day again"),
  FUND_AMOUNT: hospital(CORRECT_BOOKS.zh, CORRECT_BOOKS.en),
  TOTAL_AMOUNT: hospital(
    "账单有误的，VoidClaim 后以新单号重新提交；否则更正医院账目，再报该日",
    "where the bill is wrong, VoidClaim and submit it under a new id; else correct the hospital's books and report the day again",
  ),
  MISSING_CLAIM: hospital(
    "以原单号重新提交（SubmitClaim）：只会结算一次",
    "submit it again under the same id (SubmitClaim): it is settled once",
  ),
  REFUSED_HERE: hospital(
    "该单不予补助：更正医院账目，再报该日",
    "the fund does not pay it: correct the hospital's books, and report the day again",
  ),
  VOID_MISSING: hospital("重新发送 VoidClaim：只会冲销一次", "send VoidClaim again: it is taken back once"),
  OTHER_DAY: hospital("账单计入其出院日，再报两日", "count the bill on the day of its discharge, and report both days again"),
  TOTALS: hospital(
    "按当前报告上传明细（ReportBillRows），或更正后再报该日",
    "send the rows of this report (ReportBillRows), or report the day again",
  ),
  NOT_REPORTED: hospital("补报该日（ReportBills）", "report the day (ReportBills)"),
  RETURNED: {
    owner: "MAKER",
    repairZh: "更正账户后重新支付（nrcms payments waiting, reissue）",
    repairEn: "pay it anew to a corrected account (nrcms payments waiting, reissue)",
  },
  PAID_TWICE: {
    owner: "TREASURER",
    repairZh: "请银行更正，或向收款方追回（暂付款 1101）",
    repairEn: "have the bank correct it, or the payee give it back (account 1101)",
  },
  AGEING: {
    owner: "TREASURER",
    repairZh: "查该单是否因基金余额、待复核批次或银行未答而停留（nrcms trace）",
    repairEn: "see whether a fund's floor, a batch without a checker or a silent bank holds it (nrcms trace)",
  },
};

/** A claim that is paid is no longer the hospital's alone to revoke. */
const MISSING_BILL_PAID: BillTask = {
  owner: "REVIEWER",
  repairZh: "已支付：请医院查明；无此诊疗的，由医院 VoidClaim，款项自其后续应付款抵扣",
  repairEn:
    "it is paid: have the hospital look for it; where there was no such treatment it is to void it, and later payables are less by it",
};

export function taskOf({ kind, paid }: Pick<BillBreak, "kind" | "paid">): BillTask {
  return kind === "MISSING_BILL" && paid ? MISSING_BILL_PAID : TASKS[kind];
}
