/**
 * The three-way comparison of an institution's day (三方对账): its bills as the hospital has them, the claims, and what is known of their payment. Sums first; rows
 * where the sums differ. Pure: what is compared is handed in.
 */
import { dayOf, daysBetween } from "../../values/days.ts";
import { sum, yuan } from "../../values/money.ts";
import type { Claim } from "./documents.ts";
import { drawingOf, promisedFen } from "./year.ts";

/** Of one report: what is beyond it is counted. */
export const MAX_BREAKS = 200;

export interface BillTotals {
  readonly bills: number;
  readonly totalFen: bigint;
  /** What the institution is owed: the fund's part, and the family account's. */
  readonly fundFen: bigint;
}

/** A bill as the hospital has it. */
export interface BillRow {
  readonly claimId: string;
  readonly totalFen: bigint;
  readonly fundFen: bigint;
  readonly voided: boolean;
}

/** A claim as the comparison looks at it. */
export interface ClaimSide {
  readonly claimId: string;
  readonly day: string;
  readonly standing: "STANDS" | "VOIDED" | "REFUSED";
  readonly totalFen: bigint;
  readonly fundFen: bigint;
  /** UNDECIDED: it waits for a reviewer or for its prefund. */
  readonly bank: "NOTHING" | "UNDECIDED" | "DUE" | "PAID" | "RETURNED" | "TWICE";
  readonly decidedOn: string;
}

export type BillBreakKind =
  | "VOIDED_HERE"
  | "MISSING_BILL"
  | "SEVERAL_VOIDS"
  | "SEVERAL_BILLS"
  | "FUND_AMOUNT"
  | "TOTAL_AMOUNT"
  | "MISSING_CLAIM"
  | "REFUSED_HERE"
  | "VOID_MISSING"
  | "OTHER_DAY"
  | "TOTALS"
  | "NOT_REPORTED"
  | "RETURNED"
  | "PAID_TWICE"
  | "AGEING";

export interface BillBreak {
  readonly kind: BillBreakKind;
  /** Empty where it is of the whole day. */
  readonly claimId: string;
  readonly hospitalFen: bigint;
  readonly claimsFen: bigint;
  /** The bank has paid the claim: nobody can simply take it back. */
  readonly paid: boolean;
  readonly zh: string;
  readonly en: string;
}

export interface ToCompare {
  readonly day: string;
  /** What the hospital says; nothing where it has not reported. */
  readonly hospital: BillTotals | undefined;
  /** All its rows, where they have come. */
  readonly rows: readonly BillRow[] | undefined;
  /** The standing claims of the institution and day. */
  readonly ours: readonly ClaimSide[];
  /** Other claims of the institution that its rows name: of other days, or no longer standing. */
  readonly others: readonly ClaimSide[];
  readonly today: string;
  /** How long the bank may take before it is asked why. */
  readonly paidWithinDays: number;
}

export interface Compared {
  readonly state: "ROWS_WANTED" | "BREAKS" | "MATCHED" | "NOT_REPORTED";
  readonly claims: BillTotals;
  readonly breaks: readonly BillBreak[];
  readonly breaksLeft: number;
  /** Claims that wait for a decision or for the bank. */
  readonly unpaid: number;
}

export function compareDay(input: ToCompare): Compared {
  const { hospital, rows, ours, today, paidWithinDays } = input;
  const claims = totalsOf(ours);
  const same = hospital !== undefined && sameTotals(hospital, claims);
  const bills = rows ? rowBreaks(input, rows) : same ? [] : [totalsBreak(hospital, claims)];
  // A day without claims that nobody reports is no task.
  const silent = !hospital && claims.bills === 0;
  const found = silent ? [] : [...bills, ...ours.flatMap((side) => bankBreaks(side, today, paidWithinDays))];
  const state = !hospital && !silent ? "NOT_REPORTED" : rows || same || silent ? (found.length > 0 ? "BREAKS" : "MATCHED") : "ROWS_WANTED";
  return {
    state,
    claims,
    breaks: found.slice(0, MAX_BREAKS),
    breaksLeft: Math.max(0, found.length - MAX_BREAKS),
    unpaid: ours.filter(({ bank }) => bank === "UNDECIDED" || bank === "DUE" || bank === "RETURNED").length,
  };
}

export function sameTotals(one: BillTotals, other: BillTotals): boolean {
  return one.bills === other.bills && one.totalFen === other.totalFen && one.fundFen === other.fundFen;
}

/** The sums of what the hospital counts: no bill that it has taken back. */
export function totalsOfRows(rows: readonly BillRow[]): BillTotals {
  const voided = new Set(rows.filter((row) => row.voided).map(({ claimId }) => claimId));
  return totalsOf(rows.filter(({ claimId }) => !voided.has(claimId)));
}

function totalsOf(rows: readonly { readonly totalFen: bigint; readonly fundFen: bigint }[]): BillTotals {
  return { bills: rows.length, totalFen: sum(rows.map((row) => row.totalFen)), fundFen: sum(rows.map((row) => row.fundFen)) };
}

/** A claim as it now stands, corrections and all. */
export function sideOf(claim: Claim): ClaimSide {
  const { bill, state, decidedAtMs } = claim;
  const fundFen = promisedFen(drawingOf(claim));
  return {
    claimId: bill.claimId,
    day: bill.dischargedOn,
    standing: state === "VOIDED" || state === "REFUSED" ? state : "STANDS",
    totalFen: bill.totalFen,
    fundFen,
    bank: bankOf(claim, fundFen),
    decidedOn: decidedAtMs === 0 ? "" : dayOf(decidedAtMs),
  };
}

/** Of the claim's own payable. What a correction adds to a claim of nothing is a payable of the correction's. */
function bankOf({ state, alsoPaidBy, returned, benefit, drawn }: Claim, fundFen: bigint): ClaimSide["bank"] {
  if (state === "IN_REVIEW" || state === "PENDING") return "UNDECIDED";
  if (state === "PAID") return alsoPaidBy ? "TWICE" : "PAID";
  if (state !== "APPROVED" || fundFen === 0n || promisedFen({ fundFen: benefit.fundFen, drawn }) === 0n) return "NOTHING";
  return returned ? "RETURNED" : "DUE";
}

/** Every row with its claim, then every claim with its row. */
function rowBreaks({ day, ours, others }: ToCompare, rows: readonly BillRow[]): BillBreak[] {
  const sides = new Map([...others, ...ours].map((side) => [side.claimId, side]));
  const listed = Map.groupBy(rows, ({ claimId }) => claimId);
  const found = [...listed].flatMap(([claimId, own]) => rowBreaksOf(claimId, own, sides.get(claimId), day));
  const missing = ours.filter(({ claimId }) => !listed.has(claimId));
  return [...found, ...missing.map((side) => breakOf("MISSING_BILL", side.claimId, 0n, side))];
}

/** All rows of one id: settled once and taken back once at most. */
function rowBreaksOf(claimId: string, rows: readonly BillRow[], side: ClaimSide | undefined, day: string): BillBreak[] {
  const bills = rows.filter((row) => !row.voided);
  const voids = rows.filter((row) => row.voided);
  const [first] = rows;
  const [bill] = bills;
  const found: BillBreak[] = [];
  const hospitalFen = (bill ?? first)?.fundFen ?? 0n;
  if (voids.length > 1) found.push(breakOf("SEVERAL_VOIDS", claimId, hospitalFen, side, voids.length));
  if (bills.length > 1) found.push(breakOf("SEVERAL_BILLS", claimId, hospitalFen, side, bills.length));
  if (voids.length > 0) {
    if (side?.standing === "STANDS") found.push(breakOf("VOID_MISSING", claimId, 0n, side));
    return found;
  }
  if (!bill) return found;
  if (!side) return [...found, breakOf("MISSING_CLAIM", claimId, hospitalFen, side)];
  if (side.standing !== "STANDS")
    return [...found, breakOf(side.standing === "VOIDED" ? "VOIDED_HERE" : "REFUSED_HERE", claimId, hospitalFen, side)];
  if (side.day !== day) found.push(breakOf("OTHER_DAY", claimId, hospitalFen, side));
  if (bill.totalFen !== side.totalFen) found.push(amountBreak("TOTAL_AMOUNT", bill.totalFen, side.totalFen, side));
  if (bill.fundFen !== side.fundFen) found.push(amountBreak("FUND_AMOUNT", bill.fundFen, side.fundFen, side));
  return found;
}

function bankBreaks(side: ClaimSide, today: string, paidWithinDays: number): BillBreak[] {
  const { claimId, bank, fundFen, decidedOn } = side;
  if (bank === "RETURNED") return [breakOf("RETURNED", claimId, fundFen, side)];
  if (bank === "TWICE") return [breakOf("PAID_TWICE", claimId, fundFen, side)];
  const days = bank === "DUE" ? daysBetween(decidedOn, today) : 0;
  return days > paidWithinDays ? [breakOf("AGEING", claimId, fundFen, side, days)] : [];
}

function totalsBreak(hospital: BillTotals | undefined, claims: BillTotals): BillBreak {
  const here = {
    zh: `本系统 ${claims.bills} 笔、应付 ${yuan(claims.fundFen)} 元`,
    en: `here ${claims.bills} claims, owed ${yuan(claims.fundFen)} yuan`,
  };
  const base = { claimId: "", claimsFen: claims.fundFen, paid: false };
  if (!hospital)
    return { ...base, kind: "NOT_REPORTED", hospitalFen: 0n, zh: `未报日终对账；${here.zh}`, en: `the day was not reported; ${here.en}` };
  const { bills, totalFen, fundFen } = hospital;
  return {
    ...base,
    kind: "TOTALS",
    hospitalFen: fundFen,
    zh: `医院 ${bills} 笔、总额 ${yuan(totalFen)} 元、应收 ${yuan(fundFen)} 元；${here.zh}、总额 ${yuan(claims.totalFen)} 元`,
    en: `the hospital has ${bills} bills of ${yuan(totalFen)} yuan and is owed ${yuan(fundFen)}; ${here.en}, billed ${yuan(claims.totalFen)}`,
  };
}

type RowKind = Exclude<BillBreakKind, "FUND_AMOUNT" | "TOTAL_AMOUNT" | "TOTALS" | "NOT_REPORTED">;

/** `{n}`: how often, or how many days; `{day}`: the claim's. */
const SENTENCES: Readonly<Record<RowKind, readonly [zh: string, en: string]>> = {
  VOIDED_HERE: ["本系统已冲销，医院未冲销", "taken back here, and not at the hospital"],
  MISSING_BILL: ["本系统有此补偿单，医院无此账单", "the claim stands here, the hospital has no such bill"],
  SEVERAL_VOIDS: ["医院冲销 {n} 次", "the hospital has taken it back {n} times"],
  SEVERAL_BILLS: ["医院结算 {n} 次", "the hospital has settled it {n} times"],
  MISSING_CLAIM: ["医院已结算，本系统无此补偿单", "the hospital has settled it, no claim came here"],
  REFUSED_HERE: ["医院计为已结算，本系统已拒付", "the hospital counts it, the claim was refused"],
  VOID_MISSING: ["医院已冲销，本系统未冲销", "the hospital has taken it back, the claim stands here"],
  OTHER_DAY: ["本系统计在 {day}", "the claim is of {day}"],
  RETURNED: ["银行退汇，待重新支付", "the bank sent the money back; it waits to be paid anew"],
  PAID_TWICE: ["银行支付了两次", "the bank has paid it twice"],
  AGEING: ["核准 {n} 天仍未支付", "approved {n} days ago, and not paid"],
};

function breakOf(kind: RowKind, claimId: string, hospitalFen: bigint, side: ClaimSide | undefined, n = 0): BillBreak {
  const filled = (sentence: string) => sentence.replace("{n}", String(n)).replace("{day}", side?.day ?? "");
  const [zh, en] = SENTENCES[kind];
  const claimsFen = side?.standing === "STANDS" ? side.fundFen : 0n;
  return { kind, claimId, hospitalFen, claimsFen, paid: isPaid(side), zh: filled(zh), en: filled(en) };
}

function amountBreak(kind: "TOTAL_AMOUNT" | "FUND_AMOUNT", hospitalFen: bigint, claimsFen: bigint, side: ClaimSide): BillBreak {
  const [zhName, enName] = kind === "TOTAL_AMOUNT" ? ["总额", "billed"] : ["基金应付", "owed by the fund"];
  return {
    kind,
    claimId: side.claimId,
    hospitalFen,
    claimsFen,
    paid: isPaid(side),
    zh: `${zhName}：医院 ${yuan(hospitalFen)} 元，本系统 ${yuan(claimsFen)} 元`,
    en: `${enName}: the hospital has ${yuan(hospitalFen)} yuan, the claim ${yuan(claimsFen)}`,
  };
}

function isPaid(side: ClaimSide | undefined): boolean {
  return side?.bank === "PAID" || side?.bank === "TWICE";
}
