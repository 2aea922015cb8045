/** Money came back: the claims are approved and unpaid again, until another order pays them. A fact that follows PaymentsSettled. */
import type { Decision } from "../../values/decision.ts";
import { type Unavailable, unavailable } from "../../values/outcome.ts";
import { type Claim, claims, type Payment } from "./documents.ts";
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

/** The claim without this payment; the same claim where the return was heard before. Where another order has paid it as well, it stays paid, by that one. */
function afterReturn(claim: Claim | undefined, { payableId, orderId }: PaidClaim): Claim | Unavailable {
  if (claim?.returned?.includes(orderId)) return claim;
  const also = claim?.alsoPaidBy ?? [];
  const isOther = also.some((other) => other.orderId === orderId);
  if (!claim || (claim.paidBy !== orderId && !isOther)) return unavailable(`the payment of ${payableId} by ${orderId} is not heard yet`);
  const { alsoPaidBy, ...rest } = claim;
  const returned = [...(claim.returned ?? []), orderId];
  const left = also.filter((other) => other.orderId !== orderId);
  if (isOther) return { ...rest, returned, ...otherwise(left) };
  const [next, ...others] = left;
  if (next) return { ...rest, returned, paidBy: next.orderId, paidAtMs: next.paidAtMs, ...otherwise(others) };
  const { paidBy, ...unpaid } = rest;
  return { ...unpaid, state: claim.state === "VOIDED" ? "VOIDED" : "APPROVED", paidAtMs: 0, returned };
}

function otherwise(left: readonly Payment[]): Pick<Claim, "alsoPaidBy"> {
  return left.length > 0 ? { alsoPaidBy: left } : {};
}
