/** The reader of each form that a bank may speak. */
import type { BankFormat } from "../domain/file.ts";
import { isCrowded, readApart } from "./apart.ts";
import { readIso20022 } from "./iso20022.ts";
import { readJson } from "./json.ts";
import type { BankMessage, ReadBankMessage } from "./message.ts";
import { readText } from "./text.ts";

export const READERS: Readonly<Record<BankFormat, ReadBankMessage>> = { iso20022: readIso20022, json: readJson, "batch-file": readText };

/**
 * Longer documents are read in a process apart. A statement of 8,000 entries takes a second of a processor, and on a busy machine three: a twin that is silent so long loses its
 * lead, and its peer after it over the same statement. This much takes some 20 ms, and is an answer to a batch of 200 orders and more.
 */
const AT_ONCE_BYTES = 128 * 1024;

/** Nobody would read it soon. */
export function mustWait(bytes: Uint8Array): boolean {
  return bytes.byteLength > AT_ONCE_BYTES && isCrowded();
}

export type ReadDocument = (bytes: Uint8Array) => Promise<BankMessage>;

/** Reads what the bank says of the payment centre's account there. Throws BadBankMessage, and NotReadNow where a long one's reader was ended from outside. */
export function readerOf(format: BankFormat, accountNumber: string): ReadDocument {
  return async (bytes) =>
    bytes.byteLength <= AT_ONCE_BYTES ? READERS[format](bytes, accountNumber) : await readApart({ format, accountNumber, bytes });
}
