import { describe, expect, test } from "vitest";
import { answer, type ReportedTransaction, reportHash, type StatusReport, saysOf } from "../../../services/payment/domain/answer.ts";
import { attempt, silence } from "../../../services/payment/domain/attempt.ts";
import { cut } from "../../../services/payment/domain/cut.ts";
import { newWorld, type World } from "../../harness/decide.ts";
import { approved, batchIn, cutAll, done, JINGYUAN, orderIn, ordersIn, putDue, putPayee, sentBatch, ZHONGNING } from "./scene.ts";

function report(batchId: string, transactions: readonly ReportedTransaction[], group = { status: "", reason: "" }): StatusReport {
  return { messageId: "S1", originalMessageId: batchId, groupStatus: group.status, groupReason: group.reason, transactions };
}

function hear(world: World, news: StatusReport) {
  return world.run(answer, { bank: "main", batchId: news.originalMessageId, hash: reportHash(news), report: news });
}

function statuses(world: World, batchId: string, codes: readonly string[], reason = "") {
  return ordersIn(world, batchId).map(({ endToEndId }, n) => ({ endToEndId, status: codes[n] ?? "PDNG", reason, on: "" }));
}

describe("the bank's answer", () => {
  test("settles, rejects and leaves open, order by order", () => {
    const world = newWorld();
    const { batchId } = sentBatch(world, ["H1", "H2", "H3"], 500n);
    const outcome = hear(world, report(batchId, statuses(world, batchId, ["ACSC", "RJCT", "PDNG"], "AC01")));
    expect(ordersIn(world, batchId).map((order) => [order.state, order.reason])).toEqual([
      ["SETTLED", ""],
      ["REJECTED", "AC01"],
      ["OPEN", ""],
    ]);
    expect(batchIn(world, batchId)).toMatchObject({ state: "ACCEPTED", open: 1 });
    expect(outcome.told.map(({ name, county }) => [name, county])).toEqual([
      ["PaymentsSettled", ZHONGNING],
      ["BatchChanged", "640000"],
    ]);
    expect(outcome.told[0]?.body).toMatchObject({
      settlementId: `settled/${batchId}/${ZHONGNING}/1`,
      amountFen: 500n,
      settledOn: "2011-11-25",
      payables: [{ payableId: "claim/H1/decision/1", claimId: "C-claim/H1/decision/1", amountFen: 500n, orderId: "P20111125000001-0001" }],
    });
  });

  test("ends the batch when every order has its outcome", () => {
    const world = newWorld();
    const { batchId } = sentBatch(world, ["H1", "H2"]);
    hear(world, report(batchId, statuses(world, batchId, ["ACSC", "PDNG"])));
    const last = hear(world, report(batchId, statuses(world, batchId, ["ACSC", "RJCT"], "AC04")));
    expect(batchIn(world, batchId)).toMatchObject({ state: "DONE", open: 0, revision: 5 });
    expect(last.told.map(({ name }) => name)).toEqual(["BatchChanged"]);
  });

  test("is heard once, however often it comes", () => {
    const world = newWorld();
    const { batchId } = sentBatch(world, ["H1", "H2"]);
    const news = report(batchId, statuses(world, batchId, ["ACSC", "RJCT"], "AC01"));
    hear(world, news);
    const before = [batchIn(world, batchId), ...ordersIn(world, batchId)];
    expect(hear(world, news).told).toEqual([]);
    expect([batchIn(world, batchId), ...ordersIn(world, batchId)]).toEqual(before);
  });

  test("tells one event for each county, and none of more than 500 payables", () => {
    const world = newWorld();
    for (const payee of ["H1", "H2"]) putPayee(world, payee);
    const ids = Array.from({ length: 603 }, (_, n) => `a${n}`);
    for (const [n, payableId] of ids.entries())
      putDue(world, { payableId, payeeId: n < 600 ? `H${(n % 2) + 1}` : "H1", amountFen: 10n, county: n < 600 ? ZHONGNING : JINGYUAN });
    const [batch] = done(world.run(cut, { countyBanks: {}, payableIds: ids, schedule: "IMMEDIATE", maker: "rule", serial: 0 })).batches;
    const batchId = batch?.batchId ?? "";
    approved(world, batchId);
    done(world.run(attempt, { batchId, attempt: 1 }));
    const outcome = hear(world, report(batchId, [], { status: "ACSC", reason: "" }));
    const told = outcome.told.filter(({ name }) => name === "PaymentsSettled").map(({ body }) => body);
    expect(told.map((body) => [body.county, body.payables.length, body.amountFen, body.settlementId])).toEqual([
      [ZHONGNING, 500, 5000n, `settled/${batchId}/${ZHONGNING}/1`],
      [ZHONGNING, 100, 1000n, `settled/${batchId}/${ZHONGNING}/2`],
      [JINGYUAN, 3, 30n, `settled/${batchId}/${JINGYUAN}/3`],
    ]);
    expect(new Set(told.flatMap((body) => body.payables.map((payable: { payableId: string }) => payable.payableId))).size).toBe(603);
  });

  test("for the whole file rejects every order, except where the reason is only that the file came before", () => {
    const world = newWorld();
    const first = sentBatch(world, ["H1"]).batchId;
    hear(world, report(first, [], { status: "RJCT", reason: "AM05" }));
    expect([batchIn(world, first).state, ordersIn(world, first)[0]?.state]).toEqual(["UNKNOWN", "OPEN"]);
    hear(world, report(first, [], { status: "RJCT", reason: "AM04" }));
    expect([batchIn(world, first).state, ordersIn(world, first)[0]?.state]).toEqual(["DONE", "REJECTED"]);
  });

  test("is not believed of an order of another batch, or of one that is not there", () => {
    const world = newWorld();
    const { batchId } = sentBatch(world, ["H1"]);
    putPayee(world, "H2");
    putDue(world, { payableId: "b", payeeId: "H2" });
    const other = cutAll(world, ["b"])[0]?.batchId ?? "";
    approved(world, other);
    done(world.run(attempt, { batchId: other, attempt: 1 }));
    const [foreign] = statuses(world, other, ["ACSC"]);
    const unknown = { endToEndId: "P20111125000009-000101", status: "ACSC", reason: "", on: "" };
    const outcome = hear(world, report(batchId, foreign ? [foreign, unknown] : []));
    expect(done(outcome).unapplied.map(({ why }) => why)).toEqual(["UNKNOWN", "UNKNOWN"]);
    expect(ordersIn(world, other)[0]?.state).toBe("OPEN");
    expect(batchIn(world, batchId).state).toBe("ACCEPTED");
  });

  test("is not believed of an order that was never sent, nor of an attempt number that the order does not have", () => {
    const world = newWorld();
    putPayee(world, "H1");
    putDue(world, { payableId: "a", payeeId: "H1" });
    const batchId = cutAll(world, ["a"])[0]?.batchId ?? "";
    const [early] = statuses(world, batchId, ["ACSC"]);
    if (!early) throw new Error("no order");
    expect(done(hear(world, report(batchId, [early]))).unapplied).toEqual([{ endToEndId: early.endToEndId, why: "NEVER_SENT" }]);
    approved(world, batchId);
    done(world.run(attempt, { batchId, attempt: 1 }));
    const wrong = { ...early, endToEndId: `${early.endToEndId.slice(0, -2)}02` };
    expect(done(hear(world, report(batchId, [wrong]))).unapplied).toEqual([{ endToEndId: wrong.endToEndId, why: "UNKNOWN" }]);
    expect(orderIn(world, wrong.endToEndId.slice(0, -2)).state).toBe("OPEN");
  });
});

test.each([
  ["ACSC", "", "SETTLED"],
  ["ACCC", "", "SETTLED"],
  ["RJCT", "AC01", "REJECTED"],
  ["RJCT", "AM05", "PENDING"],
  ["RJCT", "DU04", "PENDING"],
  ["ACTC", "", "PENDING"],
  ["ACCP", "", "PENDING"],
  ["PDNG", "", "PENDING"],
  ["XXXX", "", "PENDING"],
])("%s %s says %s", (status, reason, says) => {
  expect(saysOf(status, reason)).toBe(says);
});

describe("an attempt", () => {
  test("is allowed once under its number, and under the epoch that it is committed under", () => {
    const world = newWorld();
    putPayee(world, "H1");
    putDue(world, { payableId: "a", payeeId: "H1" });
    const batchId = cutAll(world, ["a"])[0]?.batchId ?? "";
    expect(done(world.run(attempt, { batchId, attempt: 1 })).send).toBe(false);
    approved(world, batchId);
    expect(done(world.run(attempt, { batchId, attempt: 2 })).send).toBe(false);
    expect(done(world.run(attempt, { batchId, attempt: 1 }, { epoch: 7 }))).toEqual({ send: true, epoch: 7 });
    expect(batchIn(world, batchId)).toMatchObject({ state: "SENDING", attempts: 1, attemptEpoch: 7 });
    expect(done(world.run(attempt, { batchId, attempt: 1 })).send).toBe(false);
    expect(done(world.run(silence, { batchId, attempt: 1 })).unknown).toBe(true);
    expect(batchIn(world, batchId).state).toBe("UNKNOWN");
    expect(done(world.run(attempt, { batchId, attempt: 2 }, { epoch: 8 }))).toEqual({ send: true, epoch: 8 });
  });

  test("is not allowed, and its silence has no effect, once the bank has answered", () => {
    const world = newWorld();
    const { batchId } = sentBatch(world, ["H1"]);
    hear(world, report(batchId, statuses(world, batchId, ["PDNG"])));
    expect(done(world.run(attempt, { batchId, attempt: 2 })).send).toBe(false);
    expect(done(world.run(silence, { batchId, attempt: 1 })).unknown).toBe(false);
    expect(batchIn(world, batchId).state).toBe("ACCEPTED");
  });
});
