import { describe, expect, test } from "vitest";
import { adjust } from "../../../services/settlement/domain/adjust.ts";
import { approve } from "../../../services/settlement/domain/approve.ts";
import { payables, windows } from "../../../services/settlement/domain/documents.ts";
import { isUnavailable } from "../../../services/values/outcome.ts";
import {
  adjusted,
  approval,
  balance,
  bookOf,
  closed,
  expectTrueBooks,
  JINGYUAN,
  paid,
  promised,
  reserve,
  worldOf,
  ZHONGNING,
} from "./ledger-world.ts";

const FUND = { fundsFen: 1_000_000n, prefundFen: 1_000_000n };
const HOSPITAL = `HOSPITAL/H-${ZHONGNING}`;
const both = () => worldOf({ [ZHONGNING]: FUND, [JINGYUAN]: FUND });

describe("a claim that was taken back", () => {
  test("at home: benefits are less by it, and the institution owes it, whether it was paid or not", () => {
    const world = both();
    promised(world, "C1", ZHONGNING, ZHONGNING, 361_932n);
    expect(adjusted(world, "C1", ZHONGNING, ZHONGNING, -361_932n).result).toEqual({ posted: true });
    expect(balance(world, ZHONGNING, "5001")).toBe(0n);
    expect(balance(world, ZHONGNING, HOSPITAL)).toBe(361_932n);
    expect(balance(world, ZHONGNING, "PAYABLE")).toBe(-361_932n);
    expect(world.get(payables.key("claim/C1/decision/1"))).toMatchObject({ state: "DUE", adjustedFen: -361_932n });
    expectTrueBooks(world);
    paid(world, "S1", ZHONGNING, ["claim/C1/decision/1"]);
    expect(balance(world, ZHONGNING, HOSPITAL)).toBe(361_932n);
    expectTrueBooks(world);
  });

  test("twice is once, and before its approval it waits", () => {
    const world = both();
    expect(isUnavailable(adjusted(world, "C1", ZHONGNING, ZHONGNING, -5n).result)).toBe(true);
    promised(world, "C1", ZHONGNING, ZHONGNING, 5n);
    adjusted(world, "C1", ZHONGNING, ZHONGNING, -5n);
    expect(adjusted(world, "C1", ZHONGNING, ZHONGNING, -5n).result).toEqual({ posted: false });
    expect(world.get(payables.key("claim/C1/decision/1"))?.adjustedFen).toBe(-5n);
    expectTrueBooks(world);
  });

  test("treated elsewhere: the treating county owes it back in the window that is open now, though the claim's own is settled", () => {
    const world = both();
    promised(world, "C1", JINGYUAN, ZHONGNING, 406_510n);
    closed(world, "W1");
    paid(world, "S1", JINGYUAN, [`window/W1/transfer/${JINGYUAN}/${ZHONGNING}`]);
    expect(bookOf(world, JINGYUAN).prefund.committedFen).toBe(0n);
    adjusted(world, "C1", JINGYUAN, ZHONGNING, -406_510n);
    expect(world.get(windows.key("W2"))?.pairs).toEqual({ [`${ZHONGNING}/${JINGYUAN}`]: { fen: 406_510n, obligations: 1 } });
    expect([balance(world, JINGYUAN, `DUE_FROM/${ZHONGNING}`), balance(world, ZHONGNING, `DUE_TO/${JINGYUAN}`)]).toEqual([
      406_510n,
      -406_510n,
    ]);
    expect(balance(world, JINGYUAN, "5001")).toBe(0n);
    expect(balance(world, ZHONGNING, HOSPITAL)).toBe(406_510n);
    expectTrueBooks(world);
    closed(world, "W2");
    paid(world, "S2", ZHONGNING, [`window/W2/transfer/${ZHONGNING}/${JINGYUAN}`]);
    expectTrueBooks(world);
    expect(bookOf(world, ZHONGNING).prefund.committedFen).toBe(0n);
    // The money is where it was before the claim; only the hospital's debt to its own county is left.
    expect(bookOf(world, JINGYUAN).bankFen).toBe(1_000_000n);
  });

  test("in the window of its own claim the two net to nothing", () => {
    const world = both();
    promised(world, "C1", JINGYUAN, ZHONGNING, 1_000n);
    adjusted(world, "C1", JINGYUAN, ZHONGNING, -1_000n);
    expect(closed(world, "W1").result).toMatchObject({ state: "SETTLED", obligations: 2, grossFen: 2_000n, transfers: [] });
    expectTrueBooks(world);
  });
});

describe("a correction", () => {
  test.each([
    [-10_500n, 10_500n],
    [10_500n, -10_500n],
  ])("of %s fen stands in the institution's account, and adds to those before it", (deltaFen, accountFen) => {
    const world = both();
    promised(world, "C1", JINGYUAN, ZHONGNING, 199_500n);
    adjusted(world, "C1", JINGYUAN, ZHONGNING, deltaFen, "correction/1");
    expect(balance(world, ZHONGNING, HOSPITAL)).toBe(accountFen);
    expect(balance(world, JINGYUAN, "5001")).toBe(199_500n + deltaFen);
    adjusted(world, "C1", JINGYUAN, ZHONGNING, deltaFen, "correction/2");
    expect(world.get(payables.key(approval("C1", JINGYUAN, ZHONGNING, 0n).approvalId))?.adjustedFen).toBe(2n * deltaFen);
    expectTrueBooks(world);
  });
});

describe("what a family account pays", () => {
  const withAccount = (treating: string) => ({ ...approval("C1", ZHONGNING, treating, 8_000n), accountFen: 1_500n });

  test("is promised with the fund's part, and stands in an account of its own", () => {
    const world = both();
    world.run(approve, withAccount(ZHONGNING));
    expect([balance(world, ZHONGNING, "5001"), balance(world, ZHONGNING, "5002"), balance(world, ZHONGNING, "PAYABLE")]).toEqual([
      8_000n,
      1_500n,
      -9_500n,
    ]);
    expect(world.get(payables.key("claim/C1/decision/1"))).toMatchObject({ amountFen: 9_500n, state: "DUE" });
    expectTrueBooks(world);
  });

  test("is promised alone where the fund pays nothing", () => {
    const world = both();
    world.run(approve, { ...withAccount(ZHONGNING), fundFen: 0n });
    expect(world.get(payables.key("claim/C1/decision/1"))).toMatchObject({ amountFen: 1_500n });
    expect(balance(world, ZHONGNING, "5001")).toBe(0n);
    expectTrueBooks(world);
  });

  test("elsewhere the home county owes both", () => {
    const world = both();
    reserve(world, "C1", ZHONGNING, 9_500n);
    world.run(approve, withAccount(JINGYUAN));
    expect(world.get(windows.key("W1"))?.pairs).toEqual({ [`${ZHONGNING}/${JINGYUAN}`]: { fen: 9_500n, obligations: 1 } });
    expect([balance(world, ZHONGNING, "5001"), balance(world, ZHONGNING, "5002")]).toEqual([8_000n, 1_500n]);
    expectTrueBooks(world);
  });

  test.each<[bigint, bigint, bigint]>([
    [-8_000n, -1_500n, 9_500n],
    [500n, -500n, 0n],
    [0n, -1_500n, 1_500n],
  ])("changes by %s and %s fen: the institution owes %s", (deltaFen, accountDeltaFen, owesFen) => {
    const world = both();
    world.run(approve, withAccount(ZHONGNING));
    const { approvalId, institutionId } = approval("C1", ZHONGNING, ZHONGNING, 0n);
    const ids = {
      adjustmentId: "claim/C1/void",
      approvalId,
      claimId: "C1",
      homeCounty: ZHONGNING,
      treatingCounty: ZHONGNING,
      institutionId,
    };
    world.run(adjust, { ...ids, deltaFen, accountDeltaFen, adjustedOn: "2011-11-27" });
    expect(balance(world, ZHONGNING, HOSPITAL)).toBe(owesFen);
    expect([balance(world, ZHONGNING, "5001"), balance(world, ZHONGNING, "5002")]).toEqual([8_000n + deltaFen, 1_500n + accountDeltaFen]);
    expectTrueBooks(world);
  });
});
