import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { coveredOn, type Step, stepsBetween, withSteps } from "../../../services/monitoring/domain/covers.ts";
import type { CoverSpan, CoverTide } from "../../../services/monitoring/domain/documents.ts";
import { addDays, yearOf } from "../../../services/values/days.ts";

const COUNTY = "640521";

function tidesAfter(steps: readonly Step[], before: readonly CoverTide[] = []): CoverTide[] {
  const tides = new Map(before.map((tide) => [tide.year, tide]));
  for (const { day } of steps) {
    const year = yearOf(day);
    if (!tides.has(year)) tides.set(year, { county: COUNTY, year, days: {} });
  }
  return [...tides.values()].map((tide) => withSteps(tide, COUNTY, tide.year, steps));
}

describe("covered members by day", () => {
  it.each([
    { day: "2010-12-31", covered: 0 },
    { day: "2011-01-01", covered: 2 },
    { day: "2011-06-30", covered: 2 },
    { day: "2011-07-01", covered: 1 },
    { day: "2011-12-31", covered: 1 },
    { day: "2012-01-01", covered: 0 },
  ])("on $day $covered of a household of two, one of whom left", ({ day, covered }) => {
    const covers = [
      { county: COUNTY, fromDay: "2011-01-01", toDay: "2011-12-31" },
      { county: COUNTY, fromDay: "2011-01-01", toDay: "2011-06-30" },
    ];
    expect(coveredOn(day, tidesAfter(stepsBetween([], covers)))).toBe(covered);
  });

  it("a cover that ends before it begins covers no day", () => {
    expect(stepsBetween([], [{ county: COUNTY, fromDay: "2011-05-02", toDay: "2011-05-01" }])).toEqual([]);
  });

  const span = fc
    .record({ from: fc.integer({ min: 0, max: 900 }), length: fc.integer({ min: -2, max: 400 }) })
    .map(({ from, length }): CoverSpan => {
      const fromDay = addDays("2010-06-01", from);
      return { county: COUNTY, fromDay, toDay: addDays(fromDay, length) };
    });
  const spans = fc.array(span, { maxLength: 6 });

  it("is what counting the covers one by one gives, whatever they were before", () => {
    fc.assert(
      fc.property(spans, spans, fc.integer({ min: 0, max: 1400 }), (were, are, at) => {
        const day = addDays("2010-05-01", at);
        const tides = tidesAfter(stepsBetween(were, are), tidesAfter(stepsBetween([], were)));
        expect(coveredOn(day, tides)).toBe(are.filter(({ fromDay, toDay }) => fromDay <= day && day <= toDay).length);
      }),
    );
  });
});
