/** A claim's benefit from its bill, its basis and the published documents: the same when it is decided and whenever it is explained. */
import { type Adjudicated, adjudicate, entitlementOf, type PricedLine } from "../../benefit/adjudicate.ts";
import type { Step } from "../../benefit/trace.ts";
import type { Level } from "../../benefit/words.ts";
import type { Refusal } from "../../values/outcome.ts";
import type { Basis, Benefit, Bill, Drawn } from "./documents.ts";
import { refuse } from "./refusals.ts";
import { type Catalogue, itemOf, knowsDiagnosis, type SchemeDocument, schemeIdOf } from "./scheme.ts";
import { capHolder } from "./year.ts";

export interface ComputeInput {
  readonly bill: Bill;
  /** The institution's. */
  readonly level: Level;
  readonly basis: Basis;
  /** The insured place's version: rules and caps. */
  readonly home: SchemeDocument;
  /** The treatment place's: classes. Source: domain rules 4. */
  readonly treating: SchemeDocument;
  readonly catalogue: Catalogue;
}

export interface Computed {
  readonly benefit: Benefit;
  readonly drawn: Drawn;
}

/** Refuses UNKNOWN_DIAGNOSIS, UNKNOWN_ITEM and NO_BENEFIT. `trace` takes the steps where they are wanted. */
export function compute({ bill, level, basis, home, treating, catalogue }: ComputeInput, trace?: Step[]): Computed | Refusal {
  const { scheme } = home;
  const { visitKind, diagnosis, procedures, tcm } = bill;
  const { catalogueVersion } = treating.scheme;
  if (!knowsDiagnosis(catalogue, diagnosis))
    return refuse("UNKNOWN_DIAGNOSIS", { field: "bill.diagnosis", catalogue: catalogueVersion, diagnosis });
  const uncovered = new Set(basis.uncoveredDays);
  const lines: PricedLine[] = [];
  for (const [index, { itemCode, day, quantityE4, billedFen }] of bill.lines.entries()) {
    const item = itemOf(catalogue, itemCode);
    if (!item) {
      const field = `bill.lines[${index}].item_code`;
      return refuse("UNKNOWN_ITEM", { field, catalogue: catalogueVersion, item: itemCode });
    }
    lines.push({ item, quantityE4, billedFen, day, covered: !uncovered.has(day) });
  }
  const { category, registrations } = basis;
  const visit = { visitKind, level, category, diagnosis, procedures, registrations, referred: bill.referralId !== "", tcm, lines };
  const entitlement = entitlementOf(visit, scheme);
  if (!entitlement) return refuse("NO_BENEFIT", { field: "bill.visit_kind", scheme: schemeIdOf(scheme), level, visit: visitKind });
  const law = {
    scheme,
    schemeHash: home.contentHash,
    classes: treating.scheme.classes,
    catalogueVersion,
    catalogueHash: catalogue.contentHash,
  };
  const { code, amounts, drawn } = adjudicate(visit, entitlement, law, basis.before, trace);
  return { benefit: { ...amounts, code, schemeId: schemeIdOf(scheme) }, drawn: drawnBy(bill, drawn, home) };
}

function drawnBy(bill: Bill, drawn: Adjudicated["drawn"], { scheme }: SchemeDocument): Drawn {
  const caps = scheme.caps.filter(({ code }) => drawn.caps.includes(code));
  return { ...drawn, caps: caps.map(({ code, scope }) => ({ code, holder: capHolder(scope, bill) })) };
}
