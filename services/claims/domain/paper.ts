/** Whether a bill on paper is one: its days and sums besides the bill's own. And whether two are the same. */
import type { Scheme } from "../../benefit/scheme.ts";
import { addDays } from "../../values/days.ts";
import { sum } from "../../values/money.ts";
import type { Refusal } from "../../values/outcome.ts";
import { canonical } from "./canonical.ts";
import type { Bill, Paper, PaperForm } from "./documents.ts";
import { refuse } from "./refusals.ts";

export function paperFault(bill: Bill, { issuedOn, invoices }: PaperForm, today: string): Refusal | undefined {
  const { admittedOn: from, totalFen: total } = bill;
  if (issuedOn > today) return refuse("FUTURE_DAY", { field: "paper.issued_on", day: issuedOn, today });
  if (issuedOn < from) return refuse("LINE_OUTSIDE_STAY", { field: "paper.issued_on", day: issuedOn, from, to: today });
  const wanted = sum(invoices.map(({ totalFen }) => totalFen));
  return total === wanted ? undefined : refuse("INVOICE_SUM", { field: "paper.invoices", total, wanted });
}

/** Whether it comes later than the scheme lets a household hand its papers in. What was handed in is looked at here once, however long the hospital and the desk then take. */
export function lateFault(
  { dischargedOn: day }: Bill,
  { paperWithinDays: days }: Pick<Scheme, "paperWithinDays">,
  today: string,
): Refusal | undefined {
  if (days === undefined) return undefined;
  const last = addDays(day, days);
  return today > last ? refuse("HANDED_IN_LATE", { field: "bill.discharged_on", day, days, last, today }) : undefined;
}

/** Whether a stored paper, or none, is what was handed in now. */
export function samePaper(stored: Paper | undefined, form: PaperForm | undefined): boolean {
  if (!stored || !form) return stored === form;
  const { submittedBy: _, confirmation: __, ...own } = stored;
  return canonical(own) === canonical(form);
}
