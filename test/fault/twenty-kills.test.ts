/** A claims twin is killed in mid-transaction, twenty times in a row, a and b in turn. Its open transaction must not stall the survivor, and what it committed must not stay untold. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { answers, underLoad } from "../harness/faults.ts";
import { type RegionMesh, startRegionMesh } from "../harness/region-mesh.ts";
import { killInTransaction } from "../harness/transactions.ts";

const KILLS = 20;
const READY_LIMIT_MS = 60_000;
const BETWEEN = 10;

let mesh: RegionMesh;
beforeAll(async () => {
  mesh = await startRegionMesh();
});
afterAll(async () => {
  await mesh?.stop();
});

test("twenty kills of claims twins in mid-transaction", async () => {
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
