/** The mesh's store in memory, with MongoDB's manners: versions guard, ids are unique, one commit counts whole or not at all. Faults are told to it. */
import { type Entry, firstHead, type Head, type Parked } from "../../services/mesh/journal.ts";
import { type Loads, nameOf, type Plan } from "../../services/mesh/stage.ts";
import { Conflict, type Lease, LeaseLost, type Store } from "../../services/mesh/store.ts";
import type { Doc, Key } from "../../services/values/decision.ts";

type Step = "recorded" | "load" | "commit" | "head" | "lease" | "entriesAfter";

export interface MemoryStore extends Store {
  readonly documents: Map<string, { doc: Doc; version: number; by: string }>;
  readonly journal: Map<string, Entry>;
  readonly parked: Map<string, Parked & { readonly resolvedBy?: string }>;
  readonly heads: Map<string, Head>;
  readonly commits: Plan[];
  holder: Lease | undefined;
  /** Called before each step with what it is about; what it throws, the step throws. "after" a commit means that it counted and its answer was lost. */
  fault: (step: Step, when: "before" | "after", plan?: Plan) => void | Promise<void>;
  doc<D extends Doc>(key: Key<D>): D | undefined;
}

export function memoryStore(): MemoryStore {
  const documents: MemoryStore["documents"] = new Map();
  const journal = new Map<string, Entry>();
  const parked: MemoryStore["parked"] = new Map();
  const heads = new Map<string, Head>();
  const marks = new Map<string, Readonly<Record<string, unknown>>>();
  const commits: Plan[] = [];

  const apply = (plan: Plan): void => {
    if (plan.epoch > 0 && store.holder?.epoch !== plan.epoch) throw new LeaseLost("the lease is another's", plan.epoch);
    const head = heads.get(plan.head.to.twin);
    if (head?.version !== plan.head.from.version) throw new Conflict("the head moved");
    for (const entry of plan.entries) if (journal.has(entry.id)) throw new Conflict(`11000 ${entry.id}`);
    for (const { key, version } of [...plan.puts, ...plan.guards])
      if ((documents.get(nameOf(key))?.version ?? 0) !== version) throw new Conflict(`${key.kind}/${key.id} changed`);
    heads.set(plan.head.to.twin, plan.head.to);
    for (const entry of plan.entries) journal.set(entry.id, entry);
    for (const row of plan.parked) parked.set(row.id, row);
    for (const { id, by } of plan.resolved) {
      const row = parked.get(id);
      if (row) parked.set(id, { ...row, resolved: true, resolvedBy: by });
    }
    for (const { key, doc, version, by } of plan.puts) documents.set(nameOf(key), { doc: structuredClone(doc), version: version + 1, by });
    if (plan.epoch > 0 && store.holder) store.holder = { ...store.holder, renewals: store.holder.renewals + 1 };
    commits.push(plan);
  };

  const store: MemoryStore = {
    documents,
    journal,
    parked,
    heads,
    commits,
    holder: undefined,
    fault: () => undefined,
    doc: <D extends Doc>(key: Key<D>) => documents.get(nameOf(key))?.doc as D | undefined,
    async takeHead(twin, instance) {
      const before = heads.get(twin) ?? firstHead(twin, instance);
      const head = { ...before, instance, version: before.version + 1 };
      heads.set(twin, head);
      return head;
    },
    async head(twin) {
      await store.fault("head", "before");
      return heads.get(twin);
    },
    term: async () => "the only one",
    surely: (read) => read(),
    async recorded(ids) {
      await store.fault("recorded", "before");
      return new Map(ids.flatMap((id) => journal.get(id) ?? []).map((entry) => [entry.id, entry]));
    },
    parkedAmong: async (ids) => new Set(ids.filter((id) => parked.get(id)?.resolved === false)),
    async load(keys, loads: Loads) {
      await store.fault("load", "before");
      for (const key of keys) {
        const found = documents.get(nameOf(key));
        loads.set(nameOf(key), { doc: found && structuredClone(found.doc), version: found?.version ?? 0 });
      }
    },
    async commit(plan) {
      await store.fault("commit", "before", plan);
      apply(plan);
      await store.fault("commit", "after", plan);
    },
    async lease() {
      await store.fault("lease", "before");
      return store.holder;
    },
    async acquire(seen, holder) {
      await store.fault("lease", "before");
      if (store.holder?.epoch !== seen?.epoch) return undefined;
      store.holder = { epoch: (seen?.epoch ?? 0) + 1, holder, renewals: 0 };
      return store.holder;
    },
    async renew(epoch) {
      await store.fault("lease", "before");
      if (store.holder?.epoch !== epoch) return false;
      store.holder = { ...store.holder, renewals: store.holder.renewals + 1 };
      return true;
    },
    async release(epoch) {
      if (store.holder?.epoch === epoch) store.holder = { epoch: epoch + 1, holder: "", renewals: store.holder.renewals };
    },
    async entriesAfter(twin, number, limit) {
      await store.fault("entriesAfter", "before");
      return [...journal.values()]
        .filter((entry) => entry.twin === twin && entry.number > number)
        .sort((a, b) => a.number - b.number)
        .slice(0, limit);
    },
    async toldAfter(twin, number, limit) {
      return (await store.entriesAfter(twin, number, limit)).map(({ number: entry, atMs, events }) => ({ number: entry, atMs, events }));
    },
    heardAmong: async (ids) => new Set(ids.filter((id) => journal.has(id) || parked.has(id))),
    async markPublished(seen, published, publishedEntry) {
      if (heads.get(seen.twin)?.version !== seen.version) return false;
      heads.set(seen.twin, { ...seen, version: seen.version + 1, published, publishedEntry });
      return true;
    },
    async entryBeforeEvent(twin, event) {
      const told = [...journal.values()].find((entry) => entry.twin === twin && entry.events.some((one) => one.number === event));
      return told ? told.number - 1 : (heads.get(twin)?.number ?? 0);
    },
    parkedCount: async () => [...parked.values()].filter((row) => !row.resolved).length,
    parkedInput: async (id) => parked.get(id),
    parkedInputs: async (limit) =>
      [...parked.values()]
        .filter((row) => !row.resolved)
        .slice(0, limit)
        .map((row) => ({ ...row, bytes: new Uint8Array() })),
    async resolve(id, by) {
      const row = parked.get(id);
      if (row) parked.set(id, { ...row, resolved: true, resolvedBy: by });
    },
    endTransactionsOf: async () => 0,
    mark: async (name) => marks.get(name),
    setMark: async (name, value) => void marks.set(name, value),
    clocksAheadMs: () => [],
    ping: async () => undefined,
    close: async () => undefined,
  };
  return store;
}
