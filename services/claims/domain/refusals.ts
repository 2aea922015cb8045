/** The closed list of what claims refuses: the codes of the contract's ClaimsRefusal. */
import { type Refusal, refusals } from "../../values/outcome.ts";

export const refuse = refusals({
  UNKNOWN_PERSON: { status: "NOT_FOUND", zh: "没有参合人员 {person}", en: "there is no enrolled person {person}" },
  UNKNOWN_INSTITUTION: {
    status: "FAILED_PRECONDITION",
    zh: "{institution} 不是定点医疗机构",
    en: "{institution} is not a designated institution",
  },
  UNKNOWN_CLAIM: { status: "NOT_FOUND", zh: "没有补偿单 {claim}", en: "there is no claim {claim}" },
  NOT_COVERED: {
    status: "FAILED_PRECONDITION",
    zh: "{from} 至 {to} 没有一天在参合期内",
    en: "no day from {from} to {to} is covered",
  },
  NO_SCHEME: {
    status: "FAILED_PRECONDITION",
    zh: "{county} 在 {day} 没有生效的补助方案",
    en: "no benefit scheme of {county} is in force on {day}",
  },
  NO_BENEFIT: {
    status: "FAILED_PRECONDITION",
    zh: "补助方案 {scheme} 对 {level} 级机构的 {visit} 没有规定",
    en: "scheme {scheme} has no rule for {visit} at level {level}",
  },
  UNKNOWN_ITEM: {
    status: "FAILED_PRECONDITION",
    zh: "目录 {catalogue} 没有项目 {item}",
    en: "catalogue {catalogue} has no item {item}",
  },
  UNKNOWN_DIAGNOSIS: {
    status: "FAILED_PRECONDITION",
    zh: "目录 {catalogue} 没有诊断 {diagnosis}",
    en: "catalogue {catalogue} has no diagnosis {diagnosis}",
  },
  LINE_SUM: {
    status: "INVALID_ARGUMENT",
    zh: "金额 {billed} 分不等于数量乘单价（应为 {wanted} 分）",
    en: "{billed} fen is not quantity times unit price, which is {wanted} fen",
  },
  BILL_SUM: {
    status: "INVALID_ARGUMENT",
    zh: "总额 {total} 分不等于各行之和 {wanted} 分",
    en: "the total of {total} fen is not the sum of the lines, which is {wanted} fen",
  },
  LINE_OUTSIDE_STAY: {
    status: "INVALID_ARGUMENT",
    zh: "{day} 不在 {from} 至 {to} 之内",
    en: "{day} is not within {from} to {to}",
  },
  DISCHARGE_BEFORE_ADMISSION: {
    status: "INVALID_ARGUMENT",
    zh: "出院日 {to} 早于入院日 {from}",
    en: "the discharge on {to} is before the admission on {from}",
  },
  FUTURE_DAY: { status: "INVALID_ARGUMENT", zh: "{day} 晚于今天 {today}", en: "{day} is after today, {today}" },
  CLAIM_EXISTS: {
    status: "ALREADY_EXISTS",
    zh: "补偿单号 {claim} 已用于其他内容",
    en: "claim id {claim} is in use for other content",
  },
  DUPLICATE_INVOICE: {
    status: "ALREADY_EXISTS",
    zh: "发票 {invoice} 已由补偿单 {claim} 报销",
    en: "invoice {invoice} was claimed before, by claim {claim}",
  },
  OVERLAPPING_STAY: {
    status: "FAILED_PRECONDITION",
    zh: "与已报销的住院 {from} 至 {to} 重叠",
    en: "overlaps a stay that was billed before, from {from} to {to}",
  },
  NO_HISTORY: {
    status: "FAILED_PRECONDITION",
    zh: "{county} 在 {year} 年没有补助方案或没有补偿单，无从测算",
    en: "{county} has no scheme or no claim of {year}: there is nothing to estimate from",
  },
  ESTIMATE_RUNNING: {
    status: "RESOURCE_EXHAUSTED",
    zh: "正在进行另一次测算，请稍后再试",
    en: "another estimate is running: try again later",
  },
  NO_SECOND_COMPENSATION: {
    status: "FAILED_PRECONDITION",
    zh: "{county} {year} 年的补助方案没有二次补偿",
    en: "no scheme of {county} for {year} has a second compensation",
  },
  YEAR_NOT_OVER: { status: "FAILED_PRECONDITION", zh: "{year} 年尚未结束（今天 {today}）", en: "{year} is not over; today is {today}" },
  TOO_MANY_SHARES: {
    status: "FAILED_PRECONDITION",
    zh: "{county} {year} 年符合条件的补偿单超过 {most} 笔，请提高起付额",
    en: "more than {most} claims of {county} in {year} would share: the threshold must be higher",
  },
  NOTHING_TO_SHARE: {
    status: "FAILED_PRECONDITION",
    zh: "{county} {year} 年没有可分得金额的补偿单",
    en: "no claim of {county} in {year} would get anything",
  },
  SECOND_APPROVED: {
    status: "FAILED_PRECONDITION",
    zh: "{county} {year} 年的二次补偿已批准，金额不同",
    en: "the second compensation of {county} for {year} is approved, with another pot",
  },
  UNKNOWN_SECOND: {
    status: "NOT_FOUND",
    zh: "{county} {year} 年没有二次补偿计划",
    en: "no second compensation is planned for {county} in {year}",
  },
  SECOND_CHANGED: {
    status: "FAILED_PRECONDITION",
    zh: "计划已变，现摘要为 {hash}",
    en: "the plan is another now; its hash is {hash}",
  },
  PLANNED_BY_YOU: {
    status: "PERMISSION_DENIED",
    zh: "{name} 编制的计划须由他人批准",
    en: "{name} has planned it; another person approves",
  },
  HAS_SHARE: {
    status: "FAILED_PRECONDITION",
    zh: "补偿单 {claim} 已得二次补偿 {fen} 分，不得冲销",
    en: "claim {claim} has had {fen} fen of second compensation and is not taken back",
  },
  APPLICATION_EXISTS: {
    status: "ALREADY_EXISTS",
    zh: "申请号 {application} 已用于其他内容",
    en: "application id {application} is in use for other content",
  },
  UNKNOWN_APPLICATION: { status: "NOT_FOUND", zh: "没有申请 {application}", en: "there is no application {application}" },
  ALREADY_DECIDED: {
    status: "FAILED_PRECONDITION",
    zh: "申请 {application} 已是 {state}",
    en: "application {application} is {state} already",
  },
  UNKNOWN_REPORT: { status: "NOT_FOUND", zh: "{institution} 没有 {day} 的日终报告", en: "{institution} has not reported {day}" },
  REPORT_CHANGED: {
    status: "FAILED_PRECONDITION",
    zh: "{day} 的日终报告已是第 {revision} 次，或页数不同",
    en: "the report of {day} is revision {revision}, or has another number of pages",
  },
  ROWS_NOT_WANTED: {
    status: "FAILED_PRECONDITION",
    zh: "{day} 的日终报告状态是 {state}，无需明细",
    en: "the report of {day} is {state}, and wants no rows",
  },
  REPORT_PAGE_EXISTS: {
    status: "ALREADY_EXISTS",
    zh: "{day} 日终报告的第 {page} 页已有其他内容；请再报该日",
    en: "page {page} of the report of {day} is there with other rows: report the day again",
  },
  ROWS_SUM: {
    status: "FAILED_PRECONDITION",
    zh: "明细合计 {bills} 笔、总额 {total} 分、应收 {fund} 分，与所报 {told} 笔不符；请更正该页或再报该日",
    en: "the rows make {bills} bills of {total} fen, owed {fund}; that is not what was reported of {told} bills: correct the page, or report the day again",
  },
  TOO_MANY_BILLS: {
    status: "FAILED_PRECONDITION",
    zh: "{institution} 在 {day} 的补偿单超过 {most} 笔",
    en: "{institution} has more than {most} claims on {day}",
  },
  UNKNOWN_LINE: {
    status: "INVALID_ARGUMENT",
    zh: "账单没有第 {line} 行（共 {lines} 行）",
    en: "the bill has no line {line}; it has {lines}",
  },
  DEDUCTION_TOO_LARGE: {
    status: "INVALID_ARGUMENT",
    zh: "扣减 {fen} 分超过该行金额 {billed} 分",
    en: "{fen} fen are more than the {billed} fen of the line",
  },
  NOT_IN_REVIEW: {
    status: "FAILED_PRECONDITION",
    zh: "补偿单 {claim} 的状态是 {state}，不在待审核之列",
    en: "claim {claim} is {state} and does not wait for review",
  },
  SCHEME_EXISTS: {
    status: "ALREADY_EXISTS",
    zh: "补助方案 {scheme} 已发布，内容不同；请用新的版本号",
    en: "scheme {scheme} is published with other content; use a new version number",
  },
  CATALOGUE_EXISTS: {
    status: "ALREADY_EXISTS",
    zh: "目录 {catalogue} 已发布，内容不同；请用新的版本号",
    en: "catalogue {catalogue} is published with other content; use a new version",
  },
  REFERRAL_EXISTS: {
    status: "ALREADY_EXISTS",
    zh: "转诊单号 {referral} 已用于其他内容",
    en: "referral id {referral} is in use for other content",
  },
  REFERRAL_MISMATCH: {
    status: "FAILED_PRECONDITION",
    zh: "转诊单 {referral} 不是此人、此机构或此日期的",
    en: "referral {referral} is for another person, institution or day",
  },
  REFERRAL_REVOKED: {
    status: "FAILED_PRECONDITION",
    zh: "转诊单 {referral} 已于 {day} 撤销",
    en: "referral {referral} was revoked on {day}",
  },
  REFERRAL_CLOSED: {
    status: "FAILED_PRECONDITION",
    zh: "转诊单 {referral} 的状态是 {state}，不能撤销",
    en: "referral {referral} is {state} and cannot be revoked",
  },
  UNKNOWN_REFERRAL: { status: "FAILED_PRECONDITION", zh: "没有转诊单 {referral}", en: "there is no referral {referral}" },
  UNKNOWN_SCHEME: { status: "NOT_FOUND", zh: "没有补助方案 {scheme}", en: "there is no scheme {scheme}" },
  WRONG_SCHEME_STATE: {
    status: "FAILED_PRECONDITION",
    zh: "补助方案 {scheme} 的状态是 {state}，须为 {wanted}",
    en: "scheme {scheme} is {state}; it must be {wanted}",
  },
  SCHEME_CHANGED: {
    status: "FAILED_PRECONDITION",
    zh: "补助方案 {scheme} 的内容已变，现为 {hash}",
    en: "the content of scheme {scheme} has changed, its hash is now {hash}",
  },
  ALREADY_APPROVED: {
    status: "FAILED_PRECONDITION",
    zh: "{name} 已批准补助方案 {scheme}，须由另一人批准",
    en: "{name} has approved scheme {scheme} already; another person must",
  },
  UNKNOWN_ADMISSION: { status: "NOT_FOUND", zh: "没有住院登记 {admission}", en: "there is no admission {admission}" },
  ADMISSION_EXISTS: {
    status: "ALREADY_EXISTS",
    zh: "住院登记号 {admission} 已用于其他内容",
    en: "admission id {admission} is in use for other content",
  },
  ALREADY_ADMITTED: {
    status: "FAILED_PRECONDITION",
    zh: "此人自 {since} 起在 {institution} 住院，尚未结算",
    en: "the person is in {institution} since {since}, and that stay is not settled",
  },
  NOT_OPEN: { status: "FAILED_PRECONDITION", zh: "住院登记 {admission} 的状态是 {state}", en: "admission {admission} is {state}" },
  PAGE_EXISTS: {
    status: "ALREADY_EXISTS",
    zh: "住院登记 {admission} 的第 {page} 页已有其他内容，须先撤销",
    en: "page {page} of admission {admission} is there with other content: undo it first",
  },
  FEES_REMAIN: {
    status: "FAILED_PRECONDITION",
    zh: "住院登记 {admission} 还有 {pages} 页费用，须先撤销",
    en: "admission {admission} still has {pages} pages of fees: undo them first",
  },
  NO_FEES: { status: "FAILED_PRECONDITION", zh: "住院登记 {admission} 没有费用", en: "admission {admission} has no fees" },
  REGISTRATION_EXISTS: {
    status: "ALREADY_EXISTS",
    zh: "慢特病登记号 {registration} 已用于其他内容",
    en: "registration id {registration} is in use for other content",
  },
  TOO_MANY_REGISTRATIONS: {
    status: "FAILED_PRECONDITION",
    zh: "一人至多登记 {most} 项慢特病",
    en: "a person has at most {most} registrations",
  },
  NOT_APPROVED: {
    status: "FAILED_PRECONDITION",
    zh: "补偿单 {claim} 的状态是 {state}，尚未或不再批准",
    en: "claim {claim} is {state}, and not approved",
  },
  ALREADY_PAID: {
    status: "FAILED_PRECONDITION",
    zh: "补偿单 {claim} 已支付，按补助方案不得冲销",
    en: "claim {claim} is paid, and its scheme lets no paid claim be taken back",
  },
  TOO_LATE: {
    status: "FAILED_PRECONDITION",
    zh: "补偿单 {claim} 已过冲销期限 {days} 天",
    en: "claim {claim} could be taken back within {days} days",
  },
  UNKNOWN_CORRECTION: { status: "NOT_FOUND", zh: "补偿单 {claim} 没有更正", en: "there is no correction of claim {claim}" },
  NOT_QUEUED: {
    status: "FAILED_PRECONDITION",
    zh: "补偿单 {claim} 的更正状态是 {state}",
    en: "the correction of claim {claim} is {state}",
  },
  BAD_SCHEME: { status: "INVALID_ARGUMENT", zh: "{zh}", en: "{en}" },
  TOO_EARLY: {
    status: "INVALID_ARGUMENT",
    zh: "生效日 {day} 须晚于今天 {today}",
    en: "the first day {day} must be after today, {today}",
  },
  PREFUND_EXHAUSTED: {
    status: "RESOURCE_EXHAUSTED",
    zh: "参合县周转金不足或未及时确认；请先结清费用，持发票与费用清单回参合县经办机构报销",
    en: "the home county's prefund does not suffice or was not confirmed in time; the patient pays the bill, and hands it in at the agency at home",
  },
  PREFUND_BLOCKED: {
    status: "FAILED_PRECONDITION",
    zh: "参合县 {home} 周转金已用尽，暂不办理新的异地即时结算；请先结清费用，持发票与费用清单回参合县经办机构报销",
    en: "the prefund of {home} is used up, and nobody new is settled at once elsewhere; the patient pays the bill, and hands it in at the agency at home",
  },
  CROSS_REGION_CLOSED: {
    status: "FAILED_PRECONDITION",
    zh: "{county} 尚未开通异地即时结算；请先结清费用，持发票与费用清单回参合县 {home} 经办机构报销",
    en: "{county} does not take part in cross-region settlement yet; the patient pays the bill, and hands it in at the agency of {home}",
  },
  NOT_CONFIRMED: {
    status: "FAILED_PRECONDITION",
    zh: "补偿单 {claim} 的就诊医院尚未核实，不得审核通过",
    en: "the hospital of claim {claim} has not confirmed it yet; until then it is not approved",
  },
  ALREADY_CONFIRMED: {
    status: "FAILED_PRECONDITION",
    zh: "补偿单 {claim} 已由 {by} 录入医院的答复，内容不同",
    en: "the hospital's answer on claim {claim} was entered by {by}, with other words",
  },
  SUBMITTED_BY_YOU: {
    status: "PERMISSION_DENIED",
    zh: "{name} 录入的纸质补偿单须由他人核实",
    en: "{name} has submitted the paper claim; another person enters the hospital's answer",
  },
  INSURED_ELSEWHERE: {
    status: "FAILED_PRECONDITION",
    zh: "此人 {day} 在 {county} 参合，单据须交该县经办机构",
    en: "the person is insured in {county} on {day}: the bill is handed in there",
  },
  INVOICE_SUM: {
    status: "INVALID_ARGUMENT",
    zh: "总额 {total} 分不等于各张发票之和 {wanted} 分",
    en: "the total of {total} fen is not the sum of the invoices, which is {wanted} fen",
  },
  CODE_USED: {
    status: "ALREADY_EXISTS",
    zh: "医院的核实码 {code} 已用于补偿单 {claim}，一码只核实一单",
    en: "the hospital's code {code} has confirmed claim {claim}; a code confirms one claim",
  },
  HANDED_IN_LATE: {
    status: "FAILED_PRECONDITION",
    zh: "{day} 出院的单据须在 {days} 天内（至 {last}）交到经办机构，今天是 {today}",
    en: "the bill of a discharge on {day} is handed in within {days} days, by {last}; today is {today}",
  },
  UNKNOWN_COUNTY: {
    status: "FAILED_PRECONDITION",
    zh: "{county} 不是本省已登记的县",
    en: "{county} is not a registered county of the province",
  },
  UNKNOWN_COVER_LOSS: {
    status: "NOT_FOUND",
    zh: "本县没有补偿单 {claim} 的失去参合待办",
    en: "this county has no task for claim {claim}, whose cover was lost",
  },
  COVER_LOSS_DECIDED: {
    status: "FAILED_PRECONDITION",
    zh: "补偿单 {claim} 的待办已决定：{state}",
    en: "the task of claim {claim} is decided: {state}",
  },
  TASK_HELD: {
    status: "FAILED_PRECONDITION",
    zh: "补偿单 {claim} 的审核任务自 {since} 起由 {by} 领取",
    en: "the review task of claim {claim} is held by {by} since {since}",
  },
  ENTERED_BY_YOU: {
    status: "PERMISSION_DENIED",
    zh: "补偿单 {claim} 由 {name} 录入，须由他人审核",
    en: "{name} has entered claim {claim}; another person reviews it",
  },
  PASSED_BY_YOU: {
    status: "PERMISSION_DENIED",
    zh: "补偿单 {claim} 已由 {name} 审核，此步须由他人",
    en: "{name} has given a verdict on claim {claim}; this step is another person's",
  },
  ABOVE_YOUR_LEVEL: {
    status: "PERMISSION_DENIED",
    zh: "补偿单 {claim} 须由二审人员办理，{name} 不是",
    en: "claim {claim} is for a second-level reviewer, which {name} is not",
  },
  WITH_HOSPITAL: {
    status: "FAILED_PRECONDITION",
    zh: "补偿单 {claim} 已退回医院询问，医院尚未答复",
    en: "claim {claim} is with its hospital, which has not answered the question",
  },
  NO_HOSPITAL: {
    status: "FAILED_PRECONDITION",
    zh: "补偿单 {claim} 是纸质单据，不能退回医院，请向参合户询问",
    en: "claim {claim} was handed in on paper and cannot be returned to a hospital; its household is asked at the desk",
  },
  NOT_ASKED: {
    status: "FAILED_PRECONDITION",
    zh: "补偿单 {claim} 没有待答复的询问",
    en: "no question about claim {claim} is open",
  },
  NOTHING_DEDUCTED: {
    status: "FAILED_PRECONDITION",
    zh: "补偿单 {claim} 没有扣款",
    en: "nothing was taken off claim {claim}",
  },
  APPEAL_TOO_LATE: {
    status: "FAILED_PRECONDITION",
    zh: "补偿单 {claim} 已过申诉期限 {days} 天",
    en: "claim {claim} could be appealed within {days} days of its decision",
  },
  APPEAL_EXISTS: { status: "ALREADY_EXISTS", zh: "补偿单 {claim} 已申诉过", en: "claim {claim} has been appealed already" },
  UNKNOWN_APPEAL: { status: "NOT_FOUND", zh: "补偿单 {claim} 没有申诉", en: "there is no appeal of claim {claim}" },
  APPEAL_DECIDED: {
    status: "FAILED_PRECONDITION",
    zh: "补偿单 {claim} 的申诉已由 {by} 裁定",
    en: "the appeal of claim {claim} was decided by {by}",
  },
  CORRECTION_WAITS: {
    status: "FAILED_PRECONDITION",
    zh: "补偿单 {claim} 有待定的更正，请先处理",
    en: "a correction of claim {claim} waits: decide it first",
  },
  RULE_BLOCKS: {
    status: "FAILED_PRECONDITION",
    zh: "审核规则 {rule}/{version} 不予结算：{zh}",
    en: "review rule {rule}/{version} refuses the bill: {en}",
  },
  BAD_RULES: { status: "INVALID_ARGUMENT", zh: "{zh}", en: "{en}" },
  RULES_EXIST: {
    status: "ALREADY_EXISTS",
    zh: "审核规则版本 {rules} 已发布，内容不同",
    en: "version {rules} of the rules is published with other content",
  },
  UNKNOWN_RULES: { status: "NOT_FOUND", zh: "没有审核规则版本 {rules}", en: "there are no rules {rules}" },
  UNKNOWN_RULE: { status: "INVALID_ARGUMENT", zh: "没有规则 {rule}", en: "there is no rule {rule} here" },
  UNKNOWN_LOOK: { status: "NOT_FOUND", zh: "补偿单 {claim} 没有待复查", en: "claim {claim} is not to be looked at" },
  LOOK_CLOSED: {
    status: "FAILED_PRECONDITION",
    zh: "补偿单 {claim} 已由 {by} 复查",
    en: "claim {claim} was looked at by {by}",
  },
  NOT_WHAT_IT_SAYS: {
    status: "INVALID_ARGUMENT",
    zh: "内容不是完整的 {said}（实为 {found}）",
    en: "the bytes are no whole {said} (found: {found})",
  },
  ATTACHMENT_TOO_LARGE: {
    status: "INVALID_ARGUMENT",
    zh: "附件 {bytes} 字节，上限 {most}",
    en: "the attachment has {bytes} bytes, at most {most} are taken",
  },
  INFECTED: { status: "INVALID_ARGUMENT", zh: "附件含病毒特征，不予接收", en: "the attachment carries a virus's signature" },
  CLAIM_ENDED: {
    status: "FAILED_PRECONDITION",
    zh: "补偿单 {claim} 的状态是 {state}，不再接收附件",
    en: "claim {claim} is {state}, and nothing is attached to it any more",
  },
  TOO_MANY_ATTACHMENTS: {
    status: "FAILED_PRECONDITION",
    zh: "一张补偿单至多 {most} 个附件",
    en: "a claim has at most {most} attachments",
  },
  UNKNOWN_ATTACHMENT: { status: "NOT_FOUND", zh: "补偿单 {claim} 没有此附件", en: "claim {claim} has no such attachment" },
});

/** A scheme or catalogue that contradicts itself: the place and the reason. */
export function badScheme(field: string, zh: string, en: string): Refusal {
  return refuse("BAD_SCHEME", { field, zh, en });
}
