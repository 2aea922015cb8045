/** The test that seeds hold, in the two files that vitest runs beside each other: a world has its process to itself. */
import { expect, test } from "vitest";
import { simulate } from "./run.ts";

const CHUNK = 25;

/** Seeds from `first` to `last`, some in each test; a breach names its seed. */
export function seedsHold(first: number, last: number): void {
  const starts = Array.from({ length: Math.ceil((last - first + 1) / CHUNK) }, (_, index) => first + index * CHUNK);
  test.each(starts.map((from) => [from, Math.min(from + CHUNK - 1, last)]))(
    "seeds %i to %i hold every invariant at every step",
    async (from, to) => {
      const broken: string[] = [];
      for (let seed = from; seed <= to; seed += 1) {
        const { breach, claims, checked } = await simulate(seed);
        if (breach) {
          broken.push(`seed ${seed}: ${breach} (npm run simulate -- --seed ${seed})`);
          continue;
        }
        expect(claims, `seed ${seed} billed something`).toBeGreaterThan(0);
        expect(checked, `seed ${seed} checked something`).toBeGreaterThan(claims);
      }
      expect(broken).toEqual([]);
    },
  );
}
