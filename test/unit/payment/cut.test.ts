import { describe, expect, test } from "vitest";
import { cut, MAX_BATCHES, MAX_ORDERS, MAX_PAYABLES } from "../../../services/payment/domain/cut.ts";
import { type Due, dues, type Order } from "../../../services/payment/domain/documents.ts";
import { sum } from "../../../services/values/money.ts";
import { newWorld } from "../../harness/decide.ts";
import { cutAll, done, JINGYUAN, MAKER, ordersIn, putDue, putPayee, ZHONGNING } from "./scene.ts";

function waiting(count: number, payeesCount: number) {
  const world = newWorld();
  const ids: string[] = [];
  for (let n = 0; n < payeesCount; n += 1) putPayee(world, `H${n}`);
  for (let n = 0; n < count; n += 1) {
    const payableId = `claim/${n}/decision/1`;
    putDue(world, { payableId, payeeId: `H${n % payeesCount}`, amountFen: BigInt(n + 1) });
    ids.push(payableId);
  }
  return { world, ids };
}

describe("a cut", () => {
  test("makes one order for each payer and payee, which lists its payables", () => {
    const world = newWorld();
    for (const payee of ["H1", "H2"]) putPayee(world, payee);
    putDue(world, { payableId: "a", payeeId: "H1", amountFen: 100n });
    putDue(world, { payableId: "b", payeeId: "H2", amountFen: 200n });
    putDue(world, { payableId: "c", payeeId: "H1", amountFen: 300n });
    putDue(world, { payableId: "d", payeeId: "H1", amountFen: 400n, county: JINGYUAN });
    const [batch] = cutAll(world, ["a", "b", "c", "d"]);
    expect(batch).toMatchObject({
      batchId: "B20111125000001",
      state: "PROPOSED",
      maker: MAKER.name,
      amountFen: 1000n,
      open: 3,
      revision: 1,
    });
    const seen = ordersIn(world, "B20111125000001").map((order) => [order.county, order.payeeId, order.amountFen, order.payables.length]);
    expect(seen).toEqual([
      [ZHONGNING, "H1", 400n, 2],
      [ZHONGNING, "H2", 200n, 1],
      [JINGYUAN, "H1", 400n, 1],
    ]);
    const first = ordersIn(world, "B20111125000001")[0] as Order;
    expect(first.endToEndId).toBe("P20111125000001-000101");
    expect(world.get(dues.key("c"))).toMatchObject({ state: "ORDERED", orderId: first.orderId });
  });

  test("tells the proposed batch, and depends on the accounts that it read", () => {
    const { world, ids } = waiting(3, 2);
    const outcome = world.run(cut, { payableIds: ids, schedule: "IMMEDIATE", maker: "rule:cut-immediate/v1", serial: 1 });
    expect(outcome.told).toMatchObject([
      { name: "BatchChanged", county: "640000", body: { version: 1n, batch: { state: "PROPOSED", orders: 2 } } },
    ]);
    expect(new Set(outcome.guarded)).toEqual(new Set(["payees:H0", "payees:H1"]));
  });

  test("never orders one payable twice: the second of two finders makes nothing, a person's cut takes only what still waits", () => {
    const { world, ids } = waiting(4, 4);
    const input = { payableIds: ids.slice(0, 3), schedule: "IMMEDIATE", maker: "rule", serial: 1 } as const;
    expect(done(world.run(cut, input)).batches).toHaveLength(1);
    expect(done(world.run(cut, input)).batches).toEqual([]);
    const [rest] = done(world.run(cut, { ...input, payableIds: ids, serial: 0 })).batches;
    expect(rest).toMatchObject({ batchId: "B20111125000002", orders: 1, amountFen: 4n });
    expect(done(world.run(cut, { ...input, payableIds: ids, serial: 0 })).batches).toEqual([]);
  });

  test("passes over what is of another schedule, and what is not there", () => {
    const world = newWorld();
    putPayee(world, "H1", "DAILY");
    putDue(world, { payableId: "a", payeeId: "H1" });
    expect(cutAll(world, ["a", "nowhere"])).toEqual([]);
  });

  test("fills orders and batches to their limits and leaves the rest waiting", () => {
    const payees = MAX_ORDERS * MAX_BATCHES + 7;
    const { world, ids } = waiting(payees, payees);
    const made = cutAll(world, ids);
    expect(made.map((batch) => batch.orderIds.length)).toEqual([MAX_ORDERS, MAX_ORDERS]);
    expect(world.all<Due>("dues").filter((due) => due.state === "WAITING")).toHaveLength(7);
    const [rest] = cutAll(world, ids);
    expect(rest?.batchId).toBe("B20111125000003");
  });

  test("splits one payee's payables where an order is full, without losing a fen", () => {
    const { world, ids } = waiting(MAX_PAYABLES + 1, 1);
    const [batch] = cutAll(world, ids);
    const made = ordersIn(world, batch?.batchId ?? "");
    expect(made.map((order) => order.payables.length)).toEqual([MAX_PAYABLES, 1]);
    expect(sum(made.map((order) => order.amountFen))).toBe(BigInt(((MAX_PAYABLES + 1) * (MAX_PAYABLES + 2)) / 2));
    for (const order of made) {
      expect(order.orderId).toMatch(/^[0-9A-Z-]{1,31}$/);
      expect(order.endToEndId.length).toBeLessThanOrEqual(35);
    }
  });
});
