/** Puts a world's time and chance in the place of Node's, and gives Node's back. */
import crypto from "node:crypto";
import { syncBuiltinESMExports } from "node:module";
import { random } from "../../deploy/sandbox/region/random.ts";
import type { Process } from "./process.ts";
import type { Happening } from "./queue.ts";

/** Whose time it is to be. */
export interface Timekeeper {
  readonly seed: number;
  readonly startedAtMs: number;
  readonly now: number;
  readonly current: Process | undefined;
  after(ms: number, run: () => void, owner?: Process): Happening;
}

export interface Real {
  readonly setImmediate: (run: () => void) => unknown;
  giveBack(): void;
}

const HEX = 16;
const WORD = 0x1_0000_0000;
const WORD_DIGITS = 8;
const DRAWS = 1_000_000_000;

class Timer {
  happening: Happening | undefined;
  unref(): this {
    return this;
  }
  ref(): this {
    return this;
  }
  hasRef(): boolean {
    return true;
  }
}

/** One world at a time: a second one would hear the first one's clock. */
let taken = false;

export function takeGlobals(world: Timekeeper): Real {
  if (taken) throw new Error("another world runs in this process");
  taken = true;
  const { setTimeout, clearTimeout, setInterval, clearInterval, setImmediate, clearImmediate } = globalThis;
  const { randomBytes, randomUUID } = crypto;
  const before = { dateNow: Date.now, random: Math.random, timeout: AbortSignal.timeout, now: performance.now };
  const chance = random(world.seed, "processes");

  const later = (run: (...given: unknown[]) => void, ms = 0, ...given: unknown[]): Timer => {
    const timer = new Timer();
    const owner = world.current;
    timer.happening = world.after(Math.max(ms, 0), () => run(...given), owner);
    return timer;
  };
  const again = (run: (...given: unknown[]) => void, ms = 1, ...given: unknown[]): Timer => {
    const timer = new Timer();
    const owner = world.current;
    const turn = (): void => {
      timer.happening = world.after(Math.max(ms, 1), turn, owner);
      run(...given);
    };
    timer.happening = world.after(Math.max(ms, 1), turn, owner);
    return timer;
  };
  const clear = (timer: unknown): void => {
    if (timer instanceof Timer && timer.happening) timer.happening.cancelled = true;
  };
  const hex = (digits: number): string => {
    let text = "";
    while (text.length < digits) text += chance.below(WORD).toString(HEX).padStart(WORD_DIGITS, "0");
    return text.slice(0, digits);
  };

  Object.assign(globalThis, {
    setTimeout: later,
    clearTimeout: clear,
    setInterval: again,
    clearInterval: clear,
    setImmediate: (run: () => void) => later(run, 0),
    clearImmediate: clear,
  });
  Object.assign(crypto, {
    randomBytes: (bytes: number) => Buffer.from(hex(2 * bytes), "hex"),
    randomUUID: () => [8, 4, 4, 4, 12].map(hex).join("-"),
  });
  syncBuiltinESMExports();
  Date.now = () => world.startedAtMs + Math.floor(world.now);
  performance.now = () => world.now;
  Math.random = () => chance.below(DRAWS) / DRAWS;
  AbortSignal.timeout = (ms: number) => {
    const controller = new AbortController();
    later(() => controller.abort(new DOMException("timed out", "TimeoutError")), ms);
    return controller.signal;
  };
  return {
    setImmediate,
    giveBack() {
      Object.assign(globalThis, { setTimeout, clearTimeout, setInterval, clearInterval, setImmediate, clearImmediate });
      Object.assign(crypto, { randomBytes, randomUUID });
      syncBuiltinESMExports();
      Date.now = before.dateNow;
      performance.now = before.now;
      Math.random = before.random;
      AbortSignal.timeout = before.timeout;
      taken = false;
    },
  };
}
