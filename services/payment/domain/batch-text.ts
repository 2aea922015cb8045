/**
 * The order file for a bank's front-end machine (前置机): lines of UTF-8 text, fields parted by `|`, as `services/payment/bank/formats.md` lays down.
 * The last line counts and sums the rows and seals what stands before it, so that half a file is never taken for a whole one.
 */
import { createHash } from "node:crypto";
import { sum, yuan } from "../../values/money.ts";
import type { CancellationParts, PaymentFileParts } from "./batch.ts";

export const SEPARATOR = "|";
const MAX_NAME = 140;

export function batchText({ batchId, debtor, orders, day }: PaymentFileParts): string {
  const total = yuan(sum(orders.map((order) => order.amountFen)));
  const rows = [
    ["NRCMS-PAY", "1", batchId, day, debtor.bankCode, debtor.accountNumber, field(debtor.accountName), String(orders.length), total],
    ...orders.map(({ orderId, endToEndId, amountFen, account }, index) => [
      String(index + 1),
      endToEndId,
      orderId,
      account.bankCode,
      account.accountNumber,
      field(account.accountName),
      yuan(amountFen),
    ]),
  ];
  return sealed(rows.map((row) => row.join(SEPARATOR)));
}

export function cancellationText({ caseId, order, reason }: CancellationParts): string {
  return sealed([["NRCMS-CANCEL", "1", caseId, order.batchId, order.endToEndId, yuan(order.amountFen), field(reason)].join(SEPARATOR)]);
}

/** The lines and the END line that seals them. */
export function sealed(lines: readonly string[]): string {
  const body = lines.map((line) => `${line}\n`).join("");
  return `${body}END${SEPARATOR}${lines.length - 1}${SEPARATOR}${sealOf(body)}\n`;
}

/** SHA-256, in hex, of the lines before END, line ends included. */
export function sealOf(body: string): string {
  return createHash("sha256").update(body, "utf8").digest("hex");
}

/** A name as one field: the separator becomes its wide form, a control character a space. */
function field(text: string): string {
  return [
    ...text
      .toWellFormed()
      .replaceAll(SEPARATOR, "｜")
      .replace(/\p{Cc}/gu, " "),
  ]
    .slice(0, MAX_NAME)
    .join("");
}
