/**
 * A payable waits for its order. The hot path: one read, one small insert. The payee's schedule only says when it is cut, so it is not guarded;
 * the account is read, and guarded, when the order is made.
 */
import { createHash } from "node:crypto";
import type { Change, Context, Decision } from "../../values/decision.ts";
import { assert, unavailable } from "../../values/outcome.ts";
import { type Due, dues, type Order, orders, payees } from "./documents.ts";
import type { PaymentEvents } from "./events.ts";

export interface PayableDue {
  readonly payableId: string;
  readonly county: string;
  readonly amountFen: bigint;
  readonly payeeId: string;
  readonly claimId: string;
  readonly dueOn: string;
}

/** Unavailable until administration has told of the payee. The same payable with other content is a bug upstream: parked, alarmed. */
export const payableDue: Decision<PayableDue, { taken: boolean }, PaymentEvents> = {
  needs: (told) => [
    dues.key(told.payableId),
    payees.key(told.payeeId),
    ...(told.amountFen === 0n ? [orders.key(nothingOrderId(told.payableId))] : []),
  ],
  decide(told, state, change, context) {
    const key = dues.key(told.payableId);
    const known = state.get(key);
    if (known) {
      const same = known.county === told.county && known.amountFen === told.amountFen && known.payeeId === told.payeeId;
      assert(same, `payable ${told.payableId} came again with other content`);
      return { taken: false };
    }
    assert(told.amountFen >= 0n, `payable ${told.payableId} is negative`);
    const payee = state.get(payees.key(told.payeeId));
    if (!payee || payee.account.accountNumber === "") return unavailable(`payee ${told.payeeId} of ${told.payableId} has no account yet`);
    if (told.claimId !== "") change.about(told.claimId);
    const due: Due = { ...told, dueAtMs: context.atMs, schedule: payee.schedule, state: "WAITING", orderId: "" };
    if (told.amountFen === 0n) settleNothing(due, payee.account, change, context);
    else change.put(key, due);
    return { taken: true };
  },
};

/** A bill below the deductible is approved with 0 fen: no bank moves nothing, yet the payable has its order and its claim is closed. */
function settleNothing(due: Due, account: Order["account"], change: Change<PaymentEvents>, context: Context): void {
  const orderId = nothingOrderId(due.payableId);
  const { county, payableId, payeeId, claimId } = due;
  const order: Order = {
    county,
    orderId,
    batchId: "",
    payeeId,
    account,
    amountFen: 0n,
    attempt: 1,
    endToEndId: `${orderId}01`,
    state: "SETTLED",
    reason: "",
    payables: [{ payableId, claimId, amountFen: 0n }],
    replaces: "",
    replacedBy: "",
    settledOn: context.day,
    returnedOn: "",
    contradiction: "",
  };
  change.put(dues.key(payableId), { ...due, state: "ORDERED", orderId });
  change.put(orders.key(orderId), order);
  change.tell("PaymentsSettled", county, {
    settlementId: `settled/${orderId}`,
    batchId: "",
    county,
    payables: [{ payableId, claimId, orderId, amountFen: 0n }],
    amountFen: 0n,
    settledAtMs: BigInt(context.atMs),
    settledOn: context.day,
  });
}

/** Known before the payable is loaded, and within the 31 characters of an order id. */
function nothingOrderId(payableId: string): string {
  return `N${createHash("sha256").update(payableId).digest("hex").slice(0, 28).toUpperCase()}`;
}
