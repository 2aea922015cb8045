import { rmSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { find, plant, readBugs } from "./bugs.ts";
import { simulate } from "./run.ts";

const SEEDS = 200;
const CHUNK = 25;
const REPLAYED = [3, 11, 42];

describe("the mesh in virtual time", () => {
  test.each(Array.from({ length: SEEDS / CHUNK }, (_, index) => [1 + index * CHUNK, (index + 1) * CHUNK]))(
    "seeds %i to %i hold every invariant at every step",
    async (from, to) => {
      const broken: string[] = [];
      for (let seed = from; seed <= to; seed += 1) {
        const { breach, claims, checked } = await simulate(seed);
        if (breach) broken.push(`seed ${seed}: ${breach} (npm run simulate -- --seed ${seed})`);
        expect(claims, `seed ${seed} billed something`).toBeGreaterThan(0);
        expect(checked, `seed ${seed} checked something`).toBeGreaterThan(claims);
      }
      expect(broken).toEqual([]);
    },
  );

  test.each(REPLAYED)("seed %i is the same run twice", async (seed) => {
    const [first, second] = [await simulate(seed), await simulate(seed)];
    expect(second).toEqual(first);
  });

  test("two seeds are two runs", async () => {
    expect((await simulate(1)).hash).not.toBe((await simulate(2)).hash);
  });
});

describe("planted bugs (all of them are looked for by npm run simulate -- --bugs)", () => {
  test.each(readBugs())("$name still applies", (bug) => {
    const root = plant(bug);
    rmSync(root, { recursive: true, force: true });
    expect(bug.seeds).toBeGreaterThan(0);
  });

  test.each(readBugs().slice(0, 2))("$name is found", async (bug) => {
    expect((await find(bug))?.breach ?? "not found").not.toBe("not found");
  });
});
