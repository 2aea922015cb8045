/**
 * Second compensation (二次补偿): at the end of a year with a surplus, a pot is split over the claims of which their persons have borne much, in proportion to what they have borne,
 * by largest remainder, exactly. Pure. Source: domain rules 3.4, example 15.
 */
import { lesser, splitByWeight } from "../values/money.ts";

/** One claim in the split. */
export interface Part {
  readonly claimId: string;
  /** What the person has borne of it: its weight. */
  readonly borneFen: bigint;
  /** What it may get at most. */
  readonly mostFen: bigint;
}

export interface Share {
  readonly claimId: string;
  readonly fen: bigint;
}

/** The shares, by ascending claim id, which also decides between equal remainders. Uncut they sum to the pot; what `mostFen` cuts stays in it. */
export function shareOut(potFen: bigint, parts: readonly Part[]): Share[] {
  const inOrder = [...parts].sort((a, b) => (a.claimId < b.claimId ? -1 : 1));
  if (inOrder.every(({ borneFen }) => borneFen === 0n)) return [];
  const fens = splitByWeight(
    potFen,
    inOrder.map(({ borneFen }) => borneFen),
  );
  return inOrder.map(({ claimId, mostFen }, index) => ({ claimId, fen: lesser(mostFen, fens[index] ?? 0n) }));
}
