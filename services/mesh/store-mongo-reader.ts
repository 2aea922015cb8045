/** Reads for queries: what a majority has, from the primary; where none can be found, from any member that lives. */
import { type Db, type Document, MongoServerSelectionError } from "mongodb";
import type { Doc, Key, Kind } from "../values/decision.ts";
import { NewerForm } from "./store.ts";
import { cased } from "./store-mongo-cases.ts";
import type { FindOptions, Reader } from "./wiring.ts";

/** The newest form of document that this release understands. */
const FORM = 1;

export interface Stored extends Document {
  _id: string;
}

export function docOf<D extends Doc>(stored: Stored): D {
  if (typeof stored._form === "number" && stored._form > FORM) throw new NewerForm(`${stored._id} has form ${stored._form}`);
  const { _id, _version, _by, _touched, _form, ...doc } = stored;
  return doc as unknown as D;
}

const FIND_LIMIT = 1000;
/** So long after no primary could be found, reads go to any member at once. */
const HEADLESS_MS = 5_000;

/**
 * A reader over a database. Without a majority of machines there is no primary: then a member that is left answers with what it knows a majority to have had, which may
 * lack the last moments before the loss. Decisions never read so: their reads, and the commit that guards them, need the primary; and nobody is told "no" from it.
 */
export function readerOver(db: Db): Reader {
  let headlessUntilMs = Number.NEGATIVE_INFINITY;
  const read = <T>(work: (readPreference: "primary" | "primaryPreferred") => Promise<T>): Promise<T> =>
    cased(async () => {
      if (performance.now() < headlessUntilMs) return await work("primaryPreferred");
      try {
        return await work("primary");
      } catch (error) {
        if (!(error instanceof MongoServerSelectionError)) throw error;
        headlessUntilMs = performance.now() + HEADLESS_MS;
        return await work("primaryPreferred");
      }
    });
  return {
    get: (key) =>
      read(async (readPreference) => {
        const stored = await db.collection<Stored>(key.kind).findOne({ _id: key.id }, { readPreference });
        return stored ? docOf(stored) : undefined;
      }),
    getAll: <D extends Doc>(keys: readonly Key<D>[]) =>
      read(async (readPreference) => {
        const found = new Map<string, D>();
        const byKind = Map.groupBy(keys, (key) => key.kind);
        for (const [kind, ofKind] of byKind) {
          const ids = ofKind.map((key) => key.id);
          const rows = await db
            .collection<Stored>(kind)
            .find({ _id: { $in: ids } }, { readPreference })
            .toArray();
          for (const stored of rows) found.set(stored._id, docOf<D>(stored));
        }
        return found;
      }),
    find: <D extends Doc>(kind: Kind<D>, filter: Readonly<Record<string, unknown>>, { sort, limit = FIND_LIMIT }: FindOptions = {}) =>
      read(async (readPreference) => {
        const cursor = db
          .collection<Stored>(kind.name)
          .find({ ...filter } as Document, { ...(sort ? { sort: { ...sort } } : {}), limit, readPreference });
        return (await cursor.toArray()).map((stored) => docOf<D>(stored));
      }),
    count: (kind, filter) => read((readPreference) => db.collection(kind.name).countDocuments({ ...filter }, { readPreference })),
  };
}
