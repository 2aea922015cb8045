/**
 * What each payer pays on one stay or visit (补偿额), in fen, exactly. Pure. Source: the order of evaluation in domain rules 3.2, read as in 3.4:
 * lines (scope, price limit, self-first) → Σ eligible → deductible → rate, segments or quota with modifiers → floor → rounding → caps → account → assistance → catastrophic → patient.
 * Half-up rounding happens at each line's eligible amount, at each segment's amount, and once at the result, from the exact value straight to the scheme's unit.
 */
import { BP, halfUp, lesser } from "../values/money.ts";
import { assert } from "../values/outcome.ts";
import { byBenefit } from "./benefit-result.ts";
import { type Adjudicated, type Before, type Case, FULL_BP, type Law, type PricedLine, type Visit } from "./case.ts";
import type { Entitlement } from "./entitlement.ts";
import { byPrice, byQuota } from "./fixed-result.ts";
import { paid } from "./payers.ts";
import type { ItemClass } from "./scheme.ts";
import { type Step, type StepName, type Words, words } from "./trace.ts";
import { type Level, reaches } from "./words.ts";

const QUANTITY_SCALE = 10_000n;

/** What the lines of a visit come to: what was billed and is not deducted, and what of it counts. */
export interface Sums {
  readonly totalFen: bigint;
  readonly eligibleFen: bigint;
}

/** What the lines come to, which depends on the classes alone: whoever tries several schemes with the same classes on a visit sums it once. */
export function sumsOf({ lines, level }: Visit, classes: readonly ItemClass[], note?: Case["note"]): Sums {
  let totalFen = 0n;
  let eligibleFen = 0n;
  for (const line of lines) {
    totalFen += line.billedFen - (line.deductedFen ?? 0n);
    eligibleFen += eligibleOf(line, level, classes, note);
  }
  return { totalFen, eligibleFen };
}

/** Adjudicates a visit under the entitlement that `entitlementOf` gave; `trace` takes the steps where they are wanted. `summed` are its sums where they are known: a trace is then without its lines. */
export function adjudicate(visit: Visit, entitlement: Entitlement, law: Law, before: Before, trace?: Step[], summed?: Sums): Adjudicated {
  const { schemeHash, catalogueHash } = law;
  const note = trace
    ? (step: StepName, rule: string, inFen: bigint, outFen: bigint, [zh, en]: Words): void => {
        trace.push({ step, rule, source: step === "LINE" ? catalogueHash : schemeHash, inFen, outFen, zh, en });
      }
    : undefined;
  const { totalFen, eligibleFen } = summed ?? sumsOf(visit, law.classes, note);
  note?.("ELIGIBLE", law.catalogueVersion, totalFen, eligibleFen, words.eligible(totalFen, eligibleFen));
  const one: Case = { visit, law, before, totalFen, eligibleFen, note };
  const computed =
    entitlement.kind === "BENEFIT"
      ? byBenefit(one, entitlement.benefit, entitlement.terms)
      : entitlement.kind === "SERIOUS"
        ? byQuota(one, entitlement.serious)
        : byPrice(one, entitlement.price);
  return paid(one, computed);
}

/** Item scope, then price limit, then what the patient pays first of the class. */
function eligibleOf(line: PricedLine, level: Level, classes: readonly ItemClass[], note: Case["note"]): bigint {
  const { item, billedFen, quantityE4, deductedFen = 0n } = line;
  if (!line.covered) {
    note?.("LINE", item.itemCode, billedFen, 0n, words.uncovered(item.name, billedFen, line.day));
    return 0n;
  }
  if (!reaches(level, item.lowestLevel)) {
    note?.("LINE", item.itemCode, billedFen, 0n, words.outOfScope(item.name, billedFen, item.lowestLevel));
    return 0n;
  }
  const { priceLimitFen } = item;
  const limitedFen = priceLimitFen === 0n ? billedFen : lesser(billedFen, halfUp(priceLimitFen * quantityE4, QUANTITY_SCALE));
  const share = classes.find((entry) => entry.class === item.class);
  assert(share, `class ${item.class} of ${item.itemCode} is in the scheme: it was checked at publication`);
  const eligibleFen = share.selfFirstBp === 0 ? limitedFen : halfUp(limitedFen * BigInt(FULL_BP - share.selfFirstBp), BP);
  note?.(
    "LINE",
    item.itemCode,
    billedFen,
    eligibleFen,
    words.line(item.name, item.class, billedFen, limitedFen, share.selfFirstBp, eligibleFen),
  );
  if (deductedFen === 0n) return eligibleFen;
  const standing = limitedFen * (billedFen - deductedFen) * BigInt(FULL_BP - share.selfFirstBp);
  const leftFen = halfUp(standing, billedFen * BP);
  note?.("DEDUCTION", item.itemCode, eligibleFen, leftFen, words.deduction(item.name, billedFen, deductedFen, leftFen));
  return leftFen;
}
