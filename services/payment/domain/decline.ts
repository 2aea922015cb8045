/**
 * The checker sends orders of a proposed batch back to the maker (退回制单人), with a reason: a wrong account, a sum that looks wrong. They leave the batch and stay unpaid until the maker
 * reissues them; what is left is another batch, to be read and approved anew.
 */
import type { Decision } from "../../values/decision.ts";
import { putContent, viewOf } from "./batch.ts";
import { batches, type Order, orders } from "./documents.ts";
import type { BatchView, PaymentEvents } from "./events.ts";
import { refuse } from "./refusals.ts";

/** Orders named in one call. */
export const MAX_DECLINED = 500;

export interface Decline {
  readonly batchId: string;
  /** What the checker has read. */
  readonly expectedHash: string;
  /** None: all of them. */
  readonly orderIds: readonly string[];
  readonly reason: string;
}

export const decline: Decision<Decline, BatchView, PaymentEvents> = {
  needs({ batchId }, loaded) {
    const key = batches.key(batchId);
    return [key, ...(loaded.get(key)?.orderIds ?? []).map((id) => orders.key(id))];
  },
  decide({ batchId, expectedHash, orderIds, reason }, state, change, context) {
    const batch = state.get(batches.key(batchId));
    if (!batch) return refuse("UNKNOWN_BATCH", { field: "batch_id", batch: batchId });
    const { name } = context.caller;
    if (batch.state !== "PROPOSED") return refuse("NOT_PROPOSED", { field: "batch_id", batch: batchId, state: batch.state });
    if (batch.maker === name) return refuse("MAKER_IS_CHECKER", { batch: batchId, maker: name });
    if (batch.contentHash !== expectedHash)
      return refuse("BATCH_CHANGED", { field: "expected_hash", batch: batchId, why: `hash ${batch.contentHash}` });
    const there = new Set(batch.orderIds);
    const unknown = orderIds.findIndex((id) => !there.has(id));
    if (unknown >= 0) return refuse("UNKNOWN_ORDER", { field: `order_ids[${unknown}]`, order: orderIds[unknown] ?? "" });
    const declined = new Set(orderIds.length > 0 ? orderIds : batch.orderIds);
    const left: Order[] = [];
    for (const id of batch.orderIds) {
      const order = state.must(orders.key(id));
      if (declined.has(id)) change.put(orders.key(id), { ...order, state: "DECLINED", reason: `${name}: ${reason}` });
      else left.push(order);
    }
    change.about(batchId);
    return viewOf(putContent(change, batch, left));
  },
};
