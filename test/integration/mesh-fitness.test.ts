/** A twin that finds itself unfit takes no work while its peer can have it, says why, and comes back when it is well; one that only a new process helps ends. */
import { mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { MongoClient, type MongoClientOptions } from "mongodb";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { judge } from "../../services/mesh/fitness.ts";
import { openMongoStore } from "../../services/mesh/store-mongo.ts";
import { mongoUri } from "../../services/mesh/topology.ts";
import type { TwinBeat } from "../../services/mesh/wiring.ts";
import { depositFaults, startCallers } from "../harness/proof.ts";
import { type Bench, openTwins, until } from "../harness/twins.ts";

const HOUR_MS = 3_600_000;
const WELL = { freeBytes: 10e9, writeMs: 4, diskError: "", heapShare: 0.4, clocksAheadMs: [], clockSetMs: 0, stalls: 0 };
const STALLS = 5;
const STALL_MS = 1_300;

let bench: Bench;
let disk = "";
beforeAll(async () => {
  bench = await openTwins("hot-standby");
  disk = mkdtempSync(join(tmpdir(), "nrcms-disk-"));
  mkdirSync(join(disk, "run"));
  await Promise.all([bench.start("till.a", { NRCMS_RUN: join(disk, "run") }), bench.start("till.b")]);
});
afterAll(async () => {
  await bench?.stop();
  rmSync(disk, { recursive: true, force: true });
});

const statusOf = async (twin: "a" | "b"): Promise<TwinBeat> =>
  (await (await fetch(`http://127.0.0.1:${bench.topology.services.till?.[twin].port}/status`)).json()) as TwinBeat;

test("protocols 19: the clocks of all three machines are heard from the store's heartbeats", async () => {
  const store = await openMongoStore(mongoUri(bench.topology), "till", {}, "test");
  try {
    await until("three clocks are heard", () => store.clocksAheadMs().length === 3);
    for (const aheadMs of store.clocksAheadMs()) expect(Math.abs(aheadMs)).toBeLessThan(1_000);
  } finally {
    await store.close();
  }
});

test("protocols 19: a machine that has lost the time learns it from the first heartbeats, before a twin's first batch", async () => {
  const now = Date.now;
  const clock = vi.spyOn(Date, "now").mockImplementation(() => now() - HOUR_MS);
  const rare = (uri: string, options?: MongoClientOptions) => new MongoClient(uri, { ...options, heartbeatFrequencyMS: HOUR_MS });
  const store = await openMongoStore(mongoUri(bench.topology), "till", {}, "test", rare);
  try {
    await until("three clocks are heard", () => store.clocksAheadMs().length === 3);
    expect(judge({ ...WELL, clocksAheadMs: store.clocksAheadMs() }).fault).toMatch(/^the clock is 3[56]\d{5} ms behind the others$/);
  } finally {
    clock.mockRestore();
    await store.close();
  }
});

describe("a twin that is not fit", () => {
  test("gives its lead away while its disk cannot be written, and is there again when it can; no call fails", async () => {
    await until("a leads", async () => (await statusOf("a")).epoch > 0);
    const callers = startCallers(bench, { callers: 12, accounts: 40, prefix: "disk", pauseMs: 5 });
    await until("the load runs", () => callers.answered.length > 60);
    renameSync(join(disk, "run"), join(disk, "away"));
    // It may have lost the lead before, for want of a processor.
    await until("a finds its disk broken", async () => (await statusOf("a")).fault.startsWith("the disk cannot be written: ENOENT"));
    await until("b leads", async () => (await statusOf("b")).epoch > 0);
    const unfit = await statusOf("a");
    expect(unfit.fault).toMatch(/^the disk cannot be written: ENOENT/);
    expect([unfit.ready, unfit.active, unfit.epoch]).toEqual([false, false, 0]);
    renameSync(join(disk, "away"), join(disk, "run"));
    await until("a is well again", async () => (await statusOf("a")).fault === "");
    expect((await statusOf("b")).epoch).toBeGreaterThan(0); // It is not taken back: failback is never.
    const before = callers.answered.length;
    await until("the load runs on", () => callers.answered.length > before + 60);
    await callers.stop();
    console.log(`longest gap ${Math.round(callers.gap.ms)} ms`);
    expect(callers.refused).toEqual([]);
    expect(await depositFaults(bench, callers.answered, { tally: false })).toEqual([]);
  });

  test("ends, with what it has in hand done, where its event loop has stood still again and again", async () => {
    await bench.kill("till.b", "SIGTERM");
    const child = await bench.start("till.b");
    const gone = new Promise<number | null>((resolve) => child.once("exit", resolve));
    for (let stall = 0; stall < STALLS; stall += 1) {
      bench.freeze("till.b");
      await pause(STALL_MS);
      bench.thaw("till.b");
      await pause(STALL_MS / 2);
    }
    expect(await gone).toBe(1);
    await until("a leads", async () => (await statusOf("a")).epoch > 0);
  });
});
