/**
 * A MongoDB replica set as its clients see it: what the primary has (`local`), what a majority has, transactions that lock what they write and end after a
 * second, elections that lose what no majority had. Documents are stored frozen; mingo finds them.
 */
import { Query } from "mingo";
import type { AnyObject } from "mingo/types";
import type { World } from "./world.ts";

export interface Stored {
  readonly _id: string;
  readonly [field: string]: unknown;
}

export interface UniqueIndex {
  readonly fields: readonly string[];
  readonly partial: Readonly<Record<string, unknown>> | undefined;
}

export interface Written {
  readonly collection: Collection;
  readonly id: string;
  readonly before: Stored | undefined;
  readonly after: Stored | undefined;
}

export interface Collection {
  readonly database: string;
  readonly name: string;
  readonly local: Map<string, Stored>;
  readonly majority: Map<string, Stored>;
  readonly uniques: UniqueIndex[];
  readonly locks: Map<string, Transaction>;
}

export interface Transaction {
  readonly id: number;
  /** The client's name. */
  readonly process: string;
  readonly writes: Map<string, Written>;
  open: boolean;
}

interface Committing {
  readonly writes: readonly Written[];
  /** A majority has it; or the connection was lost, and nobody knows. */
  readonly done: (known: boolean) => void;
}

/** How far the majority is behind the primary. */
const LAG_MS: readonly [number, number] = [0.5, 4];
const LONG_LAG_MS: readonly [number, number] = [20, 900];
const LIFETIME_MS = 1_000;
const OUTAGE_MS: readonly [number, number] = [200, 4_500];
/** A secondary learns by its primary's next word how far the majority is: what was acknowledged since then the next primary may not show at first. */
const UNTOLD_MS: readonly [number, number] = [0, 400];

export class ReplicaSet {
  readonly databases = new Map<string, Map<string, Collection>>();
  readonly transactions = new Map<number, Transaction>();
  /** There is no primary before this. */
  upAtMs = 0;
  /** Counts elections: what was under way in an earlier term has failed. */
  term = 0;
  /** Called for each write that a majority has by now, in order. */
  onMajority: (writes: readonly Written[]) => void = () => undefined;
  /** Called for each write when the primary has it. */
  onApplied: (writes: readonly Written[]) => void = () => undefined;
  private readonly world: World;
  private readonly committing: Committing[] = [];
  /** What a majority was known to have lately, oldest first. */
  private readonly reached: { readonly atMs: number; readonly writes: readonly Written[] }[] = [];
  /** What a majority has, and a primary whose term has not begun does not show: by collection and id, what it shows instead. */
  private readonly untold = new Map<Collection, Map<string, Stored | undefined>>();
  /** What survived elections, and no majority was known to have. */
  private readonly survived: (readonly Written[])[] = [];
  private readonly hearing: ((term: number | undefined) => void)[] = [];
  private lagging = 0;
  private majorityAtMs = 0;
  private serial = 0;

  constructor(world: World) {
    this.world = world;
  }

  collection(database: string, name: string): Collection {
    let collections = this.databases.get(database);
    if (!collections) {
      collections = new Map();
      this.databases.set(database, collections);
    }
    let found = collections.get(name);
    if (!found) {
      found = { database, name, local: new Map(), majority: new Map(), uniques: [], locks: new Map() };
      collections.set(name, found);
    }
    return found;
  }

  /** The secondaries fall behind until then. */
  lag(ms: number): void {
    this.lagging = this.world.now + ms;
    this.world.trace.note(`the secondaries lag for ${ms.toFixed(0)} ms`);
  }

  /** What is read with majority concern. */
  seen(collection: Collection): ReadonlyMap<string, Stored> {
    const untold = this.untold.get(collection);
    if (!untold) return collection.majority;
    const seen = new Map(collection.majority);
    for (const [id, doc] of untold) put(seen, id, doc);
    return seen;
  }

  /** Tells now and whenever it changes in whose term the set is led; undefined while nobody leads. */
  hear(listener: (term: number | undefined) => void): void {
    this.hearing.push(listener);
    listener(this.world.now < this.upAtMs ? undefined : this.term);
  }

  private tell(term: number | undefined): void {
    for (const listener of this.hearing) listener(term);
  }

  /** The primary is lost; another is elected later. What no majority had is there afterwards, or is not; what one had is shown once the new term has begun. */
  elect(): void {
    const { world, committing } = this;
    this.term += 1;
    const { term } = this;
    this.tell(undefined);
    this.upAtMs = world.now + world.span(...OUTAGE_MS);
    const survive = world.chance.between(0, committing.length);
    world.trace.note(`the primary is lost: ${survive} of ${committing.length} writes survive`);
    for (const transaction of [...this.transactions.values()]) this.abort(transaction);
    const kept = committing.splice(0, survive);
    const gone = committing.splice(0);
    for (const { writes } of gone.toReversed())
      for (const write of writes.toReversed()) put(write.collection.local, write.id, write.before);
    for (const { done } of [...kept, ...gone]) done(false);
    this.survived.push(...kept.map(({ writes }) => writes));
    this.hide(world.now - world.span(...UNTOLD_MS));
    this.majorityAtMs = this.upAtMs + world.span(...(world.now < this.lagging ? LONG_LAG_MS : LAG_MS));
    world.after(this.upAtMs - world.now, () => term === this.term && this.tell(term));
    world.after(this.majorityAtMs - world.now, () => term === this.term && this.beginTerm());
  }

  /** Something of the new term has reached a majority. */
  private beginTerm(): void {
    this.untold.clear();
    for (const writes of this.survived.splice(0)) this.reach(writes);
  }

  /** What has been acknowledged since then is not shown. */
  private hide(sinceMs: number): void {
    for (const { writes } of this.reached.filter(({ atMs }) => atMs >= sinceMs).toReversed())
      for (const { collection, id, before } of writes.toReversed()) {
        let untold = this.untold.get(collection);
        if (!untold) {
          untold = new Map();
          this.untold.set(collection, untold);
        }
        untold.set(id, before);
      }
  }

  begin(process: string): Transaction {
    this.serial += 1;
    const transaction: Transaction = { id: this.serial, process, writes: new Map(), open: true };
    this.transactions.set(transaction.id, transaction);
    this.world.after(LIFETIME_MS, () => this.abort(transaction));
    return transaction;
  }

  abort(transaction: Transaction): void {
    if (!transaction.open) return;
    this.end(transaction);
  }

  /** Applies what a transaction wrote. */
  commit(transaction: Transaction, done: Committing["done"]): void {
    this.end(transaction);
    this.apply([...transaction.writes.values()], done);
  }

  apply(writes: readonly Written[], done: Committing["done"]): void {
    const { world } = this;
    for (const { collection, id, after } of writes) put(collection.local, id, after);
    if (writes.length > 0) this.onApplied(writes);
    const one: Committing = { writes, done };
    this.committing.push(one);
    const [from, to] = world.now < this.lagging ? LONG_LAG_MS : LAG_MS;
    this.majorityAtMs = Math.max(this.majorityAtMs, world.now + world.span(from, to));
    const { term } = this;
    world.after(this.majorityAtMs - world.now, () => {
      if (term !== this.term) return;
      this.committing.splice(this.committing.indexOf(one), 1);
      this.reach(writes);
      done(true);
    });
  }

  private reach(writes: readonly Written[]): void {
    for (const { collection, id, after } of writes) put(collection.majority, id, after);
    const { now } = this.world;
    while (this.reached[0] && this.reached[0].atMs < now - UNTOLD_MS[1]) this.reached.shift();
    this.reached.push({ atMs: now, writes });
    if (writes.length > 0) this.onMajority(writes);
  }

  private end(transaction: Transaction): void {
    transaction.open = false;
    this.transactions.delete(transaction.id);
    for (const { collection, id } of transaction.writes.values()) collection.locks.delete(id);
  }
}

function put(documents: Map<string, Stored>, id: string, doc: Stored | undefined): void {
  if (doc) documents.set(id, doc);
  else documents.delete(id);
}

/** The documents that a filter finds, in the order of their entry. */
export function matching(documents: ReadonlyMap<string, Stored>, filter: Readonly<Record<string, unknown>>): Stored[] {
  const test = testOf(filter);
  return candidates(documents, filter._id).filter(test);
}

function candidates(documents: ReadonlyMap<string, Stored>, id: unknown): Stored[] {
  const wanted = typeof id === "string" ? [id] : isObject(id) && Array.isArray(id.$in) ? (id.$in as string[]) : undefined;
  if (!wanted) return [...documents.values()];
  return [...new Set(wanted)].map((one) => documents.get(one)).filter((doc) => doc !== undefined);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

/** What a path of names leads to. */
export function fieldOf(doc: unknown, path: string): unknown {
  let value = doc;
  for (const part of path.split(".")) value = (value as Record<string, unknown> | undefined)?.[part];
  return value;
}

/** Plain equality and order need no query engine, and mingo takes no money (bigint). */
function testOf(filter: Readonly<Record<string, unknown>>): (doc: Stored) => boolean {
  const conditions = Object.entries(filter).filter(([field]) => field !== "_id");
  const plain = conditions.filter(([field, value]) => isPlain(field, value));
  const others = conditions.filter(([field, value]) => !isPlain(field, value));
  const query = others.length > 0 ? new Query(Object.fromEntries(others) as AnyObject) : undefined;
  return (doc) =>
    plain.every(([field, value]) => holds(fieldOf(doc, field), value)) && (query === undefined || query.test(doc as AnyObject));
}

const ORDERS: Readonly<Record<string, (value: number, bound: number) => boolean>> = {
  $gt: (value, bound) => value > bound,
  $gte: (value, bound) => value >= bound,
  $lt: (value, bound) => value < bound,
  $lte: (value, bound) => value <= bound,
};

function isPlain(field: string, value: unknown): boolean {
  return !field.startsWith("$") && (!isObject(value) || Object.keys(value).every((operator) => operator in ORDERS));
}

/** What is not there, or is of another kind, has no order. */
function holds(value: unknown, wanted: unknown): boolean {
  if (!isObject(wanted)) return value === wanted;
  return Object.entries(wanted).every(
    ([operator, bound]) =>
      (typeof value === "string") === (typeof bound === "string") &&
      value !== undefined &&
      value !== null &&
      ORDERS[operator]?.(value as number, bound as number),
  );
}

/** The document with which another would share a unique index; undefined where there is none. */
export function clashing(collection: Collection, doc: Stored, documents: Iterable<Stored>): Stored | undefined {
  for (const { fields, partial } of collection.uniques) {
    if (partial && !new Query(partial as AnyObject).test(doc as AnyObject)) continue;
    for (const other of documents) if (other._id !== doc._id && fields.every((field) => other[field] === doc[field])) return other;
  }
  return undefined;
}

/** A document as the server keeps it: without what is undefined, and never to be changed. */
export function frozen<T>(value: T): T {
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof Uint8Array) return Buffer.from(value) as Uint8Array as T;
  if (Array.isArray(value)) return Object.freeze(value.map(frozen)) as T;
  const copy: Record<string, unknown> = {};
  for (const [key, field] of Object.entries(value)) if (field !== undefined) copy[key] = frozen(field);
  return Object.freeze(copy) as T;
}
