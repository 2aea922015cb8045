import { describe, expect, test } from "vitest";
import { orders, statements } from "../../../services/payment/domain/documents.ts";
import { breaksOf, ledgerCompared } from "../../../services/payment/domain/ledger-compared.ts";
import type { StatementContent, StatementEntry } from "../../../services/payment/domain/reconcile.ts";
import { bookStatement, wantStatement } from "../../../services/payment/domain/statement.ts";
import { newWorld, type World } from "../../harness/decide.ts";
import { batchIn, DAY, done, ordersIn, sentBatch } from "./scene.ts";

const YESTERDAY = "2011-11-24";

function entry(endToEndId: string, change: Partial<StatementEntry> = {}): StatementEntry {
  return { endToEndId, direction: "DEBIT", amountFen: 700n, returned: false, reason: "", ...change };
}

const RETURN = { direction: "CREDIT", returned: true, reason: "AC04" } as const;

function book(
  world: World,
  entries: readonly StatementEntry[],
  change: Partial<StatementContent> = {},
  expectedOrderIds: readonly string[] = [],
  previousDay = "",
  nextDay = "",
) {
  const moved = entries.reduce((total, { direction, amountFen }) => total + (direction === "DEBIT" ? -amountFen : amountFen), 0n);
  const content = { messageId: "ST1", day: DAY, openingFen: 10_000n, closingFen: 10_000n + moved, entries, ...change };
  const outcome = world.run(bookStatement, { bank: "main", content, expectedOrderIds, previousDay, nextDay });
  done(outcome);
  const moneyTold = outcome.told.filter(({ name }) => name !== "StatementBooked" && name !== "BatchChanged");
  const breaks = world.get(statements.key(content.day))?.breaks ?? [];
  return { outcome, moneyTold, kinds: breaks.map((one) => one.kind), breaks };
}

function settledWorld(change: object = { state: "SETTLED", settledOn: DAY }) {
  const world = newWorld();
  const { batchId } = sentBatch(world, ["H1", "H2"], 700n);
  const [first, second] = ordersIn(world, batchId);
  if (!first || !second) throw new Error("no orders");
  for (const order of [first, second]) world.put(orders.key(order.orderId), { ...order, ...change });
  return { world, batchId, first, second, both: [first.orderId, second.orderId] };
}

describe("a statement that is booked", () => {
  test("agrees with what was settled", () => {
    const { world, first, second, both } = settledWorld();
    expect(book(world, [entry(first.endToEndId), entry(second.endToEndId)], {}, both).kinds).toEqual([]);
    expect(world.get(statements.key(DAY))).toMatchObject({
      state: "BOOKED",
      entries: 2,
      debitsFen: 1400n,
      creditsFen: 0n,
      closingFen: 8600n,
    });
  });

  test("settles an order whose answer was lost, once", () => {
    const world = newWorld();
    const { batchId } = sentBatch(world, ["H1"], 700n);
    const id = ordersIn(world, batchId)[0]?.endToEndId ?? "";
    const first = book(world, [entry(id)]);
    expect(first.outcome.told.map(({ name }) => name)).toEqual(["PaymentsSettled", "BatchChanged", "StatementBooked"]);
    expect(first.kinds).toEqual([]);
    expect(batchIn(world, batchId).state).toBe("DONE");
    expect(book(world, [entry(id)]).outcome.told.map(({ name }) => name)).toEqual(["StatementBooked"]);
  });

  test("moves an order to the bank's booking day", () => {
    const { world, first, second } = settledWorld({ state: "SETTLED", settledOn: YESTERDAY });
    expect(book(world, [entry(first.endToEndId), entry(second.endToEndId)]).kinds).toEqual([]);
    expect(world.get(orders.key(first.orderId))?.settledOn).toBe(DAY);
  });

  test("ends the break of the day before, whose statement lacked what the bank booked a day later", () => {
    const { world, first, second, both } = settledWorld({ state: "SETTLED", settledOn: YESTERDAY });
    const before = { messageId: "ST0", day: YESTERDAY, closingFen: 9_300n };
    expect(book(world, [entry(first.endToEndId)], before, both).breaks).toMatchObject([
      { kind: "MISSING_AT_BANK", endToEndId: second.endToEndId },
    ]);
    expect(book(world, [entry(second.endToEndId)], { openingFen: 9_300n, closingFen: 8_600n }, [], YESTERDAY).kinds).toEqual([]);
    expect(world.get(statements.key(YESTERDAY))?.breaks).toEqual([]);
    expect(world.get(orders.key(second.orderId))?.settledOn).toBe(DAY);
    expect(world.get(orders.key(first.orderId))?.settledOn).toBe(YESTERDAY);
  });

  test("shows what the bank booked on two days", () => {
    const { world, first, second, both } = settledWorld({ state: "SETTLED", settledOn: YESTERDAY });
    const before = { messageId: "ST0", day: YESTERDAY };
    expect(book(world, [entry(first.endToEndId), entry(second.endToEndId)], before, both).kinds).toEqual([]);
    const { breaks } = book(world, [entry(first.endToEndId)]);
    expect(breaks).toMatchObject([{ kind: "DUPLICATE", endToEndId: first.endToEndId, oursFen: 700n, banksFen: 700n }]);
    expect(breaks[0]?.en).toContain(YESTERDAY);
    expect(world.get(orders.key(first.orderId))?.settledOn).toBe(YESTERDAY);
  });

  test("shows a gap to the statement before it, and none where that is only wanted", () => {
    const world = newWorld();
    done(world.run(wantStatement, { bank: "main", day: YESTERDAY }));
    expect(book(world, [], {}, [], YESTERDAY).kinds).toEqual([]);
    book(world, [], { messageId: "ST0", day: YESTERDAY });
    expect(book(world, [], {}, [], YESTERDAY).kinds).toEqual([]);
    const { breaks } = book(world, [], { openingFen: 9_999n, closingFen: 9_999n }, [], YESTERDAY);
    expect(breaks).toMatchObject([{ kind: "BALANCE_GAP", oursFen: 10_000n, banksFen: 9_999n }]);
  });

  test("of a day that is booked once more, and closes otherwise, ends or begins the gap of the day after it", () => {
    const world = newWorld();
    const gaps = () => (world.get(statements.key(DAY))?.breaks ?? []).map(({ kind, oursFen }) => [kind, oursFen]);
    book(world, [], { messageId: "ST0", day: YESTERDAY, closingFen: 10_100n });
    book(world, [entry("X")], {}, [], YESTERDAY);
    expect(gaps()).toEqual([
      ["BALANCE_GAP", 10_100n],
      ["MISSING_HERE", 0n],
    ]);
    book(world, [], { messageId: "ST0A", day: YESTERDAY }, [], "", DAY);
    expect(gaps()).toEqual([["MISSING_HERE", 0n]]);
    book(world, [], { messageId: "ST0B", day: YESTERDAY, closingFen: 9_000n }, [], "", DAY);
    expect(gaps()[0]).toEqual(["BALANCE_GAP", 9_000n]);
    // A day that is only wanted begins nowhere.
    done(world.run(wantStatement, { bank: "main", day: "2011-11-26" }, { atMs: Date.parse("2011-11-26T10:00:00+08:00") }));
    book(world, [], { closingFen: 1n }, [], YESTERDAY, "2011-11-26");
    expect(world.get(statements.key("2011-11-26"))?.breaks).toEqual([]);
  });

  test("shows each kind of break, in both languages, and applies none of it", () => {
    const { world, first, second, both } = settledWorld();
    const rows: [string, StatementEntry[], string[]][] = [
      ["lacks an order", [entry(first.endToEndId)], ["MISSING_AT_BANK"]],
      ["names an order that is not there", [entry("X"), entry(first.endToEndId), entry(second.endToEndId)], ["MISSING_HERE"]],
      ["names none", [entry(""), entry(first.endToEndId), entry(second.endToEndId)], ["MISSING_HERE"]],
      ["has another amount", [entry(first.endToEndId, { amountFen: 7_000n }), entry(second.endToEndId)], ["AMOUNT"]],
      ["has it twice", [entry(first.endToEndId), entry(first.endToEndId), entry(second.endToEndId)], ["DUPLICATE"]],
      ["returns what was never ours", [entry("X", RETURN), entry(first.endToEndId), entry(second.endToEndId)], ["RETURN_UNMATCHED"]],
      ["has a credit of somebody else's", [entry("X", { direction: "CREDIT" }), entry(first.endToEndId), entry(second.endToEndId)], []],
    ];
    for (const [why, entries, kinds] of rows) {
      const { breaks, moneyTold } = book(world, entries, {}, both);
      expect(
        breaks.map((one) => one.kind),
        why,
      ).toEqual(kinds);
      expect(moneyTold, why).toEqual([]);
      for (const one of breaks) expect(one.zh !== "" && one.en !== "").toBe(true);
    }
    expect(ordersIn(world, "B20111125000001").map((order) => order.state)).toEqual(["SETTLED", "SETTLED"]);
  });

  test("shows its own arithmetic", () => {
    const { world, first, second, both } = settledWorld();
    const { breaks } = book(world, [entry(first.endToEndId), entry(second.endToEndId)], { closingFen: 8_601n }, both);
    expect(breaks).toMatchObject([{ kind: "STATEMENT_SUM", oursFen: 8_600n, banksFen: 8_601n }]);
  });

  test("agrees with returns, and misses those that it lacks", () => {
    const { world, first, second, both } = settledWorld({ state: "RETURNED", settledOn: YESTERDAY, returnedOn: DAY });
    expect(book(world, [entry(first.endToEndId, RETURN), entry(second.endToEndId, RETURN)], {}, both).kinds).toEqual([]);
    expect(book(world, [entry(first.endToEndId, RETURN)], {}, both).kinds).toEqual(["MISSING_AT_BANK"]);
  });

  test("does not let a rejected and replaced order pass as paid", () => {
    const { world, first } = settledWorld({ state: "REPLACED" });
    const { kinds, moneyTold } = book(world, [entry(first.endToEndId)]);
    expect(kinds).toEqual(["MISSING_HERE"]);
    expect(moneyTold).toEqual([]);
    expect(world.get(orders.key(first.orderId))?.contradiction).not.toBe("");
  });
});

describe("what a statement comes to", () => {
  const toldOf = (told: readonly { name: string; body: object }[]) =>
    told.filter(({ name }) => name === "StatementBooked").map(({ body }) => body);

  test("is told: orders, returns, what is neither, and what it lacks", () => {
    const { world, first, both } = settledWorld();
    const rows = [entry(first.endToEndId), entry("X", { amountFen: 5n }), entry("Y", { direction: "CREDIT", amountFen: 3n })];
    expect(toldOf(book(world, rows, {}, both).outcome.told)).toEqual([
      {
        bank: "main",
        day: DAY,
        openingFen: 10_000n,
        closingFen: 9_298n,
        ordersFen: 700n,
        returnsFen: 0n,
        otherDebitsFen: 5n,
        otherCreditsFen: 3n,
        missingDebitsFen: 700n,
        missingReturnsFen: 0n,
        version: 1n,
      },
    ]);
    expect(toldOf(book(world, rows, {}, both).outcome.told)).toMatchObject([{ version: 2n }]);
  });

  test("counts an order once, with its own amount only", () => {
    const { world, first, both } = settledWorld();
    const rows = [entry(first.endToEndId), entry(first.endToEndId), entry(first.endToEndId, { amountFen: 1n })];
    expect(toldOf(book(world, rows, {}, both).outcome.told)).toMatchObject([
      { ordersFen: 700n, otherDebitsFen: 701n, missingDebitsFen: 700n },
    ]);
  });

  test("is told of the day before as well, where this one has what that one lacked", () => {
    const { world, first, second, both } = settledWorld({ state: "SETTLED", settledOn: YESTERDAY });
    book(world, [entry(first.endToEndId)], { messageId: "ST0", day: YESTERDAY, closingFen: 9_300n }, both);
    const { outcome } = book(world, [entry(second.endToEndId)], { openingFen: 9_300n, closingFen: 8_600n }, [], YESTERDAY);
    expect(toldOf(outcome.told)).toMatchObject([
      { day: DAY, ordersFen: 700n, missingDebitsFen: 0n },
      { day: YESTERDAY, ordersFen: 700n, missingDebitsFen: 0n, version: 2n },
    ]);
  });
});

describe("the ledger beside a statement", () => {
  const beside = { bankFen: -700n, expectedFen: -1_400n, differenceFen: 700n, standingFen: 700n, pendingFen: 0n, baselineFen: 0n };
  const sides = { paidFen: 1_400n, returnedFen: 0n, transfersFen: 0n, receiptsFen: 0n, accountsFen: 0n };
  const compared = (version: bigint, isOpen = true) => ({ bank: "main", day: DAY, version, isOpen, ...beside, ...sides });

  test("is a break of the statement while it is open, and the newest comparison counts", () => {
    const { world, first, second, both } = settledWorld();
    book(world, [entry(first.endToEndId), entry(second.endToEndId)], {}, both);
    const shown = () =>
      breaksOf(world.get(statements.key(DAY)) ?? { breaks: [] }).map(({ kind, oursFen, banksFen }) => [kind, oursFen, banksFen]);
    expect(shown()).toEqual([]);
    expect(done(world.run(ledgerCompared, compared(2n)))).toEqual({ taken: true });
    expect(shown()).toEqual([["LEDGER_BALANCE", -1_400n, -700n]]);
    expect(done(world.run(ledgerCompared, compared(1n, false)))).toEqual({ taken: false });
    book(world, [entry(first.endToEndId), entry(second.endToEndId)], {}, both);
    expect(shown()).toHaveLength(1);
    done(world.run(ledgerCompared, compared(3n, false)));
    expect(shown()).toEqual([]);
  });

  test("waits for its statement", () => {
    expect(newWorld().run(ledgerCompared, compared(1n)).result).toMatchObject({ outcome: "unavailable" });
  });
});

describe("a statement that is wanted", () => {
  test("may be asked for again, and keeps what is booked until then", () => {
    const { world, first, second, both } = settledWorld();
    done(world.run(wantStatement, { bank: "main", day: DAY }));
    expect(world.get(statements.key(DAY))).toMatchObject({ state: "WANTED", wanted: 1, messageId: "" });
    book(world, [entry(first.endToEndId), entry(second.endToEndId)], {}, both);
    done(world.run(wantStatement, { bank: "main", day: DAY }));
    expect(world.get(statements.key(DAY))).toMatchObject({ state: "WANTED", wanted: 2, messageId: "ST1", entries: 2 });
  });

  test("must not be of a day that is not yet", () => {
    expect(newWorld().run(wantStatement, { bank: "main", day: "2011-11-26" }).result).toMatchObject({ code: "BAD_REQUEST", field: "day" });
  });
});
