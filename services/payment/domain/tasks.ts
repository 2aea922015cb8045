/** Whose task a break is, and what is proposed. */
import type { BreakKind } from "./documents.ts";

export interface Task {
  readonly owner: "TREASURER" | "OPERATOR";
  readonly repairZh: string;
  readonly repairEn: string;
}

export const TASKS: Readonly<Record<BreakKind, Task>> = {
  MISSING_AT_BANK: {
    owner: "TREASURER",
    repairZh: "银行次日入账的，次日对账单入账时自动核销；否则凭 EndToEndId 向银行查询",
    repairEn: "where the bank has booked it a day later, that day's statement ends this break; otherwise ask the bank by the EndToEndId",
  },
  MISSING_HERE: {
    owner: "TREASURER",
    repairZh: "请银行说明这笔支出；确属误记的，请其冲回",
    repairEn: "ask the bank what this debit is; where it is an error, have it reversed",
  },
  AMOUNT: {
    owner: "TREASURER",
    repairZh: "以所送付款文件为据，请银行更正",
    repairEn: "have the bank correct it; the file that was sent is the evidence",
  },
  DUPLICATE: {
    owner: "TREASURER",
    repairZh: "重复入账：请银行更正，或向收款方追回",
    repairEn: "booked twice: have the bank correct it, or the payee give it back",
  },
  STATEMENT_SUM: {
    owner: "OPERATOR",
    repairZh: "重新索取该日对账单（FetchStatement）；仍不平的，请银行更正",
    repairEn: "fetch the day's statement again (FetchStatement); where it is still wrong, have the bank correct it",
  },
  BALANCE_GAP: {
    owner: "OPERATOR",
    repairZh: "索取其间各日的对账单，再重新索取本日的；仍不衔接的，请银行更正",
    repairEn: "fetch the statements of the days between, then this one again; where it still does not join, have the bank correct it",
  },
  BATCH_SUM: {
    owner: "TREASURER",
    repairZh: "请银行提供该批明细；如有银行未报的拒付，状态报告到后自动重新索取该日对账单",
    repairEn:
      "have the bank list the batch's transactions; where it has refused some and not said so, the statement is fetched again by itself once its status report is there",
  },
  LEDGER_BALANCE: {
    owner: "TREASURER",
    repairZh: "逐笔核对该日 1003 明细（nrcms fund statement）与对账单；确有漏记、重记的，查其事件（nrcms trace）并运行 nrcms audit",
    repairEn:
      "compare that day's entries of 1003 (nrcms fund statement) with the statement; where one is missing or twice, follow its event (nrcms trace) and run nrcms audit",
  },
  RETURN_UNMATCHED: {
    owner: "TREASURER",
    repairZh: "凭退汇附言查明原支付单；查明前作暂收款挂账",
    repairEn: "find the order by the return's text; until then the money is held as received and not allotted",
  },
};
