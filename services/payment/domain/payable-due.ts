/**
 * A payable waits for its order. The hot path: one read, one small insert. The payee's schedule only says when it is cut, so it is not guarded;
 * the account is read, and guarded, when the order is made.
 */
import type { Decision } from "../../values/decision.ts";
import { assert, unavailable } from "../../values/outcome.ts";
import { dues, payees } from "./documents.ts";
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
  needs: (told) => [dues.key(told.payableId), payees.key(told.payeeId)],
  decide(told, state, change, context) {
    const key = dues.key(told.payableId);
    const known = state.get(key);
    if (known) {
      const same = known.county === told.county && known.amountFen === told.amountFen && known.payeeId === told.payeeId;
      assert(same, `payable ${told.payableId} came again with other content`);
      return { taken: false };
    }
    assert(told.amountFen > 0n, `payable ${told.payableId} of ${told.amountFen} fen is nothing to pay`);
    const payee = state.get(payees.key(told.payeeId));
    if (!payee || payee.account.accountNumber === "") return unavailable(`payee ${told.payeeId} of ${told.payableId} has no account yet`);
    if (told.claimId !== "") change.about(told.claimId);
    change.put(key, { ...told, dueAtMs: context.atMs, schedule: payee.schedule, state: "WAITING", orderId: "" });
    return { taken: true };
  },
};
