/** What cut, reissue, approve, attempts and answers share: how ids are made, what the checker's hash covers, how a batch's change is told. */
import { createHash } from "node:crypto";
import type { BankAccount } from "../../values/account.ts";
import { bankField, bankOf } from "../../values/banks.ts";
import type { Change, Context, Key, Loaded, State } from "../../values/decision.ts";
import { sum } from "../../values/money.ts";
import type { Refusal } from "../../values/outcome.ts";
import { PROVINCE } from "../../values/region.ts";
import { type Batch, batches, counters, type Order, orders } from "./documents.ts";
import type { BatchView, PaymentEvents } from "./events.ts";
import { refuse } from "./refusals.ts";

/** The number of the next batch. */
export const batchCounter = counters.key("batch");
export const FIRST_SERIAL = 1;

/** B20111125000001: at most 35 characters at the bank. */
export function batchIdOf(day: string, serial: number): string {
  return `B${numbered(day, serial)}`;
}

/** P20111125000001-0001: at most 31 characters of the SWIFT set, so that the attempt still fits into an EndToEndId. */
export function orderIdOf(day: string, serial: number, index: number): string {
  return `P${numbered(day, serial)}-${String(index + 1).padStart(4, "0")}`;
}

function numbered(day: string, serial: number): string {
  return `${day.replaceAll("-", "")}${String(serial).padStart(6, "0")}`;
}

export const MAX_ATTEMPT = 99;

export function endToEndIdOf(orderId: string, attempt: number): string {
  return `${orderId}${String(attempt).padStart(2, "0")}`;
}

/** The order that an EndToEndId would belong to; whether it does, the order's own `endToEndId` says. */
export function orderIdIn(endToEndId: string): string {
  return endToEndId.slice(0, -2);
}

/** The order that a bank speaks of; undefined where there is none, or it is another bank's. */
export function orderAt(bank: string, endToEndId: string, from: Loaded): Order | undefined {
  const order = endToEndId === "" ? undefined : from.get(orders.key(orderIdIn(endToEndId)));
  return order?.endToEndId === endToEndId && bankOf(order) === bank ? order : undefined;
}

/** The batch that a bank speaks of, likewise. */
export function batchAt(bank: string, batchId: string, from: Loaded): Batch | undefined {
  const batch = from.get(batches.key(batchId));
  return batch && bankOf(batch) === bank ? batch : undefined;
}

/** SHA-256 over all that the checker approves: to whom, where, how much, and for which payables, in order; and through which bank, where it is not the main one. */
export function contentHash({ batchId, bank }: Pick<Batch, "batchId" | "bank">, ordered: readonly Order[]): string {
  const lines = ordered.map(({ endToEndId, county, account, amountFen, payables }) => [
    endToEndId,
    county,
    account.bankCode,
    account.accountNumber,
    account.accountName,
    amountFen.toString(),
    payables.map(({ payableId, amountFen }) => [payableId, amountFen.toString()]),
  ]);
  return createHash("sha256")
    .update(JSON.stringify([batchId, lines, ...(bank === undefined ? [] : [bank])]))
    .digest("hex");
}

/** A batch and its orders, which its hash covers. */
export function batchKeys(batchId: string, loaded: Loaded): Key[] {
  const key = batches.key(batchId);
  return [key, ...(loaded.get(key)?.orderIds ?? []).map((id) => orders.key(id))];
}

/** A batch that a checker has read. */
export interface Checked {
  readonly batchId: string;
  /** Of the content that was read. */
  readonly expectedHash: string;
}

/** What a checker's word is about, for or against it: a proposed batch of another's making, as it was read. Refuses UNKNOWN_BATCH, NOT_PROPOSED, MAKER_IS_CHECKER, BATCH_CHANGED. */
export function batchToCheck({ batchId, expectedHash }: Checked, checker: string, state: State): Batch | Refusal {
  const batch = state.get(batches.key(batchId));
  if (!batch) return refuse("UNKNOWN_BATCH", { field: "batch_id", batch: batchId });
  if (batch.state !== "PROPOSED") return refuse("NOT_PROPOSED", { field: "batch_id", batch: batchId, state: batch.state });
  if (batch.maker === checker) return refuse("MAKER_IS_CHECKER", { batch: batchId, maker: batch.maker });
  if (batch.contentHash !== expectedHash)
    return refuse("BATCH_CHANGED", { field: "expected_hash", batch: batchId, why: `hash ${batch.contentHash}` });
  return batch;
}

/** What a bank is told of a batch, in whatever form. */
export interface PaymentFileParts {
  /** The file's id at the bank: MsgId and PmtInfId. */
  readonly batchId: string;
  /** The payment centre's own account (支出户). */
  readonly debtor: BankAccount;
  readonly orders: readonly Order[];
  readonly createdAtMs: number;
  /** The requested execution day. */
  readonly day: string;
}

/** What a bank is told of a cancellation, in whatever form. */
export interface CancellationParts {
  readonly caseId: string;
  readonly order: Order;
  readonly debtor: BankAccount;
  readonly reason: string;
  readonly createdAtMs: number;
}

export interface Proposed {
  readonly batchId: string;
  readonly serial: number;
  readonly maker: string;
  readonly bank: string;
}

export function proposedBatch({ batchId, serial, maker, bank }: Proposed, ordered: readonly Order[], context: Context): Batch {
  return {
    county: PROVINCE,
    ...bankField(bank),
    batchId,
    serial,
    state: "PROPOSED",
    maker,
    checker: "",
    orderIds: ordered.map((order) => order.orderId),
    open: ordered.length,
    amountFen: sum(ordered.map((order) => order.amountFen)),
    contentHash: contentHash({ batchId, ...bankField(bank) }, ordered),
    attempts: 0,
    attemptEpoch: 0,
    answerHash: "",
    settlements: 0,
    createdOn: context.day,
    revision: 0,
  };
}

/** Puts the batch; where its state is another than before, tells it as a new revision. Gives what was put. */
export function putBatch(change: Change<PaymentEvents>, before: Batch | undefined, after: Batch): Batch {
  const moved = before?.state !== after.state;
  const batch = moved ? { ...after, revision: after.revision + 1 } : after;
  change.put(batches.key(batch.batchId), batch);
  if (moved) change.tell("BatchChanged", PROVINCE, { batch: viewOf(batch), version: BigInt(batch.revision) });
  return batch;
}

/** A proposed batch with these orders left in it: a checker reads it anew. With none left there is nothing to approve, and it is done. */
export function putContent(change: Change<PaymentEvents>, batch: Batch, ordered: readonly Order[]): Batch {
  // Who has approved it has approved another content.
  const { approvals: _, ...unapproved } = batch;
  return putBatch(change, batch, {
    ...unapproved,
    state: ordered.length > 0 ? "PROPOSED" : "DONE",
    orderIds: ordered.map((order) => order.orderId),
    open: ordered.length,
    amountFen: sum(ordered.map((order) => order.amountFen)),
    contentHash: contentHash(batch, ordered),
  });
}

export function viewOf(batch: Batch): BatchView {
  const { batchId, state, maker, checker, approvals = [], orderIds, amountFen, contentHash, attempts, createdOn } = batch;
  return {
    batchId,
    bank: bankOf(batch),
    state,
    maker,
    checker,
    approvals: [...approvals],
    orders: orderIds.length,
    amountFen,
    contentHash,
    attempts,
    createdOn,
  };
}
