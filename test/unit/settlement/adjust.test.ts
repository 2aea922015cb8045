import { describe, expect, test } from "vitest";
import { adjust } from "../../../services/settlement/domain/adjust.ts";
import { approve } from "../../../services/settlement/domain/approve.ts";
import { payables, windows } from "../../../services/settlement/domain/documents.ts";
import { recallAnswered } from "../../../services/settlement/domain/recall-answered.ts";
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
    expect(balance(world, ZHONGNING, "5001-INPATIENT/2011")).toBe(0n);
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
    expect(balance(world, JINGYUAN, "5001-INPATIENT/2011")).toBe(0n);
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
  const own = approval("C1", JINGYUAN, ZHONGNING, 0n).approvalId;

  test("to less stands in the institution's account, and adds to those before it", () => {
    const world = both();
    promised(world, "C1", JINGYUAN, ZHONGNING, 199_500n);
    adjusted(world, "C1", JINGYUAN, ZHONGNING, -10_500n, "correction/1");
    expect(balance(world, ZHONGNING, HOSPITAL)).toBe(10_500n);
    expect(balance(world, JINGYUAN, "5001-INPATIENT/2011")).toBe(189_000n);
    adjusted(world, "C1", JINGYUAN, ZHONGNING, -10_500n, "correction/2");
    expect(world.get(payables.key(own))?.adjustedFen).toBe(-21_000n);
    expect(bookOf(world, ZHONGNING).debts).toEqual({ [`H-${ZHONGNING}`]: 21_000n });
    expectTrueBooks(world);
  });

  test("to more is a payable of the institution's, less what it owes", () => {
    const world = both();
    promised(world, "C1", JINGYUAN, ZHONGNING, 199_500n);
    adjusted(world, "C1", JINGYUAN, ZHONGNING, -500n, "correction/1");
    const { told } = adjusted(world, "C1", JINGYUAN, ZHONGNING, 10_500n, "correction/2");
    expect(told).toMatchObject([{ name: "PayableDue", body: { payableId: "claim/C1/correction/2", amountFen: 10_000n, claimId: "" } }]);
    expect(balance(world, ZHONGNING, HOSPITAL)).toBe(0n);
    expect(bookOf(world, ZHONGNING).debts).toBeUndefined();
    expectTrueBooks(world);
    paid(world, "S1", ZHONGNING, ["claim/C1/correction/2"]);
    expectTrueBooks(world);
    // All of it is taken back: what was promised at first is called back, what the correction brought is owed.
    adjusted(world, "C1", JINGYUAN, ZHONGNING, -209_500n);
    expect(bookOf(world, ZHONGNING).debts).toEqual({ [`H-${ZHONGNING}`]: 10_000n });
    expect(world.get(payables.key(own))).toMatchObject({ recall: "ASKED" });
    expectTrueBooks(world);
  });

  test("to more than nothing owed leaves what the next promise is less by", () => {
    const world = both();
    promised(world, "C1", ZHONGNING, ZHONGNING, 1_000n);
    paid(world, "S1", ZHONGNING, ["claim/C1/decision/1"]);
    adjusted(world, "C1", ZHONGNING, ZHONGNING, -700n, "correction/1");
    const { told } = adjusted(world, "C1", ZHONGNING, ZHONGNING, 300n, "correction/2");
    expect(told).toEqual([]);
    expect(bookOf(world, ZHONGNING).debts).toEqual({ [`H-${ZHONGNING}`]: 400n });
    expectTrueBooks(world);
  });
});

describe("what a family account pays", () => {
  const withAccount = (treating: string) => ({ ...approval("C1", ZHONGNING, treating, 8_000n), accountFen: 1_500n });

  test("is promised with the fund's part, and stands in an account of its own", () => {
    const world = both();
    world.run(approve, withAccount(ZHONGNING));
    expect([
      balance(world, ZHONGNING, "5001-INPATIENT/2011"),
      balance(world, ZHONGNING, "5002/2011"),
      balance(world, ZHONGNING, "PAYABLE"),
    ]).toEqual([8_000n, 1_500n, -9_500n]);
    expect(world.get(payables.key("claim/C1/decision/1"))).toMatchObject({ amountFen: 9_500n, state: "DUE" });
    expectTrueBooks(world);
  });

  test("is promised alone where the fund pays nothing", () => {
    const world = both();
    world.run(approve, { ...withAccount(ZHONGNING), fundFen: 0n });
    expect(world.get(payables.key("claim/C1/decision/1"))).toMatchObject({ amountFen: 1_500n });
    expect(balance(world, ZHONGNING, "5001-INPATIENT/2011")).toBe(0n);
    expectTrueBooks(world);
  });

  test("elsewhere the home county owes both", () => {
    const world = both();
    reserve(world, "C1", ZHONGNING, 9_500n);
    world.run(approve, withAccount(JINGYUAN));
    expect(world.get(windows.key("W1"))?.pairs).toEqual({ [`${ZHONGNING}/${JINGYUAN}`]: { fen: 9_500n, obligations: 1 } });
    expect([balance(world, ZHONGNING, "5001-INPATIENT/2011"), balance(world, ZHONGNING, "5002/2011")]).toEqual([8_000n, 1_500n]);
    expectTrueBooks(world);
  });

  test.each<[bigint, bigint, bigint]>([
    [-8_000n, -1_500n, 9_500n],
    [500n, -500n, 0n],
    [0n, -1_500n, 1_500n],
  ])("changes by %s and %s fen: until it is called back, the institution owes %s", (deltaFen, accountDeltaFen, owesFen) => {
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
      fund: "INPATIENT" as const,
    };
    world.run(adjust, { ...ids, deltaFen, accountDeltaFen, adjustedOn: "2011-11-27" });
    expect(balance(world, ZHONGNING, HOSPITAL)).toBe(owesFen);
    expect([balance(world, ZHONGNING, "5001-INPATIENT/2011"), balance(world, ZHONGNING, "5002/2011")]).toEqual([
      8_000n + deltaFen,
      1_500n + accountDeltaFen,
    ]);
    expectTrueBooks(world);
  });
});

describe("what an institution owes", () => {
  const owing = (fen: bigint) => {
    const world = both();
    promised(world, "C1", ZHONGNING, ZHONGNING, fen);
    paid(world, "S1", ZHONGNING, ["claim/C1/decision/1"]);
    adjusted(world, "C1", ZHONGNING, ZHONGNING, -fen);
    expect(bookOf(world, ZHONGNING).debts).toEqual({ [`H-${ZHONGNING}`]: fen });
    return world;
  };

  test("is set off against its next promise", () => {
    const world = owing(300n);
    const { told } = promised(world, "C2", ZHONGNING, ZHONGNING, 1_000n);
    expect(told).toMatchObject([{ name: "PayableDue", body: { amountFen: 700n } }]);
    expect(world.get(payables.key("claim/C2/decision/1"))).toMatchObject({ amountFen: 700n, setOffFen: 300n, state: "DUE" });
    expect([balance(world, ZHONGNING, HOSPITAL), balance(world, ZHONGNING, "PAYABLE"), bookOf(world, ZHONGNING).debts]).toEqual([
      0n,
      -700n,
      undefined,
    ]);
    expectTrueBooks(world);
    // Heard again it is the same promise.
    expect(promised(world, "C2", ZHONGNING, ZHONGNING, 1_000n).result).toEqual({ posted: false });
    paid(world, "S2", ZHONGNING, ["claim/C2/decision/1"]);
    expectTrueBooks(world);
    // Taken back, the whole promise is owed again.
    adjusted(world, "C2", ZHONGNING, ZHONGNING, -1_000n);
    expect(bookOf(world, ZHONGNING).debts).toEqual({ [`H-${ZHONGNING}`]: 1_000n });
    expectTrueBooks(world);
  });

  test("may take all of it: the claim is paid, and the bank has nothing to do", () => {
    const world = owing(1_000n);
    const { told } = promised(world, "C2", ZHONGNING, ZHONGNING, 400n);
    expect(told).toMatchObject([{ name: "PayableSetOff", body: { claimId: "C2", setOffFen: 400n } }]);
    expect(world.get(payables.key("claim/C2/decision/1"))).toMatchObject({ amountFen: 0n, setOffFen: 400n, state: "PAID" });
    expect(bookOf(world, ZHONGNING)).toMatchObject({ duePayables: 0, debts: { [`H-${ZHONGNING}`]: 600n } });
    expectTrueBooks(world);
    adjusted(world, "C2", ZHONGNING, ZHONGNING, -400n);
    expect(bookOf(world, ZHONGNING).debts).toEqual({ [`H-${ZHONGNING}`]: 1_000n });
    expectTrueBooks(world);
  });

  test("is its own: another's promise is not less by it", () => {
    const world = owing(300n);
    world.run(approve, { ...approval("C2", ZHONGNING, ZHONGNING, 1_000n), institutionId: "H-OTHER" });
    expect(world.get(payables.key("claim/C2/decision/1"))).toMatchObject({ amountFen: 1_000n, state: "DUE" });
    expectTrueBooks(world);
  });
});

describe("a payable whose claim was taken back before it was paid", () => {
  const id = "claim/C1/decision/1";
  const answered = (world: ReturnType<typeof both>, withdrawn: boolean) => world.run(recallAnswered, { payableId: id, withdrawn });
  const recalled = () => {
    const world = both();
    promised(world, "C1", ZHONGNING, ZHONGNING, 500n);
    expect(adjusted(world, "C1", ZHONGNING, ZHONGNING, -500n).told).toMatchObject([{ name: "PayableRecalled", body: { payableId: id } }]);
    expect([bookOf(world, ZHONGNING).debts, balance(world, ZHONGNING, HOSPITAL)]).toEqual([undefined, 500n]);
    expectTrueBooks(world);
    return world;
  };

  test("is cancelled where payment could withdraw it: nobody owes anybody anything", () => {
    const world = recalled();
    expect(answered(world, true).result).toEqual({ posted: true });
    expect(world.get(payables.key(id))).toMatchObject({ state: "CANCELLED" });
    expect([balance(world, ZHONGNING, HOSPITAL), balance(world, ZHONGNING, "PAYABLE"), bookOf(world, ZHONGNING).duePayables]).toEqual([
      0n,
      0n,
      0,
    ]);
    expectTrueBooks(world);
    expect(answered(world, true).result).toEqual({ posted: false });
    expectTrueBooks(world);
  });

  test.each([true, false])(
    "is owed by the institution where it was too late, whether the payment is heard before (%s) or after",
    (before) => {
      const world = recalled();
      if (before) paid(world, "S1", ZHONGNING, [id]);
      answered(world, false);
      if (!before) paid(world, "S1", ZHONGNING, [id]);
      expect(world.get(payables.key(id))).toMatchObject({ state: "PAID", recall: "LATE" });
      expect(bookOf(world, ZHONGNING).debts).toEqual({ [`H-${ZHONGNING}`]: 500n });
      expectTrueBooks(world);
    },
  );

  test("is not set off against while payment is asked", () => {
    const world = recalled();
    promised(world, "C2", ZHONGNING, ZHONGNING, 1_000n);
    expect(world.get(payables.key("claim/C2/decision/1"))).toMatchObject({ amountFen: 1_000n });
    expectTrueBooks(world);
  });

  test("is cancelled at once where the floor had held it back", () => {
    const world = worldOf({ [ZHONGNING]: { fundsFen: 100n } });
    promised(world, "C1", ZHONGNING, ZHONGNING, 500n);
    expect(adjusted(world, "C1", ZHONGNING, ZHONGNING, -500n).told).toEqual([]);
    expect(world.get(payables.key(id))).toMatchObject({ state: "CANCELLED" });
    expect([balance(world, ZHONGNING, HOSPITAL), bookOf(world, ZHONGNING).heldPayables]).toEqual([0n, 0]);
    expectTrueBooks(world);
  });
});
