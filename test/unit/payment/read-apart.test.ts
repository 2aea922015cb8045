/** A bank's long document is read in a process apart: whoever waits for the twin does not wait for it. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { statement as isoStatement } from "../../../deploy/sandbox/bank/iso20022.ts";
import { textStatement } from "../../../deploy/sandbox/bank/text.ts";
import { BadBankMessage, NotReadNow } from "../../../services/payment/bank/message.ts";
import { mustWait, READERS, readerOf } from "../../../services/payment/bank/read.ts";
import { HalfWritten } from "../../../services/payment/bank/text.ts";
import { DAY, DEBTOR } from "./scene.ts";

const ENTRIES = 2_000;
const LIMIT_MS = 60_000;
type Books = Parameters<typeof isoStatement>[1];

/** The books of a day with so many transfers, as far as a statement looks at them. */
function booksOf(count: number): Books {
  const bookings = Array.from({ length: count }, (_, index) => {
    const id = `B20111125000001-${String(index).padStart(6, "0")}`;
    const transaction = { paymentInformationId: "B1", instructionId: id, endToEndId: id, fen: 100n + BigInt(index), name: "中宁县医院" };
    return {
      atMs: Date.parse(`${DAY}T10:00:00+08:00`),
      day: DAY,
      direction: "DBIT",
      of: "B20111125000001",
      returnReason: "",
      transaction: { ...transaction, account: "62001", batchBooking: false },
    };
  });
  return { account: DEBTOR.accountNumber, openingFen: 1_000_000_000n, bookings } as unknown as Books;
}

/** The processes that this one has begun with this program. */
function readers(): number[] {
  const children = readFileSync(`/proc/${process.pid}/task/${process.pid}/children`, "utf8").trim().split(" ").filter(Boolean);
  return children.map(Number).filter((pid) => readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(join("bank", "apart", "main.ts")));
}

const long = Buffer.from(isoStatement(DAY, booksOf(ENTRIES)));
const read = readerOf("iso20022", DEBTOR.accountNumber);

describe("a long document", { timeout: LIMIT_MS }, () => {
  test("says what it would say read here, and its twin goes on meanwhile", async () => {
    let turns = 0;
    const going = setInterval(() => (turns += 1), 1);
    const found = await read(long);
    clearInterval(going);
    expect(found).toEqual(READERS.iso20022(long, DEBTOR.accountNumber));
    expect(found.kind === "camt.053" && found.content.entries).toHaveLength(ENTRIES);
    expect(turns).toBeGreaterThan(20);
  });

  test("that is no message of this account is refused with the reason", async () => {
    await expect(readerOf("iso20022", "6405000000000002")(long)).rejects.toThrow("another account");
    await expect(read(long.subarray(0, long.length / 2))).rejects.toThrow(BadBankMessage);
  });

  test("of which a half is there is known as a half", async () => {
    const text = Buffer.from(textStatement(DAY, booksOf(5 * ENTRIES)));
    const half = text.subarray(0, text.length - 10);
    await expect(readerOf("batch-file", DEBTOR.accountNumber)(half)).rejects.toThrow(HalfWritten);
  });

  test("whose reader is ended from outside is none that cannot be read: the next time it is", async () => {
    const reading = read(long);
    const outcome = expect(reading).rejects.toThrow(NotReadNow);
    await vi.waitFor(() => expect(readers()).toHaveLength(1), LIMIT_MS);
    for (const pid of readers()) process.kill(pid, "SIGKILL");
    await outcome;
    expect((await read(long)).kind).toBe("camt.053");
  });

  test("waits outside while several are being read, and a short one does not", async () => {
    expect(mustWait(long)).toBe(false);
    const reading = Array.from({ length: 4 }, () => read(long));
    expect(mustWait(long)).toBe(true);
    expect(mustWait(Buffer.from("<Document/>"))).toBe(false);
    await Promise.all(reading);
    expect(mustWait(long)).toBe(false);
  });
});
