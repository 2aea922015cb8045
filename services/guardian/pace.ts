/** How much of its time a guardian gets: one on a machine without CPU is late again and again. */

const WINDOW_MS = 3_000;

export class Pace {
  readonly #everyMs: number;
  #ticks: number[] = [];
  readonly #sinceMs: number;

  constructor(everyMs: number, nowMs: number) {
    this.#everyMs = everyMs;
    this.#sinceMs = nowMs;
  }

  tick(nowMs: number): void {
    this.#ticks.push(nowMs);
    while ((this.#ticks[0] ?? nowMs) < nowMs - WINDOW_MS) this.#ticks.shift();
  }

  /** The share of the ticks that were due within the last three seconds, 0 to 1; 1 before it has ticked so long. */
  share(nowMs: number): number {
    if (nowMs - this.#sinceMs < WINDOW_MS) return 1;
    const recent = this.#ticks.filter((atMs) => atMs >= nowMs - WINDOW_MS).length;
    return Math.min(1, recent / (WINDOW_MS / this.#everyMs));
  }
}
