/** kill -9 of either twin of every service, in mid-load. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { answers, underLoad } from "../harness/faults.ts";
import { type RegionMesh, startRegionMesh } from "../harness/region-mesh.ts";

const READY_LIMIT_MS = 60_000;
/** Answers between the end of one twin and the next fault. */
const BETWEEN = 40;

describe("kill -9 in mid-load", () => {
  let mesh: RegionMesh;
  beforeAll(async () => {
    mesh = await startRegionMesh();
  });
  afterAll(async () => {
    await mesh?.stop();
  });

  for (const service of ["gateway", "claims", "settlement", "payment", "enrollment", "administration", "monitoring"] as const)
    test(`${service}: one twin, then the other; no claim is lost and none is paid twice`, async () => {
      const names = [`${service}.a`, `${service}.b`];
      await underLoad(mesh, `kill -9 ${names.join(", then ")}`, async (load) => {
        for (const name of names) {
          const before = mesh.supervisor.restarts(name);
          await mesh.supervisor.kill(name);
          await answers(load, BETWEEN);
          await mesh.supervisor.waitReady([name], READY_LIMIT_MS);
          expect(mesh.supervisor.restarts(name)).toBe(before + 1);
        }
      });
    });
});
