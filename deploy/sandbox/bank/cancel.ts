/**
 * What the bank does with the wish to cancel an order: what is still pending is cancelled and never leaves; what has left is its receiver's, who says no; what was never
 * seen is not there. A case is answered once and for ever.
 */
import type { Books } from "./books.ts";
import type { CaseRecord } from "./records.ts";

export interface Wish {
  readonly caseId: string;
  readonly endToEndId: string;
}

export type WishReading = { readonly kind: "wish"; readonly wish: Wish } | { readonly kind: "unreadable"; readonly why: string };

/** The reason of a payment that was cancelled on its customer's word, and of a receiver's no. */
export const ON_REQUEST = "CUST";
/** No such original. */
const UNKNOWN = "NOOR";

/** The case as it was decided, now or before. What is fresh must be appended to the books by the caller, in the same turn. */
export function decideCase({ caseId, endToEndId }: Wish, books: Books): { readonly found: CaseRecord; readonly fresh: boolean } {
  const known = books.cases.get(caseId);
  if (known) return { found: known, fresh: false };
  const original = books.transactionOf(endToEndId);
  const file = original && books.files.get(original.of);
  const status = original && file ? books.statusOf(file, original.transaction) : undefined;
  const granted = status === "PDNG";
  const reason = granted ? "" : status === "ACSC" ? ON_REQUEST : UNKNOWN;
  const found: CaseRecord = { kind: "case", atMs: books.now(), messageId: books.nextMessageId(), caseId, endToEndId, granted, reason };
  return { found, fresh: true };
}
