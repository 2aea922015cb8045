/** One claim's way through all services, from their journals: what each was asked or told about it, when, by whom, and what it told in turn. */
import { type Db, MongoClient } from "mongodb";

const PREFIX = "nrcms_";
const SELECTION_TIMEOUT_MS = 5_000;
/** Entries of one service about one thing. */
const MAX_ENTRIES = 500;

export interface TrailStep {
  readonly service: string;
  readonly twin: string;
  readonly number: number;
  readonly atMs: number;
  readonly method: string;
  readonly caller: string;
  readonly outcome: string;
  /** The events that it told, by name. */
  readonly told: readonly string[];
  readonly traceId: string;
  /** What connects it: the claim itself, or the batch that paid it. */
  readonly about: string;
}

interface EntryRow {
  readonly _id: string;
  readonly twin: string;
  readonly number: number;
  readonly atMs: number;
  readonly method: string;
  readonly caller: string;
  readonly outcome: string;
  readonly events: readonly { readonly name: string }[];
  readonly trace: string;
}

/** The steps of a claim in the order of time; empty where no journal knows it. Throws where MongoDB cannot be read. */
export async function trailOf(uri: string, claimId: string): Promise<readonly TrailStep[]> {
  const client = new MongoClient(uri, {
    appName: "trace",
    useBigInt64: true,
    readPreference: "primary",
    readConcernLevel: "majority",
    serverSelectionTimeoutMS: SELECTION_TIMEOUT_MS,
  });
  try {
    const databases = (await client.db("admin").admin().listDatabases({ nameOnly: true })).databases
      .map((row) => row.name)
      .filter((name) => name.startsWith(PREFIX));
    const ids = [claimId, ...(await batchesOf(client.db(`${PREFIX}payment`), claimId))];
    const steps = await Promise.all(databases.flatMap((name) => ids.map((id) => stepsAbout(client.db(name), id))));
    const unique = new Map(steps.flat().map((step) => [`${step.service}.${step.twin}.${step.number}`, step]));
    return [...unique.values()].sort((a, b) => a.atMs - b.atMs || a.number - b.number);
  } finally {
    await client.close();
  }
}

async function stepsAbout(db: Db, about: string): Promise<TrailStep[]> {
  const rows = await db
    .collection<EntryRow>("journal")
    .find({ about }, { projection: { twin: 1, number: 1, atMs: 1, method: 1, caller: 1, outcome: 1, "events.name": 1, trace: 1 } })
    .limit(MAX_ENTRIES)
    .toArray();
  return rows.map((row) => ({
    service: db.databaseName.slice(PREFIX.length),
    twin: row.twin,
    number: Number(row.number),
    atMs: Number(row.atMs),
    method: row.method === "due" ? row._id : row.method,
    caller: row.caller,
    outcome: row.outcome,
    told: [...new Set(row.events.map((event) => event.name))],
    traceId: row.trace.slice(3, 35),
    about,
  }));
}

/** The batches that paid the claim's payables: its due names its order, the order its batch. */
async function batchesOf(payment: Db, claimId: string): Promise<string[]> {
  const prefix = `claim/${claimId}/decision/`;
  const dues = await payment
    .collection<{ _id: string; orderId?: string }>("dues")
    .find({ _id: { $gte: prefix, $lt: `${prefix}~` } })
    .toArray();
  const orders = dues.flatMap((due) => (due.orderId ? [due.orderId] : []));
  const found = await payment
    .collection<{ _id: string; batchId: string }>("orders")
    .find({ _id: { $in: orders } })
    .toArray();
  return [...new Set(found.map((order) => order.batchId))];
}
