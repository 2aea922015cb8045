/** The order file for a bank with a JSON interface: what pain.001 says, in the words of `services/payment/bank/formats.md`. Amounts are texts in yuan. */
import { sum, yuan } from "../../values/money.ts";
import type { CancellationParts, PaymentFileParts } from "./batch.ts";

export function batchJson({ batchId, debtor, orders, createdAtMs, day }: PaymentFileParts): string {
  return JSON.stringify({
    kind: "payments",
    messageId: batchId,
    createdAt: new Date(createdAtMs).toISOString(),
    executionDay: day,
    currency: "CNY",
    debtor,
    count: orders.length,
    total: yuan(sum(orders.map((order) => order.amountFen))),
    payments: orders.map(({ orderId, endToEndId, amountFen, account }) => ({
      instructionId: orderId,
      endToEndId,
      amount: yuan(amountFen),
      creditor: account,
      purpose: "HLTI",
    })),
  });
}

export function cancellationJson({ caseId, order, reason, createdAtMs }: CancellationParts): string {
  return JSON.stringify({
    kind: "cancellation",
    messageId: caseId,
    createdAt: new Date(createdAtMs).toISOString(),
    originalMessageId: order.batchId,
    endToEndId: order.endToEndId,
    amount: yuan(order.amountFen),
    reason,
  });
}
