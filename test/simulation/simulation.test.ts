import { rmSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { find, plant, readBugs } from "./bugs.ts";
import { seedsHold } from "./hold.ts";
import { simulate } from "./run.ts";

const REPLAYED = [3, 11, 42];

describe("the mesh in virtual time", () => {
  seedsHold(1, 100);

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
