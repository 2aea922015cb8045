import { describe, expect, test } from "vitest";
import { dues, orders } from "../../../services/payment/domain/documents.ts";
import { reissue } from "../../../services/payment/domain/reissue.ts";
import { newWorld } from "../../harness/decide.ts";
import { accountOf, batchIn, done, MAKER, orderIn, ordersIn, sentBatch } from "./scene.ts";

const CORRECTED = accountOf("H77");

function orderWith(change: object) {
  const world = newWorld();
  const [order] = ordersIn(world, sentBatch(world, ["H1"]).batchId);
  if (!order) throw new Error("no order");
  world.put(orders.key(order.orderId), { ...order, ...change });
  return { world, orderId: order.orderId };
}

describe("a reissue", () => {
  test.each([{ state: "REJECTED" }, { state: "RETURNED", settledOn: "2011-11-25", returnedOn: "2011-11-25", reason: "AC04" }])(
    "replaces an order that is $state by one to the corrected account, in a batch that waits for the checker",
    (change) => {
      const { world, orderId } = orderWith(change);
      const outcome = world.run(reissue, { countyBanks: {}, orderId, account: CORRECTED }, { caller: MAKER });
      const fresh = done(outcome);
      expect(fresh).toMatchObject({
        orderId: "P20111125000002-0001",
        endToEndId: "P20111125000002-000102",
        attempt: 2,
        account: CORRECTED,
        state: "OPEN",
        replaces: orderId,
        settledOn: "",
        returnedOn: "",
        reason: "",
      });
      expect(orderIn(world, orderId)).toMatchObject({ state: "REPLACED", replacedBy: fresh.orderId });
      expect(world.get(dues.key("claim/H1/decision/1"))).toMatchObject({ state: "ORDERED", orderId: fresh.orderId });
      expect(batchIn(world, fresh.batchId)).toMatchObject({ state: "PROPOSED", maker: MAKER.name, open: 1 });
      expect(outcome.told).toMatchObject([{ name: "BatchChanged", body: { batch: { state: "PROPOSED" } } }]);
      expect(world.run(reissue, { countyBanks: {}, orderId, account: CORRECTED }, { caller: MAKER }).result).toMatchObject({
        code: "NOT_RETURNED",
      });
    },
  );

  test.each([
    ["open", { state: "OPEN" }],
    ["settled", { state: "SETTLED" }],
    ["rejected and then called paid", { state: "REJECTED", contradiction: "SETTLED 2011-11-25" }],
    ["at its last attempt", { state: "REJECTED", attempt: 99 }],
  ])("is refused for an order that is %s", (_, change) => {
    const { world, orderId } = orderWith(change);
    expect(world.run(reissue, { countyBanks: {}, orderId, account: CORRECTED }).result).toMatchObject({
      code: "NOT_RETURNED",
      field: "order_id",
    });
  });

  test("is refused for an order that is not there", () => {
    expect(newWorld().run(reissue, { countyBanks: {}, orderId: "P1", account: CORRECTED }).result).toMatchObject({
      code: "UNKNOWN_ORDER",
      status: "NOT_FOUND",
    });
  });
});
