/**
 * Seeded chance in whole numbers only (sfc32 and Math.imul), so that one seed gives the same bytes on every machine:
 * no floating-point functions whose last digit a platform may choose. Each part of the region draws from a stream of its own name,
 * so that a change to the people leaves the institutions as they were.
 */

export interface Random {
  /** 0 to n − 1. */
  below(n: number): number;
  /** low to high, both inclusive. */
  between(low: number, high: number): number;
  /** True in so many of ten thousand. */
  chance(bp: number): boolean;
  pick<T>(list: readonly T[]): T;
  /** One of the list by whole-number weights, at least one of which is above zero. */
  weighted<T>(list: readonly T[], weight: (item: T) => number): T;
  /** A draw from a distribution given by its quantiles at even steps (11 numbers: minimum, deciles, maximum). */
  quantile(points: readonly number[]): number;
  shuffle<T>(list: readonly T[]): T[];
}

const SCALE = 1 << 20;
const WARM_UP = 16;

/** FNV-1a of a text, 32 bits. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  return value >>> 0;
}

/** A stream of chance for a seed and a name. */
export function random(seed: number, stream: string): Random {
  let a = seed >>> 0;
  let b = hash(stream);
  let c = hash(`${seed}/${stream}`);
  let counter = 1;
  const next = (): number => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + sum) | 0;
    return sum >>> 0;
  };
  for (let round = 0; round < WARM_UP; round += 1) next();

  const below = (n: number): number => {
    if (!Number.isInteger(n) || n < 1) throw new Error(`below(${n}): a whole number of at least 1 is wanted`);
    return next() % n;
  };
  const between = (low: number, high: number): number => low + below(high - low + 1);
  const at = <T>(list: readonly T[], index: number): T => {
    if (index >= list.length) throw new Error("nothing to choose from");
    return list[index] as T;
  };
  return {
    below,
    between,
    chance: (bp) => below(10_000) < bp,
    pick: (list) => at(list, list.length === 0 ? 0 : below(list.length)),
    weighted(list, weight) {
      let left = below(list.reduce((sum, item) => sum + weight(item), 0));
      const chosen = list.find((item) => {
        left -= weight(item);
        return left < 0;
      });
      if (chosen === undefined) throw new Error("nothing to choose from");
      return chosen;
    },
    quantile(points) {
      const step = below(points.length - 1);
      const low = at(points, step);
      const high = at(points, step + 1);
      return low + Math.floor(((high - low) * below(SCALE)) / SCALE);
    },
    shuffle(list) {
      const shuffled = [...list];
      for (let index = shuffled.length - 1; index > 0; index -= 1) {
        const other = below(index + 1);
        [shuffled[index], shuffled[other]] = [at(shuffled, other), at(shuffled, index)];
      }
      return shuffled;
    },
  };
}
