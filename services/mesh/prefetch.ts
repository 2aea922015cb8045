/** Reads what a batch will look at: `needs` is asked in rounds, and each round's documents of all inputs go out together (protocols 1). */
import type { Key } from "../values/decision.ts";
import { stackOf } from "../values/thrown.ts";
import type { Input } from "./input.ts";
import { contextOf, type Loads, nameOf } from "./stage.ts";
import type { Store } from "./store.ts";

const NEEDS_ROUNDS = 6;

export interface Prefetched {
  readonly loads: Loads;
  /** Inputs whose `needs` threw, with the reason: a bug, which hurts its own input only. */
  readonly faults: ReadonlyMap<Input, string>;
}

/** Throws what the store throws. */
export async function prefetch(store: Store, batch: readonly Input[], nowMs: number, epoch: number): Promise<Prefetched> {
  const loads: Loads = new Map();
  const faults = new Map<Input, string>();
  const loaded = { get: (key: Key) => loads.get(nameOf(key))?.doc as never };
  let asking = batch.map((input) => ({ input, context: contextOf(input, nowMs, epoch) }));
  for (let round = 0; round < NEEDS_ROUNDS && asking.length > 0; round += 1) {
    const wanted = new Map<string, Key>();
    asking = asking.filter(({ input, context }) => {
      let news = false;
      try {
        for (const key of input.decision.needs(input.value, loaded, context)) {
          const name = nameOf(key);
          if (loads.has(name)) continue;
          wanted.set(name, key);
          news = true;
        }
      } catch (error) {
        faults.set(input, stackOf(error));
        return false;
      }
      return news;
    });
    if (wanted.size > 0) await store.load([...wanted.values()], loads);
  }
  return { loads, faults };
}
