/**
 * Published benefit schemes (补助方案) and catalogues (目录). A published version never changes, so a decision reads it without a guard;
 * which versions a county has is in its timetable, where a new one takes effect the next day at the earliest, so that reading an old timetable is safe too.
 */
import type { CatalogueItem, Scheme } from "../../benefit/scheme.ts";
import { type Doc, kind } from "../../values/decision.ts";

export interface SchemeDocument extends Doc {
  readonly scheme: Scheme;
  /** SHA-256 of the canonical content. */
  readonly contentHash: string;
}

export interface Catalogue extends Doc {
  readonly contentHash: string;
  /** Sorted by code. */
  readonly items: readonly CatalogueItem[];
  /** The ICD-10 codes that a bill may name, sorted; empty: any. */
  readonly diagnoses: readonly string[];
}

export interface TimetableRow {
  readonly year: number;
  readonly version: number;
  readonly fromDay: string;
  readonly toDay: string;
  /** What it puts into family accounts; left out: nothing. */
  readonly familyFenPerHead?: bigint;
}

/** The published versions of one county, in the order of their publication. */
export interface Timetable extends Doc {
  readonly rows: readonly TimetableRow[];
}

export const DRAFT_STATES = ["DRAFT", "SIMULATED", "APPROVED", "PUBLISHED", "SUPERSEDED"] as const;
export type DraftState = (typeof DRAFT_STATES)[number];

/** A version on its way to publication: DRAFT → SIMULATED (its golden cases hold) → APPROVED (by two people) → PUBLISHED → SUPERSEDED. Drafted anew, it begins anew. */
export interface Draft extends Doc {
  readonly scheme: Scheme;
  readonly contentHash: string;
  /** The YAML as it came. */
  readonly document: string;
  readonly state: DraftState;
  readonly draftedBy: string;
  /** Different people, in the order of their word. */
  readonly approvedBy: readonly string[];
}

/** schemes/<county>/<year>/<version> */
export const schemes = kind<SchemeDocument>("schemes", { immutable: true });
/** drafts/<county>/<year>/<version> */
export const drafts = kind<Draft>("drafts");
export const catalogues = kind<Catalogue>("catalogues", { immutable: true });
/** timetables/<county> */
export const timetables = kind<Timetable>("timetables");

interface Version {
  readonly county: string;
  readonly year: number;
  readonly version: number;
}

/** county/year/version, as claims and contracts name a scheme. */
export function schemeIdOf({ county, year, version }: Version): string {
  return `${county}/${year}/${version}`;
}

/** The parts of a scheme's id; undefined where it is none. */
export function versionOf(schemeId: string): Version | undefined {
  const [, county, year, version] = /^(\d{6})\/(\d{4})\/(\d{1,2})$/.exec(schemeId) ?? [];
  return county === undefined ? undefined : { county, year: Number(year), version: Number(version) };
}

/** The version in force on a day: the highest of those whose days hold it. */
export function rowOf(timetable: Timetable | undefined, day: string): TimetableRow | undefined {
  let found: TimetableRow | undefined;
  for (const row of timetable?.rows ?? [])
    if (row.fromDay <= day && day <= row.toDay && (!found || row.version > found.version)) found = row;
  return found;
}

export function byItemCode(a: CatalogueItem, b: CatalogueItem): number {
  return a.itemCode < b.itemCode ? -1 : a.itemCode > b.itemCode ? 1 : 0;
}

/** An item by its code. */
export function itemOf({ items }: Catalogue, itemCode: string): CatalogueItem | undefined {
  return find(items, itemCode, (item) => item.itemCode);
}

export function knowsDiagnosis({ diagnoses }: Catalogue, code: string): boolean {
  return diagnoses.length === 0 || find(diagnoses, code, (diagnosis) => diagnosis) !== undefined;
}

/** A binary search, because a batch looks up thousands of lines in one catalogue. */
function find<T>(sorted: readonly T[], code: string, codeOf: (entry: T) => string): T | undefined {
  let low = 0;
  let high = sorted.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const entry = sorted[middle] as T;
    if (codeOf(entry) === code) return entry;
    if (codeOf(entry) < code) low = middle + 1;
    else high = middle - 1;
  }
  return undefined;
}
