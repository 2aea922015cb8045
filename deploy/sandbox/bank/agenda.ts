/** What is to happen later, by the bank's clock, in the order of its time. Kept in memory only: after a restart it is planned again from the books. */

const TICK_MS = 25;

interface Item {
  readonly atMs: number;
  readonly run: () => void;
}

export class Agenda {
  /** Latest first, so that the next one is taken from the end. */
  readonly #items: Item[] = [];
  readonly #clock: () => number;
  readonly #timer: NodeJS.Timeout;

  constructor(clock: () => number) {
    this.#clock = clock;
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
  }

  add(atMs: number, run: () => void): void {
    let low = 0;
    let high = this.#items.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#items[middle]?.atMs ?? 0) > atMs) low = middle + 1;
      else high = middle;
    }
    this.#items.splice(low, 0, { atMs, run });
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #tick(): void {
    const now = this.#clock();
    for (let next = this.#items.at(-1); next && next.atMs <= now; next = this.#items.at(-1)) {
      this.#items.pop();
      next.run();
    }
  }
}
