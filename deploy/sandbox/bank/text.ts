/** The text files of the bank's front-end machine (前置机): order files in, results, notices and statements out (services/payment/bank/formats.md). */
import { createHash } from "node:crypto";
import { isDay } from "../../../services/values/days.ts";
import { fenOf, MAX_FEN, sum, yuan } from "../../../services/values/money.ts";
import type { Books } from "./books.ts";
import type { WishReading } from "./cancel.ts";
import { signed } from "./json.ts";
import type { Order, Reading } from "./pain001.ts";
import type { Booking, CaseRecord, FileRecord } from "./records.ts";
import { AS_IT_IS, accountDay, type StatementManner, standingOf } from "./standing.ts";

const IDENTIFIER = /^[A-Za-z0-9/\-?:().,'+ ]{1,35}$/;
const HEAD_FIELDS = 9;
const ROW_FIELDS = 7;

/** Never throws for what is in the bytes. */
export function readTextFile(bytes: Uint8Array): Reading {
  const text = Buffer.from(bytes).toString("utf8");
  const end = text.lastIndexOf("END|");
  const body = text.slice(0, Math.max(end, 0));
  const [, count, seal] = /^END\|(\d+)\|([0-9a-f]{64})\n$/.exec(text.slice(Math.max(end, 0))) ?? [];
  const [head = [], ...rows] = body
    .split("\n")
    .slice(0, -1)
    .map((line) => line.split("|"));
  const [kind, version, messageId = "", day = "", , debtor = "", , rowsInHead, total = ""] = head;
  if (kind !== "NRCMS-PAY" || version !== "1" || head.length !== HEAD_FIELDS || !IDENTIFIER.test(messageId))
    return { kind: "unreadable", why: "line 1 is no NRCMS-PAY head of version 1" };
  const rejected = (reason: string, why: string): Reading => ({ kind: "rejected", messageId, reason, why });
  if (seal !== createHash("sha256").update(body, "utf8").digest("hex")) return rejected("FF01", "the END line does not seal the file");
  if (Number(count) !== rows.length || Number(rowsInHead) !== rows.length) return rejected("AM18", `there are ${rows.length} rows`);
  if (!isDay(day)) return rejected("DT01", `the execution day is ${day.slice(0, 30)}`);
  const orders: Order[] = [];
  for (const [index, row] of rows.entries()) {
    const [number, endToEndId = "", instructionId = "", bankCode = "", account = "", name = "", amount = ""] = row;
    if (row.length !== ROW_FIELDS || number !== String(index + 1) || !IDENTIFIER.test(endToEndId))
      return rejected("FF01", `row ${index + 1} is malformed`);
    const fen = fenOf(amount);
    if (fen === undefined || fen <= 0n || fen > MAX_FEN) return rejected("AM12", `row ${index + 1} has the amount ${amount.slice(0, 30)}`);
    orders.push({ paymentInformationId: messageId, batchBooking: false, instructionId, endToEndId, fen, bankCode, account, name });
  }
  const sumFen = sum(orders.map(({ fen }) => fen));
  if (fenOf(total) !== sumFen) return rejected("AM10", `the head says ${total.slice(0, 20)}, the amounts sum to ${yuan(sumFen)}`);
  return { kind: "file", file: { messageId, count: orders.length, sumFen, debtorAccounts: [debtor], orders } };
}

/** Never throws for what is in the bytes. */
export function readTextWish(bytes: Uint8Array): WishReading {
  const text = Buffer.from(bytes).toString("utf8");
  const [, body = "", seal] = /^([^\n]*\n)END\|0\|([0-9a-f]{64})\n$/.exec(text) ?? [];
  const [kind, version, caseId = "", , endToEndId = ""] = body.split("|");
  if (kind !== "NRCMS-CANCEL" || version !== "1" || !IDENTIFIER.test(caseId) || !IDENTIFIER.test(endToEndId))
    return { kind: "unreadable", why: "line 1 is no NRCMS-CANCEL of version 1" };
  if (seal !== createHash("sha256").update(body, "utf8").digest("hex"))
    return { kind: "unreadable", why: "the END line does not seal the file" };
  return { kind: "wish", wish: { caseId, endToEndId } };
}

export function textResolution({ messageId, caseId, endToEndId, granted, reason }: CaseRecord): string {
  return sealed([["NRCMS-RESOLUTION", "1", messageId, caseId, endToEndId, granted ? "CNCL" : "RJCR", reason]]);
}

export function textResult(file: FileRecord, books: Books): string {
  const { messageId, groupStatus, transactions } = standingOf(file, books);
  return sealed([
    ["NRCMS-RESULT", "1", messageId, file.of, groupStatus, file.reason],
    ...transactions.map(({ transaction, status, reason, settledOn }, index) => [
      String(index + 1),
      transaction.endToEndId,
      status,
      reason,
      settledOn,
      yuan(transaction.fen),
    ]),
  ]);
}

export function textNotice(messageId: string, _atMs: number, bookings: readonly Booking[], books: Books): string {
  return sealed([["NRCMS-NOTICE", "1", messageId, books.account], ...bookings.map(entryOf)]);
}

export function textStatement(day: string, books: Books, { wrongClosingFen }: StatementManner = AS_IT_IS): string {
  const { messageId, openingFen, closingFen, bookings } = accountDay(day, books, wrongClosingFen);
  const head = ["NRCMS-STATEMENT", "1", messageId, books.account, day, signed(openingFen), signed(closingFen)];
  return sealed([head, ...bookings.map(entryOf)]);
}

function entryOf({ day, direction, transaction, returnReason }: Booking, index: number): string[] {
  const { fen, endToEndId } = transaction;
  return [String(index + 1), day, direction === "DBIT" ? "D" : "C", yuan(fen), endToEndId, returnReason === "" ? "" : "R", returnReason];
}

function sealed(rows: readonly (readonly string[])[]): string {
  const body = rows.map((row) => `${row.join("|")}\n`).join("");
  return `${body}END|${rows.length - 1}|${createHash("sha256").update(body, "utf8").digest("hex")}\n`;
}
