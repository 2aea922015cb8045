/**
 * The bank has paid: the claims are closed. One batch of the payment centre closes many. A fact that follows ClaimApproved:
 * while one of its claims is not approved yet, all of it waits. It does not wait for a return: of a claim that was paid, returned and paid again, the
 * second payment may be heard first, and then the first one's event, which names other claims as well, and its return would wait for each other.
 */
import type { Decision } from "../../values/decision.ts";
import { assert, type Unavailable, unavailable } from "../../values/outcome.ts";
import { type Claim, claims } from "./documents.ts";
import type { ClaimsEvents } from "./events.ts";
import { approvalIdOf } from "./standing.ts";

export interface PaidClaim {
  readonly claimId: string;
  /** The approval's id. */
  readonly payableId: string;
  /** The order that paid it: another after the money of an earlier one came back. */
  readonly orderId: string;
}

export interface SettledInput {
  readonly paid: readonly PaidClaim[];
  readonly settledAtMs: number;
}

export const paymentsSettled: Decision<SettledInput, void, ClaimsEvents> = {
  needs: ({ paid }) => paid.map(({ claimId }) => claims.key(claimId)),
  decide({ paid, settledAtMs }, state, change) {
    const told = new Map<string, Claim[]>();
    for (const payment of paid) {
      const key = claims.key(payment.claimId);
      const claim = state.get(key);
      const next = afterPayment(claim, payment, settledAtMs);
      if ("outcome" in next) return next;
      change.about(payment.claimId);
      if (next === claim) continue;
      change.put(key, next);
      // Paid again after a return, or before it is heard, is no second payment to those who count.
      if (!next.returned && !next.alsoPaidBy && next.state === "PAID") told.set(next.county, [...(told.get(next.county) ?? []), next]);
    }
    for (const [county, closed] of told)
      change.tell("ClaimsPaid", county, { homeCounty: county, paidAtMs: BigInt(settledAtMs), claims: closed.map(paidClaim) });
  },
};

/** The claim after it was paid; the same claim where this payment was heard before, or has come back since. */
function afterPayment(claim: Claim | undefined, { claimId, payableId, orderId }: PaidClaim, paidAtMs: number): Claim | Unavailable {
  const known =
    claim?.returned?.includes(orderId) || claim?.paidBy === orderId || claim?.alsoPaidBy?.some((also) => also.orderId === orderId);
  if (claim && known) return claim;
  if (claim?.state !== "APPROVED" && claim?.state !== "PAID" && claim?.state !== "VOIDED") {
    assert(claim?.state !== "REFUSED", `${payableId} was paid and its claim is refused`);
    return unavailable(`${payableId} is not approved yet`);
  }
  assert(approvalIdOf(claim) === payableId, `${payableId} was paid and ${claimId} is approved under ${approvalIdOf(claim)}`);
  if (claim.paidBy !== undefined) return { ...claim, alsoPaidBy: [...(claim.alsoPaidBy ?? []), { orderId, paidAtMs }] };
  // Taken back while its order was on the way, it was paid all the same: the institution owes it.
  return { ...claim, state: claim.state === "VOIDED" ? "VOIDED" : "PAID", paidAtMs, paidBy: orderId };
}

function paidClaim({ treatingCounty, bill, benefit, submittedAtMs }: Claim): ClaimsEvents["ClaimsPaid"]["claims"][number] {
  const { claimId, dischargedOn } = bill;
  return { claimId, treatingCounty, fundFen: benefit.fundFen, dischargedOn, submittedAtMs: BigInt(submittedAtMs) };
}
