/**
 * The prefund of a county (周转金): what it may owe to others before they are settled. Reserved before a hospital elsewhere confirms, committed when the claim
 * is approved, given back when the claim is not, free again when the window that holds it is settled.
 */
import type { Change, Key, State } from "../../values/decision.ts";
import { assert } from "../../values/outcome.ts";
import { type Book, books, type Prefund } from "./documents.ts";
import type { SettlementEvents } from "./events.ts";

export function freePrefund({ limitFen, reservedFen, committedFen }: Prefund): bigint {
  return limitFen - reservedFen - committedFen;
}

export interface PrefundMove {
  readonly reservedFen?: bigint;
  readonly committedFen?: bigint;
  readonly incomingFen?: bigint;
}

/** The book with its prefund's parts moved; none goes below zero. */
export function movePrefund(book: Book, move: PrefundMove): Book {
  const { incomingFen: _, ...rest } = book.prefund;
  const reservedFen = rest.reservedFen + (move.reservedFen ?? 0n);
  const committedFen = rest.committedFen + (move.committedFen ?? 0n);
  const incomingFen = (book.prefund.incomingFen ?? 0n) + (move.incomingFen ?? 0n);
  assert(
    reservedFen >= 0n && committedFen >= 0n && incomingFen >= 0n,
    `${book.county}'s prefund would be reserved ${reservedFen}, committed ${committedFen}, incoming ${incomingFen}`,
  );
  return { ...book, prefund: { ...rest, reservedFen, committedFen, ...(incomingFen > 0n ? { incomingFen } : {}) } };
}

/** One county owes another so much more (less, below 0) in windows that are not settled. */
export function owe(debtor: string, creditor: string, fen: bigint, state: State, change: Change<SettlementEvents>): void {
  change.put(books.key(debtor), movePrefund(state.must(books.key(debtor)), { committedFen: fen }));
  change.put(books.key(creditor), movePrefund(state.must(books.key(creditor)), { incomingFen: fen }));
}

export function oweKeys(debtor: string, creditor: string): Key[] {
  return [books.key(debtor), books.key(creditor)];
}

/** The id of a claim's reservation: the contract's. */
export function reservationIdOf(claimId: string): string {
  return `claim/${claimId}/reservation`;
}
