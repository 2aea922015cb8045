/**
 * The driver's face of the simulated replica set: as much of MongoClient as the mesh's store and the audit call, with the driver's own errors. Each call is one
 * exchange with the primary.
 */
import { type AggregateOptions, type MongoClient, type MongoClientOptions, MongoNetworkError, MongoServerError } from "mongodb";
import { type Answer, exchange } from "./engines.ts";
import { aggregate, bySpec, projected } from "./mongo-query.ts";
import { type Change, operate } from "./mongo-write.ts";
import type { Process } from "./process.ts";
import { type Collection, frozen, matching, type ReplicaSet, type Stored, type Transaction } from "./replica-set.ts";
import type { World } from "./world.ts";

const LOSS_BP = 15;
/** How long the driver looks for a primary. */
const SELECTION_MS = 3_000;
const LOCK_RETRY_MS = 3;
const NO_TRANSACTION = 251;
const WRITE_CONFLICT = 112;

type Filter = Readonly<Record<string, unknown>>;
interface WithSession {
  readonly session?: SimulatedSession;
  readonly readConcern?: { readonly level: string };
}

export function failure(code: number, message: string, labels: readonly string[] = []): MongoServerError {
  return new MongoServerError({ code, message, errorLabels: [...labels] });
}

/** One client of one process. */
export function simulatedClient(world: World, set: ReplicaSet, process: Process, options: MongoClientOptions): MongoClient {
  const appName = options.appName ?? "";
  const clientLevel = String(options.readConcernLevel ?? "local");

  const call = <T>(name: string, happen: (answer: Answer<T>) => void): Promise<T> =>
    exchange<T>({ world, process, name, lossBp: LOSS_BP, lost: () => new MongoNetworkError("connection closed") }, (answer) => {
      const waitMs = set.upAtMs - world.now;
      if (waitMs <= 0) happen(answer);
      else if (waitMs < SELECTION_MS) world.after(waitMs + 1, () => happen(answer));
      else world.after(SELECTION_MS, () => answer({ error: failure(10107, "no primary") }));
    });

  const read = <T>(
    name: string,
    options: WithSession | undefined,
    view: (documents: (collection: Collection) => ReadonlyMap<string, Stored>) => T,
  ) =>
    call<T>(name, (answer) => {
      const level = options?.readConcern?.level ?? clientLevel;
      const value = (): T => view((collection) => (level === "local" ? collection.local : set.seen(collection)));
      if (level !== "linearizable") return answer({ value: value() });
      // It writes that nothing happened, and waits for the majority.
      set.apply([], (known) => answer(known ? { value: value() } : { error: new MongoNetworkError("connection closed") }));
    });

  /** Outside a transaction: waits for locks, and for the majority. */
  const write = <T>(collection: Collection, name: string, change: Change<T>): Promise<T> =>
    call<T>(`${name} ${collection.name}`, (answer) => {
      const attempt = (): void => {
        try {
          const { writes, result } = operate(collection, change, undefined);
          if (writes.some(({ id }) => collection.locks.has(id))) return void world.after(LOCK_RETRY_MS, attempt);
          set.apply(writes, (known) => answer(known ? { value: result } : { error: new MongoNetworkError("connection closed") }));
        } catch (error) {
          answer({ error: error as Error });
        }
      };
      attempt();
    });

  const writeWithin = <T>(session: SimulatedSession, collection: Collection, name: string, change: Change<T>): Promise<T> =>
    call<T>(`${name} ${collection.name}`, (answer) => {
      const transaction = session.begun(() => set.begin(appName));
      if (!transaction.open) return answer({ error: failure(NO_TRANSACTION, "transaction ended", ["TransientTransactionError"]) });
      try {
        const { writes, result } = operate(collection, change, transaction);
        if (writes.some(({ id }) => (collection.locks.get(id) ?? transaction) !== transaction))
          throw failure(WRITE_CONFLICT, "write conflict", ["TransientTransactionError"]);
        for (const one of writes) {
          collection.locks.set(one.id, transaction);
          const name = `${collection.name}\u0000${one.id}`;
          transaction.writes.set(name, { ...one, before: transaction.writes.get(name)?.before ?? collection.local.get(one.id) });
        }
        answer({ value: result });
      } catch (error) {
        set.abort(transaction);
        answer({ error: error as Error });
      }
    });

  const collectionOf = (database: string, kind: string) => {
    const collection = set.collection(database, kind);
    const change = <T>(name: string, options: WithSession | undefined, work: Change<T>): Promise<T> =>
      options?.session ? writeWithin(options.session, collection, name, work) : write(collection, name, work);
    const find = (filter: Filter, options: WithSession & { projection?: Filter; sort?: Filter; limit?: number } = {}) => {
      let sort = options.sort;
      let limit = options.limit ?? 0;
      const cursor = {
        sort(spec: Filter) {
          sort = spec;
          return cursor;
        },
        limit(most: number) {
          limit = most;
          return cursor;
        },
        toArray: () =>
          read(`find ${kind}`, options, (documents) => {
            const found = matching(documents(collection), filter);
            const sorted = sort ? found.sort(bySpec(sort)) : found;
            return (limit > 0 ? sorted.slice(0, limit) : sorted).map((doc) => projected(doc, options.projection));
          }),
      };
      return cursor;
    };
    return {
      collectionName: kind,
      find,
      findOne: async (filter: Filter, options?: WithSession & { projection?: Filter }) =>
        (await find(filter, { ...options, limit: 1 }).toArray())[0] ?? null,
      countDocuments: (filter: Filter) => read(`count ${kind}`, undefined, (documents) => matching(documents(collection), filter).length),
      insertOne: (doc: Stored) => change("insert", undefined, (on) => on.insert([frozen(doc)])),
      insertMany: (docs: readonly Stored[], options?: WithSession) => change("insert", options, (on) => on.insert(docs.map(frozen))),
      updateOne: (filter: Filter, update: Filter, options?: WithSession & { upsert?: boolean }) =>
        change("update", options, (on) => on.update(filter, frozen(update), options?.upsert === true)),
      replaceOne: (filter: Filter, doc: Filter, options?: WithSession & { upsert?: boolean }) =>
        change("replace", options, (on) => on.replace(filter, frozen(doc), options?.upsert === true)),
      findOneAndUpdate: (filter: Filter, update: Filter) =>
        change("update", undefined, (on) => {
          on.update(filter, frozen(update), false);
          return on.find(filter._id as string) ?? null;
        }),
      bulkWrite: (
        operations: readonly Readonly<Record<string, { filter: Filter; update?: Filter; replacement?: Filter; upsert?: boolean }>>[],
        options?: WithSession,
      ) =>
        change("bulk", options, (on) => {
          let matchedCount = 0;
          for (const { replaceOne, updateOne } of operations) {
            if (replaceOne)
              matchedCount += on.replace(replaceOne.filter, frozen(replaceOne.replacement ?? {}), replaceOne.upsert === true).matchedCount;
            if (updateOne)
              matchedCount += on.update(updateOne.filter, frozen(updateOne.update ?? {}), updateOne.upsert === true).matchedCount;
          }
          return { matchedCount };
        }),
      createIndexes: (indexes: readonly { key: Readonly<Record<string, unknown>>; unique?: boolean; partialFilterExpression?: Filter }[]) =>
        call(`createIndexes ${kind}`, (answer: Answer<number>) => {
          for (const { key, unique, partialFilterExpression: partial } of indexes) {
            const fields = Object.keys(key);
            if (unique && !collection.uniques.some((known) => known.fields.join() === fields.join()))
              collection.uniques.push({ fields, partial });
          }
          answer({ value: indexes.length });
        }),
      aggregate: (stages: readonly Filter[], _options?: AggregateOptions) =>
        rowsOf(() => read(`aggregate ${kind}`, undefined, (documents) => aggregate([...documents(collection).values()], stages))),
    };
  };

  const namesOf = (database: string): string[] => [...(set.databases.get(database)?.keys() ?? [])];
  const admin = {
    aggregate: (stages: readonly Filter[]) =>
      rowsOf(() =>
        call(`currentOp`, (answer: Answer<object[]>) => {
          const wanted = (stages[1]?.$match as Filter | undefined)?.appName;
          answer({ value: [...set.transactions.values()].filter((one) => one.process === wanted).map(({ id }) => ({ lsid: { id } })) });
        }),
      ),
    command: ({ killSessions = [] }: { killSessions?: readonly { id: number }[] }) =>
      call(`killSessions`, (answer: Answer<object>) => {
        for (const { id } of killSessions) {
          const transaction = set.transactions.get(id);
          if (transaction) set.abort(transaction);
        }
        answer({ value: {} });
      }),
    admin: () => ({
      listDatabases: () =>
        call("listDatabases", (answer: Answer<object>) =>
          answer({ value: { databases: [...set.databases.keys()].map((name) => ({ name })) } }),
        ),
    }),
  };
  const hear = (changed: (event: object) => void) => (term: number | undefined) => {
    const primary = { type: term === undefined ? "Unknown" : "RSPrimary", address: "the set", electionId: term };
    changed({ newDescription: { servers: new Map([[primary.address, primary]]) } });
  };
  const client = {
    on: (event: string, listener: (event: object) => void) => {
      if (event === "topologyDescriptionChanged") set.hear(hear(listener));
      return client;
    },
    connect: () => call("connect", (answer: Answer<object>) => answer({ value: client })),
    close: async () => undefined,
    startSession: () => new SimulatedSession(call, set),
    db: (database: string) =>
      database === "admin"
        ? admin
        : {
            collection: (kind: string) => collectionOf(database, kind),
            createCollection: (kind: string) =>
              call("createCollection", (answer: Answer<object>) => answer({ value: set.collection(database, kind) })),
            listCollections: () => ({
              toArray: () =>
                call("listCollections", (answer: Answer<object[]>) => answer({ value: namesOf(database).map((name) => ({ name })) })),
            }),
            command: () => call("ping", (answer: Answer<object>) => answer({ value: { ok: 1 } })),
          },
  };
  return client as unknown as MongoClient;
}

/** A cursor that is read whole. */
function rowsOf<T>(read: () => Promise<readonly T[]>) {
  return {
    toArray: read,
    async *[Symbol.asyncIterator]() {
      yield* await read();
    },
  };
}

class SimulatedSession {
  private transaction: Transaction | undefined;
  private readonly call: <T>(name: string, happen: (answer: Answer<T>) => void) => Promise<T>;
  private readonly set: ReplicaSet;

  constructor(call: SimulatedSession["call"], set: ReplicaSet) {
    this.call = call;
    this.set = set;
  }

  startTransaction(): void {
    this.transaction = undefined;
  }

  begun(begin: () => Transaction): Transaction {
    this.transaction ??= begin();
    return this.transaction;
  }

  commitTransaction(): Promise<void> {
    return this.call<void>("commit", (answer) => {
      const { transaction } = this;
      if (!transaction?.open) return answer({ error: failure(NO_TRANSACTION, "transaction ended", ["TransientTransactionError"]) });
      this.set.commit(transaction, (known) => answer(known ? { value: undefined } : { error: new MongoNetworkError("connection closed") }));
    });
  }

  /** Aborts what is open; the driver does not say whether that worked. */
  async endSession(): Promise<void> {
    const { transaction } = this;
    if (!transaction?.open) return;
    await this.call<void>("abort", (answer) => {
      this.set.abort(transaction);
      answer({ value: undefined });
    }).catch(() => undefined);
  }
}
