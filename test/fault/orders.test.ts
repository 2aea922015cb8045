/**
 * What operators order, under load: a lead that is given away, a server that is put at rest, its processes ended and started again, a pair's mode changed.
 * Nobody at a till notices: no call fails, and nothing is lost or paid twice.
 */

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { stringify } from "yaml";
import { handOverPrimary } from "../../deploy/local/mongo-hand-over.ts";
import { handOverLeaders } from "../../deploy/local/nats.ts";
import { AdministrationServiceDefinition } from "../../proto/generated/nrcms/administration/v1/administration.ts";
import type { Topology } from "../../services/mesh/topology.ts";
import type { GatewayClient } from "../../services/nrcms/gateway-client.ts";
import { apply, drain, resume, switchover } from "../../services/nrcms/orders.ts";
import type { Load } from "../harness/callers.ts";
import { answers, underLoad } from "../harness/faults.ts";
import { readmeClient } from "../harness/readme-client.ts";
import { type RegionMesh, startRegionMesh } from "../harness/region-mesh.ts";

/** Answers between two orders. */
const BETWEEN = 20;
/** A call that waited 3 s for a processor is told to ask again: that is the test machine's load, no order's doing. */
const BUSY = /^UNAVAILABLE UNAVAILABLE: 系统繁忙/;

describe("orders under load", () => {
  let mesh: RegionMesh;
  let operator: GatewayClient;
  beforeAll(async () => {
    mesh = await startRegionMesh();
    operator = mesh.people.as("operator");
  });
  afterAll(async () => {
    await mesh?.stop();
  });

  /** Plays what is ordered, and sees that no caller was cut off or turned away. */
  async function unnoticed(what: string, strike: (load: Load) => Promise<void>): Promise<void> {
    let statuses: ReadonlyMap<string, number> = new Map();
    await underLoad(mesh, what, async (load) => {
      await strike(load);
      ({ statuses } = load);
    });
    const told = [...statuses].filter(([status]) => !BUSY.test(status)).map(([status, times]) => `${status} ${times}`);
    expect(told).toEqual([]);
  }

  const took: string[] = [];
  const note = (what: string, tookMs: number | undefined) => void took.push(`${what} ${Math.round(tookMs ?? -1)} ms`);

  test("every pair's lead, there and back", async () => {
    await unnoticed("switchover of every pair, there and back", async (load) => {
      for (const service of ["settlement", "payment", "claims", "enrollment", "administration", "monitoring"]) {
        for (let turn = 0; turn < 2; turn += 1) {
          const { tookMs } = await switchover(operator, service, "", false);
          note(`switchover ${service}`, tookMs);
          await answers(load, BETWEEN / 2);
        }
      }
    });
    console.log(took.splice(0).join(", "));
  });

  test("a server at rest, all its twins ended and started again, and back to work", async () => {
    await unnoticed("drain of server-a, restart of its twins, resume", async (load) => {
      note("drain", (await drain(operator, "server-a", "", false)).tookMs);
      const primary = await handOverPrimary(mesh.topology, "server-a");
      const leaders = await handOverLeaders(mesh.topology, "server-a");
      took.push(`primary ${primary?.from ?? "elsewhere"} → ${primary?.to ?? "stays"}, ${leaders} leaders moved`);
      expect(await handOverPrimary(mesh.topology, "server-a")).toBeUndefined();
      await answers(load, BETWEEN);
      const twins = mesh.supervisor.names().filter((name) => name.endsWith(".a"));
      await Promise.all(twins.map((name) => mesh.supervisor.kill(name, "SIGTERM")));
      await mesh.supervisor.waitReady(twins, 60_000);
      await answers(load, BETWEEN);
      note("resume", (await resume(operator, "server-a")).tookMs);
      await answers(load, BETWEEN);
    });
    console.log(took.splice(0).join(", "));
  });

  test("the client that the README shows does not notice a gateway's end, nor its rest", async () => {
    const strangers = readmeClient(mesh);
    try {
      await strangers.until(20);
      await mesh.supervisor.kill("gateway.a");
      await strangers.until(20);
      await mesh.supervisor.waitReady(["gateway.a"], 60_000);
      await drain(operator, "server-b", "", false);
      await strangers.until(20);
      await mesh.supervisor.kill("gateway.b", "SIGTERM");
      await mesh.supervisor.waitReady(["gateway.b"], 60_000);
      await resume(operator, "server-b");
      await strangers.until(20);
      await mesh.supervisor.kill("gateway.b", "SIGTERM");
      await strangers.until(20);
    } finally {
      await strangers.stop();
    }
    expect(strangers.failures).toEqual([]);
  });

  test("every pair's mode changed, and changed back", async () => {
    const turned = (mode: (before: string) => "dual-active" | "hot-standby"): Topology => ({
      ...mesh.topology,
      services: Object.fromEntries(
        Object.entries(mesh.topology.services).map(([name, pair]) => [
          name,
          name === "gateway" ? pair : { ...pair, mode: mode(pair.mode) },
        ]),
      ),
    });
    await unnoticed("every pair's mode changed, and changed back", async (load) => {
      for (const topology of [turned(() => "hot-standby"), turned(() => "dual-active"), mesh.topology]) {
        const { tookMs, orders } = await apply(operator, stringify(topology), () => undefined);
        note(`apply to ${orders.length} pairs`, tookMs);
        await answers(load, BETWEEN);
        expect((await apply(operator, stringify(topology), () => undefined)).orders).toEqual([]);
      }
    });
    console.log(took.splice(0).join(", "));
  });

  test.each([
    ["both twins on one server", "both twins are on server-a", (wanted: Topology) => move(wanted, "claims", "b", "server-a")],
    [
      "no witness",
      "there is no majority",
      (wanted: Topology) =>
        void wanted.engines.mongo.forEach((one) => {
          one.server = "server-a";
        }),
    ],
    ["no YAML", "at line 1", () => "services: [claims"],
  ])("a topology with %s is refused with its place, changes nothing, and is on record", async (_, words, spoil) => {
    const wanted = structuredClone(mesh.topology);
    const text = spoil(wanted) ?? stringify(wanted);
    const journal = mesh.mongo.db("nrcms_administration").collection("journal");
    const before = (await operator.call(AdministrationServiceDefinition, "listPairOrders", {})).orders;
    const entries = await journal.countDocuments();
    await expect(apply(operator, text, () => undefined)).rejects.toThrow(words);
    expect((await operator.call(AdministrationServiceDefinition, "listPairOrders", {})).orders).toEqual(before);
    expect(await journal.countDocuments()).toBe(entries + 1);
    const [last] = await journal.find().sort({ atMs: -1 }).limit(1).toArray();
    expect(last).toMatchObject({
      outcome: "refused",
      caller: expect.stringContaining("operator"),
      method: expect.stringContaining("CheckTopology"),
    });
  });
});

/** Puts a twin on another server. */
function move(topology: Topology, service: string, twin: "a" | "b", server: string): void {
  const pair = topology.services[service];
  if (!pair) throw new Error(`there is no ${service}`);
  pair[twin].server = server;
}
