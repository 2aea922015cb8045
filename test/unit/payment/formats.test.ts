/** Each form, written by one side and read by the other: our files by the sandbox's bank, its messages by us. The two share no code. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readBehaviour } from "../../../deploy/sandbox/bank/behaviour.ts";
import { Books } from "../../../deploy/sandbox/bank/books.ts";
import { decideCase } from "../../../deploy/sandbox/bank/cancel.ts";
import { DIALECTS } from "../../../deploy/sandbox/bank/dialect.ts";
import { execute } from "../../../deploy/sandbox/bank/execute.ts";
import { bookingOf } from "../../../deploy/sandbox/bank/records.ts";
import { BadBankMessage, MAX_ENTRIES } from "../../../services/payment/bank/message.ts";
import { READERS } from "../../../services/payment/bank/read.ts";
import { HalfWritten, readText } from "../../../services/payment/bank/text.ts";
import { sealed } from "../../../services/payment/domain/batch-text.ts";
import { caseIdOf } from "../../../services/payment/domain/cancel.ts";
import type { Order } from "../../../services/payment/domain/documents.ts";
import { cancellationOf, FORMATS, fileOf } from "../../../services/payment/domain/file.ts";
import { DAY, DEBTOR, ZHONGNING } from "./scene.ts";

const AT_MS = Date.UTC(2011, 10, 25, 2);
const BATCH = "B20111125000001";
const bytes = (text: string) => Buffer.from(text, "utf8");

function orderOf(number: number, name: string, amountFen: bigint, accountNumber = `62${String(number).padStart(10, "0")}`): Order {
  const orderId = `P20111125000001-${String(number).padStart(4, "0")}`;
  const account = { bankCode: "103871000027", accountNumber, accountName: name };
  const rest = {
    payeeId: "H",
    attempt: 1,
    state: "OPEN",
    reason: "",
    payables: [],
    replaces: "",
    replacedBy: "",
    settledOn: "",
    returnedOn: "",
  } as const;
  return { county: ZHONGNING, orderId, batchId: BATCH, account, amountFen, endToEndId: `${orderId}01`, contradiction: "", ...rest };
}

/** Books that nobody reads again. */
function newBooks(): Promise<Books> {
  const paper = {
    readFile: async () => Buffer.alloc(0),
    truncate: async () => undefined,
    write: async (written: Buffer, from: number) => ({ bytesWritten: written.length - from }),
    datasync: async () => undefined,
    close: async () => undefined,
  };
  return Books.on(paper, "books", () => AT_MS, { account: DEBTOR.accountNumber, fen: 1_000_000_00n });
}

const file = (format: (typeof FORMATS)[number], orders: readonly Order[]) =>
  bytes(fileOf(format, { batchId: BATCH, debtor: DEBTOR, orders, createdAtMs: AT_MS, day: DAY }));

describe.each(FORMATS)("a file in %s", (format) => {
  const dialect = DIALECTS[format];
  const read = (document: Uint8Array) => READERS[format](document, DEBTOR.accountNumber);

  test("says the same to the bank, whatever the names are", () => {
    const names = fc
      .string({ unit: "grapheme", minLength: 1, maxLength: 40 })
      .filter((name) => name.trim() !== "" && !/\p{Cc}/u.test(name));
    const amounts = fc.bigInt({ min: 1n, max: 1_000_000_000n });
    fc.assert(
      fc.property(fc.array(fc.tuple(names, amounts), { minLength: 1, maxLength: 8 }), (rows) => {
        const orders = rows.map(([name, fen], index) => orderOf(index + 1, name, fen));
        const reading = dialect.read(file(format, orders));
        if (reading.kind !== "file") throw new Error(reading.why);
        expect(reading.file.messageId).toBe(BATCH);
        expect(reading.file.debtorAccounts).toEqual([DEBTOR.accountNumber]);
        expect(reading.file.orders.map(({ endToEndId, fen, account }) => [endToEndId, fen, account])).toEqual(
          orders.map(({ endToEndId, amountFen, account }) => [endToEndId, amountFen, account.accountNumber]),
        );
      }),
      { numRuns: 60 },
    );
  });

  test("comes back as a status, a notice of a return, and a statement that we read alike", async () => {
    const books = await newBooks();
    const { behaviour } = readBehaviour("");
    const orders = [orderOf(1, "中宁县|医院", 1_234n), orderOf(2, "乡 & <卫生院>", 5_600n, "6200009901"), orderOf(3, "村", 70n)];
    const execution = execute(file(format, orders), books, behaviour, dialect.read);
    if (execution.kind !== "file") throw new Error(execution.kind);
    await books.append(execution.file);
    const status = read(bytes(dialect.status(execution.file, books)));
    expect(status).toMatchObject({ kind: "pain.002", report: { originalMessageId: BATCH, groupStatus: "PART", groupReason: "" } });
    expect(status.kind === "pain.002" && status.report.transactions).toEqual([
      { endToEndId: orders[0]?.endToEndId, status: "ACSC", reason: "", on: DAY, amountFen: 1_234n },
      { endToEndId: orders[1]?.endToEndId, status: "RJCT", reason: "AC01", on: "", amountFen: 5_600n },
      { endToEndId: orders[2]?.endToEndId, status: "ACSC", reason: "", on: DAY, amountFen: 70n },
    ]);

    const [first] = execution.file.transactions;
    if (!first) throw new Error("no transaction");
    await books.append({ kind: "returned", atMs: AT_MS, messageId: "R1", endToEndId: first.endToEndId, reason: "AC04" });
    const notice = read(bytes(dialect.notice("R1", AT_MS, [bookingOf("CRDT", first, BATCH, AT_MS, "AC04")], books)));
    expect(notice).toMatchObject({
      kind: "camt.054",
      messageId: "R1",
      evidence: [{ endToEndId: first.endToEndId, says: "RETURNED", reason: "AC04", on: DAY, amountFen: 1_234n }],
    });

    const statement = read(bytes(dialect.statement(DAY, books)));
    expect(statement).toMatchObject({ kind: "camt.053", content: { day: DAY, openingFen: 100_000_000n, closingFen: 99_999_930n } });
    expect(statement.kind === "camt.053" && statement.content.entries).toMatchObject([
      { endToEndId: orders[0]?.endToEndId, direction: "DEBIT", amountFen: 1_234n, returned: false, reason: "" },
      { endToEndId: orders[2]?.endToEndId, direction: "DEBIT", amountFen: 70n, returned: false, reason: "" },
      { endToEndId: orders[0]?.endToEndId, direction: "CREDIT", amountFen: 1_234n, returned: true, reason: "AC04" },
    ]);
  });

  test("of a cancellation, and the bank's answers: what is pending is cancelled, what is paid is not", async () => {
    const books = await newBooks();
    const { behaviour } = readBehaviour("");
    behaviour.mode = "deferred";
    const orders = [orderOf(1, "甲", 1_234n), orderOf(2, "乙", 5_600n)];
    const execution = execute(file(format, orders), books, behaviour, dialect.read);
    if (execution.kind !== "file") throw new Error(execution.kind);
    await books.append(execution.file);
    const wish = async (order: Order) => {
      const parts = { caseId: caseIdOf(order), order, debtor: DEBTOR, reason: "账号|有误", createdAtMs: AT_MS };
      const reading = dialect.readWish(bytes(cancellationOf(format, parts)));
      if (reading.kind !== "wish") throw new Error(reading.why);
      const { found, fresh } = decideCase(reading.wish, books);
      if (fresh) await books.append(found);
      return read(bytes(dialect.resolution(found, books)));
    };
    const [first, second] = orders;
    if (!first || !second) throw new Error("two orders");
    const granted = {
      kind: "camt.029",
      resolution: { caseId: caseIdOf(first), endToEndId: first.endToEndId, says: "GRANTED", reason: "" },
    };
    expect(await wish(first)).toMatchObject(granted);
    expect(await wish(first)).toMatchObject(granted);
    await books.append({ kind: "settled", atMs: AT_MS, messageId: "S1", of: BATCH });
    expect(books.balanceFen).toBe(100_000_000n - 5_600n);
    expect(await wish(second)).toMatchObject({ resolution: { says: "REFUSED", reason: "CUST" } });
    expect(await wish(orderOf(3, "丙", 1n))).toMatchObject({ resolution: { says: "REFUSED", reason: "NOOR" } });
    const status = read(bytes(dialect.status(execution.file, books)));
    expect(status.kind === "pain.002" && status.report.transactions.map(({ status, reason }) => [status, reason])).toEqual([
      ["RJCT", "CUST"],
      ["ACSC", ""],
    ]);
  });

  test("of another account is refused, and nothing but a message is ever read out of bent bytes", async () => {
    const books = await newBooks();
    const whole = bytes(dialect.statement(DAY, books));
    expect(() => READERS[format](whole, "6405000000000002")).toThrow("another account");
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.nat(255), fc.nat(3), (at, byte, how) => {
        const bent = how === 0 ? whole.subarray(0, at) : Buffer.from(whole);
        if (how > 0) bent[at] = byte;
        try {
          expect(["camt.053", "camt.054", "pain.002"]).toContain(read(bent).kind);
        } catch (error) {
          expect(error).toBeInstanceOf(BadBankMessage);
        }
      }),
      { numRuns: 200 },
    );
  });
});

describe("a front-end's text file", () => {
  const head = `NRCMS-NOTICE|1|N1|${DEBTOR.accountNumber}`;
  const row = `1|${DAY}|D|12.34|E1||`;
  const readLines = (...lines: string[]) => readText(bytes(sealed(lines)), DEBTOR.accountNumber);

  test("may end its lines as Windows does", () => {
    // The seal is over LF: a front-end that turns line ends over in transit changes nothing of it.
    const text = sealed([head, row]).replaceAll("\n", "\r\n");
    expect(readText(bytes(text), DEBTOR.accountNumber)).toMatchObject({
      kind: "camt.054",
      evidence: [{ endToEndId: "E1", amountFen: 1_234n }],
    });
  });

  test("that has stopped anywhere is half written; one that was changed says where", () => {
    const whole = sealed([head, row]);
    for (let at = 0; at < whole.length; at += 7)
      expect(() => readText(bytes(whole.slice(0, at)), DEBTOR.accountNumber)).toThrow(HalfWritten);
    expect(() => readText(bytes(whole.replace("12.34", "92.34")), DEBTOR.accountNumber)).toThrow("digest");
    expect(() => readText(bytes(whole.replace("END|1", "END|2")), DEBTOR.accountNumber)).toThrow("END says 2 rows, there are 1");
  });

  test.each([
    [[head, row.replace("|D|", "|X|")], "line 2: field 3: X is neither D nor C"],
    [[head, row.replace("12.34", "12.345")], "line 2: field 4: 12.345 is no amount"],
    [[head, row.replace(DAY, "2011-02-30")], "line 2: field 2: 2011-02-30 is no day"],
    [[head, row.replace("1|", "2|")], "line 2: field 1: 2 is not 1"],
    [[head.replace("|1|", "|2|"), row], "line 1: version 2 is not 1"],
    [["NRCMS-PAY|1|N1|x"], "line 1: NRCMS-PAY is none of"],
    [[`NRCMS-RESULT|1|N1|${BATCH}|ACSC|`, "1|E1||||"], "line 2: field 3: the status is missing"],
  ])("%j is refused", (lines, why) => {
    expect(() => readLines(...lines)).toThrow(why);
  });

  test("holds no more than its limit", () => {
    const rows = Array.from({ length: MAX_ENTRIES + 1 }, (_, index) => row.replace(/^1/, String(index + 1)));
    expect(() => readLines(head, ...rows)).toThrow(`${MAX_ENTRIES + 1} entries are more than`);
  });
});

describe("a JSON message", () => {
  const read = (document: Uint8Array) => READERS.json(document, DEBTOR.accountNumber);
  const notice = {
    kind: "notice",
    messageId: "N1",
    account: DEBTOR.accountNumber,
    entries: [{ day: DAY, direction: "DEBIT", amount: "12.34" }],
  };

  test.each([
    ["no JSON", "{", "it is no JSON"],
    ["an unknown kind", JSON.stringify({ ...notice, kind: "news" }), "kind"],
    ["an unknown field", JSON.stringify({ ...notice, currency: "USD" }), "currency"],
    [
      "an amount as a number",
      JSON.stringify({ ...notice, entries: [{ day: DAY, direction: "DEBIT", amount: 12.34 }] }),
      "entries.0.amount",
    ],
    [
      "a day that is none",
      JSON.stringify({ ...notice, entries: [{ day: "2011-13-01", direction: "DEBIT", amount: "1.00" }] }),
      "entries.0.day",
    ],
    ["an id that is too long", JSON.stringify({ ...notice, messageId: "N".repeat(36) }), "messageId"],
  ])("with %s is refused, and says where", (_, text, why) => {
    expect(() => read(bytes(text))).toThrow(why);
    expect(() => read(bytes(text))).toThrow(BadBankMessage);
  });
});
