/** Explains a claim: computes it once more from stored documents alone. What comes out must be what was answered; whatever differs is a fault of the program or of the store. */
import type { Step } from "../../benefit/trace.ts";
import { assert, isRefusal } from "../../values/outcome.ts";
import { canonical } from "./canonical.ts";
import { compute } from "./compute.ts";
import type { Claim } from "./documents.ts";
import type { Catalogue, SchemeDocument } from "./scheme.ts";

/** The steps that led to the claim's benefit. Throws where they do not lead there. */
export function explain(claim: Claim, home: SchemeDocument, treating: SchemeDocument, catalogue: Catalogue): readonly Step[] {
  const { bill, level, basis, benefit } = claim;
  const steps: Step[] = [];
  const again = compute({ bill, level, basis, home, treating, catalogue }, steps);
  assert(!isRefusal(again), `${bill.claimId} was computed and cannot be computed again`);
  assert(
    canonical(again.benefit) === canonical(benefit),
    `${bill.claimId} computed again gives another benefit: ${canonical(again.benefit)}`,
  );
  return steps;
}
