/** The forms in which the bank may be spoken to: how an order file is read, and how its answers, notices and statements are written. */
import type { Books } from "./books.ts";
import { notification, statement, statusReport } from "./iso20022.ts";
import { jsonNotice, jsonStatement, jsonStatus, readJsonFile } from "./json.ts";
import { type PaymentFileReader, readPaymentFile } from "./pain001.ts";
import type { Booking, FileRecord } from "./records.ts";
import { readTextFile, textNotice, textResult, textStatement } from "./text.ts";

export interface Dialect {
  readonly contentType: string;
  readonly read: PaymentFileReader;
  status(file: FileRecord, books: Books): string;
  notice(messageId: string, atMs: number, bookings: readonly Booking[], books: Books): string;
  statement(day: string, books: Books): string;
}

export const DIALECTS: Readonly<Record<"iso20022" | "json" | "batch-file", Dialect>> = {
  iso20022: {
    contentType: "application/xml; charset=utf-8",
    read: readPaymentFile,
    status: statusReport,
    notice: notification,
    statement,
  },
  json: {
    contentType: "application/json; charset=utf-8",
    read: readJsonFile,
    status: jsonStatus,
    notice: jsonNotice,
    statement: jsonStatement,
  },
  "batch-file": {
    contentType: "text/plain; charset=utf-8",
    read: readTextFile,
    status: textResult,
    notice: textNotice,
    statement: textStatement,
  },
};
