/** The supervisor on real engines: what dies comes back, what stops leaves nothing, and a second start goes on with what is stored. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import { MongoClient } from "mongodb";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { ROOT } from "../../deploy/local/binaries.ts";
import { enginesReady } from "../../deploy/local/engines.ts";
import { leftovers, readTable } from "../../deploy/local/leftovers.ts";
import { Supervisor } from "../../deploy/local/supervisor.ts";
import { mongoUri, natsServers, readTopology, type Topology } from "../../services/mesh/topology.ts";
import { type LocalMesh, portOffset, startEngines, startMesh } from "../harness/mesh.ts";

const PATIENCE_MS = 20_000;

/** Waits until `look` is true; throws with `what` when it is not within the patience. */
async function until(what: string, look: () => boolean | Promise<boolean>, limitMs = PATIENCE_MS): Promise<number> {
  const startedMs = performance.now();
  while (!(await look())) {
    if (performance.now() - startedMs > limitMs) throw new Error(`not within ${limitMs} ms: ${what}`);
    await pause(10);
  }
  return performance.now() - startedMs;
}

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

const wanted = (): Topology => readTopology(join(ROOT, "deploy", "topology.yaml"));

describe("a running mesh", () => {
  let mesh: LocalMesh;
  beforeAll(async () => {
    mesh = await startMesh({ services: ["administration"] });
  });
  afterAll(async () => await mesh?.stop());

  test.each(["nats-b", "mongo-w", "administration.a"])(
    "%s is started again within a second of its death, and is whole again",
    async (name) => {
      const { supervisor } = mesh;
      const before = supervisor.pid(name);
      await supervisor.kill(name);
      const tookMs = await until(`${name} runs again`, () => supervisor.pid(name) !== undefined && supervisor.pid(name) !== before);
      expect(tookMs).toBeLessThan(1_000);
      await Promise.all([enginesReady(mesh.topology, { limitMs: PATIENCE_MS }), supervisor.waitReady(undefined, PATIENCE_MS)]);
      expect(readTable(mesh.run)?.processes.find((row) => row.name === name)).toMatchObject({ pid: supervisor.pid(name), restarts: 1 });
    },
  );

  test("what is held stays dead until it is released", async () => {
    const { supervisor } = mesh;
    supervisor.hold("administration.b");
    await supervisor.kill("administration.b");
    await pause(300);
    expect(supervisor.pid("administration.b")).toBeUndefined();
    expect(readTable(mesh.run)?.processes.find(({ name }) => name === "administration.b")?.held).toBe(true);
    supervisor.release("administration.b");
    expect(supervisor.pid("administration.b")).toBeDefined();
    await supervisor.waitReady(["administration.b"], PATIENCE_MS);
  });

  test("lives on where its table cannot be written, and writes it as soon as it can", async () => {
    const { supervisor, run } = mesh;
    const inTheWay = join(run, `supervisor.json.${process.pid}.part`);
    const held = () => readTable(run)?.processes.find(({ name }) => name === "administration.b")?.held;
    mkdirSync(inTheWay);
    supervisor.hold("administration.b");
    expect(held()).toBe(false);
    rmdirSync(inTheWay);
    await until("the table is written", () => held() === true);
    supervisor.release("administration.b");
  });

  test("what it starts is offered to the kernel before itself, where memory runs out", () => {
    const offered = (pid: number | undefined) => Number(readFileSync(`/proc/${pid}/oom_score_adj`, "utf8"));
    for (const name of ["nats-a", "mongo-a", "administration.a"])
      expect(offered(mesh.supervisor.pid(name))).toBeGreaterThan(offered(process.pid));
  });

  test("the death of a twin is told on the bus", async () => {
    const connection = await connect({ servers: natsServers(mesh.topology) });
    try {
      const subscription = connection.subscribe("nrcms.death.>", { max: 1 });
      await connection.flush();
      const pid = mesh.supervisor.pid("administration.a");
      await mesh.supervisor.kill("administration.a");
      for await (const message of subscription) {
        expect(message.subject).toBe("nrcms.death.administration.a");
        expect(message.json()).toMatchObject({ process: "administration.a", pid, signal: "SIGKILL" });
      }
    } finally {
      await connection.close();
    }
    await mesh.supervisor.waitReady(["administration.a"], PATIENCE_MS);
  });

  test("what is frozen lives and does nothing, until it is resumed", async () => {
    const { supervisor } = mesh;
    const pid = supervisor.pid("administration.a");
    supervisor.pause("administration.a");
    await expect(supervisor.waitReady(["administration.a"], 300)).rejects.toThrow(/administration\.a: it does not answer yet/);
    expect(supervisor.pid("administration.a")).toBe(pid);
    supervisor.resume("administration.a");
    await supervisor.waitReady(["administration.a"], PATIENCE_MS);
  });

  test("the engines run with the settings that the promises rest on", async () => {
    const [address] = natsServers(mesh.topology);
    const monitor = mesh.topology.engines.nats[0]?.monitor;
    expect(address).toContain("127.0.0.1");
    const { config } = (await (await fetch(`http://127.0.0.1:${monitor}/jsz?config=true`)).json()) as { config: { sync_always: boolean } };
    expect(config.sync_always).toBe(true);
    const client = await MongoClient.connect(mongoUri(mesh.topology));
    try {
      const admin = client.db("admin");
      const wanted = {
        transactionLifetimeLimitSeconds: 1,
        oplogNetworkTimeoutBufferSeconds: 1,
        oplogFetcherSteadyStateMaxFetcherRestarts: 0,
        oplogInitialFindMaxSeconds: 1,
        changeSyncSourceThresholdMillis: 60_000,
      };
      const parameters = await admin.command({ getParameter: 1, ...Object.fromEntries(Object.keys(wanted).map((name) => [name, 1])) });
      expect(parameters).toMatchObject(wanted);
      const { config: set } = await admin.command({ replSetGetConfig: 1 });
      expect(set.settings).toMatchObject({ electionTimeoutMillis: 2000, heartbeatIntervalMillis: 150, heartbeatTimeoutSecs: 1 });
      expect(set.members.map((member: { priority: number }) => member.priority)).toEqual([1, 1, 0.5]);
      expect(set.writeConcernMajorityJournalDefault).toBe(true);
    } finally {
      await client.close();
    }
  });

  test("a second supervisor on the same run directory is refused, and disturbs nothing", async () => {
    const pids = leftovers(mesh.run);
    const second = new Supervisor({ topology: wanted(), run: mesh.run, services: [] });
    await expect(second.start()).rejects.toThrow(new RegExp(`another supervisor \\(process ${process.pid}\\) runs on ${mesh.run}`));
    expect(readTable(mesh.run)?.state).toBe("running");
    expect(leftovers(mesh.run)).toEqual(pids);
  });

  test("a stop ends within ten seconds and leaves no process behind", async () => {
    const pids = leftovers(mesh.run);
    expect(pids.length).toBe(8);
    const startedMs = performance.now();
    await mesh.stop();
    expect(performance.now() - startedMs).toBeLessThan(10_000);
    expect(pids.filter(isAlive)).toEqual([]);
    expect(existsSync(mesh.run)).toBe(false);
  });
});

describe("a start", () => {
  const listening: Server[] = [];
  const processes: ChildProcess[] = [];
  let run = "";
  beforeAll(() => {
    run = mkdtempSync(join(tmpdir(), "nrcms-start-"));
  });
  afterEach(async () => {
    for (const server of listening.splice(0)) await new Promise((resolve) => server.close(resolve));
    for (const child of processes.splice(0)) child.kill("SIGKILL");
  });
  afterAll(() => rmSync(run, { recursive: true, force: true }));

  const occupy = async (port: number): Promise<void> => {
    const server = createServer((socket) => socket.destroy());
    await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
    listening.push(server);
  };

  test("goes on with what is stored, on other ports where somebody has taken the old ones", async () => {
    const first = await startEngines({ run });
    const client = await MongoClient.connect(mongoUri(first.topology));
    await client
      .db("kept")
      .collection("facts")
      .insertOne({ fen: 120_000n }, { writeConcern: { w: "majority", journal: true } });
    await client.close();
    const writing = await connect({ servers: natsServers(first.topology) });
    await (await jetstreamManager(writing)).streams.add({ name: "KEPT", subjects: ["kept.>"], num_replicas: 3 });
    await jetstream(writing).publish("kept.fact", "120000");
    await writing.close();
    await first.stop();

    for (const { port } of first.topology.engines.mongo) await occupy(port);
    for (const { port } of first.topology.engines.nats.slice(0, 2)) await occupy(port);
    const second = await startEngines({ run });
    try {
      expect(second.topology.engines.mongo.map(({ port }) => port)).not.toEqual(first.topology.engines.mongo.map(({ port }) => port));
      expect(second.topology.engines.nats[2]?.port).toBe(first.topology.engines.nats[2]?.port);
      expect(readTopology(join(run, "topology.yaml"))).toEqual(second.topology);
      const reading = await MongoClient.connect(mongoUri(second.topology), { useBigInt64: true });
      expect(await reading.db("kept").collection("facts").findOne()).toMatchObject({ fen: 120_000n });
      await reading.close();
      const connection = await connect({ servers: natsServers(second.topology) });
      expect((await (await jetstreamManager(connection)).streams.info("KEPT")).state.messages).toBe(1);
      await connection.close();
    } finally {
      await second.stop();
    }
  });

  /** Starts a supervisor in a process of its own and waits until its engines are ready. */
  async function supervisorProcess(directory: string): Promise<ChildProcess> {
    const child = spawn(process.execPath, [join(ROOT, "test", "harness", "supervise.ts"), directory, String(portOffset())]);
    processes.push(child);
    let output = "";
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (chunk) => {
        output += chunk;
      });
    await until(`the supervisor is ready (it said: ${output})`, () => output.includes("ready") || child.exitCode !== null, 60_000);
    expect(output).toContain("ready");
    return child;
  }

  test("SIGTERM stops everything in order", async () => {
    const child = await supervisorProcess(run);
    const pids = leftovers(run);
    expect(pids.length).toBe(6);
    child.kill("SIGTERM");
    await until("the supervisor ends", () => child.exitCode !== null, 10_000);
    expect(child.exitCode).toBe(143);
    expect(pids.filter(isAlive)).toEqual([]);
    expect(readTable(run)).toBeUndefined();
  });

  test("a supervisor killed outright takes its children with it", async () => {
    const child = await supervisorProcess(run);
    const pids = leftovers(run);
    child.kill("SIGKILL");
    await until("no child is left", () => !pids.some(isAlive), 5_000);
    expect(readTable(run)).toBeUndefined();
  });

  test("the lock and the processes that a dead supervisor left do not stand in the way", async () => {
    const child = await supervisorProcess(run);
    const pids = leftovers(run);
    // Its undertaker is the one child without a mark; without it the engines stay.
    const undertaker = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, "utf8")
      .trim()
      .split(" ")
      .map(Number)
      .find((pid) => !pids.includes(pid));
    process.kill(undertaker ?? 0, "SIGKILL");
    child.kill("SIGKILL");
    await until("it is gone", () => child.signalCode !== null);
    expect(pids.filter(isAlive)).toEqual(pids);
    const mesh = await startEngines({ run });
    expect(pids.filter(isAlive)).toEqual([]);
    await mesh.stop();
  });

  test("that is stopped half-way ends soon and leaves nothing", async () => {
    const directory = mkdtempSync(join(tmpdir(), "nrcms-half-"));
    try {
      const supervisor = new Supervisor({ topology: wanted(), run: directory, services: [], portOffset: 3_000 });
      const starting = supervisor.start();
      await until("the engines are started", () => leftovers(directory).length > 0);
      const startedMs = performance.now();
      await Promise.all([supervisor.stop(), expect(starting).rejects.toThrow(/not ready|stopped while it was starting/)]);
      expect(performance.now() - startedMs).toBeLessThan(10_000);
      expect(leftovers(directory)).toEqual([]);
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });

  test("an engine that cannot live ends the start soon, with its own words, and leaves nothing", async () => {
    const directory = mkdtempSync(join(tmpdir(), "nrcms-broken-"));
    try {
      const broken = new Supervisor({ topology: wanted(), run: directory, services: [], portOffset: 1_000 });
      mkdirSync(join(directory, "mongo-b"));
      writeFileSync(join(directory, "mongo-b", "storage.bson"), "this is no BSON document");
      await expect(broken.start()).rejects.toThrow(/the mongods are not ready: .*does not answer yet[\s\S]*mongo-b ended/);
      expect(leftovers(directory)).toEqual([]);
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });
});
