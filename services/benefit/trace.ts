/**
 * How a result came about (计算过程), step by step, for people: what went in, what came out, by which rule of which document, in Chinese and in English.
 * Amounts in the sentences are yuan. The same input gives the same bytes.
 */
import { yuan } from "../values/money.ts";

export type StepName =
  | "LINE"
  | "DEDUCTION"
  | "ELIGIBLE"
  | "SUBSIDY"
  | "DEDUCTIBLE"
  | "RATE"
  | "SEGMENT"
  | "QUOTA"
  | "PRICE"
  | "SEPARATE"
  | "FLOOR"
  | "ROUND"
  | "VISIT_CAP"
  | "CAP"
  | "ACCOUNT"
  | "ASSISTANCE"
  | "CATASTROPHIC"
  | "HOSPITAL"
  | "PATIENT";

export interface Step {
  readonly step: StepName;
  /** The rule by its place in the scheme, e.g. IP/COUNTY, YEAR_IP; the item's code for a line. */
  readonly rule: string;
  /** SHA-256 of the scheme or catalogue that says so. */
  readonly source: string;
  readonly inFen: bigint;
  readonly outFen: bigint;
  readonly zh: string;
  readonly en: string;
}

/** 7000 → "70%", 1250 → "12.5%". */
export function percent(bp: number): string {
  return `${bp / 100}%`;
}

/** Two languages of one sentence, with amounts in yuan. */
export type Words = readonly [zh: string, en: string];

export const words = {
  line: (name: string, classCode: string, billedFen: bigint, limitedFen: bigint, selfFirstBp: number, eligibleFen: bigint): Words => {
    const limitZh = limitedFen < billedFen ? `，限价 ${yuan(limitedFen)}` : "";
    const limitEn = limitedFen < billedFen ? `, limited to ${yuan(limitedFen)}` : "";
    return [
      `${name}（${classCode} 类）${yuan(billedFen)} 元${limitZh}，先自付 ${percent(selfFirstBp)}，可补偿 ${yuan(eligibleFen)} 元`,
      `${name} (class ${classCode}) ${yuan(billedFen)}${limitEn}, ${percent(selfFirstBp)} paid first: ${yuan(eligibleFen)} counts`,
    ];
  },
  deduction: (name: string, billedFen: bigint, deductedFen: bigint, leftFen: bigint): Words => [
    `${name} ${yuan(billedFen)} 元，审核扣减 ${yuan(deductedFen)} 元，可补偿 ${yuan(leftFen)} 元`,
    `${name} ${yuan(billedFen)}, ${yuan(deductedFen)} taken off by the review: ${yuan(leftFen)} counts`,
  ],
  deducted: (deductedFen: bigint, hospitalFen: bigint, patientFen: bigint): Words => [
    `审核共扣减 ${yuan(deductedFen)} 元，基金因此少付的由医院承担；医院承担 ${yuan(hospitalFen)} 元，个人支付仍为 ${yuan(patientFen)} 元`,
    `${yuan(deductedFen)} taken off in all; what the fund pays less by it is the hospital's: the hospital bears ${yuan(hospitalFen)}, the patient pays ${yuan(patientFen)} as before`,
  ],
  paidInFull: (totalFen: bigint, fundFen: bigint, patientFen: bigint): Words => [
    `病人已付全部 ${yuan(totalFen)} 元，基金返还 ${yuan(fundFen)} 元；个人承担 ${yuan(patientFen)} 元，医院不承担`,
    `the patient has paid all of ${yuan(totalFen)}, the fund gives ${yuan(fundFen)} back; the patient bears ${yuan(patientFen)}, the hospital nothing`,
  ],
  outOfScope: (name: string, billedFen: bigint, lowest: string): Words => [
    `${name} ${yuan(billedFen)} 元：${lowest} 级以上机构方可补偿`,
    `${name} ${yuan(billedFen)}: counts only at level ${lowest} and above`,
  ],
  uncovered: (name: string, billedFen: bigint, day: string): Words => [
    `${name} ${yuan(billedFen)} 元：${day} 未参合`,
    `${name} ${yuan(billedFen)}: not covered on ${day}`,
  ],
  eligible: (totalFen: bigint, eligibleFen: bigint): Words => [
    `总费用 ${yuan(totalFen)} 元，可补偿费用 ${yuan(eligibleFen)} 元`,
    `of ${yuan(totalFen)} in all, ${yuan(eligibleFen)} counts`,
  ],
  subsidy: (fen: bigint): Words => [`公共卫生补助 ${yuan(fen)} 元`, `public-health subsidy ${yuan(fen)}`],
  deductible: (fen: bigint, stay: number, why: Words): Words => [
    `年内第 ${stay} 次补偿住院，起付线 ${yuan(fen)} 元${why[0]}`,
    `compensated stay ${stay} of the year, deductible ${yuan(fen)}${why[1]}`,
  ],
  visitDeductible: (fen: bigint, why: Words): Words => [`起付线 ${yuan(fen)} 元${why[0]}`, `deductible ${yuan(fen)}${why[1]}`],
  waived: ["（免除）", " (waived)"] as Words,
  onceTaken: ["（本年已扣）", " (taken already this year)"] as Words,
  plain: ["", ""] as Words,
  rate: (baseFen: bigint, rateText: string): Words => [
    `${yuan(baseFen)} 元 × 补偿比例 ${rateText}`,
    `${yuan(baseFen)} at a rate of ${rateText}`,
  ],
  segment: (overFen: bigint, upToFen: bigint | undefined, partFen: bigint, rateText: string): Words => [
    `${yuan(overFen)}–${upToFen === undefined ? "" : yuan(upToFen)} 元段：${yuan(partFen)} 元 × ${rateText}`,
    `segment ${yuan(overFen)} to ${upToFen === undefined ? "no end" : yuan(upToFen)}: ${yuan(partFen)} at ${rateText}`,
  ],
  quota: (quotaFen: bigint, fen: bigint): Words => [
    `定额 ${yuan(quotaFen)} 元，补偿 ${yuan(fen)} 元`,
    `a quota of ${yuan(quotaFen)}: ${yuan(fen)} paid`,
  ],
  monthlyQuota: (quotaFen: bigint, months: number, fen: bigint): Words => [
    `每月定额 ${yuan(quotaFen)} 元，${months} 个月，补偿 ${yuan(fen)} 元`,
    `a monthly quota of ${yuan(quotaFen)} for ${months} months: ${yuan(fen)} paid`,
  ],
  price: (priceFen: bigint, fundBp: number, fen: bigint): Words => [
    `定额 ${yuan(priceFen)} 元，基金支付 ${percent(fundBp)}，${yuan(fen)} 元`,
    `a price of ${yuan(priceFen)}, the fund pays ${percent(fundBp)}: ${yuan(fen)}`,
  ],
  separate: (name: string, billedFen: bigint, bp: number, fen: bigint): Words => [
    `${name} 单独结算 ${yuan(billedFen)} 元 × ${percent(bp)}，${yuan(fen)} 元`,
    `${name} apart from the price: ${yuan(billedFen)} at ${percent(bp)}, ${yuan(fen)}`,
  ],
  floor: (baseFen: bigint, bp: number, applied: boolean): Words => [
    `保底 ${yuan(baseFen)} 元 × ${percent(bp)}${applied ? "" : "，未低于保底"}`,
    `a floor of ${percent(bp)} of ${yuan(baseFen)}${applied ? "" : ", which the result reaches"}`,
  ],
  round: (unit: string, fen: bigint): Words => [`四舍五入到 ${unit}：${yuan(fen)} 元`, `rounded half-up to ${unit}: ${yuan(fen)}`],
  cap: (code: string, capFen: bigint, usedFen: bigint, fen: bigint): Words => [
    `封顶线 ${code} ${yuan(capFen)} 元，已用 ${yuan(usedFen)} 元，补偿 ${yuan(fen)} 元`,
    `cap ${code} of ${yuan(capFen)}, ${yuan(usedFen)} used: ${yuan(fen)} paid`,
  ],
  visitCap: (capFen: bigint, fen: bigint): Words => [
    `单次封顶 ${yuan(capFen)} 元，补偿 ${yuan(fen)} 元`,
    `at most ${yuan(capFen)} a visit: ${yuan(fen)} paid`,
  ],
  account: (balanceFen: bigint, fen: bigint): Words => [
    `家庭账户余额 ${yuan(balanceFen)} 元，支付 ${yuan(fen)} 元`,
    `the family account has ${yuan(balanceFen)} and pays ${yuan(fen)}`,
  ],
  assistance: (bp: number, fen: bigint): Words => [
    `医疗救助 ${percent(bp)}，${yuan(fen)} 元`,
    `medical assistance of ${percent(bp)}: ${yuan(fen)}`,
  ],
  catastrophic: (beforeFen: bigint, afterFen: bigint, fen: bigint): Words => [
    `年内自负合规费用由 ${yuan(beforeFen)} 元增至 ${yuan(afterFen)} 元，大病保险支付 ${yuan(fen)} 元`,
    `eligible amounts borne in the year grow from ${yuan(beforeFen)} to ${yuan(afterFen)}: catastrophic insurance pays ${yuan(fen)}`,
  ],
  hospital: (fen: bigint): Words =>
    fen >= 0n
      ? [`超出定额 ${yuan(fen)} 元由医院承担`, `${yuan(fen)} above the price is the hospital's`]
      : [`节余 ${yuan(-fen)} 元归医院`, `${yuan(-fen)} below the price is the hospital's to keep`],
  patient: (fen: bigint): Words => [`个人支付 ${yuan(fen)} 元`, `the patient pays ${yuan(fen)}`],
} as const;
