/** The three mongods of a local run: their settings, the replica set's configuration, and the proof that a majority write goes through. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { type Db, type Document, MongoClient, MongoServerError } from "mongodb";
import { hostOf, type Topology } from "../../services/mesh/topology.ts";
import { type EngineSetting, ofServer } from "./engine-setting.ts";
import type { Command } from "./kept.ts";

export const REPLICA_SET = "nrcms";
const POLL_MS = 50;
const CONNECT_LIMIT_MS = 1_000;
const COMMAND_LIMIT_MS = 5_000;
/**
 * No primary for this long after all members answered, and their configuration names other addresses (ports that were free at the last run are taken now):
 * it is replaced by force. Correcting the stored configuration offline is no way: a member that was killed and is started outside its set forgets its last writes.
 */
const FORCE_AFTER_MS = 500;
/** Either server's may lead, and keeps the lead that it was given; the witness leads only when it must. */
const PRIORITIES = [1, 1, 0.5] as const;
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
  "replWriterThreadCount=2",
];
/** A quarter of a GB in memory, of which more may be dirty than by default: it is written when it is full rather than again and again (7 % of all CPU under load). */
const CACHE_GB = "0.25";
const EVICTION = "eviction_dirty_target=20,eviction_dirty_trigger=40,eviction_updates_target=20,eviction_updates_trigger=30";

function addresses(topology: Topology): string[] {
  return topology.engines.mongo.map(({ server, port }) => `${hostOf(topology, server)}:${port}`);
}

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

/** A connection to one member, made anew after every failure: the driver would otherwise wait long before it looks again. */
class Member {
  readonly address: string;
  #client: MongoClient | undefined;

  constructor(address: string) {
    this.address = address;
  }

  get admin(): Db {
    const limits = { serverSelectionTimeoutMS: CONNECT_LIMIT_MS, connectTimeoutMS: CONNECT_LIMIT_MS, socketTimeoutMS: COMMAND_LIMIT_MS };
    this.#client ??= new MongoClient(`mongodb://${this.address}/`, { directConnection: true, maxPoolSize: 2, ...limits });
    return this.#client.db("admin");
  }

  async close(): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    await client?.close();
  }

  /** What it is now, or in words why that is not to be had. */
  async look(): Promise<View | string> {
    try {
      const hello = await this.admin.command({ hello: 1 });
      return {
        member: this,
        primary: hello.isWritablePrimary === true,
        secondary: hello.secondary === true,
        configuration: await this.#configuration(),
      };
    } catch (error) {
      await this.close();
      return `${this.address} does not answer yet (${words(error)})`;
    }
  }

  async #configuration(): Promise<Document | undefined> {
    try {
      return (await this.admin.command({ replSetGetConfig: 1 })).config as Document;
    } catch (error) {
      if (error instanceof MongoServerError && error.code === NO_CONFIGURATION) return undefined;
      throw error;
    }
  }
}

interface View {
  readonly member: Member;
  readonly primary: boolean;
  readonly secondary: boolean;
  /** Undefined where the member has none yet. */
  readonly configuration: Document | undefined;
}

function words(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
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

const STAND_TRIES = 20;
const STAND_PAUSE_MS = 50;
/** How long a planned transfer waits for its sync chain; without it the transfer works too, and writes stand still for up to a second. */
const CHAIN_LIMIT_MS = 6_000;
const CHAIN_POLL_MS = 20;
const CHAIN_STANDS_MS = 150;
const STAND_POLL_MS = 5;
/** Nobody but the successor stands for so long. */
const FROZEN_S = 10;
const CATCH_UP_S = 2;

/**
 * Moves the primary away from a server: its successor is the secondary of the highest priority elsewhere. Returns the names of the old and the new primary; undefined where the
 * server has none. In either case nobody takes changes from the server's member any more: its end costs no second in which writes wait for one that looks for another source. Writes stand still for a quarter of a second and less, where otherwise it would be a second and more (a member that looks for another source sleeps so long):
 * the others follow the successor first, so that its first majority write finds them there; then the primary steps down, and the successor stands when it has all that there is.
 */
export async function handOverPrimary(topology: Topology, server: string): Promise<{ from: string; to: string } | undefined> {
  const rows = topology.engines.mongo.map((mongo, index) => ({ mongo, member: new Member(addresses(topology)[index] ?? "") }));
  try {
    const views = await Promise.all(rows.map(async ({ mongo, member }) => ({ mongo, member, view: await member.look() })));
    const from = views.find(({ mongo, view }) => mongo.server === server && typeof view !== "string" && view.primary);
    const secondaries = views.filter(({ mongo, view }) => mongo.server !== server && typeof view !== "string" && view.secondary);
    if (!from) {
      const primary = views.find(({ view }) => typeof view !== "string" && view.primary);
      if (primary) await Promise.all(secondaries.map(({ member }) => follow(member, primary.member.address)));
      return undefined;
    }
    const [to, ...others] = secondaries;
    if (!to) throw new Error(`no other server has a mongod that could be primary instead of ${from.mongo.name}`);
    await follow(to.member, from.member.address);
    await Promise.all(others.map(({ member }) => follow(member, to.member.address)));
    await Promise.all(others.map(({ member }) => quietly(member, { replSetFreeze: FROZEN_S })));
    await quietly(from.member, { replSetStepDown: FROZEN_S, secondaryCatchUpPeriodSecs: CATCH_UP_S });
    await caughtUp(to.member, from.member);
    await stand(to.member);
    await Promise.all([from, ...others].map(({ member }) => quietly(member, { replSetFreeze: 0 })));
    return { from: from.mongo.name, to: to.mongo.name };
  } finally {
    await Promise.all(rows.map(({ member }) => member.close()));
  }
}

/** Asks for what makes the transfer quicker; without it, it comes about as well. */
async function quietly(member: Member, command: Document): Promise<void> {
  try {
    await member.admin.command(command);
  } catch {
    await member.close();
  }
}

/** Waits, not for long, until a member has all that the other one has. */
async function caughtUp(member: Member, other: Member): Promise<void> {
  const untilMs = performance.now() + CATCH_UP_S * 1_000;
  const optime = async ({ admin }: Member) => JSON.stringify((await admin.command({ hello: 1 })).lastWrite?.opTime);
  try {
    while ((await optime(member)) !== (await optime(other)) && performance.now() < untilMs) await pause(STAND_POLL_MS);
  } catch {
    await Promise.all([member.close(), other.close()]);
  }
}

/** Asks a member to stand. One that is a moment behind, or meets another election, is asked again. Throws where it does not win. */
async function stand(member: Member): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await member.admin.command({ replSetStepUp: 1 });
      return;
    } catch (error) {
      const view = await member.look();
      if (typeof view !== "string" && view.primary) return;
      if (attempt === STAND_TRIES) throw error;
      await pause(STAND_PAUSE_MS);
    }
  }
}

/**
 * Lets a member take its changes from another, and waits until it has done so for a moment. It is asked only where it follows somebody else: a member that is asked for the
 * source that it has just chosen sleeps for a second before it goes on; and one that finds the wanted source no farther than itself leaves it again, and chooses anew a second later.
 */
async function follow(member: Member, source: string): Promise<void> {
  const untilMs = performance.now() + CHAIN_LIMIT_MS;
  let sinceMs = Number.POSITIVE_INFINITY;
  try {
    while (performance.now() < untilMs && !(performance.now() - sinceMs >= CHAIN_STANDS_MS)) {
      const { syncSourceHost } = await member.admin.command({ replSetGetStatus: 1 });
      if (syncSourceHost !== source) sinceMs = Number.POSITIVE_INFINITY;
      else if (sinceMs === Number.POSITIVE_INFINITY) sinceMs = performance.now();
      if (syncSourceHost !== source && syncSourceHost !== "") await member.admin.command({ replSetSyncFrom: source });
      await pause(CHAIN_POLL_MS);
    }
  } catch {
    // Its choice of source is a matter of speed only.
  }
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
          said.push(words(error));
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
          said.push(words(error));
        }
      }
      await pause(POLL_MS);
    }
    throw new Error(`the mongods are not ready: ${said.join("; ")}`);
  } finally {
    await Promise.all(members.map((member) => member.close()));
  }
}
