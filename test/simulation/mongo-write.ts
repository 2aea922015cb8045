/** What one write command does to one collection: computed first, applied when its transaction commits, or at once where it has none. */
import { MongoBulkWriteError } from "mongodb";
import { type Collection, clashing, frozen, matching, type Stored, type Transaction, type Written } from "./replica-set.ts";

type Filter = Readonly<Record<string, unknown>>;

export interface Matched {
  readonly matchedCount: number;
  readonly modifiedCount: number;
}

/** The commands of a collection. They throw what the server answers. */
export interface Operations {
  insert(docs: readonly Stored[]): { readonly insertedCount: number };
  update(filter: Filter, update: Filter, upsert: boolean): Matched;
  replace(filter: Filter, doc: Filter, upsert: boolean): Matched;
  find(id: string): Stored | undefined;
}

export type Change<T> = (on: Operations) => T;

/** Runs a command over what its transaction has written so far. Nothing is applied. */
export function operate<T>(
  collection: Collection,
  change: Change<T>,
  transaction: Transaction | undefined,
): { writes: Written[]; result: T } {
  const writes = new Map<string, Written>();
  const own = [...(transaction?.writes.values() ?? [])].filter((one) => one.collection === collection);
  const seen: ReadonlyMap<string, Stored> =
    own.length === 0
      ? collection.local
      : new Map([...collection.local, ...own.flatMap(({ id, after }) => (after ? [[id, after] as const] : []))]);
  const get = (id: string): Stored | undefined => (writes.has(id) ? writes.get(id)?.after : seen.get(id));
  const put = (doc: Stored): void => {
    const clash =
      collection.uniques.length > 0 &&
      clashing(collection, doc, [...seen.values(), ...[...writes.values()].flatMap(({ after }) => after ?? [])]);
    if (clash) throw duplicate(doc, `a unique index has ${clash._id}`);
    writes.set(doc._id, { collection, id: doc._id, before: seen.get(doc._id), after: doc });
  };
  const found = (filter: Filter): Stored | undefined => {
    const [doc] = matching(seen, filter);
    return doc && (get(doc._id) ?? doc);
  };
  const upserted = (filter: Filter, fields: Filter): Matched => {
    put(frozen({ ...fields, _id: filter._id as string }) as Stored);
    return { matchedCount: 0, modifiedCount: 0 };
  };
  const result = change({
    insert(docs) {
      for (const doc of docs) {
        if (get(doc._id)) throw duplicate(doc, "its _id is there");
        put(doc);
      }
      return { insertedCount: docs.length };
    },
    update(filter, update, upsert) {
      const doc = found(filter);
      if (!doc) return upsert ? upserted(filter, { ...fields(update.$set), ...fields(update.$setOnInsert) }) : NONE;
      put(frozen({ ...doc, ...fields(update.$set), ...added(doc, fields(update.$inc)) }) as Stored);
      return ONE;
    },
    replace(filter, doc, upsert) {
      const before = found(filter);
      if (!before) return upsert ? upserted(filter, doc) : NONE;
      put(frozen({ ...doc, _id: before._id }) as Stored);
      return ONE;
    },
    find: get,
  });
  return { writes: [...writes.values()], result };
}

const NONE: Matched = { matchedCount: 0, modifiedCount: 0 };
const ONE: Matched = { matchedCount: 1, modifiedCount: 1 };

function fields(part: unknown): Readonly<Record<string, unknown>> {
  return (part ?? {}) as Readonly<Record<string, unknown>>;
}

function added(doc: Stored, increments: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(increments).map(([field, by]) => [field, Number(doc[field] ?? 0) + Number(by)]));
}

function duplicate(doc: Stored, why: string): MongoBulkWriteError {
  const error = { message: `E11000 duplicate key ${doc._id}: ${why}`, code: 11000, writeErrors: [{ err: { op: doc } }] };
  return new MongoBulkWriteError(error as never, {} as never);
}
