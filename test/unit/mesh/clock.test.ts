/** The twin's clock goes on evenly while the machine's is set; pauses end when they should. */
import { beforeEach, describe, expect, test } from "vitest";
import { heldClock, pause } from "../../../services/mesh/clock.ts";

const NOON_MS = 1_290_398_400_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;

describe("a clock that is held", () => {
  let wallMs = 0;
  let monotonicMs = 0;
  beforeEach(() => {
    wallMs = NOON_MS;
    monotonicMs = 1_000.25;
  });
  const held = (offsetMs = 0) =>
    heldClock(
      offsetMs,
      () => wallMs,
      () => monotonicMs,
    );
  const pass = (ms: number) => {
    wallMs += ms;
    monotonicMs += ms;
  };

  test("is the machine's, a sandbox's offset added", () => {
    const clock = held(-DAY_MS);
    pass(1_234);
    expect([clock.nowMs(), clock.jump]).toEqual([NOON_MS + 1_234 - DAY_MS, undefined]);
  });

  test.each([HOUR_MS, -HOUR_MS, 1_001, -1_001])("does not jump when the machine's clock is set by %d ms, and says so at once", (byMs) => {
    const clock = held();
    pass(10_000);
    clock.nowMs();
    wallMs += byMs;
    expect(clock.nowMs()).toBe(NOON_MS + 10_000);
    pass(20_000);
    expect(clock.nowMs()).toBe(NOON_MS + 30_000);
    expect(clock.jump).toEqual({ byMs, forMs: 20_000 });
  });

  test("is the machine's again as soon as that is back", () => {
    const clock = held();
    wallMs += HOUR_MS;
    expect(clock.jump?.byMs).toBe(HOUR_MS);
    pass(5_000);
    wallMs -= HOUR_MS - 300; // Nobody sets it back to the millisecond.
    expect([clock.jump, clock.nowMs()]).toEqual([undefined, NOON_MS + 5_300]);
  });

  test("is the machine's again when it is told to follow, and notices the next jump by that", () => {
    const clock = held();
    wallMs += HOUR_MS;
    expect(clock.jump).toBeDefined();
    clock.follow();
    expect([clock.jump, clock.nowMs()]).toEqual([undefined, NOON_MS + HOUR_MS]);
    wallMs -= HOUR_MS;
    expect(clock.jump?.byMs).toBe(-HOUR_MS);
  });

  test("follows a second at a time: a time server's corrections, and drift over months", () => {
    const clock = held();
    for (let step = 1; step <= 100; step += 1) {
      pass(60_000);
      wallMs += 900;
      expect([clock.nowMs(), clock.jump]).toEqual([NOON_MS + step * 60_900, undefined]);
    }
  });

  test("takes no jump from a process that stood still between two clocks", () => {
    let readings = 0;
    const clock = heldClock(
      0,
      () => wallMs,
      () => {
        readings += 1;
        if (readings % 2 === 0) pass(30_000);
        return monotonicMs;
      },
    );
    for (let step = 0; step < 10; step += 1) {
      clock.nowMs();
      expect(clock.jump).toBeUndefined();
    }
  });
});

test("a pause ends after its time, at once when it is ended from outside, and at once when it was so already", async () => {
  const startedMs = performance.now();
  await pause(30);
  expect(performance.now() - startedMs).toBeGreaterThan(28);
  const ended = new AbortController();
  const long = pause(60_000, ended.signal);
  ended.abort();
  await long;
  await pause(60_000, ended.signal);
  expect(performance.now() - startedMs).toBeLessThan(10_000);
});
