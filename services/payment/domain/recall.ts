/**
 * PayableRecalled: a claim was taken back before it was paid. While its order is not approved, or was declined, nothing has left: the payable is taken out of it, the batch has another hash, and the
 * checker reads it again. Afterwards it is too late: the same bytes may be on their way.
 */
import type { Change, Decision, Key, Loaded, State } from "../../values/decision.ts";
import { sum } from "../../values/money.ts";
import { assert, unavailable } from "../../values/outcome.ts";
import { batchKeys, putContent } from "./batch.ts";
import { type Batch, batches, type Due, dues, type Order, orders, payees } from "./documents.ts";
import type { PaymentEvents } from "./events.ts";

export interface Recall {
  readonly payableId: string;
  readonly county: string;
}

/** Unavailable until the payable is heard of. Answers once. */
export const recall: Decision<Recall, { withdrawn: boolean }, PaymentEvents> = {
  needs({ payableId }, loaded) {
    const key = dues.key(payableId);
    const due = loaded.get(key);
    return [key, ...(due?.state === "NO_ACCOUNT" ? [payees.key(due.payeeId)] : []), ...orderKeys(due, loaded)];
  },
  decide({ payableId, county }, state, change) {
    const key = dues.key(payableId);
    const due = state.get(key);
    if (!due) return unavailable(`payable ${payableId} is not heard of yet`);
    assert(due.county === county, `payable ${payableId} is ${due.county}'s, not ${county}'s`);
    if (due.claimId !== "") change.about(due.claimId);
    const order = due.state === "ORDERED" ? state.must(orders.key(due.orderId)) : undefined;
    const batch = order && state.must(batches.key(order.batchId));
    // An order that replaces another was with the bank before, under another id.
    const isHere = order?.state === "DECLINED" || batch?.state === "PROPOSED";
    const isUnordered = due.state === "WAITING" || due.state === "NO_ACCOUNT" || due.state === "ON_CHECK";
    const withdrawn = isUnordered || (order?.replaces === "" && isHere);
    if (withdrawn) {
      if (order && batch) takeOut(payableId, order, batch, state, change);
      if (due.state === "NO_ACCOUNT") waitNoLonger(due, state, change);
      change.put(key, { ...due, state: "WITHDRAWN", orderId: "" });
    }
    change.tell("RecallAnswered", county, { payableId, county, withdrawn });
    return { withdrawn };
  },
};

/** The household's account, once it is named, finds nothing of it. */
function waitNoLonger({ payableId, payeeId }: Due, state: State, change: Change<PaymentEvents>): void {
  const key = payees.key(payeeId);
  const payee = state.must(key);
  change.put(key, { ...payee, waiting: (payee.waiting ?? []).filter((id) => id !== payableId) });
}

/** The order, its batch and all orders of it, because the batch's hash covers them. */
function orderKeys(due: Due | undefined, loaded: Loaded): Key[] {
  if (due?.state !== "ORDERED") return [];
  const key = orders.key(due.orderId);
  const order = loaded.get(key);
  if (!order) return [key];
  return [key, ...batchKeys(order.batchId, loaded)];
}

function takeOut(payableId: string, order: Order, batch: Batch, state: State, change: Change<PaymentEvents>): void {
  const payables = order.payables.filter((payable) => payable.payableId !== payableId);
  const amountFen = sum(payables.map((payable) => payable.amountFen));
  const left: Order = { ...order, payables, amountFen, state: payables.length > 0 ? order.state : "WITHDRAWN" };
  change.put(orders.key(order.orderId), left);
  // A declined order is in no batch any more.
  if (order.state === "DECLINED") return;
  const orderIds = batch.orderIds.filter((id) => id !== order.orderId || payables.length > 0);
  putContent(
    change,
    batch,
    orderIds.map((id) => (id === order.orderId ? left : state.must(orders.key(id)))),
  );
  change.about(batch.batchId);
}
