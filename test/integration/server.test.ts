/** One server's part of the mesh, as it runs on a machine of its own: three supervisors, each with its run directory; what each keeps outlives it. */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ensureSandboxCertificates } from "../../deploy/local/authority.ts";
import { ROOT } from "../../deploy/local/binaries.ts";
import { enginesReady } from "../../deploy/local/engines.ts";
import { endLeftovers, lastTable, leftovers, readTable } from "../../deploy/local/leftovers.ts";
import { effectiveTopology } from "../../deploy/local/ports.ts";
import { unready } from "../../deploy/local/readiness.ts";
import { readTopology, type Topology } from "../../services/mesh/topology.ts";
import { portOffset } from "../harness/mesh.ts";
import { startNrcms } from "../harness/nrcms.ts";
import { until } from "../harness/twins.ts";

const SERVERS = ["server-a", "server-b", "witness"] as const;
const LIMIT_MS = 60_000;
const STOP_MS = 12_000;

let folder = "";
let topology: Topology;
const runOf = (server: string) => join(folder, server);
const file = () => join(folder, "topology.yaml");
const up = (server: string) => startNrcms(runOf(server), "up", "--server", server, "--topology", file());
const rows = (server: string) => (lastTable(runOf(server))?.processes ?? []).map(({ name, pid }) => `${name} ${pid}`);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "nrcms-servers-"));
  const wanted = readTopology(join(ROOT, "deploy", "topology.yaml"));
  const { administration } = wanted.services;
  if (!administration) throw new Error("the topology has no administration");
  topology = await effectiveTopology({ ...wanted, services: { administration } }, folder, {
    offset: portOffset(),
  });
  for (const server of SERVERS) {
    mkdirSync(runOf(server), { recursive: true });
    await ensureSandboxCertificates(join(runOf(server), "certs"), { counties: [], institutions: [] });
  }
});
afterAll(async () => {
  for (const server of SERVERS) {
    const pid = readTable(runOf(server))?.pid;
    if (pid !== undefined) process.kill(pid, "SIGTERM");
  }
  await until("all have stopped", () => SERVERS.every((server) => readTable(runOf(server)) === undefined), STOP_MS).catch(() => undefined);
  for (const server of SERVERS) await endLeftovers(runOf(server), () => undefined);
  rmSync(folder, { recursive: true, force: true });
});

describe("a server's supervisor", () => {
  test("waits for a majority, and keeps its own part only", async () => {
    const first = up("server-a");
    await first.says("waiting: ", LIMIT_MS);
    expect(rows("server-a").map((row) => row.split(" ")[0])).toEqual(["nats-a", "mongo-a"]);
    up("server-b");
    up("witness");
    await enginesReady(topology, { limitMs: LIMIT_MS });
    await first.says("up: server-a: nats-a, mongo-a, administration.a, guardian.server-a", LIMIT_MS);
    for (const twin of ["a", "b"])
      await until(`administration.${twin} is ready`, async () => (await unready(topology, `administration.${twin}`)) === "", LIMIT_MS);
    expect(rows("witness").map((row) => row.split(" ")[0])).toEqual(["nats-w", "mongo-w", "guardian.witness"]);
  });

  test("is begun anew when it is killed, and adopts what it finds; a twin that dies afterwards comes back", async () => {
    const before = { rows: rows("server-a"), pid: readTable(runOf("server-a"))?.pid ?? 0 };
    process.kill(before.pid, "SIGKILL");
    await until("another supervisor runs", () => (readTable(runOf("server-a"))?.pid ?? before.pid) !== before.pid, LIMIT_MS);
    await until("it has adopted everything", () => JSON.stringify(rows("server-a")) === JSON.stringify(before.rows), LIMIT_MS);
    const twin = lastTable(runOf("server-a"))?.processes.find(({ name }) => name === "administration.a")?.pid ?? 0;
    process.kill(twin, "SIGKILL");
    const other = () => lastTable(runOf("server-a"))?.processes.find(({ name }) => name === "administration.a")?.pid;
    await until("the twin is another one", () => other() !== undefined && other() !== twin, LIMIT_MS);
    await until("and is ready", async () => (await unready(topology, "administration.a")) === "", LIMIT_MS);
  });

  test("stops in order when it is asked to, adopted or not, and leaves nothing behind", async () => {
    const pid = readTable(runOf("server-a"))?.pid ?? 0;
    process.kill(pid, "SIGTERM");
    await until("it has stopped", () => leftovers(runOf("server-a")).length === 0, STOP_MS);
    await until("nobody begins it anew", () => readTable(runOf("server-a")) === undefined, STOP_MS);
    expect(await unready(topology, "administration.b")).toBe("");
  });

  test("refuses a server that the topology does not have", async () => {
    const { code, stderr } = await up("server-c").ended;
    expect([code, stderr.trim()]).toEqual([1, expect.stringMatching(/no server server-c; there are server-a, server-b, witness$/)]);
  });
});
