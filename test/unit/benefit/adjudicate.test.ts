import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { adjudicate } from "../../../services/benefit/adjudicate.ts";
import { type Adjudicated, type Before, NOTHING_BEFORE, type PricedLine, type Visit } from "../../../services/benefit/case.ts";
import { entitlementOf } from "../../../services/benefit/entitlement.ts";
import type { LevelTerms, Modifier, Rate, Scheme } from "../../../services/benefit/scheme.ts";
import type { Step } from "../../../services/benefit/trace.ts";
import { LEVELS, type Level, type VisitKind } from "../../../services/benefit/words.ts";
import { ITEMS, itemOfCode, schemeIn } from "../claims/nx-ref.ts";

const REFERENCE = schemeIn("nx-ref");

function priced(itemCode: string, billedFen: bigint, overrides: Partial<PricedLine> = {}): PricedLine {
  return { item: itemOfCode(itemCode), quantityE4: 10_000n, billedFen, day: "2011-05-04", covered: true, ...overrides };
}

function stay(level: Level, lines: readonly PricedLine[], overrides: Partial<Visit> = {}): Visit {
  const rest = { diagnosis: "J18", procedures: [], registrations: [], referred: false, tcm: false } as const;
  return { visitKind: "INPATIENT", level, category: "ORDINARY", lines, ...rest, ...overrides };
}

function decided(visit: Visit, before: Partial<Before> = {}, scheme: Scheme = REFERENCE, trace?: Step[]): Adjudicated {
  const entitlement = entitlementOf(visit, scheme);
  if (!entitlement) throw new Error("no benefit");
  const law = { scheme, schemeHash: "s", classes: scheme.classes, catalogueVersion: "NX", catalogueHash: "c" };
  return adjudicate(visit, entitlement, law, { ...NOTHING_BEFORE, ...before }, trace);
}

const amounts = (...parameters: Parameters<typeof decided>) => decided(...parameters).amounts;

/** NX-REF with other terms for county stays. */
function withTerms(terms: Partial<LevelTerms>, modifiers?: readonly Modifier[]): Scheme {
  const benefits = REFERENCE.benefits.map((benefit) =>
    benefit.code === "IP"
      ? {
          ...benefit,
          modifiers: modifiers ?? benefit.modifiers,
          levels: benefit.levels.map((at) => (at.level === "COUNTY" ? { ...at, ...terms } : at)),
        }
      : benefit,
  );
  return { ...REFERENCE, benefits };
}

const flat = (bp: number): Rate => ({ kind: "FLAT", bp, multiplierBp: 10_000 });

describe("each rule on its edge", () => {
  it.each([
    ["a price limit counts for each unit", priced("CT", 60_000n, { quantityE4: 15_000n }), 28_800n],
    ["a third of a unit, limit rounded half-up", priced("CT", 9_000n, { quantityE4: 3_333n }), 6_399n],
    ["what is billed below the limit stays", priced("CT", 23_999n), 19_199n],
    ["0 is no limit", priced("A", 1_000_000n), 1_000_000n],
    ["half a fen of self-first rounds the eligible part up", priced("B", 5n), 5n],
    ["a class that the patient pays whole", priced("OUT", 99_999n), 0n],
    ["a day without cover", priced("A", 99_999n, { covered: false }), 0n],
  ])("%s", (_, line, eligibleFen) => {
    expect(amounts(stay("COUNTY", [line])).eligibleFen).toBe(eligibleFen);
  });

  it("an item counts from its lowest level on", () => {
    const eligible = LEVELS.slice(1).map((level) => amounts(stay(level, [priced("A-COUNTY", 100n)])).eligibleFen);
    expect(eligible).toEqual([0n, 100n, 100n, 100n, 100n]);
  });

  it.each<[Level, boolean, number]>([
    ["COUNTY", false, 7_000],
    ["PREFECTURE", false, 5_000],
    ["PREFECTURE", true, 6_000],
    ["OUT_OF_PROVINCE", false, 3_500],
  ])("no referral costs points at prefecture level and above: %s, referred %s", (level, referred, rateBp) => {
    expect(amounts(stay(level, [priced("A", 1_000_000n)], { referred })).rateBp).toBe(rateBp);
  });

  it("traditional medicine adds points, on top of a missing referral", () => {
    expect(amounts(stay("COUNTY", [priced("A", 100n)], { tcm: true })).rateBp).toBe(8_000);
    expect(amounts(stay("PREFECTURE", [priced("A", 100n)], { tcm: true })).rateBp).toBe(6_000);
  });

  it.each([
    [9_800, 1_000, 10_000, 10_000, 70_000n],
    [500, -1_000, 10_000, 0, 0n],
    [7_000, 1_000, 5_000, 4_000, 28_000n],
    [9_000, 1_000, 12_000, 10_000, 70_000n],
  ])(
    "a rate of %i with %i points times %i is %i: points before multipliers, between nothing and everything",
    (bp, pointsBp, multiplyBp, rateBp, fundFen) => {
      const scheme = withTerms({ rate: flat(bp) }, [{ when: "TCM", pointsBp, multiplyBp }]);
      expect(amounts(stay("COUNTY", [priced("A", 100_000n)], { tcm: true }), {}, scheme)).toMatchObject({ rateBp, fundFen });
    },
  );

  it("a deductible is waived for a category, halved from the second stay on with half a fen up, and never for a visit", () => {
    expect(amounts(stay("COUNTY", [priced("A", 100_000n)], { category: "FIVE_GUARANTEES" })).fundFen).toBe(70_000n);
    const odd = withTerms({ deductibleFen: 10_001n });
    expect(amounts(stay("COUNTY", [priced("A", 100_000n)]), { compensatedStays: 1 }, odd).deductibleFen).toBe(5_001n);
    expect(amounts(stay("COUNTY", [priced("A", 100_000n)]), { compensatedStays: 0 }, odd).deductibleFen).toBe(10_001n);
  });

  it("a deductible that is taken once a year for a disease is taken once", () => {
    const benefits = REFERENCE.benefits.map((benefit) => ({ ...benefit, deductible: { ...benefit.deductible, oncePerYear: ["C50"] } }));
    const visit = stay("COUNTY", [priced("A", 100_000n)], { diagnosis: "C50.9" });
    const first = decided(visit, {}, { ...REFERENCE, benefits });
    expect([first.amounts.deductibleFen, first.drawn.deducted]).toEqual([30_000n, "C50"]);
    const next = decided(visit, { compensatedStays: 1, deducted: ["C50"] }, { ...REFERENCE, benefits });
    expect([next.amounts.deductibleFen, next.drawn.deducted]).toEqual([0n, ""]);
  });

  it("a cap that is used up, or was lowered below what is used, leaves nothing, and such a stay is no compensated one", () => {
    for (const usedFen of [5_000_000n, 5_000_001n]) {
      const { amounts: result, drawn } = decided(stay("COUNTY", [priced("A", 100_000n)]), { usedFen: { YEAR_IP: usedFen } });
      expect(result).toMatchObject({ fundFen: 0n, overCapFen: 49_000n });
      expect(drawn.stay).toBe(false);
    }
  });

  it("a cap within a cap: the outer counts what the inner counts", () => {
    const caps = [
      { code: "INNER", scope: "PERSON", fen: 60_000n, includes: ["IP"] },
      { code: "OUTER", scope: "HOUSEHOLD", fen: 50_000n, includes: ["INNER"] },
    ] as const;
    const { amounts: result, drawn } = decided(
      stay("COUNTY", [priced("A", 200_000n)]),
      { usedFen: { OUTER: 20_000n } },
      { ...REFERENCE, caps },
    );
    expect(result).toMatchObject({ fundFen: 30_000n, overCapFen: 89_000n });
    expect(drawn.caps).toEqual(["INNER", "OUTER"]);
  });

  it("what a cap cuts is rounded down to the unit, never up", () => {
    const yuan: Scheme = { ...REFERENCE, resultUnit: "YUAN" };
    expect(amounts(stay("COUNTY", [priced("A", 200_000n)]), { usedFen: { YEAR_IP: 4_999_850n } }, yuan).fundFen).toBe(100n);
  });

  it("a cap of the visit comes before the caps of the year", () => {
    const benefits = REFERENCE.benefits.map((benefit) => (benefit.code === "OP" ? { ...benefit, perVisitCapFen: 2_000n } : benefit));
    const visit = stay("TOWNSHIP", [priced("A", 5_000n)], { visitKind: "OUTPATIENT" });
    expect(amounts(visit, { usedFen: { YEAR_OP: 11_000n } }, { ...REFERENCE, benefits })).toMatchObject({
      fundFen: 1_000n,
      overCapFen: 3_000n,
    });
    expect(amounts(visit, {}, { ...REFERENCE, benefits })).toMatchObject({ fundFen: 2_000n, overCapFen: 2_000n });
  });

  it("a monthly quota pays only what its months have not had", () => {
    const scheme = schemeIn("nx-ref-periods");
    const lines = ["2011-03-02", "2011-04-01"].map((day) => priced("A", 9_000n, { day }));
    const visit = stay("COUNTY", lines, { visitKind: "OUTPATIENT", registrations: ["TB"] });
    const { amounts: result, drawn } = decided(visit, { months: [{ code: "TB", month: "2011-03", fen: 4_000n }] }, scheme);
    expect(result.fundFen).toBe(5_000n);
    expect(drawn.months).toEqual([
      { code: "TB", month: "2011-03", fen: 500n },
      { code: "TB", month: "2011-04", fen: 4_500n },
    ]);
  });

  it("who is not registered for a chronic disease has the ordinary benefit", () => {
    const scheme = schemeIn("nx-ref-periods");
    expect(decided(stay("COUNTY", [priced("A", 1_000n)], { visitKind: "OUTPATIENT" }), {}, scheme).code).toBe("OP");
  });

  it("account only: the pool pays nothing", () => {
    const scheme: Scheme = { ...REFERENCE, outpatientOrder: "ACCOUNT_ONLY" };
    const visit = stay("TOWNSHIP", [priced("A", 6_000n)], { visitKind: "OUTPATIENT" });
    expect(amounts(visit, { accountFen: 1_500n }, scheme)).toMatchObject({ fundFen: 0n, accountFen: 1_500n, patientFen: 4_500n });
  });

  it("assistance pays its share of what is left of the eligible amount, catastrophic insurance of what the year has borne", () => {
    const scheme: Scheme = {
      ...REFERENCE,
      assistance: [{ categories: ["MINIMUM_LIVING"], bp: 5_000 }],
      catastrophic: [{ overFen: 100_000n, upToFen: undefined, bp: 5_000 }],
    };
    const visit = stay("COUNTY", [priced("A", 230_000n), priced("OUT", 10_000n)]);
    // 200,000 over the deductible at 70 %: 90,000 of the eligible amount is left.
    expect(amounts(visit, {}, scheme)).toMatchObject({ fundFen: 140_000n, assistanceFen: 0n, catastrophicFen: 0n, patientFen: 100_000n });
    expect(amounts(visit, { borneFen: 60_000n }, scheme)).toMatchObject({ catastrophicFen: 25_000n, patientFen: 75_000n });
    expect(amounts({ ...visit, category: "MINIMUM_LIVING" }, {}, scheme)).toMatchObject({ assistanceFen: 45_000n, patientFen: 55_000n });
  });
});

describe("what nobody may get wrong again", () => {
  test("a line keeps its jiao and fen, where another system truncates to whole yuan", () => {
    expect(amounts(stay("TOWNSHIP", [priced("A", 4_444n)], { visitKind: "OUTPATIENT" })).fundFen).toBe(3_555n);
  });

  test("a missing referral changes the amount, where another system registers it without effect", () => {
    const at = (referred: boolean) => amounts(stay("PROVINCE", [priced("A", 900_000n)], { referred })).fundFen;
    expect([at(true), at(false)]).toEqual([410_000n, 328_000n]);
  });

  test("a cap carries over from claim to claim, where another system begins anew each time", () => {
    const first = decided(stay("COUNTY", [priced("A", 7_030_000n)]), {});
    const next = amounts(stay("COUNTY", [priced("A", 7_030_000n)]), { usedFen: { YEAR_IP: first.amounts.fundFen }, compensatedStays: 1 });
    expect([first.amounts.fundFen, next.fundFen]).toEqual([4_900_000n, 100_000n]);
  });
});

describe("the trace", () => {
  const visit = stay("COUNTY", [priced("A", 412_000n), priced("B", 150_050n), priced("OUT", 72_730n)]);

  test("tells example 3 step by step, by which document", () => {
    const steps: Step[] = [];
    decided(visit, {}, REFERENCE, steps);
    expect(steps.map(({ step, rule, source, inFen, outFen }) => [step, rule, source, inFen, outFen])).toEqual([
      ["LINE", "A", "c", 412_000n, 412_000n],
      ["LINE", "B", "c", 150_050n, 135_045n],
      ["LINE", "OUT", "c", 72_730n, 0n],
      ["ELIGIBLE", "NX", "s", 634_780n, 547_045n],
      ["DEDUCTIBLE", "IP/COUNTY", "s", 547_045n, 30_000n],
      ["RATE", "IP/COUNTY", "s", 517_045n, 361_932n],
      ["ROUND", "FEN", "s", 361_932n, 361_932n],
      ["CAP", "YEAR_IP", "s", 361_932n, 361_932n],
      ["PATIENT", "IP", "s", 634_780n, 272_848n],
    ]);
    expect(steps[4]).toMatchObject({
      zh: "年内第 1 次补偿住院，起付线 300.00 元",
      en: "compensated stay 1 of the year, deductible 300.00",
    });
    expect(steps[5]?.zh).toBe("5170.45 元 × 补偿比例 70%");
  });

  test("changes nothing of the result, and is the same each time", () => {
    const [one, other]: [Step[], Step[]] = [[], []];
    expect(decided(visit, {}, REFERENCE, one)).toEqual(decided(visit));
    decided(visit, {}, REFERENCE, other);
    expect(one).toEqual(other);
  });
});

describe("always", () => {
  const anyLine = fc.record({
    item: fc.constantFrom(...ITEMS),
    quantityE4: fc.bigInt({ min: 1n, max: 1_000_000n }),
    billedFen: fc.bigInt({ min: 0n, max: 5_000_000n }),
    day: fc.constantFrom("2011-03-02", "2011-04-05"),
    covered: fc.boolean(),
  });
  const anyVisit = fc.record({
    visitKind: fc.constantFrom<VisitKind>("INPATIENT", "OUTPATIENT"),
    level: fc.constantFrom<Level>("TOWNSHIP", "COUNTY"),
    category: fc.constantFrom("ORDINARY" as const, "MINIMUM_LIVING" as const),
    diagnosis: fc.constantFrom("J18.9", "O80", "Q21.1", "K35.0"),
    procedures: fc.constant([]),
    registrations: fc.constantFrom([], ["TB"]),
    lines: fc.array(anyLine, { minLength: 1, maxLength: 12 }),
    referred: fc.boolean(),
    tcm: fc.boolean(),
  });
  const anyBefore = fc.record({
    usedFen: fc.record({ YEAR_IP: fc.bigInt({ min: 0n, max: 5_000_000n }), YEAR_OP: fc.bigInt({ min: 0n, max: 12_000n }) }),
    compensatedStays: fc.nat(3),
    accountFen: fc.bigInt({ min: 0n, max: 100_000n }),
    borneFen: fc.bigInt({ min: 0n, max: 1_000_000n }),
  });
  /** Every kind of rule somewhere. */
  const rich: Scheme[] = [
    ...[
      "nx-ref",
      "nx-ref-segments",
      "nx-ref-periods",
      "nx-ref-yuan",
      "nx-ref-account-then-pool",
      "nx-ref-pool-then-account",
      "nx-ref-price",
    ].map(schemeIn),
    {
      ...schemeIn("nx-ref-serious"),
      seriousDiseases: [{ ...schemeIn("nx-ref-serious").seriousDiseases[0], lowestLevel: "TOWNSHIP" } as never],
    },
    withTerms({ floorBp: 4_000 }),
    {
      ...REFERENCE,
      assistance: [{ categories: ["MINIMUM_LIVING"], bp: 5_000 }],
      catastrophic: [{ overFen: 50_000n, upToFen: undefined, bp: 6_000 }],
    },
  ];

  it("all parts, the hospital's signed part among them, sum to the bill; none but the hospital's is negative; no cap is passed", () => {
    fc.assert(
      fc.property(anyVisit, anyBefore, fc.constantFrom(...rich), (visit, before, scheme) => {
        const { amounts: result, drawn } = decided(visit, before, scheme);
        const { totalFen, subsidyFen, fundFen, accountFen, assistanceFen, catastrophicFen, hospitalFen, patientFen, overCapFen } = result;
        const parts = [subsidyFen, fundFen, accountFen, assistanceFen, catastrophicFen, patientFen];
        expect(parts.reduce((total, fen) => total + fen, hospitalFen)).toBe(totalFen);
        expect(totalFen).toBe(visit.lines.reduce((total, line) => total + line.billedFen, 0n));
        expect([...parts, overCapFen].every((fen) => fen >= 0n)).toBe(true);
        expect(accountFen <= before.accountFen).toBe(true);
        for (const { code, fen } of scheme.caps.filter((cap) => drawn.caps.includes(cap.code))) {
          const usedFen = (before.usedFen as Record<string, bigint>)[code] ?? 0n;
          expect(fundFen === 0n || usedFen + fundFen <= fen).toBe(true);
        }
      }),
      { numRuns: 500 },
    );
  });

  it("a line more never pays less under flat rates and under segments that do not fall", () => {
    fc.assert(
      fc.property(anyVisit, anyLine, fc.constantFrom(schemeIn("nx-ref"), schemeIn("nx-ref-segments")), (visit, more, scheme) => {
        const before = amounts(visit, {}, scheme);
        const after = amounts({ ...visit, lines: [...visit.lines, more] }, {}, scheme);
        expect(after.fundFen >= before.fundFen).toBe(true);
      }),
    );
  });

  it("a line without cover changes nothing but the total and the patient's part", () => {
    fc.assert(
      fc.property(anyVisit, anyLine, (visit, more) => {
        fc.pre(visit.diagnosis === "J18.9");
        const before = amounts(visit);
        const after = amounts({ ...visit, lines: [...visit.lines, { ...more, covered: false }] });
        const [totalFen, patientFen] = [before.totalFen + more.billedFen, before.patientFen + more.billedFen];
        expect(after).toEqual({ ...before, totalFen, patientFen });
      }),
    );
  });
});
