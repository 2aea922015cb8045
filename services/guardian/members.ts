/** The members of the replica set as one guardian sees them: asked directly, again and again, with short patience. */
import { type Document, MongoClient, MongoServerSelectionError, MongoTopologyClosedError } from "mongodb";
import { pause } from "../mesh/clock.ts";
import type { Seen, Sign } from "./judge.ts";
import { Trips } from "./trips.ts";

export interface Member {
  readonly name: string;
  readonly server: string;
  /** host:port. */
  readonly address: string;
}

/** The primary is looked at five times a second, the others twice: three guardians that look twice as often cost a sixth of a core. */
const PRIMARY_MS = 200;
const OTHER_MS = 500;
const CONNECT_MS = 500;
/** Who is to stand is looked at once more; one that does not answer so soon counts as it was. */
const LOOK_AGAIN_MS = 150;
/** By then a member has done what it was asked; its sleep lasts longer. */
const ASLEEP_MS = 300;
/** A member that is silent for longer is asked over a new connection. */
const SILENT_MS = 1_000;

export interface Members {
  seen(): readonly Seen[];
  /** Asks that one of these secondaries to stand that is furthest now: a normal election. Gives its name. Throws where it does not win. */
  stepUp(names: readonly string[]): Promise<string>;
  /** Has every secondary take its changes from the one that has just become primary. Gives their names. Throws where one cannot be asked. */
  follow(name: string): Promise<readonly string[]>;
  /** Has one secondary that takes its changes from another take them from the primary. Gives its name; undefined where none does. Throws where one cannot be asked. */
  followPrimary(): Promise<string | undefined>;
  /** This guardian itself stood still: what it has not heard meanwhile means nothing. */
  forgive(): void;
  close(): Promise<void>;
}

interface Watched extends Member {
  client: MongoClient;
  sign: Sign;
  answeredMs: number;
  role: Seen["role"];
  optime: number;
  readonly trips: Trips;
}

export function watchMembers(members: readonly Member[]): Members {
  const stop = new AbortController();
  const watched: Watched[] = members.map((member) => ({
    ...member,
    client: clientFor(member.address),
    sign: "silent",
    answeredMs: performance.now(),
    role: "",
    optime: 0,
    trips: new Trips(),
  }));
  const loops = watched.map((one) => watch(one, stop.signal));
  return {
    seen: () =>
      watched.map(({ name, server, sign, answeredMs, role, optime, trips }) => {
        const now = performance.now();
        const silentMs = now - answeredMs;
        const quiet = sign === "well" && silentMs > 2 * OTHER_MS ? "silent" : sign;
        return { name, server, kind: "mongo", sign: quiet, silentMs, role, optime, tripMs: trips.usualMs(now) };
      }),
    async stepUp(names) {
      const standing = watched.filter(({ name }) => names.includes(name));
      // The last look is up to half a second old, and whoever lacks one write of the other's does not get its vote.
      await Promise.allSettled(standing.map(lookAgain));
      const [best] = standing.toSorted((a, b) => b.optime - a.optime || names.indexOf(a.name) - names.indexOf(b.name));
      if (!best) throw new Error(`no members ${names.join(", ")}`);
      await best.client.db("admin").command({ replSetStepUp: 1 });
      return best.name;
    },
    async follow(name) {
      const primary = watched.find((one) => one.name === name);
      if (!primary) throw new Error(`no member ${name}`);
      const others = watched.filter((one) => one !== primary && one.role === "SECONDARY" && one.sign === "well");
      await Promise.all(others.map((one) => haveFollow(one, primary)));
      return others.map((one) => one.name);
    },
    async followPrimary() {
      // One that was primary says so until it is known to be gone: in doubt nobody is told whom to follow.
      const [primary, ...others] = watched.filter(({ role }) => role === "PRIMARY");
      if (primary?.sign !== "well" || performance.now() - primary.answeredMs > 2 * PRIMARY_MS || others.length > 0) return undefined;
      for (const one of watched) {
        const { name, role, sign, client } = one;
        if (role !== "SECONDARY" || sign !== "well") continue;
        const { syncSourceHost } = await client.db("admin").command({ replSetGetStatus: 1 });
        // One that has no source is choosing: it is left alone.
        if (syncSourceHost === "" || syncSourceHost === primary.address) continue;
        await haveFollow(one, primary);
        return name;
      }
      return undefined;
    },
    forgive() {
      for (const one of watched) {
        one.answeredMs = performance.now();
        one.trips.forget();
      }
    },
    async close() {
      stop.abort();
      await Promise.all(watched.map(({ client }) => client.close()));
      await Promise.all(loops);
    },
  };
}

function clientFor(address: string): MongoClient {
  return new MongoClient(`mongodb://${address}/`, {
    directConnection: true,
    maxPoolSize: 2,
    connectTimeoutMS: SILENT_MS,
    socketTimeoutMS: SILENT_MS,
    serverSelectionTimeoutMS: CONNECT_MS,
    heartbeatFrequencyMS: 500,
  });
}

/**
 * A member that finds the primary no farther than itself at that moment has no source any more, and sleeps for a second before it chooses one. It is asked once more: left to itself it
 * may choose its neighbour, and were that to fall silent in this second, it would wait half a minute for its answer, and every write with it.
 */
async function haveFollow(one: Watched, primary: Member): Promise<void> {
  const admin = one.client.db("admin");
  await admin.command({ replSetSyncFrom: primary.address });
  await pause(ASLEEP_MS);
  const { syncSourceHost } = await admin.command({ replSetGetStatus: 1 });
  if (syncSourceHost === "") await admin.command({ replSetSyncFrom: primary.address });
}

async function lookAgain(one: Watched): Promise<void> {
  one.optime = optimeOf(await one.client.db("admin").command({ hello: 1 }, { timeoutMS: LOOK_AGAIN_MS }));
}

async function watch(one: Watched, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const startedMs = performance.now();
    try {
      const hello = await one.client.db("admin").command({ hello: 1 });
      one.answeredMs = performance.now();
      one.trips.add(one.answeredMs, one.answeredMs - startedMs);
      one.sign = "well";
      one.role = roleOf(hello);
      one.optime = optimeOf(hello);
    } catch (error) {
      // What it was stands until it says otherwise: whoever was primary and is gone is the lost primary.
      one.sign = isCut(error) ? "gone" : "silent";
      one.trips.add(performance.now(), performance.now() - startedMs);
      // The driver would wait long before it looks again, and one whose first connection failed is closed for good: a client that has lost its member is made anew.
      if (error instanceof MongoServerSelectionError || error instanceof MongoTopologyClosedError) {
        const lost = one.client;
        one.client = clientFor(one.address);
        await lost.close();
      }
    }
    const everyMs = one.role === "PRIMARY" ? PRIMARY_MS : OTHER_MS;
    await pause(Math.max(everyMs / 4, startedMs + everyMs - performance.now()), signal);
  }
}

function roleOf(hello: Document): Seen["role"] {
  return hello.isWritablePrimary ? "PRIMARY" : hello.secondary ? "SECONDARY" : "OTHER";
}

/** Writes of one second. */
const COUNTER = 2 ** 20;

export function optimeOf(hello: Document): number {
  const at: unknown = hello.lastWrite?.opTime?.ts;
  // A BSON timestamp: seconds in the high half, a counter in the low one. All 64 bits are more than a double holds: the counter gets twenty of them.
  const { high = 0, low = 0 } = (at ?? {}) as { high?: number; low?: number };
  return (high >>> 0) * COUNTER + Math.min(low >>> 0, COUNTER - 1);
}

/** Its machine is there and nobody listens, or the connection was cut: a dead process, not a silent one. */
function isCut(error: unknown): boolean {
  return /ECONNREFUSED|ECONNRESET|EPIPE|connection .* closed/i.test(causesOf(error));
}

/** Its words and those of what caused it: the driver puts the connection's error there. */
function causesOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return `${error.message} ${error.cause instanceof Error ? causesOf(error.cause) : ""}`;
}
