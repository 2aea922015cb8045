/** The closed list of what payment refuses. */
import { refusals } from "../../values/outcome.ts";

export const refuse = refusals({
  UNKNOWN_BATCH: { status: "NOT_FOUND", zh: "没有批次 {batch}", en: "there is no batch {batch}" },
  UNKNOWN_ORDER: { status: "NOT_FOUND", zh: "没有支付单 {order}", en: "there is no payment order {order}" },
  NOT_PROPOSED: {
    status: "FAILED_PRECONDITION",
    zh: "批次 {batch} 的状态是 {state}，不在待复核之列",
    en: "batch {batch} is {state}; only a PROPOSED batch can be approved or sent back",
  },
  BATCH_CHANGED: {
    status: "FAILED_PRECONDITION",
    zh: "批次 {batch} 与复核人所见的内容不符（{why}），请重新查看",
    en: "batch {batch} is not what the checker looked at ({why}); look at it again",
  },
  MAKER_IS_CHECKER: {
    status: "FAILED_PRECONDITION",
    zh: "批次 {batch} 由 {maker} 制单，须由另一人复核",
    en: "batch {batch} was made by {maker}; another person must check it",
  },
  ANOTHER_CHECKER: {
    status: "FAILED_PRECONDITION",
    zh: "批次 {batch} 金额较大，{checker} 已复核，须由另一人再复核",
    en: "batch {batch} is large: {checker} has approved it, and another checker must as well",
  },
  OVER_LIMIT: {
    status: "FAILED_PRECONDITION",
    zh: "批次 {batch} 超出 {checker} 的复核限额 {limit} 元（合计 {asked} 元），须由限额更高的人复核",
    en: "batch {batch} is above {checker}'s limit of {limit} yuan ({asked} in all); a checker with a higher limit must approve it",
  },
  UNKNOWN_ACCOUNT: { status: "NOT_FOUND", zh: "没有向账户 {account} 支付过", en: "nothing was ever ordered to account {account}" },
  NOT_RETURNED: {
    status: "FAILED_PRECONDITION",
    zh: "支付单 {order} 不能重新支付：{why}",
    en: "order {order} cannot be paid again: {why}",
  },
  BAD_BANK_MESSAGE: { status: "INVALID_ARGUMENT", zh: "银行报文不可用：{why}", en: "the bank's message is of no use: {why}" },
  NOT_AT_BANK: {
    status: "FAILED_PRECONDITION",
    zh: "支付单 {order} 不能向银行撤销：{why}",
    en: "order {order} is not with the bank to be cancelled: {why}",
  },
  NOT_BELIEVED: {
    status: "PERMISSION_DENIED",
    zh: "报文未被采信（{why}），已存档并告警，请与银行核实",
    en: "the message is not believed to be the bank's ({why}); it is kept for the record and an alarm is raised",
  },
  NO_STATEMENT: { status: "NOT_FOUND", zh: "{day} 的对账单尚未入账", en: "no statement of {day} is booked" },
  UNKNOWN_BANK: { status: "NOT_FOUND", zh: "配置中没有银行 {bank}", en: "the topology names no bank {bank}" },
  NOTHING_DUE: { status: "FAILED_PRECONDITION", zh: "截至 {day} 没有到期应付款", en: "nothing is due up to {day}" },
  UNKNOWN_PAYEE: { status: "FAILED_PRECONDITION", zh: "没有收款方 {payee}", en: "there is no payee {payee}" },
});
