/** What the bank's books are made of: the records on disk, and the bookings that follow from them. */
import { dayOf } from "../../../services/values/days.ts";

export type TransactionStatus = "ACSC" | "PDNG" | "RJCT";

export interface Transaction {
  readonly paymentInformationId: string;
  readonly batchBooking: boolean;
  readonly instructionId: string;
  readonly endToEndId: string;
  readonly account: string;
  readonly bankCode: string;
  readonly name: string;
  readonly fen: bigint;
  readonly status: TransactionStatus;
  /** The reason of a refusal, or empty. */
  readonly reason: string;
  /** That the money will come back: with which reason, how long after the settlement; empty and 0 where it does not. */
  readonly returnReason: string;
  readonly returnAfterMs: number;
}

export type BookRecord =
  | { readonly kind: "opened"; readonly atMs: number; readonly account: string; readonly fen: bigint }
  | FileRecord
  /** A deferred file's pending transactions are settled. */
  | { readonly kind: "settled"; readonly atMs: number; readonly messageId: string; readonly of: string }
  | CaseRecord
  /** An order is debited a second time. */
  | { readonly kind: "doubled"; readonly atMs: number; readonly endToEndId: string }
  /** A movement that nobody has ordered. */
  | { readonly kind: "stray"; readonly atMs: number; readonly direction: Booking["direction"]; readonly fen: bigint; readonly name: string }
  | { readonly kind: "returned"; readonly atMs: number; readonly messageId: string; readonly endToEndId: string; readonly reason: string }
  /** A gateway has taken a callback. */
  | { readonly kind: "delivered"; readonly atMs: number; readonly messageId: string };

/** The wish to cancel an order, and what became of it. */
export interface CaseRecord {
  readonly kind: "case";
  readonly atMs: number;
  /** The bank's own id of its answer. */
  readonly messageId: string;
  /** The customer's id of the wish. */
  readonly caseId: string;
  readonly endToEndId: string;
  readonly granted: boolean;
  readonly reason: string;
}

export interface FileRecord {
  readonly kind: "file";
  readonly atMs: number;
  /** The bank's own id of its answer. */
  readonly messageId: string;
  /** The customer's MsgId. */
  readonly of: string;
  /** SHA-256 of the file's bytes. */
  readonly hash: string;
  /** Of a rejection of the whole file; empty otherwise. */
  readonly reason: string;
  readonly why: string;
  /** The answer comes as a callback too. */
  readonly answerTwice: boolean;
  /** When pending transactions are to be settled. */
  readonly settleAtMs: number;
  readonly transactions: readonly Transaction[];
}

/** One movement on the payment centre's account. */
export interface Booking {
  readonly atMs: number;
  readonly day: string;
  readonly direction: "DBIT" | "CRDT";
  readonly transaction: Transaction;
  /** The customer's MsgId. */
  readonly of: string;
  readonly returnReason: string;
}

export interface Settled {
  readonly atMs: number;
  readonly messageId: string;
}

export interface Returned {
  readonly atMs: number;
  readonly messageId: string;
  readonly endToEndId: string;
  readonly reason: string;
}

/** What stands for an order where there was none. */
export function strayTransaction(fen: bigint, name: string): Transaction {
  const none = { paymentInformationId: "", batchBooking: false, instructionId: "", endToEndId: "", account: "", bankCode: "" };
  return { ...none, fen, name, status: "ACSC", reason: "", returnReason: "", returnAfterMs: 0 };
}

export function bookingOf(
  direction: Booking["direction"],
  transaction: Transaction,
  of: string,
  atMs: number,
  returnReason: string,
): Booking {
  return { atMs, day: dayOf(atMs), direction, transaction, of, returnReason };
}
