/** What a checker sends back: it leaves the batch, waits for the maker, and cannot be said of by a bank that never had it. */
import { describe, expect, test } from "vitest";
import { approve } from "../../../services/payment/domain/approve.ts";
import { decline } from "../../../services/payment/domain/decline.ts";
import { type Batch, batches, dues, orders } from "../../../services/payment/domain/documents.ts";
import { recall } from "../../../services/payment/domain/recall.ts";
import { hear } from "../../../services/payment/domain/receive.ts";
import { reissue } from "../../../services/payment/domain/reissue.ts";
import type { Caller } from "../../../services/values/decision.ts";
import { newWorld, type World } from "../../harness/decide.ts";
import {
  accountOf,
  approved,
  batchIn,
  CHECKER,
  cutAll,
  DAY,
  done,
  MAKER,
  orderIn,
  originalNamed,
  putDue,
  putPayee,
  TERMS,
  ZHONGNING,
} from "./scene.ts";

const REASON = "户名不符";

function proposed(): { world: World; batch: Batch; first: string; second: string } {
  const world = newWorld();
  for (const payeeId of ["H001", "H002"]) putPayee(world, payeeId);
  putDue(world, { payableId: "P1", payeeId: "H001", amountFen: 100n });
  putDue(world, { payableId: "P2", payeeId: "H001", amountFen: 20n });
  putDue(world, { payableId: "P3", payeeId: "H002", amountFen: 3n });
  const [batch] = cutAll(world, ["P1", "P2", "P3"]);
  const [first, second] = batch?.orderIds ?? [];
  if (!(batch && first && second)) throw new Error("not two orders in a batch");
  return { world, batch, first, second };
}

const declined = (world: World, batchId: string, orderIds: string[] = [], caller: Caller = CHECKER, hash?: string) =>
  world.run(decline, { batchId, expectedHash: hash ?? batchIn(world, batchId).contentHash, orderIds, reason: REASON }, { caller });

describe("a checker's no", () => {
  test("takes the order out, with his name and words; the rest is another batch, to be read anew", () => {
    const { world, batch, first, second } = proposed();
    const { result, told } = declined(world, batch.batchId, [first]);
    expect(result).toMatchObject({ state: "PROPOSED", orders: 1, amountFen: 3n });
    expect(told).toEqual([]);
    expect(orderIn(world, first)).toMatchObject({ state: "DECLINED", reason: `${CHECKER.name}: ${REASON}`, amountFen: 120n });
    const left = batchIn(world, batch.batchId);
    expect(left).toMatchObject({ orderIds: [second], open: 1 });
    expect(left.contentHash).not.toBe(batch.contentHash);
    const old = { batchId: batch.batchId, expectedHash: batch.contentHash, ...TERMS };
    expect(world.run(approve, old, { caller: CHECKER }).result).toMatchObject({ code: "BATCH_CHANGED" });
    expect(approved(world, batch.batchId)).toMatchObject({ state: "APPROVED", amountFen: 3n });
  });

  test("to all ends the batch, and says so", () => {
    const { world, batch } = proposed();
    const { told } = declined(world, batch.batchId);
    expect(world.get(batches.key(batch.batchId))).toMatchObject({ state: "DONE", orderIds: [], open: 0, amountFen: 0n });
    expect(told).toMatchObject([{ name: "BatchChanged", body: { batch: { state: "DONE", orders: 0 } } }]);
  });

  test("takes the first checker's word with it", () => {
    const { world, batch, first } = proposed();
    world.run(approve, { batchId: batch.batchId, expectedHash: batch.contentHash, ...TERMS, secondAboveFen: 10n }, { caller: CHECKER });
    declined(world, batch.batchId, [first], { ...CHECKER, name: "deputy" });
    expect(batchIn(world, batch.batchId).approvals).toBeUndefined();
  });

  test.each<[string, string, (world: World, batch: Batch) => ReturnType<typeof declined>]>([
    ["UNKNOWN_BATCH", "batch_id", (world) => declined(world, "B9", [], CHECKER, "0".repeat(64))],
    ["UNKNOWN_ORDER", "order_ids[1]", (world, { batchId, orderIds }) => declined(world, batchId, [orderIds[0] ?? "", "P9"])],
    ["BATCH_CHANGED", "expected_hash", (world, { batchId }) => declined(world, batchId, [], CHECKER, "0".repeat(64))],
    ["MAKER_IS_CHECKER", "", (world, { batchId }) => declined(world, batchId, [], { ...CHECKER, name: MAKER.name })],
    [
      "NOT_PROPOSED",
      "batch_id",
      (world, { batchId }) => {
        approved(world, batchId);
        return declined(world, batchId);
      },
    ],
  ])("is refused with %s, and nothing is stored", (code, field, run) => {
    const { world, batch, first, second } = proposed();
    expect(run(world, batch).result).toMatchObject({ code, field });
    for (const id of [first, second]) expect(orderIn(world, id).state).toBe("OPEN");
    expect(batchIn(world, batch.batchId).orderIds).toEqual([first, second]);
  });
});

describe("what was declined", () => {
  test("is paid anew, once, to the account as it is corrected", () => {
    const { world, batch, first } = proposed();
    declined(world, batch.batchId, [first]);
    const account = accountOf("H77");
    const fresh = done(world.run(reissue, { countyBanks: {}, orderId: first, account }, { caller: MAKER }));
    expect(fresh).toMatchObject({ state: "OPEN", account, amountFen: 120n, replaces: first, reason: "", attempt: 2 });
    expect(orderIn(world, first)).toMatchObject({ state: "REPLACED", replacedBy: fresh.orderId });
    expect(world.get(dues.key("P1"))).toMatchObject({ state: "ORDERED", orderId: fresh.orderId });
    expect(world.run(reissue, { countyBanks: {}, orderId: first, account }, { caller: MAKER }).result).toMatchObject({
      code: "NOT_RETURNED",
    });
  });

  test("can be declined again", () => {
    const { world, batch, first } = proposed();
    declined(world, batch.batchId, [first]);
    const again = done(world.run(reissue, { countyBanks: {}, orderId: first, account: accountOf("H77") }, { caller: MAKER }));
    declined(world, again.batchId);
    expect(orderIn(world, again.orderId)).toMatchObject({ state: "DECLINED", replaces: first });
    done(world.run(reissue, { countyBanks: {}, orderId: again.orderId, account: accountOf("H78") }, { caller: MAKER }));
    expect(orderIn(world, first)).toMatchObject({ state: "REPLACED", replacedBy: again.orderId });
  });

  test("can be called back: it has never left, whatever has become of the rest", () => {
    const { world, batch, first, second } = proposed();
    declined(world, batch.batchId, [first]);
    const sent = approved(world, batch.batchId);
    const called = (payableId: string) => done(world.run(recall, { payableId, county: ZHONGNING }));
    expect(called("P1")).toEqual({ withdrawn: true });
    expect(orderIn(world, first)).toMatchObject({ state: "DECLINED", amountFen: 20n, payables: [{ payableId: "P2" }] });
    expect(called("P2")).toEqual({ withdrawn: true });
    expect(orderIn(world, first)).toMatchObject({ state: "WITHDRAWN", amountFen: 0n, payables: [] });
    expect(called("P3")).toEqual({ withdrawn: false });
    expect(batchIn(world, batch.batchId)).toEqual(sent);
    expect(orderIn(world, second).state).toBe("OPEN");
  });

  test("that the bank claims to have paid is a contradiction, and is not paid anew", () => {
    const { world, batch, first } = proposed();
    declined(world, batch.batchId);
    const { endToEndId, amountFen } = orderIn(world, first);
    const evidence = [{ endToEndId, says: "SETTLED", reason: "", on: DAY, amountFen } as const];
    const { result, told } = world.run(hear, { bank: "main", original: originalNamed("N1"), content: { kind: "camt.054", evidence } });
    expect(result).toMatchObject({ kind: "camt.054" });
    expect(told).toEqual([]);
    expect(world.get(orders.key(first))).toMatchObject({ state: "DECLINED", contradiction: `SETTLED ${DAY}` });
    expect(world.run(reissue, { countyBanks: {}, orderId: first, account: accountOf("H77") }, { caller: MAKER }).result).toMatchObject({
      code: "NOT_RETURNED",
    });
  });
});
