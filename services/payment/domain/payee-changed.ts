/** Keeps the projection of who is paid where and how often. The newest version wins; an older or equal one has no effect. What has waited for the account is to be paid now. */
import type { Decision } from "../../values/decision.ts";
import { dues, type Payee, payees } from "./documents.ts";
import type { PaymentEvents } from "./events.ts";

export const payeeChanged: Decision<Payee, { taken: boolean }, PaymentEvents> = {
  needs(payee, loaded) {
    const key = payees.key(payee.payeeId);
    return [key, ...(loaded.get(key)?.waiting ?? []).map((payableId) => dues.key(payableId))];
  },
  decide(payee, state, change) {
    const key = payees.key(payee.payeeId);
    const known = state.get(key);
    if (known && known.stateVersion >= payee.stateVersion) return { taken: false };
    for (const payableId of known?.waiting ?? []) {
      const due = state.must(dues.key(payableId));
      change.put(dues.key(payableId), { ...due, schedule: payee.schedule, state: "WAITING" });
    }
    change.put(key, payee);
    return { taken: true };
  },
};
