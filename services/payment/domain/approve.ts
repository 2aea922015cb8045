/**
 * The checker's word (复核); of a large batch, two different checkers'. Builds the exact bytes for the bank and stores them beside the approval, once: whatever is sent later, and however often,
 * is this document.
 */
import { bankOf } from "../../values/banks.ts";
import type { Decision, Loaded } from "../../values/decision.ts";
import { assert, isRefusal } from "../../values/outcome.ts";
import { PROVINCE } from "../../values/region.ts";
import { type Terms, termsOf } from "./banks.ts";
import { batchKeys, batchToCheck, type Checked, contentHash, putBatch, viewOf } from "./batch.ts";
import { executionDay } from "./calendar.ts";
import { type Batch, batches, files, type Order, orders } from "./documents.ts";
import type { BatchView, PaymentEvents } from "./events.ts";
import { fileOf } from "./file.ts";
import { approvedKey, count, type Limits } from "./limits.ts";
import { refuse } from "./refusals.ts";

export interface Approve extends Checked {
  readonly terms: Terms;
  /** Above this, two checkers approve. */
  readonly secondAboveFen: bigint;
  readonly limits: Limits;
}

export const approve: Decision<Approve, BatchView, PaymentEvents> = {
  needs(input, loaded, context) {
    const ordered = ordersOf(loaded.get(batches.key(input.batchId)), loaded);
    return [
      ...batchKeys(input.batchId, loaded),
      files.key(input.batchId),
      approvedKey(context.caller.name, context.day),
      ...ordered.filter((order) => order.replaces !== "").map((order) => orders.key(order.replaces)),
    ];
  },
  decide(input, state, change, context) {
    const { name } = context.caller;
    const batch = batchToCheck(input, name, state);
    if (isRefusal(batch)) return batch;
    const terms = termsOf(bankOf(batch), input.terms);
    if (!terms) return refuse("UNKNOWN_BANK", { bank: bankOf(batch) });
    const ordered = ordersOf(batch, state);
    assert(ordered.length === batch.orderIds.length, `batch ${batch.batchId} lacks orders`);
    assert(contentHash(batch, ordered) === batch.contentHash, `batch ${batch.batchId} is not what was proposed`);
    for (const order of ordered) {
      if (order.replaces === "") continue;
      const replaced = state.must(orders.key(order.replaces));
      if (replaced.contradiction !== "")
        return refuse("BATCH_CHANGED", { batch: batch.batchId, why: `${replaced.orderId}: ${replaced.contradiction}` });
      change.guard(orders.key(order.replaces));
    }
    change.about(batch.batchId);
    const { approvals = [] } = batch;
    if (approvals.includes(name)) return refuse("ANOTHER_CHECKER", { batch: batch.batchId, checker: name });
    const over = count(batch, name, context.day, input.limits, state, change);
    if (over) return over;
    if (batch.amountFen > input.secondAboveFen && approvals.length === 0) {
      const half: Batch = { ...batch, approvals: [name] };
      change.put(batches.key(batch.batchId), half);
      return viewOf(half);
    }
    const content = fileOf(terms.format, {
      batchId: batch.batchId,
      debtor: terms.debtor,
      orders: ordered,
      createdAtMs: context.atMs,
      day: executionDay(context.atMs, terms.calendar),
    });
    change.put(files.key(batch.batchId), { county: PROVINCE, batchId: batch.batchId, content });
    return viewOf(putBatch(change, batch, { ...batch, state: "APPROVED", checker: name }));
  },
};

function ordersOf(batch: Batch | undefined, documents: Loaded): Order[] {
  return (batch?.orderIds ?? []).map((id) => documents.get(orders.key(id))).filter((order) => order !== undefined);
}
