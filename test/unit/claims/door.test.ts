import { describe, expect, it } from "vitest";
import { type BillForm, billFormFault, billFrom } from "../../../services/claims/domain/bill-form.ts";
import { catalogueFormFault, type ItemForm } from "../../../services/claims/domain/catalogue-form.ts";
import { MAX_FEN } from "../../../services/values/money.ts";
import { bill, ITEMS, line, visit } from "./nx-ref.ts";

const good = bill();

function lines(count: number) {
  return Array.from({ length: count }, () => line("A", 1n));
}

function withLine(change: Partial<ReturnType<typeof line>>): Partial<BillForm> {
  return { lines: [line("A", 1n), { ...line("A", 1n), ...change }] };
}

describe("a bill at the door", () => {
  it.each<[string, Partial<BillForm>]>([
    ["bill.claim_id", { claimId: "" }],
    ["bill.claim_id", { claimId: "a/b" }],
    ["bill.claim_id", { claimId: "x".repeat(41) }],
    ["bill.institution_id", { institutionId: "x y" }],
    ["bill.person_id", { personId: "640521" }],
    ["bill.person_id", { personId: "64052100000001０1" }],
    ["bill.visit_kind", { visitKind: "UNSPECIFIED" }],
    ["bill.diagnosis", { diagnosis: "" }],
    ["bill.diagnosis", { diagnosis: "flu" }],
    ["bill.admitted_on", { admittedOn: "2011-02-29" }],
    ["bill.admitted_on", { admittedOn: "" }],
    ["bill.discharged_on", { dischargedOn: "20111122" }],
    ["bill.discharged_on", { admittedOn: "2010-11-22", dischargedOn: "2011-11-23" }],
    ["bill.discharged_on", { visitKind: "OUTPATIENT" }],
    ["bill.invoice_number", { invoiceNumber: "" }],
    ["bill.invoice_number", { invoiceNumber: "a/b" }],
    ["bill.referral_id", { referralId: " " }],
    ["bill.procedures", { procedures: Array.from({ length: 21 }, () => "P") }],
    ["bill.procedures[1]", { procedures: ["P1", "a b"] }],
    ["bill.newborn", { newborn: -1 }],
    ["bill.newborn", { newborn: 10 }],
    ["bill.lines", { lines: [] }],
    ["bill.lines", { lines: lines(301) }],
    ["bill.lines[1].item_code", withLine({ itemCode: "" })],
    ["bill.lines[1].item_code", withLine({ itemCode: "$where" })],
    ["bill.lines[1].day", withLine({ day: "2011-11-31" })],
    ["bill.lines[1].quantity_e4", withLine({ quantityE4: 0n })],
    ["bill.lines[1].quantity_e4", withLine({ quantityE4: -10_000n })],
    ["bill.lines[1].quantity_e4", withLine({ quantityE4: 2n ** 62n })],
    ["bill.lines[1].unit_price_fen", withLine({ unitPriceFen: -1n })],
    ["bill.lines[1].unit_price_fen", withLine({ unitPriceFen: MAX_FEN + 1n })],
    ["bill.lines[1].billed_fen", withLine({ billedFen: -1n })],
    ["bill.lines[1].billed_fen", withLine({ billedFen: 2n ** 63n - 1n })],
    ["bill.total_fen", { totalFen: -1n }],
    ["bill.total_fen", { totalFen: MAX_FEN + 1n }],
  ])("names %s", (field, change) => {
    const fault = billFormFault({ ...good, ...change });
    expect(fault).toMatchObject({ code: "BAD_REQUEST", status: "INVALID_ARGUMENT", field });
    expect(fault?.zh).not.toBe("");
    expect(fault?.en).not.toBe("");
  });

  it("without a bill names the bill", () => {
    expect(billFormFault(undefined)?.field).toBe("bill");
  });

  it.each([
    ["a stay", good],
    ["a visit", visit("2011-11-20", 1n)],
    ["three hundred lines", bill({ lines: lines(300) })],
    ["the longest stay", bill({ admittedOn: "2010-11-22", dischargedOn: "2011-11-22" })],
    ["a discharge before the admission, which the decision refuses", bill({ dischargedOn: "2011-11-19" })],
    ["a Chinese invoice and an extended diagnosis", bill({ invoiceNumber: "宁A-0001", diagnosis: "I10.x00x002" })],
    ["nothing to pay", bill({ lines: [line("A", 0n)] })],
    ["the largest amount", bill({ lines: [line("A", MAX_FEN)] })],
  ])("lets %s in", (_, form) => {
    expect(billFormFault(form)).toBeUndefined();
    expect(billFrom(form)).toEqual(form);
  });
});

describe("a catalogue at the door", () => {
  const [item] = ITEMS;
  const withItem = (change: Partial<ItemForm>): readonly ItemForm[] => (item ? [{ ...item, ...change }] : []);

  it.each<[string, readonly ItemForm[]]>([
    ["items", []],
    ["items", Array.from({ length: 5001 }, () => withItem({})).flat()],
    ["items[0].item_code", withItem({ itemCode: "a b" })],
    ["items[0].name", withItem({ name: " x" })],
    ["items[0].class", withItem({ class: "" })],
    ["items[0].price_limit_fen", withItem({ priceLimitFen: -1n })],
    ["items[0].lowest_level", withItem({ lowestLevel: "UNSPECIFIED" })],
  ])("names %s", (field, items) => {
    expect(catalogueFormFault("NX", items)).toMatchObject({ code: "BAD_REQUEST", field });
  });

  it.each([
    ["diagnoses[1]", ["A01", "flu"]],
    ["diagnoses", Array.from({ length: 40_001 }, () => "A01")],
  ])("names %s", (field, diagnoses) => {
    expect(catalogueFormFault("NX", ITEMS, diagnoses)).toMatchObject({ code: "BAD_REQUEST", field });
  });

  it("lets the fixture in, under an id only", () => {
    expect(catalogueFormFault("NX", ITEMS)).toBeUndefined();
    expect(catalogueFormFault("", ITEMS)?.field).toBe("catalogue_version");
  });
});
