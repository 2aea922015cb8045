import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Seen } from "../../../services/monitoring/domain/documents.ts";
import { firstMissing, foldedCount, MAX_STRETCHES, marked, nothingSeen } from "../../../services/monitoring/domain/seen.ts";

const empty = nothingSeen({ source: "claims", twin: "a" });

function seenAfter(numbers: readonly number[]): Seen {
  return numbers.reduce((seen, number) => {
    const next = marked(seen, number);
    return typeof next === "string" ? seen : next;
  }, empty);
}

describe("what has been seen of a source twin", () => {
  it.each([
    { numbers: [1], reached: 1, early: [] },
    { numbers: [2], reached: 0, early: [{ from: 2, to: 2 }] },
    { numbers: [2, 1], reached: 2, early: [] },
    { numbers: [3, 5, 4], reached: 0, early: [{ from: 3, to: 5 }] },
    {
      numbers: [5, 3, 1],
      reached: 1,
      early: [
        { from: 3, to: 3 },
        { from: 5, to: 5 },
      ],
    },
    { numbers: [5, 3, 1, 2], reached: 3, early: [{ from: 5, to: 5 }] },
    { numbers: [5, 3, 1, 2, 4], reached: 5, early: [] },
  ])("$numbers", ({ numbers, reached, early }) => {
    expect(seenAfter(numbers)).toMatchObject({ reached, early });
  });

  it("remembers exactly the numbers that came, in any order, with any repeats", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 80 }), (numbers) => {
        let seen = empty;
        const came = new Set<number>();
        for (const number of numbers) {
          const next = marked(seen, number);
          expect(next === "known").toBe(came.has(number));
          came.add(number);
          if (typeof next !== "string") seen = next;
        }
        expect(foldedCount(seen)).toBe(came.size);
        const missing = Array.from({ length: 41 }, (_, index) => index + 1).find((number) => !came.has(number));
        expect(seen.reached).toBe((missing ?? 1) - 1);
        expect(firstMissing(seen)).toBe(came.size > seen.reached ? missing : undefined);
        seen.early.forEach((stretch, index) => {
          expect(stretch.from).toBeGreaterThan((seen.early[index - 1]?.to ?? seen.reached) + 1);
          expect(stretch.to).toBeGreaterThanOrEqual(stretch.from);
        });
      }),
    );
  });

  it("lets no document grow without bound, and still takes what closes a hole", () => {
    const full = seenAfter(Array.from({ length: MAX_STRETCHES }, (_, index) => 2 * index + 2));
    expect(full.early).toHaveLength(MAX_STRETCHES);
    expect(marked(full, 2 * MAX_STRETCHES + 2)).toBe("full");
    expect(marked(full, 3)).toMatchObject({ reached: 0 });
    expect(marked(full, 1)).toMatchObject({ reached: 2 });
  });
});
