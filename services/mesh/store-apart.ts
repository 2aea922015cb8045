/**
 * Documents for work that has all the time in the world: read from a secondary where there is one, as a majority had them, in ranges of keys and batches of ids.
 * It writes nothing, locks nothing, and shares no connection with a twin.
 */
import { type Document, MongoClient } from "mongodb";
import type { Doc } from "../values/decision.ts";
import { docOf, type Stored } from "./store-mongo-reader.ts";

const PREFIX = "nrcms_";
const BATCH = 2_000;
const SOCKET_TIMEOUT_MS = 60_000;
const SELECTION_TIMEOUT_MS = 10_000;
const MAX_CONNECTIONS = 4;

/** Documents of one kind whose ids lie in a range. */
export interface Range {
  readonly service: string;
  readonly kind: string;
  readonly from: string;
  /** The first id that is not wanted any more. */
  readonly below: string;
  readonly filter?: Readonly<Record<string, unknown>>;
  /** The fields that are wanted; left out: all. What else a document has is left where it is. */
  readonly fields?: readonly string[];
}

export interface ApartStore {
  /** In the order of their ids. */
  range<D extends Doc>(range: Range): AsyncIterable<{ readonly id: string; readonly doc: D }>;
  /** How many ids of a kind lie in a range. */
  count(range: Pick<Range, "service" | "kind" | "from" | "below">): Promise<number>;
  /** Those that are there, by their ids. */
  some<D extends Doc>(
    of: { readonly service: string; readonly kind: string; readonly fields?: readonly string[] },
    ids: readonly string[],
  ): Promise<ReadonlyMap<string, D>>;
  close(): Promise<void>;
}

/** Opens no connection before something is read. Reads throw where MongoDB does not answer. */
export function openApart(uri: string, name: string): ApartStore {
  const client = new MongoClient(uri, {
    appName: name,
    useBigInt64: true,
    promoteBuffers: true,
    readPreference: "secondaryPreferred",
    readConcernLevel: "majority",
    socketTimeoutMS: SOCKET_TIMEOUT_MS,
    serverSelectionTimeoutMS: SELECTION_TIMEOUT_MS,
    maxPoolSize: MAX_CONNECTIONS,
  });
  const collection = ({ service, kind }: Pick<Range, "service" | "kind">) => client.db(PREFIX + service).collection<Stored>(kind);
  const projection = (fields: readonly string[] | undefined) =>
    fields ? { projection: Object.fromEntries(["_form", ...fields].map((field) => [field, 1])) } : {};
  return {
    async *range<D extends Doc>({ filter, fields, from, below, ...of }: Range) {
      const wanted: Document = { ...filter, _id: { $gte: from, $lt: below } };
      const cursor = collection(of).find(wanted, { ...projection(fields), sort: { _id: 1 }, batchSize: BATCH });
      for await (const stored of cursor) yield { id: stored._id, doc: docOf<D>(stored as Stored) };
    },
    count: ({ from, below, ...of }) => collection(of).countDocuments({ _id: { $gte: from, $lt: below } }),
    async some<D extends Doc>(of: { service: string; kind: string; fields?: readonly string[] }, ids: readonly string[]) {
      const found = new Map<string, D>();
      for (let from = 0; from < ids.length; from += BATCH) {
        const cursor = collection(of).find({ _id: { $in: ids.slice(from, from + BATCH) } }, { ...projection(of.fields), batchSize: BATCH });
        for await (const stored of cursor) found.set(stored._id, docOf<D>(stored as Stored));
      }
      return found;
    },
    close: () => client.close(),
  };
}
