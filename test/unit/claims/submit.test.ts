import { describe, expect, it } from "vitest";
import { covers, invoices, type Referral } from "../../../services/claims/domain/documents.ts";
import { submit } from "../../../services/claims/domain/submit.ts";
import { isAskOwner } from "../../../services/values/outcome.ts";
import {
  bill,
  cover,
  JINGYUAN,
  line,
  NO_BODY,
  PERSON,
  refer,
  refusedWith,
  region,
  scheme,
  snapshot,
  submitted,
  VISITOR,
  visit,
  withCountyRate,
  yearOf,
  ZHONGNING,
} from "./nx-ref.ts";

describe("a bill that the rules pass", () => {
  it("is approved at once: claim, year, invoice and event agree", () => {
    const world = region();
    const stay = bill({ lines: [line("A", 412_000n), line("B", 150_050n), line("OUT", 72_730n)] });
    const { result, told, guarded, about } = world.run(submit, { bill: stay });
    expect(result).toMatchObject({
      state: "APPROVED",
      county: ZHONGNING,
      treatingCounty: ZHONGNING,
      decision: 1,
      reason: "",
      reviewed: false,
    });
    expect(result).toMatchObject({ benefit: { fundFen: 361_932n, patientFen: 272_848n, schemeId: `${ZHONGNING}/2011/1` } });
    expect(result).not.toHaveProperty("waitingSinceMs");
    expect(told).toEqual([
      {
        name: "ClaimApproved",
        county: ZHONGNING,
        body: {
          approvalId: `claim/${stay.claimId}/decision/1`,
          claimId: stay.claimId,
          decision: 1,
          homeCounty: ZHONGNING,
          treatingCounty: ZHONGNING,
          institutionId: "COUNTY-1",
          personId: PERSON,
          accountFen: 0n,
          fund: "INPATIENT",
          fundFen: 361_932n,
          totalFen: 634_780n,
          visitKind: "INPATIENT",
          dischargedOn: "2011-11-22",
          approvedOn: "2011-11-25",
          level: "COUNTY",
          submittedAtMs: BigInt(Date.parse("2011-11-25T10:00:00+08:00")),
          approvedAtMs: BigInt(Date.parse("2011-11-25T10:00:00+08:00")),
          reviewed: false,
          householdId: "",
        },
      },
    ]);
    expect(yearOf(world)).toMatchObject({ usedFen: { YEAR_IP: 361_932n }, compensatedStays: 1 });
    expect(yearOf(world)?.visits).toEqual([{ claimId: stay.claimId, visitKind: "INPATIENT", from: "2011-11-20", to: "2011-11-22" }]);
    expect(world.get(invoices.key("COUNTY-1", stay.invoiceNumber))?.claimId).toBe(stay.claimId);
    expect(guarded).toEqual([`covers:${PERSON}`]);
    expect(about).toEqual([stay.claimId]);
  });

  it("with nothing from the fund is approved too, and is no compensated stay", () => {
    const world = region();
    const { result, told } = world.run(submit, { bill: bill({ lines: [line("A", 29_999n)] }) });
    expect(result).toMatchObject({ state: "APPROVED", benefit: { fundFen: 0n, patientFen: 29_999n } });
    expect(told.map(({ name }) => name)).toEqual(["ClaimApproved"]);
    expect(yearOf(world)).toMatchObject({ compensatedStays: 0 });
  });

  it("halves the deductible from the second compensated stay on, and counts visits and stays apart", () => {
    const world = region();
    submitted(world, visit("2011-11-01", 4_440n));
    const first = submitted(world, bill({ admittedOn: "2011-11-02", dischargedOn: "2011-11-03" }));
    const second = submitted(world, bill({ admittedOn: "2011-11-05", dischargedOn: "2011-11-06" }));
    expect([first.benefit.deductibleFen, second.benefit.deductibleFen]).toEqual([30_000n, 15_000n]);
    expect(yearOf(world)?.usedFen).toEqual({ YEAR_OP: 3_552n, YEAR_IP: 49_000n + 59_500n });
  });

  it("waives the deductible of a category that the scheme names", () => {
    const world = region();
    cover(world, PERSON, [{ category: "FIVE_GUARANTEES" }], 2);
    expect(submitted(world, bill()).benefit).toMatchObject({ deductibleFen: 0n, fundFen: 70_000n });
  });

  it("keeps its points with a referral of its own", () => {
    const world = region();
    refer(world);
    const { result, guarded } = world.run(submit, { bill: bill({ institutionId: "PREFECTURE-1", referralId: "R1" }) });
    expect(result).toMatchObject({ benefit: { rateBp: 6_000 } });
    expect(guarded).toContain(`referrals:${ZHONGNING}/R1`);
    expect(submitted(world, visitlessStay("PREFECTURE-1")).benefit.rateBp).toBe(5_000);
  });
});

function visitlessStay(institutionId: string) {
  return bill({ institutionId, admittedOn: "2011-10-01", dischargedOn: "2011-10-02" });
}

describe("a repeat", () => {
  it("of the same bill under another request gets the claim that stands, and changes nothing", () => {
    const world = region();
    const stay = bill();
    const first = submitted(world, stay);
    const before = snapshot(world);
    const { result, told } = world.run(submit, { bill: { ...stay, lines: stay.lines.map((entry) => ({ ...entry })) } });
    expect(result).toEqual(first);
    expect(told).toEqual([]);
    expect(snapshot(world)).toEqual(before);
  });

  it.each([
    ["another total", { lines: [line("A", 100_001n)], totalFen: 100_001n }],
    ["another person", { personId: VISITOR }],
    ["another invoice", { invoiceNumber: "N-other" }],
    ["another day of a line", { lines: [line("A", 100_000n, "2011-11-21")] }],
  ])("of a claim id with %s is refused", (_, change) => {
    const world = region();
    const stay = bill();
    submitted(world, stay);
    expect(refusedWith(world, { ...stay, ...change })).toMatchObject({
      code: "CLAIM_EXISTS",
      status: "ALREADY_EXISTS",
      field: "bill.claim_id",
    });
  });
});

describe("a bill that is refused leaves nothing", () => {
  const known = { personKnown: true };
  const long = [line("A", 100_000n), line("A", 1n, "2011-11-23")];
  const cases: [string, string, Parameters<typeof refusedWith>[1]][] = [
    ["DISCHARGE_BEFORE_ADMISSION", "bill.discharged_on", bill({ dischargedOn: "2011-11-19" })],
    ["FUTURE_DAY", "bill.admitted_on", bill({ admittedOn: "2011-11-26", dischargedOn: "2011-11-27" })],
    ["FUTURE_DAY", "bill.discharged_on", bill({ dischargedOn: "2011-11-26" })],
    ["LINE_OUTSIDE_STAY", "bill.lines[1].day", bill({ lines: long })],
    ["LINE_OUTSIDE_STAY", "bill.lines[0].day", bill({ lines: [line("A", 1n, "2011-11-19")] })],
    ["LINE_SUM", "bill.lines[0].billed_fen", bill({ lines: [{ ...line("A", 100n), quantityE4: 15_000n }] })],
    ["BILL_SUM", "bill.total_fen", bill({ totalFen: 99_999n })],
    ["UNKNOWN_INSTITUTION", "bill.institution_id", { bill: bill({ institutionId: "NOWHERE-1" }), asked: known }],
    ["UNKNOWN_PERSON", "bill.person_id", { bill: bill({ personId: NO_BODY }), asked: { personKnown: false } }],
    ["NOT_COVERED", "bill.person_id", { bill: bill({ personId: NO_BODY }), asked: known }],
    [
      "NOT_COVERED",
      "bill.person_id",
      { bill: bill({ admittedOn: "2010-12-30", dischargedOn: "2010-12-31" }), asked: { ...known, cover: stretch("2011-01-01") } },
    ],
    ["UNKNOWN_REFERRAL", "bill.referral_id", bill({ referralId: "R9" })],
    ["REFERRAL_MISMATCH", "bill.referral_id", bill({ referralId: "R1" })],
    ["NO_BENEFIT", "bill.visit_kind", bill({ institutionId: "VILLAGE-1" })],
    ["UNKNOWN_ITEM", "bill.lines[1].item_code", bill({ lines: [line("A", 1n), line("Z", 1n)] })],
  ];

  it.each(cases)("%s names %s", (code, field, input) => {
    const world = region();
    refer(world);
    const before = snapshot(world);
    expect(refusedWith(world, input)).toMatchObject({ code, field });
    expect(snapshot(world)).toEqual(before);
  });

  it("a line's sum is half-up", () => {
    const world = region();
    const half = { itemCode: "A", day: "2011-11-20", quantityE4: 15_000n, unitPriceFen: 3n };
    expect(refusedWith(world, bill({ lines: [{ ...half, billedFen: 4n }] })).code).toBe("LINE_SUM");
    expect(submitted(world, bill({ lines: [{ ...half, billedFen: 5n }] })).state).toBe("APPROVED");
  });

  it("a discharge on the day of its submission is no future day", () => {
    expect(submitted(region(), bill({ dischargedOn: "2011-11-25" })).state).toBe("APPROVED");
  });

  it.each([
    ["the home county", [scheme({ fromDay: "2011-12-01" }), scheme({ county: JINGYUAN })], bill(), "bill.discharged_on"],
    ["the treating county", [scheme()], bill({ institutionId: "ELSEWHERE-1" }), "bill.institution_id"],
  ])("NO_SCHEME of %s", (_, schemes, stay, field) => {
    const world = region(schemes);
    const before = snapshot(world);
    expect(refusedWith(world, stay)).toMatchObject({ code: "NO_SCHEME", field });
    expect(snapshot(world)).toEqual(before);
  });

  it.each<[string, Partial<Referral>]>([
    ["another person", { personId: VISITOR }],
    ["another institution", { toInstitutionId: "COUNTY-2" }],
    ["a later admission", { fromDay: "2011-11-21" }],
    ["an earlier admission", { toDay: "2011-11-19" }],
  ])("a referral for %s does not fit", (_, referral) => {
    const world = region();
    cover(world, VISITOR, [{ county: ZHONGNING }], 2);
    refer(world, referral);
    expect(refusedWith(world, bill({ institutionId: "PREFECTURE-1", referralId: "R1" })).code).toBe("REFERRAL_MISMATCH");
  });
});

function stretch(fromDay: string) {
  return { county: ZHONGNING, fromDay, toDay: "2011-12-31", category: "ORDINARY" } as const;
}

describe("billed twice", () => {
  it("an invoice is claimed once, whoever the patient is", () => {
    const world = region();
    const first = submitted(world, bill());
    const { invoiceNumber } = first.bill;
    const again = bill({ invoiceNumber, admittedOn: "2011-10-01", dischargedOn: "2011-10-02" });
    expect(refusedWith(world, again)).toMatchObject({ code: "DUPLICATE_INVOICE", field: "bill.invoice_number" });
    expect(submitted(world, { ...again, institutionId: "COUNTY-2" }).state).toBe("APPROVED");
  });

  it.each([
    ["2011-11-20", "2011-11-22", true],
    ["2011-11-19", "2011-11-21", true],
    ["2011-11-21", "2011-11-21", true],
    ["2011-11-18", "2011-11-23", true],
    ["2011-11-22", "2011-11-24", false],
    ["2011-11-18", "2011-11-20", false],
    ["2011-11-22", "2011-11-22", false],
  ])("a stay from %s to %s beside one from the 20th to the 22nd: overlaps %s", (admittedOn, dischargedOn, overlaps) => {
    const world = region();
    submitted(world, bill());
    const other = bill({ institutionId: "COUNTY-2", admittedOn, dischargedOn });
    if (overlaps) expect(refusedWith(world, other)).toMatchObject({ code: "OVERLAPPING_STAY", field: "bill.admitted_on" });
    else expect(submitted(world, other).state).toBe("APPROVED");
  });

  it("a stay over New Year is seen from both years", () => {
    const world = region([scheme({ year: 2010 }), scheme()]);
    cover(world, PERSON, [{ fromDay: "2010-01-01" }], 2);
    submitted(world, bill({ admittedOn: "2010-12-20", dischargedOn: "2011-01-08" }));
    for (const [admittedOn, dischargedOn] of [
      ["2010-12-22", "2010-12-24"],
      ["2011-01-02", "2011-01-03"],
    ] as const)
      expect(refusedWith(world, bill({ admittedOn, dischargedOn })).code).toBe("OVERLAPPING_STAY");
  });
});

describe("what no rule can judge waits for review", () => {
  const held = (review: { aboveFundFen?: bigint; diagnosisPrefixes?: readonly string[] }) =>
    region([scheme({ review: { aboveFundFen: 0n, diagnosisPrefixes: [], ...review } }), scheme({ county: JINGYUAN })]);

  it("a fund part above the rule's amount, not one that equals it", () => {
    const world = held({ aboveFundFen: 49_000n });
    expect(submitted(world, bill()).state).toBe("APPROVED");
    const { result, told } = world.run(submit, { bill: bill({ admittedOn: "2011-11-01", dischargedOn: "2011-11-02" }) });
    expect(result).toMatchObject({ state: "IN_REVIEW", decision: 0, decidedAtMs: 0, benefit: { fundFen: 59_500n } });
    expect(result).toHaveProperty("waitingSinceMs");
    expect(told).toMatchObject([{ name: "ClaimHeld", county: ZHONGNING, body: { homeCounty: ZHONGNING, fundFen: 59_500n } }]);
    expect(yearOf(world)?.usedFen.YEAR_IP).toBe(49_000n + 59_500n);
  });

  it("a diagnosis that begins as the rule says", () => {
    const world = held({ diagnosisPrefixes: ["S", "T0"] });
    expect(submitted(world, bill({ diagnosis: "S72.001" }))).toMatchObject({ state: "IN_REVIEW", reason: expect.stringContaining("S") });
    expect(submitted(world, bill({ diagnosis: "T14.0", admittedOn: "2011-11-01", dischargedOn: "2011-11-02" })).state).toBe("APPROVED");
  });

  it.each([
    ["2011-11-20", "APPROVED"],
    ["2011-11-21", "IN_REVIEW"],
    ["2011-11-22", "APPROVED"],
  ])("a visit on %s during a stay from the 20th to the 22nd, whichever is billed first: %s", (day, state) => {
    const stayFirst = region();
    submitted(stayFirst, bill());
    expect(submitted(stayFirst, visit(day, 1_000n)).state).toBe(state);
    const visitFirst = region();
    submitted(visitFirst, visit(day, 1_000n));
    expect(submitted(visitFirst, bill()).state).toBe(state);
  });

  it("more than four hundred claims in a year; the list of its days stays bounded and keeps the stays", () => {
    const world = region();
    const stay = submitted(world, bill());
    for (let count = 1; count < 400; count += 1) submitted(world, visit("2011-03-01", 1n));
    expect(yearOf(world)?.visits).toHaveLength(400);
    expect(submitted(world, visit("2011-03-02", 1n))).toMatchObject({ state: "IN_REVIEW", reason: expect.stringContaining("400") });
    expect(yearOf(world)?.visits).toHaveLength(400);
    expect(yearOf(world)?.visits[0]?.claimId).toBe(stay.bill.claimId);
  });
});

describe("cover and scheme version", () => {
  it("example 14: a stay over New Year goes by the year of its discharge, or of the last covered day", () => {
    const schemes = [withCountyRate(scheme({ year: 2010 }), 6_000), scheme()];
    const stay = bill({
      admittedOn: "2010-12-20",
      dischargedOn: "2011-01-08",
      lines: [line("A", 210_000n, "2010-12-25"), line("A", 140_000n, "2011-01-03")],
    });
    const both = region(schemes);
    cover(both, PERSON, [{ fromDay: "2010-01-01", toDay: "2010-12-31" }, {}], 2);
    expect(submitted(both, stay)).toMatchObject({ year: 2011, benefit: { fundFen: 224_000n, schemeId: `${ZHONGNING}/2011/1` } });
    expect(yearOf(both)?.usedFen.YEAR_IP).toBe(224_000n);
    expect(yearOf(both, PERSON, 2010)).toMatchObject({ usedFen: {}, visits: [{ claimId: stay.claimId }] });

    const only2010 = region(schemes);
    cover(only2010, PERSON, [{ fromDay: "2010-01-01", toDay: "2010-12-31" }], 2);
    const claim = submitted(only2010, { bill: stay, asked: { personKnown: true } });
    expect(claim).toMatchObject({ year: 2010, benefit: { eligibleFen: 210_000n, fundFen: 108_000n, schemeId: `${ZHONGNING}/2010/1` } });
    expect(yearOf(only2010, PERSON, 2010)).toMatchObject({ usedFen: { YEAR_IP: 108_000n }, compensatedStays: 1 });
    expect(yearOf(only2010)).toMatchObject({ usedFen: {}, compensatedStays: 0 });
  });

  it.each([
    ["ADMISSION_DATE", 6_000, 2010],
    ["FEE_DATE", 7_000, 2011],
    ["DISCHARGE_DATE", 7_000, 2011],
  ] as const)("a scheme that selects by %s picks its own version", (selectBy, rateBp, year) => {
    const world = region([withCountyRate(scheme({ year: 2010 }), 6_000), scheme({ selectBy }), scheme({ county: JINGYUAN })]);
    cover(world, PERSON, [{ fromDay: "2010-01-01", toDay: "2010-12-31" }, {}], 2);
    const stay = bill({ admittedOn: "2010-12-20", dischargedOn: "2011-01-08", lines: [line("A", 350_000n, "2011-01-03")] });
    expect(submitted(world, stay)).toMatchObject({ year, benefit: { rateBp, schemeId: `${ZHONGNING}/${year}/1` } });
    expect(yearOf(world, PERSON, year)?.compensatedStays).toBe(1);
  });

  it("a scheme that selects by admission goes by the discharge where the person was not covered before", () => {
    const world = region([withCountyRate(scheme({ year: 2010 }), 6_000), scheme({ selectBy: "ADMISSION_DATE" })]);
    const stay = bill({ admittedOn: "2010-12-20", dischargedOn: "2011-01-08", lines: [line("A", 350_000n, "2011-01-03")] });
    expect(submitted(world, stay)).toMatchObject({ year: 2011, benefit: { rateBp: 7_000 } });
  });

  it("the day of discharge picks the version, the highest of those in force", () => {
    const world = region([
      scheme({ toDay: "2011-12-31" }),
      withCountyRate(scheme({ version: 2, fromDay: "2011-11-22" }), 9_000),
      scheme({ county: JINGYUAN }),
    ]);
    expect(submitted(world, bill({ dischargedOn: "2011-11-21" })).benefit).toMatchObject({
      rateBp: 7_000,
      schemeId: `${ZHONGNING}/2011/1`,
    });
    expect(
      submitted(world, bill({ admittedOn: "2011-11-21", dischargedOn: "2011-11-22", lines: [line("A", 1n, "2011-11-21")] })).benefit.rateBp,
    ).toBe(9_000);
  });
});

describe("a projection that cannot say yes (protocols 15)", () => {
  it.each([
    ["an unknown institution", bill({ institutionId: "NEW-1" })],
    ["an unknown person", bill({ personId: NO_BODY })],
    ["a person not covered at discharge", bill({ admittedOn: "2010-12-20", dischargedOn: "2010-12-22" })],
  ])("asks the owner about %s before it refuses", (_, stay) => {
    const world = region();
    const { result, told } = world.run(submit, { bill: stay });
    expect(isAskOwner(result)).toBe(true);
    expect(told).toEqual([]);
  });

  it("goes by the owners' answers, and guards no cover that it does not have", () => {
    const world = region();
    const asked = { personKnown: true, cover: stretch("2011-01-01"), institution: { county: ZHONGNING, level: "COUNTY" } } as const;
    const { result, guarded } = world.run(submit, { bill: bill({ personId: NO_BODY, institutionId: "NEW-1" }), asked });
    expect(result).toMatchObject({ state: "APPROVED", benefit: { fundFen: 49_000n } });
    expect(guarded).toEqual([]);
    expect(world.get(covers.key(NO_BODY))).toBeUndefined();
  });
});
