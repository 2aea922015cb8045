/** Under what a visit is paid: the first serious disease, disease price or benefit of the scheme that fits it; and who pays first. */
import type { Visit } from "./case.ts";
import type { BenefitRule, DiseasePrice, LevelTerms, OutpatientOrder, Scheme, SeriousDisease, VisitFacts } from "./scheme.ts";
import { reaches } from "./words.ts";

/** The entitlement that a visit falls under: the first serious disease, disease price or benefit that fits; undefined where the scheme has none. */
export function entitlementOf(visit: Visit, scheme: Scheme): Entitlement | undefined {
  const { diagnosis, level } = visit;
  if (visit.visitKind === "INPATIENT") {
    const serious = scheme.seriousDiseases.find((one) => isSerious(one, visit));
    if (serious) return { kind: "SERIOUS", serious };
    const price = scheme.diseasePrices.find((one) => one.levels.includes(level) && hasPrefix(one.diagnoses, diagnosis));
    if (price) return { kind: "PRICE", price };
  }
  for (const benefit of scheme.benefits) {
    if (!fits(benefit, visit)) continue;
    const terms = benefit.levels.find((one) => one.level === level);
    if (terms) return { kind: "BENEFIT", benefit, terms };
  }
  return undefined;
}

export type Entitlement =
  | { readonly kind: "BENEFIT"; readonly benefit: BenefitRule; readonly terms: LevelTerms }
  | { readonly kind: "SERIOUS"; readonly serious: SeriousDisease }
  | { readonly kind: "PRICE"; readonly price: DiseasePrice };

function isSerious(one: SeriousDisease, { level, diagnosis, procedures }: Visit): boolean {
  if (!reaches(level, one.lowestLevel) || !hasPrefix(one.diagnoses, diagnosis)) return false;
  return one.procedures.length === 0 || one.procedures.some((procedure) => procedures.includes(procedure));
}

function fits({ visitKind, categories, diagnoses, registration }: BenefitRule, visit: Visit): boolean {
  return (
    visitKind === visit.visitKind &&
    (categories.length === 0 || categories.includes(visit.category)) &&
    (diagnoses.length === 0 || hasPrefix(diagnoses, visit.diagnosis)) &&
    (registration === "" || visit.registrations.includes(registration))
  );
}

function hasPrefix(prefixes: readonly string[], diagnosis: string): boolean {
  return prefixes.some((prefix) => diagnosis.startsWith(prefix));
}

/** Who pays first on a visit; a stay is never paid from the family account. */
export function orderOf({ visitKind }: Pick<VisitFacts, "visitKind">, scheme: Scheme, { outpatientOrder }: BenefitRule): OutpatientOrder {
  return visitKind === "OUTPATIENT" ? (outpatientOrder ?? scheme.outpatientOrder) : "POOL_ONLY";
}
