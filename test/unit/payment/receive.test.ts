import { describe, expect, test } from "vitest";
import { originalOf } from "../../../services/payment/bank/hear.ts";
import { readIso20022 } from "../../../services/payment/bank/iso20022.ts";
import { type Batch, doubted, messages } from "../../../services/payment/domain/documents.ts";
import { CLOCK_AHEAD_MS, hear, type Receive, SIGNATURE_LIFE_MS } from "../../../services/payment/domain/receive.ts";
import { newWorld, type World } from "../../harness/decide.ts";
import { type Booked, batchIn, camt053, camt054, DEBTOR, done, ordersIn, pain002, sentBatch, ZHONGNING } from "./scene.ts";

function inputOf(document: Uint8Array): Receive {
  const message = readIso20022(document, DEBTOR.accountNumber);
  const original = originalOf({ from: "caller:bank", document });
  if (message.kind !== "camt.053") return { bank: "main", original, content: message };
  const statement = { bank: "main", content: message.content, expectedOrderIds: [], previousDay: "" };
  return { bank: "main", original, content: { kind: "camt.053", statement } };
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
    const first = world.run(hear, inputOf(camt054("N1", [debit(ids[0])])));
    expect(done(first)).toEqual({ kind: "camt.054", entries: 1 });
    expect(first.told.map(({ name }) => name)).toEqual(["PaymentsSettled", "BatchChanged"]);
    expect(batchIn(world, batch.batchId)).toMatchObject({ state: "ACCEPTED", open: 1 });
    const second = world.run(hear, inputOf(camt054("N2", [back(ids[0])])));
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
    expect(world.run(hear, inputOf(camt054("N1", [back(ids[0])]))).told.map(({ name }) => name)).toEqual([
      "PaymentsSettled",
      "PaymentsReturned",
      "BatchChanged",
    ]);
    expect(world.run(hear, inputOf(camt054("N2", [debit(ids[0])]))).told).toEqual([]);
  });

  test("is taken once, and another under its MsgId is doubted", () => {
    const { world, ids } = sent();
    const input = inputOf(camt054("N1", [debit(ids[0])]));
    done(world.run(hear, input));
    const again = world.run(hear, input);
    expect([done(again), again.told]).toEqual([{ kind: "camt.054", entries: 1 }, []]);
    const altered = inputOf(camt054("N1", [debit(ids[1])]));
    const other = world.run(hear, altered);
    expect(done(other)).toMatchObject({ entries: 0, doubts: { code: "NOT_BELIEVED" } });
    expect(other.told).toMatchObject([{ name: "BankMessageDoubted", body: { messageId: "N1", why: "ALTERED", from: "caller:bank" } }]);
    // Kept as it came, counted when it comes again, and told once.
    expect(world.run(hear, altered).told).toEqual([]);
    const kept = world.get(doubted.key(altered.original.hash, "ALTERED"));
    expect(kept).toMatchObject({ times: 2, bytes: altered.original.bytes });
    expect(Buffer.from(kept?.head ?? "", "base64").toString()).toContain(ids[1]);
    expect(ordersIn(world, "B20111125000001")[1]?.state).toBe("OPEN");
  });

  test("whose signature is out of time is doubted, unless it is known", () => {
    const { world, ids } = sent();
    const atMs = Date.UTC(2011, 10, 25, 8);
    const signed = (name: string, signedAtMs: number) => ({ ...inputOf(camt054(name, [debit(ids[0])])), signedAtMs });
    for (const [name, at] of [
      ["OLD", atMs - SIGNATURE_LIFE_MS - 1],
      ["AHEAD", atMs + CLOCK_AHEAD_MS + 1],
    ] as const) {
      const { result, told } = world.run(hear, signed(name, at), { atMs });
      expect(result).toMatchObject({ entries: 0, doubts: { code: "NOT_BELIEVED" } });
      expect(told).toMatchObject([{ name: "BankMessageDoubted", body: { messageId: name, why: "STALE" } }]);
    }
    expect(ordersIn(world, "B20111125000001")[0]?.state).toBe("OPEN");
    const good = signed("N1", atMs - SIGNATURE_LIFE_MS);
    expect(done(world.run(hear, good, { atMs }))).toEqual({ kind: "camt.054", entries: 1 });
    expect(done(world.run(hear, good, { atMs: atMs + 1_000 }))).toEqual({ kind: "camt.054", entries: 1 });
  });

  test("that is not believed changes nothing and is kept", () => {
    const { world, ids } = sent();
    const { original } = inputOf(camt054("N1", [debit(ids[0])]));
    for (const why of ["UNSIGNED", "FORGED", "UNKNOWN_KEY", "EXPIRED_KEY"] as const) {
      const { result, told } = world.run(hear, { bank: "main", ...original, why });
      expect(result).toMatchObject({ kind: "", entries: 0, doubts: { code: "NOT_BELIEVED", en: expect.stringContaining(why) } });
      expect(told.map(({ name }) => name)).toEqual(["BankMessageDoubted"]);
    }
    expect(world.all("messages")).toEqual([]);
    expect(ordersIn(world, "B20111125000001")[0]?.state).toBe("OPEN");
  });

  test("of which nothing is ours is refused", () => {
    const { world } = sent();
    expect(world.run(hear, inputOf(camt054("N1", [debit("P20111125000009-000101")]))).result).toMatchObject({
      code: "BAD_BANK_MESSAGE",
    });
    expect(world.run(hear, inputOf(pain002("B9", [], { status: "ACSC" }))).result).toMatchObject({ code: "BAD_BANK_MESSAGE" });
    expect(world.all("messages")).toEqual([]);
  });

  test("is applied where it is ours and right; the rest is written down", () => {
    const { world, ids } = sent();
    done(world.run(hear, inputOf(camt054("N1", [debit(ids[0], 701n), debit(ids[1]), debit("ELSEWHERE")]))));
    expect(ordersIn(world, "B20111125000001").map((order) => order.state)).toEqual(["OPEN", "SETTLED"]);
    expect(world.get(messages.key("N1"))?.unapplied).toEqual([
      { endToEndId: ids[0], why: "AMOUNT" },
      { endToEndId: "ELSEWHERE", why: "UNKNOWN" },
    ]);
  });

  test("may be a late status report, or a statement", () => {
    const { world, batch, ids } = sent();
    done(world.run(hear, inputOf(pain002(batch.batchId, [{ endToEndId: ids[0] ?? "", status: "ACSC" }]))));
    expect(batchIn(world, batch.batchId).state).toBe("ACCEPTED");
    done(world.run(hear, inputOf(camt053("ST1", [debit(ids[0]), debit(ids[1])], { openingFen: 10_000n }))));
    expect(batchIn(world, batch.batchId).state).toBe("DONE");
  });
});
