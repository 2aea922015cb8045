/**
 * The prefund of a county (周转金): what it may owe to others before they are settled. Reserved before a hospital elsewhere confirms, committed when the claim
 * is approved, given back when the claim is not, free again when the window that holds it is settled. What others owe the county in the meantime is netted first. What is in use beyond the limit
 * is the open call: it comes from stays that had been admitted before, which are never stranded, or from a limit that was lowered.
 */
import type { Change, Key, State } from "../../values/decision.ts";
import { greater } from "../../values/money.ts";
import { assert } from "../../values/outcome.ts";
import { type Book, books, type Prefund, type PrefundState } from "./documents.ts";
import type { SettlementEvents } from "./events.ts";

/** NHSA's thresholds; the settings may have others. */
export const YELLOW_BP = 7_000n;
export const RED_BP = 9_000n;
const WHOLE_BP = 10_000n;

/** What is reserved, and what is owed after netting what others owe. */
export function usedOf({ reservedFen, committedFen, incomingFen = 0n }: Prefund): bigint {
  return reservedFen + greater(committedFen - incomingFen, 0n);
}

/** What is left for new stays; below zero where there is an open call. */
export function freePrefund(prefund: Prefund): bigint {
  return prefund.limitFen - usedOf(prefund);
}

/** What is in use beyond the limit. */
export function openCallOf(prefund: Prefund): bigint {
  return greater(-freePrefund(prefund), 0n);
}

export function stateOf(prefund: Prefund): PrefundState {
  if (freePrefund(prefund) <= 0n) return "BLOCKED_NEW";
  const { limitFen, yellowBp = YELLOW_BP, redBp = RED_BP } = prefund;
  const used = usedOf(prefund) * WHOLE_BP;
  if (used >= limitFen * redBp) return "RED";
  return used >= limitFen * yellowBp ? "YELLOW" : "ACTIVE";
}

/** The least that makes the prefund ACTIVE again as it is used now; never less than the open call. */
export function callOf(prefund: Prefund): bigint {
  const { limitFen, yellowBp = YELLOW_BP } = prefund;
  const usedFen = usedOf(prefund);
  if (usedFen === 0n) return 0n;
  // Below yellow: used × 10,000 < yellow × limit.
  const wantedFen = (usedFen * WHOLE_BP) / yellowBp + 1n;
  return greater(wantedFen - limitFen, 0n);
}

/** Tells a county's prefund. */
export function tellPrefund(change: Change<SettlementEvents>, { county, prefund }: Book): void {
  const { limitFen, reservedFen, committedFen, incomingFen = 0n, version = 0 } = prefund;
  change.tell("PrefundChanged", county, {
    county,
    state: stateOf(prefund),
    limitFen,
    reservedFen,
    committedFen,
    incomingFen,
    openCallFen: openCallOf(prefund),
    proposedCallFen: callOf(prefund),
    version: BigInt(version),
  });
}

/** Stores the book with its prefund's parts moved, and tells it where its state is another by that. */
export function putPrefund(book: Book, move: PrefundMove, change: Change<SettlementEvents>): void {
  const moved = movePrefund(book, move);
  if (stateOf(moved.prefund) === stateOf(book.prefund)) {
    change.put(books.key(book.county), moved);
    return;
  }
  const told: Book = { ...moved, prefund: { ...moved.prefund, version: (book.prefund.version ?? 0) + 1 } };
  change.put(books.key(book.county), told);
  tellPrefund(change, told);
}

export interface PrefundMove {
  readonly reservedFen?: bigint;
  readonly committedFen?: bigint;
  readonly incomingFen?: bigint;
}

/** The book with its prefund's parts moved; none goes below zero. */
function movePrefund(book: Book, move: PrefundMove): Book {
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
  putPrefund(state.must(books.key(debtor)), { committedFen: fen }, change);
  putPrefund(state.must(books.key(creditor)), { incomingFen: fen }, change);
}

export function oweKeys(debtor: string, creditor: string): Key[] {
  return [books.key(debtor), books.key(creditor)];
}

/** The id of a claim's reservation: the contract's. */
export function reservationIdOf(claimId: string): string {
  return `claim/${claimId}/reservation`;
}
