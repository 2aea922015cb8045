/** A bank's status report on a batch (pain.002), whether it answered the sending, an enquiry, or came by itself. */
import { createHash } from "node:crypto";
import { bankOf } from "../../values/banks.ts";
import type { Change, Context, Decision, Key, Loaded, State } from "../../values/decision.ts";
import { assert } from "../../values/outcome.ts";
import { accountKey } from "./accounts.ts";
import { orderIdIn, putBatch } from "./batch.ts";
import { type Batch, batches, orders, type Unapplied } from "./documents.ts";
import type { PaymentEvents } from "./events.ts";
import { type Applied, applyEvidence, type Evidence, evidenceNeeds, unlikeKeys } from "./evidence.ts";

export interface ReportedTransaction {
  readonly endToEndId: string;
  /** ISO 20022 external payment transaction status: ACSC, RJCT, PDNG … */
  readonly status: string;
  readonly reason: string;
  readonly on: string;
  readonly amountFen?: bigint;
}

export interface StatusReport {
  readonly messageId: string;
  /** The batch. */
  readonly originalMessageId: string;
  /** Of the whole file; empty where the bank gives none. */
  readonly groupStatus: string;
  readonly groupReason: string;
  readonly transactions: readonly ReportedTransaction[];
}

export interface Answer {
  readonly bank: string;
  readonly batchId: string;
  readonly hash: string;
  readonly report: StatusReport;
}

export interface Answered {
  readonly unapplied: readonly Unapplied[];
}

/** Reasons by which a bank says that it has had this already: no refusal of the payment, but a call to look up what became of it. */
const DUPLICATE = new Set(["AM05", "DUPL", "DU01", "DU02", "DU03", "DU04", "DU05"]);
const SETTLED = new Set(["ACSC", "ACCC"]);

/** Everything that is not final is pending: what we do not know is never a failure. */
export function saysOf(status: string, reason: string): Evidence["says"] {
  if (SETTLED.has(status)) return "SETTLED";
  return status === "RJCT" && !DUPLICATE.has(reason) ? "REJECTED" : "PENDING";
}

/** SHA-256 over what the report says of the batch, not over its own id and time: the same news has the same hash. */
export function reportHash(report: StatusReport): string {
  const { originalMessageId, groupStatus, groupReason, transactions } = report;
  const lines = transactions.map(({ endToEndId, status, reason, on, amountFen }) => [
    endToEndId,
    status,
    reason,
    on,
    amountFen?.toString() ?? "",
  ]);
  return createHash("sha256")
    .update(JSON.stringify([originalMessageId, groupStatus, groupReason, lines]))
    .digest("hex");
}

export const answer: Decision<Answer, Answered, PaymentEvents> = {
  needs: (input, loaded) => reportNeeds(input.report, loaded),
  decide(input, state, change, context) {
    const { unapplied } = applyReport(input.report, input.hash, input.bank, state, change, context);
    change.about(input.batchId);
    return { unapplied };
  },
};

export function reportNeeds(report: StatusReport, loaded: Loaded): Key[] {
  const batchKey = batches.key(report.originalMessageId);
  const batch = loaded.get(batchKey);
  const named = report.transactions.map(({ endToEndId }) => ({ endToEndId }));
  const all = (speaksForAll(report) && batch ? batch.orderIds : []).flatMap((id): Key[] => {
    const order = loaded.get(orders.key(id));
    return [orders.key(id), ...(order ? [accountKey(bankOf(order), order.account)] : [])];
  });
  return [batchKey, ...unlikeKeys(batch), ...all, ...evidenceNeeds(named, loaded)];
}

/** The batch must be there, and the bank's. A file refused only as a duplicate is UNKNOWN until an enquiry tells what became of the first one. */
export function applyReport(
  report: StatusReport,
  hash: string,
  bank: string,
  state: State,
  change: Change<PaymentEvents>,
  context: Context,
): Applied {
  const key = batches.key(report.originalMessageId);
  assert(bankOf(state.must(key)) === bank, `batch ${report.originalMessageId} is not with ${bank}`);
  const { ours, foreign } = evidenceOf(report, state.must(key), state);
  const { known, unapplied } = applyEvidence(ours, bank, state, change, context);
  const batch = state.must(key);
  if (batch.state !== "PROPOSED" && batch.state !== "APPROVED") {
    const waits = batch.state === "SENDING" || batch.state === "UNKNOWN";
    const duplicate = report.groupStatus === "RJCT" && DUPLICATE.has(report.groupReason);
    const next: Batch = { ...batch, answerHash: hash, state: waits ? (duplicate ? "UNKNOWN" : "ACCEPTED") : batch.state };
    if (next.state !== batch.state || batch.answerHash !== hash) putBatch(change, batch, next);
  }
  return { known, unapplied: [...unapplied, ...foreign] };
}

/** A final status of the whole file speaks for each of its orders where the report lists none. */
function speaksForAll(report: StatusReport): boolean {
  return report.transactions.length === 0 && saysOf(report.groupStatus, report.groupReason) !== "PENDING";
}

/** An order of another batch does not belong into this report: it is not believed. */
function evidenceOf(report: StatusReport, batch: Batch, state: State): { ours: Evidence[]; foreign: Unapplied[] } {
  if (speaksForAll(report)) {
    const says = saysOf(report.groupStatus, report.groupReason);
    const told = { says, reason: report.groupReason, on: "" };
    return { ours: batch.orderIds.map((id) => ({ ...told, endToEndId: state.must(orders.key(id)).endToEndId })), foreign: [] };
  }
  const ours: Evidence[] = [];
  const foreign: Unapplied[] = [];
  for (const { status, ...transaction } of report.transactions) {
    const order = state.get(orders.key(orderIdIn(transaction.endToEndId)));
    if (order && order.batchId !== batch.batchId) foreign.push({ endToEndId: transaction.endToEndId, why: "UNKNOWN" });
    else ours.push({ ...transaction, says: saysOf(status, transaction.reason) });
  }
  return { ours, foreign };
}
