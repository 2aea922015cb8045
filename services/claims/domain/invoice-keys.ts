/**
 * By which documents it is known that an invoice was claimed: an institution's by its number, a paper's by a hash of who issued it, its number and its amount, the same in every county and year,
 * however it was typed. A networked institution's paper is known by both, so that it is not paid to the household and to the institution. And by which it is known that a hospital's code was used.
 */
import type { Change, Key, State } from "../../values/decision.ts";
import { hashOf } from "./canonical.ts";
import {
  type Bill,
  type Claim,
  type Invoice,
  invoices,
  type Paper,
  type PaperForm,
  type PaperInvoice,
  paperCodes,
  paperInvoices,
} from "./documents.ts";

/** Full-width and half-width, large and small, spaces and dashes are one. */
export function normal(text: string): string {
  return text
    .normalize("NFKC")
    .toUpperCase()
    .replace(/[^\p{L}\p{N}]/gu, "");
}

type Issuer = Pick<PaperForm, "institutionId" | "name">;

function issuerOf({ institutionId, name }: Issuer) {
  return institutionId === "" ? { name: normal(name) } : { institutionId };
}

function paperKey(issuer: Issuer, { invoiceNumber, totalFen }: PaperInvoice): Key<Invoice> {
  return paperInvoices.key(hashOf({ issuer: issuerOf(issuer), number: normal(invoiceNumber), totalFen }));
}

/** A code is its hospital's: another hospital may use the same. */
export function codeKey(issuer: Issuer, code: string): Key<Invoice> {
  return paperCodes.key(hashOf({ issuer: issuerOf(issuer), code: normal(code) }));
}

/** The code that has confirmed the claim. A denial's confirms nothing. */
function usedCode(paper: Paper | undefined): readonly Key<Invoice>[] {
  const { confirmation } = paper ?? {};
  return paper && confirmation?.confirmed ? [codeKey(paper, confirmation.code)] : [];
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

/** Of the claim's invoices, and of the code that has confirmed them. */
export function invoiceKeys(claim: Claim): Key<Invoice>[] {
  return [...invoicesOf(claim).map(({ key }) => key), ...usedCode(claim.paper)];
}

/** The invoices of a claim that no longer stands may be claimed again, and its hospital may confirm them by the same code. */
export function freeInvoices(claim: Claim, state: State, change: Change): void {
  for (const { key } of invoicesOf(claim)) change.put(key, { ...state.must(key), claimId: "" });
  for (const key of usedCode(claim.paper)) {
    const known = state.get(key);
    // Confirmed before codes were kept, a claim has none of its own.
    if (known?.claimId === claim.bill.claimId) change.put(key, { ...known, claimId: "" });
  }
}
