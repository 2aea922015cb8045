/**
 * What the guardians turn into something quicker: a dead primary (a secondary stands at once), frozen engines and a frozen twin (killed, and started again by the supervisor).
 * And all of it without them: slower, and as safe.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { enginesReady } from "../../deploy/local/engines.ts";
import { mongoReady } from "../../deploy/local/mongo.ts";
import { memberStates } from "../../services/audit/store-engines.ts";
import { hostOf } from "../../services/mesh/topology.ts";
import { answers, underLoad, until } from "../harness/faults.ts";
import type { LocalMesh } from "../harness/mesh.ts";
import { type RegionMesh, startRegionMesh } from "../harness/region-mesh.ts";

const READY_LIMIT_MS = 60_000;
const BETWEEN = 40;
/** A daemon that has just begun is not killed for its silence, and a second one not within a minute. */
const SETTLED_MS = 16_000;
const KILL_PAUSE_MS = 61_000;

describe("with guardians", () => {
  let mesh: RegionMesh & LocalMesh;
  let killedMs = Number.NEGATIVE_INFINITY;
  beforeAll(async () => {
    mesh = await startRegionMesh();
  });
  afterAll(async () => {
    await mesh?.stop();
  });

  const guardians = () => mesh.supervisor.names().filter((name) => name.startsWith("guardian."));
  const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)));

  async function primary(): Promise<string> {
    const { mongo } = mesh.topology.engines;
    const states = await memberStates(mongo.map(({ server, port }) => `${hostOf(mesh.topology, server)}:${port}`));
    return mongo[states.indexOf("PRIMARY")]?.name ?? "";
  }

  /** Freezes a process, and sees that it is killed and started again without anybody's hand. */
  async function frozenAndBack(name: string): Promise<void> {
    const before = mesh.supervisor.restarts(name);
    mesh.supervisor.pause(name);
    await until(`${name} is killed and started again`, async () => mesh.supervisor.restarts(name) > before, 20_000);
    killedMs = performance.now();
  }

  test("kill -9 of the primary: a secondary stands at once", async () => {
    const lost = await primary();
    await underLoad(mesh, `kill -9 ${lost}, guardians watching`, async (load) => {
      await mesh.supervisor.kill(lost);
      await answers(load, BETWEEN);
      expect(await primary()).not.toBe(lost);
    });
    await enginesReady(mesh.topology, { limitMs: READY_LIMIT_MS });
  });

  test("a primary that is frozen is killed, and another is there", async () => {
    await pause(SETTLED_MS);
    const frozen = await primary();
    await underLoad(mesh, `${frozen} frozen, guardians watching`, async (load) => {
      await frozenAndBack(frozen);
      await answers(load, BETWEEN);
    });
    await mongoReady(mesh.topology, AbortSignal.timeout(READY_LIMIT_MS));
  });

  test("a twin that is frozen is ended, and started again", async () => {
    await underLoad(mesh, "claims.a frozen, guardians watching", async (load) => {
      await frozenAndBack("claims.a");
      await answers(load, BETWEEN);
      await mesh.supervisor.waitReady(["claims.a"], READY_LIMIT_MS);
    });
  });

  test("the guardians are dead as well: the engines' own election brings another primary", async () => {
    const lost = await primary();
    for (const name of guardians()) {
      mesh.supervisor.hold(name);
      await mesh.supervisor.kill(name);
    }
    await underLoad(mesh, `kill -9 ${lost}, guardians dead`, async (load) => {
      await mesh.supervisor.kill(lost);
      await answers(load, BETWEEN);
    });
    for (const name of guardians()) mesh.supervisor.release(name);
    await enginesReady(mesh.topology, { limitMs: READY_LIMIT_MS });
  });

  test("a nats-server that is frozen is killed, a minute after the last one", async () => {
    await pause(killedMs + KILL_PAUSE_MS - performance.now());
    await underLoad(mesh, "nats-b frozen, guardians watching", async (load) => {
      await frozenAndBack("nats-b");
      await answers(load, BETWEEN);
    });
    await enginesReady(mesh.topology, { limitMs: READY_LIMIT_MS });
  });
});
