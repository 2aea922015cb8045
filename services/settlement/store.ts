/**
 * What settlement looks up by other than its key. Decisions name keys; only queries and the release timer search.
 * Open payables are counted in the books and only the held ones are indexed, so that a claim that flows through writes no index beside its `_id`.
 */
import type { Indexes, Reader } from "../mesh/wiring.ts";
import {
  type Account,
  accounts,
  type Book,
  books,
  type ClearingWindow,
  EMPTY_LEDGER,
  LEDGER,
  type Ledger,
  type Payable,
  payables,
  windows,
} from "./domain/documents.ts";

/** 22 counties with up to 55 accounts each, and room. */
const MOST_ACCOUNTS = 5_000;
/** As many as the contract promises. */
const MOST_WINDOWS = 100;

export const indexes: Indexes = {
  entries: [],
  accounts: [{ keys: { county: 1 } }],
  books: [],
  payables: [{ keys: { county: 1, payableId: 1 }, partial: { state: "HELD" } }],
  reservations: [],
  windows: [{ keys: { number: -1 }, unique: true }],
  sequences: [],
  splits: [],
};

export async function ledgerOf(reader: Reader): Promise<Ledger> {
  return (await reader.get(LEDGER)) ?? EMPTY_LEDGER;
}

/** The windows, newest first. */
export function newestWindows(reader: Reader): Promise<readonly ClearingWindow[]> {
  return reader.find(windows, {}, { sort: { number: -1 }, limit: MOST_WINDOWS });
}

/** The accounts of one county's book, or of all where `county` is empty, by county and account. */
export function accountsOf(reader: Reader, county: string): Promise<readonly Account[]> {
  return reader.find(accounts, county === "" ? {} : { county }, { sort: { county: 1, account: 1 }, limit: MOST_ACCOUNTS });
}

/** One county's book, or all where `county` is empty. */
export function booksOf(reader: Reader, county: string): Promise<readonly Book[]> {
  return reader.find(books, county === "" ? {} : { county });
}

/** The books that hold payables back. */
export function holdingBooks(reader: Reader): Promise<readonly Book[]> {
  return reader.find(books, { heldPayables: { $gt: 0 } }, { sort: { county: 1 } });
}

/** A county's held payables in the order in which they are released. */
export function heldPayables(reader: Reader, county: string, limit: number): Promise<readonly Payable[]> {
  return reader.find(payables, { county, state: "HELD" }, { sort: { payableId: 1 }, limit });
}
