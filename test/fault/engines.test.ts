/** kill -9 of each engine in turn, in mid-load: every nats-server, then every mongod. */
import { afterAll, beforeAll, describe, test } from "vitest";
import { enginesReady } from "../../deploy/local/engines.ts";
import { answers, underLoad } from "../harness/faults.ts";
import { type RegionMesh, startRegionMesh } from "../harness/region-mesh.ts";

const READY_LIMIT_MS = 120_000;
const BETWEEN = 40;

describe("kill -9 of an engine", () => {
  let mesh: RegionMesh;
  beforeAll(async () => {
    mesh = await startRegionMesh();
  });
  afterAll(async () => {
    await mesh?.stop();
  });

  for (const kind of ["nats", "mongo"] as const)
    test(`each ${kind === "nats" ? "nats-server" : "mongod"} in turn`, async () => {
      const names = mesh.topology.engines[kind].map((engine) => engine.name);
      await underLoad(mesh, `kill -9 ${names.join(", then ")}`, async (load) => {
        for (const name of names) {
          await mesh.supervisor.kill(name);
          await answers(load, BETWEEN);
          await enginesReady(mesh.topology, READY_LIMIT_MS);
        }
      });
    });
});
