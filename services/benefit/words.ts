/** The words of schemes and bills, as closed lists. They are the contract's enum values without their prefixes. */

export const VISIT_KINDS = ["OUTPATIENT", "INPATIENT"] as const;
export type VisitKind = (typeof VISIT_KINDS)[number];

/** The grades of institutions, lowest first: where an item counts and where a referral is wanted goes by this order. */
export const LEVELS = ["VILLAGE", "TOWNSHIP", "COUNTY", "PREFECTURE", "PROVINCE", "OUT_OF_PROVINCE"] as const;
export type Level = (typeof LEVELS)[number];

/** Groups of members; a scheme may waive the deductible of some (五保, 低保). */
export const CATEGORIES = ["ORDINARY", "FIVE_GUARANTEES", "MINIMUM_LIVING"] as const;
export type Category = (typeof CATEGORIES)[number];

export function isLevel(text: string): text is Level {
  return (LEVELS as readonly string[]).includes(text);
}

export function isCategory(text: string): text is Category {
  return (CATEGORIES as readonly string[]).includes(text);
}

export function isVisitKind(text: string): text is VisitKind {
  return text === "OUTPATIENT" || text === "INPATIENT";
}

/** True where `level` is at least as high as `lowest`. */
export function reaches(level: Level, lowest: Level): boolean {
  return LEVELS.indexOf(level) >= LEVELS.indexOf(lowest);
}
