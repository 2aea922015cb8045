/** The forms in which the bank may be spoken to: how an order file is read, and how its answers, notices and statements are written. */
import type { Behaviour } from "./behaviour.ts";
import type { Books } from "./books.ts";
import type { WishReading } from "./cancel.ts";
import { notification, resolution, statement, statusReport } from "./iso20022.ts";
import { jsonNotice, jsonResolution, jsonStatement, jsonStatus, readJsonFile, readJsonWish } from "./json.ts";
import { type PaymentFileReader, readCancellation, readPaymentFile } from "./pain001.ts";
import type { Booking, CaseRecord, FileRecord } from "./records.ts";
import type { StatementManner } from "./standing.ts";
import { readTextFile, readTextWish, textNotice, textResolution, textResult, textStatement } from "./text.ts";

export interface Dialect {
  readonly contentType: string;
  readonly read: PaymentFileReader;
  status(file: FileRecord, books: Books): string;
  /** `batches`: whether a batch is booked as one entry, where the form can say so. */
  notice(messageId: string, atMs: number, bookings: readonly Booking[], books: Books, batches?: Behaviour["bookBatches"]): string;
  statement(day: string, books: Books, manner?: StatementManner): string;
  /** Never throws for what is in the bytes. */
  readWish(bytes: Uint8Array): WishReading;
  resolution(found: CaseRecord, books: Books): string;
}

export const DIALECTS: Readonly<Record<"iso20022" | "json" | "batch-file", Dialect>> = {
  iso20022: {
    contentType: "application/xml; charset=utf-8",
    read: readPaymentFile,
    status: statusReport,
    notice: notification,
    statement,
    readWish: readCancellation,
    resolution,
  },
  json: {
    contentType: "application/json; charset=utf-8",
    read: readJsonFile,
    status: jsonStatus,
    notice: jsonNotice,
    statement: jsonStatement,
    readWish: readJsonWish,
    resolution: jsonResolution,
  },
  "batch-file": {
    contentType: "text/plain; charset=utf-8",
    read: readTextFile,
    status: textResult,
    notice: textNotice,
    statement: textStatement,
    readWish: readTextWish,
    resolution: textResolution,
  },
};
