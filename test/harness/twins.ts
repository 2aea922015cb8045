/** Twins of the till and the tally as processes of their own, on engines of their own: started, killed, frozen, and asked over NATS. */
import { type ChildProcess, spawn } from "node:child_process";
import { openSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { JetStreamManager } from "@nats-io/jetstream";
import { MongoClient } from "mongodb";
import { stringify } from "yaml";
import { compileCache } from "../../deploy/local/programs.ts";
import { type Bus, type Headers, openBus } from "../../services/mesh/bus.ts";
import { contentHash } from "../../services/mesh/journal.ts";
import { logger } from "../../services/mesh/log.ts";
import { listen, type Presence } from "../../services/mesh/presence.ts";
import { type Client, encodeCaller, openClient, type RpcReply, refusalOf, rpcSubject } from "../../services/mesh/rpc.ts";
import { newTraceparent } from "../../services/mesh/telemetry.ts";
import { type Mode, mongoUri, natsAccess, type Topology } from "../../services/mesh/topology.ts";
import type { Caller } from "../../services/values/decision.ts";
import type { Refusal } from "../../services/values/outcome.ts";
import { type LocalMesh, startEngines } from "./mesh.ts";
import { type Deposit, tillDefinition } from "./till.ts";

export const TREASURER: Caller = { name: "treasurer", role: "TREASURER", scope: "640000" };

export interface Bench {
  readonly engines: LocalMesh;
  readonly topology: Topology;
  readonly mongo: MongoClient;
  readonly bus: Bus;
  readonly client: Client;
  readonly presence: Presence;
  /** Starts a twin, e.g. "till.a"; resolves when it is ready. */
  start(name: string, environment?: Readonly<Record<string, string>>): Promise<ChildProcess>;
  /** Ends a twin; SIGKILL by default. Resolves when the process is gone. */
  kill(name: string, signal?: NodeJS.Signals): Promise<void>;
  pid(name: string): number;
  /** Freezes (SIGSTOP) or thaws a twin. */
  freeze(name: string): void;
  thaw(name: string): void;
  deposit(deposit: Deposit, timeoutMs?: number, caller?: Caller): Promise<RpcReply>;
  /** One request to one twin, with nothing tried again: `till.a`, `Deposit`. Headers replace the usual ones. */
  direct(name: string, method: string, data: Uint8Array, headers?: Headers, timeoutMs?: number): Promise<Direct>;
  /** An operator's word to one twin, in JSON. */
  operate(name: string, method: string, body: object): Promise<Direct & { readonly body: Readonly<Record<string, unknown>> }>;
  /** Metadata, consumers and messages of the streams. */
  streams(): Promise<JetStreamManager>;
  stop(): Promise<void>;
}

export interface Direct {
  /** OK, UNAVAILABLE, a refusal's status, or "no answer". */
  readonly status: string;
  readonly data: Uint8Array;
  readonly reason: string;
  /** The refusal, where it is one. */
  readonly refusal: Refusal | undefined;
}

const DIRECT_MS = 5_000;
/** On a machine that is busy with other tests. */
const READY_MS = 60_000;

/** Engines with the till and the tally in the topology (nothing started yet). */
export async function openTwins(mode: Mode = "dual-active"): Promise<Bench> {
  const engines = await startEngines();
  const base = Math.max(...Object.values(engines.topology.services).flatMap((pair) => [pair.a.port, pair.b.port])) + 60;
  const settings = { mode, takeover: "automatic", failback: "never", preferred: "a" } as const;
  const topology: Topology = {
    ...engines.topology,
    services: {
      till: {
        ...settings,
        a: { server: "server-a", port: base },
        b: { server: "server-b", port: base + 1 },
        commits_per_second: 25,
        settings: {},
      },
      tally: {
        ...settings,
        a: { server: "server-a", port: base + 2 },
        b: { server: "server-b", port: base + 3 },
        commits_per_second: 25,
        settings: {},
      },
    },
  };
  const file = join(engines.run, "twins.yaml");
  await writeFile(file, stringify(topology));
  await mkdir(join(engines.run, "logs"), { recursive: true });
  const log = logger("test");
  log.level = "error";
  const bus = await openBus(natsAccess(topology), "test", log);
  const presence = listen(bus, { beats: "*.*" });
  const client = openClient(bus, (service, twin) => presence.isDead(service, twin));
  const mongo = await new MongoClient(mongoUri(topology), {
    useBigInt64: true,
    promoteBuffers: true,
    readConcernLevel: "majority",
    readPreference: "primary",
  }).connect();
  const running = new Map<string, ChildProcess>();
  process.once("exit", () => {
    for (const child of running.values()) child.kill("SIGKILL");
  });

  const portOf = (name: string): number => {
    const [service = "", twin = ""] = name.split(".");
    const pair = topology.services[service];
    if (!pair) throw new Error(`no service ${service}`);
    return twin === "a" ? pair.a.port : pair.b.port;
  };
  const bench: Bench = {
    engines,
    topology,
    mongo,
    bus,
    client,
    presence,
    async start(name, environment = {}) {
      const [service = "", twin = ""] = name.split(".");
      const out = openSync(join(engines.run, "logs", `${name}.log`), "a");
      const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", join(import.meta.dirname, "till.ts")], {
        // Its standard input ends with this process, and so does the twin, however this process ends.
        stdio: ["pipe", out, out],
        env: {
          ...process.env,
          NODE_COMPILE_CACHE: compileCache(),
          NRCMS_TOPOLOGY: file,
          NRCMS_RUN: engines.run,
          NRCMS_SERVICE: service,
          NRCMS_TWIN: twin,
          ...environment,
        },
      });
      running.set(name, child);
      const isReady = async () => {
        const ended = child.exitCode ?? child.signalCode;
        if (ended !== null) throw new Error(`${name} ended with ${ended}; see ${engines.run}/logs/${name}.log`);
        return await fetch(`http://127.0.0.1:${portOf(name)}/ready`).then(
          (response) => response.status === 200,
          () => false,
        );
      };
      await until(`${name} is ready`, isReady, READY_MS);
      return child;
    },
    async kill(name, signal = "SIGKILL") {
      const child = running.get(name);
      if (!child) throw new Error(`${name} does not run`);
      running.delete(name);
      const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
      child.kill(signal);
      if (signal === "SIGKILL") child.kill("SIGCONT");
      if (child.exitCode === null && child.signalCode === null) await gone;
    },
    pid: (name) => running.get(name)?.pid ?? 0,
    freeze: (name) => void running.get(name)?.kill("SIGSTOP"),
    thaw: (name) => void running.get(name)?.kill("SIGCONT"),
    async direct(name, method, data, headers = {}, timeoutMs = DIRECT_MS) {
      const [service = "", twin = ""] = name.split(".");
      const usual = { "nrcms-caller": encodeCaller(TREASURER), "nrcms-hash": contentHash(data), "nrcms-deadline": String(timeoutMs) };
      const reply = await bus.request(rpcSubject(service, method, twin), data, { ...usual, ...headers }, timeoutMs);
      if (reply.kind !== "reply") return { status: "no answer", data: new Uint8Array(), reason: reply.kind, refusal: undefined };
      const status = reply.header("nrcms-status");
      const refused = status !== "OK" && status !== "UNAVAILABLE";
      const reason = decodeURIComponent(reply.header("nrcms-reason"));
      return { status, data: reply.data, reason, refusal: refused ? refusalOf(reply.data) : undefined };
    },
    async operate(name, method, body) {
      const operator = encodeCaller({ name: "operator-1", role: "OPERATOR", scope: "640000" });
      const answer = await bench.direct(name, method, new TextEncoder().encode(JSON.stringify(body)), { "nrcms-caller": operator });
      return {
        ...answer,
        body: answer.status === "OK" ? (JSON.parse(new TextDecoder().decode(answer.data)) as Record<string, unknown>) : {},
      };
    },
    streams: () => bus.jetstream().manager,
    deposit(deposit, timeoutMs = 10_000, caller = TREASURER) {
      const data = tillDefinition.methods.deposit.requestType.encode(deposit).finish();
      return client.call("till", "Deposit", data, { caller, traceparent: newTraceparent(), hash: contentHash(data), timeoutMs });
    },
    async stop() {
      for (const name of [...running.keys()]) await bench.kill(name);
      presence.close();
      await mongo.close();
      await bus.close();
      await engines.stop();
    },
  };
  return bench;
}

/** Waits for a condition, never longer than `limitMs`. */
export async function until(what: string, condition: () => boolean | Promise<boolean>, limitMs = 30_000): Promise<void> {
  const end = performance.now() + limitMs;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`waited ${limitMs} ms in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
