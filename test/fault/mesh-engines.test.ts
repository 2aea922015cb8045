/** Engines that die or freeze under load. The mesh goes on without them, and what was acknowledged is there. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Callers, depositFaults, startCallers } from "../harness/proof.ts";
import { type Bench, openTwins, until } from "../harness/twins.ts";

let bench: Bench;
let callers: Callers;

beforeAll(async () => {
  bench = await openTwins();
  await Promise.all(["till.a", "till.b", "tally.a", "tally.b"].map((name) => bench.start(name)));
});
afterAll(async () => await bench?.stop());

const pass = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Load while `what` happens, and until it runs on; then the proof. Gives the longest gap. */
async function under(prefix: string, what: () => Promise<void>): Promise<number> {
  callers = startCallers(bench, { callers: 16, accounts: 25, prefix, pauseMs: 5, timeoutMs: 10_000 });
  await until("the load runs", () => callers.answered.length > 60, 60_000);
  await what();
  const before = callers.answered.length;
  await until("the load runs on", () => callers.answered.length > before + 60, 60_000);
  await callers.stop();
  expect(callers.refused).toEqual([]);
  expect(await depositFaults(bench, callers.answered, { tally: true })).toEqual([]);
  return callers.gap.ms;
}

async function primary(): Promise<string> {
  const hello = await bench.mongo.db("admin").command({ hello: 1 });
  const port = Number(String(hello.primary).split(":")[1]);
  return bench.topology.engines.mongo.find((member) => member.port === port)?.name ?? "";
}

/** The load's answers for a second without a gap: engines that were restarted are whole again. */
const whole = async () => await pass(1_500);

describe("a request crosses core NATS and the MongoDB primary, nothing else", () => {
  test("kill -9 of each nats-server in turn", async () => {
    const { supervisor } = bench.engines;
    for (const { name } of bench.topology.engines.nats) {
      const gap = await under(`nats-${name}`, async () => {
        await supervisor.kill(name);
        await whole();
      });
      console.log(`kill -9 of ${name}: longest gap ${Math.round(gap)} ms`);
      expect(gap).toBeLessThan(10_000);
      await until("it is back", () => supervisor.pid(name) !== undefined, 30_000);
      await whole();
    }
  });

  test("a frozen nats-server, for three seconds", async () => {
    const { supervisor } = bench.engines;
    for (const { name } of bench.topology.engines.nats.slice(0, 2)) {
      const gap = await under(`ice-${name}`, async () => {
        supervisor.pause(name);
        await pass(3_000);
        supervisor.resume(name);
        await whole();
      });
      console.log(`freeze of ${name}: longest gap ${Math.round(gap)} ms`);
      expect(gap).toBeLessThan(10_000);
    }
  });

  test("kill -9 of the mongod primary: no twin is deposed, nothing is lost", async () => {
    const { supervisor } = bench.engines;
    const name = await primary();
    const gap = await under("mongo", async () => {
      await supervisor.kill(name);
      await whole();
    });
    console.log(`kill -9 of the primary ${name}: longest gap ${Math.round(gap)} ms (no guardian)`);
    expect(gap).toBeLessThan(30_000);
  });
});
