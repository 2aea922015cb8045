/**
 * By which documents it is known that an invoice was claimed: an institution's by its number, a paper's by a hash of who issued it, its number and its amount, the same in every county and year,
 * however it was typed. A networked institution's paper is known by both, so that it is not paid to the household and to the institution.
 */
import type { Change, Key, State } from "../../values/decision.ts";
import { hashOf } from "./canonical.ts";
import { type Bill, type Claim, type Invoice, invoices, type PaperForm, type PaperInvoice, paperInvoices } from "./documents.ts";

/** Full-width and half-width, large and small, spaces and dashes are one. */
export function normal(text: string): string {
  return text
    .normalize("NFKC")
    .toUpperCase()
    .replace(/[^\p{L}\p{N}]/gu, "");
}

function paperKey({ institutionId, name }: PaperForm, { invoiceNumber, totalFen }: PaperInvoice): Key<Invoice> {
  const issuer = institutionId === "" ? { name: normal(name) } : { institutionId };
  return paperInvoices.key(hashOf({ issuer, number: normal(invoiceNumber), totalFen }));
}

/** An invoice of a bill, and a document that knows it. */
export interface KnownBy {
  readonly key: Key<Invoice>;
  readonly invoiceNumber: string;
  /** Where the caller wrote its number. */
  readonly field: string;
}

export function invoicesOf({ bill, paper }: { readonly bill: Bill; readonly paper?: PaperForm }): readonly KnownBy[] {
  if (!paper) {
    const { institutionId, invoiceNumber } = bill;
    return [{ key: invoices.key(institutionId, invoiceNumber), invoiceNumber, field: "bill.invoice_number" }];
  }
  return paper.invoices.flatMap((invoice, index) => {
    const { invoiceNumber } = invoice;
    const at = { invoiceNumber, field: `paper.invoices[${index}].invoice_number` };
    const own = { key: paperKey(paper, invoice), ...at };
    return paper.institutionId === "" ? [own] : [own, { key: invoices.key(paper.institutionId, invoiceNumber), ...at }];
  });
}

export function invoiceKeys(claim: Claim): Key<Invoice>[] {
  return invoicesOf(claim).map(({ key }) => key);
}

/** The invoices of a claim that no longer stands may be claimed again. */
export function freeInvoices(claim: Claim, state: State, change: Change): void {
  for (const key of invoiceKeys(claim)) change.put(key, { ...state.must(key), claimId: "" });
}
