import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Part, shareOut } from "../../../services/benefit/second-compensation.ts";
import { sum } from "../../../services/values/money.ts";

const part = (claimId: string, borneFen: bigint, mostFen = borneFen): Part => ({ claimId, borneFen, mostFen });
const fens = (potFen: bigint, parts: readonly Part[]) => shareOut(potFen, parts).map(({ fen }) => fen);

describe("the split by largest remainder", () => {
  it("is example 15 of the domain rules, to the fen", () => {
    expect(fens(900_000n, [part("A", 1_500_000n), part("B", 2_333_333n), part("C", 777_777n)])).toEqual([292_771n, 455_422n, 151_807n]);
  });

  it("gives equal remainders to the lower claim ids", () => {
    expect(shareOut(5n, [part("C", 10n), part("A", 10n), part("B", 10n)])).toEqual([
      { claimId: "A", fen: 2n },
      { claimId: "B", fen: 2n },
      { claimId: "C", fen: 1n },
    ]);
  });

  it("leaves in the pot what is more than a claim may get", () => {
    expect(fens(100n, [part("A", 10n, 10n), part("B", 90n, 200n)])).toEqual([10n, 90n]);
    expect(fens(1_000n, [part("A", 10n), part("B", 90n, 200n)])).toEqual([10n, 200n]);
  });

  it("is nothing where nobody has borne anything", () => {
    expect(shareOut(100n, [])).toEqual([]);
    expect(shareOut(100n, [part("A", 0n)])).toEqual([]);
  });

  it("shares the whole pot, each within a fen of its proportion, whatever the order", () => {
    const weights = fc.uniqueArray(fc.record({ id: fc.integer({ min: 0, max: 9_999 }), fen: fc.bigInt({ min: 1n, max: 10_000_000n }) }), {
      minLength: 1,
      maxLength: 40,
      selector: ({ id }) => id,
    });
    fc.assert(
      fc.property(weights, fc.bigInt({ min: 1n, max: 100_000_000n }), (drawn, potFen) => {
        const parts = drawn
          .map(({ id, fen }) => part(`C${String(id).padStart(4, "0")}`, fen, potFen))
          .sort((a, b) => (a.claimId < b.claimId ? -1 : 1));
        const shares = shareOut(potFen, parts);
        const total = sum(parts.map(({ borneFen }) => borneFen));
        expect(sum(shares.map(({ fen }) => fen))).toBe(potFen);
        for (const [index, { fen }] of shares.entries()) {
          const exact = potFen * (parts[index]?.borneFen ?? 0n);
          expect(fen * total > exact - total && fen * total < exact + total).toBe(true);
        }
        expect(shareOut(potFen, parts.toReversed())).toEqual(shares);
      }),
    );
  });

  it("never gives more than what may be had", () => {
    const drawn = fc.array(fc.record({ fen: fc.bigInt({ min: 1n, max: 1_000_000n }), most: fc.bigInt({ min: 0n, max: 1_000_000n }) }), {
      minLength: 1,
      maxLength: 30,
    });
    fc.assert(
      fc.property(drawn, fc.bigInt({ min: 1n, max: 50_000_000n }), (rows, potFen) => {
        const parts = rows.map(({ fen, most }, index) => part(`C${String(index).padStart(3, "0")}`, fen, most));
        const shares = shareOut(potFen, parts);
        expect(shares.every(({ fen }, index) => fen >= 0n && fen <= (parts[index]?.mostFen ?? 0n))).toBe(true);
        expect(sum(shares.map(({ fen }) => fen)) <= potFen).toBe(true);
      }),
    );
  });
});
