/** What is stored, as one hash for each collection: to see that something changed nothing. */
import type { Document, MongoClient } from "mongodb";
import { pause } from "../../services/mesh/clock.ts";

/** The mesh's own: leases are renewed and marks moved while nothing happens; what a journal and its head gained is counted apart. */
const OWN = new Set(["leases", "marks", "heads", "journal"]);
const STILL_LIMIT_MS = 90_000;
const STILL_PAUSE_MS = 700;

export interface Stored {
  /** `claims.years` → MongoDB's hash over all its documents. */
  readonly documents: Readonly<Record<string, string>>;
  /** Service → entries of its journal. */
  readonly entries: Readonly<Record<string, number>>;
}

async function services(mongo: MongoClient): Promise<string[]> {
  const { databases } = await mongo.db("admin").admin().listDatabases({ nameOnly: true });
  return databases.map(({ name }) => name).filter((name) => name.startsWith("nrcms_"));
}

/** All collections of all services. */
export async function digest(mongo: MongoClient): Promise<Stored> {
  const documents: Record<string, string> = {};
  const entries: Record<string, number> = {};
  for (const name of await services(mongo)) {
    const service = name.slice("nrcms_".length);
    const { collections } = await mongo.db(name).command({ dbHash: 1 });
    for (const [collection, hash] of Object.entries(collections as Record<string, string>))
      if (!OWN.has(collection)) documents[`${service}.${collection}`] = hash;
    entries[service] = await mongo.db(name).collection("journal").countDocuments();
  }
  return { documents, entries };
}

/** Waits until nothing changes any more: two looks give the same. Throws where that does not come. */
export async function still(mongo: MongoClient): Promise<Stored> {
  const untilMs = performance.now() + STILL_LIMIT_MS;
  let before = await digest(mongo);
  for (;;) {
    await pause(STILL_PAUSE_MS);
    const now = await digest(mongo);
    if (JSON.stringify(now) === JSON.stringify(before)) return now;
    if (performance.now() > untilMs) throw new Error(`still changing after ${STILL_LIMIT_MS} ms: ${changed(before, now).join(", ")}`);
    before = now;
  }
}

/** The collections that differ, and the journals that grew. */
export function changed(before: Stored, after: Stored): string[] {
  const of = (key: "documents" | "entries", suffix: string) => {
    const names = new Set([...Object.keys(before[key]), ...Object.keys(after[key])]);
    return [...names].filter((name) => before[key][name] !== after[key][name]).map((name) => name + suffix);
  };
  return [...of("documents", ""), ...of("entries", ".journal")];
}

/** The newest entries of a service's journal, newest last. */
export async function newestEntries(mongo: MongoClient, service: string, count: number): Promise<Document[]> {
  const rows = await mongo.db(`nrcms_${service}`).collection("journal").find().sort({ atMs: -1, number: -1 }).limit(count).toArray();
  return rows.toReversed();
}
