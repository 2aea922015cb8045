/**
 * One round of a batch: read, decide, commit, deliver. It either counts whole or throws, and then nothing of it counts (protocols 1, 3, 4).
 * Who waits for what comes out is the batcher's; what the twin's head is, is known here.
 */

import type { Unavailable } from "../values/outcome.ts";
import { type Refusal, unavailable } from "../values/outcome.ts";
import { stackOf } from "../values/thrown.ts";
import type { Clock } from "./clock.ts";
import type { CrashNote } from "./crash.ts";
import type { Input } from "./input.ts";
import type { Head, StoredEvent } from "./journal.ts";
import type { Logger } from "./log.ts";
import type { TryApart } from "./ordeal.ts";
import { prefetch } from "./prefetch.ts";
import { reused } from "./queue.ts";
import { type Decided, decideBatch, type Loads, type StageSettings, type Verdict } from "./stage.ts";
import { Conflict, LeaseLost, type Recorded, Replaced, type Store, TooSlow, Weather } from "./store.ts";
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

export interface RoundSettings {
  readonly twin: string;
  readonly instance: string;
  // biome-ignore lint/suspicious/noExplicitAny: each event has its own message.
  readonly tells: Readonly<Record<string, Codec<any>>>;
  /** The epoch under which this twin leads, 0 where it does not; and whether each commit needs it. */
  lease(): { readonly epoch: number; readonly alwaysFenced: boolean };
  /** Tries what was at hand when a process ended in a process apart, before it is decided here (protocols 7). */
  readonly tryApart?: TryApart;
  /** The peer has just gone: what may end a process and cannot be tried apart is left until it is back, so that it cannot end both. */
  isPeerMissed?(): boolean;
  /** A batch has committed: how many inputs, when it began (monotonic), their traceparents. */
  onCommit?(inputs: number, startedMs: number, traceparents: readonly string[]): void;
  /** One more input is condemned. */
  onConvicted?(): void;
}

export interface BatcherCounts {
  committed: number;
  commits: number;
  conflicts: number;
  parked: number;
  unavailable: number;
  /** Known ids that came with other content. */
  reused: number;
}

/** Where a round's outcomes go. */
export interface Outcomes {
  finish(input: Input, outcome: FinalOutcome): void;
  /** They looked at what was not loaded, or failed over what was, or have been tried apart: they come again, first. */
  putBack(inputs: readonly Input[]): void;
}

/** Batches in which an input may turn out to look at what was not loaded, or to fail; in the last one it is alone, and what goes wrong then is a bug. */
const DEFER_LIMIT = 3;

export class Rounds {
  readonly counts: BatcherCounts = { committed: 0, commits: 0, conflicts: 0, parked: 0, unavailable: 0, reused: 0 };
  private readonly deferrals = new Map<string, number>();
  /** What is tried apart now; it comes back with the result. */
  private readonly tried = new Set<Input>();
  /** Those whose ordeal told nothing, until they are decided. */
  private readonly untried = new Set<string>();
  private head: Head;
  /** The head could not be read since a commit failed: that commit may stand. */
  private uncertain = false;
  private readonly store: Store;
  private readonly publisher: Publisher;
  private readonly clock: Clock;
  private readonly settings: RoundSettings;
  private readonly crash: CrashNote;
  private readonly log: Logger;
  private readonly outcomes: Outcomes;

  constructor(parts: RoundParts, outcomes: Outcomes) {
    this.store = parts.store;
    this.publisher = parts.publisher;
    this.clock = parts.clock;
    this.settings = parts.settings;
    this.crash = parts.crash;
    this.log = parts.log;
    this.head = parts.head;
    this.outcomes = outcomes;
  }

  get newest(): Head {
    return this.head;
  }

  /** Whether the outcome of the last commit is not known. */
  get isUncertain(): boolean {
    return this.uncertain;
  }

  /** Ids that ended the process once (protocols 7), and those that have been deferred as often as may be. */
  mustBeAlone(id: string): boolean {
    return this.crash.isSuspect(id) || this.isLastChance(id);
  }

  /** An input has its outcome: how often it was deferred is forgotten. */
  forget(id: string): void {
    this.deferrals.delete(id);
  }

  /** Inputs in hand that wait for the result of an ordeal. */
  get aside(): readonly Input[] {
    return [...this.tried];
  }

  private isLastChance(id: string): boolean {
    return (this.deferrals.get(id) ?? 0) >= DEFER_LIMIT - 1;
  }

  /** Reads, decides and commits once. Throws what the commit threw; then nothing of it counts. */
  async attempt(batch: readonly Input[]): Promise<void> {
    const startedMs = this.clock.monotonicMs();
    const stage = this.stage();
    if ((stage.alwaysFenced || batch.some((input) => input.fenced)) && stage.epoch === 0) throw new LeaseLost("this twin does not lead", 0);
    const term = await this.store.term();
    const ids = batch.filter((input) => input.record === "entry").map((input) => input.id);
    const [recorded, parkedAlready, { loads, faults }] = await Promise.all([
      ids.length > 0 ? this.store.recorded(ids) : NONE_RECORDED,
      ids.length > 0 ? this.store.parkedAmong(ids) : NONE_PARKED,
      prefetch(this.store, batch, stage.nowMs, stage.epoch),
    ]);
    const fresh: Input[] = [];
    const peerMissed = this.settings.isPeerMissed?.() ?? false;
    for (const input of batch) {
      const before = recorded.get(input.id);
      if (before) {
        this.crash.clear(input.id);
        this.repeat(input, before);
      } else if (parkedAlready.has(input.id) && !input.replay) this.outcomes.finish(input, { kind: "parked", error: "parked before" });
      else if (!this.crash.isFeared(input.id)) fresh.push(input);
      else if (this.tried.has(input)) continue;
      else if (!this.untried.has(input.id)) void this.setAside(input, loads, stage);
      else if (peerMissed)
        this.outcomes.finish(input, {
          kind: "unavailable",
          unavailable: unavailable("it was at hand when a process ended, and the peer is away", 250),
        });
      else fresh.push(input);
    }
    if (fresh.length === 0 && batch.length > 0) return;
    const [only] = fresh;
    const lastChance = fresh.length === 1 && only !== undefined && this.isLastChance(only.id);
    this.crash.begin(fresh);
    const decided = decideBatch(fresh, loads, {
      ...stage,
      faults,
      lastChance,
      mayFail: (input) => !this.isLastChance(input.id),
      onTurn: (index) => this.crash.at(index),
    });
    this.crash.end(fresh);
    for (const { id } of fresh) this.untried.delete(id);
    const { plan } = decided;
    const idle = plan.entries.length + plan.parked.length + plan.puts.length + plan.resolved.length === 0;
    if (!(idle && batch.length > 0)) {
      try {
        await this.store.commit(plan, term);
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

  /** The others go on; it comes back when it is known whether it ends a process. Its repeats wait with it. */
  private async setAside(input: Input, loads: Loads, stage: StageSettings): Promise<void> {
    const { id, method } = input;
    this.tried.add(input);
    const ordeal = (await this.settings.tryApart?.(input, loads, stage)) ?? "not tried";
    this.tried.delete(input);
    this.log.warn({ method, input: id, ordeal }, "it was at hand when a process ended");
    if (ordeal === "died") {
      this.crash.convict(id);
      this.settings.onConvicted?.();
    } else if (ordeal === "survived") this.crash.unfear(id);
    else this.untried.add(id);
    this.outcomes.putBack([input]);
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
      else if (verdict.kind === "unavailable") this.outcomes.finish(input, verdict);
      else {
        this.counts.committed += 1;
        if (verdict.kind === "refused") this.outcomes.finish(input, { kind: "refused", refusal: verdict.refusal, published });
        else this.outcomes.finish(input, { kind: "done", reply: verdict.reply, result: verdict.result, repeated: false, published });
      }
    }
    this.outcomes.putBack(deferred);
  }

  /** The culprit stands alone: parked with its error, in a transaction of its own. */
  async parkAlone(input: Input, error: unknown): Promise<void> {
    const reason = stackOf(error);
    const { plan } = decideBatch([input], new Map(), this.stage({ faults: new Map([[input, reason]]) }));
    try {
      await this.store.commit(plan, await this.store.term());
      this.head = plan.head.to;
      this.park(input, reason);
    } catch (failure) {
      this.log.error({ err: failure }, "an input could not be parked: it comes again");
      await this.refreshHead();
      this.outcomes.finish(input, { kind: "unavailable", unavailable: unavailable("could not be parked", 500) });
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

  private park(input: Input, error: string): void {
    this.counts.parked += 1;
    this.log.error({ method: input.method, input: input.id, error }, "parked");
    this.outcomes.finish(input, { kind: "parked", error });
  }

  /** A repeat gets the first answer again; with other content it is refused. */
  private repeat(input: Input, before: Recorded): void {
    const published = Promise.resolve();
    if (before.hash !== input.hash)
      return this.outcomes.finish(input, { kind: "refused", refusal: this.alarm(input, reused(input)), published });
    const result = before.outcome === "refused" ? REFUSED_BEFORE : undefined;
    this.outcomes.finish(input, { kind: "done", reply: before.reply, result, repeated: true, published });
  }

  /** Other content under a known id: whoever sent it is mistaken about what was done, and a person must look (protocols 8). */
  alarm(input: Input, refusal: Refusal): Refusal {
    this.counts.reused += 1;
    this.log.error({ method: input.method, input: input.id }, "a known id came with other content");
    return refusal;
  }

  /** Reads the head again: what a commit of unknown result told goes out from the journal. Throws Replaced. */
  async refreshHead(): Promise<void> {
    this.uncertain = true;
    try {
      const head = await this.store.head(this.settings.twin);
      if (!head) return;
      if (head.instance !== this.settings.instance) throw new Replaced(`${this.settings.twin} is ${head.instance} now`);
      if (head.number > this.head.number) void this.publisher.publishStored(head.number);
      if (head.version > this.head.version) this.head = head;
      this.uncertain = false;
    } catch (error) {
      if (error instanceof Replaced) throw error;
      // The next attempt reads it again: a stale head can only conflict.
      this.log.warn({ err: error }, "the head cannot be read");
    }
  }
}

export interface RoundParts {
  readonly store: Store;
  readonly publisher: Publisher;
  readonly clock: Clock;
  readonly settings: RoundSettings;
  readonly crash: CrashNote;
  readonly log: Logger;
  readonly head: Head;
}

const NONE_RECORDED: ReadonlyMap<string, Recorded> = new Map();
const NONE_PARKED: ReadonlySet<string> = new Set();

/** The result of a repeat whose first answer was a refusal: its bytes are the encoded Refused. */
export const REFUSED_BEFORE: unique symbol = Symbol("refused before");

export type FinalOutcome =
  | { kind: "done"; reply: Uint8Array; result: unknown; repeated: boolean; published: Promise<void> }
  | { kind: "refused"; refusal: Refusal; published: Promise<void> }
  | { kind: "unavailable"; unavailable: Unavailable }
  | { kind: "parked"; error: string };
