/** What a fault has before it: the mesh under load, a seed's chance, and the marks between which it is measured. */
import { MongoClient, type ReadPreferenceMode } from "mongodb";
import pino from "pino";
import { enginesReady } from "../../deploy/local/engines.ts";
import type { Random } from "../../deploy/sandbox/region/random.ts";
import { memberStates } from "../../services/audit/store-engines.ts";
import { pause } from "../../services/mesh/clock.ts";
import { insist } from "../../services/mesh/insist.ts";
import { hostOf, mongoUri, type Topology } from "../../services/mesh/topology.ts";
import { wordsOf } from "../../services/values/thrown.ts";
import type { Load } from "../harness/callers.ts";
import type { RegionMesh } from "../harness/region-mesh.ts";
import type { Lab } from "./lab.ts";

export const FLOW_LIMIT_MS = 90_000;
export const READY_LIMIT_MS = 120_000;
const LAG_LIMIT_MS = 8_000;
const LOOK_MS = 100;
const BRIEF_MS = 3_000;
const ASKED = 64;
const CONNECTS = 10;

export interface Scene {
  readonly mesh: RegionMesh;
  /** Undefined where there are no namespaces: then only processes can be hurt. */
  readonly lab: Lab | undefined;
  readonly load: Load;
  readonly chance: Random;
  /** The fault is there from now on: gaps and waits are counted anew. */
  struck(): void;
  /** What was broken is mended from now on: until the flow is counted anew. */
  healed(): void;
  /** Waits until a claim that was billed after the last of the two marks is paid and posted. */
  flows(): Promise<void>;
  /** Says itself how long it took until money flowed. */
  flowed(ms: number): void;
  /** No longer than it takes to show. */
  readonly brief: boolean;
  /** Waits while the fault lasts: so long, or in brief the least that shows it. */
  lasts(ms: number): Promise<void>;
  /** Something that a reader of the table should know. */
  note(words: string): void;
  /** Says at once what is under way, to whoever watches. */
  say(words: string): void;
}

export interface Marks extends Scene {
  /** Milliseconds from the last mark until money flowed; undefined where nobody waited for it. */
  readonly flowMs: number | undefined;
  readonly notes: readonly string[];
  close(): Promise<void>;
}

/**
 * Looks from outside, with little patience: what is asked may be dead. It is connected while all is well: a client of this driver whose first connection fails is closed for good.
 * Throws where nobody answers.
 */
async function watcher(topology: Topology): Promise<MongoClient> {
  const open = async (): Promise<MongoClient> => {
    const mongo = new MongoClient(mongoUri(topology), {
      readConcernLevel: "majority",
      serverSelectionTimeoutMS: 1_000,
      connectTimeoutMS: 1_000,
      socketTimeoutMS: 1_000,
      heartbeatFrequencyMS: 500,
      minHeartbeatFrequencyMS: 100,
    });
    try {
      return await mongo.connect();
    } catch (error) {
      await mongo.close();
      throw error;
    }
  };
  return await insist("the watcher's MongoDB", pino({ level: "silent" }), open, CONNECTS);
}

export interface Setting {
  readonly mesh: RegionMesh;
  readonly lab: Lab | undefined;
  readonly load: Load;
  readonly chance: Random;
  readonly brief: boolean;
  readonly say: (words: string) => void;
}

/** Throws where MongoDB does not answer. */
export async function sceneOf({ mesh, lab, load, chance, brief, say }: Setting): Promise<Marks> {
  const mongo = await watcher(mesh.topology);
  const claims = mongo.db("nrcms_claims").collection<{ _id: string; state: string }>("claims");
  const notes: string[] = [];
  let sinceMs = performance.now();
  let flowMs: number | undefined;
  const paid = async (): Promise<boolean> => {
    const ids = load.approvedSince(sinceMs).slice(0, ASKED);
    if (ids.length === 0) return false;
    const isKnown = async (readPreference: ReadPreferenceMode): Promise<boolean> => {
      const only = { projection: { _id: 1 }, maxTimeMS: 1_000, readPreference };
      try {
        return (await claims.findOne({ _id: { $in: [...ids] }, state: "PAID" }, only)) !== null;
      } catch {
        return false; // Who cannot be asked has not answered.
      }
    };
    // A secondary that reaches no other is the quickest of them all, and knows of nothing that is new.
    return (await isKnown("secondaryPreferred")) || (await isKnown("primary"));
  };
  /** How far the claims that were billed since have come, for whoever asks why none was paid. */
  const whereTheyStand = async (): Promise<string> => {
    const ids = [...load.approvedSince(sinceMs)];
    const counted = async (database: string, collection: string, which: object): Promise<string> => {
      const states = mongo
        .db(database)
        .collection(collection)
        .aggregate([{ $match: which }, { $group: { _id: "$state", count: { $sum: 1 } } }], { maxTimeMS: 1_000 });
      return `${collection} ${(await states.toArray()).map(({ _id, count }) => `${_id} ${count}`).join(", ") || "none"}`;
    };
    try {
      const asked = [
        counted("nrcms_claims", "claims", { _id: { $in: ids } }),
        counted("nrcms_payment", "dues", { claimId: { $in: ids } }),
        counted("nrcms_payment", "batches", {}),
      ];
      return (await Promise.all(asked)).join("; ");
    } catch (error) {
      return wordsOf(error);
    }
  };
  return {
    mesh,
    lab,
    load,
    chance,
    brief,
    notes,
    get flowMs() {
      return flowMs;
    },
    struck() {
      load.mark();
      sinceMs = performance.now();
    },
    healed() {
      sinceMs = performance.now();
      flowMs = undefined;
    },
    async flows() {
      const untilMs = performance.now() + FLOW_LIMIT_MS;
      while (!(await paid())) {
        if (performance.now() > untilMs)
          throw new Error(`no claim that was billed since was paid within ${FLOW_LIMIT_MS / 1000} s: ${await whereTheyStand()}`);
        await pause(LOOK_MS);
      }
      flowMs = performance.now() - sinceMs;
    },
    flowed(ms) {
      flowMs = ms;
    },
    lasts: (ms) => pause(brief ? Math.min(ms, BRIEF_MS) : ms),
    note: (words) => void notes.push(words),
    say,
    close: () => mongo.close(),
  };
}

/** The machines. Throws where there are none: the fault should not have been chosen. */
export function labOf({ lab }: Scene): Lab {
  if (!lab) throw new Error("this fault needs machines of their own");
  return lab;
}

/** The name of the mongod that is primary now. Throws where there is none. */
export async function primaryOf(topology: Topology): Promise<string> {
  const { mongo } = topology.engines;
  const states = await memberStates(mongo.map(({ server, port }) => `${hostOf(topology, server)}:${port}`));
  const found = mongo[states.indexOf("PRIMARY")];
  if (!found) throw new Error(`there is no primary: ${states.join(", ")}`);
  return found.name;
}

/** Waits until the engines of every machine are there again. For consumers' replicas that a partition has left behind it waits no longer than a while, and in brief not at all. */
export async function enginesWhole({ mesh, brief, note }: Scene): Promise<void> {
  await enginesReady(mesh.topology, { limitMs: READY_LIMIT_MS, consumersMayLag: true });
  if (!brief) await enginesReady(mesh.topology, { limitMs: LAG_LIMIT_MS }).catch((error: unknown) => note(`went on: ${wordsOf(error)}`));
}

/** Waits until every machine has everything again. */
export async function whole(scene: Scene): Promise<void> {
  await enginesWhole(scene);
  await scene.mesh.supervisor.waitReady(undefined, READY_LIMIT_MS);
}
