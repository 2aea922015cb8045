/** The bank's JSON interface: order files in, answers, notices and statements out (services/payment/bank/formats.md). Amounts are texts in yuan. */
import { z } from "zod";
import { isDay } from "../../../services/values/days.ts";
import { fenOf, MAX_FEN, sum, yuan } from "../../../services/values/money.ts";
import { wordsOf } from "../../../services/values/thrown.ts";
import type { Books } from "./books.ts";
import type { WishReading } from "./cancel.ts";
import type { Reading } from "./pain001.ts";
import type { Booking, CaseRecord, FileRecord } from "./records.ts";
import { AS_IT_IS, accountDay, type StatementManner, standingOf } from "./standing.ts";

const MAX_PAYMENTS = 10_000;
const id = z.string().regex(/^[A-Za-z0-9/\-?:().,'+ ]{1,35}$/);
const party = z.object({ bankCode: z.string().max(35), accountNumber: z.string().max(34), accountName: z.string().min(1).max(140) });
const header = z.object({ kind: z.literal("payments"), messageId: id });
const schema = header.extend({
  executionDay: z.string().refine(isDay),
  currency: z.string(),
  debtor: party,
  count: z.int(),
  total: z.string(),
  payments: z
    .array(z.object({ instructionId: z.string().max(35), endToEndId: id, amount: z.string(), creditor: party }))
    .min(1)
    .max(MAX_PAYMENTS),
});

/** Never throws for what is in the bytes. */
export function readJsonFile(bytes: Uint8Array): Reading {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(bytes).toString("utf8"));
  } catch (error) {
    return { kind: "unreadable", why: `it is no JSON: ${wordsOf(error)}` };
  }
  const named = header.safeParse(value);
  if (!named.success) return { kind: "unreadable", why: faultOf(named.error) };
  const { messageId } = named.data;
  const rejected = (reason: string, why: string): Reading => ({ kind: "rejected", messageId, reason, why });
  const read = schema.safeParse(value);
  if (!read.success) return rejected("FF01", faultOf(read.error));
  const { currency, debtor, count, total, payments } = read.data;
  if (currency !== "CNY") return rejected("AM03", `currency is ${currency.slice(0, 5)}, not CNY`);
  const orders = payments.map(({ instructionId, endToEndId, amount, creditor }) => ({
    paymentInformationId: messageId,
    batchBooking: false,
    instructionId,
    endToEndId,
    fen: fenOf(amount) ?? 0n,
    bankCode: creditor.bankCode,
    account: creditor.accountNumber,
    name: creditor.accountName,
  }));
  const wrong = orders.findIndex(({ fen }) => fen <= 0n || fen > MAX_FEN);
  if (wrong >= 0) return rejected("AM12", `payments.${wrong}.amount is ${payments[wrong]?.amount.slice(0, 30)}`);
  const sumFen = sum(orders.map(({ fen }) => fen));
  if (count !== orders.length) return rejected("AM18", `count is ${count}, there are ${orders.length}`);
  if (fenOf(total) !== sumFen) return rejected("AM10", `total is ${total.slice(0, 20)}, the amounts sum to ${yuan(sumFen)}`);
  return { kind: "file", file: { messageId, count, sumFen, debtorAccounts: [debtor.accountNumber], orders } };
}

const wish = z.object({ kind: z.literal("cancellation"), messageId: id, endToEndId: id });

/** Never throws for what is in the bytes. */
export function readJsonWish(bytes: Uint8Array): WishReading {
  try {
    const read = wish.safeParse(JSON.parse(Buffer.from(bytes).toString("utf8")));
    if (!read.success) return { kind: "unreadable", why: faultOf(read.error) };
    return { kind: "wish", wish: { caseId: read.data.messageId, endToEndId: read.data.endToEndId } };
  } catch (error) {
    if (error instanceof SyntaxError) return { kind: "unreadable", why: `it is no JSON: ${error.message}` };
    throw error;
  }
}

export function jsonResolution({ messageId, caseId, endToEndId, granted, reason }: CaseRecord): string {
  return JSON.stringify({ kind: "resolution", messageId, cancellationId: caseId, endToEndId, status: granted ? "CNCL" : "RJCR", reason });
}

export function jsonStatus(file: FileRecord, books: Books): string {
  const { messageId, groupStatus, transactions } = standingOf(file, books);
  return JSON.stringify({
    kind: "status",
    messageId,
    originalMessageId: file.of,
    status: groupStatus,
    reason: file.reason,
    payments: transactions.map(({ transaction, status, reason, settledOn }) => ({
      endToEndId: transaction.endToEndId,
      status,
      reason,
      day: settledOn,
      amount: yuan(transaction.fen),
    })),
  });
}

export function jsonNotice(messageId: string, _atMs: number, bookings: readonly Booking[], books: Books): string {
  return JSON.stringify({ kind: "notice", messageId, account: books.account, entries: bookings.map(entryOf) });
}

export function jsonStatement(day: string, books: Books, { wrongClosingFen }: StatementManner = AS_IT_IS): string {
  const { messageId, openingFen, closingFen, bookings } = accountDay(day, books, wrongClosingFen);
  const { account } = books;
  const [opening, closing] = [signed(openingFen), signed(closingFen)];
  return JSON.stringify({ kind: "statement", messageId, account, day, opening, closing, entries: bookings.map(entryOf) });
}

function entryOf({ day, direction, transaction, returnReason }: Booking): object {
  const { endToEndId, fen } = transaction;
  return {
    day,
    direction: direction === "DBIT" ? "DEBIT" : "CREDIT",
    amount: yuan(fen),
    endToEndId,
    returned: returnReason !== "",
    reason: returnReason,
  };
}

export function signed(fen: bigint): string {
  return fen < 0n ? `-${yuan(-fen)}` : yuan(fen);
}

function faultOf(error: z.ZodError): string {
  const [first] = error.issues;
  return `${first?.path.join(".") || "(top)"}: ${first?.message ?? "wrong"}`;
}
