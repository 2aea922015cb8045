/** The twin's clock. A sandbox may live on its sample day (`clock_offset_ms`); spans of time are measured by the monotonic clock only. */

export interface Clock {
  /** Milliseconds since 1970, offset included. */
  nowMs(): number;
  /** Milliseconds of a clock that never jumps; only differences mean anything. */
  monotonicMs(): number;
}

export function systemClock(offsetMs = 0): Clock {
  return { nowMs: () => Date.now() + offsetMs, monotonicMs: () => performance.now() };
}

/** The machine's clock was set while the process ran, and is not followed yet. */
export interface Jump {
  /** How far it is ahead of the time that goes on here, in milliseconds; below 0 where it was set back. */
  readonly byMs: number;
  /** How long ago that was noticed. */
  readonly forMs: number;
}

/** A clock that does not jump when the machine's does: from there on `nowMs` goes by the monotonic clock, until the machine's is back or somebody says that it is right. */
export interface HeldClock extends Clock {
  readonly jump: Jump | undefined;
  /** The machine's clock is right: its time is taken over. */
  follow(): void;
}

/** So much is drift, or a time server's correction, and followed (protocols 19). */
const DRIFT_MS = 1_000;

/** The machine's clock, watched by the monotonic one at each reading. `wallMs` and `monotonicMs` are the machine's two clocks. */
export function heldClock(offsetMs = 0, wallMs: () => number = Date.now, monotonicMs: () => number = () => performance.now()): HeldClock {
  /** What the wall clock says beyond the monotonic one. */
  let beyondMs = wallMs() - monotonicMs();
  let sinceMs: number | undefined;

  /** The time here; notices a jump and its end. A process may stand still between two clocks, so the wall clock's reading belongs to any moment between two monotonic ones. */
  const read = (): { readonly nowMs: number; readonly jump: Jump | undefined } => {
    const before = monotonicMs();
    const wall = wallMs();
    const after = monotonicMs();
    if (wall - before - beyondMs >= -DRIFT_MS && wall - after - beyondMs <= DRIFT_MS) {
      beyondMs = wall - after;
      sinceMs = undefined;
      return { nowMs: wall, jump: undefined };
    }
    sinceMs ??= after;
    const nowMs = Math.round(after + beyondMs);
    return { nowMs, jump: { byMs: wall - nowMs, forMs: after - sinceMs } };
  };
  return {
    nowMs: () => read().nowMs + offsetMs,
    monotonicMs,
    get jump() {
      return read().jump;
    },
    follow() {
      beyondMs = wallMs() - monotonicMs();
      sinceMs = undefined;
    },
  };
}

/** Resolves after `ms`, or at once when the signal aborts. Never rejects. */
export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const end = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal?.addEventListener("abort", end, { once: true });
  });
}
