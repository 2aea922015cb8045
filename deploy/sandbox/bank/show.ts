/** The bank's books as JSON, for checks from outside: amounts are whole fen. */
import type { Books } from "./books.ts";
import type { FileRecord, Transaction } from "./records.ts";

export interface ShownTransaction {
  readonly at: string;
  readonly msgId: string;
  readonly endToEndId: string;
  readonly account: string;
  readonly bankCode: string;
  readonly name: string;
  readonly fen: number;
  readonly status: string;
  readonly reason: string;
}

export interface ShownReturn {
  readonly at: string;
  readonly endToEndId: string;
  readonly fen: number;
  readonly reason: string;
}

export interface ShownBooks {
  readonly account: string;
  readonly openingFen: number;
  readonly balanceFen: number;
  /** Money that has left, in the order of booking; what came back is in `returns` as well. */
  readonly transactions: readonly ShownTransaction[];
  readonly pending: readonly ShownTransaction[];
  readonly rejected: readonly ShownTransaction[];
  readonly returns: readonly ShownReturn[];
}

const iso = (atMs: number) => new Date(atMs).toISOString();

function show(transaction: Transaction, of: string, atMs: number, status: string): ShownTransaction {
  const { endToEndId, account, bankCode, name, fen, reason } = transaction;
  return { at: iso(atMs), msgId: of, endToEndId, account, bankCode, name, fen: Number(fen), status, reason };
}

export function listBooks(books: Books): ShownBooks {
  const files = [...books.files.values()];
  const where = (status: string) => (file: FileRecord) =>
    file.transactions.filter((one) => books.statusOf(file, one) === status).map((one) => show(one, file.of, file.atMs, status));
  const debits = books.bookings.filter((booking) => booking.direction === "DBIT");
  return {
    account: books.account,
    openingFen: Number(books.openingFen),
    balanceFen: Number(books.balanceFen),
    transactions: debits.map((booking) => show(booking.transaction, booking.of, booking.atMs, "ACSC")),
    pending: files.flatMap(where("PDNG")),
    rejected: files.flatMap(where("RJCT")),
    returns: books.bookings
      .filter((booking) => booking.direction === "CRDT")
      .map(({ atMs, transaction, returnReason }) => ({
        at: iso(atMs),
        endToEndId: transaction.endToEndId,
        fen: Number(transaction.fen),
        reason: returnReason,
      })),
  };
}

export function summarizeBooks(books: Books): object {
  const { openingFen, balanceFen, transactions, pending, rejected, returns } = listBooks(books);
  const total = (rows: readonly { fen: number }[]) => rows.reduce((sum, row) => sum + row.fen, 0);
  return {
    openingFen,
    balanceFen,
    files: books.files.size,
    transactions: transactions.length,
    paidFen: total(transactions),
    pending: pending.length,
    pendingFen: total(pending),
    rejected: rejected.length,
    returns: returns.length,
    returnedFen: total(returns),
    undelivered: undelivered(books),
  };
}

/** Callbacks that no gateway has taken yet. */
function undelivered(books: Books): number {
  const told = [...books.settled.values(), ...books.returned.values(), ...[...books.files.values()].filter((file) => file.answerTwice)];
  return told.filter((one) => !books.delivered.has(one.messageId)).length;
}
