/** What is supposed of visits: drawn from their ids, as many as was asked for, and nothing out of range. */
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import type { Past } from "../../../services/claims/domain/estimate/replay.ts";
import { type Supposition, type SuppositionForm, supposed, suppositionFrom } from "../../../services/claims/domain/estimate/suppose.ts";
import { isRefusal } from "../../../services/values/outcome.ts";
import { bill, line, visit } from "./nx-ref.ts";

const NOTHING: SuppositionForm = { growth: [], shifts: [], contributions: [], headsBp: 0 };

function pastOf(number: number, level: Past["level"], isStay: boolean): Past {
  const claimId = `H640521001-2011-${number}`;
  const made = isStay ? bill({ claimId, lines: [line("A", 100_000n)] }) : visit("2011-11-20", 4_000n, { claimId });
  return { bill: made, level } as Past;
}

const VISITS = Array.from({ length: 20_000 }, (_, index) => pastOf(index, "COUNTY", index % 10 === 0));
const stays = (claims: readonly Past[]) => claims.filter(({ bill: { visitKind } }) => visitKind === "INPATIENT");

function taken(form: Partial<SuppositionForm>): Supposition {
  const supposition = suppositionFrom({ ...NOTHING, ...form });
  if (isRefusal(supposition)) throw new Error(supposition.en);
  return supposition;
}

describe("visits as supposed", () => {
  test.each([
    [1_000, 2_200],
    [-2_500, 1_500],
    [15_000, 5_000],
    [0, 2_000],
  ])("%i basis points more stays: about %i of 2000, the others as they are, and the same ones again", (visitsBp, about) => {
    const supposition = taken({ growth: [{ visitKind: "INPATIENT", level: "UNSPECIFIED", visitsBp, costBp: 0 }] });
    const grown = supposed(VISITS, supposition);
    expect(Math.abs(stays(grown).length - about)).toBeLessThan(100);
    expect(grown.length - stays(grown).length).toBe(18_000);
    expect(supposed(VISITS, supposition)).toEqual(grown);
    expect(new Set(grown.map((one) => one.bill.claimId)).size).toBe(grown.length);
  });

  test("a tenth of the stays goes to townships and costs six tenths there", () => {
    const shifts = [{ visitKind: "INPATIENT", from: "COUNTY", to: "TOWNSHIP", shareBp: 1_000, costBp: 6_000 }];
    const moved = supposed(VISITS, taken({ shifts }));
    const there = moved.filter(({ level }) => level === "TOWNSHIP");
    expect(Math.abs(there.length - 200)).toBeLessThan(40);
    expect(there.every(({ bill: { totalFen, visitKind } }) => totalFen === 60_000n && visitKind === "INPATIENT")).toBe(true);
    expect(moved).toHaveLength(VISITS.length);
  });

  test("nothing supposed is nothing changed", () => {
    expect(supposed(VISITS, taken({}))).toEqual(VISITS);
  });
});

describe("out of range", () => {
  const grow = (part: object) => ({ growth: [{ visitKind: "INPATIENT", level: "COUNTY", visitsBp: 100, costBp: 0, ...part }] });
  const shift = (part: object) => ({
    shifts: [{ visitKind: "INPATIENT", from: "COUNTY", to: "TOWNSHIP", shareBp: 100, costBp: 0, ...part }],
  });
  it.each([
    ["growth[0].visits_bp", grow({ visitsBp: 20_001 })],
    ["growth[0].visits_bp", grow({ visitsBp: -9_001 })],
    ["growth[0].cost_bp", grow({ costBp: -10_000 })],
    ["growth[0].visit_kind", grow({ visitKind: "UNSPECIFIED" })],
    ["growth[0].level", grow({ level: "UNRECOGNIZED" })],
    ["shifts[0].share_bp", shift({ shareBp: 10_001 })],
    ["shifts[0].cost_bp", shift({ costBp: 999 })],
    ["shifts[0].to", shift({ to: "COUNTY" })],
    ["shifts[0].from", shift({ from: "UNSPECIFIED" })],
    ["shifts[1].share_bp", { shifts: [...shift({ shareBp: 6_000 }).shifts, ...shift({ shareBp: 6_000, to: "PREFECTURE" }).shifts] }],
    ["contributions[0].source", { contributions: [{ source: "UNSPECIFIED", fenPerHead: 1n }] }],
    [
      "contributions[1].source",
      {
        contributions: [
          { source: "CENTRAL", fenPerHead: 1n },
          { source: "CENTRAL", fenPerHead: 2n },
        ],
      },
    ],
    ["contributions[0].fen_per_head", { contributions: [{ source: "CENTRAL", fenPerHead: -1n }] }],
    ["growth[1].cost_bp", { growth: [...grow({ costBp: 12_000 }).growth, ...grow({ costBp: 12_000, level: "UNSPECIFIED" }).growth] }],
    [
      "growth[2].visits_bp",
      { growth: [...grow({ visitsBp: -5_000 }).growth, ...grow({ level: "TOWNSHIP" }).growth, ...grow({ visitsBp: -5_000 }).growth] },
    ],
    ["heads_bp", { headsBp: -9_001 }],
    ["growth", { growth: Array.from({ length: 25 }, () => grow({}).growth[0]) as SuppositionForm["growth"] }],
  ])("%s", (field, form) => {
    const refusal = suppositionFrom({ ...NOTHING, ...form });
    expect(refusal).toMatchObject({ outcome: "refused", code: "BAD_REQUEST", field });
  });

  test("whatever numbers come, they are taken or refused with a place", () => {
    const number = fc.integer();
    const form = fc.record({
      growth: fc.array(
        fc.record({
          visitKind: fc.constantFrom("INPATIENT", "?"),
          level: fc.constantFrom("COUNTY", "UNSPECIFIED", "?"),
          visitsBp: number,
          costBp: number,
        }),
      ),
      shifts: fc.array(
        fc.record({
          visitKind: fc.constantFrom("OUTPATIENT", ""),
          from: fc.constantFrom("VILLAGE", ""),
          to: fc.constantFrom("COUNTY", ""),
          shareBp: number,
          costBp: number,
        }),
      ),
      contributions: fc.array(fc.record({ source: fc.constantFrom("CENTRAL", "X"), fenPerHead: fc.bigInt() })),
      headsBp: number,
    });
    fc.assert(
      fc.property(form, (one) => {
        const result = suppositionFrom(one);
        if (isRefusal(result)) expect(result.field).not.toBe("");
        else expect(supposed(VISITS.slice(0, 50), result).length).toBeLessThanOrEqual(50 * (1 + 24 * 2));
      }),
    );
  });
});
