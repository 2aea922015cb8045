/** Money in fen, always `bigint`; rates in basis points. Rounding is named where it happens. */

/** The largest amount that one bill, order or entry may carry: ten billion yuan. Larger is a typing error or an attack. */
export const MAX_FEN = 1_000_000_000_000n;

export const BP = 10_000n;

/** numerator / denominator rounded half away from zero (half-up on amounts ≥ 0). The denominator is positive. */
export function halfUp(numerator: bigint, denominator: bigint): bigint {
  const magnitude = numerator < 0n ? -numerator : numerator;
  const rounded = (2n * magnitude + denominator) / (2n * denominator);
  return numerator < 0n ? -rounded : rounded;
}

export function lesser(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}

export function greater(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}

export function sum(amounts: Iterable<bigint>): bigint {
  let total = 0n;
  for (const amount of amounts) total += amount;
  return total;
}

/** Splits a total in proportion to weights (≥ 0, not all 0), exactly: the fen that are left over go one each to the largest remainders, equal ones to the earlier. A total below 0 is split like its opposite. */
export function splitByWeight(total: bigint, weights: readonly bigint[]): bigint[] {
  const whole = sum(weights);
  if (total < 0n) return splitByWeight(-total, weights).map((part) => -part);
  const parts = weights.map((weight) => (total * weight) / whole);
  const left = Number(total - sum(parts));
  const remainder = (index: number) => (total * (weights[index] ?? 0n)) % whole;
  const order = weights
    .map((_, index) => index)
    .sort((a, b) => (remainder(a) === remainder(b) ? a - b : remainder(a) > remainder(b) ? -1 : 1));
  const favoured = new Set(order.slice(0, left));
  return parts.map((part, index) => (favoured.has(index) ? part + 1n : part));
}

/** "1234.50" from 123450n. */
export function yuan(fen: bigint): string {
  const magnitude = fen < 0n ? -fen : fen;
  const digits = magnitude.toString().padStart(3, "0");
  return `${fen < 0n ? "-" : ""}${digits.slice(0, -2)}.${digits.slice(-2)}`;
}

/** 123450n from "1234.50"; undefined where the text is not an amount with at most two decimals. */
export function fenOf(text: string): bigint | undefined {
  const match = /^(-?)(\d{1,13})(?:\.(\d{1,2}))?$/.exec(text.trim());
  if (!match) return undefined;
  const fen = BigInt(match[2] ?? "0") * 100n + BigInt((match[3] ?? "").padEnd(2, "0"));
  return match[1] ? -fen : fen;
}
