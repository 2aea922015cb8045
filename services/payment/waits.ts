/** When each of several things is tried again: ever more rarely while it comes to nothing. By this process's monotonic clock. */

const FIRST_WAIT_MS = 2_000;
const MAX_WAIT_MS = 300_000;

export interface Waits {
  /** Forgets what is not among these any more. */
  keep(names: readonly string[]): void;
  isDue(name: string): boolean;
  /** It was tried in vain: the next time is twice as far away as the last was. */
  later(name: string): void;
}

export function newWaits(monotonicMs: () => number): Waits {
  const waits = new Map<string, { readonly atMs: number; readonly waitMs: number }>();
  return {
    keep(names) {
      const kept = new Set(names);
      for (const name of waits.keys()) if (!kept.has(name)) waits.delete(name);
    },
    isDue: (name) => (waits.get(name)?.atMs ?? 0) <= monotonicMs(),
    later(name) {
      const waitMs = Math.min((waits.get(name)?.waitMs ?? FIRST_WAIT_MS / 2) * 2, MAX_WAIT_MS);
      waits.set(name, { atMs: monotonicMs() + waitMs, waitMs });
    },
  };
}
