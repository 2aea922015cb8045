/** What a bank says, whatever form it came in. */
import type { StatusReport } from "../domain/answer.ts";
import type { Resolution } from "../domain/cancel.ts";
import type { Evidence } from "../domain/evidence.ts";
import type { StatementContent } from "../domain/reconcile.ts";

/** Entries in one message. */
export const MAX_ENTRIES = 20_000;

/** Called after the ISO 20022 messages that say it, in other forms too. */
export type BankMessage =
  | { readonly kind: "pain.002"; readonly messageId: string; readonly report: StatusReport }
  | { readonly kind: "camt.054"; readonly messageId: string; readonly evidence: readonly Evidence[] }
  | { readonly kind: "camt.053"; readonly messageId: string; readonly content: StatementContent }
  | { readonly kind: "camt.029"; readonly messageId: string; readonly resolution: Resolution };

/** Reads a message about the given account, or throws BadBankMessage. */
export type ReadBankMessage = (bytes: Uint8Array, accountNumber: string) => BankMessage;

/** What came is no such message; the text names the place. */
export class BadBankMessage extends Error {}

/** It was not read, and not for what it is: another time it may be. */
export class NotReadNow extends BadBankMessage {}

/** UTF-8 that is whole, or BadBankMessage. */
export function textOf(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    throw new BadBankMessage("it is not UTF-8", { cause: error });
  }
}

export function limitEntries(rows: readonly unknown[]): void {
  if (rows.length > MAX_ENTRIES) throw new BadBankMessage(`${rows.length} entries are more than ${MAX_ENTRIES}`);
}

/** What a notification's entries say of orders: debits are paid, credits that give back are returned, other credits say nothing. */
export function evidenceOf(entries: readonly { readonly on: string; readonly entry: StatementContent["entries"][number] }[]): Evidence[] {
  return entries.flatMap(({ on, entry }): Evidence[] => {
    const { direction, returned, reason, account: _, ...named } = entry;
    if (direction === "DEBIT") return [{ ...named, says: "SETTLED", reason: "", on }];
    return returned ? [{ ...named, says: "RETURNED", reason, on }] : [];
  });
}

/** Confirmations of a cancellation (camt.029): granted, refused, or still being decided. */
export function saysOfCase(code: string): Resolution["says"] {
  switch (code) {
    case "CNCL":
    case "ACCR":
      return "GRANTED";
    case "RJCR":
      return "REFUSED";
    case "PDCR":
    case "PACR":
      return "PENDING";
    default:
      throw new BadBankMessage(`the status of the cancellation is ${code.slice(0, 10) || "missing"}`);
  }
}
