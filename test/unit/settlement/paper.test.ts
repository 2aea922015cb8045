/** A bill on paper in the ledger: the home county owes it to the household, and what is taken back the household owes. */
import { describe, expect, test } from "vitest";
import { adjust } from "../../../services/settlement/domain/adjust.ts";
import { approve } from "../../../services/settlement/domain/approve.ts";
import { payables } from "../../../services/settlement/domain/documents.ts";
import { recallAnswered } from "../../../services/settlement/domain/recall-answered.ts";
import type { World } from "../../harness/decide.ts";
import { approval, balance, bookOf, expectTrueBooks, paid, returned, worldOf, ZHONGNING } from "./ledger-world.ts";

const HOUSEHOLD = "64052100000001";
const idOf = (claimId: string) => `paper/${claimId}/decision/1`;
const owed = (world: World) => [
  balance(world, ZHONGNING, "5001-INPATIENT/2011"),
  balance(world, ZHONGNING, "PAYABLE-HOUSEHOLD"),
  balance(world, ZHONGNING, `HOUSEHOLD/${HOUSEHOLD}`),
];

function promise(world: World, claimId: string, fundFen: bigint, change: object = {}) {
  const input = { ...approval(claimId, ZHONGNING, ZHONGNING, fundFen), institutionId: "", householdId: HOUSEHOLD };
  return world.run(approve, { ...input, approvalId: idOf(claimId), ...change });
}

function adjusted(world: World, claimId: string, deltaFen: bigint, what = "void") {
  return world.run(adjust, {
    adjustmentId: `paper/${claimId}/${what}`,
    approvalId: idOf(claimId),
    claimId,
    homeCounty: ZHONGNING,
    treatingCounty: ZHONGNING,
    institutionId: "",
    householdId: HOUSEHOLD,
    deltaFen,
    accountDeltaFen: 0n,
    fund: "INPATIENT",
    adjustedOn: "2011-11-27",
  });
}

describe("a bill on paper", () => {
  test("is owed to the household and paid to it, and due again where it comes back", () => {
    const world = worldOf({ [ZHONGNING]: { fundsFen: 1_000n } });
    const { told } = promise(world, "C1", 300n);
    const due = { payableId: idOf("C1"), payeeId: HOUSEHOLD, amountFen: 300n, claimId: "C1" };
    expect(told).toMatchObject([{ name: "PayableDue", body: due }]);
    expect(owed(world)).toEqual([300n, -300n, 0n]);
    expectTrueBooks(world);
    expect(promise(world, "C1", 300n)).toMatchObject({ result: { posted: false }, told: [] });
    paid(world, "S1", ZHONGNING, [idOf("C1")]);
    expect([owed(world), bookOf(world, ZHONGNING).bankFen]).toEqual([[300n, 0n, 0n], 700n]);
    expectTrueBooks(world);
    returned(world, "R1", ZHONGNING, [idOf("C1")]);
    expect(owed(world)).toEqual([300n, -300n, 0n]);
    expectTrueBooks(world);
  });

  test("is held at the floor as every promise, and of nothing is paid at once", () => {
    const world = worldOf({ [ZHONGNING]: { fundsFen: 100n } });
    expect(promise(world, "C1", 300n).told.map(({ name }) => name)).toEqual(["PayableHeld"]);
    promise(world, "C2", 0n);
    expect(world.get(payables.key(idOf("C2")))).toMatchObject({ payee: HOUSEHOLD, state: "PAID" });
    expectTrueBooks(world);
  });

  test("taken back after it was paid is owed by the household, whose next paper is less by it", () => {
    const world = worldOf({ [ZHONGNING]: { fundsFen: 1_000n } });
    promise(world, "C1", 300n);
    paid(world, "S1", ZHONGNING, [idOf("C1")]);
    adjusted(world, "C1", -300n);
    expect([owed(world), bookOf(world, ZHONGNING).debts]).toEqual([[0n, 0n, 300n], { [HOUSEHOLD]: 300n }]);
    expectTrueBooks(world);
    const { told } = promise(world, "C2", 500n);
    expect(told).toMatchObject([{ name: "PayableDue", body: { payeeId: HOUSEHOLD, amountFen: 200n } }]);
    expect(owed(world)).toEqual([500n, -200n, 0n]);
    expectTrueBooks(world);
    promise(world, "C3", 100n);
    adjusted(world, "C3", 40n, "correction/1");
    expect(world.get(payables.key("paper/C3/correction/1"))).toMatchObject({ payee: HOUSEHOLD, amountFen: 40n, claimId: "" });
    expect(owed(world)).toEqual([640n, -340n, 0n]);
    expectTrueBooks(world);
  });

  test.each([true, false])("taken back before it was paid is called back (withdrawn: %s)", (withdrawn) => {
    const world = worldOf({ [ZHONGNING]: { fundsFen: 1_000n } });
    promise(world, "C1", 300n);
    expect(adjusted(world, "C1", -300n).told).toMatchObject([{ name: "PayableRecalled", body: { payableId: idOf("C1") } }]);
    expectTrueBooks(world);
    world.run(recallAnswered, { payableId: idOf("C1"), withdrawn });
    expect(owed(world)).toEqual(withdrawn ? [0n, 0n, 0n] : [0n, -300n, 300n]);
    expectTrueBooks(world);
  });

  test("names a household by its id and in the event, or neither", () => {
    const world = worldOf({ [ZHONGNING]: { fundsFen: 1_000n } });
    expect(() => promise(world, "C1", 300n, { approvalId: "claim/C1/decision/1" })).toThrow(/claim\/C1\/decision\/1 is to be paid to/);
  });
});
