/** Whether a bill is one: its days and its sums. Needs nothing but the bill and today. */

import { yearOf } from "../../values/days.ts";
import { halfUp, sum } from "../../values/money.ts";
import type { Refusal } from "../../values/outcome.ts";
import type { Bill, BillLine } from "./documents.ts";
import { refuse } from "./refusals.ts";

const QUANTITY_SCALE = 10_000n;

/** The first fault of a bill, or undefined. `today` is the day of its submission. */
export function billFault(bill: Bill, today: string): Refusal | undefined {
  const { admittedOn: from, dischargedOn: to } = bill;
  if (to < from) return refuse("DISCHARGE_BEFORE_ADMISSION", { field: "bill.discharged_on", from, to });
  if (from > today) return refuse("FUTURE_DAY", { field: "bill.admitted_on", day: from, today });
  if (to > today) return refuse("FUTURE_DAY", { field: "bill.discharged_on", day: to, today });
  for (const [index, line] of bill.lines.entries()) {
    const field = `bill.lines[${index}]`;
    if (line.day < from || line.day > to) return refuse("LINE_OUTSIDE_STAY", { field: `${field}.day`, day: line.day, from, to });
    const fault = lineSumFault(field, line);
    if (fault) return fault;
  }
  const wanted = sum(bill.lines.map((line) => line.billedFen));
  if (bill.totalFen !== wanted) return refuse("BILL_SUM", { field: "bill.total_fen", total: bill.totalFen, wanted });
  return undefined;
}

/** Where a line is not quantity times unit price, half-up. */
export function lineSumFault(field: string, { quantityE4, unitPriceFen, billedFen }: BillLine): Refusal | undefined {
  const wanted = halfUp(quantityE4 * unitPriceFen, QUANTITY_SCALE);
  return billedFen === wanted ? undefined : refuse("LINE_SUM", { field: `${field}.billed_fen`, billed: billedFen, wanted });
}

/** The calendar years that the bill's days touch; none where the discharge is before the admission. The door limits a stay to a year's length. */
export function yearsOf(bill: Bill): number[] {
  const touched: number[] = [];
  for (let year = yearOf(bill.admittedOn); year <= yearOf(bill.dischargedOn); year += 1) touched.push(year);
  return touched;
}

export function sameBill(a: Bill, b: Bill): boolean {
  return (
    a.claimId === b.claimId &&
    a.institutionId === b.institutionId &&
    a.personId === b.personId &&
    a.visitKind === b.visitKind &&
    a.diagnosis === b.diagnosis &&
    a.admittedOn === b.admittedOn &&
    a.dischargedOn === b.dischargedOn &&
    a.invoiceNumber === b.invoiceNumber &&
    a.referralId === b.referralId &&
    a.tcm === b.tcm &&
    a.newborn === b.newborn &&
    a.procedures.length === b.procedures.length &&
    a.procedures.every((procedure, index) => procedure === b.procedures[index]) &&
    a.totalFen === b.totalFen &&
    a.lines.length === b.lines.length &&
    a.lines.every((line, index) => sameLine(line, b.lines[index]))
  );
}

function sameLine(a: BillLine, b: BillLine | undefined): boolean {
  return (
    a.itemCode === b?.itemCode &&
    a.day === b.day &&
    a.time === b.time &&
    a.quantityE4 === b.quantityE4 &&
    a.unitPriceFen === b.unitPriceFen &&
    a.billedFen === b.billedFen
  );
}
