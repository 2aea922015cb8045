/** A claim's benefit from its bill, its basis and the published documents: the same when it is decided and whenever it is explained. */
import { adjudicate } from "../../benefit/adjudicate.ts";
import type { Adjudicated, Before, PricedLine, Visit } from "../../benefit/case.ts";
import { entitlementOf } from "../../benefit/entitlement.ts";
import { type Step, words } from "../../benefit/trace.ts";
import type { Level } from "../../benefit/words.ts";
import type { Refusal } from "../../values/outcome.ts";
import type { Basis, Benefit, Bill, Claim, Deduction, Drawn } from "./documents.ts";
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
  /** What the review desk has taken off. */
  readonly deductions?: readonly Deduction[];
}

/** The published documents of a claim. */
export type Documents = Pick<ComputeInput, "home" | "treating" | "catalogue">;

/** What a stored claim is computed from once more; `before` instead of what it saw then, where that is given. */
export function inputOf({ bill, level, basis, deductions }: Claim, documents: Documents, before?: Before): ComputeInput {
  return { bill, level, basis: before ? { ...basis, before } : basis, ...(deductions ? { deductions } : {}), ...documents };
}

export interface Computed {
  readonly benefit: Benefit;
  readonly drawn: Drawn;
}

/** Refuses UNKNOWN_DIAGNOSIS, UNKNOWN_ITEM and NO_BENEFIT. `trace` takes the steps where they are wanted. */
export function compute(input: ComputeInput, trace?: Step[]): Computed | Refusal {
  const { bill, level, basis, home, treating, catalogue, deductions = [] } = input;
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
  const judge = (one: Visit, steps?: Step[]) => adjudicate(one, entitlement, law, basis.before, steps);
  const judged = deductions.length === 0 ? judge(visit, trace) : deducted(visit, deductions, judge, trace);
  const { code, amounts } = judged;
  const fund = entitlement.kind === "SERIOUS" ? "SERIOUS" : visitKind;
  return { benefit: { ...amounts, code, schemeId: schemeIdOf(scheme), fund }, drawn: drawnBy(bill, judged, home) };
}

/**
 * Judged without what was taken off; the patient pays what the whole bill left him, for he has paid it at the window, and all that the other payers pay less is the
 * hospital's.
 */
function deducted(
  visit: Visit,
  deductions: readonly Deduction[],
  judge: (visit: Visit, trace?: Step[]) => Adjudicated,
  trace: Step[] | undefined,
): Adjudicated {
  const whole = judge(visit);
  const fenOf = new Map(deductions.map(({ line, deductedFen }) => [line - 1, deductedFen]));
  const lines = visit.lines.map((line, index) => ({ ...line, deductedFen: fenOf.get(index) ?? 0n }));
  const less = judge({ ...visit, lines }, trace);
  const { totalFen, patientFen } = whole.amounts;
  const { subsidyFen, fundFen, accountFen, assistanceFen, catastrophicFen } = less.amounts;
  const hospitalFen = totalFen - patientFen - subsidyFen - fundFen - accountFen - assistanceFen - catastrophicFen;
  const [zh, en] = words.deducted(totalFen - less.amounts.totalFen, hospitalFen, patientFen);
  const source = trace?.at(-1)?.source ?? "";
  trace?.push({ step: "HOSPITAL", rule: "DEDUCTIONS", source, inFen: totalFen - less.amounts.totalFen, outFen: hospitalFen, zh, en });
  return {
    ...less,
    amounts: { ...less.amounts, totalFen, patientFen, hospitalFen },
    drawn: { ...less.drawn, borneFen: whole.drawn.borneFen },
  };
}

function drawnBy(bill: Bill, { drawn, amounts: { accountFen } }: Adjudicated, { scheme }: SchemeDocument): Drawn {
  const caps = scheme.caps.filter(({ code }) => drawn.caps.includes(code));
  return { ...drawn, caps: caps.map(({ code, scope }) => ({ code, holder: capHolder(scope, bill) })), accountFen };
}
