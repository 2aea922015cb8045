/**
 * The prefund of a county (周转金): what it may owe to others before they are settled. Reserved before a hospital elsewhere confirms, committed when the claim
 * is approved, given back when the claim is not, free again when the window that holds it is settled.
 */
import { assert } from "../../values/outcome.ts";
import type { Book, Prefund } from "./documents.ts";

export function freePrefund({ limitFen, reservedFen, committedFen }: Prefund): bigint {
  return limitFen - reservedFen - committedFen;
}

/** The book with its prefund's reserved and committed parts moved; neither goes below zero. */
export function movePrefund(book: Book, move: { readonly reservedFen?: bigint; readonly committedFen?: bigint }): Book {
  const reservedFen = book.prefund.reservedFen + (move.reservedFen ?? 0n);
  const committedFen = book.prefund.committedFen + (move.committedFen ?? 0n);
  assert(reservedFen >= 0n && committedFen >= 0n, `${book.county}'s prefund would be reserved ${reservedFen}, committed ${committedFen}`);
  return { ...book, prefund: { ...book.prefund, reservedFen, committedFen } };
}

/** The id of a claim's reservation: the contract's. */
export function reservationIdOf(claimId: string): string {
  return `claim/${claimId}/reservation`;
}
