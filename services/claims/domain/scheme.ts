/**
 * Benefit schemes (补助方案) and catalogues (目录): data, not code. A published version never changes, so a decision reads it without a guard;
 * which versions a county has is in its timetable, where a new one takes effect the next day at the earliest, so that reading an old timetable is safe too.
 */
import { type Doc, kind } from "../../values/decision.ts";
import type { Category, Level, VisitKind } from "./words.ts";

/** What is paid for one kind of visit at one level of institution. */
export interface BenefitRule {
  readonly visitKind: VisitKind;
  readonly level: Level;
  readonly deductibleFen: bigint;
  readonly repeatDeductibleBp: number;
  readonly rateBp: number;
  readonly noReferralPointsBp: number;
  readonly tcmPointsBp: number;
}

export interface YearCap {
  readonly visitKind: VisitKind;
  readonly capFen: bigint;
}

/** The share of a class of items that the patient pays first. */
export interface SelfFirst {
  readonly class: string;
  readonly selfFirstBp: number;
}

export interface ReviewRule {
  /** 0: no claim waits for its amount. */
  readonly aboveFundFen: bigint;
  readonly diagnosisPrefixes: readonly string[];
}

export interface Scheme {
  readonly county: string;
  readonly year: number;
  readonly version: number;
  readonly name: string;
  readonly fromDay: string;
  readonly toDay: string;
  readonly catalogueVersion: string;
  readonly rules: readonly BenefitRule[];
  readonly caps: readonly YearCap[];
  readonly classes: readonly SelfFirst[];
  readonly review: ReviewRule;
  readonly deductibleWaived: readonly Category[];
}

export interface CatalogueItem {
  readonly itemCode: string;
  readonly name: string;
  readonly class: string;
  /** 0: no limit. */
  readonly priceLimitFen: bigint;
  readonly lowestLevel: Level;
}

export interface SchemeDocument extends Doc {
  readonly scheme: Scheme;
  /** SHA-256 of the canonical content. */
  readonly contentHash: string;
}

export interface Catalogue extends Doc {
  readonly contentHash: string;
  /** Sorted by code. */
  readonly items: readonly CatalogueItem[];
}

export interface TimetableRow {
  readonly year: number;
  readonly version: number;
  readonly fromDay: string;
  readonly toDay: string;
}

/** The published versions of one county, in the order of their publication. */
export interface Timetable extends Doc {
  readonly rows: readonly TimetableRow[];
}

/** schemes/<county>/<year>/<version> */
export const schemes = kind<SchemeDocument>("schemes", { immutable: true });
export const catalogues = kind<Catalogue>("catalogues", { immutable: true });
/** timetables/<county> */
export const timetables = kind<Timetable>("timetables");

/** county/year/version, as claims and contracts name a scheme. */
export function schemeIdOf(scheme: { readonly county: string; readonly year: number; readonly version: number }): string {
  return `${scheme.county}/${scheme.year}/${scheme.version}`;
}

/** The version in force on a day: the highest of those whose days hold it. */
export function rowOf(timetable: Timetable | undefined, day: string): TimetableRow | undefined {
  let found: TimetableRow | undefined;
  for (const row of timetable?.rows ?? [])
    if (row.fromDay <= day && day <= row.toDay && (!found || row.version > found.version)) found = row;
  return found;
}

export function ruleOf(scheme: Scheme, visitKind: VisitKind, level: Level): BenefitRule | undefined {
  return scheme.rules.find((rule) => rule.visitKind === visitKind && rule.level === level);
}

/** The yearly cap of a kind of visit, undefined where the scheme has none. */
export function capOf(scheme: Scheme, visitKind: VisitKind): bigint | undefined {
  return scheme.caps.find((cap) => cap.visitKind === visitKind)?.capFen;
}

export function byItemCode(a: CatalogueItem, b: CatalogueItem): number {
  return a.itemCode < b.itemCode ? -1 : a.itemCode > b.itemCode ? 1 : 0;
}

/** An item by its code: a binary search, because a batch looks up thousands of lines in one catalogue. */
export function itemOf(catalogue: Catalogue, itemCode: string): CatalogueItem | undefined {
  let low = 0;
  let high = catalogue.items.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const item = catalogue.items[middle] as CatalogueItem;
    if (item.itemCode === itemCode) return item;
    if (item.itemCode < itemCode) low = middle + 1;
    else high = middle - 1;
  }
  return undefined;
}
