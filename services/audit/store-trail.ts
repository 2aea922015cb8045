/** One claim's way through all services, from their journals: what each was asked or told about it, when, by whom, and what it told in turn. */
import { type Db, MongoClient } from "mongodb";
import { PROVINCE } from "../values/region.ts";

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
  readonly events: readonly { readonly name: string; readonly county: string }[];
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
    const { batches, counties } = await paidBy(client.db(`${PREFIX}payment`), claimId);
    const steps = await Promise.all(
      databases.flatMap((name) => [
        stepsAbout(client.db(name), claimId),
        ...batches.map((batch) => stepsAbout(client.db(name), batch, [...counties, PROVINCE])),
      ]),
    );
    const unique = new Map(steps.flat().map((step) => [`${step.service}.${step.twin}.${step.number}`, step]));
    return [...unique.values()].sort((a, b) => a.atMs - b.atMs || a.number - b.number);
  } finally {
    await client.close();
  }
}

const WANTED = { twin: 1, number: 1, atMs: 1, method: 1, caller: 1, outcome: 1, "events.name": 1, "events.county": 1, trace: 1 };

/** A batch pays many counties, and each is told for itself: with `counties`, what was told only to others is left out. */
async function stepsAbout(db: Db, about: string, counties?: readonly string[]): Promise<TrailStep[]> {
  const rows = await db.collection<EntryRow>("journal").find({ about }, { projection: WANTED }).limit(MAX_ENTRIES).toArray();
  const concerns = ({ events }: EntryRow) => !counties || events.length === 0 || events.some(({ county }) => counties.includes(county));
  return rows.filter(concerns).map((row) => ({
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

/** The batches that paid the claim's payables, and the counties whose money it was: its due names its order, the order its batch. */
async function paidBy(payment: Db, claimId: string): Promise<{ batches: string[]; counties: string[] }> {
  // An institution's, or a household's for a bill on paper.
  const prefixes = [`claim/${claimId}/decision/`, `paper/${claimId}/decision/`];
  const dues = await payment
    .collection<{ _id: string; county: string; orderId?: string }>("dues")
    .find({ $or: prefixes.map((prefix) => ({ _id: { $gte: prefix, $lt: `${prefix}~` } })) })
    .toArray();
  const orders = dues.flatMap((due) => (due.orderId ? [due.orderId] : []));
  const found = await payment
    .collection<{ _id: string; batchId: string }>("orders")
    .find({ _id: { $in: orders } })
    .toArray();
  return { batches: [...new Set(found.map((order) => order.batchId))], counties: [...new Set(dues.map((due) => due.county))] };
}
