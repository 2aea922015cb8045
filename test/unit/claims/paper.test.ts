/** Bills on paper (间接补偿, 手工报销): handed in, confirmed by their hospital, approved, and paid to the household; once, in whatever county and year. */
import { describe, expect, it } from "vitest";
import { confirmPaper, type HospitalAnswer } from "../../../services/claims/domain/confirm-paper.ts";
import { type Bill, type Claim, claims, invoices, type PaperForm } from "../../../services/claims/domain/documents.ts";
import { explain } from "../../../services/claims/domain/explain.ts";
import { review } from "../../../services/claims/domain/review.ts";
import { catalogues, schemes } from "../../../services/claims/domain/scheme.ts";
import type { SubmitInput } from "../../../services/claims/domain/submit.ts";
import { decideCorrection, voidClaim } from "../../../services/claims/domain/void-claim.ts";
import type { Caller } from "../../../services/values/decision.ts";
import type { Options, World } from "../../harness/decide.ts";
import {
  bill,
  expectDone,
  JINGYUAN,
  line,
  NO_BODY,
  PERSON,
  refer,
  refusedWith,
  region,
  scheme,
  schemeIn,
  snapshot,
  submitted,
  VISITOR,
  yearOf,
  ZHONGNING,
} from "./nx-ref.ts";

const CLERK: Caller = { name: "clerk-wang", role: "CLERK", scope: ZHONGNING };
const REVIEWER: Caller = { name: "reviewer-ma", role: "REVIEWER", scope: ZHONGNING };
const YES: HospitalAnswer = { confirmed: true, askedBy: "FAX", answeredBy: "医保办", code: "XA-778" };
const at = (minute: number): Options => ({ atMs: Date.parse("2011-11-25T10:00:00+08:00") + minute * 60_000, caller: CLERK });

/** Example 6's stay outside of the province, on paper. */
function paper(form: Partial<PaperForm> = {}, of: Partial<Bill> = {}, county = ZHONGNING): SubmitInput {
  const stay = bill({ lines: [line("A", 1_250_000n, of.admittedOn ?? "2011-11-20")], ...of, institutionId: "" });
  const invoiceNumber = form.invoices?.[0]?.invoiceNumber ?? stay.invoiceNumber;
  const full: PaperForm = {
    institutionId: "",
    name: "西安某医院",
    city: "西安",
    level: "OUT_OF_PROVINCE",
    invoices: [{ invoiceNumber, totalFen: stay.totalFen }],
    issuedOn: stay.dischargedOn,
    ...form,
  };
  return { bill: { ...stay, invoiceNumber }, paper: { county, form: full } };
}

function networked(institutionId: string, invoiceNumber: string, of: Partial<Bill> = {}): SubmitInput {
  const { bill: stay } = paper({}, of);
  const invoice = { invoiceNumber, totalFen: stay.totalFen };
  const form: PaperForm = { institutionId, name: "", city: "", invoices: [invoice], issuedOn: stay.dischargedOn };
  return { bill: { ...stay, invoiceNumber }, paper: { county: ZHONGNING, form } };
}

const answered = (world: World, claim: Claim, answer: HospitalAnswer = YES, caller = REVIEWER, reason = "", county = ZHONGNING) =>
  world.run(confirmPaper, { county, claimId: claim.bill.claimId, answer, reason }, { ...at(5), caller });
const judged = (world: World, claim: Claim, verdict: "APPROVE" | "REFUSE" = "APPROVE", deductions: readonly [number, bigint][] = []) =>
  world.run(
    review,
    {
      county: ZHONGNING,
      claimId: claim.bill.claimId,
      verdict,
      reason: "材料不全",
      deductions: deductions.map(([row, deductedFen]) => ({ line: row, deductedFen, reason: "NO_RECORD" as const, note: "" })),
    },
    { ...at(6), caller: REVIEWER },
  );
const back = (world: World, claim: Claim, by: { county: string } | { institutionId: string } = { county: ZHONGNING }) =>
  world.run(voidClaim, { ...by, claimId: claim.bill.claimId, reason: "重复" }, at(9));

function approvedPaper(world: World, input: SubmitInput, options = at(0)): Claim {
  const claim = submitted(world, input, options);
  expectDone(answered(world, claim));
  return expectDone(judged(world, claim));
}

function explained(world: World, claim: Claim) {
  const home = world.get(schemes.key(ZHONGNING, 2011, 1));
  const catalogue = world.get(catalogues.key("NX"));
  if (!home || !catalogue) throw new Error("not published");
  return explain(claim, { home, treating: home, catalogue });
}

describe("a paper", () => {
  it("6b: waits for its hospital, draws on the year like any claim, and its household is promised the fund's part", () => {
    const world = region();
    const input = paper();
    const claim = submitted(world, input, at(0));
    expect(claim).toMatchObject({ state: "IN_REVIEW", county: ZHONGNING, treatingCounty: ZHONGNING, level: "OUT_OF_PROVINCE" });
    expect(claim).toMatchObject({ benefit: { fundFen: 402_500n, patientFen: 847_500n }, paper: { submittedBy: "clerk-wang" } });
    expect(claim.reason).toMatch(/待就诊医院核实/);
    expect(yearOf(world)).toMatchObject({ usedFen: { YEAR_IP: 402_500n }, compensatedStays: 1 });
    const confirmed = expectDone(answered(world, claim));
    expect(confirmed.paper?.confirmation).toEqual({ ...YES, enteredBy: "reviewer-ma", enteredOn: "2011-11-25" });
    expect(confirmed.reason).toMatch(/医院已核实/);
    const { result, told } = judged(world, claim);
    expect(result).toMatchObject({ state: "APPROVED", reviewed: true });
    const body = { householdId: PERSON.slice(0, 14), institutionId: "", fundFen: 402_500n, treatingCounty: ZHONGNING };
    expect(told).toMatchObject([
      { name: "ClaimApproved", body: { ...body, approvalId: `paper/${claim.bill.claimId}/decision/1`, totalFen: 1_250_000n } },
    ]);
    expect(explained(world, expectDone({ result } as never)).length).toBeGreaterThan(3);
  });

  it("is counted by later claims: the next stay has half the deductible, and the cap is one", () => {
    const world = region();
    approvedPaper(world, paper());
    const next = submitted(world, bill({ admittedOn: "2011-11-23", dischargedOn: "2011-11-24" }));
    expect(next.benefit.deductibleFen).toBe(15_000n);
    expect(yearOf(world)?.usedFen).toEqual({ YEAR_IP: 402_500n + 59_500n });
  });

  it("is priced at home where a networked institution elsewhere treats it by its own catalogue, and asks for no prefund", () => {
    const world = region();
    const claim = submitted(world, { ...networked("ELSEWHERE-1", "J1"), crossRegion: [ZHONGNING] }, at(0));
    expect(claim).toMatchObject({ treatingCounty: ZHONGNING, level: "COUNTY", basis: { treatingSchemeId: `${JINGYUAN}/2011/1` } });
    expectDone(answered(world, claim));
    expect(judged(world, claim).told.map(({ name }) => name)).toEqual(["ClaimApproved"]);
  });

  it("stands on a referral to a networked institution", () => {
    const world = region();
    refer(world);
    const referred = networked("PREFECTURE-1", "P1", { referralId: "R1" });
    expect(submitted(world, referred, at(0)).benefit.rateBp).toBe(6_000);
    const other = networked("COUNTY-1", "P2", { referralId: "R1", admittedOn: "2011-10-01", dischargedOn: "2011-10-02" });
    expect(refusedWith(world, other, at(1))).toMatchObject({ code: "REFERRAL_MISMATCH" });
  });

  it("again is the claim that stands; with another word it is refused", () => {
    const world = region();
    const input = paper();
    const claim = approvedPaper(world, input);
    const before = snapshot(world);
    expect(submitted(world, input, at(20))).toEqual(claim);
    expect(snapshot(world)).toEqual(before);
    const form = input.paper?.form as PaperForm;
    for (const changes of [{ name: "别的医院" }, { level: "PROVINCE" as const }, { issuedOn: "2011-11-23" }])
      expect(refusedWith(world, { ...input, paper: { county: ZHONGNING, form: { ...form, ...changes } } }, at(20)).code).toBe(
        "CLAIM_EXISTS",
      );
    expect(refusedWith(world, input.bill, at(20)).code).toBe("CLAIM_EXISTS");
  });
});

describe("a paper that is refused leaves nothing", () => {
  it.each<[string, string, string, SubmitInput]>([
    ["a day after today", "FUTURE_DAY", "paper.issued_on", paper({ issuedOn: "2011-11-26" })],
    ["a day before the stay", "LINE_OUTSIDE_STAY", "paper.issued_on", paper({ issuedOn: "2011-11-19" })],
    ["another sum", "INVOICE_SUM", "paper.invoices", paper({ invoices: [{ invoiceNumber: "X", totalFen: 1_249_999n }] })],
    ["a bill that is none", "BILL_SUM", "bill.total_fen", paper({}, { totalFen: 1n })],
    ["another county's person", "INSURED_ELSEWHERE", "bill.person_id", paper({}, { personId: VISITOR })],
    ["nobody", "UNKNOWN_PERSON", "bill.person_id", { ...paper({}, { personId: NO_BODY }), asked: { personKnown: false } }],
    ["no cover", "NOT_COVERED", "bill.person_id", uncovered()],
    ["no such institution", "UNKNOWN_INSTITUTION", "paper.institution_id", { ...networked("NONE", "1"), asked: { personKnown: true } }],
    ["an item that is none", "UNKNOWN_ITEM", "bill.lines[0].item_code", paper({}, { lines: [line("NONE", 1n)] })],
  ])("%s", (_, code, field, input) => {
    const world = region();
    const before = snapshot(world);
    expect(refusedWith(world, input, at(0))).toMatchObject({ code, field });
    expect(snapshot(world)).toEqual(before);
  });

  function uncovered(): SubmitInput {
    const day = { admittedOn: "2010-11-20", dischargedOn: "2010-11-20" };
    return { ...paper({}, day), asked: { personKnown: true } };
  }

  it("a stay on days that were billed, or in an open stay's", () => {
    const world = region();
    submitted(world, bill());
    expect(refusedWith(world, paper(), at(0)).code).toBe("OVERLAPPING_STAY");
  });
});

describe("an invoice is claimed once", () => {
  const first = paper({ invoices: [{ invoiceNumber: "AB-0012", totalFen: 1_250_000n }], name: "西安 某医院" });
  const days = { admittedOn: "2011-10-01", dischargedOn: "2011-10-02" };

  it.each<[string, SubmitInput]>([
    ["however it is typed", paper({ invoices: [{ invoiceNumber: "ａｂ_00１2", totalFen: 1_250_000n }], name: "西安某医院。" }, days)],
    [
      "by another county's member",
      paper({ invoices: [{ invoiceNumber: "AB0012", totalFen: 1_250_000n }] }, { ...days, personId: VISITOR }, JINGYUAN),
    ],
  ])("%s", (_, again) => {
    const world = region();
    const claim = submitted(world, first, at(0));
    const refused = { code: "DUPLICATE_INVOICE", status: "ALREADY_EXISTS", field: "paper.invoices[0].invoice_number" };
    expect(refusedWith(world, again, at(1))).toMatchObject(refused);
    // Free once the claim stands no more.
    expectDone(judged(world, claim, "REFUSE"));
    submitted(world, again, at(2));
  });

  it("in another year", () => {
    const world = region([scheme(), scheme({ county: JINGYUAN }), scheme({ year: 2010, version: 1 })]);
    submitted(world, first, at(0));
    const year = { admittedOn: "2010-10-01", dischargedOn: "2010-10-02" };
    const again = paper({ invoices: [{ invoiceNumber: "AB0012", totalFen: 1_250_000n }] }, year);
    const stretch = { county: ZHONGNING, fromDay: "2010-01-01", toDay: "2010-12-31", category: "ORDINARY" as const };
    const refused = refusedWith(world, { ...again, asked: { personKnown: true, cover: stretch } }, at(1));
    expect(refused).toMatchObject({ code: "DUPLICATE_INVOICE" });
  });

  it("but another amount, number or issuer is another invoice, and each of several counts", () => {
    const world = region();
    const two = [
      { invoiceNumber: "AB0012", totalFen: 1_000_000n },
      { invoiceNumber: "AB0013", totalFen: 250_000n },
    ];
    submitted(world, first, at(0));
    submitted(world, paper({ invoices: two }, days), at(1));
    const third = paper(
      { invoices: [{ invoiceNumber: "AB0013", totalFen: 250_000n }] },
      { lines: [line("A", 250_000n, "2011-09-01")], admittedOn: "2011-09-01", dischargedOn: "2011-09-02" },
    );
    expect(refusedWith(world, third, at(2)).code).toBe("DUPLICATE_INVOICE");
    submitted(world, { ...third, paper: { county: ZHONGNING, form: { ...(third.paper?.form as PaperForm), name: "兰州某医院" } } }, at(3));
  });

  it("at the window or on paper, not both", () => {
    const world = region();
    submitted(world, bill({ invoiceNumber: "N-1" }));
    expect(refusedWith(world, networked("COUNTY-1", "N-1", days), at(1)).code).toBe("DUPLICATE_INVOICE");
    const claim = submitted(world, networked("COUNTY-1", "N-2", days), at(2));
    const late = bill({ invoiceNumber: "N-2", admittedOn: "2011-09-01", dischargedOn: "2011-09-02" });
    expect(refusedWith(world, late)).toMatchObject({ code: "DUPLICATE_INVOICE", field: "bill.invoice_number" });
    // The hospital has billed nothing: its own day does not have it.
    expect(world.get(invoices.key("COUNTY-1", "N-2"))).toEqual({ county: ZHONGNING, claimId: claim.bill.claimId });
  });
});

describe("the hospital's answer", () => {
  it("is wanted before an approval, and not before a refusal", () => {
    const world = region();
    const claim = submitted(world, paper(), at(0));
    expect(judged(world, claim).result).toMatchObject({ code: "NOT_CONFIRMED", status: "FAILED_PRECONDITION", field: "claim_id" });
    expect(expectDone(judged(world, claim, "REFUSE")).state).toBe("REFUSED");
    expect(answered(world, claim).result).toMatchObject({ code: "NOT_IN_REVIEW" });
  });

  it("is entered by another than the clerk, once, and of a paper of the county only", () => {
    const world = region();
    const claim = submitted(world, paper(), at(0));
    const codeOf = (outcome: { result: unknown }) => (outcome.result as { code?: string }).code;
    expect(codeOf(answered(world, claim, YES, CLERK))).toBe("SUBMITTED_BY_YOU");
    expect(codeOf(answered(world, claim, YES, REVIEWER, "", JINGYUAN))).toBe("UNKNOWN_CLAIM");
    expect(codeOf(answered(world, submitted(world, bill({ admittedOn: "2011-10-01", dischargedOn: "2011-10-02" }))))).toBe("UNKNOWN_CLAIM");
    const stored = expectDone(answered(world, claim));
    expect(expectDone(answered(world, claim))).toEqual(stored);
    expect(codeOf(answered(world, claim, { ...YES, code: "other" }))).toBe("ALREADY_CONFIRMED");
    expect(codeOf(answered(world, claim, { ...YES, confirmed: false }, REVIEWER, "x"))).toBe("ALREADY_CONFIRMED");
  });

  it("denied, the claim is refused with its reason, which is told, and what it drew is free", () => {
    const world = region();
    const claim = submitted(world, paper(), at(0));
    const { result, told } = answered(world, claim, { ...YES, confirmed: false, code: "" }, REVIEWER, "查无此人");
    const reason = expect.stringContaining("查无此人");
    expect(result).toMatchObject({ state: "REFUSED", reason, paper: { confirmation: { confirmed: false } } });
    expect(told).toMatchObject([{ name: "ClaimRefused", body: { claimId: claim.bill.claimId, reason } }]);
    expect(yearOf(world)).toMatchObject({ usedFen: { YEAR_IP: 0n }, visits: [] });
    expect(judged(world, claim).result).toMatchObject({ code: "NOT_IN_REVIEW" });
    submitted(world, { ...paper(), bill: { ...paper().bill, claimId: "P-again" } }, at(9));
  });
});

describe("a hospital's code", () => {
  const days = { admittedOn: "2011-10-01", dischargedOn: "2011-10-02" };
  const typed: HospitalAnswer = { ...YES, askedBy: "PHONE", code: "xa_778" };

  it("confirms one claim only, however it is typed; another hospital may have the same", () => {
    const world = region();
    const first = submitted(world, paper(), at(0));
    const second = submitted(world, paper({}, days), at(1));
    expectDone(answered(world, first));
    const before = snapshot(world);
    const refused = {
      code: "CODE_USED",
      status: "ALREADY_EXISTS",
      field: "confirmation.code",
      en: expect.stringContaining(first.bill.claimId),
    };
    expect(answered(world, second, typed).result).toMatchObject(refused);
    expect(snapshot(world)).toEqual(before);
    expect(judged(world, second).result).toMatchObject({ code: "NOT_CONFIRMED" });
    expectDone(answered(world, second, { ...YES, code: "XA-779" }));
    const elsewhere = submitted(world, networked("COUNTY-1", "N-9", { admittedOn: "2011-09-01", dischargedOn: "2011-09-02" }), at(2));
    expectDone(answered(world, elsewhere));
  });

  it.each<[string, (world: World, claim: Claim) => unknown]>([
    ["refused", (world, claim) => expectDone(judged(world, claim, "REFUSE"))],
    ["taken back", (world, claim) => [expectDone(judged(world, claim)), expectDone(back(world, claim))]],
  ])("may confirm again once its claim was %s", (_, end) => {
    const world = region();
    const claim = submitted(world, paper(), at(0));
    expectDone(answered(world, claim));
    end(world, claim);
    const again = submitted(world, { ...paper(), bill: { ...paper().bill, claimId: "P-again" } }, at(10));
    expect(expectDone(answered(world, again)).paper?.confirmation).toMatchObject({ code: "XA-778" });
  });

  it("of a denial confirms nothing, and stays free", () => {
    const world = region();
    expectDone(answered(world, submitted(world, paper(), at(0)), { ...YES, confirmed: false }, REVIEWER, "查无此人"));
    expectDone(answered(world, submitted(world, paper({}, days), at(1))));
  });

  it("confirmed before codes were kept is taken back all the same", () => {
    const world = region();
    const claim = approvedPaper(world, paper());
    const known = {
      ...claim,
      paper: claim.paper && { ...claim.paper, confirmation: { ...YES, code: "OLD", enteredBy: "x", enteredOn: "" } },
    };
    world.put(claims.key(claim.bill.claimId), known as Claim);
    expect(expectDone(back(world, claim)).state).toBe("VOIDED");
  });
});

describe("a scheme's days for handing in", () => {
  // Handed in on 2011-11-25.
  it.each<[string, number | undefined, string, boolean]>([
    ["no limit", undefined, "2011-03-01", true],
    ["the last day", 30, "2011-10-26", true],
    ["a day later", 30, "2011-10-25", false],
  ])("%s", (_, paperWithinDays, dischargedOn, taken) => {
    const world = region([scheme({ paperWithinDays }), scheme({ county: JINGYUAN })]);
    const input = paper({}, { admittedOn: dischargedOn, dischargedOn });
    if (taken) return void submitted(world, input, at(0));
    const before = snapshot(world);
    const refused = { code: "HANDED_IN_LATE", field: "bill.discharged_on", zh: expect.stringContaining("2011-11-24") };
    expect(refusedWith(world, input, at(0))).toMatchObject(refused);
    expect(snapshot(world)).toEqual(before);
  });

  it("do not count once it was handed in, nor for what an institution bills", () => {
    const world = region([scheme({ paperWithinDays: 3 }), scheme({ county: JINGYUAN })]);
    const input = paper();
    const claim = submitted(world, input, at(0));
    const later = { ...at(0), atMs: Date.parse("2011-12-20T10:00:00+08:00") };
    expect(submitted(world, input, later)).toEqual(claim);
    submitted(world, bill({ admittedOn: "2011-09-01", dischargedOn: "2011-09-02" }));
  });
});

describe("who has paid all of it", () => {
  it("bears what is taken off, for nobody else can", () => {
    const world = region();
    const claim = submitted(world, paper(), at(0));
    expectDone(answered(world, claim));
    const deducted = expectDone(judged(world, claim, "APPROVE", [[1, 250_000n]]));
    // E = 1,000,000 − 100,000, × 35 %.
    const benefit = { totalFen: 1_250_000n, fundFen: 315_000n, hospitalFen: 0n, patientFen: 935_000n };
    expect(deducted).toMatchObject({ state: "APPROVED", benefit });
    expect(yearOf(world)?.usedFen).toEqual({ YEAR_IP: 315_000n });
    expect(explained(world, deducted).at(-1)).toMatchObject({ step: "PATIENT", rule: "PAPER", outFen: 935_000n });
  });

  it("10: bears what is above a quota; a hospital that is owed nothing bears nothing", () => {
    const serious = schemeIn("nx-ref-serious");
    const world = region([{ ...serious, county: ZHONGNING, golden: [] }]);
    const [disease] = serious.seriousDiseases;
    const of = {
      diagnosis: disease?.diagnoses[0] ?? "",
      procedures: disease?.procedures.slice(0, 1) ?? [],
      lines: [line("A", 2_730_000n)],
    };
    const claim = submitted(world, paper({}, of), at(0));
    expect(claim.benefit).toMatchObject({ fundFen: 1_750_000n, assistanceFen: 500_000n, hospitalFen: 0n, patientFen: 480_000n });
  });
});

describe("a paper that is taken back", () => {
  it("is the county's to take, frees its invoices, and the household owes it", () => {
    const world = region();
    const input = paper();
    const claim = approvedPaper(world, input);
    for (const by of [{ institutionId: "" }, { institutionId: "COUNTY-1" }, { county: JINGYUAN }])
      expect(back(world, claim, by).result).toMatchObject({ code: "UNKNOWN_CLAIM" });
    const { result, told } = back(world, claim);
    expect(result).toMatchObject({ state: "VOIDED" });
    const fact = `paper/${claim.bill.claimId}`;
    const body = { adjustmentId: `${fact}/void`, approvalId: `${fact}/decision/1`, deltaFen: -402_500n, householdId: PERSON.slice(0, 14) };
    expect(told).toMatchObject([{ name: "ClaimAdjusted", body }]);
    expect(yearOf(world)).toMatchObject({ usedFen: { YEAR_IP: 0n }, compensatedStays: 0 });
    submitted(world, { ...input, bill: { ...input.bill, claimId: "P-again" } }, at(10));
  });

  it("does not let a county take an institution's claim back", () => {
    const world = region();
    expect(back(world, submitted(world, bill())).result).toMatchObject({ code: "UNKNOWN_CLAIM" });
  });

  it("corrects a later paper, by an entry of its household's", () => {
    const world = region();
    const first = submitted(world, bill({ admittedOn: "2011-10-01", dischargedOn: "2011-10-02" }));
    const later = approvedPaper(world, paper(), at(1));
    expect(later.benefit.fundFen).toBe(420_000n);
    expectDone(back(world, first, { institutionId: "COUNTY-1" }));
    const { told } = world.run(decideCorrection, { county: ZHONGNING, claimId: later.bill.claimId, verdict: "POST" }, at(10));
    const body = { adjustmentId: `paper/${later.bill.claimId}/correction/1`, deltaFen: -17_500n, householdId: PERSON.slice(0, 14) };
    expect(told).toMatchObject([{ name: "ClaimAdjusted", body }]);
    expect(world.get(claims.key(later.bill.claimId))?.corrected?.fen).toBe(-17_500n);
  });
});
