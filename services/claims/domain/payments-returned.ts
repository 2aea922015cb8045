/** Money came back: the claims are approved and unpaid again, until another order pays them. A fact that follows PaymentsSettled. */
import type { Decision } from "../../values/decision.ts";
import { type Unavailable, unavailable } from "../../values/outcome.ts";
import { type Claim, claims } from "./documents.ts";
import type { ClaimsEvents } from "./events.ts";
import type { PaidClaim } from "./payments-settled.ts";

export interface ReturnedInput {
  readonly returned: readonly PaidClaim[];
}

export const paymentsReturned: Decision<ReturnedInput, void, ClaimsEvents> = {
  needs: ({ returned }) => returned.map(({ claimId }) => claims.key(claimId)),
  decide({ returned }, state, change) {
    for (const payment of returned) {
      const key = claims.key(payment.claimId);
      const claim = state.get(key);
      const next = afterReturn(claim, payment);
      if ("outcome" in next) return next;
      change.about(payment.claimId);
      if (next !== claim) change.put(key, next);
    }
  },
};

/** The claim without this payment; the same claim where the return was heard before. */
function afterReturn(claim: Claim | undefined, { payableId, orderId }: PaidClaim): Claim | Unavailable {
  if (claim?.returned?.includes(orderId)) return claim;
  if (claim?.paidBy !== orderId) return unavailable(`the payment of ${payableId} by ${orderId} is not heard yet`);
  const { paidBy, ...unpaid } = claim;
  return { ...unpaid, state: "APPROVED", paidAtMs: 0, returned: [...(claim.returned ?? []), paidBy] };
}
