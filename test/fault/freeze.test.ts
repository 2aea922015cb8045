/**
 * SIGSTOP of the active twin of a hot standby, and SIGCONT after the other has taken over: it wakes in the middle of what it was doing, believes that it still leads,
 * and must not commit, post or send anything any more.
 */
import { afterAll, beforeAll, describe, test } from "vitest";
import { pause } from "../../services/mesh/clock.ts";
import { answers, underLoad, until } from "../harness/faults.ts";
import { leaderOf, type RegionMesh, startRegionMesh, twinStatus } from "../harness/region-mesh.ts";

const FROZEN_MS = 8_000;
const READY_LIMIT_MS = 60_000;
const AFTER = 40;

describe("the active twin is frozen, and wakes up", () => {
  let mesh: RegionMesh;
  beforeAll(async () => {
    mesh = await startRegionMesh();
  });
  afterAll(async () => {
    await mesh?.stop();
  });

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
        await answers(load, AFTER);
      });
    });
});
