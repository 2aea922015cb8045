/**
 * Prefetch, decide, commit. While one batch commits, inputs gather; the next batch is whatever is there, up to a limit. One batch is in commit per twin.
 *
 * Idle: commit at once. Busy: commits are paced, because at middling loads it is the number of commits, not of claims, that burns the CPU.
 * A batch that fails is always read and decided again, never merely sent again (protocols 3); one that keeps failing as a whole is halved down to its culprit.
 */
import { type Refusal, type Unavailable, unavailable } from "../values/outcome.ts";
import { type Clock, pause } from "./clock.ts";
import type { CrashNote } from "./crash.ts";
import type { Input } from "./input.ts";
import type { Head, StoredEvent } from "./journal.ts";
import type { Logger } from "./log.ts";
import { prefetch } from "./prefetch.ts";
import { InputQueue, type QueueLimits, reused } from "./queue.ts";
import { type Decided, decideBatch, type StageSettings, type Verdict } from "./stage.ts";
import { Conflict, LeaseLost, NewerForm, type Recorded, Replaced, type Store, TooSlow, Weather } from "./store.ts";
import type { Codec } from "./wiring.ts";

/** Events of one commit, on their way to the stream. */
export interface Outgoing {
  readonly entryNumber: number;
  readonly events: readonly { readonly atMs: number; readonly trace: string; readonly event: StoredEvent }[];
}

export interface Publisher {
  /** Resolves when all are acknowledged by the stream. Never rejects: what cannot be published now is published later. */
  publish(outgoing: Outgoing): Promise<void>;
  /** A commit whose answer was lost turned out to stand: what it told is in the journal up to this entry, and goes out from there, before anything newer. */
  publishStored(entryNumber: number): Promise<void>;
  /** How far everything is acknowledged. */
  readonly mark: { readonly event: number; readonly entry: number };
}

export interface BatcherSettings extends QueueLimits {
  readonly twin: string;
  readonly instance: string;
  /** Most inputs in one batch; 1 switches group commit off. */
  readonly batchLimit: number;
  /** Most commits a second while busy. */
  readonly commitsPerSecond: number;
  // biome-ignore lint/suspicious/noExplicitAny: each event has its own message.
  readonly tells: Readonly<Record<string, Codec<any>>>;
  /** The epoch under which this twin leads, 0 where it does not; and whether each commit needs it. */
  lease(): { readonly epoch: number; readonly alwaysFenced: boolean };
  /** A commit found that this epoch holds no more. */
  onLeaseLost(epoch: number): void;
  onReplaced(): void;
  /** A batch has committed: how many inputs, when it began (monotonic), their traceparents. */
  onCommit?(inputs: number, startedMs: number, traceparents: readonly string[]): void;
}

/** Batches in which an input may turn out to look at what was not loaded; in the last one it is alone, and what is missing then is a bug. */
const DEFER_LIMIT = 3;
/** A batch that conflicts this often as a whole is halved. */
const CONFLICT_LIMIT = 6;
/** Other errors: one fresh read, then halves. */
const ERROR_LIMIT = 2;
/** How long a batch waits for the weather before it answers Unavailable. */
const WEATHER_MS = 8_000;
/** Batches of that many inputs are paced in full. */
const PACED_INPUTS = 8;
const RETRY_FLOOR_MS = 4;
const RETRY_CEILING_MS = 250;

export interface BatcherCounts {
  committed: number;
  commits: number;
  conflicts: number;
  parked: number;
  unavailable: number;
  /** Known ids that came with other content. */
  reused: number;
}

export class Batcher {
  readonly counts: BatcherCounts = { committed: 0, commits: 0, conflicts: 0, parked: 0, unavailable: 0, reused: 0 };
  private readonly queue: InputQueue;
  private readonly deferrals = new Map<string, number>();
  private head: Head;
  private limit: number;
  private wake: () => void = () => undefined;
  private closing = false;
  private busy = false;
  private lastStartMs = Number.NEGATIVE_INFINITY;
  private lastInputs = 0;
  /** The head could not be read since a commit failed: that commit may stand. */
  private uncertain = false;
  /** The weather is not waited for beyond this. */
  private patienceMs = Number.POSITIVE_INFINITY;
  private readonly loop: Promise<void>;
  private readonly store: Store;
  private readonly publisher: Publisher;
  private readonly clock: Clock;
  private readonly settings: BatcherSettings;
  private readonly crash: CrashNote;
  private readonly log: Logger;

  constructor(parts: {
    store: Store;
    publisher: Publisher;
    clock: Clock;
    settings: BatcherSettings;
    crash: CrashNote;
    log: Logger;
    head: Head;
  }) {
    this.store = parts.store;
    this.publisher = parts.publisher;
    this.clock = parts.clock;
    this.settings = parts.settings;
    this.crash = parts.crash;
    this.log = parts.log;
    this.head = parts.head;
    this.limit = parts.settings.batchLimit;
    this.queue = new InputQueue(parts.settings);
    this.loop = this.run();
  }

  get queued(): number {
    return this.queue.length;
  }

  /** Room for told inputs, so that a puller need not fetch what would be refused. */
  get room(): number {
    return this.queue.room(this.limit);
  }

  get newest(): Head {
    return this.head;
  }

  /** Takes an input; its `settle` is called exactly once. */
  enter(input: Input): void {
    if (this.closing) return this.tell(input, { kind: "unavailable", unavailable: unavailable("draining", 100) });
    const not = this.queue.enter(input);
    if (!not) return this.wake();
    if (not.outcome === "unavailable") this.tell(input, { kind: "unavailable", unavailable: not });
    else this.tell(input, { kind: "refused", refusal: this.alarm(input, not), published: Promise.resolve() });
  }

  /** Commits the head alone, so that an idle twin's `published` mark does not lag; and renews a lease with it. */
  async touch(): Promise<void> {
    if (this.busy || this.queued > 0) return;
    this.busy = true;
    try {
      await this.commitBatch([]);
    } finally {
      this.busy = false;
      this.wake();
    }
  }

  /** No new inputs; those that wait are decided within `limitMs`, the rest answered Unavailable. */
  async drain(limitMs: number): Promise<void> {
    this.closing = true;
    this.patienceMs = this.clock.monotonicMs() + limitMs;
    while ((this.queued > 0 || this.busy) && this.clock.monotonicMs() < this.patienceMs) await pause(5);
    this.giveUp(this.queue.empty(), unavailable("draining", 100));
    this.wake();
    await this.loop;
  }

  private async run(): Promise<void> {
    while (!this.closing || this.queued > 0) {
      if (this.queued === 0 || this.busy) {
        await new Promise<void>((resolve) => {
          this.wake = resolve;
        });
        continue;
      }
      this.busy = true;
      let batch: readonly Input[] = [];
      try {
        await this.pace();
        batch = this.queue.take(this.limit, (id) => this.mustBeAlone(id));
        this.lastInputs = batch.length;
        await this.work(batch);
      } catch (error) {
        // Nothing in a batch may end the loop, and nothing of it may stay without an outcome: its repeats would wait with it.
        if (error instanceof Replaced) this.settings.onReplaced();
        this.log.error({ err: error }, "a batch failed beyond its inputs");
        this.giveUp(batch, unavailable("the batch failed", 250));
        await pause(RETRY_CEILING_MS);
      } finally {
        this.busy = false;
      }
    }
  }

  private async pace(): Promise<void> {
    if (this.settings.batchLimit > 1 && this.queued < this.limit) {
      // One caller after the other must not wait for company that does not come: the pace is kept in the measure in which batches fill.
      const share = Math.min(1, this.lastInputs / PACED_INPUTS);
      const wait = this.lastStartMs + (share * 1000) / this.settings.commitsPerSecond - this.clock.monotonicMs();
      if (wait > 1) await pause(wait);
    }
    this.lastStartMs = this.clock.monotonicMs();
  }

  /** Ids that ended the process once (protocols 7), and those that have been deferred as often as may be. */
  private mustBeAlone(id: string): boolean {
    return this.crash.isSuspect(id) || (this.deferrals.get(id) ?? 0) >= DEFER_LIMIT - 1;
  }

  /** Decides and commits a batch, again and again in fresh reads, halving where it must, until each input has its outcome. */
  private async work(batch: readonly Input[], weatherUntilMs = this.clock.monotonicMs() + WEATHER_MS): Promise<void> {
    let conflicts = 0;
    let errors = 0;
    for (;;) {
      const now = this.clock.monotonicMs();
      const waiting = batch.filter((input) => {
        if (input.deadlineMs === undefined || input.deadlineMs > now) return this.queue.has(input);
        this.finish(input, { kind: "unavailable", unavailable: unavailable("deadline passed", 100) });
        return false;
      });
      if (waiting.length === 0) return;
      const patient = this.clock.monotonicMs() < Math.min(weatherUntilMs, this.patienceMs);
      try {
        await this.commitBatch(waiting);
        if (this.limit < this.settings.batchLimit) this.limit = Math.min(this.settings.batchLimit, this.limit + Math.ceil(this.limit / 16));
        return;
      } catch (error) {
        if (error instanceof LeaseLost) {
          this.settings.onLeaseLost(error.epoch);
          return this.giveUp(waiting, unavailable("no longer active", 20));
        }
        if (error instanceof Replaced) {
          this.settings.onReplaced();
          return this.giveUp(waiting, unavailable("replaced", 20));
        }
        if (error instanceof NewerForm) {
          // Only the input that met the newer form is the peer's; the others are decided without it.
          if (waiting.length > 1) return this.halve(waiting, weatherUntilMs);
          return this.giveUp(waiting, unavailable(error.message, 100));
        }
        if (error instanceof Weather) {
          if (!patient) return this.giveUp(waiting, unavailable(`the store does not answer: ${error.message}`, 250));
          await pause(RETRY_CEILING_MS * (0.5 + Math.random() / 2));
          continue;
        }
        if (error instanceof TooSlow) {
          this.limit = Math.max(1, Math.floor(Math.min(this.limit, waiting.length) / 2));
          this.log.warn({ inputs: waiting.length, limit: this.limit }, "a transaction was ended for its time: the batch is split");
          if (waiting.length > 1) return this.halve(waiting, weatherUntilMs);
          if (!patient) return this.giveUp(waiting, unavailable("the store is too slow", 500));
          await pause(RETRY_CEILING_MS);
          continue;
        }
        if (error instanceof Conflict) {
          this.counts.conflicts += 1;
          conflicts += 1;
          if (conflicts >= CONFLICT_LIMIT) {
            if (waiting.length > 1) return this.halve(waiting, weatherUntilMs);
            return this.giveUp(waiting, unavailable("too many conflicts", 50));
          }
          await pause(Math.min(RETRY_CEILING_MS, RETRY_FLOOR_MS * 2 ** conflicts) * Math.random());
          continue;
        }
        errors += 1;
        this.log.error({ err: error, inputs: waiting.length }, "a batch failed");
        if (errors < ERROR_LIMIT) continue;
        if (waiting.length > 1) return this.halve(waiting, weatherUntilMs);
        return this.parkAlone(waiting[0] as Input, error);
      }
    }
  }

  private async halve(batch: readonly Input[], weatherUntilMs: number): Promise<void> {
    const middle = Math.ceil(batch.length / 2);
    await this.work(batch.slice(0, middle), weatherUntilMs);
    await this.work(batch.slice(middle), weatherUntilMs);
  }

  /** The culprit stands alone: parked with its error, in a transaction of its own. */
  private async parkAlone(input: Input, error: unknown): Promise<void> {
    const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
    const { plan } = decideBatch([input], new Map(), this.stage({ faults: new Map([[input, reason]]) }));
    try {
      await this.store.commit(plan);
      this.head = plan.head.to;
      this.park(input, reason);
    } catch (failure) {
      this.log.error({ err: failure }, "an input could not be parked: it comes again");
      await this.refreshHead();
      this.finish(input, { kind: "unavailable", unavailable: unavailable("could not be parked", 500) });
    }
  }

  private stage(more: Partial<StageSettings> = {}): StageSettings {
    const { epoch, alwaysFenced } = this.settings.lease();
    return {
      head: this.head,
      instance: this.settings.instance,
      tells: this.settings.tells,
      published: this.publisher.mark,
      // Never below the last entry's time (protocols 19), for `needs` as for `decide`.
      nowMs: Math.max(this.clock.nowMs(), this.head.atMs),
      epoch,
      alwaysFenced,
      park: this.crash.condemned,
      faults: new Map(),
      lastChance: false,
      ...more,
    };
  }

  /** Reads, decides and commits once. Throws what the commit threw; then nothing of it counts. */
  private async commitBatch(batch: readonly Input[]): Promise<void> {
    const startedMs = this.clock.monotonicMs();
    const stage = this.stage();
    if ((stage.alwaysFenced || batch.some((input) => input.fenced)) && stage.epoch === 0) throw new LeaseLost("this twin does not lead", 0);
    const ids = batch.filter((input) => input.record === "entry").map((input) => input.id);
    const [recorded, parkedAlready, { loads, faults }] = await Promise.all([
      ids.length > 0 ? this.store.recorded(ids) : NONE_RECORDED,
      ids.length > 0 ? this.store.parkedAmong(ids) : NONE_PARKED,
      prefetch(this.store, batch, stage.nowMs, stage.epoch),
    ]);
    const fresh: Input[] = [];
    for (const input of batch) {
      const before = recorded.get(input.id);
      if (before) this.repeat(input, before);
      else if (parkedAlready.has(input.id) && !input.replay) this.finish(input, { kind: "parked", error: "parked before" });
      else fresh.push(input);
    }
    if (fresh.length === 0 && batch.length > 0) return;
    const [only] = fresh;
    const lastChance = fresh.length === 1 && only !== undefined && (this.deferrals.get(only.id) ?? 0) >= DEFER_LIMIT - 1;
    this.crash.begin(fresh);
    const decided = decideBatch(fresh, loads, { ...stage, faults, lastChance });
    this.crash.end(fresh);
    const { plan } = decided;
    const idle = plan.entries.length + plan.parked.length + plan.puts.length + plan.resolved.length === 0;
    if (!(idle && batch.length > 0)) {
      try {
        await this.store.commit(plan);
      } catch (error) {
        if (error instanceof Conflict || error instanceof Weather || error instanceof TooSlow) await this.refreshHead();
        throw error;
      }
      this.head = plan.head.to;
      this.counts.commits += 1;
      this.settings.onCommit?.(
        fresh.length,
        startedMs,
        fresh.map((input) => input.trace),
      );
    }
    this.deliver(fresh, decided);
  }

  private deliver(batch: readonly Input[], decided: Decided): void {
    const { plan, verdicts } = decided;
    const outgoing: Outgoing = {
      entryNumber: plan.head.to.number,
      events: plan.entries.flatMap((entry) => entry.events.map((event) => ({ atMs: entry.atMs, trace: entry.trace, event }))),
    };
    const published = this.publisher.publish(outgoing);
    const deferred: Input[] = [];
    for (const input of batch) {
      const verdict = verdicts.get(input) as Verdict;
      if (verdict.kind === "deferred") {
        this.deferrals.set(input.id, (this.deferrals.get(input.id) ?? 0) + 1);
        deferred.push(input);
      } else if (verdict.kind === "parked") this.park(input, verdict.error);
      else if (verdict.kind === "unavailable") this.finish(input, verdict);
      else {
        this.counts.committed += 1;
        if (verdict.kind === "refused") this.finish(input, { kind: "refused", refusal: verdict.refusal, published });
        else this.finish(input, { kind: "done", reply: verdict.reply, result: verdict.result, repeated: false, published });
      }
    }
    this.queue.putBack(deferred);
  }

  private park(input: Input, error: string): void {
    this.counts.parked += 1;
    this.log.error({ method: input.method, input: input.id, error }, "parked");
    this.finish(input, { kind: "parked", error });
  }

  /** A repeat gets the first answer again; with other content it is refused. */
  private repeat(input: Input, before: Recorded): void {
    const published = Promise.resolve();
    if (before.hash !== input.hash) return this.finish(input, { kind: "refused", refusal: this.alarm(input, reused(input)), published });
    const result = before.outcome === "refused" ? REFUSED_BEFORE : undefined;
    this.finish(input, { kind: "done", reply: before.reply, result, repeated: true, published });
  }

  /** Other content under a known id: whoever sent it is mistaken about what was done, and a person must look (protocols 8). */
  private alarm(input: Input, refusal: Refusal): Refusal {
    this.counts.reused += 1;
    this.log.error({ method: input.method, input: input.id }, "a known id came with other content");
    return refusal;
  }

  /** A commit's outcome is not known, and nobody may come after whom it would be found out: asks again. For a twin that follows as well. */
  async settleHead(): Promise<void> {
    if (this.uncertain && !this.busy) await this.refreshHead();
  }

  private async refreshHead(): Promise<void> {
    this.uncertain = true;
    try {
      const head = await this.store.head(this.settings.twin);
      if (!head) return;
      if (head.instance !== this.settings.instance) throw new Replaced(`${this.settings.twin} is ${head.instance} now`);
      if (head.number > this.head.number) void this.publisher.publishStored(head.number);
      this.head = head;
      this.uncertain = false;
    } catch (error) {
      if (error instanceof Replaced) throw error;
      // The next attempt reads it again: a stale head can only conflict.
      this.log.warn({ err: error }, "the head cannot be read");
    }
  }

  private giveUp(batch: readonly Input[], because: Unavailable): void {
    for (const input of batch) this.finish(input, { kind: "unavailable", unavailable: because });
  }

  private finish(input: Input, outcome: FinalOutcome): void {
    this.deferrals.delete(input.id);
    for (const one of this.queue.finish(input)) this.tell(one, outcome);
  }

  /** What goes wrong while one is told is that one's trouble: the entry stands, a repeat gets it, and the others hear theirs. */
  private tell(input: Input, outcome: FinalOutcome): void {
    if (outcome.kind === "unavailable") this.counts.unavailable += 1;
    try {
      input.settle(outcome.kind === "parked" ? { ...outcome, id: input.id } : outcome);
    } catch (error) {
      this.log.error({ err: error, method: input.method, input: input.id }, "an outcome could not be told");
    }
  }
}

const NONE_RECORDED: ReadonlyMap<string, Recorded> = new Map();
const NONE_PARKED: ReadonlySet<string> = new Set();

/** The result of a repeat whose first answer was a refusal: its bytes are the encoded Refused. */
export const REFUSED_BEFORE: unique symbol = Symbol("refused before");

type FinalOutcome =
  | { kind: "done"; reply: Uint8Array; result: unknown; repeated: boolean; published: Promise<void> }
  | { kind: "refused"; refusal: Refusal; published: Promise<void> }
  | { kind: "unavailable"; unavailable: Unavailable }
  | { kind: "parked"; error: string };
