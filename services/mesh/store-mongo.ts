/**
 * The store in MongoDB: reads before the transaction with majority, then one transaction of writes, everything guarded by its version
 * (protocols 1–3). Stored form of a document: { _id, _version, _by (the entry that wrote it), …its fields }.
 */
import {
  type AnyBulkWriteOperation,
  type ClientSession,
  type Collection,
  type Db,
  type Document,
  MongoBulkWriteError,
  MongoClient,
  type MongoClientOptions,
  MongoServerError,
  ReadConcern,
} from "mongodb";
import type { Doc, Key } from "../values/decision.ts";
import { type Entry, firstHead, type Head, type Parked } from "./journal.ts";
import { type Loads, nameOf, type Plan, type Read } from "./stage.ts";
import { Conflict, type Lease, LeaseLost, type Recorded, type Store, Weather } from "./store.ts";
import { filesOver } from "./store-files.ts";
import { cased, isNetworkError } from "./store-mongo-cases.ts";
import { docOf, readerOver, type Stored } from "./store-mongo-reader.ts";
import { termsOver } from "./store-mongo-term.ts";
import type { Files, Indexes, Reader } from "./wiring.ts";

/** Published documents (schemes, catalogues) that a process keeps; they never change. */
const IMMUTABLE_LIMIT = 256;
/** Ids in one `$in`. */
const IN_LIMIT = 1000;

export interface MongoStore extends Store {
  readonly reader: Reader;
  readonly files: Files;
}

/** Makes a client of the driver's. The simulation's client knows no network. */
export type MakeClient = (uri: string, options: MongoClientOptions) => MongoClient;

/** The client's settings: reliability.md section 2. A frozen primary must not hold a call for the driver's 39 s. */
function settingsFor(name: string): MongoClientOptions {
  return {
    appName: name,
    useBigInt64: true,
    promoteBuffers: true,
    ignoreUndefined: true,
    readConcernLevel: "majority",
    readPreference: "primary",
    writeConcern: { w: "majority", journal: true },
    retryWrites: true,
    retryReads: true,
    heartbeatFrequencyMS: 2_000,
    connectTimeoutMS: 1000,
    socketTimeoutMS: 3000,
    serverSelectionTimeoutMS: 3000,
    maxPoolSize: 12,
    minPoolSize: 1,
  };
}

const HEARTBEATS = 3;
/** A primary that cannot tell within this time that a majority follows it is none, or will not be for long. */
const CONFIRM_MS = 1_000;
/** A clock that far from one's own is no answer that came late: one heartbeat tells, before a twin's first batch. */
const NO_DELAY_MS = 60_000;

const isHeard = (aheadMs: readonly number[]) => aheadMs.length === HEARTBEATS || Math.abs(Math.max(...aheadMs)) > NO_DELAY_MS;

function storedDoc(id: string, version: number, by: string, doc: Doc): Stored {
  return { ...doc, _id: id, _version: version, _by: by };
}

function headOf(stored: Document): Head {
  const { _id, ...head } = stored;
  return { ...head, twin: _id } as unknown as Head;
}

/**
 * Connects to the replica set, makes the service's collections and indexes, and gives its store. `process` is the name under which the servers know it:
 * by it the peer ends what it leaves open. Throws Weather where there is no primary.
 */
export async function openMongoStore(
  uri: string,
  service: string,
  indexes: Indexes,
  process: string,
  make: MakeClient = (address, options) => new MongoClient(address, options),
): Promise<MongoStore> {
  const client = make(uri, settingsFor(process));
  /** What each member's last heartbeats said. The one that was least delayed is believed: a process that stood still reads old news first. */
  const clocks = new Map<string, number[]>();
  client.on("serverHeartbeatSucceeded", ({ connectionId, reply }) => {
    const told: unknown = (reply as { localTime?: unknown }).localTime;
    if (told instanceof Date)
      clocks.set(connectionId, [told.getTime() - Date.now(), ...(clocks.get(connectionId) ?? [])].slice(0, HEARTBEATS));
  });
  client.on("serverHeartbeatFailed", ({ connectionId }) => void clocks.delete(connectionId));
  const db = client.db(`nrcms_${service}`);
  const leases = db.collection<Stored>("leases");
  const terms = termsOver(client, async () => {
    await leases.findOne({ _id: service }, { readConcern: { level: "linearizable" }, maxTimeMS: CONFIRM_MS });
  });
  try {
    await cased(() => client.connect());
    await cased(() => prepare(db, indexes));
  } catch (error) {
    // It is opened anew: a client that is left behind goes on watching the members for ever.
    await client.close();
    throw error;
  }
  const journal = db.collection<Stored>("journal");
  const heads = db.collection<Stored>("heads");
  const parked = db.collection<Stored>("parked");
  const marks = db.collection<Stored>("marks");
  const published = new Map<string, Read>();
  const uniqueKinds = new Set(Object.keys(indexes).filter((kind) => indexes[kind]?.some((index) => index.unique)));

  const loadKind = async (kind: string, keys: readonly Key[], loads: Loads): Promise<void> => {
    const collection = db.collection<Stored>(kind);
    const immutable = keys[0]?.immutable === true;
    for (const key of keys) loads.set(nameOf(key), { doc: undefined, version: 0 });
    for (let from = 0; from < keys.length; from += IN_LIMIT) {
      const page = keys.slice(from, from + IN_LIMIT).map((key) => key.id);
      const found = await collection.find({ _id: page.length === 1 ? (page[0] as string) : { $in: page } }).toArray();
      for (const stored of found) {
        const read = { doc: docOf<Doc>(stored), version: Number(stored._version) };
        const name = nameOf({ kind, id: stored._id });
        loads.set(name, read);
        if (immutable) {
          if (published.size >= IMMUTABLE_LIMIT) published.delete(published.keys().next().value as string);
          published.set(name, read);
        }
      }
    }
  };

  const write = async (plan: Plan, session: ClientSession): Promise<void> => {
    const options = { session };
    if (plan.epoch > 0) {
      const held = await leases.updateOne({ _id: service, epoch: plan.epoch }, { $inc: { renewals: 1 } }, options);
      if (held.matchedCount !== 1) throw new LeaseLost(`${service} is no longer led under epoch ${plan.epoch}`, plan.epoch);
    }
    const { twin, ...head } = plan.head.to;
    const replaced = await heads.replaceOne({ _id: twin, version: plan.head.from.version }, head, options);
    if (replaced.matchedCount !== 1) throw new Conflict(`${service}.${twin}'s head moved`);
    if (plan.entries.length > 0) await journal.insertMany(plan.entries.map(storedEntry), options);
    const parkings: AnyBulkWriteOperation<Stored>[] = [
      ...plan.parked.map((row) => ({ replaceOne: { filter: { _id: row.id }, replacement: parkedBody(row), upsert: true } })),
      ...plan.resolved.map(({ id, by }) => ({ updateOne: { filter: { _id: id }, update: { $set: { resolved: true, resolvedBy: by } } } })),
    ];
    if (parkings.length > 0) await parked.bulkWrite(parkings, options);
    for (const [kind, writes] of writesByKind(plan)) await writeKind(db.collection<Stored>(kind), writes, options, uniqueKinds.has(kind));
  };

  const store: MongoStore = {
    reader: readerOver(db),
    files: filesOver(db),
    takeHead: (twin, instance) =>
      cased(async () => {
        const { twin: _id, ...first } = firstHead(twin, instance);
        await heads.updateOne({ _id }, { $setOnInsert: first }, { upsert: true });
        const stored = await heads.findOneAndUpdate({ _id }, { $set: { instance }, $inc: { version: 1 } }, { returnDocument: "after" });
        if (!stored) throw new Weather(`${service}.${twin}'s head cannot be read`);
        return headOf(stored);
      }),
    head: (twin) =>
      cased(async () => {
        const stored = await heads.findOne({ _id: twin });
        return stored ? headOf(stored) : undefined;
      }),
    term: () => cased(() => terms.begun()),
    surely: (read) => cased(() => terms.surely(read)),
    recorded: (ids) =>
      cased(async () => {
        const found = new Map<string, Recorded>();
        for (let from = 0; from < ids.length; from += IN_LIMIT) {
          const rows = await journal
            .find({ _id: { $in: ids.slice(from, from + IN_LIMIT) } }, { projection: { hash: 1, outcome: 1, reply: 1, twin: 1 } })
            .toArray();
          for (const row of rows) found.set(row._id, { hash: row.hash, outcome: row.outcome, reply: row.reply, twin: row.twin });
        }
        return found;
      }),
    parkedAmong: (ids) =>
      cased(
        async () =>
          new Set(
            (await parked.find({ _id: { $in: [...ids] }, resolved: false }, { projection: { _id: 1 } }).toArray()).map((row) => row._id),
          ),
      ),
    load: (keys, loads) =>
      cased(async () => {
        const wanted = new Map<string, Key>();
        for (const key of keys) {
          const name = nameOf(key);
          const known = key.immutable ? published.get(name) : undefined;
          if (known) loads.set(name, known);
          else if (!loads.has(name)) wanted.set(name, key);
        }
        const byKind = Map.groupBy(wanted.values(), (key) => key.kind);
        await Promise.all([...byKind].map(([kind, ofKind]) => loadKind(kind, ofKind, loads)));
      }),
    commit: (plan, term) =>
      cased(async () => {
        terms.still(term);
        const session = client.startSession();
        try {
          session.startTransaction({
            readConcern: { level: "snapshot" },
            writeConcern: { w: "majority", journal: true },
            readPreference: "primary",
          });
          await write(plan, session);
          await session.commitTransaction();
        } catch (error) {
          // Ending the session aborts its transaction. A member that does not answer is not waited for: mongod ends the transaction within its second.
          const ended = session.endSession().catch(() => undefined);
          if (!isNetworkError(error)) await ended;
          throw error;
        }
        await session.endSession();
      }),
    lease: () =>
      cased(async () => {
        const stored = await leases.findOne({ _id: service });
        return stored ? { epoch: Number(stored.epoch), holder: String(stored.holder), renewals: Number(stored.renewals) } : undefined;
      }),
    acquire: (seen, holder) =>
      cased(async () => {
        const next: Lease = { epoch: (seen?.epoch ?? 0) + 1, holder, renewals: 0 };
        if (!seen) {
          try {
            await leases.insertOne({ _id: service, ...next });
            return next;
          } catch (error) {
            if (error instanceof MongoServerError && error.code === 11000) return undefined;
            throw error;
          }
        }
        const taken = await leases.updateOne({ _id: service, epoch: seen.epoch }, { $set: next });
        return taken.modifiedCount === 1 ? next : undefined;
      }),
    renew: (epoch) => cased(async () => (await leases.updateOne({ _id: service, epoch }, { $inc: { renewals: 1 } })).matchedCount === 1),
    release: (epoch) =>
      cased(async () => void (await leases.updateOne({ _id: service, epoch }, { $set: { holder: "" }, $inc: { epoch: 1 } }))),
    entriesAfter: (twin, number, limit) =>
      cased(async () =>
        (
          await journal
            .find({ twin, number: { $gt: number } })
            .sort({ number: 1 })
            .limit(limit)
            .toArray()
        ).map(entryOf),
      ),
    toldAfter: (twin, number, limit) =>
      cased(async () => {
        const projection = { _id: 0, number: 1, atMs: 1, "events.number": 1, "events.name": 1 };
        const after = journal.find({ twin, number: { $gt: number } }, { projection });
        const rows = await after.sort({ number: 1 }).limit(limit).toArray();
        return rows.map((row) => ({
          number: Number(row.number),
          atMs: Number(row.atMs),
          events: (row.events as { number: unknown; name: string }[]).map((event) => ({ number: Number(event.number), name: event.name })),
        }));
      }),
    heardAmong: (ids) =>
      cased(async () => {
        const known = new Set<string>();
        for (let from = 0; from < ids.length; from += IN_LIMIT) {
          const among = { _id: { $in: ids.slice(from, from + IN_LIMIT) } };
          const looks = [journal, parked].map((rows) => rows.find(among, { projection: { _id: 1 } }).toArray());
          for (const row of (await Promise.all(looks)).flat()) known.add(row._id);
        }
        return known;
      }),
    markPublished: (seen, events, entry) =>
      cased(async () => {
        const set = { published: events, publishedEntry: entry };
        return (await heads.updateOne({ _id: seen.twin, version: seen.version }, { $set: set, $inc: { version: 1 } })).modifiedCount === 1;
      }),
    entryBeforeEvent: (twin, event) =>
      cased(async () => {
        const firstEventAfter = async (entry: number): Promise<number> => {
          const [row] = await journal
            .find({ twin, number: { $gt: entry }, "events.0": { $exists: true } }, { projection: { events: { $slice: 1 } } })
            .sort({ number: 1 })
            .limit(1)
            .toArray();
          return row ? Number(row.events[0].number) : Number.POSITIVE_INFINITY;
        };
        let below = 0;
        let above = (await heads.findOne({ _id: twin }))?.number ?? 0;
        while (below < above) {
          const middle = Math.ceil((below + above) / 2);
          if ((await firstEventAfter(middle)) <= event) below = middle;
          else above = middle - 1;
        }
        return below;
      }),
    parkedCount: () => cased(() => parked.countDocuments({ resolved: false })),
    parkedInput: (id) =>
      cased(async () => {
        const row = await parked.findOne({ _id: id });
        return row ? parkedOf(row) : undefined;
      }),
    parkedInputs: (limit) =>
      cased(async () => {
        const rows = await parked
          .find({ resolved: false }, { projection: { bytes: 0 } })
          .sort({ atMs: 1 })
          .limit(limit)
          .toArray();
        return rows.map((row) => parkedOf({ ...row, bytes: new Uint8Array() }));
      }),
    resolve: (id, by) => cased(async () => void (await parked.updateOne({ _id: id }, { $set: { resolved: true, resolvedBy: by } }))),
    endTransactionsOf: (other) =>
      cased(async () => {
        const admin = client.db("admin", { readConcern: new ReadConcern("local") });
        const open = await admin
          .aggregate(
            [
              { $currentOp: { allUsers: true, idleSessions: true } },
              { $match: { appName: other, transaction: { $exists: true } } },
              { $project: { "lsid.id": 1 } },
            ],
            // As a buffer the id would go back as other binary than a UUID, and be refused.
            { promoteBuffers: false },
          )
          .toArray();
        const ids = open.flatMap(({ lsid }) => (lsid?.id ? [{ id: lsid.id }] : []));
        if (ids.length > 0) await admin.command({ killSessions: ids });
        return ids.length;
      }),
    mark: (name) => cased(async () => (await marks.findOne({ _id: name })) ?? undefined),
    setMark: (name, value) => cased(async () => void (await marks.replaceOne({ _id: name }, value, { upsert: true }))),
    clocksAheadMs: () => [...clocks.values()].filter(isHeard).map((heard) => Math.max(...heard)),
    ping: () => cased(async () => void (await db.command({ ping: 1 }))),
    close: () => client.close(),
  };
  return store;
}

interface KindWrites {
  readonly inserts: Stored[];
  readonly updates: AnyBulkWriteOperation<Stored>[];
  expected: number;
}

/** The plan's writes by collection, in collection and key order, so that the twins do not cross. */
function writesByKind(plan: Plan): [string, KindWrites][] {
  const byKind = new Map<string, KindWrites>();
  const of = (kind: string) => {
    let writes = byKind.get(kind);
    if (!writes) {
      writes = { inserts: [], updates: [], expected: 0 };
      byKind.set(kind, writes);
    }
    return writes;
  };
  const inOrder = <T extends { key: Key }>(rows: readonly T[]) => [...rows].sort((a, b) => (a.key.id < b.key.id ? -1 : 1));
  for (const { key, doc, version, by } of inOrder(plan.puts)) {
    const writes = of(key.kind);
    const stored = storedDoc(key.id, version + 1, by, doc);
    if (version === 0) writes.inserts.push(stored);
    else writes.updates.push({ replaceOne: { filter: { _id: key.id, _version: version }, replacement: stored } });
  }
  for (const { key, version } of inOrder(plan.guards)) {
    of(key.kind).updates.push({ updateOne: { filter: { _id: key.id, _version: version }, update: { $inc: { _touched: 1 } } } });
  }
  for (const writes of byKind.values()) writes.expected = writes.updates.length;
  return [...byKind].sort(([a], [b]) => (a < b ? -1 : 1));
}

/** The writes of one kind. Throws Conflict where documents changed since they were read, and what the driver throws. */
async function writeKind(
  collection: Collection<Stored>,
  writes: KindWrites,
  options: { session: ClientSession },
  unique: boolean,
): Promise<void> {
  try {
    if (writes.inserts.length > 0) await collection.insertMany(writes.inserts, options);
    if (writes.updates.length > 0) {
      const result = await collection.bulkWrite(writes.updates, options);
      if (result.matchedCount !== writes.expected)
        throw new Conflict(`${collection.collectionName}: ${writes.expected - result.matchedCount} documents changed since they were read`);
    }
  } catch (error) {
    if (unique && error instanceof MongoBulkWriteError && error.code === 11000) throw await duplicateOf(collection, error);
    throw error;
  }
}

/** A duplicate `_id` is a conflict; a duplicate in another unique index is not: two decisions that exclude each other had no document in common. */
async function duplicateOf(collection: Collection<Stored>, error: MongoBulkWriteError): Promise<Error> {
  const failed: unknown = [error.writeErrors].flat()[0]?.err.op;
  const id = typeof failed === "object" && failed !== null && "_id" in failed ? String(failed._id) : undefined;
  const there =
    id === undefined ? null : await collection.findOne({ _id: id }, { readConcern: { level: "local" }, projection: { _id: 1 } });
  return there ? error : new Error(`a unique index of ${collection.collectionName}: ${error.message}`, { cause: error });
}

function storedEntry(entry: Entry): Stored {
  const { id, about, ...rest } = entry;
  return { _id: id, ...rest, ...(about.length > 0 ? { about: [...about] } : {}) };
}

function entryOf(stored: Stored): Entry {
  const { _id, about, ...rest } = stored;
  return { ...rest, id: _id, about: about ?? [] } as unknown as Entry;
}

function parkedBody(row: Parked): Document {
  const { id: _id, ...rest } = row;
  return rest;
}

function parkedOf(stored: Stored): Parked {
  const { _id, ...rest } = stored;
  return { ...rest, id: _id } as unknown as Parked;
}

const NAMESPACE_EXISTS = 48;

async function prepare(db: Db, indexes: Indexes): Promise<void> {
  const there = new Set((await db.listCollections({}, { nameOnly: true }).toArray()).map((row) => row.name));
  for (const name of ["journal", "heads", "parked", "leases", "marks", ...Object.keys(indexes)]) {
    if (there.has(name)) continue;
    try {
      await db.createCollection(name);
    } catch (error) {
      // The twin was faster: the collection is there, which is all that is wanted.
      if (!(error instanceof MongoServerError && error.code === NAMESPACE_EXISTS)) throw error;
    }
  }
  await db.collection("journal").createIndexes([
    { key: { twin: 1, number: 1 }, unique: true },
    { key: { about: 1 }, sparse: true },
  ]);
  await db.collection("parked").createIndexes([{ key: { resolved: 1 } }]);
  for (const [kind, list] of Object.entries(indexes)) {
    if (list.length === 0) continue;
    await db.collection(kind).createIndexes(
      list.map((index) => ({
        key: { ...index.keys },
        ...(index.unique ? { unique: true } : {}),
        ...(index.partial ? { partialFilterExpression: { ...index.partial } } : {}),
      })),
    );
  }
}
