import { describe, expect, test } from "vitest";
import { entries, payables } from "../../../services/settlement/domain/documents.ts";
import { settle } from "../../../services/settlement/domain/settle.ts";
import { takeBack } from "../../../services/settlement/domain/take-back.ts";
import { isUnavailable } from "../../../services/values/outcome.ts";
import {
  balance,
  bankInput,
  bookOf,
  expectContract,
  expectTrueBooks,
  paid,
  promised,
  returned,
  worldOf,
  ZHONGNING,
} from "./ledger-world.ts";

const at = (claim: string) => `claim/${claim}/decision/1`;

function withClaims(...amounts: readonly bigint[]) {
  const world = worldOf({ [ZHONGNING]: { fundsFen: 10_000n } });
  for (const [index, fen] of amounts.entries()) promised(world, `C${index + 1}`, ZHONGNING, ZHONGNING, fen);
  return world;
}

describe("PaymentsSettled", () => {
  test("one entry for all, with each one's part; the payables are paid", () => {
    const world = withClaims(100n, 250n);
    const outcome = paid(world, "settled/B1/640521/M1", ZHONGNING, [at("C1"), at("C2")]);
    expect(outcome.told).toEqual([
      {
        name: "PaymentsPosted",
        county: ZHONGNING,
        body: { batchId: "B1", county: ZHONGNING, payables: 2, amountFen: 350n, bankBalanceFen: 9_650n },
      },
    ]);
    expect(outcome.about).toEqual(["B1", "C1", "C2"]);
    const entry = world.get(entries.key("settled/settled/B1/640521/M1"));
    expect(entry).toMatchObject({ day: "2011-11-26", about: "B1" });
    expect(entry?.payables).toEqual([
      { payableId: at("C1"), fen: 100n },
      { payableId: at("C2"), fen: 250n },
    ]);
    expect(entry?.lines).toHaveLength(2);
    expect(world.get(payables.key(at("C2")))).toMatchObject({ state: "PAID", paidBy: "settled/settled/B1/640521/M1" });
    expect(balance(world, ZHONGNING, "PAYABLE")).toBe(0n);
    expectContract(outcome);
    expectTrueBooks(world);
  });

  test("told twice under its own id does nothing twice", () => {
    const world = withClaims(100n);
    paid(world, "S1", ZHONGNING, [at("C1")]);
    const again = paid(world, "S1", ZHONGNING, [at("C1")]);
    expect([again.result, again.told]).toEqual([{ paid: 0, doubled: 0 }, []]);
    expect(bookOf(world, ZHONGNING).bankFen).toBe(9_900n);
  });

  test("of a payable that is not there yet waits, and pays none of the others", () => {
    const world = withClaims(100n);
    expect(isUnavailable(paid(world, "S1", ZHONGNING, [at("C1"), at("C9")]).result)).toBe(true);
    expect(world.get(payables.key(at("C1")))?.state).toBe("DUE");
  });

  test("what the bank paid twice is in the bank's account, in suspense and on the payable, and not a second benefit", () => {
    const world = withClaims(100n, 30n);
    paid(world, "S1", ZHONGNING, [at("C1")]);
    const outcome = paid(world, "S2", ZHONGNING, [at("C1"), at("C2")]);
    expect(outcome.result).toEqual({ paid: 1, doubled: 1 });
    expect(balance(world, ZHONGNING, "1101")).toBe(100n);
    expect(balance(world, ZHONGNING, "5001-INPATIENT/2011")).toBe(130n);
    expect(bookOf(world, ZHONGNING).bankFen).toBe(9_770n);
    expect(world.get(payables.key(at("C1")))).toMatchObject({ state: "PAID", paidBy: "settled/S1", surplusFen: 100n });
    expectTrueBooks(world);
    // It comes back: the suspense is cleared and the payable stays paid.
    returned(world, "R1", ZHONGNING, [at("C1")]);
    expect(balance(world, ZHONGNING, "1101")).toBe(0n);
    expect(world.get(payables.key(at("C1")))).toMatchObject({ state: "PAID", surplusFen: 0n });
    expectTrueBooks(world);
  });

  test("one payable named twice in one message is a double payment as well", () => {
    const world = withClaims(100n);
    expect(paid(world, "S1", ZHONGNING, [at("C1"), at("C1")]).result).toEqual({ paid: 1, doubled: 1 });
    expectTrueBooks(world);
  });

  test.each([
    { what: "another amount", change: { payables: [{ payableId: at("C1"), claimId: "C1", amountFen: 99n }], amountFen: 99n } },
    { what: "a wrong sum", change: { amountFen: 101n } },
    { what: "another county", change: { county: "640424" } },
  ])("with $what is an alarm and posts nothing", ({ change }) => {
    const world = withClaims(100n);
    expect(() => world.run(settle, { ...bankInput(world, "S1", ZHONGNING, [at("C1")]), settledOn: "2011-11-26", ...change })).toThrow(
      "assertion failed",
    );
    expect(world.get(payables.key(at("C1")))?.state).toBe("DUE");
  });

  test("of what the floor holds back is an alarm", () => {
    const world = worldOf({ [ZHONGNING]: {} });
    promised(world, "C1", ZHONGNING, ZHONGNING, 100n);
    expect(() => paid(world, "S1", ZHONGNING, [at("C1")])).toThrow("is HELD, and paid");
  });
});

describe("PaymentsReturned", () => {
  test("undoes the payment; the payable is due again and payment is not told a second time", () => {
    const world = withClaims(100n);
    paid(world, "S1", ZHONGNING, [at("C1")]);
    const outcome = returned(world, "R1", ZHONGNING, [at("C1")]);
    expect(outcome.told).toEqual([]);
    expect(world.get(payables.key(at("C1")))).toMatchObject({ state: "DUE", paidBy: "" });
    expect(bookOf(world, ZHONGNING)).toMatchObject({ bankFen: 10_000n, dueFen: 100n, duePayables: 1 });
    expect(returned(world, "R1", ZHONGNING, [at("C1")]).result).toEqual({ returned: 0 });
    expectTrueBooks(world);
    expect(paid(world, "S2", ZHONGNING, [at("C1")]).result).toEqual({ paid: 1, doubled: 0 });
    expectTrueBooks(world);
  });

  test("waits for the payment that it undoes", () => {
    const world = withClaims(100n);
    const early = world.run(takeBack, bankInput(world, "R1", ZHONGNING, [at("C1")]));
    expect(isUnavailable(early.result)).toBe(true);
    expect(balance(world, ZHONGNING, "PAYABLE")).toBe(-100n);
  });

  test("heard after the payment that replaced it ends in the same books", () => {
    const world = withClaims(100n);
    paid(world, "S1", ZHONGNING, [at("C1")]);
    paid(world, "S2", ZHONGNING, [at("C1")]);
    returned(world, "R1", ZHONGNING, [at("C1")]);
    expect(balance(world, ZHONGNING, "1101")).toBe(0n);
    expect(bookOf(world, ZHONGNING).bankFen).toBe(9_900n);
    expect(world.get(payables.key(at("C1")))).toMatchObject({ state: "PAID", surplusFen: 0n });
    expectTrueBooks(world);
  });
});
