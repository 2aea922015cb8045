import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { type Batch, messages } from "../../../services/payment/domain/documents.ts";
import { type Receive, receive } from "../../../services/payment/domain/receive.ts";
import { readBankMessage } from "../../../services/payment/iso20022.ts";
import { newWorld, type World } from "../../harness/decide.ts";
import { type Booked, batchIn, camt053, camt054, DEBTOR, done, ordersIn, pain002, sentBatch, ZHONGNING } from "./scene.ts";

function inputOf(document: Uint8Array): Receive {
  const message = readBankMessage(document, DEBTOR.accountNumber);
  const hash = createHash("sha256").update(document).digest("hex");
  const { messageId } = message;
  if (message.kind !== "camt.053") return { messageId, hash, content: message };
  return { messageId, hash, content: { kind: "camt.053", statement: { content: message.content, expectedOrderIds: [], previousDay: "" } } };
}

function sent(): { world: World; batch: Batch; ids: string[] } {
  const world = newWorld();
  const batch = sentBatch(world, ["H1", "H2"], 700n);
  return { world, batch, ids: ordersIn(world, batch.batchId).map((order) => order.endToEndId) };
}

const debit = (endToEndId = "", amountFen = 700n): Booked => ({ endToEndId, side: "DBIT", amountFen });
const back = (endToEndId = "", amountFen = 700n): Booked => ({ endToEndId, side: "CRDT", amountFen, returned: "AC04" });

describe("a message that the bank sends by itself", () => {
  test("settles and returns, and proves that the bank has the file", () => {
    const { world, batch, ids } = sent();
    const first = world.run(receive, inputOf(camt054("N1", [debit(ids[0])])));
    expect(done(first)).toEqual({ kind: "camt.054", entries: 1 });
    expect(first.told.map(({ name }) => name)).toEqual(["PaymentsSettled", "BatchChanged"]);
    expect(batchIn(world, batch.batchId)).toMatchObject({ state: "ACCEPTED", open: 1 });
    const second = world.run(receive, inputOf(camt054("N2", [back(ids[0])])));
    expect(second.told).toMatchObject([
      {
        name: "PaymentsReturned",
        county: ZHONGNING,
        body: { returnId: `returned/${ids[0]}`, amountFen: 700n, reason: "AC04", batchId: batch.batchId },
      },
    ]);
    expect(ordersIn(world, batch.batchId)[0]).toMatchObject({ state: "RETURNED", reason: "AC04" });
  });

  test("that tells of a return before its debit tells of both", () => {
    const { world, ids } = sent();
    expect(world.run(receive, inputOf(camt054("N1", [back(ids[0])]))).told.map(({ name }) => name)).toEqual([
      "PaymentsSettled",
      "PaymentsReturned",
      "BatchChanged",
    ]);
    expect(world.run(receive, inputOf(camt054("N2", [debit(ids[0])]))).told).toEqual([]);
  });

  test("is taken once, and another under its MsgId is refused", () => {
    const { world, ids } = sent();
    const input = inputOf(camt054("N1", [debit(ids[0])]));
    done(world.run(receive, input));
    const again = world.run(receive, input);
    expect([done(again), again.told]).toEqual([{ kind: "camt.054", entries: 1 }, []]);
    expect(world.run(receive, inputOf(camt054("N1", [debit(ids[1])]))).result).toMatchObject({
      code: "BAD_BANK_MESSAGE",
      field: "request_id",
    });
    expect(ordersIn(world, "B20111125000001")[1]?.state).toBe("OPEN");
  });

  test("of which nothing is ours is refused", () => {
    const { world } = sent();
    expect(world.run(receive, inputOf(camt054("N1", [debit("P20111125000009-000101")]))).result).toMatchObject({
      code: "BAD_BANK_MESSAGE",
    });
    expect(world.run(receive, inputOf(pain002("B9", [], { status: "ACSC" }))).result).toMatchObject({ code: "BAD_BANK_MESSAGE" });
    expect(world.all("messages")).toEqual([]);
  });

  test("is applied where it is ours and right; the rest is written down", () => {
    const { world, ids } = sent();
    done(world.run(receive, inputOf(camt054("N1", [debit(ids[0], 701n), debit(ids[1]), debit("ELSEWHERE")]))));
    expect(ordersIn(world, "B20111125000001").map((order) => order.state)).toEqual(["OPEN", "SETTLED"]);
    expect(world.get(messages.key("N1"))?.unapplied).toEqual([
      { endToEndId: ids[0], why: "AMOUNT" },
      { endToEndId: "ELSEWHERE", why: "UNKNOWN" },
    ]);
  });

  test("may be a late status report, or a statement", () => {
    const { world, batch, ids } = sent();
    done(world.run(receive, inputOf(pain002(batch.batchId, [{ endToEndId: ids[0] ?? "", status: "ACSC" }]))));
    expect(batchIn(world, batch.batchId).state).toBe("ACCEPTED");
    done(world.run(receive, inputOf(camt053("ST1", [debit(ids[0]), debit(ids[1])], { openingFen: 10_000n }))));
    expect(batchIn(world, batch.batchId).state).toBe("DONE");
  });
});
