/** What the mesh asks of a store. One implementation remembers in MongoDB (store-mongo.ts); the simulation has one in memory. */
import type { Key } from "../values/decision.ts";
import type { Entry, Head, Parked } from "./journal.ts";
import type { Loads, Plan } from "./stage.ts";

/** Somebody else changed what this batch read, or the outcome of the commit is not known: read and decide again. */
export class Conflict extends Error {}

/** An engine does not answer just now. Never parks, is never halved; ends in Unavailable. */
export class Weather extends Error {}

/** The transaction was too slow and was ended: the batch is split, the limit halved. */
export class TooSlow extends Error {}

/** The lease is another's by now: this twin stops leading at once. */
export class LeaseLost extends Error {
  /** The epoch that does not hold any more. */
  readonly epoch: number;
  constructor(message: string, epoch: number) {
    super(message);
    this.epoch = epoch;
  }
}

/** Another process writes under this twin's name: this one must exit. */
export class Replaced extends Error {}

/** A document was written by a newer release than this one: its peer takes the input (protocols 21). */
export class NewerForm extends Error {}

/** Who leads a pair. `renewals` moves while the holder lives; whether it stands still is judged by the watcher's own monotonic clock. */
export interface Lease {
  readonly epoch: number;
  /** twin:instance, or empty where nobody leads. */
  readonly holder: string;
  readonly renewals: number;
}

/** An entry as a repeat needs it. */
export interface Recorded {
  readonly hash: string;
  readonly outcome: "done" | "refused";
  readonly reply: Uint8Array;
  readonly twin: string;
}

/** What an entry told, without its content. */
export interface ToldEntry {
  readonly number: number;
  readonly atMs: number;
  readonly events: readonly { readonly number: number; readonly name: string }[];
}

export interface Store {
  /** Takes the twin's head under this instance's name; a process that held it before finds its commits refused. */
  takeHead(twin: string, instance: string): Promise<Head>;
  /** A twin's head as a majority has it. */
  head(twin: string): Promise<Head | undefined>;
  /**
   * In whose term the store is led now. What is read afterwards lacks nothing that was acknowledged before, if a commit in the same term succeeds: so a decision may say "no" for want
   * of a record. Throws Weather where nobody leads.
   */
  term(): Promise<string>;
  /**
   * Runs `read` so that what it reads lacks nothing that was acknowledged before this call. Other reads may: they say what they know, and never "no". It may run several times.
   * Throws Weather where that cannot be known; costs a wait for the majority, which all who ask at that time share.
   */
  surely<T>(read: () => Promise<T>): Promise<T>;
  /** What the journal has of these ids, as a majority has it. */
  recorded(ids: readonly string[]): Promise<ReadonlyMap<string, Recorded>>;
  /** Which of these ids are parked and not yet resolved. */
  parkedAmong(ids: readonly string[]): Promise<ReadonlySet<string>>;
  /** Loads documents into `loads`, as a majority has them; what is not there is loaded with version 0. */
  load(keys: readonly Key[], loads: Loads): Promise<void>;
  /** One transaction, decided from what was read in this term. Throws Conflict, Weather, TooSlow, LeaseLost, or what else went wrong. */
  commit(plan: Plan, term: string): Promise<void>;
  lease(): Promise<Lease | undefined>;
  /** Takes the lease if it still is as it was seen. Returns the new lease, or undefined where another was faster. */
  acquire(seen: Lease | undefined, holder: string): Promise<Lease | undefined>;
  /** Renews under an epoch; false where it is lost. */
  renew(epoch: number): Promise<boolean>;
  /** Gives the lease back, so that the peer need not wait. */
  release(epoch: number): Promise<void>;
  /** A twin's entries after a number, oldest first. */
  entriesAfter(twin: string, number: number, limit: number): Promise<readonly Entry[]>;
  /** What a twin's entries after a number told, by number and name, oldest first; also those that told nothing. */
  toldAfter(twin: string, number: number, limit: number): Promise<readonly ToldEntry[]>;
  /** Which of these ids are in the journal, or were ever parked. */
  heardAmong(ids: readonly string[]): Promise<ReadonlySet<string>>;
  /** Marks a dead peer's events published, if its head is still as it was seen. */
  markPublished(seen: Head, published: number, publishedEntry: number): Promise<boolean>;
  /** The number of the last entry before the one that told a twin's event of this number; the newest entry's where none did. */
  entryBeforeEvent(twin: string, event: number): Promise<number>;
  /** The number of parked inputs that nobody has resolved. */
  parkedCount(): Promise<number>;
  /** A parked input, resolved or not. */
  parkedInput(id: string): Promise<Parked | undefined>;
  /** Parked inputs that nobody has resolved, oldest first, without their bytes. */
  parkedInputs(limit: number): Promise<readonly Parked[]>;
  /** Marks a parked input resolved, for what needs no entry any more: it was decided before, or time brings it again. */
  resolve(id: string, by: string): Promise<void>;
  /** Ends the transactions that a dead process left open, by its name; what it locked is free at once. Returns how many there were. */
  endTransactionsOf(process: string): Promise<number>;
  /** A small value that is the service's own (the stream's id, a checkpoint). */
  mark(name: string): Promise<Readonly<Record<string, unknown>> | undefined>;
  setMark(name: string, value: Readonly<Record<string, unknown>>): Promise<void>;
  /** How far the clock of each machine that keeps the store is ahead of one's own, in milliseconds; as far as it has been heard. */
  clocksAheadMs(): readonly number[];
  ping(): Promise<void>;
  close(): Promise<void>;
}
