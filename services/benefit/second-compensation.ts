/**
 * Second compensation (二次补偿): at the end of a year with a surplus, a pot is split over the claims of which their persons have borne much, in proportion to what they have borne,
 * by largest remainder, exactly. Pure. Source: domain rules 3.4, example 15.
 */
import { lesser, sum } from "../values/money.ts";

/** One claim in the split. */
export interface Part {
  readonly claimId: string;
  /** What the person has borne of it, above 0: its weight. */
  readonly borneFen: bigint;
  /** What it may get at most. */
  readonly mostFen: bigint;
}

export interface Share {
  readonly claimId: string;
  readonly fen: bigint;
}

/**
 * The shares, in the order of the parts. Uncut they sum to the pot: each gets its whole fen, and the fen that are left go one each to the largest remainders, equal ones by
 * ascending claim id. What `mostFen` then cuts stays in the pot.
 */
export function shareOut(potFen: bigint, parts: readonly Part[]): Share[] {
  const total = sum(parts.map(({ borneFen }) => borneFen));
  if (total === 0n) return [];
  const whole = parts.map(({ borneFen }) => (potFen * borneFen) / total);
  const left = Number(potFen - sum(whole));
  const remainder = (index: number) => (potFen * (parts[index]?.borneFen ?? 0n)) % total;
  const inOrder = parts
    .map(({ claimId }, index) => ({ claimId, index, rest: remainder(index) }))
    .sort((a, b) => (a.rest === b.rest ? (a.claimId < b.claimId ? -1 : 1) : a.rest > b.rest ? -1 : 1));
  const favoured = new Set(inOrder.slice(0, left).map(({ index }) => index));
  return parts.map(({ claimId, mostFen }, index) => ({
    claimId,
    fen: lesser(mostFen, (whole[index] ?? 0n) + (favoured.has(index) ? 1n : 0n)),
  }));
}
