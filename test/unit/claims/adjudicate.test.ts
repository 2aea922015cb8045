import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { adjudicate, type Before, type PricedLine, type Stay, type Terms } from "../../../services/claims/domain/adjudicate.ts";
import { capOf, ruleOf } from "../../../services/claims/domain/scheme.ts";
import { LEVELS, type Level, type VisitKind } from "../../../services/claims/domain/words.ts";
import { CLASSES, ITEMS, itemOfCode, scheme } from "./nx-ref.ts";

const FRESH: Before = { usedFen: 0n, compensatedStays: 0 };

function priced(itemCode: string, billedFen: bigint, overrides: Partial<PricedLine> = {}): PricedLine {
  return { item: itemOfCode(itemCode), quantityE4: 10_000n, billedFen, covered: true, ...overrides };
}

function stay(level: Level, lines: readonly PricedLine[], overrides: Partial<Stay> = {}): Stay {
  return { visitKind: "INPATIENT", level, lines, referred: false, tcm: false, deductibleWaived: false, ...overrides };
}

function terms(visitKind: VisitKind, level: Level): Terms {
  const reference = scheme();
  const rule = ruleOf(reference, visitKind, level);
  if (!rule) throw new Error(`NX-REF has no rule for ${visitKind} at ${level}`);
  return { rule, classes: CLASSES, capFen: capOf(reference, visitKind) };
}

function benefit(of: Stay, before: Before = FRESH) {
  return adjudicate(of, terms(of.visitKind, of.level), before);
}

describe("the worked examples of the scheme, to the fen", () => {
  it("1: an outpatient receipt, then the year cap", () => {
    const first = benefit(stay("TOWNSHIP", [priced("A", 4_440n)], { visitKind: "OUTPATIENT" }));
    expect(first).toMatchObject({ fundFen: 3_552n, patientFen: 888n, overCapFen: 0n });
    const next = benefit(stay("TOWNSHIP", [priced("A", 6_000n)], { visitKind: "OUTPATIENT" }), { usedFen: 11_800n, compensatedStays: 0 });
    expect(next).toMatchObject({ fundFen: 200n, patientFen: 5_800n, overCapFen: 4_600n });
  });

  it("2: below the deductible", () => {
    const result = benefit(stay("TOWNSHIP", [priced("A", 8_200n), priced("OUT", 360n)]));
    expect(result).toMatchObject({ totalFen: 8_560n, eligibleFen: 8_200n, deductibleFen: 8_200n, fundFen: 0n, patientFen: 8_560n });
  });

  it("3: a first stay at county level, half a fen rounded up", () => {
    const result = benefit(stay("COUNTY", [priced("A", 412_000n), priced("B", 150_050n), priced("OUT", 72_730n)]));
    expect(result).toEqual({
      totalFen: 634_780n,
      eligibleFen: 547_045n,
      deductibleFen: 30_000n,
      rateBp: 7_000,
      fundFen: 361_932n,
      patientFen: 272_848n,
      overCapFen: 0n,
    });
  });

  it("4: a second stay with half the deductible", () => {
    const result = benefit(stay("COUNTY", [priced("A", 300_000n)]), { usedFen: 361_932n, compensatedStays: 1 });
    expect(result).toMatchObject({ deductibleFen: 15_000n, fundFen: 199_500n, patientFen: 100_500n });
  });

  it("5: a stay that crosses the cap", () => {
    const result = benefit(stay("PROVINCE", [priced("A", 900_000n)], { referred: true }), { usedFen: 4_870_000n, compensatedStays: 0 });
    expect(result).toMatchObject({ rateBp: 5_000, fundFen: 130_000n, overCapFen: 280_000n, patientFen: 770_000n });
  });

  it.each([
    [true, 517_500n],
    [false, 402_500n],
  ])("6: out of the province, referred %s", (referred, fundFen) => {
    expect(benefit(stay("OUT_OF_PROVINCE", [priced("A", 1_250_000n)], { referred })).fundFen).toBe(fundFen);
  });

  it("7: item scope, price limit and self-first shares", () => {
    const lines = [priced("A", 4_200n), priced("A-COUNTY", 9_600n), priced("B", 9_999n), priced("CT", 28_000n), priced("IMPORT", 50_000n)];
    const result = benefit(stay("TOWNSHIP", lines));
    expect(result).toMatchObject({ totalFen: 101_799n, eligibleFen: 62_399n, fundFen: 44_539n, patientFen: 57_260n });
  });

  it("8: the insured place's rate on the treatment place's catalogue", () => {
    const { rule, ...rest } = terms("INPATIENT", "COUNTY");
    const lines = [priced("A", 655_400n), priced("OUT", 64_600n)];
    const result = adjudicate(stay("COUNTY", lines, { referred: true }), { rule: { ...rule, rateBp: 6_500 }, ...rest }, FRESH);
    expect(result).toMatchObject({ eligibleFen: 655_400n, deductibleFen: 30_000n, fundFen: 406_510n, patientFen: 313_490n });
  });

  it("17: two stays that each compute 80,000 share the 100,000 that are left", () => {
    const each = stay("COUNTY", [priced("A", 144_286n)]);
    const first = benefit(each, { usedFen: 4_900_000n, compensatedStays: 0 });
    expect(first).toMatchObject({ fundFen: 80_000n, overCapFen: 0n });
    const second = benefit(
      { ...each, deductibleWaived: false, lines: [priced("A", 129_286n)] },
      { usedFen: 4_980_000n, compensatedStays: 1 },
    );
    expect(second).toMatchObject({ fundFen: 20_000n, overCapFen: 60_000n });
  });
});

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
    expect(benefit(stay("COUNTY", [line])).eligibleFen).toBe(eligibleFen);
  });

  it("an item counts from its lowest level on", () => {
    const eligible = LEVELS.slice(1).map((level) => benefit(stay(level, [priced("A-COUNTY", 100n)])).eligibleFen);
    expect(eligible).toEqual([0n, 100n, 100n, 100n, 100n]);
  });

  it.each<[Level, boolean, number]>([
    ["COUNTY", false, 7_000],
    ["PREFECTURE", false, 5_000],
    ["PREFECTURE", true, 6_000],
    ["OUT_OF_PROVINCE", false, 3_500],
  ])("no referral costs points at prefecture level and above: %s, referred %s", (level, referred, rateBp) => {
    expect(benefit(stay(level, [priced("A", 1_000_000n)], { referred })).rateBp).toBe(rateBp);
  });

  it("traditional medicine adds points, on top of a missing referral", () => {
    expect(benefit(stay("COUNTY", [priced("A", 100n)], { tcm: true })).rateBp).toBe(8_000);
    expect(benefit(stay("PREFECTURE", [priced("A", 100n)], { tcm: true })).rateBp).toBe(6_000);
  });

  it.each([
    [9_800, 1_000, 10_000],
    [500, -1_000, 0],
  ])("a rate of %i with %i points stays between nothing and everything", (rateBp, tcmPointsBp, effectiveBp) => {
    const { rule, ...rest } = terms("INPATIENT", "COUNTY");
    const result = adjudicate(
      stay("COUNTY", [priced("A", 100_000n)], { tcm: true }),
      { rule: { ...rule, rateBp, tcmPointsBp }, ...rest },
      FRESH,
    );
    expect(result.rateBp).toBe(effectiveBp);
    expect(result.fundFen).toBe(effectiveBp === 0 ? 0n : 70_000n);
  });

  it("a waived deductible is none, and a visit's is never halved", () => {
    expect(benefit(stay("COUNTY", [priced("A", 100_000n)], { deductibleWaived: true })).fundFen).toBe(70_000n);
    const { rule, ...rest } = terms("OUTPATIENT", "COUNTY");
    const visit = stay("COUNTY", [priced("A", 5_000n)], { visitKind: "OUTPATIENT" });
    const result = adjudicate(
      visit,
      { rule: { ...rule, deductibleFen: 1_000n, repeatDeductibleBp: 5_000 }, ...rest },
      { usedFen: 0n, compensatedStays: 3 },
    );
    expect(result.deductibleFen).toBe(1_000n);
  });

  it("a halved deductible rounds half-up", () => {
    const { rule, ...rest } = terms("INPATIENT", "COUNTY");
    const result = adjudicate(
      stay("COUNTY", [priced("A", 100_000n)]),
      { rule: { ...rule, deductibleFen: 10_001n }, ...rest },
      { usedFen: 0n, compensatedStays: 1 },
    );
    expect(result.deductibleFen).toBe(5_001n);
  });

  it("a cap that is used up, or was lowered below what is used, leaves nothing", () => {
    for (const usedFen of [5_000_000n, 5_000_001n])
      expect(benefit(stay("COUNTY", [priced("A", 100_000n)]), { usedFen, compensatedStays: 0 })).toMatchObject({
        fundFen: 0n,
        overCapFen: 49_000n,
      });
  });

  it("no cap, no limit", () => {
    const { capFen: _, ...rest } = terms("INPATIENT", "COUNTY");
    const result = adjudicate(
      stay("COUNTY", [priced("A", 100_030_000n)]),
      { ...rest, capFen: undefined },
      { usedFen: 90_000_000n, compensatedStays: 0 },
    );
    expect(result).toMatchObject({ fundFen: 70_000_000n, overCapFen: 0n });
  });
});

describe("always", () => {
  const anyLine = fc.record({
    item: fc.constantFrom(...ITEMS),
    quantityE4: fc.bigInt({ min: 1n, max: 1_000_000n }),
    billedFen: fc.bigInt({ min: 0n, max: 5_000_000n }),
    covered: fc.boolean(),
  });
  const anyStay = fc.record({
    visitKind: fc.constantFrom<VisitKind>("INPATIENT", "OUTPATIENT"),
    level: fc.constantFrom<Level>("TOWNSHIP", "COUNTY", "PREFECTURE", "PROVINCE", "OUT_OF_PROVINCE"),
    lines: fc.array(anyLine, { minLength: 1, maxLength: 12 }),
    referred: fc.boolean(),
    tcm: fc.boolean(),
    deductibleWaived: fc.boolean(),
  });

  it("the parts sum to the bill, nothing is negative, and the cap holds", () => {
    fc.assert(
      fc.property(anyStay, fc.bigInt({ min: 0n, max: 5_000_000n }), fc.nat(3), (of, usedFen, compensatedStays) => {
        const result = benefit(of, { usedFen, compensatedStays });
        expect(result.fundFen + result.patientFen).toBe(result.totalFen);
        expect(result.totalFen).toBe(of.lines.reduce((total, line) => total + line.billedFen, 0n));
        expect(result.fundFen >= 0n && result.patientFen >= 0n && result.overCapFen >= 0n).toBe(true);
        const capFen = terms(of.visitKind, of.level).capFen ?? 0n;
        expect(result.fundFen === 0n || usedFen + result.fundFen <= capFen).toBe(true);
      }),
    );
  });

  it("a line more never pays less, and a line without cover changes nothing but the patient's part", () => {
    fc.assert(
      fc.property(anyStay, anyLine, (of, more) => {
        const before = benefit(of);
        expect(benefit({ ...of, lines: [...of.lines, more] }).fundFen >= before.fundFen).toBe(true);
        const uncovered = benefit({ ...of, lines: [...of.lines, { ...more, covered: false }] });
        expect(uncovered).toEqual({
          ...before,
          totalFen: before.totalFen + more.billedFen,
          patientFen: before.patientFen + more.billedFen,
        });
      }),
    );
  });
});
