/**
 * What settlement looks up by other than its key. Decisions name keys; only queries and timers search.
 * Open payables are counted in the books and only the held ones are indexed; entries by their day, for statements, and those across counties by their debtor, for windows: a claim that flows through writes no other index beside its `_id`.
 */
import type { Indexes, Reader } from "../mesh/wiring.ts";
import { bankOf, bankOfCounty, type CountyBanks, ofBank } from "../values/banks.ts";
import { sum } from "../values/money.ts";
import { type BankDay, bankDays, type LedgerSide } from "./domain/bank-days.ts";
import { BANK } from "./domain/chart.ts";
import {
  type Account,
  accounts,
  type Book,
  books,
  type Capitation,
  type ClearingWindow,
  capitations,
  type DayTotal,
  type Dispute,
  type DisputeState,
  disputes,
  EMPTY_LEDGER,
  type Entry,
  entries,
  LEDGER,
  type Ledger,
  type Payable,
  payables,
  totals,
  type Withholding,
  windows,
  withholdings,
} from "./domain/documents.ts";

/** 22 counties with up to 55 accounts each, and room. */
const MOST_ACCOUNTS = 5_000;
/** As many as the contract promises. */
const MOST_WINDOWS = 100;
/** One a day, and room. */
const MOST_NETTED = 800;
/** A county's debts to all others over as many days as are averaged. */
const MOST_DAY_DEBTS = 2_000;

export const indexes: Indexes = {
  // For statements: an account's entries are looked for among those of the days that it is asked for.
  // Those by which one county owes another are a window's rows.
  entries: [
    { keys: { day: 1, sequence: 1 } },
    { keys: { "obligation.debtor": 1, sequence: 1 }, partial: { "obligation.debtor": { $exists: true } } },
  ],
  accounts: [{ keys: { county: 1 } }],
  totals: [{ keys: { county: 1, day: 1 } }],
  books: [],
  payables: [{ keys: { county: 1, payableId: 1 }, partial: { state: "HELD" } }],
  reservations: [],
  windows: [
    { keys: { number: -1 }, unique: true },
    { keys: { state: 1 }, partial: { state: "CONFIRMING" } },
  ],
  disputes: [{ keys: { county: 1, window: 1, sequence: 1 } }, { keys: { state: 1, rowId: 1 } }],
  upheld: [],
  sequences: [],
  splits: [],
  withholdings: [{ keys: { county: 1 } }],
  assessments: [],
  capitations: [{ keys: { county: 1, period: -1, institutionId: 1 } }],
  bankdays: [{ keys: { openSinceMs: 1 }, partial: { openSinceMs: { $gt: 0 } } }, { keys: { day: 1 } }],
};

export async function ledgerOf(reader: Reader): Promise<Ledger> {
  return (await reader.get(LEDGER)) ?? EMPTY_LEDGER;
}

/** The windows, newest first. */
export function newestWindows(reader: Reader): Promise<readonly ClearingWindow[]> {
  return reader.find(windows, {}, { sort: { number: -1 }, limit: MOST_WINDOWS });
}

/** The windows whose debtors may answer, or might until the timer looks, oldest first. */
export function confirmingWindows(reader: Reader): Promise<readonly ClearingWindow[]> {
  return reader.find(windows, { state: "CONFIRMING" }, { sort: { number: 1 }, limit: MOST_WINDOWS });
}

/** The windows that were netted on some days. */
export function windowsNetted(reader: Reader, fromDay: string, toDay: string): Promise<readonly ClearingWindow[]> {
  return reader.find(windows, { nettedOn: { $gte: fromDay, $lte: toDay } }, { sort: { nettedOn: 1 }, limit: MOST_NETTED });
}

/** What was credited and debited to a county's debts to others on some days. */
export function owedOnDays(reader: Reader, county: string, fromDay: string, toDay: string): Promise<readonly DayTotal[]> {
  const account = { $gte: "DUE_TO/", $lte: "DUE_TO/~" };
  return reader.find(totals, { county, day: { $gte: fromDay, $lte: toDay }, account }, { limit: MOST_DAY_DEBTS });
}

/** The entries by which a county owes others, behind a place in the ledger's order. */
export function rowsOwed(
  reader: Reader,
  { county, after, upTo }: { readonly county: string; readonly after: bigint; readonly upTo: bigint | undefined },
  limit: number,
): Promise<readonly Entry[]> {
  const sequence = { $gt: after, ...(upTo === undefined ? {} : { $lte: upTo }) };
  return reader.find(entries, { "obligation.debtor": county, sequence }, { sort: { sequence: 1 }, limit });
}

/** The rows that disputes have brought into a window from an earlier one. */
export function disputesInto(
  reader: Reader,
  { county, number, after, upTo }: { readonly county: string; readonly number: number; readonly after: bigint; readonly upTo: bigint },
  limit: number,
): Promise<readonly Dispute[]> {
  return reader.find(disputes, { county, window: number, sequence: { $gt: after, $lte: upTo } }, { sort: { sequence: 1 }, limit });
}

/** The disputes in a state, of one county or of all where it is empty, by row. */
export function disputesIn(reader: Reader, state: DisputeState, county: string, after: string, limit: number): Promise<readonly Dispute[]> {
  return reader.find(disputes, { ...(county === "" ? {} : { county }), state, rowId: { $gt: after } }, { sort: { rowId: 1 }, limit });
}

/** The accounts of one county's book, or of all where `county` is empty, by county and account. */
export function accountsOf(reader: Reader, county: string): Promise<readonly Account[]> {
  return reader.find(accounts, county === "" ? {} : { county }, { sort: { county: 1, account: 1 }, limit: MOST_ACCOUNTS });
}

/** What moved in a county's accounts, or in all counties' where `county` is empty, after a day; one more than `limit` where there is more. */
export function totalsAfter(reader: Reader, county: string, day: string, limit: number): Promise<readonly DayTotal[]> {
  return reader.find(totals, { ...(county === "" ? {} : { county }), day: { $gt: day } }, { limit: limit + 1 });
}

export function accountOf(reader: Reader, county: string, account: string): Promise<Account | undefined> {
  return reader.get(accounts.key(county, account));
}

/** What moved in one account from a day on. */
export function totalsOf(reader: Reader, county: string, account: string, fromDay: string, limit: number): Promise<readonly DayTotal[]> {
  return reader.find(totals, { county, account, day: { $gte: fromDay } }, { limit: limit + 1 });
}

export interface EntriesAsked {
  readonly county: string;
  readonly account: string;
  readonly fromDay: string;
  readonly toDay: string;
  /** Only those behind this place in the order of day and sequence. */
  readonly after: { readonly day: string; readonly sequence: bigint } | undefined;
}

/** The entries that touch an account on some days, by day and sequence. */
export async function entriesOf(reader: Reader, asked: EntriesAsked, limit: number): Promise<readonly Entry[]> {
  const { county, account, fromDay, toDay, after } = asked;
  const lines = { $elemMatch: { county, account } };
  const sort = { day: 1, sequence: 1 } as const;
  if (!after) return await reader.find(entries, { day: { $gte: fromDay, $lte: toDay }, lines }, { sort, limit });
  const sameDay = await reader.find(entries, { day: after.day, sequence: { $gt: after.sequence }, lines }, { sort, limit });
  if (sameDay.length === limit) return sameDay;
  const later = await reader.find(entries, { day: { $gt: after.day, $lte: toDay }, lines }, { sort, limit: limit - sameDay.length });
  return [...sameDay, ...later];
}

/** One county's book, or all where `county` is empty. */
export function booksOf(reader: Reader, county: string): Promise<readonly Book[]> {
  return reader.find(books, county === "" ? {} : { county });
}

/** A county's institutions of which something is or was withheld, by id. */
/** A county's payments by head, the newest period first. */
export function capitationsOf(reader: Reader, county: string, limit: number): Promise<readonly Capitation[]> {
  return reader.find(capitations, { county }, { sort: { period: -1, institutionId: 1 }, limit });
}

export function withholdingsOf(reader: Reader, county: string, limit: number): Promise<readonly Withholding[]> {
  return reader.find(withholdings, { county }, { sort: { institutionId: 1 }, limit });
}

/** The books that hold payables back. */
export function holdingBooks(reader: Reader): Promise<readonly Book[]> {
  return reader.find(books, { heldPayables: { $gt: 0 } }, { sort: { county: 1 } });
}

/** A county's held payables in the order in which they are released. */
export function heldPayables(reader: Reader, county: string, limit: number): Promise<readonly Payable[]> {
  return reader.find(payables, { county, state: "HELD" }, { sort: { payableId: 1 }, limit });
}

/** Statements of two months: a difference that is older stays where it was found. */
const MOST_BANK_DAYS = 60;

/** A bank's days whose comparison is open, oldest first, with all after them, and the day before them. */
export async function openBankDays(
  reader: Reader,
  bank: string,
): Promise<{ readonly before: BankDay | undefined; readonly days: readonly BankDay[] }> {
  const own = ofBank(bank);
  const open = await reader.find(bankDays, { openSinceMs: { $gt: 0 }, ...own }, { limit: MOST_BANK_DAYS });
  const [first] = open.map(({ day }) => day).sort();
  if (first === undefined) return { before: undefined, days: [] };
  const days = await reader.find(bankDays, { day: { $gte: first }, ...own }, { sort: { day: -1 }, limit: MOST_BANK_DAYS });
  const from = days.at(-1)?.day ?? first;
  const [before] = await reader.find(bankDays, { day: { $lt: from }, ...own }, { sort: { day: -1 }, limit: 1 });
  return { before, days: days.toReversed() };
}

/** The bank's entries of one comparison; more are not compared. */
const MOST_BANK_ENTRIES = 50_000;

/** A bank and the counties that are kept there. */
export interface Keeper {
  readonly bank: string;
  readonly countyBanks: CountyBanks;
}

/**
 * What the ledger has of a bank for the days after one (of the day itself where it is empty) up to and with another: what went out and came back through it, whoever it was of, and what
 * the 1003 of its counties moved besides. Undefined where it is too much.
 */
export async function ledgerSideOf(
  reader: Reader,
  { bank, countyBanks }: Keeper,
  afterDay: string,
  day: string,
): Promise<LedgerSide | undefined> {
  const days = afterDay === "" ? { $gte: day, $lte: day } : { $gt: afterDay, $lte: day };
  const [banked, stood, all] = await Promise.all([
    reader.find(entries, { day: days, payables: { $exists: true } }, { limit: MOST_BANK_ENTRIES }),
    reader.find(accounts, { account: BANK }, { limit: MOST_ACCOUNTS }),
    booksOf(reader, ""),
  ]);
  if (banked.length === MOST_BANK_ENTRIES) return undefined;
  const own = new Set(all.map(({ county }) => county).filter((county) => bankOfCounty(county, countyBanks) === bank));
  const counties = { $in: [...own] };
  const since = await reader.find(totals, { county: counties, day: { $gt: day }, account: BANK }, { limit: MOST_BANK_ENTRIES });
  const within = await reader.find(totals, { county: counties, day: days, account: BANK }, { limit: MOST_BANK_ENTRIES });
  const net = (rows: readonly { readonly debitFen: bigint; readonly creditFen: bigint }[]) =>
    sum(rows.map(({ debitFen, creditFen }) => debitFen - creditFen));
  let [paidFen, returnedFen, transfersFen, bankedFen] = [0n, 0n, 0n, 0n];
  for (const entry of banked) {
    const lines = entry.lines.filter(({ account }) => account === BANK);
    const ofOwn = lines.filter((line) => own.has(line.county));
    bankedFen += net(ofOwn);
    transfersFen += net(ofOwn.filter((line) => line.county !== entry.county));
    if (bankOf(entry) !== bank) continue;
    // A payment that went credits 1003 of its own county, one that came back debits it.
    const went = lines.some((line) => line.county === entry.county && line.creditFen > 0n);
    const fen = sum((entry.payables ?? []).map((part) => part.fen));
    if (went) paidFen += fen;
    else returnedFen += fen;
  }
  const accountsFen = sum(stood.filter(({ county }) => own.has(county)).map(({ balanceFen }) => balanceFen)) - net(since);
  return { paidFen, returnedFen, transfersFen, receiptsFen: net(within) - bankedFen, accountsFen };
}
