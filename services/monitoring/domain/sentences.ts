/** An alarm in words, for people: what happened, where, how much, and what helps. */
import { yuan } from "../../values/money.ts";
import type { Alarm, AlarmKind } from "./documents.ts";

export type Owner = "TREASURER" | "MAKER" | "REVIEWER" | "OPERATOR" | "SUPERVISOR";

export interface Sentences {
  readonly zh: string;
  readonly en: string;
}

/** The states of a prefund that are worth a word. */
const PREFUND_WORDS: Readonly<Record<string, Sentences>> = {
  YELLOW: { zh: "预警（黄）", en: "in use beyond its first threshold (yellow)" },
  RED: { zh: "预警（红）", en: "in use beyond its second threshold (red)" },
  BLOCKED_NEW: { zh: "已用尽，暂停新的异地即时结算", en: "used up: nobody new is settled at once elsewhere" },
};

const sentences: { readonly [K in AlarmKind]: (alarm: Alarm) => Sentences } = {
  FUND_AT_FLOOR: ({ county, subject, count, amountFen }) => ({
    zh: `${county} 基金已到支付底线：${subject} 暂缓支付 ${count} 笔，共 ${yuan(amountFen)} 元；到款后自动支付`,
    en: `The fund of ${county} is at its floor: on ${subject} ${count} payable(s) of ${yuan(amountFen)} yuan are held back until money comes in`,
  }),
  PREFUND_EXHAUSTED: ({ county, subject, count, amountFen }) => ({
    zh: `${county} 异地周转金不足：${subject} 未能预留 ${count} 笔，共 ${yuan(amountFen)} 元；请追加周转金或关闭结算期`,
    en: `The prefund of ${county} does not suffice: on ${subject} ${count} reservation(s) of ${yuan(amountFen)} yuan were refused; raise it, or close the window`,
  }),
  PREFUND_LOW: ({ county, amountFen, detail }) => {
    const [state = "", openCallFen = "0"] = detail.split("/");
    const { zh, en } = PREFUND_WORDS[state] ?? { zh: state, en: state };
    return {
      zh: `${county} 异地周转金${zh}：已超限额 ${yuan(BigInt(openCallFen))} 元，建议追加 ${yuan(amountFen)} 元；责任人：${county} 基金会计`,
      en: `The prefund of ${county} is ${en}: ${yuan(BigInt(openCallFen))} yuan beyond its limit; proposed call ${yuan(amountFen)} yuan; owner: the treasurer of ${county}`,
    };
  },
  WINDOW_UNANSWERED: ({ county, subject, count, amountFen, detail }) => ({
    zh: `${county} 未在截止日前答复清算期（${subject}）：${count} 条、${yuan(amountFen)} 元按规则视为${detail === "DISPUTE" ? "有异议，转入当前清算期" : "已确认"}；责任人：${county} 基金会计`,
    en: `${county} did not answer its window in time (${subject}): ${count} row(s) of ${yuan(amountFen)} yuan were taken as ${detail === "DISPUTE" ? "disputed, and went to the open window" : "confirmed"}; owner: the treasurer of ${county}`,
  }),
  ROW_UPHELD: ({ county, subject, amountFen, detail }) => ({
    zh: `明细 ${subject}（${yuan(amountFen)} 元）的异议获支持：${detail}；责任人：${county} 的定点医疗机构与经办机构，请冲正或更正补偿单，此前不计入任何清算期`,
    en: `The dispute of ${subject} (${yuan(amountFen)} yuan) was upheld: ${detail}; owner: the institution and the agency of ${county}, who reverse or correct the claim; until then it is in no window`,
  }),
  PAYMENT_RETURNED: ({ county, subject, count, amountFen, detail }) => ({
    zh: `${county} 银行退款 ${count} 笔，共 ${yuan(amountFen)} 元，原因 ${detail}（${subject}）；请更正账户后重新支付`,
    en: `The bank sent back ${count} payable(s) of ${county}, ${yuan(amountFen)} yuan, reason ${detail} (${subject}); correct the account and reissue`,
  }),
  BANK_MESSAGE_DOUBTED: ({ subject, detail }) => ({
    zh: `有报文冒用银行名义或内容可疑，未予采信：${detail}（${subject}）；请与银行核实：nrcms payments doubted`,
    en: `A message in the bank's name is not believed: ${detail} (${subject}); nothing of it was applied; ask the bank: nrcms payments doubted`,
  }),
  LEDGER_BALANCE: ({ amountFen, detail }) => ({
    zh: `${detail} 银行账户与账簿相差 ${yuan(amountFen)} 元，原因不明；见 nrcms payments breaks`,
    en: `On ${detail} the bank's account and the ledger differ by ${yuan(amountFen)} yuan that nothing explains; see nrcms payments breaks`,
  }),
  EVENTS_MISSING: ({ subject, detail }) => ({
    zh: `${subject} 的第 ${detail} 号事件未到，其后的事件已到`,
    en: `Event ${detail} of ${subject} has not come, though later ones have`,
  }),
  EVENTS_UNHEARD: ({ subject, count }) => ({
    zh: `${subject} 有 ${count} 个事件已发布而未收到（消息队列丢失），已由日志重新发布；请检查 nats-server 的磁盘`,
    en: `${subject} did not hear ${count} event(s) that had been published: the streams lost them, and they were published again from the journal; look after the nats-servers' disks`,
  }),
  MESSAGES_DAMAGED: ({ subject, count }) => ({
    zh: `${subject} 收到 ${count} 条内容已损坏的消息，未予处理，将由日志重新发布；请检查 nats-server 的磁盘与内存`,
    en: `${subject} was given ${count} message(s) that are not as they were published: not handled, and published again from the journal; look after the nats-servers' disks and memory`,
  }),
  TAKEOVER_WAITS: ({ subject, detail }) => ({
    zh: `${subject} 的对端已失效，按设定须由运维人员确认后接管（任期 ${detail}）：nrcms switchover`,
    en: `The peer of ${subject} is gone, and by its settings a takeover waits for an operator's word (epoch ${detail}): nrcms switchover`,
  }),
  INPUT_PARKED: ({ subject, count }) => ({
    zh: `${subject} 有 ${count} 个输入因程序错误被搁置；修复后重放`,
    en: `${subject} has ${count} input(s) parked by a fault of the program; replay them once it is repaired`,
  }),
  AUDIT_BREACH: ({ subject, count, detail }) => ({
    zh: `${subject} 夜间审计发现 ${count} 处不符，涉及不变式 ${detail}；请查看 nrcms audit --last --day ${subject}，查明之前勿复核付款`,
    en: `The audit of the night of ${subject} found ${count} breach(es) of invariant(s) ${detail}; look at nrcms audit --last --day ${subject}, and approve no payment before they are understood`,
  }),
  AUDIT_MISSED: ({ subject, count, detail }) => ({
    zh: `截至 ${subject} 有 ${count} 个夜间审计未能完成（${detail}）；请查明原因并执行 nrcms audit`,
    en: `Up to ${subject} the audit of ${count} night(s) did not end (${detail}); find out why, and run nrcms audit`,
  }),
};

/** The role whose task it is. */
const owners: { readonly [K in AlarmKind]: Owner } = {
  FUND_AT_FLOOR: "TREASURER",
  PREFUND_EXHAUSTED: "TREASURER",
  PAYMENT_RETURNED: "MAKER",
  BANK_MESSAGE_DOUBTED: "TREASURER",
  LEDGER_BALANCE: "TREASURER",
  PREFUND_LOW: "TREASURER",
  ROW_UPHELD: "REVIEWER",
  WINDOW_UNANSWERED: "TREASURER",
  EVENTS_MISSING: "OPERATOR",
  EVENTS_UNHEARD: "OPERATOR",
  MESSAGES_DAMAGED: "OPERATOR",
  INPUT_PARKED: "OPERATOR",
  TAKEOVER_WAITS: "OPERATOR",
  AUDIT_BREACH: "SUPERVISOR",
  AUDIT_MISSED: "OPERATOR",
};

export function ownerOf({ kind }: Alarm): Owner {
  return owners[kind];
}

export function sentencesOf(alarm: Alarm): Sentences {
  return sentences[alarm.kind](alarm);
}
