/**
 * How long an answer may take before its absence means something: half as long again as the slowest that came of late.
 * A fixed limit is too long for a quiet mesh and too short for a busy one, which it makes busier. A mean would not do either: answers come in batches,
 * so that the newest are all alike.
 */

/** The slowest answer is forgotten by half in this time. */
const HALF_LIFE_MS = 10_000;
const MARGIN = 1.5;

export class Patience {
  readonly #floorMs: number;
  readonly #ceilingMs: number;
  #slowestMs = 0;
  #atMs = 0;

  constructor(floorMs: number, ceilingMs: number) {
    this.#floorMs = floorMs;
    this.#ceilingMs = ceilingMs;
  }

  /** An answer came after `tookMs`; `nowMs` is monotonic. */
  learn(tookMs: number, nowMs: number): void {
    const remembered = this.#remembered(nowMs);
    if (tookMs < remembered) return;
    this.#slowestMs = tookMs;
    this.#atMs = nowMs;
  }

  /** Longer than this is unusual, in milliseconds; never below the floor nor above the ceiling. */
  at(nowMs: number): number {
    return Math.min(this.#ceilingMs, Math.max(this.#floorMs, MARGIN * this.#remembered(nowMs)));
  }

  #remembered(nowMs: number): number {
    return this.#slowestMs * 0.5 ** ((nowMs - this.#atMs) / HALF_LIFE_MS);
  }
}
