/**
 * kill -9 of each engine in turn, in mid-load: every nats-server, then every mongod. And the bus repeats everything, then loses everything:
 * the books may do neither.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { enginesReady } from "../../deploy/local/engines.ts";
import { answers, underLoad, until } from "../harness/faults.ts";
import type { LocalMesh } from "../harness/mesh.ts";
import { type RegionMesh, startRegionMesh } from "../harness/region-mesh.ts";
import { deleteDurables, durables, wipeStores } from "../harness/streams.ts";

const READY_LIMIT_MS = 120_000;
const BETWEEN = 40;
const DURABLES_LIMIT_MS = 120_000;

describe("the engines", () => {
  let mesh: RegionMesh & LocalMesh;
  beforeAll(async () => {
    mesh = await startRegionMesh();
  });
  afterAll(async () => {
    await mesh?.stop();
  });

  for (const kind of ["nats", "mongo"] as const)
    test(`kill -9 of each ${kind === "nats" ? "nats-server" : "mongod"} in turn`, async () => {
      const names = mesh.topology.engines[kind].map((engine) => engine.name);
      await underLoad(mesh, `kill -9 ${names.join(", then ")}`, async (load) => {
        for (const name of names) {
          await mesh.supervisor.kill(name);
          await answers(load, BETWEEN);
          await enginesReady(mesh.topology, { limitMs: READY_LIMIT_MS });
        }
      });
    });

  test("every event is delivered twice", async () => {
    await underLoad(mesh, "all durables deleted: everything is delivered again", async (load) => {
      const again = await deleteDurables(mesh);
      expect(again.messages).toBeGreaterThan(0);
      await until("the durables are there again", async () => (await durables(mesh)) >= again.durables, DURABLES_LIMIT_MS);
      await answers(load, BETWEEN);
    });
  });

  test("all three stores are wiped, and start empty", async () => {
    await underLoad(mesh, "kill -9 of all nats-servers, their stores wiped", async (load) => {
      await wipeStores(mesh);
      await answers(load, BETWEEN);
    });
  });
});
