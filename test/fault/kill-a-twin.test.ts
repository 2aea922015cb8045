/**
 * kill -9 of either twin of every service, in mid-load; then a claims twin in mid-transaction, twenty times in a row, a and b in turn:
 * its open transaction must not stall the survivor, and what it committed must not stay untold.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { answers, underLoad } from "../harness/faults.ts";
import type { LocalMesh } from "../harness/mesh.ts";
import { type RegionMesh, startRegionMesh } from "../harness/region-mesh.ts";
import { killInTransaction } from "../harness/transactions.ts";

const READY_LIMIT_MS = 60_000;
/** Answers between the end of one twin and the next fault. */
const BETWEEN = 40;
const KILLS = 20;
const BETWEEN_KILLS = 10;

describe("kill -9 in mid-load", () => {
  let mesh: RegionMesh & LocalMesh;
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

  test("twenty kills of claims twins in mid-transaction", async () => {
    await underLoad(mesh, `kill -9 of a claims twin in mid-transaction, ${KILLS} times`, async (load) => {
      let killed = 0;
      for (const name of Array.from({ length: KILLS }, (_, index) => (index % 2 === 0 ? "claims.a" : "claims.b"))) {
        await killInTransaction(mesh, name);
        killed += 1;
        await answers(load, BETWEEN_KILLS);
        await mesh.supervisor.waitReady([name], READY_LIMIT_MS);
      }
      expect(killed).toBe(KILLS);
    });
  });
});
