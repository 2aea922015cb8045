import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Patience } from "../../../services/mesh/patience.ts";

describe("protocols 6: patience is learnt", () => {
  test("before the first answer it is the floor", () => {
    expect(new Patience(50, 1_000).at(0)).toBe(50);
  });

  test("it is half as long again as the slowest answer, and fades by half in ten seconds", () => {
    const patience = new Patience(50, 1_000);
    patience.learn(400, 1_000);
    patience.learn(10, 1_001); // A quick answer says nothing of the slow ones.
    expect(patience.at(1_001)).toBeCloseTo(600, 0);
    expect(patience.at(11_000)).toBeCloseTo(300, 0);
    expect(patience.at(300_000)).toBe(50);
  });

  test("it never leaves its bounds, and is never shorter than an answer that has just come", () => {
    const answers = fc.array(fc.record({ tookMs: fc.double({ min: 0, max: 5_000, noNaN: true }), laterMs: fc.nat(20_000) }), {
      maxLength: 50,
    });
    fc.assert(
      fc.property(answers, (all) => {
        const patience = new Patience(50, 1_000);
        let nowMs = 0;
        for (const { tookMs, laterMs } of all) {
          nowMs += laterMs;
          patience.learn(tookMs, nowMs);
          const limit = patience.at(nowMs);
          expect(limit).toBeGreaterThanOrEqual(Math.min(tookMs, 1_000));
          expect(limit).toBeLessThanOrEqual(1_000);
          expect(limit).toBeGreaterThanOrEqual(50);
        }
      }),
    );
  });
});
