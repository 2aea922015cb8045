/** Which order an entry is of: by EndToEndId, InstrId, PmtInfId and sum, or a reference; amount and account only propose. */
import { describe, expect, test } from "vitest";
import { answer, reportHash } from "../../../services/payment/domain/answer.ts";
import { type Break, messages, orders, references, statements } from "../../../services/payment/domain/documents.ts";
import { hear } from "../../../services/payment/domain/receive.ts";
import type { StatementEntry } from "../../../services/payment/domain/reconcile.ts";
import { bookStatement } from "../../../services/payment/domain/statement.ts";
import { newWorld, type World } from "../../harness/decide.ts";
import { batchIn, DAY, done, ordersIn, originalNamed, sentBatch } from "./scene.ts";

const NEXT = "2011-11-26";
const FEN = 700n;

function entry(change: Partial<StatementEntry>): StatementEntry {
  return { endToEndId: "", direction: "DEBIT", amountFen: FEN, returned: false, reason: "", ...change };
}

function scene(payees = ["H1", "H2", "H3"]) {
  const world = newWorld();
  const { batchId } = sentBatch(world, payees, FEN);
  return { world, batchId, sent: ordersIn(world, batchId) };
}

function book(world: World, entries: readonly StatementEntry[], day = DAY, openOrderIds: readonly string[] = []): readonly Break[] {
  const all = world.all<{ county: string; orderId: string; settledOn: string; returnedOn: string }>("orders");
  const expectedOrderIds = all.filter((one) => one.settledOn === day || one.returnedOn === day).map(({ orderId }) => orderId);
  const moved = entries.reduce((total, { direction, amountFen }) => total + (direction === "DEBIT" ? -amountFen : amountFen), 0n);
  const content = { messageId: `ST${day}`, day, openingFen: 0n, closingFen: moved, entries };
  done(world.run(bookStatement, { bank: "main", content, expectedOrderIds, previousDay: "", openOrderIds }));
  return world.get(statements.key(day))?.breaks ?? [];
}

const kinds = (breaks: readonly Break[]) => breaks.map(({ kind, endToEndId }) => `${kind} ${endToEndId}`.trim());
const states = (world: World, batchId: string) => ordersIn(world, batchId).map(({ state }) => state);

describe("an entry", () => {
  test("without EndToEndId is its order's by our InstrId, with the right amount", () => {
    const { world, batchId, sent } = scene();
    const [first, second, third] = sent.map(({ orderId }) => orderId);
    const breaks = book(world, [
      entry({ instructionId: first ?? "" }),
      entry({ instructionId: second ?? "", endToEndId: "MANGLED" }),
      entry({ instructionId: third ?? "", amountFen: FEN + 1n }),
    ]);
    expect(kinds(breaks)).toEqual(["MISSING_HERE"]);
    expect(states(world, batchId)).toEqual(["SETTLED", "SETTLED", "OPEN"]);
  });

  test("that names only a batch, with the sum of its orders, settles them all", () => {
    const { world, batchId } = scene();
    expect(book(world, [entry({ paymentInformationId: batchId, amountFen: 3n * FEN, transactions: 3 })])).toEqual([]);
    expect(states(world, batchId)).toEqual(["SETTLED", "SETTLED", "SETTLED"]);
    expect(batchIn(world, batchId).state).toBe("DONE");
    // Again: nothing is told twice, nothing breaks.
    expect(book(world, [entry({ paymentInformationId: batchId, amountFen: 3n * FEN })])).toEqual([]);
  });

  test("that names a batch is without the orders that the bank has refused", () => {
    const { world, batchId, sent } = scene();
    const [first] = sent;
    if (!first) throw new Error("no order");
    world.put(orders.key(first.orderId), { ...first, state: "REJECTED", reason: "AC01" });
    expect(book(world, [entry({ paymentInformationId: batchId, amountFen: 2n * FEN, transactions: 2 })])).toEqual([]);
    expect(states(world, batchId)).toEqual(["REJECTED", "SETTLED", "SETTLED"]);
  });

  test("that names a batch with another sum, or another number, is one break and settles nothing", () => {
    for (const change of [{ amountFen: 2n * FEN }, { amountFen: 3n * FEN, transactions: 2 }]) {
      const { world, batchId } = scene();
      const breaks = book(world, [entry({ paymentInformationId: batchId, ...change })]);
      expect(breaks).toMatchObject([{ kind: "BATCH_SUM", endToEndId: batchId, oursFen: 3n * FEN, banksFen: change.amountFen }]);
      expect(states(world, batchId)).toEqual(["OPEN", "OPEN", "OPEN"]);
    }
  });

  test("that names a batch with another sum is looked at again by itself once the bank has said which order it refused", () => {
    const { world, batchId, sent } = scene();
    const sumOfTwo = [entry({ paymentInformationId: batchId, amountFen: 2n * FEN })];
    expect(kinds(book(world, sumOfTwo))).toEqual([`BATCH_SUM ${batchId}`]);
    expect(world.get(statements.key(DAY))).toMatchObject({ state: "BOOKED", wanted: 0 });
    const { endToEndId = "" } = sent[0] ?? {};
    const says = (endToEndId: string, status: string) => {
      const report = {
        messageId: "S",
        originalMessageId: batchId,
        groupStatus: "",
        groupReason: "",
        transactions: [{ endToEndId, status, reason: status === "RJCT" ? "AC04" : "", on: "" }],
      };
      done(world.run(answer, { bank: "main", batchId, hash: reportHash(report), report }));
    };
    says(endToEndId, "PDNG");
    expect(world.get(statements.key(DAY))).toMatchObject({ state: "BOOKED", wanted: 0 });
    says(endToEndId, "RJCT");
    expect(world.get(statements.key(DAY))).toMatchObject({ state: "WANTED", wanted: 1 });
    expect(kinds(book(world, sumOfTwo))).toEqual([]);
    expect(states(world, batchId)).toEqual(["REJECTED", "SETTLED", "SETTLED"]);
    expect(world.get(statements.key(DAY))).toMatchObject({ state: "BOOKED", wanted: 1 });
  });

  test("that names a batch with another sum hides no other break, and its orders are not missed one by one", () => {
    const { world, batchId, sent } = scene();
    for (const order of sent) world.put(orders.key(order.orderId), { ...order, state: "SETTLED", settledOn: DAY });
    expect(kinds(book(world, [entry({ paymentInformationId: batchId, amountFen: FEN }), entry({ endToEndId: "X" })]))).toEqual([
      `BATCH_SUM ${batchId}`,
      "MISSING_HERE X",
    ]);
  });

  test("may book a batch in two parts on two days", () => {
    const { world, batchId, sent } = scene();
    const [first] = sent;
    expect(book(world, [entry({ endToEndId: first?.endToEndId ?? "" })])).toEqual([]);
    expect(book(world, [entry({ paymentInformationId: batchId, amountFen: 2n * FEN })], NEXT)).toEqual([]);
    expect(states(world, batchId)).toEqual(["SETTLED", "SETTLED", "SETTLED"]);
  });

  test("twice for one batch is twice too much", () => {
    const { world, batchId } = scene(["H1"]);
    const one = entry({ paymentInformationId: batchId });
    expect(book(world, [one, one]).map(({ kind }) => kind)).toEqual(["DUPLICATE"]);
  });

  test("of a batch that is none of ours is a stranger", () => {
    const { world } = scene();
    expect(kinds(book(world, [entry({ paymentInformationId: "B1" })]))).toEqual(["MISSING_HERE"]);
  });

  test("that carries only a reference is its order's where a notification has named both", () => {
    const { world, sent } = scene();
    const [first] = sent;
    if (!first) throw new Error("no order");
    const evidence = [{ endToEndId: first.endToEndId, says: "SETTLED", reason: "", on: DAY, amountFen: FEN, reference: "R77" }] as const;
    done(world.run(hear, { bank: "main", original: originalNamed("N1"), content: { kind: "camt.054", evidence } }));
    expect(world.get(references.key("R77"))).toMatchObject({ orderId: first.orderId, endToEndId: first.endToEndId });
    expect(book(world, [entry({ reference: "R77" })])).toEqual([]);
    expect(kinds(book(world, [entry({ reference: "R77", amountFen: 1n })], DAY))).toEqual([
      "MISSING_HERE",
      `MISSING_AT_BANK ${first.endToEndId}`,
    ]);
  });
});

describe("a proposal", () => {
  test("is shown by amount and account, of what the statement lacks or is still open, and never applied", () => {
    const { world, batchId, sent } = scene();
    const [first] = sent;
    if (!first) throw new Error("no order");
    const stranger = entry({ account: first.account.accountNumber });
    const breaks = book(world, [stranger], DAY, batchIn(world, batchId).orderIds);
    expect(breaks).toMatchObject([{ kind: "MISSING_HERE", looksLike: first.orderId }]);
    expect(breaks[0]?.en).toContain(`it looks like order ${first.orderId}`);
    expect(breaks[0]?.zh).toContain(`疑为支付单 ${first.orderId}`);
    expect(states(world, batchId)).toEqual(["OPEN", "OPEN", "OPEN"]);
  });

  test("is none with another amount, another account, no account, or where it could be either of two", () => {
    const { world, batchId, sent } = scene();
    const [first, second] = sent;
    if (!first || !second) throw new Error("no orders");
    const account = first.account.accountNumber;
    const open = batchIn(world, batchId).orderIds;
    for (const change of [{ account, amountFen: 1n }, { account: "X" }, {}])
      expect(book(world, [entry(change)], DAY, open)[0]).not.toHaveProperty("looksLike");
    world.put(orders.key(second.orderId), { ...second, account: first.account });
    expect(book(world, [entry({ account })], DAY, open)[0]).not.toHaveProperty("looksLike");
  });
});

describe("a notification", () => {
  const heard = (world: World, evidence: object, id = "N1") =>
    world.run(hear, { bank: "main", original: originalNamed(id), content: { kind: "camt.054", evidence: [evidence as never] } });
  const told = (change: object) => ({ endToEndId: "", says: "SETTLED", reason: "", on: DAY, ...change });

  test("of a batch as one entry settles its orders", () => {
    const { world, batchId } = scene();
    const { told: events } = heard(world, told({ paymentInformationId: batchId, amountFen: 3n * FEN, transactions: 3 }));
    expect(events.map(({ name }) => name)).toEqual(["PaymentsSettled", "BatchChanged"]);
    expect(states(world, batchId)).toEqual(["SETTLED", "SETTLED", "SETTLED"]);
  });

  test("of a batch with another sum is kept, and settles nothing; of none of ours it is refused", () => {
    const { world, batchId } = scene();
    done(heard(world, told({ paymentInformationId: batchId, amountFen: 1n })));
    expect(world.get(messages.key("N1"))?.unapplied).toEqual([{ endToEndId: batchId, why: "AMOUNT" }]);
    expect(states(world, batchId)).toEqual(["OPEN", "OPEN", "OPEN"]);
    expect(heard(world, told({ paymentInformationId: "B1", amountFen: 1n }), "N2").result).toMatchObject({ code: "BAD_BANK_MESSAGE" });
  });
});
