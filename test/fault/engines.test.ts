/** The bus repeats everything, then loses everything: the books may do neither. What dies or freezes is the lab's matter (lab.test.ts). */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { changed, still } from "../harness/digest.ts";
import { answers, underLoad } from "../harness/faults.ts";
import type { LocalMesh } from "../harness/mesh.ts";
import { type RegionMesh, startRegionMesh } from "../harness/region-mesh.ts";
import { redeliver, redeliverAll, repeatBills } from "../harness/replay.ts";
import { wipeStores } from "../harness/streams.ts";

const BETWEEN = 40;

describe("the bus", () => {
  let mesh: RegionMesh & LocalMesh;
  beforeAll(async () => {
    mesh = await startRegionMesh();
  });
  afterAll(async () => {
    await mesh?.stop();
  });

  test("every event is delivered three times while tills bill", async () => {
    await underLoad(mesh, "all durables deleted, twice: everything is delivered again", async (load) => {
      for (let time = 2; time <= 3; time += 1) {
        expect((await redeliver(mesh)).messages).toBeGreaterThan(0);
        await answers(load, BETWEEN);
      }
    });
  });

  test("all that came since the beginning comes a second and a third time, events and bills: nothing changes", async () => {
    await underLoad(mesh, "a while of work, to be repeated", (load) => answers(load, BETWEEN));
    const before = await still(mesh.mongo);
    for (let time = 2; time <= 3; time += 1) {
      const startedMs = performance.now();
      const { messages, durables: hearers } = await redeliverAll(mesh);
      const { bills, faults } = await repeatBills(mesh);
      expect(faults).toEqual([]);
      expect(bills).toBeGreaterThan(0);
      expect(changed(before, await still(mesh.mongo))).toEqual([]);
      const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
      console.log(
        `time ${time}: ${messages} events to ${hearers} durables, ${bills} bills, in ${seconds} s: no document and no entry more`,
      );
    }
  });

  test("all three stores are wiped, and start empty", async () => {
    await underLoad(mesh, "kill -9 of all nats-servers, their stores wiped", async (load) => {
      await wipeStores(mesh);
      await answers(load, BETWEEN);
    });
  });
});
