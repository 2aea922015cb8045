/** The three mongods of a local run: their settings, the replica set's configuration, and the proof that a majority write goes through. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import type { Document } from "mongodb";
import { hostOf, type Topology } from "../../services/mesh/topology.ts";
import { wordsOf } from "../../services/values/thrown.ts";
import { type EngineSetting, ofServer } from "./engine-setting.ts";
import type { Command } from "./kept.ts";
import { addresses, COMMAND_LIMIT_MS, Member, type View } from "./mongo-member.ts";

export const REPLICA_SET = "nrcms";
const POLL_MS = 50;
/**
 * No primary for this long after all members answered, and their configuration names other addresses (ports that were free at the last run are taken now):
 * it is replaced by force. Correcting the stored configuration offline is no way: a member that was killed and is started outside its set forgets its last writes.
 */
const FORCE_AFTER_MS = 500;
/** Either server's may lead, and keeps the lead that it was given; the witness leads only when it must. */
const PRIORITIES = [1, 1, 0.5] as const;

/**
 * transactionLifetimeLimitSeconds: a killed twin's open transaction would lock its documents for 60 s by default.
 * oplogNetworkTimeoutBufferSeconds: a secondary would hang 6 s on a frozen source. oplogFetcherSteadyStateMaxFetcherRestarts: then it would try to reach it once more, 3 s
 * where its machine is off, before it looks for another; with one member of three away every write waits for that. oplogInitialFindMaxSeconds: the first question to a source would wait a
 * minute, where its machine has no CPU. changeSyncSourceThresholdMillis: no secondary leaves the primary for
 * a neighbour whose pings have been some milliseconds quicker. shutdownTimeout…: a primary would linger 15 s after SIGTERM.
 */
const PARAMETERS = [
  "transactionLifetimeLimitSeconds=1",
  "oplogNetworkTimeoutBufferSeconds=1",
  "oplogFetcherSteadyStateMaxFetcherRestarts=0",
  "oplogInitialFindMaxSeconds=1",
  "changeSyncSourceThresholdMillis=60000",
  "shutdownTimeoutMillisForSignaledShutdown=500",
  "diagnosticDataCollectionEnabled=false",
  "replWriterThreadCount=2",
];
/** A quarter of a GB in memory, of which more may be dirty than by default: it is written when it is full rather than again and again (7 % of all CPU under load). */
const CACHE_GB = "0.25";
const EVICTION = "eviction_dirty_target=20,eviction_dirty_trigger=40,eviction_updates_target=20,eviction_updates_trigger=30";

export function mongoCommands({ topology, server: machine, run, environment }: EngineSetting, binary: string): Command[] {
  return ofServer(topology.engines.mongo, machine).map(({ name, server, port }) => {
    const folder = join(run, name);
    mkdirSync(folder, { recursive: true });
    const parameters = ["--replSet", REPLICA_SET, "--bind_ip", hostOf(topology, server), "--port", String(port), "--dbpath", folder];
    parameters.push("--pidfilepath", join(folder, "pid"));
    parameters.push(
      "--wiredTigerCacheSizeGB",
      CACHE_GB,
      "--wiredTigerEngineConfigString",
      EVICTION,
      "--oplogSize",
      "512",
      "--nounixsocket",
      "--quiet",
    );
    for (const parameter of PARAMETERS) parameters.push("--setParameter", parameter);
    return { name, file: binary, parameters, environment, log: join(run, "logs", `${name}.log`) };
  });
}

/**
 * The configuration that the replica set should have, without its version and term.
 * heartbeatIntervalMillis: a secondary whose source falls silent (frozen, without power) hangs for half a minute in its report of how far it is, and the primary then learns
 * that only from heartbeats. With one member of three away that is what every majority write waits for; at 500 ms it was seen as half-second answers. 150 ms cost 2 % of a core.
 */
function wantedConfiguration(topology: Topology): { members: Document[]; settings: Document } {
  const members = addresses(topology).map((host, index) => ({ _id: index, host, priority: PRIORITIES[index] ?? 0.5 }));
  return { members, settings: { electionTimeoutMillis: 2000, heartbeatIntervalMillis: 150, heartbeatTimeoutSecs: 1 } };
}

function differs(topology: Topology, present: Document): boolean {
  const { members, settings } = wantedConfiguration(topology);
  const shown = (present.members as Document[]).map(({ _id, host, priority }) => ({ _id, host, priority }));
  const set = Object.fromEntries(Object.keys(settings).map((name) => [name, present.settings[name]]));
  return !isDeepStrictEqual(shown, members) || !isDeepStrictEqual(set, settings);
}

/** Gives the replica set its configuration: the first time, and again when ports or settings are other ones than at the last run. */
async function configure(topology: Topology, views: readonly View[], waitedMs: number): Promise<void> {
  const wanted = wantedConfiguration(topology);
  const primary = views.find((view) => view.primary);
  const at = primary ?? views.find((view) => view.configuration !== undefined);
  if (!at) {
    await views[0]?.member.admin.command({ replSetInitiate: { _id: REPLICA_SET, writeConcernMajorityJournalDefault: true, ...wanted } });
    return;
  }
  const { configuration } = at;
  if (!configuration || !differs(topology, configuration) || (!primary && waitedMs < FORCE_AFTER_MS)) return;
  const next = {
    ...configuration,
    members: wanted.members,
    settings: { ...configuration.settings, ...wanted.settings },
    version: configuration.version + 1,
  };
  await at.member.admin.command({ replSetReconfig: next, force: !primary });
}

function missing(views: readonly (View | string)[]): string[] {
  const said = views.flatMap((view) => {
    if (typeof view === "string") return [view];
    return view.primary || view.secondary ? [] : [`${view.member.address} is neither primary nor secondary yet`];
  });
  if (!views.some((view) => typeof view !== "string" && view.primary)) said.push("there is no primary");
  return said;
}

/** Waits until one member is primary, the others are secondaries, and a write reaches all of them. Throws what is missing when `signal` aborts. */
export async function mongoReady(topology: Topology, signal: AbortSignal): Promise<void> {
  const members = addresses(topology).map((address) => new Member(address));
  let said: string[] = ["nothing answered yet"];
  let answeredMs: number | undefined;
  let asked = false;
  try {
    while (!signal.aborted) {
      const views = await Promise.all(members.map((member) => member.look()));
      said = missing(views);
      const answered = views.filter((view) => typeof view !== "string");
      if (answered.length === members.length) {
        answeredMs ??= performance.now();
        try {
          await configure(topology, answered, performance.now() - answeredMs);
          if (!asked && answered.every((view) => view.secondary)) {
            asked = true; // A normal election, without waiting for the election timeout. Where it fails, the timeout brings one.
            await answered[0]?.member.admin.command({ replSetStepUp: 1 });
          }
          const primary = answered.find((view) => view.primary);
          if (primary && said.length === 0) {
            const everywhere = { w: members.length, wtimeout: COMMAND_LIMIT_MS };
            await primary.member.admin.command({ appendOplogNote: 1, data: { ready: 1 }, writeConcern: everywhere });
            return;
          }
        } catch (error) {
          said.push(wordsOf(error));
        }
      }
      await pause(POLL_MS);
    }
    if (said.length === members.length + 1 && asked === false)
      said.push("if their ports changed since the last run: whoever listens at the old ones must answer or end");
    throw new Error(`the mongods are not ready: ${said.join("; ")}`);
  } finally {
    await Promise.all(members.map((member) => member.close()));
  }
}

/**
 * Waits until the replica set has a primary and the server's own member, where it has one, is part of it. The server of the first member also gives the set its
 * configuration, once all members answer. Throws what is missing when `signal` aborts.
 */
export async function mongoJoined(topology: Topology, server: string, signal: AbortSignal): Promise<void> {
  const { mongo } = topology.engines;
  const members = addresses(topology).map((address) => new Member(address));
  const own = mongo.findIndex((one) => one.server === server);
  let said: string[] = ["nothing answered yet"];
  let answeredMs: number | undefined;
  try {
    while (!signal.aborted) {
      const views = await Promise.all(members.map((member) => member.look()));
      const answered = views.filter((view) => typeof view !== "string");
      const mine = answered.find((view) => view.member === members[own]);
      said = missing(views);
      if (answered.some((view) => view.primary) && (own < 0 || mine?.primary || mine?.secondary)) return;
      if (own === 0 && answered.length === members.length) {
        answeredMs ??= performance.now();
        try {
          await configure(topology, answered, performance.now() - answeredMs);
        } catch (error) {
          said.push(wordsOf(error));
        }
      }
      await pause(POLL_MS);
    }
    throw new Error(`the mongods are not ready: ${said.join("; ")}`);
  } finally {
    await Promise.all(members.map((member) => member.close()));
  }
}
