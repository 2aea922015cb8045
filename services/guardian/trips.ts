/** How long a question and its answer took of late. One that was held up says nothing; a network that loses frames holds up many. */

const WINDOW_MS = 5_000;
/** Fewer say nothing. */
const LEAST = 6;

export class Trips {
  #taken: { readonly atMs: number; readonly ms: number }[] = [];

  /** One that ended at `nowMs`, monotonic, with an answer or without. */
  add(nowMs: number, ms: number): void {
    this.#taken.push({ atMs: nowMs, ms });
    this.#drop(nowMs);
  }

  /** The mean of the last five seconds without the slowest one, in milliseconds; undefined where there were too few. */
  usualMs(nowMs: number): number | undefined {
    this.#drop(nowMs);
    if (this.#taken.length < LEAST) return undefined;
    const all = this.#taken.map(({ ms }) => ms);
    return (all.reduce((sum, ms) => sum + ms, 0) - Math.max(...all)) / (all.length - 1);
  }

  forget(): void {
    this.#taken = [];
  }

  #drop(nowMs: number): void {
    while ((this.#taken[0]?.atMs ?? nowMs) < nowMs - WINDOW_MS) this.#taken.shift();
  }
}
