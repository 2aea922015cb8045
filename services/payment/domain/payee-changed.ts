/** Keeps the projection of who is paid where and how often. The newest version wins; an older or equal one has no effect. */
import type { Decision } from "../../values/decision.ts";
import { type Payee, payees } from "./documents.ts";
import type { PaymentEvents } from "./events.ts";

export const payeeChanged: Decision<Payee, { taken: boolean }, PaymentEvents> = {
  needs: (payee) => [payees.key(payee.payeeId)],
  decide(payee, state, change) {
    const key = payees.key(payee.payeeId);
    const known = state.get(key);
    if (known && known.stateVersion >= payee.stateVersion) return { taken: false };
    change.put(key, payee);
    return { taken: true };
  },
};
