/** Why a claim waits or was refused, as a person reads it: Chinese, then English. */

import { yuan } from "../../values/money.ts";
import type { Refusal } from "../../values/outcome.ts";

export const reasons = {
  amount: (aboveFen: bigint) => `补偿额超过 ${yuan(aboveFen)} 元 / the fund part is above ${yuan(aboveFen)} yuan`,
  diagnosis: (prefix: string) => `诊断 ${prefix} 须审核（第三方责任）/ diagnosis ${prefix} is always reviewed (third-party liability)`,
  visitDuringStay: "住院期间有门诊 / an outpatient visit during a stay",
  manyVisits: (most: number) => `一年内超过 ${most} 次 / more than ${most} claims in the year`,
  unconfirmed: "纸质单据，待就诊医院核实 / a paper bill, which its hospital has not confirmed yet",
  confirmed: "纸质单据，医院已核实 / a paper bill, which its hospital has confirmed",
  denied: (answeredBy: string, said: string) => `就诊医院（${answeredBy}）否认：${said} / the hospital (${answeredBy}) denies it: ${said}`,
  rule: ({ ruleId, version, zh, en }: { ruleId: string; version: number; zh: string; en: string }) =>
    `规则 ${ruleId}/${version}：${zh} / rule ${ruleId}/${version}: ${en}`,
} as const;

/** A refusal as the reason of a stored claim. */
export function reasonOf(refusal: Refusal): string {
  return `${refusal.code}: ${refusal.zh} / ${refusal.en}`;
}
