/** What the books say, before it is put into any form: how a file stands, and what a day was on the account. */
import { dayOf, startOfDayMs } from "../../../services/values/days.ts";
import { sum } from "../../../services/values/money.ts";
import type { Behaviour } from "./behaviour.ts";
import type { Books } from "./books.ts";
import { ON_REQUEST } from "./cancel.ts";
import type { Booking, FileRecord, Transaction, TransactionStatus } from "./records.ts";

/** How one transaction stands. */
export interface Standing {
  readonly transaction: Transaction;
  readonly status: TransactionStatus;
  /** Of a refusal or a cancellation; empty otherwise. */
  readonly reason: string;
  /** The day of its settlement; empty before. */
  readonly settledOn: string;
}

export interface FileStanding {
  /** The bank's own id of its answer: another one once what was pending is settled. */
  readonly messageId: string;
  readonly atMs: number;
  readonly groupStatus: string;
  readonly transactions: readonly Standing[];
}

export function standingOf(file: FileRecord, books: Books): FileStanding {
  const settledAs = books.settled.get(file.of);
  const transactions = file.transactions.map((transaction): Standing => {
    const status = books.statusOf(file, transaction);
    const settledMs = transaction.status === "PDNG" ? settledAs?.atMs : file.atMs;
    const reason = books.isCancelled(transaction) ? ON_REQUEST : transaction.reason;
    return { transaction, status, reason, settledOn: status === "ACSC" && settledMs !== undefined ? dayOf(settledMs) : "" };
  });
  return {
    messageId: settledAs && file.settleAtMs > 0 ? `${file.messageId}S` : file.messageId,
    atMs: settledAs?.atMs ?? file.atMs,
    groupStatus: file.reason === "" ? groupStatus(transactions.map(({ status }) => status)) : "RJCT",
    transactions,
  };
}

/** ACSC all settled · ACTC all taken, not yet settled · PART some refused · RJCT all refused. */
function groupStatus(statuses: readonly string[]): string {
  if (statuses.every((status) => status === "RJCT")) return "RJCT";
  if (statuses.includes("RJCT")) return "PART";
  return statuses.includes("PDNG") ? "ACTC" : "ACSC";
}

export interface AccountDay {
  readonly messageId: string;
  readonly atMs: number;
  readonly openingFen: bigint;
  readonly closingFen: bigint;
  readonly bookings: readonly Booking[];
}

/** How statements are written. */
export type StatementManner = Pick<Behaviour, "bookBatches" | "wrongClosingFen">;
export const AS_IT_IS: StatementManner = { bookBatches: "asked", wrongClosingFen: 0 };

/** A day on the account, which may still be under way: opening balance + credits − debits = closing balance, and `overFen` more where the bank is wrong. */
export function accountDay(day: string, books: Books, overFen: number): AccountDay {
  const before = books.bookings.filter((booking) => booking.day < day);
  const bookings = books.bookings.filter((booking) => booking.day === day);
  const openingFen = books.openingFen + netOf(before);
  return {
    messageId: `ST${day.replaceAll("-", "")}${String(bookings.length).padStart(9, "0")}${overFen === 0 ? "" : "X"}`,
    atMs: bookings.at(-1)?.atMs ?? startOfDayMs(day),
    openingFen,
    closingFen: openingFen + netOf(bookings) + BigInt(overFen),
    bookings,
  };
}

function netOf(bookings: readonly Booking[]): bigint {
  return sum(bookings.map(({ direction, transaction }) => (direction === "CRDT" ? transaction.fen : -transaction.fen)));
}
