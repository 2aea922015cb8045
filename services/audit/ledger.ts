/**
 * Invariant 1: every entry balances, in each county's book; every account, and every account's day, is the sum of its lines; all accounts together are zero; what a book says of
 * its payables is what the payables say; no fund pays out below its floor.
 */
import type { Findings } from "./findings.ts";
import type { BookView, DayMoveView, DayTotalView, EntryView, Records } from "./records.ts";
import { joined } from "./streams.ts";
import { newTally, type Tally } from "./tally.ts";
import { newWithheldCheck } from "./withheld.ts";

export const LEDGER_TITLE = {
  invariant: 1,
  zh: "每笔凭证借贷相等，全部账户合计为零，基金支付不低于底线",
  en: "Every ledger entry balances, all accounts sum to zero, no fund pays out below its floor",
} as const;

const BANK = "1003";
const SUSPENSE = "1101";
const PAYABLE = "PAYABLE";
const PAYABLE_COUNTY = "PAYABLE-COUNTY";
const PAYABLE_HOUSEHOLD = "PAYABLE-HOUSEHOLD";
/** What an institution owes, or a household that was paid for a paper; its id follows. */
const HOSPITAL = "HOSPITAL/";
const HOUSEHOLD = "HOUSEHOLD/";

function currentAccount(payee: string): string {
  return `${/^\d{14}$/.test(payee) ? HOUSEHOLD : HOSPITAL}${payee}`;
}

/** The account in which a payable stands until it is paid: its id says whose it is. */
function owedIn(payableId: string): string {
  if (payableId.startsWith("window/")) return PAYABLE_COUNTY;
  return /^(second|paper)\//.test(payableId) ? PAYABLE_HOUSEHOLD : PAYABLE;
}

/** Lower limits of counties' money, by county. */
type Floors = ReadonlyMap<string, bigint>;

/** The year in the name of an income or benefit account; no year is after every closed one. */
function yearOf(name: string): number {
  const [, year] = /\/[45]\d{3}(?:-[A-Z]+)?\/(\d{4})$/.exec(name) ?? [];
  return year === undefined ? Number.POSITIVE_INFINITY : Number(year);
}

/** What the entries say of each account: the sum of its lines, and how many entries touch it. */
interface Posted {
  readonly fen: Tally;
  readonly entries: Tally;
}

export async function checkLedger(records: Records, findings: Findings): Promise<void> {
  const books: BookView[] = [];
  for await (const book of records.books()) books.push(book);
  const posted = await checkEntries(records, floorsOf(books), findings);
  await checkAccounts(records, posted, findings);
  await checkDays(records, findings);
  await checkBooks(records, books, posted.fen, findings);
}

/**
 * What a fund must not be paid below. A floor that never changed holds for every payment; where it has, only that nothing was paid out of an empty fund
 * can be told from the entries alone.
 */
function floorsOf(books: readonly BookView[]): Floors {
  return new Map(books.map(({ county, countyVersion, floorFen }) => [county, countyVersion > 1n && floorFen > 0n ? 0n : floorFen]));
}

/** Every entry once, in the ledger's order. */
async function checkEntries(records: Records, floors: Floors, findings: Findings): Promise<Posted> {
  const posted: Posted = { fen: newTally(), entries: newTally() };
  let sequence = 0n;
  for await (const entry of records.entries()) {
    findings.look();
    findings.hold(entry.sequence === sequence + 1n, () => `entry ${entry._id} has sequence ${entry.sequence}, after ${sequence}`);
    sequence = entry.sequence;
    checkBalance(entry, findings);
    for (const { county, account, debitFen, creditFen } of entry.lines) posted.fen.add(`${county}/${account}`, debitFen - creditFen);
    for (const name of new Set(entry.lines.map(({ county, account }) => `${county}/${account}`))) posted.entries.add(name, 0n);
    checkFloor(entry, posted.fen, floors, findings);
  }
  const ledger = await records.ledger();
  findings.hold((ledger?.sequence ?? 0n) === sequence, () => `the ledger is at ${ledger?.sequence ?? 0n}, its last entry is ${sequence}`);
  return posted;
}

function checkBalance({ _id, lines }: EntryView, findings: Findings): void {
  const byCounty = newTally();
  for (const { county, account, debitFen, creditFen } of lines) {
    byCounty.add(county, debitFen - creditFen);
    const oneSided = (debitFen > 0n && creditFen === 0n) || (creditFen > 0n && debitFen === 0n);
    findings.hold(oneSided, () => `entry ${_id} has a line of ${county} ${account} with debit ${debitFen} and credit ${creditFen}`);
  }
  findings.hold(lines.length >= 2, () => `entry ${_id} has ${lines.length} line(s)`);
  for (const county of byCounty.names())
    findings.hold(byCounty.of(county) === 0n, () => `entry ${_id} is off by ${byCounty.of(county)} fen in the book of ${county}`);
}

/** After money went out, what is at the bank (and what the bank must give back, 1101) is not below the floor. */
function checkFloor({ _id, lines }: EntryView, sums: Tally, floors: Floors, findings: Findings): void {
  for (const { county, account, creditFen } of lines) {
    if (account !== BANK || creditFen === 0n) continue;
    const left = sums.of(`${county}/${BANK}`) + sums.of(`${county}/${SUSPENSE}`);
    const floor = floors.get(county) ?? 0n;
    findings.hold(left >= floor, () => `entry ${_id} left ${left} fen in the fund of ${county}, whose floor is ${floor}`);
  }
}

async function checkAccounts(records: Records, posted: Posted, findings: Findings): Promise<void> {
  const stored = new Set<string>();
  let total = 0n;
  for await (const { county, account, balanceFen, entries } of records.accounts()) {
    findings.look();
    const name = `${county}/${account}`;
    stored.add(name);
    total += balanceFen;
    const [fen, count] = [posted.fen.of(name), posted.entries.count(name)];
    findings.hold(balanceFen === fen, () => `account ${name} has ${balanceFen} fen, its lines sum to ${fen}`);
    findings.hold(entries === count, () => `account ${name} counts ${entries} entries, there are ${count}`);
  }
  findings.hold(total === 0n, () => `all accounts sum to ${total} fen`);
  for (const name of posted.fen.names()) findings.hold(stored.has(name), () => `account ${name} has lines and is not stored`);
}

/** Every account's day total is what the lines of that day sum to: a balance of any evening is reckoned from them. */
async function checkDays(records: Records, findings: Findings): Promise<void> {
  const groups = joined<{ totals: DayTotalView; moves: DayMoveView }>({
    totals: { rows: records.totals(), key: ({ _id }) => _id },
    moves: { rows: records.dayMoves(), key: ({ key }) => key },
  });
  for await (const { key, rows } of groups) {
    findings.look();
    const words = (row?: { readonly debitFen: bigint; readonly creditFen: bigint }) =>
      row ? `debit ${row.debitFen}, credit ${row.creditFen}` : "nothing";
    const [says, is] = [words(rows.totals[0]), words(rows.moves[0])];
    findings.hold(says === is, () => `day total ${key} says ${says}; its lines sum to ${is}`);
  }
}

async function checkBooks(records: Records, books: readonly BookView[], lines: Tally, findings: Findings): Promise<void> {
  const sums = newTally();
  const withheld = await newWithheldCheck(records, findings);
  for await (const payable of records.payables()) {
    const { _id, county, state, amountFen, payee, recall } = payable;
    withheld.look(payable);
    sums.add(`${county}/${state}`, amountFen);
    if (state !== "PAID" && state !== "CANCELLED") sums.add(`${county}/${owedIn(_id)}`, amountFen);
    // While payment is asked, nobody can say yet whether the institution owes it.
    if (recall === "ASKED") sums.add(`${county}/${currentAccount(payee)}`, amountFen);
  }
  await withheld.end(lines);
  for (const { county, debts = {} } of books)
    for (const [payee, fen] of Object.entries(debts)) sums.add(`${county}/${currentAccount(payee)}`, fen);
  for (const book of books) {
    findings.look();
    const { county, bankFen } = book;
    const agree = (what: string, says: bigint | number, is: bigint | number) =>
      findings.hold(says === is, () => `book ${county}: ${what} is ${says}, should be ${is}`);
    agree("money at the bank", bankFen, lines.of(`${county}/${BANK}`));
    agree("money due", book.dueFen, sums.of(`${county}/DUE`));
    agree("payables due", book.duePayables, sums.count(`${county}/DUE`));
    agree("money held back", book.heldFen, sums.of(`${county}/HELD`));
    agree("payables held back", book.heldPayables, sums.count(`${county}/HELD`));
    for (const account of [PAYABLE, PAYABLE_COUNTY, PAYABLE_HOUSEHOLD])
      agree(`account ${account}`, -lines.of(`${county}/${account}`), sums.of(`${county}/${account}`));
    for (const name of lines.names().filter((one) => one.startsWith(`${county}/`) && yearOf(one) <= (book.closedThrough ?? 0)))
      findings.hold(lines.of(name) === 0n, () => `account ${name} has ${lines.of(name)} fen, and its year is closed`);
    const isCurrent = (name: string) => name.startsWith(`${county}/${HOSPITAL}`) || name.startsWith(`${county}/${HOUSEHOLD}`);
    const own = new Set([...lines.names(), ...sums.names()].filter(isCurrent));
    for (const name of own) agree(`what is owed in ${name}`, sums.of(name), lines.of(name));
  }
}
