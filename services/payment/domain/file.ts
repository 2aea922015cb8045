/** The order file in the form that the bank takes. Pure: the same orders give the same bytes, which are stored once and repeated as they are. */
import type { CancellationParts, PaymentFileParts } from "./batch.ts";
import { batchJson, cancellationJson } from "./batch-json.ts";
import { batchText, cancellationText } from "./batch-text.ts";
import { camt056 } from "./camt056.ts";
import { pain001 } from "./pain001.ts";

/** ISO 20022 XML, a JSON interface, or the text file of a front-end machine (前置机). */
export const FORMATS = ["iso20022", "json", "batch-file"] as const;
export type BankFormat = (typeof FORMATS)[number];

const WRITERS: Readonly<Record<BankFormat, (parts: PaymentFileParts) => string>> = {
  iso20022: pain001,
  json: batchJson,
  "batch-file": batchText,
};

export function fileOf(format: BankFormat, parts: PaymentFileParts): string {
  return WRITERS[format](parts);
}

const CANCELLATIONS: Readonly<Record<BankFormat, (parts: CancellationParts) => string>> = {
  iso20022: camt056,
  json: cancellationJson,
  "batch-file": cancellationText,
};

export function cancellationOf(format: BankFormat, parts: CancellationParts): string {
  return CANCELLATIONS[format](parts);
}
