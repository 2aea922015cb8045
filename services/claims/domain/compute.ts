/** A claim's benefit from its bill, its basis and the published documents: the same when it is decided and whenever it is explained. */
import { adjudicate, type Sums } from "../../benefit/adjudicate.ts";
import type { Adjudicated, Before, PricedLine, Visit } from "../../benefit/case.ts";
import { entitlementOf } from "../../benefit/entitlement.ts";
import { type Step, words } from "../../benefit/trace.ts";
import type { Level } from "../../benefit/words.ts";
import { greater, lesser, sum } from "../../values/money.ts";
import type { Refusal } from "../../values/outcome.ts";
import type { Basis, Benefit, Bill, Claim, Drawn } from "./documents.ts";
import { refuse } from "./refusals.ts";
import type { Deduction } from "./review-documents.ts";
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
  /** The patient has paid all of it at the window: it was handed in on paper. */
  readonly paidInFull?: boolean;
}

/** The published documents of a claim. */
export type Documents = Pick<ComputeInput, "home" | "treating" | "catalogue">;

/** What of a stored claim is computed once more. */
export type Computable = Pick<Claim, "bill" | "level" | "basis" | "deductions" | "corrected" | "paper">;

/** What a stored claim is computed from once more; with `before`, as it stands now: by what is given instead of what it saw then, and with what is taken off it since. */
export function inputOf(claim: Computable, documents: Documents, before?: Before): ComputeInput {
  const { bill, level, basis, corrected, paper } = claim;
  const deductions = (before && corrected?.deductions) ?? claim.deductions;
  return {
    bill,
    level,
    basis: before ? { ...basis, before } : basis,
    ...(deductions ? { deductions } : {}),
    ...(paper ? { paidInFull: true } : {}),
    ...documents,
  };
}

export interface Computed {
  readonly benefit: Benefit;
  readonly drawn: Drawn;
}

/** Refuses UNKNOWN_DIAGNOSIS, UNKNOWN_ITEM and NO_BENEFIT. `trace` takes the steps where they are wanted. */
export function compute(input: ComputeInput, trace?: Step[]): Computed | Refusal {
  const visit = visitOf(input);
  return "outcome" in visit ? visit : computeVisit(visit, input, trace);
}

/** The bill as the catalogue sees it. Refuses UNKNOWN_DIAGNOSIS and UNKNOWN_ITEM. */
export function visitOf({ bill, level, basis, treating, catalogue }: ComputeInput): Visit | Refusal {
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
  return { visitKind, level, category, diagnosis, procedures, registrations, referred: bill.referralId !== "", tcm, lines };
}

/** The benefit on a bill that was priced before. `summed` are the sums of its lines under the treatment place's classes, where they are known. Refuses NO_BENEFIT. */
export function computeVisit(visit: Visit, input: ComputeInput, trace?: Step[], summed?: Sums): Computed | Refusal {
  const { bill, basis, home, treating, catalogue, deductions = [], paidInFull = false } = input;
  const { scheme } = home;
  const { visitKind, level } = visit;
  const entitlement = entitlementOf(visit, scheme);
  if (!entitlement) return refuse("NO_BENEFIT", { field: "bill.visit_kind", scheme: schemeIdOf(scheme), level, visit: visitKind });
  const law = {
    scheme,
    schemeHash: home.contentHash,
    classes: treating.scheme.classes,
    catalogueVersion: treating.scheme.catalogueVersion,
    catalogueHash: catalogue.contentHash,
  };
  // What is deducted makes another visit of it, with sums of its own.
  const judge = (one: Visit, steps?: Step[]) => adjudicate(one, entitlement, law, basis.before, steps, one === visit ? summed : undefined);
  const judged = paidInFull ? reimbursed(visit, deductions, judge, trace) : settled(visit, deductions, judge, trace);
  const { code, amounts } = judged;
  const fund = entitlement.kind === "SERIOUS" ? "SERIOUS" : visitKind;
  return { benefit: { ...amounts, code, schemeId: schemeIdOf(scheme), fund }, drawn: drawnBy(bill, judged, home) };
}

type Judge = (visit: Visit, trace?: Step[]) => Adjudicated;

function settled(visit: Visit, deductions: readonly Deduction[], judge: Judge, trace: Step[] | undefined): Adjudicated {
  return deductions.length === 0 ? judge(visit, trace) : deducted(visit, deductions, judge, trace);
}

function without({ lines, ...visit }: Visit, deductions: readonly Deduction[]): Visit {
  const fenOf = new Map(deductions.map(({ line, deductedFen }) => [line - 1, deductedFen]));
  return { ...visit, lines: lines.map((line, index) => ({ ...line, deductedFen: fenOf.get(index) ?? 0n })) };
}

/**
 * Who has paid all of the bill bears whatever no payer gives back: what a hospital would bear above a quota or a price, and what the review desk takes off. And no more is given back than was
 * billed, where a price is more than that.
 */
function reimbursed(visit: Visit, deductions: readonly Deduction[], judge: Judge, trace: Step[] | undefined): Adjudicated {
  const judged = deductions.length === 0 ? judge(visit, trace) : judge(without(visit, deductions), trace);
  const totalFen = sum(visit.lines.map(({ billedFen }) => billedFen));
  const { subsidyFen, accountFen, assistanceFen, catastrophicFen, ...amounts } = judged.amounts;
  const othersFen = subsidyFen + accountFen + assistanceFen + catastrophicFen;
  const fundFen = lesser(amounts.fundFen, greater(0n, totalFen - othersFen));
  const patientFen = totalFen - fundFen - othersFen;
  if (patientFen === amounts.patientFen && fundFen === amounts.fundFen && amounts.hospitalFen === 0n) return judged;
  const [zh, en] = words.paidInFull(totalFen, fundFen, patientFen);
  trace?.push({
    step: "PATIENT",
    rule: "PAPER",
    source: trace.at(-1)?.source ?? "",
    inFen: amounts.patientFen,
    outFen: patientFen,
    zh,
    en,
  });
  return { ...judged, amounts: { ...judged.amounts, totalFen, fundFen, hospitalFen: 0n, patientFen } };
}

/**
 * Judged without what was taken off; the patient pays what the whole bill left him, for he has paid it at the window, and all that the other payers pay less is the
 * hospital's.
 */
function deducted(visit: Visit, deductions: readonly Deduction[], judge: Judge, trace: Step[] | undefined): Adjudicated {
  const whole = judge(visit);
  const less = judge(without(visit, deductions), trace);
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
