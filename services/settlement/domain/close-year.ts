/**
 * Closes a county's year (年终结转): income and expenditure go to the funds, by purpose, and stand at zero afterwards. Income is shared as the year's scheme says, by largest remainder; each
 * fund bears what was paid for it, stays the second compensation as well. What comes later is booked in the next year.
 */
import { yearOf } from "../../values/days.ts";
import type { Decision, Key, Loaded } from "../../values/decision.ts";
import { splitByWeight, sum } from "../../values/money.ts";
import { benefitsOf, FUNDS, type Fund, familyBenefitsOf, fundOf, incomeOf, PURPOSES, type Purpose, SOURCES } from "./chart.ts";
import { accounts, books, entries, splits } from "./documents.ts";
import type { SettlementEvents } from "./events.ts";
import { withoutBook } from "./know-county.ts";
import { closingId, newLines, post, postingKeys } from "./posting.ts";
import { refuse } from "./refusals.ts";

export interface CloseYearInput {
  readonly county: string;
  readonly year: number;
  /** Whether administration knows the county, where its book was not there. */
  readonly countyKnown?: boolean;
}

/** What one fund had in the year, and has afterwards. */
export interface FundResult {
  readonly fund: Fund;
  readonly incomeFen: bigint;
  readonly paidFen: bigint;
  readonly balanceFen: bigint;
}

export interface YearResult {
  readonly county: string;
  readonly year: number;
  readonly incomeFen: bigint;
  readonly paidFen: bigint;
  readonly funds: readonly FundResult[];
}

const BEARER: Readonly<Record<Purpose, Fund>> = {
  INPATIENT: "POOLED_INPATIENT",
  OUTPATIENT: "POOLED_OUTPATIENT",
  SERIOUS: "SERIOUS",
  SECOND: "POOLED_INPATIENT",
};

function lastDayOf(year: number): string {
  return `${year}-12-31`;
}

/** All accounts of the year, each with the fund that bears it; income is shared. */
function accountsOf(year: number): readonly { readonly account: string; readonly bearer: Fund | undefined }[] {
  return [
    ...SOURCES.map((source) => ({ account: incomeOf(source, year), bearer: undefined })),
    ...PURPOSES.map((purpose) => ({ account: benefitsOf(purpose, year), bearer: BEARER[purpose] })),
    { account: familyBenefitsOf(year), bearer: "FAMILY" as const },
  ];
}

function touched({ county, year }: CloseYearInput): { county: string; account: string }[] {
  return [...accountsOf(year).map(({ account }) => account), ...FUNDS.map(fundOf)].map((account) => ({ county, account }));
}

export const closeYear: Decision<CloseYearInput, YearResult, SettlementEvents> = {
  needs(input): Key[] {
    const { county, year } = input;
    return [books.key(county), splits.key(county, year), ...postingKeys(closingId(county, year), lastDayOf(year), touched(input))];
  },
  decide(input, state, change, context) {
    const { county, year } = input;
    const id = closingId(county, year);
    change.about(id);
    const book = state.get(books.key(county));
    if (!book) return withoutBook(input);
    if (year >= yearOf(context.day)) return refuse("YEAR_NOT_OVER", { field: "year", year, today: context.day });
    const { closedThrough = 0 } = book;
    const stored = state.get(entries.key(id));
    if (stored && closedThrough === year)
      return resultOf(input, stored.lines.filter((line) => line.county === county).map(opposite), state);
    if (closedThrough >= year) return refuse("YEAR_CLOSED", { field: "year", county, year, closed: closedThrough });
    if (closedThrough > 0 && closedThrough + 1 < year)
      return refuse("YEARS_IN_ORDER", { field: "year", county, year, next: closedThrough + 1 });
    const balances = accountsOf(year).map(({ account }) => ({ account, fen: state.get(accounts.key(county, account))?.balanceFen ?? 0n }));
    const moving = balances.filter(({ fen }) => fen !== 0n);
    const result = resultOf(input, moving, state);
    change.put(books.key(county), { ...book, closedThrough: year });
    if (moving.length === 0) return result;
    const lines = newLines();
    for (const { account, fen } of moving) lines.move(county, account, -fen);
    // A fund grows on the credit side.
    for (const { fund, incomeFen, paidFen } of result.funds) lines.move(county, fundOf(fund), paidFen - incomeFen);
    post(state, change, context, { id, county, day: lastDayOf(year), about: id, lines: lines.all() });
    return resultOf(input, moving, state);
  },
};

function opposite({ account, debitFen, creditFen }: { account: string; debitFen: bigint; creditFen: bigint }) {
  return { account, fen: creditFen - debitFen };
}

/** What the year's accounts came to, by fund. */
function resultOf({ county, year }: CloseYearInput, balances: readonly { account: string; fen: bigint }[], documents: Loaded): YearResult {
  const of = (account: string) => sum(balances.filter((one) => one.account === account).map(({ fen }) => fen));
  const incomeFen = -sum(SOURCES.map((source) => of(incomeOf(source, year))));
  const weights = new Map((documents.get(splits.key(county, year))?.funds ?? []).map(({ fund, weight }) => [fund, weight]));
  const known = [...weights.values()].some((weight) => weight > 0n);
  // Without a word on funds all of it is one pool.
  const shares = splitByWeight(
    incomeFen,
    FUNDS.map((fund) => (known ? (weights.get(fund) ?? 0n) : fund === "POOLED_INPATIENT" ? 1n : 0n)),
  );
  const funds = FUNDS.map((fund, index): FundResult => {
    const borne = accountsOf(year).filter(({ bearer }) => bearer === fund);
    const paidFen = sum(borne.map(({ account }) => of(account)));
    const balanceFen = -(documents.get(accounts.key(county, fundOf(fund)))?.balanceFen ?? 0n);
    return { fund, incomeFen: shares[index] ?? 0n, paidFen, balanceFen };
  });
  return { county, year, incomeFen, paidFen: sum(funds.map(({ paidFen }) => paidFen)), funds };
}
