import { describe, expect, test } from "vitest";
import { accountKey, confirmAccount, recheck } from "../../../services/payment/domain/accounts.ts";
import { answer, reportHash } from "../../../services/payment/domain/answer.ts";
import { cut } from "../../../services/payment/domain/cut.ts";
import { dues, type Order } from "../../../services/payment/domain/documents.ts";
import { payeeChanged } from "../../../services/payment/domain/payee-changed.ts";
import { toRecheck } from "../../../services/payment/timers.ts";
import { newWorld, type World } from "../../harness/decide.ts";
import { accountOf, done, MAKER, ordersIn, putDue, putPayee, readerOver, sentBatch, ZHONGNING } from "./scene.ts";

/** What the bank says of every order of a batch. */
function says(world: World, batchId: string, status: string, reason = ""): void {
  const transactions = ordersIn(world, batchId).map(({ endToEndId }) => ({ endToEndId, status, reason, on: "" }));
  const report = { messageId: `S-${batchId}-${status}`, originalMessageId: batchId, groupStatus: "", groupReason: "", transactions };
  done(world.run(answer, { bank: "main", batchId, hash: reportHash(report), report }));
}

function known(world: World, payeeId = "H1") {
  return world.get(accountKey("main", accountOf(payeeId)));
}

/** Another due to the same payee, and what a cut makes of it. */
function dueAgain(world: World, payableId: string): { state: string | undefined; orders: number } {
  putDue(world, { payableId, payeeId: "H1" });
  return cutAgain(world, payableId);
}

function cutAgain(world: World, payableId: string): { state: string | undefined; orders: number } {
  const input = { payableIds: [payableId], schedule: "IMMEDIATE", maker: MAKER.name, serial: 0, countyBanks: {} } as const;
  const { batches } = done(world.run(cut, input, { caller: MAKER }));
  return { state: world.get(dues.key(payableId))?.state, orders: batches.reduce((sum, { orders }) => sum + orders, 0) };
}

/** The timer finds what may be ordered again, and its decision is taken. */
async function recheckAll(world: World): Promise<number> {
  let released = 0;
  for (const { input } of await toRecheck(readerOver(world), {})) released += done(world.run(recheck, input as never)).released;
  return released;
}

describe("the check list of accounts", () => {
  test("an account that the bank has paid to is proven, and what is due to it is ordered", () => {
    const world = newWorld();
    const { batchId } = sentBatch(world, ["H1"]);
    expect(known(world)).toBeUndefined();
    says(world, batchId, "ACSC");
    expect(known(world)).toMatchObject({ state: "PROVEN", reason: "", account: accountOf("H1") });
    expect(dueAgain(world, "again")).toEqual({ state: "ORDERED", orders: 1 });
  });

  test.each(["AC01", "AC04", "BE01"])(
    "one that the bank refuses with %s keeps what is due from being ordered again and again",
    async (reason) => {
      const world = newWorld();
      const { batchId } = sentBatch(world, ["H1", "H2"]);
      says(world, batchId, "RJCT", reason);
      expect(known(world)).toMatchObject({ state: "DISPROVED", reason });
      expect(dueAgain(world, "again")).toEqual({ state: "ON_CHECK", orders: 0 });
      expect(await recheckAll(world)).toBe(0);
    },
  );

  test("a refusal for another reason says nothing of the account", () => {
    const world = newWorld();
    const { batchId } = sentBatch(world, ["H1"]);
    says(world, batchId, "RJCT", "AM04");
    expect(known(world)).toBeUndefined();
    expect(dueAgain(world, "again")).toEqual({ state: "ORDERED", orders: 1 });
  });

  test("what waits is ordered once the register has another account", async () => {
    const world = newWorld();
    const { batchId } = sentBatch(world, ["H1"]);
    says(world, batchId, "RJCT", "BE01");
    dueAgain(world, "again");
    const corrected = { county: ZHONGNING, payeeId: "H1", account: accountOf("H9"), schedule: "IMMEDIATE", stateVersion: 2n } as const;
    done(world.run(payeeChanged, corrected));
    expect(await recheckAll(world)).toBe(1);
    expect(cutAgain(world, "again")).toEqual({ state: "ORDERED", orders: 1 });
    const [order] = world.all<Order>("orders").filter(({ payables }) => payables.some(({ payableId }) => payableId === "again"));
    expect(order?.account).toEqual(accountOf("H9"));
  });

  test("or once a person has made sure of it; the bank may still say otherwise, and is believed", async () => {
    const world = newWorld();
    const { batchId } = sentBatch(world, ["H1"]);
    says(world, batchId, "RJCT", "BE01");
    dueAgain(world, "again");
    const { bankCode, accountNumber } = accountOf("H1");
    const caller = { name: "treasurer.yang", role: "TREASURER", scope: "640000" };
    const confirm = () => done(world.run(confirmAccount, { bank: "main", bankCode, accountNumber, reason: "电话核实" }, { caller }));
    expect(confirm()).toMatchObject({ state: "CONFIRMED", by: "treasurer.yang", reason: "电话核实" });
    expect(confirm()).toMatchObject({ state: "CONFIRMED" });
    const [first] = await toRecheck(readerOver(world), {});
    expect(await recheckAll(world)).toBe(1);
    cutAgain(world, "again");
    expect(first?.id).toMatch(/^recheck\/[0-9a-f]{16}$/);
    // The bank pays to it after all: a person's word is not written over, because it agrees with it.
    says(world, batchId, "ACSC");
    expect(known(world)).toMatchObject({ state: "CONFIRMED", changes: 2 });
  });

  test("nothing is confirmed of which nothing is known", () => {
    const result = newWorld().run(confirmAccount, {
      bank: "main",
      bankCode: "103871000027",
      accountNumber: "62999999",
      reason: "x",
    }).result;
    expect(result).toMatchObject({ code: "UNKNOWN_ACCOUNT", field: "account_number" });
  });

  test("another name under the same number is another account", () => {
    const world = newWorld();
    const { batchId } = sentBatch(world, ["H1"]);
    says(world, batchId, "RJCT", "BE01");
    const renamed = { ...accountOf("H1"), accountName: "中宁县人民医院" };
    done(world.run(payeeChanged, { county: ZHONGNING, payeeId: "H1", account: renamed, schedule: "IMMEDIATE", stateVersion: 2n }));
    putPayee(world, "H2");
    expect(dueAgain(world, "again")).toEqual({ state: "ORDERED", orders: 1 });
  });
});
