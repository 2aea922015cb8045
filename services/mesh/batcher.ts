/**
 * Prefetch, decide, commit. While one batch commits, inputs gather; the next batch is whatever is there, up to a limit. One batch is in commit per twin.
 *
 * Idle: commit at once. Busy: commits are paced, because at middling loads it is the number of commits, not of claims, that burns the CPU.
 * A batch that fails is always read and decided again, never merely sent again (protocols 3); one that keeps failing as a whole is halved down to its culprit.
 */
import { type Unavailable, unavailable } from "../values/outcome.ts";
import { type Clock, pause } from "./clock.ts";
import type { Input } from "./input.ts";
import type { Head } from "./journal.ts";
import type { Logger } from "./log.ts";
import { InputQueue, type QueueLimits } from "./queue.ts";
import { type BatcherCounts, type FinalOutcome, type RoundParts, type RoundSettings, Rounds } from "./round.ts";
import { Conflict, LeaseLost, NewerForm, Replaced, TooSlow, Weather } from "./store.ts";

export interface BatcherSettings extends QueueLimits, RoundSettings {
  /** Most inputs in one batch; 1 switches group commit off. */
  readonly batchLimit: number;
  /** Most commits a second while busy. */
  readonly commitsPerSecond: number;
  /** A commit found that this epoch holds no more. */
  onLeaseLost(epoch: number): void;
  onReplaced(): void;
}

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

export class Batcher {
  private readonly queue: InputQueue;
  private readonly rounds: Rounds;
  private limit: number;
  private wake: () => void = () => undefined;
  private closing = false;
  private busy = false;
  private lastStartMs = Number.NEGATIVE_INFINITY;
  private lastInputs = 0;
  /** The weather is not waited for beyond this. */
  private patienceMs = Number.POSITIVE_INFINITY;
  private readonly loop: Promise<void>;
  private readonly clock: Clock;
  private readonly settings: BatcherSettings;
  private readonly log: Logger;

  constructor(parts: RoundParts & { readonly settings: BatcherSettings }) {
    this.clock = parts.clock;
    this.settings = parts.settings;
    this.log = parts.log;
    this.limit = parts.settings.batchLimit;
    this.queue = new InputQueue(parts.settings);
    this.rounds = new Rounds(parts, {
      finish: (input, outcome) => this.finish(input, outcome),
      putBack: (inputs) => this.putBack(inputs),
    });
    this.loop = this.run();
  }

  get counts(): Readonly<BatcherCounts> {
    return this.rounds.counts;
  }

  get queued(): number {
    return this.queue.length;
  }

  /** Room for told inputs: those of the next batch. More would wait in hand beyond their acknowledgement time, to be told again and again. */
  get room(): number {
    return this.queue.room(this.limit);
  }

  get newest(): Head {
    return this.rounds.newest;
  }

  /** Takes an input; its `settle` is called exactly once. */
  enter(input: Input): void {
    if (this.closing) return this.tell(input, { kind: "unavailable", unavailable: unavailable("draining", 100) });
    const not = this.queue.enter(input);
    if (!not) return this.wake();
    if (not.outcome === "unavailable") this.tell(input, { kind: "unavailable", unavailable: not });
    else this.tell(input, { kind: "refused", refusal: this.rounds.alarm(input, not), published: Promise.resolve() });
  }

  /** Commits the head alone, so that an idle twin's `published` mark does not lag; and renews a lease with it. */
  async touch(): Promise<void> {
    if (this.queued === 0) await this.between(() => this.rounds.attempt([]));
  }

  /** A commit's outcome is not known, and nobody may come after whom it would be found out: asks again. For a twin that follows as well. */
  async settleHead(): Promise<void> {
    if (this.rounds.isUncertain) await this.between(() => this.rounds.refreshHead());
  }

  /** Does something with the head while no batch has it in hand; nothing where one has. */
  private async between(work: () => Promise<void>): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    try {
      await work();
    } finally {
      this.busy = false;
      this.wake();
    }
  }

  /** Waits until nothing waits and nothing is in commit, at most so long. */
  async idle(limitMs: number): Promise<void> {
    const untilMs = this.clock.monotonicMs() + limitMs;
    while ((this.queued > 0 || this.busy) && this.clock.monotonicMs() < untilMs) await pause(5);
  }

  /** No new inputs; those that wait are decided within `limitMs`, the rest answered Unavailable. */
  async drain(limitMs: number): Promise<void> {
    this.closing = true;
    this.patienceMs = this.clock.monotonicMs() + limitMs;
    await this.idle(limitMs);
    const giveUpRest = () => this.giveUp([...this.queue.empty(), ...this.rounds.aside], unavailable("draining", 100));
    giveUpRest();
    this.wake();
    await this.loop;
    // What its last batch has set aside.
    giveUpRest();
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
        batch = this.queue.take(this.limit, (id) => this.rounds.mustBeAlone(id));
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

  /** Decides and commits a batch, again and again in fresh reads, halving where it must, until each input has its outcome. */
  private async work(batch: readonly Input[], weatherUntilMs = this.clock.monotonicMs() + WEATHER_MS): Promise<void> {
    let conflicts = 0;
    let errors = 0;
    let late = "deadline passed";
    for (;;) {
      const now = this.clock.monotonicMs();
      const waiting = batch.filter((input) => {
        if (input.deadlineMs === undefined || input.deadlineMs > now) return this.queue.has(input);
        this.finish(input, { kind: "unavailable", unavailable: unavailable(late, 100) });
        return false;
      });
      if (waiting.length === 0) return;
      const patient = this.clock.monotonicMs() < Math.min(weatherUntilMs, this.patienceMs);
      try {
        await this.rounds.attempt(waiting);
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
          late = `the store does not answer: ${error.message}`;
          if (!patient) return this.giveUp(waiting, unavailable(late, 250));
          await pause(RETRY_CEILING_MS * (0.5 + Math.random() / 2));
          continue;
        }
        if (error instanceof TooSlow) {
          this.limit = Math.max(1, Math.floor(Math.min(this.limit, waiting.length) / 2));
          this.log.warn({ inputs: waiting.length, limit: this.limit }, "a transaction was ended for its time: the batch is split");
          if (waiting.length > 1) return this.halve(waiting, weatherUntilMs);
          late = "the store is too slow";
          if (!patient) return this.giveUp(waiting, unavailable(late, 500));
          await pause(RETRY_CEILING_MS);
          continue;
        }
        if (error instanceof Conflict) {
          this.rounds.counts.conflicts += 1;
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
        return this.rounds.parkAlone(waiting[0] as Input, error);
      }
    }
  }

  private async halve(batch: readonly Input[], weatherUntilMs: number): Promise<void> {
    const middle = Math.ceil(batch.length / 2);
    await this.work(batch.slice(0, middle), weatherUntilMs);
    await this.work(batch.slice(middle), weatherUntilMs);
  }

  /** Those that have had their outcome meanwhile stay away. */
  private putBack(inputs: readonly Input[]): void {
    this.queue.putBack(inputs.filter((input) => this.queue.has(input)));
    this.wake();
  }

  private giveUp(batch: readonly Input[], because: Unavailable): void {
    for (const input of batch) this.finish(input, { kind: "unavailable", unavailable: because });
  }

  private finish(input: Input, outcome: FinalOutcome): void {
    this.rounds.forget(input.id);
    for (const one of this.queue.finish(input)) this.tell(one, outcome);
  }

  /** What goes wrong while one is told is that one's trouble: the entry stands, a repeat gets it, and the others hear theirs. */
  private tell(input: Input, outcome: FinalOutcome): void {
    if (outcome.kind === "unavailable") this.rounds.counts.unavailable += 1;
    try {
      input.settle(outcome.kind === "parked" ? { ...outcome, id: input.id } : outcome);
    } catch (error) {
      this.log.error({ err: error, method: input.method, input: input.id }, "an outcome could not be told");
    }
  }
}
