/** Ends a claim that waits: its cap and its invoice are free again, its prefund is given back, and later claims that stood on it are computed again. */
import type { Change, Context, Key, Loaded, State } from "../../values/decision.ts";
import { assert } from "../../values/outcome.ts";
import { aftermathKeys, correct, laterDiffering } from "./aftermath.ts";
import { type Claim, claims, corrections } from "./documents.ts";
import type { ClaimsEvents } from "./events.ts";
import { freeInvoices, invoiceKeys } from "./invoice-keys.ts";
import { assertPath, done, reservationIdOf } from "./standing.ts";
import { drawingOf, leaveYears, promisedFen } from "./year.ts";

/** What `refuseClaim` looks at besides the claim itself. */
export function refusalKeys(claim: Claim | undefined, loaded: Loaded): Key[] {
  if (!claim) return [];
  return [...invoiceKeys(claim), ...aftermathKeys(claim, loaded)];
}

export function refuseClaim(claim: Claim, reason: string, state: State, change: Change<ClaimsEvents>, context: Context): Claim {
  assertPath(claim, "REFUSED");
  const differing = laterDiffering(claim, undefined, state);
  const refused: Claim = { ...done(claim), state: "REFUSED", reason, decision: claim.decision + 1, decidedAtMs: context.atMs };
  const { claimId } = refused.bill;
  change.put(claims.key(claimId), refused);
  freeInvoices(refused, state, change);
  leaveYears(refused, state, change);
  const waiting = state.get(corrections.key(claimId));
  if (waiting?.state === "QUEUED") change.put(corrections.key(claimId), { ...waiting, state: "DISMISSED" });
  change.tell("ClaimRefused", refused.county, { claimId, homeCounty: refused.county, reason });
  for (const one of differing) correct(one, claim, state, change, context);
  return refused;
}

/** Gives a refused claim's reservation back, once. */
export function releasePrefund(claim: Claim, change: Change<ClaimsEvents>): void {
  assert(claim.state === "REFUSED", `${claim.bill.claimId} is ${claim.state} and keeps its reservation`);
  if (claim.released) return;
  const { claimId } = claim.bill;
  change.put(claims.key(claimId), { ...claim, released: true });
  change.tell("PrefundReleased", claim.county, {
    reservationId: reservationIdOf(claim),
    claimId,
    homeCounty: claim.county,
    fundFen: promisedFen(drawingOf(claim)),
  });
}
