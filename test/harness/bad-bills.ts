/** Bills that are wrong in one way each: those of the sample region's file, and more that a file cannot hold. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Bill } from "../../proto/generated/nrcms/claims/v1/claims.ts";
import { billShape } from "../../services/nrcms/import/bills.ts";
import { REGION } from "../../services/nrcms/run.ts";
import { addDays } from "../../services/values/days.ts";
import type { Fault } from "../../services/values/shape.ts";

export interface BadBill {
  readonly title: string;
  readonly bill: Bill;
  readonly status: string;
  readonly code: string;
  readonly field: string;
}

/** Where each case of the file is wrong, and what gRPC says of it. */
const FILE_FIELDS: Readonly<Record<string, readonly [status: string, field: string]>> = {
  "unknown person": ["NOT_FOUND", "bill.person_id"],
  "unknown institution": ["FAILED_PRECONDITION", "bill.institution_id"],
  "a stay of the year before, when nobody was covered": ["FAILED_PRECONDITION", "bill.person_id"],
  "inpatient at a village clinic": ["FAILED_PRECONDITION", "bill.visit_kind"],
  "an item that is not in the catalogue": ["FAILED_PRECONDITION", "bill.lines[0].item_code"],
  "a line that is not quantity times price": ["INVALID_ARGUMENT", "bill.lines[0].billed_fen"],
  "a total that is not the sum of the lines": ["INVALID_ARGUMENT", "bill.total_fen"],
  "a line of the day before the admission": ["INVALID_ARGUMENT", "bill.lines[0].day"],
  "discharged before admitted": ["INVALID_ARGUMENT", "bill.discharged_on"],
  "discharged in the future": ["INVALID_ARGUMENT", "bill.discharged_on"],
  "the invoice of another claim of the day": ["ALREADY_EXISTS", "bill.invoice_number"],
  "a referral that nobody registered": ["FAILED_PRECONDITION", "bill.referral_id"],
  "another person's referral": ["FAILED_PRECONDITION", "bill.referral_id"],
  "negative money": ["INVALID_ARGUMENT", "bill.lines[0].billed_fen"],
  "more money than a bill may carry": ["INVALID_ARGUMENT", "bill.total_fen"],
  "no lines": ["INVALID_ARGUMENT", "bill.lines"],
  "a day that the calendar does not have": ["INVALID_ARGUMENT", "bill.admitted_on"],
  "no claim id": ["INVALID_ARGUMENT", "bill.claim_id"],
};

/** Every line of deploy/sandbox/region/bad/bills-bad.jsonl. Throws where one is not known here. */
export function billsOfFile(): BadBill[] {
  const lines = readFileSync(join(REGION, "bad", "bills-bad.jsonl"), "utf8")
    .trimEnd()
    .split("\n");
  return lines.map((line) => {
    const { case: title, refusal: code, bill: written } = JSON.parse(line) as { case: string; refusal: string; bill: unknown };
    const faults: Fault[] = [];
    const bill = billShape(written, [], faults);
    const [status, field] = FILE_FIELDS[title] ?? [];
    if (!bill || !status || field === undefined)
      throw new Error(`bills-bad.jsonl: ${title} is not known to the test, or has not the shape of a bill`);
    return { title, bill, status, code, field };
  });
}

const INT64_MOST = 2n ** 63n - 1n;

/** A good stay made wrong in ways that the file does not have. `visit` is a good visit of the same person. */
export function moreBadBills(stay: Bill, visit: Bill): BadBill[] {
  let serial = 0;
  const bad = (title: string, [status, code, field]: readonly [string, string, string], changes: Partial<Bill>, from = stay): BadBill => {
    serial += 1;
    const own = { claimId: `${from.institutionId}-bad-${serial}`, invoiceNumber: `WORSE${serial}` };
    return { title, bill: { ...from, ...own, ...changes }, status, code, field };
  };
  const door = (field: string) => ["INVALID_ARGUMENT", "BAD_REQUEST", field] as const;
  const [first, ...others] = stay.lines;
  if (!first) throw new Error("a stay has lines");
  const line = (changes: Partial<typeof first>) => ({ lines: [{ ...first, ...changes }, ...others] });
  return [
    bad("the largest number there is as a total", door("bill.total_fen"), { totalFen: INT64_MOST }),
    bad("a negative total", door("bill.total_fen"), { totalFen: -stay.totalFen }),
    bad("a negative price", door("bill.lines[0].unit_price_fen"), line({ unitPriceFen: -1n })),
    bad("the largest number there is as a price", door("bill.lines[0].unit_price_fen"), line({ unitPriceFen: INT64_MOST })),
    bad("the least number there is as an amount", door("bill.lines[0].billed_fen"), line({ billedFen: -INT64_MOST - 1n })),
    bad("a negative quantity", door("bill.lines[0].quantity_e4"), line({ quantityE4: -10_000n })),
    bad("no quantity", door("bill.lines[0].quantity_e4"), line({ quantityE4: 0n, billedFen: 0n })),
    bad("a quantity beyond all bounds", door("bill.lines[0].quantity_e4"), line({ quantityE4: INT64_MOST })),
    bad("301 lines", door("bill.lines"), { lines: Array.from({ length: 301 }, () => first) }),
    bad("a line of a day that is none", door("bill.lines[0].day"), line({ day: "2011-13-01" })),
    bad("a line without an item", door("bill.lines[0].item_code"), line({ itemCode: "" })),
    bad("a line of the day after the discharge", ["INVALID_ARGUMENT", "LINE_OUTSIDE_STAY", "bill.lines[0].day"], {
      ...line({ day: stay.dischargedOn }),
      dischargedOn: addDays(stay.dischargedOn, -1),
    }),
    bad("an admission in the future", ["INVALID_ARGUMENT", "FUTURE_DAY", "bill.admitted_on"], {
      admittedOn: "2012-01-01",
      dischargedOn: "2012-01-02",
    }),
    bad("a stay of more than a year", door("bill.discharged_on"), { admittedOn: "2010-01-01" }),
    bad("a visit of two days", door("bill.discharged_on"), { admittedOn: addDays(visit.dischargedOn, -1) }, visit),
    bad("neither stay nor visit", door("bill.visit_kind"), { visitKind: "UNSPECIFIED" }),
    bad("a person's number of fifteen digits", door("bill.person_id"), { personId: stay.personId.slice(1) }),
    bad("a diagnosis in words", door("bill.diagnosis"), { diagnosis: "阑尾炎" }),
    bad("an invoice with a line break", door("bill.invoice_number"), { invoiceNumber: "1\n2" }),
    bad("a claim id of 41 characters", door("bill.claim_id"), { claimId: "C".repeat(41) }),
    bad("a claim id that would be another key", door("bill.claim_id"), { claimId: "a/b" }),
  ];
}
