/**
 * Prefetch, decide, commit. While one batch commits, inputs gather; the next batch is whatever is there, up to a limit. One batch is in commit per twin.
 *
 * Idle: commit at once. Busy: commits are paced, because at middling loads it is the number of commits, not of claims, that burns the CPU.
 * A batch that fails is always read and decided again, never merely sent again (protocols 3); one that keeps failing as a whole is halved down to its culprit.
 */
import type { Key } from "../values/decision.ts";
import { type Refusal, type Unavailable, unavailable } from "../values/outcome.ts";
import { type Clock, pause } from "./clock.ts";
import type { CrashNote } from "./crash.ts";
import type { Input } from "./input.ts";
import type { Head, StoredEvent } from "./journal.ts";
import type { Logger } from "./log.ts";
import { contextOf, type Decided, decideBatch, deferredTooOften, type Loads, nameOf, type Verdict } from "./stage.ts";
import { Conflict, LeaseLost, NewerForm, type Recorded, Replaced, type Store, TooSlow, Weather } from "./store.ts";
import type { Codec } from "./wiring.ts";

/** Events of one commit, on their way to the stream. */
export interface Outgoing {
  readonly entryNumber: number;
  readonly events: readonly { readonly id: string; readonly atMs: number; readonly trace: string; readonly event: StoredEvent }[];
}

export interface Publisher {
  /** Resolves when all are acknowledged by the stream. Never rejects: what cannot be published now is published later. */
  publish(outgoing: Outgoing): Promise<void>;
  /** How far everything is acknowledged. */
  readonly mark: { readonly event: number; readonly entry: number };
}

export interface BatcherSettings {
  readonly twin: string;
  readonly instance: string;
  /** Most inputs in one batch; 1 switches group commit off. */
  readonly batchLimit: number;
  /** Most commits a second while busy. */
  readonly commitsPerSecond: number;
  /** Most inputs that wait; a full queue answers Unavailable at once. */
  readonly queueLimit: number;
  /** Most bytes that wait. */
  readonly queueBytes: number;
  // biome-ignore lint/suspicious/noExplicitAny: each event has its own message.
  readonly tells: Readonly<Record<string, Codec<any>>>;
  /** The epoch under which this twin leads, 0 where it does not; and whether each commit needs it. */
  lease(): { readonly epoch: number; readonly alwaysFenced: boolean };
  onLeaseLost(): void;
  onReplaced(): void;
  /** A batch has committed: how many inputs, when it began (monotonic), their traceparents. */
  onCommit?(inputs: number, startedMs: number, traceparents: readonly string[]): void;
}

const NEEDS_ROUNDS = 6;
const DEFER_LIMIT = 3;
/** A batch that conflicts this often as a whole is halved. */
const CONFLICT_LIMIT = 6;
/** Other errors: one fresh read, then halves. */
const ERROR_LIMIT = 2;
/** How long a batch waits for the weather before it answers Unavailable. */
const WEATHER_MS = 8_000;
const RETRY_FLOOR_MS = 4;
const RETRY_CEILING_MS = 250;
/** Requests go first; events get at least this share of a batch. */
const EVENT_SHARE = 4;

export interface BatcherCounts {
  committed: number;
  commits: number;
  conflicts: number;
  parked: number;
  unavailable: number;
}

export class Batcher {
  readonly counts: BatcherCounts = { committed: 0, commits: 0, conflicts: 0, parked: 0, unavailable: 0 };
  private readonly calls: Input[] = [];
  private readonly events: Input[] = [];
  /** Inputs that wait or are in a batch, by id: a repeat joins the first one. */
  private readonly underway = new Map<string, { readonly first: Input; readonly joined: Input[] }>();
  private readonly deferrals = new Map<string, number>();
  private bytes = 0;
  private head: Head;
  private limit: number;
  private wake: () => void = () => undefined;
  private closing = false;
  private busy = false;
  private lastStartMs = Number.NEGATIVE_INFINITY;
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
    this.loop = this.run();
  }

  get queued(): number {
    return this.calls.length + this.events.length;
  }

  /** Room for told inputs, so that a puller need not fetch what would be refused. */
  get room(): number {
    return Math.max(0, Math.min(this.settings.queueLimit - this.queued, this.limit * 2 - this.events.length));
  }

  get newest(): Head {
    return this.head;
  }

  /** Takes an input; its `settle` is called exactly once. */
  enter(input: Input): void {
    const joined = this.underway.get(input.id);
    if (joined) {
      if (joined.first.hash !== input.hash) settleRefused(input, reused(input));
      else joined.joined.push(input);
      return;
    }
    if (this.closing) return this.answerUnavailable(input, unavailable("draining", 100));
    if (this.queued >= this.settings.queueLimit || this.bytes >= this.settings.queueBytes) {
      return this.answerUnavailable(input, unavailable("overloaded", 250));
    }
    this.underway.set(input.id, { first: input, joined: [] });
    this.bytes += input.bytes.length;
    (input.from === "event" ? this.events : this.calls).push(input);
    this.wake();
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
    const until = this.clock.monotonicMs() + limitMs;
    while ((this.queued > 0 || this.busy) && this.clock.monotonicMs() < until) await pause(5);
    for (const input of [...this.calls.splice(0), ...this.events.splice(0)])
      this.finish(input, { kind: "unavailable", unavailable: unavailable("draining", 100) });
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
      try {
        await this.pace();
        await this.work(this.take());
      } catch (error) {
        // Nothing in a batch may end the loop: what is left of the batch has been answered or comes again.
        this.log.error({ err: error }, "a batch failed beyond its inputs");
        await pause(RETRY_CEILING_MS);
      } finally {
        this.busy = false;
      }
    }
  }

  private async pace(): Promise<void> {
    if (this.settings.batchLimit > 1 && this.queued < this.limit) {
      const wait = this.lastStartMs + 1000 / this.settings.commitsPerSecond - this.clock.monotonicMs();
      if (wait > 1) await pause(wait);
    }
    this.lastStartMs = this.clock.monotonicMs();
  }

  private take(): Input[] {
    // Ids that ended the process once are decided alone (protocols 7).
    const suspect = [this.calls, this.events].find((queue) => queue[0] && this.crash.isSuspect(queue[0].id));
    if (suspect) return suspect.splice(0, 1);
    const forEvents = Math.max(Math.ceil(this.limit / EVENT_SHARE), this.limit - this.calls.length);
    const events = this.events.splice(0, forEvents);
    const taken = [...this.calls.splice(0, Math.max(this.limit - events.length, events.length > 0 ? 0 : 1)), ...events];
    const firstSuspect = taken.findIndex((input, index) => index > 0 && this.crash.isSuspect(input.id));
    if (firstSuspect > 0) {
      for (const input of taken.splice(firstSuspect).reverse()) (input.from === "event" ? this.events : this.calls).unshift(input);
    }
    return taken;
  }

  /** Decides and commits a batch, again and again in fresh reads, halving where it must, until each input has its outcome. */
  private async work(batch: readonly Input[]): Promise<void> {
    const weatherUntil = this.clock.monotonicMs() + WEATHER_MS;
    let conflicts = 0;
    let errors = 0;
    for (;;) {
      const now = this.clock.monotonicMs();
      const waiting = batch.filter((input) => {
        if (input.deadlineMs === undefined || input.deadlineMs > now) return this.underway.has(input.id);
        this.finish(input, { kind: "unavailable", unavailable: unavailable("deadline passed", 100) });
        return false;
      });
      if (waiting.length === 0) return;
      try {
        await this.commitBatch(waiting);
        if (this.limit < this.settings.batchLimit) this.limit = Math.min(this.settings.batchLimit, this.limit + Math.ceil(this.limit / 16));
        return;
      } catch (error) {
        if (error instanceof LeaseLost) {
          this.settings.onLeaseLost();
          return this.giveUp(waiting, unavailable("no longer active", 20));
        }
        if (error instanceof Replaced) {
          this.settings.onReplaced();
          return this.giveUp(waiting, unavailable("replaced", 20));
        }
        if (error instanceof NewerForm) return this.giveUp(waiting, unavailable(error.message, 100));
        if (error instanceof Weather) {
          if (this.clock.monotonicMs() > weatherUntil)
            return this.giveUp(waiting, unavailable(`the store does not answer: ${error.message}`, 250));
          await pause(RETRY_CEILING_MS * (0.5 + Math.random() / 2));
          continue;
        }
        if (error instanceof TooSlow) {
          this.limit = Math.max(1, Math.floor(Math.min(this.limit, waiting.length) / 2));
          this.log.warn({ inputs: waiting.length, limit: this.limit }, "a transaction was ended for its time: the batch is split");
          if (waiting.length > 1) return this.halve(waiting);
          await pause(RETRY_CEILING_MS);
          continue;
        }
        if (error instanceof Conflict) {
          this.counts.conflicts += 1;
          conflicts += 1;
          if (conflicts >= CONFLICT_LIMIT) {
            if (waiting.length > 1) return this.halve(waiting);
            return this.giveUp(waiting, unavailable("too many conflicts", 50));
          }
          await pause(Math.min(RETRY_CEILING_MS, RETRY_FLOOR_MS * 2 ** conflicts) * Math.random());
          continue;
        }
        errors += 1;
        this.log.error({ err: error, inputs: waiting.length }, "a batch failed");
        if (errors < ERROR_LIMIT) continue;
        if (waiting.length > 1) return this.halve(waiting);
        return this.parkAlone(waiting[0] as Input, error);
      }
    }
  }

  private async halve(batch: readonly Input[]): Promise<void> {
    const middle = Math.ceil(batch.length / 2);
    await this.work(batch.slice(0, middle));
    await this.work(batch.slice(middle));
  }

  private giveUp(batch: readonly Input[], because: Unavailable): void {
    for (const input of batch) this.finish(input, { kind: "unavailable", unavailable: because });
  }

  /** The culprit stands alone: parked with its error, in a transaction of its own. */
  private async parkAlone(input: Input, error: unknown): Promise<void> {
    const decided = decideBatch([input], new Map(), { ...this.stage(), park: new Set([input.id]) });
    const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
    const plan = { ...decided.plan, parked: decided.plan.parked.map((row) => ({ ...row, error: reason })) };
    try {
      await this.store.commit(plan);
      this.head = plan.head.to;
      this.counts.parked += 1;
      this.finish(input, { kind: "parked", error: reason });
    } catch (failure) {
      this.log.error({ err: failure }, "an input could not be parked: it comes again");
      await this.refreshHead();
      this.finish(input, { kind: "unavailable", unavailable: unavailable("could not be parked", 500) });
    }
  }

  private stage() {
    const { epoch, alwaysFenced } = this.settings.lease();
    const { twin: _twin, instance, tells } = this.settings;
    return {
      head: this.head,
      instance,
      tells,
      published: this.publisher.mark,
      nowMs: this.clock.nowMs(),
      epoch,
      alwaysFenced,
      park: this.crash.condemned,
    };
  }

  /** Reads, decides and commits once. Throws what the commit threw; then nothing of it counts. */
  private async commitBatch(batch: readonly Input[]): Promise<void> {
    const startedMs = this.clock.monotonicMs();
    const stage = this.stage();
    if ((stage.alwaysFenced || batch.some((input) => input.fenced)) && stage.epoch === 0) throw new LeaseLost("this twin does not lead");
    const loads: Loads = new Map();
    const ids = batch.filter((input) => input.record === "entry").map((input) => input.id);
    let recorded: ReadonlyMap<string, Recorded> = new Map();
    let parkedAlready: ReadonlySet<string> = new Set();
    [recorded, parkedAlready] = await Promise.all([
      ids.length > 0 ? this.store.recorded(ids) : recorded,
      ids.length > 0 ? this.store.parkedAmong(ids) : parkedAlready,
      this.prefetch(batch, loads, stage.nowMs, stage.epoch),
    ]);
    const fresh: Input[] = [];
    for (const input of batch) {
      const before = recorded.get(input.id);
      if (before) this.repeat(input, before);
      else if (parkedAlready.has(input.id)) this.finish(input, { kind: "parked", error: "parked before" });
      else fresh.push(input);
    }
    if (fresh.length === 0 && batch.length > 0) return;
    this.crash.begin(fresh);
    const decided = decideBatch(fresh, loads, stage);
    this.crash.end(fresh);
    const { plan } = decided;
    const idle = plan.entries.length === 0 && plan.parked.length === 0 && plan.puts.length === 0;
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

  private async prefetch(batch: readonly Input[], loads: Loads, nowMs: number, epoch: number): Promise<void> {
    const loaded = { get: (key: Key) => loads.get(nameOf(key))?.doc as never };
    let asking = batch.map((input) => ({ input, context: contextOf(input, nowMs, epoch) }));
    for (let round = 0; round < NEEDS_ROUNDS && asking.length > 0; round += 1) {
      const wanted = new Map<string, Key>();
      asking = asking.filter(({ input, context }) => {
        let news = false;
        try {
          for (const key of input.decision.needs(input.value, loaded, context)) {
            const name = nameOf(key);
            if (loads.has(name)) continue;
            wanted.set(name, key);
            news = true;
          }
        } catch (error) {
          // `decide` will look at what was not loaded, be deferred, and be parked for it in the end: a bug in `needs` hurts its own input only.
          this.log.error({ err: error, method: input.method }, "needs threw");
        }
        return news;
      });
      if (wanted.size > 0) await this.store.load([...wanted.values()], loads);
    }
  }

  private deliver(batch: readonly Input[], decided: Decided): void {
    const { plan, verdicts } = decided;
    const outgoing: Outgoing = {
      entryNumber: plan.head.to.number,
      events: plan.entries.flatMap((entry) =>
        entry.events.map((event, index) => ({ id: `${entry.id}#${index}`, atMs: entry.atMs, trace: entry.trace, event })),
      ),
    };
    const published = this.publisher.publish(outgoing);
    for (const input of batch) {
      const verdict = verdicts.get(input) as Verdict;
      if (verdict.kind === "deferred") {
        this.defer(input, verdict.missing);
        continue;
      }
      this.deferrals.delete(input.id);
      if (verdict.kind === "parked") {
        this.counts.parked += 1;
        this.log.error({ method: input.method, input: input.id, error: verdict.error }, "parked");
        this.finish(input, { kind: "parked", error: verdict.error });
      } else if (verdict.kind === "unavailable") this.finish(input, verdict);
      else {
        this.counts.committed += 1;
        if (verdict.kind === "refused") this.finish(input, { kind: "refused", refusal: verdict.refusal, published });
        else this.finish(input, { kind: "done", reply: verdict.reply, result: verdict.result, repeated: false, published });
      }
    }
  }

  private defer(input: Input, missing: string): void {
    const times = (this.deferrals.get(input.id) ?? 0) + 1;
    if (times >= DEFER_LIMIT) {
      this.deferrals.delete(input.id);
      this.log.error({ method: input.method, missing }, "deferred three times");
      this.finish(input, { kind: "unavailable", unavailable: deferredTooOften(missing) });
      return;
    }
    this.deferrals.set(input.id, times);
    (input.from === "event" ? this.events : this.calls).unshift(input);
  }

  /** A repeat gets the first answer again; with other content it is refused. */
  private repeat(input: Input, before: Recorded): void {
    const published = Promise.resolve();
    if (before.hash !== input.hash) return this.finish(input, { kind: "refused", refusal: reused(input), published });
    if (before.outcome === "refused")
      this.finish(input, { kind: "done", reply: before.reply, result: REFUSED_BEFORE, repeated: true, published });
    else this.finish(input, { kind: "done", reply: before.reply, result: undefined, repeated: true, published });
  }

  private async refreshHead(): Promise<void> {
    try {
      const head = await this.store.head(this.settings.twin);
      if (!head) return;
      if (head.instance !== this.settings.instance) throw new Replaced(`${this.settings.twin} is ${head.instance} now`);
      this.head = head;
    } catch (error) {
      if (error instanceof Replaced) throw error;
      // The next attempt reads it again: a stale head can only conflict.
      this.log.warn({ err: error }, "the head cannot be read");
    }
  }

  private answerUnavailable(input: Input, because: Unavailable): void {
    this.counts.unavailable += 1;
    input.settle({ kind: "unavailable", unavailable: because });
  }

  private finish(input: Input, outcome: FinalOutcome): void {
    const entry = this.underway.get(input.id);
    if (!entry) return;
    this.underway.delete(input.id);
    this.bytes -= input.bytes.length;
    if (outcome.kind === "unavailable") this.counts.unavailable += 1;
    const full = outcome.kind === "parked" ? { ...outcome, id: input.id } : outcome;
    for (const one of [entry.first, ...entry.joined]) one.settle(full);
  }
}

/** The result of a repeat whose first answer was a refusal: its bytes are the encoded Refused. */
export const REFUSED_BEFORE: unique symbol = Symbol("refused before");

type FinalOutcome =
  | { kind: "done"; reply: Uint8Array; result: unknown; repeated: boolean; published: Promise<void> }
  | { kind: "refused"; refusal: Refusal; published: Promise<void> }
  | { kind: "unavailable"; unavailable: Unavailable }
  | { kind: "parked"; error: string };

function reused(input: Input): Refusal {
  return {
    outcome: "refused",
    code: "REQUEST_REUSED",
    status: "ALREADY_EXISTS",
    field: "request_id",
    zh: `请求编号已用于其他内容：${input.id}`,
    en: `the request id was used for other content: ${input.id}`,
  };
}

function settleRefused(input: Input, refusal: Refusal): void {
  input.settle({ kind: "refused", refusal, published: Promise.resolve() });
}
