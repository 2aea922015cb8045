import { describe, expect, test } from "vitest";
import { accountKey } from "../../../services/payment/domain/accounts.ts";
import { answer } from "../../../services/payment/domain/answer.ts";
import { approve } from "../../../services/payment/domain/approve.ts";
import { attempt } from "../../../services/payment/domain/attempt.ts";
import { contentHash } from "../../../services/payment/domain/batch.ts";
import { cut, MAX_BATCHES, MAX_ORDERS, MAX_PAYABLES } from "../../../services/payment/domain/cut.ts";
import { decline } from "../../../services/payment/domain/decline.ts";
import { type Due, dues, files, type Order } from "../../../services/payment/domain/documents.ts";
import { reissue } from "../../../services/payment/domain/reissue.ts";
import { MAIN_BANK } from "../../../services/values/banks.ts";
import { sum } from "../../../services/values/money.ts";
import { newWorld, type World } from "../../harness/decide.ts";
import {
  accountOf,
  approved,
  batchIn,
  CHECKER,
  COUNTY_BANKS,
  cutAll,
  done,
  JINGYUAN,
  MAKER,
  OTHER,
  OTHER_DEBTOR,
  ordersIn,
  putDue,
  putPayee,
  TERMS,
  ZHONGNING,
} from "./scene.ts";

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
    const outcome = world.run(cut, { countyBanks: {}, payableIds: ids, schedule: "IMMEDIATE", maker: "rule:cut-immediate/v1", serial: 1 });
    expect(outcome.told).toMatchObject([
      { name: "BatchChanged", county: "640000", body: { version: 1n, batch: { state: "PROPOSED", orders: 2 } } },
    ]);
    expect(new Set(outcome.guarded)).toEqual(new Set(["payees:H0", "payees:H1"]));
  });

  test("never orders one payable twice: the second of two finders makes nothing, a person's cut takes only what still waits", () => {
    const { world, ids } = waiting(4, 4);
    const input = { payableIds: ids.slice(0, 3), schedule: "IMMEDIATE", maker: "rule", serial: 1, countyBanks: {} } as const;
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

describe("with two banks", () => {
  const kept = (world: World, ids: readonly string[]) => cutAll(world, ids, MAKER.name, COUNTY_BANKS);

  test("a batch holds the orders of one bank, that which keeps its counties' money", () => {
    const world = newWorld();
    putPayee(world, "H1");
    for (const [payableId, county] of [
      ["a", ZHONGNING],
      ["b", JINGYUAN],
      ["c", ZHONGNING],
      ["d", JINGYUAN],
    ] as const)
      putDue(world, { payableId, payeeId: "H1", amountFen: 100n, county });
    const made = kept(world, ["a", "b", "c", "d"]);
    expect(
      made.map(({ batchId, bank }) => [bank, ordersIn(world, batchId).map((order) => [order.bank, order.county, order.amountFen])]),
    ).toEqual([
      [undefined, [[undefined, ZHONGNING, 200n]]],
      [OTHER, [[OTHER, JINGYUAN, 200n]]],
    ]);
    // Another account is another content to approve.
    const [, other] = made;
    expect(other && contentHash({ batchId: other.batchId }, ordersIn(world, other.batchId))).not.toBe(other?.contentHash);
  });

  test("one that has many dues leaves a batch to the other", () => {
    const world = newWorld();
    const ids = Array.from({ length: MAX_BATCHES * MAX_ORDERS + 1 }, (_, n) => `p${n}`);
    for (const [n, payableId] of ids.entries()) {
      putPayee(world, `H${n}`);
      putDue(world, { payableId, payeeId: `H${n}`, amountFen: 1n, county: n === ids.length - 1 ? JINGYUAN : ZHONGNING });
    }
    expect(kept(world, ids).map(({ bank, orderIds }) => [bank, orderIds.length])).toEqual([
      [undefined, MAX_ORDERS],
      [OTHER, 1],
    ]);
  });

  test("what one has disproved of an account holds back the dues of its own counties only", () => {
    const world = newWorld();
    putPayee(world, "H1");
    putDue(world, { payableId: "x", payeeId: "H1", county: JINGYUAN });
    const [batch] = kept(world, ["x"]);
    const { batchId = "" } = batch ?? {};
    approved(world, batchId);
    done(world.run(attempt, { batchId, attempt: 1 }));
    const transactions = ordersIn(world, batchId).map(({ endToEndId }) => ({ endToEndId, status: "RJCT", reason: "AC04", on: "" }));
    const report = { messageId: "S", originalMessageId: batchId, groupStatus: "", groupReason: "", transactions };
    done(world.run(answer, { bank: OTHER, batchId, hash: "h", report }));
    expect([MAIN_BANK, OTHER].map((bank) => world.get(accountKey(bank, accountOf("H1")))?.state)).toEqual([undefined, "DISPROVED"]);
    putDue(world, { payableId: "a", payeeId: "H1", county: ZHONGNING });
    putDue(world, { payableId: "b", payeeId: "H1", county: JINGYUAN });
    expect(kept(world, ["a", "b"]).map(({ bank }) => bank)).toEqual([undefined]);
    expect(world.get(dues.key("b"))?.state).toBe("ON_CHECK");
  });

  test("a reissued order goes by the bank where its county's money is now", () => {
    const world = newWorld();
    putPayee(world, "H1");
    putDue(world, { payableId: "b", payeeId: "H1", county: JINGYUAN });
    const [batch] = kept(world, ["b"]);
    const { batchId = "", contentHash: expectedHash = "", orderIds: [orderId = ""] = [] } = batch ?? {};
    done(world.run(decline, { batchId, expectedHash, orderIds: [], reason: "no" }, { caller: CHECKER }));
    const again = done(world.run(reissue, { orderId, account: accountOf("H1"), countyBanks: {} }, { caller: MAKER }));
    expect([again.bank, batchIn(world, again.batchId).bank]).toEqual([undefined, undefined]);
  });
});

test("a batch of a bank that the topology names no more is not approved", () => {
  const world = newWorld();
  putPayee(world, "H1");
  putDue(world, { payableId: "b", payeeId: "H1", county: JINGYUAN });
  const [batch] = cutAll(world, ["b"], MAKER.name, COUNTY_BANKS);
  const { batchId = "", contentHash: expectedHash = "" } = batch ?? {};
  const terms = { main: TERMS.terms.main };
  expect(world.run(approve, { batchId, expectedHash, ...TERMS, terms }, { caller: CHECKER }).result).toMatchObject({
    code: "UNKNOWN_BANK",
  });
  expect(batchIn(world, batchId).state).toBe("PROPOSED");
  approved(world, batchId);
  const file = world.get(files.key(batchId))?.content ?? "";
  expect(JSON.parse(file)).toMatchObject({ kind: "payments", messageId: batchId, debtor: OTHER_DEBTOR });
});
