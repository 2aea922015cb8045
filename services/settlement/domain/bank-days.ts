/**
 * The bank accounts (1003) of the counties that are kept at a bank against that bank's closing balance, statement by statement (三级对账之末级). What the bank moved since the statement before must be what the ledger has paid and taken
 * back, apart from what payment has on its own list (entries that no order accounts for, orders that the statement lacks) and from money received, which need not come through this account.
 * What is left over is a break of the day on which it arose; it ends when the ledger agrees with a later evening. What the account held before the first statement is the baseline.
 */
import { bankField, bankOf, bankPart } from "../../values/banks.ts";
import { type Change, type Decision, type Doc, type Key, kind } from "../../values/decision.ts";
import { greater } from "../../values/money.ts";
import { PROVINCE } from "../../values/region.ts";
import type { SettlementEvents } from "./events.ts";

/** How long what the statement settles may take to be posted. */
export const POSTING_GRACE_MS = 60_000;

/** Of a booked statement, as payment tells it. */
export interface StatementSums {
  readonly openingFen: bigint;
  readonly closingFen: bigint;
  /** Entries that no order of that day accounts for. */
  readonly otherDebitsFen: bigint;
  readonly otherCreditsFen: bigint;
  /** What is booked here on that day and the statement lacks. */
  readonly missingDebitsFen: bigint;
  readonly missingReturnsFen: bigint;
}

/** What the ledger has for the days since the statement before, up to and with the statement's. */
export interface LedgerSide {
  readonly paidFen: bigint;
  readonly returnedFen: bigint;
  /** What its counties got from others, through whatever bank: in their own books at once, and not in the centre's account. */
  readonly transfersFen: bigint;
  /** What else came into 1003: money received. */
  readonly receiptsFen: bigint;
  /** Its counties' 1003 together in the evening. */
  readonly accountsFen: bigint;
}

/** bankdays/<day>, of another bank than the main one bankdays/<bank>|<day> */
export interface BankDay extends Doc {
  /** Left out for the main one's (`values/banks.ts`). */
  readonly bank?: string;
  readonly day: string;
  readonly statementVersion: bigint;
  readonly statement: StatementSums;
  readonly heardAtMs: number;
  /** Left out while it was not compared. */
  readonly found?: Found;
  /** Counts the comparisons that changed it. */
  readonly looks: number;
  /** Present while it was not compared, or does not agree and no later day does. */
  readonly openSinceMs?: number;
}

/** What a comparison came to. */
export interface Found {
  readonly ledger: LedgerSide;
  /** What the bank moved since the statement before, and what it should have. */
  readonly bankFen: bigint;
  readonly expectedFen: bigint;
  /** What does not follow from anything, of this day; and of all days up to it. */
  readonly differenceFen: bigint;
  readonly standingFen: bigint;
  /** Money received that no credit of the bank's accounts for yet, of all days; below zero: credits that nobody here has received. */
  readonly pendingFen: bigint;
  /** What the account held before the first statement, less what the counties' accounts did. */
  readonly baselineFen: bigint;
  /** It is a break: no later evening agrees, and what was on its way has had its time. */
  readonly isOpen: boolean;
}

export const bankDays = kind<BankDay>("bankdays");

function bankDayKey(bank: string, day: string): Key<BankDay> {
  return bankDays.key(bankPart(bank, day));
}

/** A day of the chain with what its comparison needs. */
export interface Link {
  readonly statement: StatementSums;
  readonly heardAtMs: number;
  readonly ledger: LedgerSide;
}

/** The comparisons of days one after the other; `before` is the day before them, where there is one. */
export function compareBank(before: BankDay | undefined, links: readonly Link[], nowMs: number): Found[] {
  let previous = before?.found && { closingFen: before.statement.closingFen, ...before.found };
  const found = links.map(({ statement, heardAtMs, ledger }): Found => {
    const { openingFen, closingFen, otherDebitsFen, otherCreditsFen, missingDebitsFen, missingReturnsFen } = statement;
    const bankFen = closingFen - (previous?.closingFen ?? openingFen);
    const pendingFen = (previous?.pendingFen ?? 0n) + ledger.receiptsFen - otherCreditsFen;
    // A credit beyond all that was received is nobody's here.
    const strayFen = strayIn(pendingFen) - strayIn(previous?.pendingFen ?? 0n);
    const postedFen = ledger.returnedFen - ledger.paidFen;
    const listedFen = otherCreditsFen - otherDebitsFen + missingDebitsFen - missingReturnsFen;
    const expectedFen = postedFen + listedFen - strayFen;
    const differenceFen = bankFen - expectedFen;
    const standingFen = (previous?.standingFen ?? 0n) + differenceFen;
    const baselineFen = previous?.baselineFen ?? openingFen - (ledger.accountsFen - movedIn(ledger));
    previous = { ledger, bankFen, expectedFen, differenceFen, standingFen, pendingFen, baselineFen, closingFen, isOpen: false };
    const isOpen = differenceFen !== 0n && nowMs - heardAtMs >= POSTING_GRACE_MS;
    return { ledger, bankFen, expectedFen, differenceFen, standingFen, pendingFen, baselineFen, isOpen };
  });
  // What arose is over where the ledger agrees with that evening or a later one.
  const agreed = found.findLastIndex(({ standingFen }) => standingFen === 0n);
  return found.map((one, index) => (index <= agreed ? { ...one, isOpen: false } : one));
}

function strayIn(pendingFen: bigint): bigint {
  return greater(0n, -pendingFen);
}

function movedIn({ paidFen, returnedFen, transfersFen, receiptsFen }: LedgerSide): bigint {
  return returnedFen - paidFen + transfersFen + receiptsFen;
}

export interface KnowStatementInput extends StatementSums {
  readonly bank: string;
  readonly day: string;
  readonly version: bigint;
}

/** StatementBooked: a state; the newest version of a bank's day wins. */
export const knowStatement: Decision<KnowStatementInput, { taken: boolean }, SettlementEvents> = {
  needs: ({ bank, day }) => [bankDayKey(bank, day)],
  decide({ bank, day, version, ...statement }, state, change, { atMs }) {
    const key = bankDayKey(bank, day);
    const stored = state.get(key);
    if (stored && stored.statementVersion >= version) return { taken: false };
    const rest = {
      county: PROVINCE,
      ...bankField(bank),
      day,
      statementVersion: version,
      statement,
      heardAtMs: atMs,
      looks: stored?.looks ?? 0,
    };
    change.put(key, { ...rest, ...(stored?.found ? { found: stored.found } : {}), openSinceMs: stored?.openSinceMs ?? atMs });
    return { taken: true };
  },
};

export interface CompareInput {
  readonly bank: string;
  /** The day before the first; empty where there is none. */
  readonly before: string;
  /** In their order, each as it was when the ledger was looked at. */
  readonly days: readonly {
    readonly day: string;
    readonly statementVersion: bigint;
    readonly looks: number;
    readonly ledger: LedgerSide;
  }[];
}

/** Compares a chain of a bank's days. Nothing where one of them is another by now: the next look sees that. */
export const compareDays: Decision<CompareInput, void, SettlementEvents> = {
  needs: ({ bank, before, days }): Key[] =>
    [...(before === "" ? [] : [before]), ...days.map(({ day }) => day)].map((day) => bankDayKey(bank, day)),
  decide({ bank, before, days }, state, change, { atMs }) {
    const known = days.map(({ day }) => state.must(bankDayKey(bank, day)));
    const same = known.every(({ statementVersion, looks }, index) => {
      const looked = days[index];
      return statementVersion === looked?.statementVersion && looks === looked.looks;
    });
    if (!same) return;
    const links = known.flatMap((one, index) => {
      const ledger = days[index]?.ledger;
      return ledger ? [{ ...one, ledger }] : [];
    });
    const found = compareBank(before === "" ? undefined : state.get(bankDayKey(bank, before)), links, atMs);
    for (const [index, one] of known.entries()) putDay(one, found, index, change);
    if (days[0]) change.about(`bank/${bankPart(bank, days[0].day)}`);
  },
};

function putDay(day: BankDay, found: readonly Found[], index: number, change: Change<SettlementEvents>): void {
  const result = found[index];
  if (!result) return;
  const { openSinceMs, ...rest } = day;
  const isOver = found.slice(index).some(({ standingFen }) => standingFen === 0n);
  const next: BankDay = { ...rest, found: result, looks: day.looks + 1, ...(isOver || openSinceMs === undefined ? {} : { openSinceMs }) };
  const bank = bankOf(day);
  change.put(bankDayKey(bank, day.day), next);
  if (day.found && sameFound(day.found, result)) return;
  const { ledger, ...told } = result;
  change.tell("BankCompared", PROVINCE, { day: day.day, bank, version: BigInt(next.looks), ...told, ...ledger });
}

/** Whether two comparisons say the same. */
export function sameFound(one: Found, other: Found): boolean {
  const { ledger: a, ...left } = one;
  const { ledger: b, ...right } = other;
  const pairs = [
    ...Object.entries(left).map(([name, value]) => [value, right[name as keyof typeof right]]),
    ...Object.entries(a).map(([name, value]) => [value, b[name as keyof LedgerSide]]),
  ];
  return pairs.every(([x, y]) => x === y);
}
