/** Time that goes by when a test says so, so that neither the machine's speed nor its load decides what a test sees. */
import { vi } from "vitest";

/** How finely a wait looks. */
const STEP_MS = 10;

/** Timers and the monotonic clock stand still from here on, until `vi.useRealTimers()`; the wall clock goes on. */
export function holdTime(): void {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "performance"] });
}

/** So much time goes by. */
export async function pass(ms: number): Promise<void> {
  await vi.advanceTimersByTimeAsync(ms);
}

/** Time goes by until it is so, at most so long. */
export async function passUntil(what: string, condition: () => boolean, limitMs: number): Promise<void> {
  for (let ms = 0; !condition(); ms += STEP_MS) {
    if (ms >= limitMs) throw new Error(`${limitMs} ms went by in vain: ${what}`);
    await pass(STEP_MS);
  }
}

/** What the work comes to; time goes by meanwhile, at most so long. */
export async function within<T>(limitMs: number, work: Promise<T>): Promise<T> {
  let over = false;
  const ended = work.finally(() => {
    over = true;
  });
  await passUntil("it ends", () => over, limitMs);
  return await ended;
}
