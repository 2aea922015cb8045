/** The three mongods of a local run: their settings, the replica set's configuration, and the proof that a majority write goes through. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { type Document, MongoClient, MongoServerError } from "mongodb";
import { hostOf, type Topology } from "../../services/mesh/topology.ts";
import type { Command } from "./kept.ts";

export const REPLICA_SET = "nrcms";
const POLL_MS = 50;
const CONNECT_LIMIT_MS = 1_000;
/** No primary for this long after all members answered, and their configuration names other addresses: it is replaced by force. */
const FORCE_AFTER_MS = 500;
/** Who leads when all are well: a, else b; the witness only when it must. */
const PRIORITIES = [2, 1, 0.5] as const;
const NO_CONFIGURATION = 94;

/**
 * transactionLifetimeLimitSeconds: a killed twin's open transaction would lock its documents for 60 s by default.
 * oplogNetworkTimeoutBufferSeconds: a secondary would hang 6 s on a frozen source. shutdownTimeout…: a primary would linger 15 s after SIGTERM.
 */
const PARAMETERS = [
  "transactionLifetimeLimitSeconds=1",
  "oplogNetworkTimeoutBufferSeconds=1",
  "shutdownTimeoutMillisForSignaledShutdown=500",
  "diagnosticDataCollectionEnabled=false",
  "replWriterThreadCount=4",
];

function addresses(topology: Topology): string[] {
  return topology.engines.mongo.map(({ server, port }) => `${hostOf(topology, server)}:${port}`);
}

export function mongoCommands(topology: Topology, run: string, binary: string, environment: Readonly<Record<string, string>>): Command[] {
  return topology.engines.mongo.map(({ name, server, port }) => {
    const folder = join(run, name);
    mkdirSync(folder, { recursive: true });
    const parameters = ["--replSet", REPLICA_SET, "--bind_ip", hostOf(topology, server), "--port", String(port), "--dbpath", folder];
    parameters.push("--wiredTigerCacheSizeGB", "0.25", "--oplogSize", "512", "--nounixsocket", "--quiet");
    for (const parameter of PARAMETERS) parameters.push("--setParameter", parameter);
    return { name, file: binary, parameters, environment, log: join(run, "logs", `${name}.log`) };
  });
}

/** The configuration that the replica set should have, without its version and term. */
function wantedConfiguration(topology: Topology): { members: Document[]; settings: Document } {
  const members = addresses(topology).map((host, index) => ({ _id: index, host, priority: PRIORITIES[index] ?? 0.5 }));
  return { members, settings: { electionTimeoutMillis: 2000, heartbeatIntervalMillis: 500, heartbeatTimeoutSecs: 1 } };
}

function differs(topology: Topology, present: Document): boolean {
  const { members, settings } = wantedConfiguration(topology);
  const shown = (present.members as Document[]).map(({ _id, host, priority }) => ({ _id, host, priority }));
  const set = Object.fromEntries(Object.keys(settings).map((name) => [name, present.settings[name]]));
  return !isDeepStrictEqual(shown, members) || !isDeepStrictEqual(set, settings);
}

interface View {
  readonly address: string;
  readonly primary: boolean;
  readonly secondary: boolean;
  /** Undefined where the member has none yet. */
  readonly configuration: Document | undefined;
}

async function look(client: MongoClient, address: string): Promise<View> {
  const admin = client.db("admin");
  const hello = await admin.command({ hello: 1 });
  let configuration: Document | undefined;
  try {
    configuration = (await admin.command({ replSetGetConfig: 1 })).config as Document;
  } catch (error) {
    if (!(error instanceof MongoServerError) || error.code !== NO_CONFIGURATION) throw error;
  }
  return { address, primary: hello.isWritablePrimary === true, secondary: hello.secondary === true, configuration };
}

/** Gives the replica set its configuration: the first time, and again when ports or settings are other ones than at the last run. */
async function configure(topology: Topology, clients: readonly MongoClient[], views: readonly View[], waitedMs: number): Promise<void> {
  const wanted = wantedConfiguration(topology);
  const admin = (index: number) => clients[index]?.db("admin");
  const present = views.findIndex((view) => view.configuration !== undefined);
  if (present < 0) {
    await admin(0)?.command({ replSetInitiate: { _id: REPLICA_SET, writeConcernMajorityJournalDefault: true, ...wanted } });
    return;
  }
  const primary = views.findIndex((view) => view.primary);
  const at = primary >= 0 ? primary : present;
  const configuration = views[at]?.configuration;
  if (!configuration || !differs(topology, configuration)) return;
  const force = primary < 0;
  if (force && waitedMs < FORCE_AFTER_MS) return;
  const next = {
    ...configuration,
    members: wanted.members,
    settings: { ...configuration.settings, ...wanted.settings },
    version: configuration.version + 1,
  };
  await admin(at)?.command({ replSetReconfig: next, force });
}

function missing(views: readonly (View | string)[]): string[] {
  const words = views.flatMap((view) => {
    if (typeof view === "string") return [view];
    return view.primary || view.secondary ? [] : [`${view.address} is neither primary nor secondary yet`];
  });
  if (!views.some((view) => typeof view !== "string" && view.primary)) words.push("there is no primary");
  return words;
}

/** Waits until one member is primary, the others are secondaries, and a write reaches all of them. Throws what is missing when `signal` aborts. */
export async function mongoReady(topology: Topology, signal: AbortSignal): Promise<void> {
  const hosts = addresses(topology);
  const options = {
    directConnection: true,
    serverSelectionTimeoutMS: CONNECT_LIMIT_MS,
    connectTimeoutMS: CONNECT_LIMIT_MS,
    socketTimeoutMS: 5_000,
    maxPoolSize: 2,
  };
  const clients = hosts.map((host) => new MongoClient(`mongodb://${host}/`, options));
  let words: string[] = ["nothing answered yet"];
  let answeredMs: number | undefined;
  try {
    while (!signal.aborted) {
      const views = await Promise.all(
        clients.map((client, index) => look(client, hosts[index] ?? "").catch(() => `${hosts[index]} does not answer yet`)),
      );
      try {
        const all = views.filter((view) => typeof view !== "string");
        if (all.length === hosts.length) {
          answeredMs ??= performance.now();
          await configure(topology, clients, all, performance.now() - answeredMs);
        }
        words = missing(views);
        const primary = views.findIndex((view) => typeof view !== "string" && view.primary);
        if (words.length === 0) {
          await clients[primary]
            ?.db("admin")
            .command({ appendOplogNote: 1, data: { ready: 1 }, writeConcern: { w: hosts.length, wtimeout: 2_000 } });
          return;
        }
      } catch (error) {
        words = [error instanceof Error ? error.message : String(error)];
      }
      await pause(POLL_MS);
    }
    throw new Error(`the mongods are not ready: ${words.join("; ")}`);
  } finally {
    await Promise.all(clients.map((client) => client.close()));
  }
}
