/** What is to happen, by its time; what has the same time, in the order in which it was added. A binary heap. */
import type { Process } from "./process.ts";

export interface Happening {
  atMs: number;
  readonly serial: number;
  readonly run: () => void;
  readonly owner: Process | undefined;
  cancelled: boolean;
}

export class Queue {
  private readonly heap: Happening[] = [];
  private serial = 0;

  add(atMs: number, run: () => void, owner: Process | undefined): Happening {
    this.serial += 1;
    const happening: Happening = { atMs, serial: this.serial, run, owner, cancelled: false };
    this.push(happening);
    return happening;
  }

  /** Puts back what was taken, for later. It keeps its place among its like. */
  put(atMs: number, happening: Happening): void {
    happening.atMs = atMs;
    this.push(happening);
  }

  take(): Happening | undefined {
    const { heap } = this;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) return first;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1] as Happening, heap[child] as Happening)) child += 1;
      if (!isBefore(heap[child] as Happening, last)) break;
      heap[at] = heap[child] as Happening;
      at = child;
    }
    heap[at] = last;
    return first;
  }

  private push(happening: Happening): void {
    const { heap } = this;
    let at = heap.length;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(happening, heap[parent] as Happening)) break;
      heap[at] = heap[parent] as Happening;
      at = parent;
    }
    heap[at] = happening;
  }
}

function isBefore(a: Happening, b: Happening): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.serial < b.serial);
}
