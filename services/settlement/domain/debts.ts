/**
 * What institutions owe a book (医疗机构往来): a debt arises where a promise is taken back or lowered after it was made, and the next promise to the institution is less by it.
 * Kept on the book, which every promise reads anyway; the account HOSPITAL/<institution> says the same, and besides what is being called back from payment.
 */
import { lesser } from "../../values/money.ts";
import { assert } from "../../values/outcome.ts";
import type { Book } from "./documents.ts";

export function debtOf({ debts }: Book, institutionId: string): bigint {
  return debts?.[institutionId] ?? 0n;
}

/** The book with so much more owed by the institution; less, where `fen` is below 0. */
export function withDebt(book: Book, institutionId: string, fen: bigint): Book {
  if (fen === 0n) return book;
  const owes = debtOf(book, institutionId) + fen;
  assert(owes >= 0n, `${institutionId} would owe ${book.county} ${owes} fen`);
  const { [institutionId]: _, ...others } = book.debts ?? {};
  const debts = owes > 0n ? { ...others, [institutionId]: owes } : others;
  const { debts: __, ...rest } = book;
  return Object.keys(debts).length > 0 ? { ...rest, debts } : rest;
}

/** What of a promise is set off. */
export function setOff(book: Book, institutionId: string, promisedFen: bigint): bigint {
  return lesser(debtOf(book, institutionId), promisedFen);
}
