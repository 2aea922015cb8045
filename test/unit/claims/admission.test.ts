/** A stay from admission to discharge: one open stay a person in the province, pages that can be undone, and one claim at the end. */
import { describe, expect, it, test } from "vitest";
import {
  type AdmissionForm,
  admit,
  cancelAdmission,
  changeAdmission,
  settleAdmission,
  undoFees,
  uploadFees,
} from "../../../services/claims/domain/admission.ts";
import { admissions, type BillLine, type Claim, fees, invoices, stays } from "../../../services/claims/domain/documents.ts";
import { submit } from "../../../services/claims/domain/submit.ts";
import { isAskOwner, type Refusal } from "../../../services/values/outcome.ts";
import type { Outcome, World } from "../../harness/decide.ts";
import {
  bill,
  cover,
  expectDone,
  INPATIENT_CAP,
  line,
  NO_BODY,
  PERSON,
  refusedWith,
  region,
  scheme,
  snapshot,
  submitted,
  VISITOR,
  visit,
  yearOf,
  ZHONGNING,
} from "./nx-ref.ts";

const ID = { institutionId: "COUNTY-1", admissionId: "S-1" };

const form = (overrides: Partial<AdmissionForm> = {}): AdmissionForm => ({
  ...ID,
  personId: PERSON,
  newborn: 0,
  admittedOn: "2011-11-20",
  diagnosis: "J18.9",
  referralId: "",
  tcm: false,
  procedures: [],
  ...overrides,
});

const admitted = (world: World, overrides: Partial<AdmissionForm> = {}) => expectDone(world.run(admit, { form: form(overrides) }));
const upload = (world: World, page: number, lines: readonly BillLine[]) => world.run(uploadFees, { ...ID, page, lines });
const settle = (world: World, totalFen: bigint, overrides = {}): Outcome<Claim> =>
  world.run(settleAdmission, { ...ID, dischargedOn: "2011-11-24", invoiceNumber: "N-1", totalFen, ...overrides });
const codeOf = ({ result }: Outcome<unknown>) => (result as Partial<Refusal>).code;

describe("an admission", () => {
  it("opens one stay a person in the whole province, and the same again is answered", () => {
    const world = region();
    const first = admitted(world);
    expect(first).toMatchObject({ state: "OPEN", county: ZHONGNING, totalFen: 0n, pages: [] });
    expect(admitted(world)).toEqual(first);
    expect(codeOf(world.run(admit, { form: form({ diagnosis: "J20" }) }))).toBe("ADMISSION_EXISTS");
    const elsewhere = world.run(admit, { form: form({ admissionId: "S-2", institutionId: "ELSEWHERE-1" }) });
    expect(elsewhere.result).toMatchObject({ code: "ALREADY_ADMITTED", en: expect.stringContaining("COUNTY-1 since 2011-11-20") });
    // Nobody else, and no newborn, is in its way.
    admitted(world, { admissionId: "S-3", personId: VISITOR });
    admitted(world, { admissionId: "S-4", newborn: 1 });
  });

  it.each<[string, Partial<AdmissionForm>]>([
    ["FUTURE_DAY", { admittedOn: "2011-11-26" }],
    ["CLAIM_EXISTS", { admissionId: "C-stood" }],
    ["OVERLAPPING_STAY", { admissionId: "S-2", admittedOn: "2011-10-02" }],
  ])("%s changes nothing", (code, change) => {
    const world = region();
    submitted(
      world,
      bill({ claimId: "C-stood", admittedOn: "2011-10-01", dischargedOn: "2011-10-03", lines: [line("A", 1n, "2011-10-01")] }),
    );
    const before = snapshot(world);
    expect(codeOf(world.run(admit, { form: form(change) }))).toBe(code);
    expect(snapshot(world)).toEqual(before);
  });

  it("asks the owners before it refuses a person, a cover or an institution", () => {
    const world = region();
    for (const change of [{ personId: NO_BODY }, { institutionId: "NEW-1" }, { admittedOn: "2010-05-01" }])
      expect(isAskOwner(world.run(admit, { form: form(change) }).result)).toBe(true);
    const asked = { personKnown: false };
    expect(codeOf(world.run(admit, { form: form({ personId: NO_BODY }), asked }))).toBe("UNKNOWN_PERSON");
    expect(codeOf(world.run(admit, { form: form({ institutionId: "NEW-1" }), asked }))).toBe("UNKNOWN_INSTITUTION");
    expect(codeOf(world.run(admit, { form: form({ admittedOn: "2010-05-01" }), asked }))).toBe("NOT_COVERED");
  });

  it("is another institution's to nobody", () => {
    const world = region();
    admitted(world);
    const other = { ...ID, institutionId: "COUNTY-2" };
    const news = { diagnosis: "J20", referralId: "", tcm: false, procedures: [] };
    const tries = [
      world.run(changeAdmission, { ...other, ...news }),
      world.run(cancelAdmission, other),
      world.run(uploadFees, { ...other, page: 1, lines: [line("A", 1n)] }),
      world.run(undoFees, { ...other, page: 1 }),
      world.run(settleAdmission, { ...other, dischargedOn: "2011-11-24", invoiceNumber: "N", totalFen: 1n }),
    ];
    expect(tries.map(codeOf)).toEqual(tries.map(() => "UNKNOWN_ADMISSION"));
  });

  it("is cancelled once its fees are undone, and then somebody else may admit", () => {
    const world = region();
    admitted(world);
    expectDone(upload(world, 1, [line("A", 5n)]));
    expect(codeOf(world.run(cancelAdmission, ID))).toBe("FEES_REMAIN");
    expectDone(world.run(undoFees, { ...ID, page: 1 }));
    expect(expectDone(world.run(cancelAdmission, ID)).state).toBe("CANCELLED");
    expect(expectDone(world.run(cancelAdmission, ID)).state).toBe("CANCELLED");
    expect(codeOf(upload(world, 1, [line("A", 5n)]))).toBe("NOT_OPEN");
    expect(codeOf(settle(world, 5n))).toBe("NOT_OPEN");
    admitted(world, { admissionId: "S-2", institutionId: "ELSEWHERE-1" });
  });
});

describe("fees", () => {
  it("come in pages; the same page again is answered, another is refused until it is undone", () => {
    const world = region();
    admitted(world);
    expectDone(upload(world, 2, [line("A", 300n), line("B", 200n)]));
    const two = expectDone(upload(world, 1, [line("A", 100n)]));
    expect(two).toMatchObject({
      totalFen: 600n,
      pages: [
        { page: 1, lines: 1, totalFen: 100n },
        { page: 2, lines: 2, totalFen: 500n },
      ],
    });
    expect(expectDone(upload(world, 1, [line("A", 100n)]))).toEqual(two);
    expect(upload(world, 1, [line("A", 101n)]).result).toMatchObject({ code: "PAGE_EXISTS", field: "page" });
    expect(expectDone(world.run(undoFees, { ...ID, page: 1 }))).toMatchObject({ totalFen: 500n, pages: [{ page: 2 }] });
    expect(world.get(fees.key("S-1", 1))?.lines).toEqual([]);
    // What is taken back already is answered so: no rubbish blocks the next page.
    expect(expectDone(world.run(undoFees, { ...ID, page: 1 })).totalFen).toBe(500n);
    expect(expectDone(upload(world, 1, [line("A", 101n)])).totalFen).toBe(601n);
  });

  it.each<[string, string, Partial<BillLine>]>([
    ["LINE_SUM", "lines[1].billed_fen", { billedFen: 4n }],
    ["LINE_OUTSIDE_STAY", "lines[1].day", { day: "2011-11-19" }],
    ["FUTURE_DAY", "lines[1].day", { day: "2011-11-26" }],
  ])("%s names %s and takes nothing of the page", (code, field, change) => {
    const world = region();
    admitted(world);
    const before = snapshot(world);
    expect(upload(world, 1, [line("A", 5n), { ...line("A", 5n), ...change }]).result).toMatchObject({ code, field });
    expect(snapshot(world)).toEqual(before);
  });
});

describe("the settlement", () => {
  it("bills the pages as any stay is billed, once, and ends the stay", () => {
    const world = region();
    admitted(world);
    expectDone(upload(world, 2, [line("B", 150_050n), line("OUT", 72_730n)]));
    expectDone(upload(world, 1, [line("A", 412_000n)]));
    const claim = expectDone(settle(world, 634_780n));
    expect(claim).toMatchObject({ state: "APPROVED", benefit: { fundFen: 361_932n, patientFen: 272_848n }, bill: { claimId: "S-1" } });
    expect(claim.bill.lines.map(({ itemCode }) => itemCode)).toEqual(["A", "B", "OUT"]);
    expect(world.get(admissions.key("S-1"))?.state).toBe("SETTLED");
    expect(world.get(stays.key(PERSON))?.admissionId).toBe("");
    expect(expectDone(settle(world, 634_780n))).toEqual(claim);
    expect(codeOf(settle(world, 634_780n, { invoiceNumber: "N-2" }))).toBe("CLAIM_EXISTS");
    expect(yearOf(world)).toMatchObject({ compensatedStays: 1, usedFen: { YEAR_IP: 361_932n } });
    admitted(world, { admissionId: "S-2", admittedOn: "2011-11-24" });
  });

  it("of which the hospital has another sum is refused, and the stay stays open", () => {
    const world = region();
    admitted(world);
    expectDone(upload(world, 1, [line("A", 5_000n)]));
    const before = snapshot(world);
    expect(settle(world, 5_001n).result).toMatchObject({ code: "BILL_SUM" });
    expect(snapshot(world)).toEqual(before);
    expect(codeOf(settle(world, 5_000n, { dischargedOn: "2011-11-19" }))).toBe("DISCHARGE_BEFORE_ADMISSION");
    expect(world.get(invoices.key("COUNTY-1", "N-1"))).toBeUndefined();
  });

  it("without fees is none", () => {
    const world = region();
    admitted(world);
    expect(codeOf(settle(world, 0n))).toBe("NO_FEES");
  });

  it("goes by what was changed while the stay was open", () => {
    const world = region();
    admitted(world);
    expectDone(world.run(changeAdmission, { ...ID, diagnosis: "J18.0", referralId: "", tcm: true, procedures: [] }));
    expectDone(upload(world, 1, [line("A", 100_000n)]));
    expect(expectDone(settle(world, 100_000n))).toMatchObject({ bill: { diagnosis: "J18.0", tcm: true }, benefit: { rateBp: 8_000 } });
  });
});

describe("a bill without an admission", () => {
  it("is refused while the person is in hospital under another, and its later days are free", () => {
    const world = region();
    admitted(world);
    expect(refusedWith(world, bill({ institutionId: "ELSEWHERE-1" }))).toMatchObject({ code: "ALREADY_ADMITTED" });
    submitted(world, bill({ admittedOn: "2011-11-10", dischargedOn: "2011-11-20", lines: [line("A", 1n, "2011-11-10")] }));
    submitted(world, visit("2011-11-22", 100n));
  });

  it("leaves a mark that an admission at the same moment cannot overlook", () => {
    const world = region();
    const first = world.run(submit, {
      bill: bill({ admittedOn: "2011-10-01", dischargedOn: "2011-10-03", lines: [line("A", 1n, "2011-10-01")] }),
    });
    expect(first.guarded).not.toContain(`stays/${PERSON}`);
    expect(world.get(stays.key(PERSON))).toMatchObject({ admissionId: "" });
    expect(world.run(submit, { bill: bill() }).guarded).toContainEqual(expect.stringContaining(PERSON));
  });
});

describe("whose cap it is", () => {
  test("9: a newborn's stay is its own, under its mother's cap, and never where the scheme does not cover newborns", () => {
    const world = region();
    const delivery = submitted(world, bill({ diagnosis: "O80.0", lines: [line("A", 180_000n)] }));
    expect(delivery.benefit).toMatchObject({ subsidyFen: 50_000n, fundFen: 60_000n, patientFen: 70_000n, code: "DELIVERY" });
    const child = submitted(world, bill({ newborn: 1, diagnosis: "P22.0", lines: [line("A", 450_000n)] }));
    expect(child.benefit).toMatchObject({ fundFen: 294_000n, deductibleFen: 30_000n });
    expect(yearOf(world)).toMatchObject({ usedFen: { YEAR_IP: 354_000n }, compensatedStays: 0 });
    expect(yearOf(world, `${PERSON}#1`)).toMatchObject({ usedFen: {}, compensatedStays: 1 });
    const without = region([scheme({ newbornUnderMother: false })]);
    expect(refusedWith(without, bill({ newborn: 1 }))).toMatchObject({ code: "NOT_COVERED", field: "bill.newborn" });
  });

  test("a household's members share its cap, and give back exactly what they drew", () => {
    const caps = scheme().caps.map((cap) => (cap.code === "YEAR_OP" ? { ...cap, scope: "HOUSEHOLD" as const } : cap));
    const world = region([scheme({ caps, review: { aboveFundFen: 0n, diagnosisPrefixes: ["S"] } })]);
    const sibling = `${PERSON.slice(0, 14)}02`;
    cover(world, PERSON, [{}], 2);
    world.put({ kind: "covers", id: sibling }, { ...world.get({ kind: "covers", id: PERSON }), county: ZHONGNING });
    expect(submitted(world, visit("2011-11-20", 10_000n)).benefit.fundFen).toBe(8_000n);
    expect(submitted(world, visit("2011-11-21", 10_000n, { personId: sibling })).benefit).toMatchObject({
      fundFen: 4_000n,
      overCapFen: 4_000n,
    });
    expect(yearOf(world, PERSON.slice(0, 14))?.usedFen).toEqual({ YEAR_OP: 12_000n });
    expect(yearOf(world)?.usedFen).toEqual({});
  });

  test("17: two stays that each compute 80,000 share the 100,000 that are left", () => {
    const world = region();
    submitted(world, bill({ admittedOn: "2011-09-01", dischargedOn: "2011-09-02", lines: [line("A", 7_030_000n, "2011-09-01")] }));
    expect(yearOf(world)?.usedFen.YEAR_IP).toBe(INPATIENT_CAP - 100_000n);
    const first = bill({ admittedOn: "2011-10-01", dischargedOn: "2011-10-02", lines: [line("A", 129_286n, "2011-10-01")] });
    const second = bill({ institutionId: "COUNTY-2", lines: [line("A", 129_286n)] });
    expect(submitted(world, first).benefit.fundFen).toBe(80_000n);
    expect(submitted(world, second).benefit).toMatchObject({ fundFen: 20_000n, overCapFen: 60_000n });
  });
});
