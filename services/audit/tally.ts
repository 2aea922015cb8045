/** Sums by name, for what is bounded by the number of counties and accounts, never by the number of claims. */
export interface Tally {
  add(name: string, fen: bigint): void;
  of(name: string): bigint;
  count(name: string): number;
  names(): readonly string[];
}

export function newTally(): Tally {
  const sums = new Map<string, { fen: bigint; count: number }>();
  return {
    add(name, fen) {
      const before = sums.get(name);
      sums.set(name, { fen: (before?.fen ?? 0n) + fen, count: (before?.count ?? 0) + 1 });
    },
    of: (name) => sums.get(name)?.fen ?? 0n,
    count: (name) => sums.get(name)?.count ?? 0,
    names: () => [...sums.keys()],
  };
}
