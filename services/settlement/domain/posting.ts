/**
 * The one way into the ledger: an entry, its place in the order, and the balances that it moves, in one decision. Nothing else writes entries or accounts,
 * and nothing else changes a book's money at the bank, so that what holds here holds for the whole ledger.
 */

import { bankField, bankOf } from "../../values/banks.ts";
import type { Change, Context, Key, State } from "../../values/decision.ts";
import { assert } from "../../values/outcome.ts";
import { BANK, yearOfAccount } from "./chart.ts";
import {
  type Account,
  accounts,
  type Book,
  books,
  type DayTotal,
  EMPTY_LEDGER,
  entries,
  LEDGER,
  type Line,
  type Obligation,
  type PaidPart,
  totals,
} from "./documents.ts";
import type { SettlementEvents } from "./events.ts";

export interface Posting {
  /** The business fact. */
  readonly id: string;
  /** The county that the entry belongs to, or the province. */
  readonly county: string;
  readonly day: string;
  readonly about: string;
  readonly lines: readonly Line[];
  readonly payables?: readonly PaidPart[];
  /** Of a bank's entry. */
  readonly bank?: string;
  readonly obligation?: Obligation;
}

/** Gathers lines; amounts on the same side of the same account become one line. */
export interface Lines {
  debit(county: string, account: string, fen: bigint): void;
  credit(county: string, account: string, fen: bigint): void;
  /** A debit above 0, a credit below it; nothing for 0. */
  move(county: string, account: string, fen: bigint): void;
  all(): readonly Line[];
}

export function newLines(): Lines {
  const gathered = new Map<string, Line>();
  const add = (side: "debitFen" | "creditFen", county: string, account: string, fen: bigint) => {
    assert(fen > 0n, `a line of ${county} ${account} carries ${fen} fen`);
    const name = `${side}/${county}/${account}`;
    const line = gathered.get(name) ?? { county, account, debitFen: 0n, creditFen: 0n };
    gathered.set(name, { ...line, [side]: line[side] + fen });
  };
  return {
    debit: (county, account, fen) => add("debitFen", county, account, fen),
    credit: (county, account, fen) => add("creditFen", county, account, fen),
    move: (county, account, fen) => {
      if (fen !== 0n) add(fen > 0n ? "debitFen" : "creditFen", county, account, fen > 0n ? fen : -fen);
    },
    all: () => [...gathered.values()],
  };
}

/** Where an entry says what another undid: debit and credit change places. */
export function reversed(lines: readonly Line[]): readonly Line[] {
  return lines.map((line) => ({ ...line, debitFen: line.creditFen, creditFen: line.debitFen }));
}

/** The entry that closes a year. */
export function closingId(county: string, year: number): string {
  return `close/${county}/${year}`;
}

/** The documents that `post` looks at. */
export function postingKeys(id: string, day: string, lines: readonly { readonly county: string; readonly account: string }[]): Key[] {
  return [
    entries.key(id),
    LEDGER,
    ...lines.flatMap((line) => [accounts.key(line.county, line.account), totals.key(line.county, line.account, day)]),
    ...lines.filter(({ account }) => account === BANK || yearOfAccount(account) !== undefined).map((line) => books.key(line.county)),
  ];
}

/** Invariant 1: debits are credits, in each county's book and so in total. */
export function assertBalanced(id: string, lines: readonly Line[]): void {
  assert(lines.length >= 2, `entry ${id} has ${lines.length} lines`);
  const off = new Map<string, bigint>();
  for (const { county, debitFen, creditFen } of lines) {
    assert(
      debitFen >= 0n && creditFen >= 0n && (debitFen === 0n) !== (creditFen === 0n),
      `entry ${id} has a line with ${debitFen} and ${creditFen}`,
    );
    off.set(county, (off.get(county) ?? 0n) + debitFen - creditFen);
  }
  for (const [county, fen] of off) assert(fen === 0n, `entry ${id} is off by ${fen} fen in the book of ${county}`);
}

/** Posts an entry. The caller has made sure that its id is not posted yet. */
export function post(state: State, change: Change<SettlementEvents>, context: Context, posting: Posting): void {
  const { id, day, lines } = posting;
  assertBalanced(id, lines);
  assert(!state.get(entries.key(id)), `entry ${id} is posted already`);
  const ledger = state.get(LEDGER) ?? EMPTY_LEDGER;
  const sequence = ledger.sequence + 1n;
  change.put(LEDGER, { ...ledger, sequence });
  change.put(entries.key(id), {
    county: posting.county,
    sequence,
    day,
    atMs: context.atMs,
    lines,
    about: posting.about,
    ...(posting.payables ? { payables: posting.payables } : {}),
    ...bankField(bankOf(posting)),
    ...(posting.obligation ? { obligation: posting.obligation } : {}),
  });
  const moves = new Map<string, Line>();
  for (const line of lines) {
    const name = `${line.county}/${line.account}`;
    const { debitFen, creditFen } = moves.get(name) ?? { debitFen: 0n, creditFen: 0n };
    moves.set(name, { ...line, debitFen: debitFen + line.debitFen, creditFen: creditFen + line.creditFen });
  }
  for (const { county, account, debitFen, creditFen } of moves.values()) {
    const fen = debitFen - creditFen;
    const key = accounts.key(county, account);
    const before: Account = state.get(key) ?? { county, account, balanceFen: 0n, entries: 0 };
    const balanceFen = before.balanceFen + fen;
    change.put(key, { ...before, balanceFen, entries: before.entries + 1 });
    const dayKey = totals.key(county, account, day);
    const total: DayTotal = state.get(dayKey) ?? { county, account, day, debitFen: 0n, creditFen: 0n, entries: 0 };
    change.put(dayKey, {
      ...total,
      debitFen: total.debitFen + debitFen,
      creditFen: total.creditFen + creditFen,
      entries: total.entries + 1,
    });
    const year = yearOfAccount(account);
    if (year !== undefined && id !== closingId(county, year)) {
      const { closedThrough = 0 } = state.must(books.key(county));
      assert(year > closedThrough, `${id} books in ${account} of ${county}, whose year is closed`);
    }
    if (account === BANK) moveBank(state.must(books.key(county)), fen, balanceFen, change);
  }
}

function moveBank(book: Book, fen: bigint, balanceFen: bigint, change: Change<SettlementEvents>): void {
  const bankFen = book.bankFen + fen;
  assert(bankFen === balanceFen, `${book.county}'s book has ${bankFen} fen at the bank, its account 1003 has ${balanceFen}`);
  change.put(books.key(book.county), { ...book, bankFen });
}
