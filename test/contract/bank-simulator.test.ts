/** The bank simulator keeps its word: each file and each EndToEndId once and for ever, whatever is repeated, misunderstood or hostile. */
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
} from "../unit/sandbox/bank.ts";

const AT = Date.parse("2011-11-25T10:00:00+08:00");
const OPENING_FEN = 5_000_000_000;

/** What our own product understands of the bank's words. */
const heard = (document: string) => readIso20022(Buffer.from(document, "utf8"), DEBTOR);
function report(document: string) {
  const message = heard(document);
  if (message.kind !== "pain.002") throw new Error(`${message.kind} is no status report`);
  return message.report;
}

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

describe("signatures", () => {
  test("are under every answer of the bank, and wanted under every order file", async () => {
    const file = payFile("SIG1", [{ endToEndId: "SIG1-1" }]);
    for (const signedBy of ["", "operator", "bank-signing"])
      expect(await bank.call("POST", "/pain.001", file, { signedBy }), signedBy).toMatchObject({ status: 403, signed: false });
    expect(await bank.call("GET", "/pain.001/SIG1/status")).toMatchObject({ status: 404 });
    expect(await bank.call("POST", "/pain.001", file)).toMatchObject({ status: 200, signed: true });
    expect(await bank.call("GET", "/pain.001/SIG1/status")).toMatchObject({ status: 200, signed: true });
    expect(await bank.call("GET", "/camt.053?day=2011-11-25")).toMatchObject({ status: 200, signed: true });
  });
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
