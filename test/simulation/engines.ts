/** How a process and an engine speak: a request goes out, something happens there, the answer comes back. Each way takes time, and may fail. */
import type { Process } from "./process.ts";
import type { World } from "./world.ts";

/** One way over the network, in milliseconds. */
const WAY_MS: readonly [number, number] = [0.1, 0.9];
/** In so many of ten thousand a way is slow. */
const SLOW_BP = 30;
const SLOW_MS: readonly [number, number] = [5, 120];

export function way(world: World): number {
  const [from, to] = world.fault(SLOW_BP) ? SLOW_MS : WAY_MS;
  return world.span(from, to);
}

/** How the engine answers. Called once. */
export type Answer<T> = (outcome: { readonly value: T } | { readonly error: Error }) => void;

export interface Exchange {
  readonly world: World;
  readonly process: Process;
  readonly name: string;
  /** In so many of ten thousand the connection fails: before the request has come, or before the answer has. */
  readonly lossBp: number;
  lost(): Error;
}

/** Never settles for a process that dies meanwhile: what it would have done then is never done. */
export function exchange<T>({ world, process, name, lossBp, lost }: Exchange, happen: (answer: Answer<T>) => void): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    if (!world.effect(process)) return;
    const settle = (outcome: { readonly value: T } | { readonly error: Error }): void => {
      if (!world.effect(process)) return;
      if ("error" in outcome) reject(outcome.error);
      else resolve(outcome.value);
    };
    const fails = world.fault(lossBp);
    const before = fails && world.chance.chance(5_000);
    if (before) world.after(way(world), () => settle({ error: lost() }), process);
    else
      world.after(way(world), () =>
        happen((outcome) => {
          const heard = fails ? { error: lost() } : outcome;
          if ("error" in heard) world.trace.note(`${process.name} ${name}: ${heard.error.message}`);
          world.after(way(world), () => settle(heard), process);
        }),
      );
  });
}
