/** A payable that is called back: taken out while nothing has left, too late afterwards. */
import { describe, expect, test } from "vitest";
import { approve } from "../../../services/payment/domain/approve.ts";
import { type Batch, batches, dues } from "../../../services/payment/domain/documents.ts";
import { recall } from "../../../services/payment/domain/recall.ts";
import { newWorld, type World } from "../../harness/decide.ts";
import { batchIn, CHECKER, cutAll, orderIn, putDue, putPayee, TERMS, ZHONGNING } from "./scene.ts";

const called = (world: World, payableId: string) => world.run(recall, { payableId, county: ZHONGNING });
const approveBatch = (world: World, { batchId, contentHash: expectedHash }: Batch) =>
  world.run(approve, { batchId, expectedHash, ...TERMS }, { caller: CHECKER });
const dueState = (world: World, payableId: string) => world.get(dues.key(payableId))?.state;

function scene(): { world: World; batch: Batch } {
  const world = newWorld();
  for (const payeeId of ["H001", "H002"]) putPayee(world, payeeId);
  putDue(world, { payableId: "P1", payeeId: "H001", amountFen: 100n });
  putDue(world, { payableId: "P2", payeeId: "H001", amountFen: 20n });
  putDue(world, { payableId: "P3", payeeId: "H002", amountFen: 3n });
  const [batch] = cutAll(world, ["P1", "P2", "P3"]);
  if (!batch) throw new Error("no batch");
  return { world, batch };
}

describe("a payable that is called back", () => {
  test("waits until it is heard of", () => {
    expect(called(newWorld(), "P1").result).toMatchObject({ outcome: "unavailable" });
  });

  test("is withdrawn while it waits for its order, and is never ordered", () => {
    const world = newWorld();
    putPayee(world, "H001");
    putDue(world, { payableId: "P1", payeeId: "H001" });
    const { result, told } = called(world, "P1");
    expect(result).toEqual({ withdrawn: true });
    expect(told).toEqual([{ name: "RecallAnswered", county: ZHONGNING, body: { payableId: "P1", county: ZHONGNING, withdrawn: true } }]);
    expect(cutAll(world, ["P1"])).toEqual([]);
  });

  test("is taken out of a proposed order: the checker reads another batch", () => {
    const { world, batch } = scene();
    expect(called(world, "P1").result).toEqual({ withdrawn: true });
    const after = batchIn(world, batch.batchId);
    expect(after).toMatchObject({ state: "PROPOSED", amountFen: 23n, open: 2 });
    expect(after.contentHash).not.toBe(batch.contentHash);
    expect(orderIn(world, batch.orderIds[0] ?? "")).toMatchObject({ state: "OPEN", amountFen: 20n, payables: [{ payableId: "P2" }] });
    expect(dueState(world, "P1")).toBe("WITHDRAWN");
    expect(approveBatch(world, batch).result).toMatchObject({ code: "BATCH_CHANGED" });
    expect(approveBatch(world, after).result).toMatchObject({ state: "APPROVED", amountFen: 23n });
  });

  test("takes its order with it where it was the only one, and the batch where that was all", () => {
    const { world, batch } = scene();
    called(world, "P3");
    const [first = "", second = ""] = batch.orderIds;
    expect(batchIn(world, batch.batchId).orderIds).toEqual([first]);
    expect(orderIn(world, second)).toMatchObject({ state: "WITHDRAWN", payables: [], amountFen: 0n });
    called(world, "P1");
    called(world, "P2");
    expect(world.get(batches.key(batch.batchId))).toMatchObject({ state: "DONE", orderIds: [], amountFen: 0n, open: 0 });
  });

  test("is too late once the batch is approved", () => {
    const { world, batch } = scene();
    approveBatch(world, batch);
    const { result, told } = called(world, "P1");
    expect(result).toEqual({ withdrawn: false });
    expect(told).toMatchObject([{ name: "RecallAnswered", body: { withdrawn: false } }]);
    expect(dueState(world, "P1")).toBe("ORDERED");
  });

  test("takes the first checker's word with it: it was given to another content", () => {
    const { world, batch } = scene();
    world.run(approve, { batchId: batch.batchId, expectedHash: batch.contentHash, ...TERMS, secondAboveFen: 10n }, { caller: CHECKER });
    expect(batchIn(world, batch.batchId).approvals).toEqual([CHECKER.name]);
    called(world, "P1");
    expect(batchIn(world, batch.batchId).approvals).toBeUndefined();
  });
});
