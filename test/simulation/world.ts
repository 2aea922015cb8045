/**
 * Virtual time for many simulated processes in one: everything that happens is an event in one queue, in an order that the seed decides. Between two events
 * all that was promised is carried out; then time jumps to the next. While a world runs, the clocks, the timers and the chance of Node are its own.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { type Random, random } from "../../deploy/sandbox/region/random.ts";
import { takeGlobals } from "./globals.ts";
import type { Process } from "./process.ts";
import { type Happening, Queue } from "./queue.ts";
import { newTrace, type Trace } from "./trace.ts";

/** Something broke that must never break. */
export class Breach extends Error {}

const MICROSECONDS = 1_000;
/** Steps that are asked for at a time. */
const STEPS = 100;
/** One input of so many. */
const CURSED = 60;

export class World {
  readonly seed: number;
  readonly startedAtMs: number;
  readonly chance: Random;
  readonly trace: Trace;
  /** Virtual milliseconds since the start, with fractions. */
  now = 0;
  /** Faults happen. */
  stormy = false;
  /** The release has a bug in it, which some inputs meet. */
  buggy = false;
  private readonly queue = new Queue();
  private readonly running = new AsyncLocalStorage<Process>();
  private breach: Error | undefined;
  events = 0;

  constructor(seed: number, startedAtMs: number, tell?: (line: string) => void) {
    this.seed = seed;
    this.startedAtMs = startedAtMs;
    this.chance = random(seed, "world");
    this.trace = newTrace(() => this.now, tell);
  }

  process(name: string): Process {
    return { name, alive: true, frozenUntilMs: 0, effects: 0, crashAt: Number.POSITIVE_INFINITY, onCrash: () => undefined };
  }

  /** The process whose code runs now. */
  get current(): Process | undefined {
    return this.running.getStore();
  }

  /** Runs code as that process: its timers, and all that follows from it, are the process's. */
  as<T>(process: Process, work: () => T): T {
    return this.running.run(process, work);
  }

  /** Lets something happen later; not where its process has died by then. */
  after(ms: number, run: () => void, owner?: Process): Happening {
    return this.queue.add(this.now + Math.max(0, ms), run, owner);
  }

  /** Milliseconds between two bounds, to the microsecond. */
  span(fromMs: number, toMs: number): number {
    return this.chance.between(Math.round(fromMs * MICROSECONDS), Math.round(toMs * MICROSECONDS)) / MICROSECONDS;
  }

  /** True in so many of ten thousand, while faults happen. */
  fault(bp: number): boolean {
    return this.stormy && this.chance.chance(bp);
  }

  /** Whether an input is one of those that meet the release's bug. */
  isCursed(id: string): boolean {
    return this.buggy && random(this.seed, id).below(CURSED) === 0;
  }

  /** The process is about to have an effect on somebody else, or to hear of one. False where it is dead, or dies now. */
  effect(process: Process): boolean {
    if (!process.alive) return false;
    process.effects += 1;
    if (process.effects !== process.crashAt) return true;
    this.crash(process);
    return false;
  }

  crash(process: Process): void {
    if (!process.alive) return;
    process.alive = false;
    this.trace.note(`${process.name} dies at its effect ${process.effects}`);
    process.onCrash();
  }

  /** What must hold. The first that does not ends the run. */
  hold(holds: boolean, what: () => string): void {
    if (!holds) this.fail(new Breach(what()));
  }

  fail(error: unknown): void {
    this.breach ??= error instanceof Error ? error : new Error(String(error));
  }

  /** Runs until `work` has ended or something broke; throws what broke. Time is real again afterwards. */
  async run(work: () => Promise<void>, limitMs: number): Promise<void> {
    const real = takeGlobals(this);
    const onRejection = (error: unknown) => this.fail(error);
    process.on("unhandledRejection", onRejection);
    try {
      await new Promise<void>((resolve) => {
        let done = false;
        const main = this.process("main");
        this.as(main, work).then(
          () => {
            done = true;
          },
          (error: unknown) => this.fail(error),
        );
        let ahead = 0;
        // Between two macrotasks all promises are carried out; many are asked for at once, because each turn of Node's own loop costs as much as an event.
        const step = (): void => {
          ahead -= 1;
          if (done || this.breach) return resolve();
          if (this.now > limitMs) this.fail(new Breach(`no end after ${limitMs / 1000} simulated seconds`));
          else this.next();
          if (ahead === 0) go();
        };
        const go = (): void => {
          for (; ahead < STEPS; ahead += 1) real.setImmediate(step);
        };
        go();
      });
    } finally {
      process.off("unhandledRejection", onRejection);
      real.giveBack();
    }
    if (this.breach) throw this.breach;
  }

  private next(): void {
    const happening = this.queue.take();
    if (!happening) return this.fail(new Breach("nothing is left to happen, and the run has not ended"));
    const { owner, run } = happening;
    if (happening.cancelled || owner?.alive === false) return;
    if (owner && owner.frozenUntilMs > happening.atMs) {
      this.queue.put(owner.frozenUntilMs, happening);
      return;
    }
    this.now = Math.max(this.now, happening.atMs);
    this.events += 1;
    try {
      if (owner) this.running.run(owner, run);
      else run();
    } catch (error) {
      this.fail(error);
    }
  }
}
