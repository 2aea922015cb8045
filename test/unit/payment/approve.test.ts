import { describe, expect, test } from "vitest";
import { approve } from "../../../services/payment/domain/approve.ts";
import { batches, files, orders } from "../../../services/payment/domain/documents.ts";
import { reissue } from "../../../services/payment/domain/reissue.ts";
import { newWorld } from "../../harness/decide.ts";
import { accountOf, approved, batchIn, CHECKER, cutAll, done, MAKER, ordersIn, putDue, putPayee, sentBatch, TERMS } from "./scene.ts";

function proposed() {
  const world = newWorld();
  putPayee(world, "H1");
  putDue(world, { payableId: "a", payeeId: "H1", amountFen: 4_441_000n });
  const [batch] = cutAll(world, ["a"]);
  if (!batch) throw new Error("nothing was cut");
  return { world, batch, input: { batchId: batch.batchId, expectedHash: batch.contentHash, ...TERMS } };
}

describe("approval", () => {
  test("stores the exact bytes with it and tells the batch", () => {
    const { world, batch, input } = proposed();
    const outcome = world.run(approve, input, { caller: CHECKER });
    expect(done(outcome)).toMatchObject({ state: "APPROVED", checker: CHECKER.name });
    expect(outcome.told).toMatchObject([{ name: "BatchChanged", county: "640000", body: { version: 2n, batch: { state: "APPROVED" } } }]);
    const xml = world.get(files.key(batch.batchId))?.content ?? "";
    expect(xml).toContain("<MsgId>B20111125000001</MsgId><CreDtTm>2011-11-25T10:00:00.000+08:00</CreDtTm>");
    expect(xml).toContain(`<InstdAmt Ccy="CNY">44410.00</InstdAmt>`);
  });

  test("of a large batch is two different checkers'", () => {
    const { world, batch, input } = proposed();
    const large = { ...input, secondAboveFen: 4_440_999n };
    const first = world.run(approve, large, { caller: CHECKER });
    expect(done(first)).toMatchObject({ state: "PROPOSED", checker: "", approvals: [CHECKER.name] });
    expect(first.told).toEqual([]);
    expect(world.get(files.key(batch.batchId))).toBeUndefined();
    expect(world.run(approve, large, { caller: CHECKER }).result).toMatchObject({ code: "ANOTHER_CHECKER" });
    expect(world.run(approve, large, { caller: { ...CHECKER, name: MAKER.name } }).result).toMatchObject({ code: "MAKER_IS_CHECKER" });
    const second = world.run(approve, large, { caller: { ...CHECKER, name: "deputy.wang" } });
    expect(done(second)).toMatchObject({ state: "APPROVED", checker: "deputy.wang", approvals: [CHECKER.name] });
    expect(world.get(files.key(batch.batchId))?.content).toContain("44410.00");
  });

  test("of exactly the threshold is one checker's", () => {
    const { world, input } = proposed();
    expect(done(world.run(approve, { ...input, secondAboveFen: 4_441_000n }, { caller: CHECKER }))).toMatchObject({ state: "APPROVED" });
  });

  test("asks for execution on the next banking day", () => {
    const { world, batch, input } = proposed();
    const calendar = { cutOff: "09:00", weekends: true, holidays: [], workdays: [] };
    const terms = { main: { ...TERMS.terms.main, calendar } };
    done(world.run(approve, { ...input, terms }, { caller: CHECKER }));
    // Friday 25 November, after the cut-off.
    expect(world.get(files.key(batch.batchId))?.content).toContain("<ReqdExctnDt><Dt>2011-11-28</Dt>");
  });

  test("is refused to the batch's own maker", () => {
    const { world, input } = proposed();
    expect(world.run(approve, input, { caller: { ...CHECKER, name: MAKER.name } }).result).toMatchObject({ code: "MAKER_IS_CHECKER" });
    expect(world.get(files.key(input.batchId))).toBeUndefined();
  });

  test("is refused for another content than the checker looked at", () => {
    const { world, input } = proposed();
    expect(world.run(approve, { ...input, expectedHash: "0".repeat(64) }, { caller: CHECKER }).result).toMatchObject({
      code: "BATCH_CHANGED",
      field: "expected_hash",
    });
  });

  test("is refused for a batch that is not there, and a second time", () => {
    const { world, input } = proposed();
    expect(world.run(approve, { ...input, batchId: "B1" }, { caller: CHECKER }).result).toMatchObject({
      code: "UNKNOWN_BATCH",
      status: "NOT_FOUND",
    });
    approved(world, input.batchId);
    expect(world.run(approve, input, { caller: { ...CHECKER, name: "other" } }).result).toMatchObject({ code: "NOT_PROPOSED" });
    expect(batchIn(world, input.batchId).checker).toBe(CHECKER.name);
  });

  test.each(["amountFen", "account"])("is a bug, and parked, where a stored order's %s is not the proposed one", (field) => {
    const { world, batch, input } = proposed();
    const [order] = ordersIn(world, batch.batchId);
    if (!order) throw new Error("no order");
    world.put(orders.key(order.orderId), { ...order, ...(field === "account" ? { account: accountOf("H9") } : { amountFen: 1n }) });
    expect(() => world.run(approve, input, { caller: CHECKER })).toThrow("not what was proposed");
  });

  test("is refused where the bank has meanwhile paid the order that this one replaces", () => {
    const world = newWorld();
    const sent = sentBatch(world, ["H1"]);
    const [old] = ordersIn(world, sent.batchId);
    if (!old) throw new Error("no order");
    world.put(orders.key(old.orderId), { ...old, state: "REJECTED" });
    const fresh = done(world.run(reissue, { countyBanks: {}, orderId: old.orderId, account: accountOf("H7") }, { caller: MAKER }));
    const replaced = world.get(orders.key(old.orderId));
    if (!replaced) throw new Error("no order");
    world.put(orders.key(old.orderId), { ...replaced, contradiction: "SETTLED 2011-11-25" });
    const expectedHash = world.get(batches.key(fresh.batchId))?.contentHash ?? "";
    const result = world.run(approve, { batchId: fresh.batchId, expectedHash, ...TERMS }, { caller: CHECKER }).result;
    expect(result).toMatchObject({ code: "BATCH_CHANGED" });
  });
});
