/** A paper bill and its hospital's answer at the door: whether every field is one. */
import { isLevel } from "../../benefit/words.ts";
import { badRequest, type Refusal } from "../../values/outcome.ts";
import { type BillForm, badInvoice, billFormFault, billFrom } from "./bill-form.ts";
import { ASKED_BY, type AskedBy, type PaperForm, type PaperInvoice } from "./documents.ts";
import { badCount, badDay, badFen, badId, badText, missing } from "./fields.ts";
import { normal } from "./invoice-keys.ts";
import type { SubmitInput } from "./submit.ts";

/** As the contract has it: the level may be none. */
export interface PaperFields extends Omit<PaperForm, "level"> {
  readonly level: string;
}

export interface ConfirmationFields {
  readonly askedBy: string;
  readonly answeredBy: string;
  readonly code: string;
}

const MAX_INVOICES = 20;
const MAX_NAME = 100;
const MAX_CITY = 50;
const MAX_REASON = 200;

export function paperFormFault(bill: BillForm | undefined, paper: PaperFields | undefined): Refusal | undefined {
  if (!bill) return missing("bill");
  if (!paper) return missing("paper");
  return (
    mustBeEmpty("bill.institution_id", bill.institutionId) ??
    mustBeEmpty("bill.invoice_number", bill.invoiceNumber) ??
    badCount("paper.invoices", paper.invoices.length, 1, MAX_INVOICES) ??
    badInvoices(paper.invoices) ??
    // The bill's own check wants an institution and an invoice: any will do here.
    billFormFault({ ...bill, institutionId: "PAPER", invoiceNumber: "PAPER" }) ??
    (paper.institutionId === "" ? badWords(bill, paper) : badNetworked(paper)) ??
    badDay("paper.issued_on", paper.issuedOn)
  );
}

function mustBeEmpty(field: string, text: string): Refusal | undefined {
  return text === "" ? undefined : badRequest(field, "纸质单据在 paper 中填写，此处须空", "must be empty: the paper names it");
}

/** Named in words: outside of the network. */
function badWords({ referralId }: BillForm, { name, city, level }: PaperFields): Refusal | undefined {
  return (
    badText("paper.name", name, MAX_NAME) ??
    (normal(name) === "" ? noWord("paper.name") : undefined) ??
    badText("paper.city", city, MAX_CITY) ??
    (isLevel(level) ? undefined : missing("paper.level")) ??
    (referralId === ""
      ? undefined
      : badRequest("bill.referral_id", "转诊单只能转往定点医疗机构", "a referral is to a networked institution only"))
  );
}

function badNetworked({ institutionId, name, city, level }: PaperFields): Refusal | undefined {
  const alone = (field: string, text: string) =>
    text === "" || text === "UNSPECIFIED"
      ? undefined
      : badRequest(field, "定点医疗机构只填编号", "must be empty where the institution is named by its id");
  return (
    badId("paper.institution_id", institutionId) ?? alone("paper.name", name) ?? alone("paper.city", city) ?? alone("paper.level", level)
  );
}

function badInvoices(invoices: readonly PaperInvoice[]): Refusal | undefined {
  const seen = new Set<string>();
  for (const [index, { invoiceNumber, totalFen }] of invoices.entries()) {
    const at = `paper.invoices[${index}]`;
    const fault = badInvoice(`${at}.invoice_number`, invoiceNumber) ?? badFen(`${at}.total_fen`, totalFen);
    if (fault) return fault;
    const number = normal(invoiceNumber);
    if (number === "") return noWord(`${at}.invoice_number`);
    if (seen.has(number)) return badRequest(`${at}.invoice_number`, "发票重复", "the invoice is there twice");
    seen.add(number);
  }
  return undefined;
}

/** Forms that passed `paperFormFault`, as what is submitted. */
export function paperFrom(county: string, bill: BillForm, fields: PaperFields): SubmitInput {
  const { institutionId, name, city, level, issuedOn } = fields;
  const invoices = fields.invoices.map(({ invoiceNumber, totalFen }) => ({ invoiceNumber, totalFen }));
  const form: PaperForm = { institutionId, name, city, ...(isLevel(level) ? { level } : {}), invoices, issuedOn };
  const [first] = invoices;
  return { bill: billFrom({ ...bill, institutionId: "", invoiceNumber: first?.invoiceNumber ?? "" }), paper: { county, form } };
}

export function confirmationFault(fields: ConfirmationFields | undefined, denied: boolean, reason: string): Refusal | undefined {
  if (!fields) return missing("confirmation");
  const { askedBy, answeredBy, code } = fields;
  return (
    (isAskedBy(askedBy) ? undefined : missing("confirmation.asked_by")) ??
    badText("confirmation.answered_by", answeredBy, MAX_NAME) ??
    (denied && code === "" ? undefined : badCode(code)) ??
    (denied ? badText("reason", reason, MAX_REASON) : undefined) ??
    (!denied && reason !== "" ? badRequest("reason", "核实属实时须空", "must be empty where the hospital confirms") : undefined)
  );
}

function badCode(code: string): Refusal | undefined {
  const field = "confirmation.code";
  return badInvoice(field, code) ?? (normal(code) === "" ? noWord(field) : undefined);
}

function noWord(field: string): Refusal {
  return badRequest(field, "须含文字或数字", "must hold letters or digits");
}

export function isAskedBy(text: string): text is AskedBy {
  return (ASKED_BY as readonly string[]).includes(text);
}
