import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { hashOf, pairsOf, positionsOf, transfersOf } from "../../../services/settlement/domain/netting.ts";
import { sum } from "../../../services/values/money.ts";

const A = "640424";
const B = "640521";
const C = "640522";
const pair = (fen: bigint) => ({ fen, obligations: 1 });

describe("the verified example of the domain notes", () => {
  const pairs = pairsOf({
    [`${A}/${B}`]: pair(406_510n),
    [`${B}/${A}`]: pair(120_000n),
    [`${A}/${C}`]: pair(50_000n),
    [`${C}/${B}`]: pair(210_300n),
  });
  const positions = positionsOf(pairs);

  test("gross 786,810 nets to −336,510, +496,810, −160,300", () => {
    expect(sum(pairs.map((row) => row.fen))).toBe(786_810n);
    expect(positions).toEqual([
      { county: A, netFen: -336_510n },
      { county: B, netFen: 496_810n },
      { county: C, netFen: -160_300n },
    ]);
  });

  test("496,810 moves, the larger debtor first", () => {
    expect(transfersOf(positions)).toEqual([
      { fromCounty: A, toCounty: B, amountFen: 336_510n, settled: false },
      { fromCounty: C, toCounty: B, amountFen: 160_300n, settled: false },
    ]);
  });
});

test("equal nets go by code", () => {
  const positions = [
    { county: "640101", netFen: 5n },
    { county: "640102", netFen: -5n },
    { county: "640103", netFen: 5n },
    { county: "640104", netFen: -5n },
  ];
  expect(transfersOf(positions).map((row) => `${row.fromCounty}>${row.toCounty}`)).toEqual(["640102>640101", "640104>640103"]);
});

test("debts that cancel out move nothing", () => {
  expect(transfersOf(positionsOf(pairsOf({ [`${A}/${B}`]: pair(7n), [`${B}/${A}`]: pair(7n) })))).toEqual([]);
  expect(transfersOf([])).toEqual([]);
});

const county = fc.integer({ min: 0, max: 21 }).map((index) => `6401${String(index).padStart(2, "0")}`);
const obligations = fc.array(
  fc.tuple(county, county, fc.bigInt({ min: 1n, max: 10n ** 12n })).filter(([from, to]) => from !== to),
  { maxLength: 60 },
);

test("nets sum to zero, transfers bring each county exactly its net, and the order in which debts came does not matter", () => {
  fc.assert(
    fc.property(obligations, fc.integer(), (rows, seed) => {
      const gather = (list: typeof rows) => {
        const pairs: Record<string, { fen: bigint; obligations: number }> = {};
        for (const [from, to, fen] of list) {
          const before = pairs[`${from}/${to}`] ?? { fen: 0n, obligations: 0 };
          pairs[`${from}/${to}`] = { fen: before.fen + fen, obligations: before.obligations + 1 };
        }
        const positions = positionsOf(pairsOf(pairs));
        return { number: 3, fromSequence: 1n, toSequence: 99n, pairs, positions, transfers: transfersOf(positions) };
      };
      const netting = gather(rows);
      const { positions, transfers } = netting;
      expect(sum(positions.map((row) => row.netFen))).toBe(0n);
      for (const { county: code, netFen } of positions) {
        const got = sum(transfers.filter((row) => row.toCounty === code).map((row) => row.amountFen));
        const gave = sum(transfers.filter((row) => row.fromCounty === code).map((row) => row.amountFen));
        expect(got - gave).toBe(netFen);
        expect(got === 0n || gave === 0n).toBe(true);
      }
      expect(transfers.length).toBeLessThan(Math.max(positions.length, 1));
      expect(new Set(transfers.map((row) => `${row.fromCounty}/${row.toCounty}`)).size).toBe(transfers.length);
      const shuffled = [...rows].sort((a, b) => Number((a[2] * 31n + BigInt(seed)) % 97n) - Number((b[2] * 31n + BigInt(seed)) % 97n));
      expect(hashOf(gather(shuffled))).toBe(hashOf(netting));
    }),
    { numRuns: 200 },
  );
});

test("the hash is of the canonical bytes and moves with every fen", () => {
  const netting = { number: 1, fromSequence: 0n, toSequence: 4n, pairs: { [`${A}/${B}`]: pair(5n) }, positions: [], transfers: [] };
  expect(hashOf(netting)).toMatch(/^[0-9a-f]{64}$/);
  expect(hashOf(netting)).toBe("2e2c0cbfeb742d77d9dac5f6b19ee8295768ede7e7f7affbed65059cd8eb742a");
  expect(hashOf({ ...netting, pairs: { [`${A}/${B}`]: pair(6n) } })).not.toBe(hashOf(netting));
});
