/** A bill at the door: whether every field is one. Its days and sums are the decision's to judge (bill.ts). */

import { isVisitKind } from "../../benefit/words.ts";
import { daysBetween } from "../../values/days.ts";
import { badRequest, type Refusal } from "../../values/outcome.ts";
import type { Bill, BillLine } from "./documents.ts";
import { badCode, badCount, badDay, badFen, badId, badNumber, badPerson, missing } from "./fields.ts";

/** A bill as the contract has it: the kind of visit may be none. */
export type BillForm = Omit<Bill, "visitKind"> & { readonly visitKind: string };

export const MAX_LINES = 300;
const MAX_PROCEDURES = 20;
export const MAX_NEWBORNS = 9;
/** A stay of more than a year is billed in parts, each by its own year's scheme; it also bounds the benefit years that one bill touches. */
const MAX_STAY_DAYS = 366;
/** Ten million units. */
const MAX_QUANTITY_E4 = 100_000_000_000n;
const ICD_10 = /^[A-Z]\d\d[0-9A-Za-z.+*]{0,12}$/;
const INVOICE = /^[\p{L}\p{N}._-]{1,40}$/u;

export function billFormFault(bill: BillForm | undefined): Refusal | undefined {
  if (!bill) return missing("bill");
  return (
    badId("bill.claim_id", bill.claimId) ??
    badId("bill.institution_id", bill.institutionId) ??
    badPerson("bill.person_id", bill.personId) ??
    badKind(bill.visitKind) ??
    badDiagnosis("bill.diagnosis", bill.diagnosis) ??
    badDay("bill.admitted_on", bill.admittedOn) ??
    badDay("bill.discharged_on", bill.dischargedOn) ??
    badLength(bill) ??
    badInvoice("bill.invoice_number", bill.invoiceNumber) ??
    (bill.referralId === "" ? undefined : badId("bill.referral_id", bill.referralId)) ??
    badProcedures("bill.procedures", bill.procedures) ??
    badNumber("bill.newborn", bill.newborn, 0, MAX_NEWBORNS) ??
    badCount("bill.lines", bill.lines.length, 1, MAX_LINES) ??
    badLines("bill.lines", bill.lines) ??
    badFen("bill.total_fen", bill.totalFen)
  );
}

/** A form that passed `billFormFault`, as a bill. */
export function billFrom(form: BillForm): Bill {
  return { ...form, visitKind: form.visitKind === "INPATIENT" ? "INPATIENT" : "OUTPATIENT" };
}

function badKind(visitKind: string): Refusal | undefined {
  return isVisitKind(visitKind) ? undefined : missing("bill.visit_kind");
}

export function badDiagnosis(field: string, diagnosis: string): Refusal | undefined {
  return ICD_10.test(diagnosis) ? undefined : badRequest(field, "须为 ICD-10 编码", "must be an ICD-10 code");
}

export function badProcedures(field: string, procedures: readonly string[]): Refusal | undefined {
  const many = badCount(field, procedures.length, 0, MAX_PROCEDURES);
  if (many) return many;
  for (const [index, procedure] of procedures.entries()) {
    const fault = badCode(`${field}[${index}]`, procedure);
    if (fault) return fault;
  }
  return undefined;
}

export function badInvoice(field: string, invoiceNumber: string): Refusal | undefined {
  if (INVOICE.test(invoiceNumber)) return undefined;
  return badRequest(field, "须为 1 至 40 位文字、数字或 . _ -", "must be 1 to 40 letters, digits or . _ -");
}

/** Between two real days. A discharge before the admission is a refusal of its own. */
function badLength({ visitKind, admittedOn, dischargedOn }: BillForm): Refusal | undefined {
  if (visitKind === "OUTPATIENT" && admittedOn !== dischargedOn)
    return badRequest("bill.discharged_on", "门诊须与就诊日同日", "an outpatient visit has the same day twice");
  if (daysBetween(admittedOn, dischargedOn) >= MAX_STAY_DAYS)
    return badRequest("bill.discharged_on", `一次住院不得超过 ${MAX_STAY_DAYS} 天`, `a stay has at most ${MAX_STAY_DAYS} days`);
  return undefined;
}

/** Lines that came with a bill, or in a page of an open stay. */
export function badLines(place: string, lines: readonly BillLine[]): Refusal | undefined {
  const good = new Set<string>();
  for (const [index, line] of lines.entries()) {
    const field = `${place}[${index}]`;
    const fault =
      badCode(`${field}.item_code`, line.itemCode) ??
      (good.has(line.day) ? undefined : badDay(`${field}.day`, line.day)) ??
      badTime(`${field}.time`, line.time) ??
      badQuantity(`${field}.quantity_e4`, line.quantityE4) ??
      badFen(`${field}.unit_price_fen`, line.unitPriceFen) ??
      badFen(`${field}.billed_fen`, line.billedFen);
    if (fault) return fault;
    good.add(line.day);
  }
  return undefined;
}

function badTime(field: string, time: string | undefined): Refusal | undefined {
  if (time === undefined || /^([01]\d|2[0-3]):[0-5]\d$/.test(time)) return undefined;
  return badRequest(field, "须为 HH:MM", "must be HH:MM");
}

function badQuantity(field: string, quantityE4: bigint): Refusal | undefined {
  if (quantityE4 > 0n && quantityE4 <= MAX_QUANTITY_E4) return undefined;
  return badRequest(field, `须大于 0 且不超过 ${MAX_QUANTITY_E4}`, `must be more than 0 and at most ${MAX_QUANTITY_E4}`);
}
