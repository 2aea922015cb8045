/** What the bank simulator does after its answer: callbacks, deferred settlements, returns, statements, and all of it across restarts. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readIso20022 } from "../../services/payment/bank/iso20022.ts";
import {
  type BankProcess,
  DEBTOR,
  type Gateway,
  newRun,
  payFile,
  type RunDirectory,
  startBank,
  startGateway,
  until,
} from "../unit/sandbox/bank.ts";

const AT = Date.parse("2011-11-25T10:00:00+08:00");
const DAY_MS = 86_400_000;
const OPENING_FEN = 5_000_000_000;

/** What our own product understands of the bank's words. */
const heard = (document: string) => readIso20022(Buffer.from(document, "utf8"), DEBTOR);
function report(document: string) {
  const message = heard(document);
  if (message.kind !== "pain.002") throw new Error(`${message.kind} is no status report`);
  return message.report;
}
function statementIn(document: string) {
  const message = heard(document);
  if (message.kind !== "camt.053") throw new Error(`${message.kind} is no statement`);
  return message.content;
}
const total = (rows: readonly { fen: number }[]) => rows.reduce((sum, row) => sum + row.fen, 0);

let run: RunDirectory;
let bank: BankProcess;
let gateway: Gateway;

beforeAll(async () => {
  run = await newRun();
  gateway = await startGateway(run, "b");
  bank = await startBank(run, { atMs: AT, behaviour: { openingFen: OPENING_FEN } });
});

afterAll(async () => {
  await bank.end("SIGTERM");
  await gateway.close();
  run.remove();
});

describe("what comes later", () => {
  const told = async (mark: string) => {
    expect(await until(() => gateway.documents.some((document) => document.includes(mark))), `${mark} was told`).toBe(true);
    return heard(gateway.documents.find((document) => document.includes(mark)) ?? "");
  };

  test("money comes back by camt.054, to whichever gateway takes it, once one does", async () => {
    gateway.status = 503;
    await bank.control({ returnAccounts: { "2987330000000055": { reason: "AC06", afterMs: 50 } } });
    const before = (await bank.books()).balanceFen;
    await bank.call("POST", "/pain.001", payFile("B1", [{ endToEndId: "B1-1", account: "2987330000000055" }]));
    await bank.call("POST", "/pain.001", payFile("B2", [{ endToEndId: "B2-1", account: "2987330000009977", fen: 700 }]));
    expect(await until(async () => (await bank.books()).returns.length >= 2)).toBe(true);
    gateway.status = 200;
    expect(await told("B1-1")).toMatchObject({
      kind: "camt.054",
      evidence: [{ endToEndId: "B1-1", says: "RETURNED", reason: "AC06", amountFen: 35_520n }],
    });
    expect(await told("B2-1")).toMatchObject({
      kind: "camt.054",
      evidence: [{ endToEndId: "B2-1", says: "RETURNED", reason: "AC04", amountFen: 700n }],
    });
    expect((await bank.books()).balanceFen).toBe(before);
    const summary = async () => JSON.parse((await bank.call("GET", "/books/summary")).body) as { undelivered: number };
    expect(await until(async () => (await summary()).undelivered === 0)).toBe(true);
    expect(gateway.documents.filter((document) => document.includes("B1-1"))).toHaveLength(1);
  });

  test("a deferred file is pending at once, settled by camt.054, and its enquiry then says so", async () => {
    await bank.control({ mode: "deferred", delayMs: 300 });
    const answer = await bank.call(
      "POST",
      "/pain.001",
      payFile("D1", [{ endToEndId: "D1-1" }, { endToEndId: "D1-2", account: "2987330000009904" }, { endToEndId: "D1-3" }]),
    );
    await bank.control({ mode: "normal", delayMs: 0 });
    expect(report(answer.body).groupStatus).toBe("PART");
    expect(report(answer.body).transactions.map((one) => one.status)).toEqual(["PDNG", "RJCT", "PDNG"]);
    expect(await told("D1-1")).toMatchObject({
      kind: "camt.054",
      evidence: [
        { endToEndId: "D1-1", says: "SETTLED" },
        { endToEndId: "D1-3", says: "SETTLED" },
      ],
    });
    const later = report((await bank.call("GET", "/pain.001/D1/status")).body);
    expect(later.transactions.map((one) => one.status)).toEqual(["ACSC", "RJCT", "ACSC"]);
  });

  test("the bank answers twice when told to: the second time by callback, under the same MsgId", async () => {
    await bank.control({ answerTwice: 1 });
    const answer = await bank.call("POST", "/pain.001", payFile("T1", [{ endToEndId: "T1-1" }]));
    await told("T1-1");
    expect(gateway.documents.filter((document) => document.includes("T1-1"))).toEqual([answer.body]);
  });

  test("a slow bank answers late", async () => {
    await bank.control({ delayMs: 400 });
    const from = performance.now();
    const answer = await bank.call("POST", "/pain.001", payFile("L1", [{ endToEndId: "L1-1" }]));
    await bank.control({ delayMs: 0 });
    expect(report(answer.body).groupStatus).toBe("ACSC");
    expect(performance.now() - from).toBeGreaterThan(350);
  });
});

describe("the statement", () => {
  test("adds up, and lists every booking once, batch bookings by their transactions", async () => {
    await bank.call("POST", "/pain.001", payFile("K1", [{ endToEndId: "K1-1" }, { endToEndId: "K1-2" }], { batchBooking: true }));
    const content = statementIn((await bank.call("GET", "/camt.053?day=2011-11-25")).body);
    const books = await bank.books();
    expect(content.entries.length).toBeGreaterThan(5);
    const fen = (direction: string) =>
      content.entries.filter((entry) => entry.direction === direction).reduce((sum, entry) => sum + entry.amountFen, 0n);
    expect(content.openingFen).toBe(BigInt(OPENING_FEN));
    expect(content.openingFen + fen("CREDIT") - fen("DEBIT")).toBe(content.closingFen);
    expect(content.closingFen).toBe(BigInt(books.balanceFen));
    expect(fen("DEBIT")).toBe(BigInt(total(books.transactions)));
    expect(fen("CREDIT")).toBe(BigInt(total(books.returns)));
    expect(
      content.entries
        .filter((entry) => entry.direction === "DEBIT")
        .map((entry) => entry.endToEndId)
        .sort(),
    ).toEqual(books.transactions.map((one) => one.endToEndId).sort());
    expect(
      content.entries
        .filter((entry) => entry.returned)
        .map((entry) => entry.endToEndId)
        .sort(),
    ).toEqual(books.returns.map((one) => one.endToEndId).sort());
    const answer = (await bank.call("GET", "/camt.053?day=2011-11-25")).body;
    expect(/<Btch><MsgId>K1<.*?<NbOfTxs>2</.test(answer)).toBe(true);
  });
});

describe("restarts", () => {
  test("the books survive SIGKILL under load: whatever was answered is there, and is answered alike", async () => {
    const answered = new Map<string, string>();
    let number = 0;
    const payer = async () => {
      for (;;) {
        number += 1;
        const id = `X${number}`;
        const reply = await bank.call("POST", "/pain.001", payFile(id, [{ endToEndId: `${id}-1`, fen: 100 }])).catch(() => undefined);
        if (!reply) return;
        answered.set(id, reply.body);
      }
    };
    const payers = Promise.all([payer(), payer(), payer(), payer()]);
    expect(await until(() => answered.size >= 60)).toBe(true);
    await bank.end("SIGKILL");
    await payers;
    bank = await startBank(run, { atMs: AT });
    for (const [id, body] of answered) expect((await bank.call("GET", `/pain.001/${id}/status`)).body).toBe(body);
    const { transactions, openingFen, balanceFen, returns } = await bank.books();
    expect(new Set(transactions.map((one) => one.endToEndId)).size).toBe(transactions.length);
    expect(openingFen - total(transactions) + total(returns)).toBe(balanceFen);
  });

  test("what no gateway took before the end is told after the next start, and what waits is not forgotten", async () => {
    gateway.status = 503;
    await bank.control({
      returnAccounts: { "2987330000000066": { reason: "AC04", afterMs: 1_500 }, "2987330000000067": { reason: "AC04", afterMs: 0 } },
    });
    await bank.call(
      "POST",
      "/pain.001",
      payFile("Y1", [
        { endToEndId: "Y1-1", account: "2987330000000066" },
        { endToEndId: "Y1-2", account: "2987330000000067" },
      ]),
    );
    expect(await until(async () => (await bank.books()).returns.some((one) => one.endToEndId === "Y1-2"))).toBe(true);
    await bank.end("SIGTERM");
    gateway.status = 200;
    bank = await startBank(run, { atMs: AT + 60_000 });
    for (const id of ["Y1-1", "Y1-2"])
      expect(await until(() => gateway.documents.some((document) => document.includes(id))), id).toBe(true);
  });

  test("the next day opens with what the last one closed with", async () => {
    const closed = statementIn((await bank.call("GET", "/camt.053?day=2011-11-25")).body);
    await bank.end("SIGTERM");
    bank = await startBank(run, { atMs: AT + DAY_MS });
    await bank.call("POST", "/pain.001", payFile("Z1", [{ endToEndId: "Z1-1", fen: 900 }]));
    const next = statementIn((await bank.call("GET", "/camt.053?day=2011-11-26")).body);
    expect(next.openingFen).toBe(closed.closingFen);
    expect(next.closingFen).toBe(closed.closingFen - 900n);
    expect(next.entries.map((entry) => entry.endToEndId)).toEqual(["Z1-1"]);
  });

  test("a second bank keeps its hands off the books", async () => {
    await expect(startBank(run, { atMs: AT + DAY_MS })).rejects.toThrow(/EADDRINUSE/);
  });

  test("ends within two seconds of SIGTERM though a client hangs on the line", async () => {
    await bank.control({ timeoutAfterExecuting: 1 });
    const hanging = bank.call("POST", "/pain.001", payFile("Q1", [{ endToEndId: "Q1-1" }])).catch(() => "cut");
    expect(await until(async () => (await bank.call("GET", "/pain.001/Q1/status")).status === 200)).toBe(true);
    const { code, tookMs } = await bank.end("SIGTERM");
    expect(await hanging).toBe("cut");
    expect(code).toBe(0);
    expect(tookMs).toBeLessThan(2_000);
    bank = await startBank(run, { atMs: AT + DAY_MS });
  });
});
