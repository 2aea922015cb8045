/** The bank simulator keeps its word: each file and each EndToEndId once and for ever, whatever is told, killed, repeated or misunderstood. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readBankMessage } from "../../services/payment/iso20022.ts";
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
const heard = (document: string) => readBankMessage(Buffer.from(document, "utf8"), DEBTOR);
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

describe("paying", () => {
  test("settles a file, gives the same answer to the same bytes, and pays once", async () => {
    const file = payFile("P1", [{ endToEndId: "P1-1" }, { endToEndId: "P1-2", fen: 40_651_000 }]);
    const first = await bank.call("POST", "/pain.001", file);
    expect(first.status).toBe(200);
    expect(report(first.body)).toMatchObject({ originalMessageId: "P1", groupStatus: "ACSC" });
    expect(report(first.body).transactions).toEqual([
      { endToEndId: "P1-1", status: "ACSC", reason: "", on: "2011-11-25", amountFen: 35_520n },
      { endToEndId: "P1-2", status: "ACSC", reason: "", on: "2011-11-25", amountFen: 40_651_000n },
    ]);
    expect(await bank.call("POST", "/pain.001", file)).toEqual(first);
    expect(await bank.call("GET", "/pain.001/P1/status")).toEqual(first);
    expect((await bank.books()).transactions.filter((one) => one.msgId === "P1").map((one) => one.fen)).toEqual([35_520, 40_651_000]);
  });

  test("answers ten repeats at once alike and pays once", async () => {
    const file = payFile("P2", [{ endToEndId: "P2-1" }]);
    const answers = await Promise.all(Array.from({ length: 10 }, () => bank.call("POST", "/pain.001", file)));
    expect(new Set(answers.map((one) => one.body)).size).toBe(1);
    expect((await bank.books()).transactions.filter((one) => one.endToEndId === "P2-1")).toHaveLength(1);
  });

  test("refuses other content under a known MsgId with AM05 and keeps to the first", async () => {
    const first = await bank.call("POST", "/pain.001", payFile("P3", [{ endToEndId: "P3-1" }]));
    const other = await bank.call("POST", "/pain.001", payFile("P3", [{ endToEndId: "P3-2", fen: 1 }]));
    expect(report(other.body)).toMatchObject({ originalMessageId: "P3", groupStatus: "RJCT", groupReason: "AM05", transactions: [] });
    expect((await bank.call("GET", "/pain.001/P3/status")).body).toBe(first.body);
    expect((await bank.books()).transactions.some((one) => one.endToEndId === "P3-2")).toBe(false);
  });

  test("pays an EndToEndId once, in one file and across files", async () => {
    const twice = await bank.call(
      "POST",
      "/pain.001",
      payFile("P4", [{ endToEndId: "P4-1" }, { endToEndId: "P4-1" }, { endToEndId: "P4-2" }]),
    );
    expect(report(twice.body).groupStatus).toBe("PART");
    expect(report(twice.body).transactions.map((one) => [one.status, one.reason])).toEqual([
      ["ACSC", ""],
      ["RJCT", "AM05"],
      ["ACSC", ""],
    ]);
    const again = await bank.call("POST", "/pain.001", payFile("P5", [{ endToEndId: "P4-1" }]));
    expect(report(again.body)).toMatchObject({ groupStatus: "RJCT", transactions: [{ status: "RJCT", reason: "AM05" }] });
    expect((await bank.books()).transactions.filter((one) => one.endToEndId === "P4-1")).toHaveLength(1);
  });

  test("does not know a MsgId that it never saw", async () => {
    expect((await bank.call("GET", "/pain.001/NEVER/status")).status).toBe(404);
  });
});

describe("silence", () => {
  test("a file that was executed and not answered is found by enquiry, and its repeat pays nothing", async () => {
    await bank.control({ timeoutAfterExecuting: 1 });
    const file = payFile("S1", [{ endToEndId: "S1-1" }]);
    await expect(bank.call("POST", "/pain.001", file, { signal: AbortSignal.timeout(400) })).rejects.toThrow();
    const enquiry = await bank.call("GET", "/pain.001/S1/status");
    expect(report(enquiry.body)).toMatchObject({ groupStatus: "ACSC" });
    expect(await bank.call("POST", "/pain.001", file)).toEqual(enquiry);
    expect((await bank.books()).transactions.filter((one) => one.endToEndId === "S1-1")).toHaveLength(1);
  });

  test("a bank that is down says nothing, executes nothing, and can be told to come back", async () => {
    await bank.control({ down: true });
    await expect(bank.call("POST", "/pain.001", payFile("S2", [{ endToEndId: "S2-1" }]))).rejects.toThrow();
    await bank.control({ down: false });
    expect((await bank.call("GET", "/pain.001/S2/status")).status).toBe(404);
  });
});

describe("refusals", () => {
  test("magic endings, told accounts, formats, bank codes and an empty account each have their reason", async () => {
    await bank.control({ rejectAccounts: { "2987330000000099": "AC06" } });
    const answer = await bank.call(
      "POST",
      "/pain.001",
      payFile("R1", [
        { endToEndId: "R1-1", account: "2987330000009901" },
        { endToEndId: "R1-2", account: "2987330000009904" },
        { endToEndId: "R1-3", account: "2987330000000099" },
        { endToEndId: "R1-4", account: "12-34" },
        { endToEndId: "R1-5", bankCode: "12345" },
        { endToEndId: "R1-6", fen: OPENING_FEN },
        { endToEndId: "R1-7" },
      ]),
    );
    await bank.control({ rejectAccounts: [] });
    expect(report(answer.body).groupStatus).toBe("PART");
    expect(report(answer.body).transactions.map((one) => one.reason)).toEqual(["AC01", "AC04", "AC06", "AC01", "RC01", "AM04", ""]);
  });

  test("a file on another account, with a wrong count or a wrong sum is refused as a whole, for ever", async () => {
    const good = (id: string) => payFile(id, [{ endToEndId: `${id}-1` }]);
    const cases = [
      ["W1", payFile("W1", [{ endToEndId: "W1-1" }], { debtor: "6405000000000002" }), "AC02"],
      ["W2", good("W2").replace("<NbOfTxs>1<", "<NbOfTxs>2<"), "AM18"],
      ["W3", good("W3").replace("<CtrlSum>355.20<", "<CtrlSum>355.21<"), "AM10"],
      ["W4", good("W4").replace('Ccy="CNY"', 'Ccy="USD"'), "AM03"],
      ["W5", good("W5").replaceAll("355.20", "0.00"), "AM12"],
      ["W6", good("W6").replace("<Dt>2011-11-25<", "<Dt>2011-02-30<"), "DT01"],
      ["W7", good("W7").replace(/<EndToEndId>[^<]*<\/EndToEndId>/, ""), "FF01"],
    ] as const;
    for (const [id, file, reason] of cases) {
      const answer = await bank.call("POST", "/pain.001", file);
      expect(report(answer.body), id).toMatchObject({ originalMessageId: id, groupStatus: "RJCT", groupReason: reason });
      expect(await bank.call("POST", "/pain.001", file)).toEqual(answer);
      expect(report((await bank.call("POST", "/pain.001", good(id))).body).groupReason).toBe("AM05");
    }
  });

  test("what is no payment file gets 400 with the reason, what is too large 413, and the bank lives on", async () => {
    const file = payFile("H1", [{ endToEndId: "H1-1" }]);
    const hostile: [string | Buffer, number, RegExp][] = [
      ["", 400, /no root/],
      ["hello", 400, /outside the root/],
      [file.slice(0, 300), 400, /not closed|malformed/],
      [file.replace("pain.001.001.09", "pain.001.001.03"), 400, /not Document of/],
      [file.replace(' xmlns="urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"', ""), 400, /no namespace/],
      [file.replace("\n<Document", '\n<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]><Document'), 400, /not accepted/],
      [file.replace("集中支付中心", "&x;"), 400, /entity &x;/],
      [file.replace("<MsgId>H1</MsgId>", ""), 400, /MsgId is missing/],
      [`${"<a>".repeat(100)}${"</a>".repeat(100)}`, 400, /deeper than/],
      [Buffer.from([0xff, 0xfe, 0x00, 0x3c]), 400, /not UTF-8/],
      [Buffer.alloc(50_000_000, 0x20), 413, /at most/],
    ];
    for (const [body, status, why] of hostile) {
      const answer = await bank.call("POST", "/pain.001", body);
      expect(answer.status).toBe(status);
      expect((JSON.parse(answer.body) as { error: string }).error).toMatch(why);
    }
    expect(report((await bank.call("POST", "/pain.001", file)).body).groupStatus).toBe("ACSC");
  });

  test("a caller without a certificate, or without the right one, pays nothing", async () => {
    const file = payFile("H2", [{ endToEndId: "H2-1" }]);
    expect((await bank.call("POST", "/pain.001", file, { as: "" })).status).toBe(403);
    expect((await bank.call("POST", "/pain.001", file, { as: "hospital-H640521001" })).status).toBe(403);
    expect((await bank.call("GET", "/pain.001/H2/status")).status).toBe(404);
    expect((await bank.call("GET", "/health", undefined, { as: "" })).status).toBe(200);
  });

  test("a wrong control is refused whole and names the field", async () => {
    const answer = await bank.call("POST", "/control", JSON.stringify({ down: true, delayMs: -1 }));
    expect(answer.status).toBe(400);
    expect(answer.body).toContain("delayMs");
    expect((await bank.call("GET", "/camt.053?day=tomorrow")).status).toBe(400);
    expect((await bank.call("GET", "/camt.053?day=2011-11-26")).status).toBe(404);
  });
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
