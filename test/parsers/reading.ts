/** What a program makes of a document, in one form for all readers: text only, amounts in whole fen. And what we make of the bank's messages ourselves. */

import { readIso20022 } from "../../services/payment/bank/iso20022.ts";
import type { Order } from "../../services/payment/domain/documents.ts";
import type { BankAccount } from "../../services/values/account.ts";
import { sum } from "../../services/values/money.ts";

export type Fields = Readonly<Record<string, string>>;

export interface Reading {
  readonly id: string;
  readonly head: Fields;
  readonly rows: readonly Fields[];
}

export interface OrderFile {
  readonly batchId: string;
  readonly debtor: BankAccount;
  readonly orders: readonly Order[];
  readonly createdAtMs: number;
  readonly day: string;
}

/** What is to be read in the file that these orders were written into. */
export function ordered({ batchId, debtor, orders, day }: OrderFile): Reading {
  return {
    id: batchId,
    head: { count: `${orders.length}`, sumFen: `${sum(orders.map((order) => order.amountFen))}`, account: debtor.accountNumber, day },
    rows: orders.map(({ orderId, endToEndId, amountFen, account }) => ({
      orderId,
      endToEndId,
      amountFen: `${amountFen}`,
      account: account.accountNumber,
      bank: account.bankCode,
      name: account.accountName,
    })),
  };
}

/** A message of the bank's as our product understands it. */
export function heard(xml: string, accountNumber: string): Reading {
  const message = readIso20022(Buffer.from(xml, "utf8"), accountNumber);
  const id = message.messageId;
  switch (message.kind) {
    case "pain.002": {
      const { originalMessageId: of, groupStatus: status, groupReason: reason, transactions } = message.report;
      const rows = transactions.map((one) => ({
        endToEndId: one.endToEndId,
        status: one.status,
        reason: one.reason,
        amountFen: `${one.amountFen ?? ""}`,
        on: one.on,
      }));
      return { id, head: { of, status, reason }, rows };
    }
    case "camt.054": {
      const rows = message.evidence.map(({ endToEndId, says, reason, on, amountFen }) => ({
        endToEndId,
        says,
        reason,
        on,
        amountFen: `${amountFen}`,
      }));
      return { id, head: {}, rows };
    }
    case "camt.029": {
      const { caseId, endToEndId, says, reason } = message.resolution;
      return { id, head: {}, rows: [{ caseId, endToEndId, says, reason }] };
    }
    case "camt.053": {
      const { day, openingFen, closingFen, entries } = message.content;
      const rows = entries.map(({ endToEndId, direction, amountFen, returned, reason }) => ({
        endToEndId,
        direction,
        amountFen: `${amountFen}`,
        returned: `${returned}`,
        reason,
      }));
      return { id, head: { day, openingFen: `${openingFen}`, closingFen: `${closingFen}` }, rows };
    }
  }
}

/** The first difference between two readings, in words; undefined where there is none. */
export function difference(ours: Reading, theirs: Reading): string | undefined {
  if (ours.id !== theirs.id) return `id: ${ours.id} / ${theirs.id}`;
  if (ours.rows.length !== theirs.rows.length) return `rows: ${ours.rows.length} / ${theirs.rows.length}`;
  for (const [index, own] of [ours.head, ...ours.rows].entries()) {
    const other = [theirs.head, ...theirs.rows][index] ?? {};
    const name = [...new Set([...Object.keys(own), ...Object.keys(other)])].find((key) => own[key] !== other[key]);
    if (name) return `${index === 0 ? "head" : `row ${index}`}, ${name}: ${own[name]} / ${other[name]}`;
  }
  return undefined;
}
