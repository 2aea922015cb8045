import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { heldClock } from "../../../services/mesh/clock.ts";
import { type Fitness, judge, LIMITS, type Vitals, watchFitness } from "../../../services/mesh/fitness.ts";
import { SILENT } from "../../harness/mesh-parts.ts";

const WELL: Vitals = { freeBytes: 10e9, writeMs: 4, diskError: "", heapShare: 0.4, clocksAheadMs: [0, 1, -2], clockSetMs: 0, stalls: 0 };

describe("judged by its vitals", () => {
  test.each<[string, Partial<Vitals>, string, boolean]>([
    ["well", {}, "", false],
    [
      "a disk that cannot be written",
      { diskError: "EROFS: read-only file system" },
      "the disk cannot be written: EROFS: read-only file system",
      false,
    ],
    ["a disk that is nearly full", { freeBytes: 150 * 1_048_576 }, "150 MB are free on the disk, less than 200", false],
    ["a disk that is slow", { writeMs: 3_001 }, "a write of 4 KB took 3001 ms to reach the disk", false],
    ["a disk of which nothing is known", { freeBytes: undefined, writeMs: undefined }, "", false],
    [
      "a clock that is an hour ahead",
      { clocksAheadMs: [-3_600_000, -3_600_003, -3_599_998] },
      "the clock is 3600000 ms ahead of the others",
      false,
    ],
    ["a clock that is behind", { clocksAheadMs: [1_500, 1_400, 1_600] }, "the clock is 1500 ms behind the others", false],
    ["another's clock that is wrong", { clocksAheadMs: [0, 3_600_000, 1] }, "", false],
    ["two clocks of which one is wrong", { clocksAheadMs: [0, 3_600_000] }, "", false],
    ["a clock that was set ahead", { clockSetMs: 3_600_000 }, "the clock was set ahead by 3600 s", false],
    ["a clock that was set back", { clockSetMs: -5_400 }, "the clock was set back by 5 s", false],
    ["a heap that is full", { heapShare: 0.95 }, "95 % of the heap are in use", true],
    ["an event loop that stands still again and again", { stalls: 5 }, "the event loop has stood still 5 times within a minute", true],
  ])("%s", (_, vitals, fault, end) => {
    expect(judge({ ...WELL, ...vitals })).toEqual({ fault, end });
  });
});

describe("watched", () => {
  let run = "";
  let nowMs = 0;
  /** What the machine's clock says beyond the monotonic one. */
  let setMs = 0;
  let fitness: Fitness | undefined;
  let ended: string[] = [];
  beforeEach(() => {
    run = mkdtempSync(join(tmpdir(), "nrcms-fitness-"));
    ended = [];
    setMs = 0;
  });
  afterEach(() => {
    fitness?.close();
    rmSync(run, { recursive: true, force: true });
  });

  const watch = (more: { freeBytes?: number; clocks?: () => readonly number[]; inTrouble?: () => boolean } = {}) => {
    fitness = watchFitness({
      run,
      name: "till.a",
      clock: heldClock(
        0,
        () => nowMs + setMs,
        () => nowMs,
      ),
      log: SILENT,
      limits: { ...LIMITS, freeBytes: more.freeBytes ?? 0 },
      clocksAheadMs: more.clocks ?? (() => []),
      isMachineInTrouble: more.inTrouble ?? (() => false),
      onEnd: (fault) => void ended.push(fault),
    });
    return fitness;
  };

  test("a real disk is written and left clean", async () => {
    const one = watch();
    await one.look();
    expect(one.fault).toBe("");
    expect(existsSync(join(run, "till.a.probe"))).toBe(false);
  });

  test("a folder that is gone is a disk that cannot be written", async () => {
    const one = watch();
    rmSync(run, { recursive: true });
    await one.look();
    expect(one.fault).toMatch(/^the disk cannot be written: ENOENT/);
    expect(ended).toEqual([]);
  });

  test("less than the floor is not fit", async () => {
    const one = watch({ freeBytes: Number.MAX_SAFE_INTEGER });
    await one.look();
    expect(one.fault).toMatch(/MB are free on the disk, less than/);
  });

  test("is fit again only after ten seconds without a fault", async () => {
    let clocks = [5_000, 5_000, 5_000];
    const one = watch({ clocks: () => clocks });
    await one.look();
    expect(one.fault).toBe("the clock is 5000 ms behind the others");
    clocks = [0, 0, 0];
    nowMs += 9_000;
    await one.look();
    expect(one.fault).not.toBe("");
    nowMs += 1_000;
    await one.look();
    expect(one.fault).toBe("");
  });

  test("is unfit from the moment at which its clock is set, follows it half a minute later, and is fit again ten seconds after its last fault", async () => {
    const one = watch({ clocks: () => [0, 0, 0] });
    setMs = -90_000;
    expect(one.fault).toBe("the clock was set back by 90 s");
    for (const passedMs of [0, 29_000, 1_000, 8_000]) {
      nowMs += passedMs;
      await one.look();
      expect(one.fault).toBe("the clock was set back by 90 s");
    }
    nowMs += 1_000;
    await one.look();
    expect(one.fault).toBe("");
  });

  test("does not follow a clock of which the others say that it is wrong", async () => {
    const one = watch({ clocks: () => [-setMs, -setMs, 0] });
    setMs = 3_600_000;
    expect(one.fault).toBe("the clock was set ahead by 3600 s");
    nowMs += 5_000;
    await one.look();
    expect(one.fault).toBe("the clock is 3600000 ms ahead of the others");
    nowMs += 60_000;
    await one.look();
    setMs = 0;
    nowMs += 10_000;
    await one.look();
    expect(one.fault).toBe("");
  });

  test("an event loop that has stood still five times within a minute ends the process; stalls are forgotten after a minute", async () => {
    const one = watch();
    for (let times = 0; times < 4; times += 1) one.stalled();
    nowMs += 61_000;
    one.stalled();
    await one.look();
    expect([one.fault, ended]).toEqual(["", []]);
    for (let times = 0; times < 4; times += 1) one.stalled();
    await one.look();
    expect(ended).toEqual(["the event loop has stood still 5 times within a minute"]);
  });

  test("what stood still while the machine was in trouble does not count against the process, neither then nor afterwards", async () => {
    let inTrouble = false;
    const one = watch({ inTrouble: () => inTrouble });
    for (let times = 0; times < 4; times += 1) one.stalled();
    inTrouble = true;
    for (let times = 0; times < 4; times += 1) one.stalled();
    await one.look();
    expect([one.fault, ended]).toEqual(["", []]);
    inTrouble = false;
    one.stalled();
    await one.look();
    expect([one.fault, ended]).toEqual(["", []]);
    for (let times = 0; times < 4; times += 1) one.stalled();
    await one.look();
    expect(ended).toHaveLength(1);
  });
});
