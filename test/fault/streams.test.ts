/** The bus may repeat everything and lose everything; the books may do neither. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { answers, underLoad, until } from "../harness/faults.ts";
import { type RegionMesh, startRegionMesh } from "../harness/region-mesh.ts";
import { deleteDurables, durables, wipeStores } from "../harness/streams.ts";

const DURABLES_LIMIT_MS = 120_000;
const AFTER = 40;

describe("the streams", () => {
  let mesh: RegionMesh;
  beforeAll(async () => {
    mesh = await startRegionMesh();
  });
  afterAll(async () => {
    await mesh?.stop();
  });

  test("every event is delivered twice", async () => {
    await underLoad(mesh, "all durables deleted: everything is delivered again", async (load) => {
      const again = await deleteDurables(mesh);
      expect(again.messages).toBeGreaterThan(0);
      await until("the durables are there again", async () => (await durables(mesh)) >= again.durables, DURABLES_LIMIT_MS);
      await answers(load, AFTER);
    });
  });

  test("all three stores are wiped, and start empty", async () => {
    await underLoad(mesh, "kill -9 of all nats-servers, their stores wiped", async (load) => {
      await wipeStores(mesh);
      await answers(load, AFTER);
    });
  });
});
