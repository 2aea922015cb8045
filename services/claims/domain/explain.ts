/** Explains a claim: computes it once more from stored documents alone. What comes out must be what was answered; whatever differs is a fault of the program or of the store. */
import type { Step } from "../../benefit/trace.ts";
import { assert, isRefusal } from "../../values/outcome.ts";
import { canonical } from "./canonical.ts";
import { compute, type Documents, inputOf } from "./compute.ts";
import type { Claim } from "./documents.ts";

/** The steps that led to the claim's benefit. Throws where they do not lead there. */
export function explain(claim: Claim, documents: Documents): readonly Step[] {
  const { bill, benefit } = claim;
  const steps: Step[] = [];
  const again = compute(inputOf(claim, documents), steps);
  assert(!isRefusal(again), `${bill.claimId} was computed and cannot be computed again`);
  assert(
    canonical(again.benefit) === canonical(benefit),
    `${bill.claimId} computed again gives another benefit: ${canonical(again.benefit)}`,
  );
  return steps;
}
