/**
 * Twins that die and sleep under load. kill -9 of every twin of every service, one after the other; a claims twin in mid-transaction, ten times in a row, a and b in turn:
 * its open transaction must not stall the survivor, and what it committed must not stay untold. The active twin of a hot standby is frozen and wakes up after the other has
 * taken over: it believes that it still leads, and must not commit, post or send anything any more.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { pause } from "../../services/mesh/clock.ts";
import { answers, underLoad, until } from "../harness/faults.ts";
import type { LocalMesh } from "../harness/mesh.ts";
import { leaderOf, type RegionMesh, SERVICES, startRegionMesh, twinStatus } from "../harness/region-mesh.ts";
import { killInTransaction } from "../harness/transactions.ts";

const READY_LIMIT_MS = 60_000;
/** Answers between the end of one twin and the next fault. */
const BETWEEN = 10;
const KILLS = 10;
const FROZEN_MS = 8_000;

let mesh: RegionMesh & LocalMesh;
beforeAll(async () => {
  mesh = await startRegionMesh();
});
afterAll(async () => {
  await mesh?.stop();
});

describe("kill -9 in mid-load", () => {
  test("one twin of each service, then the other: no claim is lost and none is paid twice", async () => {
    await underLoad(mesh, "kill -9 of every twin in turn", async (load) => {
      for (const name of SERVICES.flatMap((service) => [`${service}.a`, `${service}.b`])) {
        const before = mesh.supervisor.restarts(name);
        await mesh.supervisor.kill(name);
        await answers(load, BETWEEN);
        await mesh.supervisor.waitReady([name], READY_LIMIT_MS);
        expect(mesh.supervisor.restarts(name)).toBe(before + 1);
      }
    });
  });

  test("ten kills of claims twins in mid-transaction", async () => {
    await underLoad(mesh, `kill -9 of a claims twin in mid-transaction, ${KILLS} times`, async (load) => {
      let killed = 0;
      for (const name of Array.from({ length: KILLS }, (_, index) => (index % 2 === 0 ? "claims.a" : "claims.b"))) {
        await killInTransaction(mesh, name);
        killed += 1;
        await answers(load, BETWEEN);
        await mesh.supervisor.waitReady([name], READY_LIMIT_MS);
      }
      expect(killed).toBe(KILLS);
    });
  });
});

describe("the active twin is frozen, and wakes up", () => {
  for (const service of ["settlement", "payment"] as const)
    test(`${service}: the other one leads, and the sleeper harms nothing`, async () => {
      await underLoad(mesh, `SIGSTOP of the active ${service} twin, SIGCONT after ${FROZEN_MS / 1000} s`, async (load) => {
        const frozen = await leaderOf(mesh, service);
        if (!frozen) throw new Error(`no twin of ${service} leads`);
        const other = frozen.endsWith("a") ? `${service}.b` : `${service}.a`;
        const enough = pause(FROZEN_MS);
        mesh.supervisor.pause(frozen);
        await until(`${other} leads`, async () => ((await twinStatus(mesh, other))?.epoch ?? 0) > 0);
        const atFirst = (await twinStatus(mesh, other))?.committed ?? 0;
        await until(`${other} works while ${frozen} sleeps`, async () => ((await twinStatus(mesh, other))?.committed ?? 0) > atFirst);
        await enough;
        mesh.supervisor.resume(frozen);
        await until(`${frozen} follows`, async () => (await twinStatus(mesh, frozen))?.epoch === 0);
        await mesh.supervisor.waitReady([frozen], READY_LIMIT_MS);
        await answers(load, BETWEEN);
      });
    });
});
