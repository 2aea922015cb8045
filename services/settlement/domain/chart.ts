/**
 * The chart of accounts of one county's book, after the fund's accounting system (新农合基金会计制度). Balance accounts: 1003 支出户存款, 1101 暂付款, 3001 统筹基金 by purpose, 3002 家庭账户基金.
 * Accounts of a year, which carry it behind a slash and are zero once it is closed: 4001 农民个人缴费收入, 4002 医疗救助资助, 4003 集体扶持, 4004 政府资助收入 by level, 5001 统筹基金支出 by purpose,
 * 5002 家庭账户支出. Control accounts carry words; one of an institution carries its id behind a slash.
 */

/** 支出户: the county's money at the bank. */
export const BANK = "1003";
/** 暂付款: what the bank paid twice, until it comes back. */
export const SUSPENSE = "1101";
/** What benefits are paid for; SECOND is second compensation (二次补偿). */
export const PURPOSES = ["INPATIENT", "OUTPATIENT", "SERIOUS", "SECOND"] as const;
export type Purpose = (typeof PURPOSES)[number];

/** 统筹基金支出: benefits promised for a purpose, in the books of a year. */
export function benefitsOf(purpose: Purpose, year: number): string {
  return `5001-${purpose}/${year}`;
}

/** 家庭账户支出: what family accounts have paid. */
export function familyBenefitsOf(year: number): string {
  return `5002/${year}`;
}

/** What is left of closed years, by fund. */
export const FUNDS = ["POOLED_INPATIENT", "POOLED_OUTPATIENT", "SERIOUS", "FAMILY", "RISK"] as const;
export type Fund = (typeof FUNDS)[number];

/** 统筹基金 by purpose, 家庭账户基金. */
export function fundOf(fund: Fund): string {
  return fund === "FAMILY" ? "3002" : `3001-${fund}`;
}

/** The year in an account's name; undefined for an account that is carried on from year to year. */
export function yearOfAccount(account: string): number | undefined {
  const [, year] = /^[45]\d{3}(?:-[A-Z]+)?\/(\d{4})$/.exec(account) ?? [];
  return year === undefined ? undefined : Number(year);
}
/** 应付医疗机构: promised to institutions, not yet paid. */
export const PAYABLE = "PAYABLE";
/** 医疗机构往来: what an institution owes after corrections and reversals, until a later promise is less by it, or the payment is called back. Never a credit: what it is owed is a payable. */
export function hospitalAccount(institutionId: string): string {
  return `HOSPITAL/${institutionId}`;
}

/** Purposes of what institutions are promised. */
export const WITHHELD_PURPOSES = ["INPATIENT", "OUTPATIENT", "SERIOUS"] as const satisfies readonly Purpose[];

/** 预留质量保证金: withheld of what an institution was promised, until it is assessed; by purpose, because what it does not get goes back to the fund that bore it. */
export function withheldAccount(institutionId: string, purpose: Exclude<Purpose, "SECOND">): string {
  return `WITHHELD/${institutionId}/${purpose}`;
}

/** A household's id has 14 digits; institutions' ids do not. */
const HOUSEHOLD_ID = /^\d{14}$/;

/** 参合户往来: the same for a household that was paid for a bill on paper. */
export function currentAccount(payee: string): string {
  return HOUSEHOLD_ID.test(payee) ? `HOUSEHOLD/${payee}` : hospitalAccount(payee);
}

/** 应付参合户: promised to households, not yet paid (二次补偿, 手工报销). */
export const PAYABLE_HOUSEHOLD = "PAYABLE-HOUSEHOLD";
/** Transfers to other counties that a closed window ordered, not yet paid. */
export const PAYABLE_COUNTY = "PAYABLE-COUNTY";
/** A county's side of clearing: what closed windows still bring in. Zero when all are settled. */
export const CLEARING = "CLEARING";

/** 异地应付: what this book owes the other county since the last window. */
export function dueTo(county: string): string {
  return `DUE_TO/${county}`;
}

/** 异地应收: what the other county owes this book since the last window. */
export function dueFrom(county: string): string {
  return `DUE_FROM/${county}`;
}

export type FundSource = "INDIVIDUAL" | "CENTRAL" | "PROVINCE" | "PREFECTURE" | "COUNTY" | "COLLECTIVE" | "ASSISTANCE";

const INCOME: Readonly<Record<FundSource, string>> = {
  INDIVIDUAL: "4001",
  CENTRAL: "4004-CENTRAL",
  PROVINCE: "4004-PROVINCE",
  PREFECTURE: "4004-PREFECTURE",
  COUNTY: "4004-COUNTY",
  COLLECTIVE: "4003",
  ASSISTANCE: "4002",
};

/** The income account of a year that money from a source is credited to. */
export function incomeOf(source: FundSource, year: number): string {
  return `${INCOME[source]}/${year}`;
}

export const SOURCES = Object.keys(INCOME) as FundSource[];

export function isFundSource(text: string): text is FundSource {
  return Object.hasOwn(INCOME, text);
}
