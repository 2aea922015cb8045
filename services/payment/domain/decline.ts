/**
 * The checker sends orders of a proposed batch back to the maker (退回制单人), with a reason: a wrong account, a sum that looks wrong. They leave the batch and stay unpaid until the maker
 * reissues them; what is left is another batch, to be read and approved anew.
 */
import type { Decision } from "../../values/decision.ts";
import { isRefusal } from "../../values/outcome.ts";
import { batchKeys, batchToCheck, type Checked, putContent, viewOf } from "./batch.ts";
import { type Order, orders } from "./documents.ts";
import type { BatchView, PaymentEvents } from "./events.ts";
import { refuse } from "./refusals.ts";

/** Orders named in one call. */
export const MAX_DECLINED = 500;

export interface Decline extends Checked {
  /** None: all of them. */
  readonly orderIds: readonly string[];
  readonly reason: string;
}

export const decline: Decision<Decline, BatchView, PaymentEvents> = {
  needs: ({ batchId }, loaded) => batchKeys(batchId, loaded),
  decide(input, state, change, context) {
    const { orderIds, reason } = input;
    const { name } = context.caller;
    const batch = batchToCheck(input, name, state);
    if (isRefusal(batch)) return batch;
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
    change.about(batch.batchId);
    return viewOf(putContent(change, batch, left));
  },
};
