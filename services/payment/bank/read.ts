/** The reader of each form that a bank may speak. */
import type { BankFormat } from "../domain/file.ts";
import { readIso20022 } from "./iso20022.ts";
import { readJson } from "./json.ts";
import type { BankMessage, ReadBankMessage } from "./message.ts";
import { readText } from "./text.ts";

const READERS: Readonly<Record<BankFormat, ReadBankMessage>> = { iso20022: readIso20022, json: readJson, "batch-file": readText };

/** Reads what the bank says of the payment centre's account there. Throws BadBankMessage. */
export function readerOf(format: BankFormat, accountNumber: string): (bytes: Uint8Array) => BankMessage {
  return (bytes) => READERS[format](bytes, accountNumber);
}
