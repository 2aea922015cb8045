import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ROOT } from "../../../deploy/local/binaries.ts";
import { effectiveTopology } from "../../../deploy/local/ports.ts";
import { portsOf, readTopology } from "../../../services/mesh/topology.ts";

const OFFSET = -7_000; // Away from a mesh that may be running on the topology's own ports.
let run = "";
const servers: Server[] = [];
beforeEach(() => {
  run = mkdtempSync(join(tmpdir(), "nrcms-ports-"));
});
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
  rmSync(run, { recursive: true, force: true });
});

async function occupy(port: number): Promise<void> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(port, "127.0.0.1", resolve));
  servers.push(server);
}

const wanted = () => readTopology(join(ROOT, "deploy", "topology.yaml"));

describe("the topology in force", () => {
  test("is the wanted one where every port is free, and is written where the twins read it", async () => {
    const topology = await effectiveTopology(wanted(), run, { offset: OFFSET });
    expect(topology.engines.nats.map(({ port }) => port)).toEqual(wanted().engines.nats.map(({ port }) => port + OFFSET));
    expect(topology.bank.port).toBe(wanted().bank.port + OFFSET);
    expect(readTopology(join(run, "topology.yaml"))).toEqual(topology);
  });

  test("gives another port to whom it was taken from, says so, and leaves all others alone", async () => {
    const { services, engines } = wanted();
    await occupy((services.claims?.a.port ?? 0) + OFFSET);
    await occupy((engines.mongo[0]?.port ?? 0) + OFFSET);
    const said: string[] = [];
    const topology = await effectiveTopology(wanted(), run, { offset: OFFSET, say: (line) => said.push(line) });
    expect(topology.services.claims?.a.port).not.toBe((services.claims?.a.port ?? 0) + OFFSET);
    expect(topology.services.claims?.b.port).toBe((services.claims?.b.port ?? 0) + OFFSET);
    expect(said).toHaveLength(2);
    expect(said[0]).toMatch(/^mongo-a\.port: port \d+ is taken, \d+ instead$/);
    const ports = portsOf(topology).map(({ port }) => port);
    expect(new Set(ports).size).toBe(ports.length);
  });

  test("keeps the ports of the last run while they are free, whatever is wanted now", async () => {
    const first = await effectiveTopology(wanted(), run, { offset: OFFSET });
    const second = await effectiveTopology(wanted(), run, { offset: OFFSET - 400 });
    expect(second).toEqual(first);
  });

  test("keeps the clock and the settings as they are", async () => {
    const topology = { ...wanted(), clock_offset_ms: -505_000_000_000 };
    const inForce = await effectiveTopology(topology, run, { offset: OFFSET });
    expect(inForce.clock_offset_ms).toBe(-505_000_000_000);
    expect(inForce.services.payment?.settings).toEqual(topology.services.payment?.settings);
  });

  test("stays out of the range from which the machine takes ports for its own calls", async () => {
    const topology = await effectiveTopology(wanted(), run, { offset: 20_000 });
    for (const { port } of portsOf(topology)) {
      expect(port).toBeGreaterThanOrEqual(10_000);
      expect(port).toBeLessThan(32_000);
    }
  });
});
