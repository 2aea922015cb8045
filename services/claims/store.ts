/** What claims finds again, beyond documents by their key. One index, over the few claims that wait: the hot path pays for no other. */
import type { Indexes, Reader } from "../mesh/wiring.ts";
import type { Refusal } from "../values/outcome.ts";
import { assert } from "../values/outcome.ts";
import { MAX_NEWBORNS } from "./domain/bill-form.ts";
import type { Documents } from "./domain/compute.ts";
import { type Application, applications, type Claim, type Correction, claims, corrections, covers, years } from "./domain/documents.ts";
import { balanceOf, householdKey } from "./domain/family-account.ts";
import { badDay, badNumber, badPerson } from "./domain/fields.ts";
import { schemeKeyOf } from "./domain/published.ts";
import { refuse } from "./domain/refusals.ts";
import { catalogues, type Draft, drafts, rowOf, type SchemeDocument, schemeIdOf, timetables } from "./domain/scheme.ts";
import { borneOf, MAX_SHARES, type Second, seconds } from "./domain/second-compensation.ts";
import { capHolder, holderOf } from "./domain/year.ts";

const MAX_TASKS = 500;
/** Bill lines in one answer: about half a megabyte. */
const MAX_TASK_LINES = 6_000;
const MAX_EXPIRING = 500;

export const indexes: Indexes = {
  claims: [{ keys: { state: 1, county: 1, waitingSinceMs: 1 }, partial: { waitingSinceMs: { $gt: 0 } } }],
  covers: [],
  households: [],
  institutions: [],
  counties: [],
  prefunds: [],
  years: [],
  invoices: [],
  referrals: [],
  applications: [{ keys: { county: 1, appliedAtMs: 1 }, partial: { state: "APPLIED" } }],
  registrations: [],
  corrections: [{ keys: { county: 1, queuedAtMs: 1 }, partial: { state: "QUEUED" } }],
  schemes: [],
  admissions: [],
  stays: [],
  fees: [],
  seconds: [{ keys: { county: 1, year: 1 }, partial: { state: "APPROVED" } }],
  shares: [],
  drafts: [{ keys: { county: 1, "scheme.year": -1, "scheme.version": -1 } }],
  catalogues: [],
  timetables: [],
};

export function claimOf(reader: Reader, claimId: string): Promise<Claim | undefined> {
  return reader.get(claims.key(claimId));
}

/** The claims of a home county that wait for review, oldest first; as many as one answer holds. */
export async function reviewTasksOf(reader: Reader, county: string): Promise<readonly Claim[]> {
  const filter = { state: "IN_REVIEW", county, waitingSinceMs: { $gt: 0 } };
  const waiting = await reader.find(claims, filter, { sort: { waitingSinceMs: 1 }, limit: MAX_TASKS });
  let lines = 0;
  const end = waiting.findIndex(({ bill }) => {
    lines += bill.lines.length;
    return lines > MAX_TASK_LINES;
  });
  return end < 0 ? waiting : waiting.slice(0, Math.max(1, end));
}

/** The claims that have waited for their prefund since `sinceMs` or longer. */
export function pendingSince(reader: Reader, sinceMs: number): Promise<readonly Claim[]> {
  return reader.find(claims, { state: "PENDING", waitingSinceMs: { $gt: 0, $lte: sinceMs } }, { limit: MAX_EXPIRING });
}

const MAX_CORRECTIONS = 500;

/** The corrections of a county that wait, oldest first. */
export function correctionsOf(reader: Reader, county: string): Promise<readonly Correction[]> {
  return reader.find(corrections, { state: "QUEUED", county }, { sort: { queuedAtMs: 1 }, limit: MAX_CORRECTIONS });
}

const MAX_APPLICATIONS = 500;

/** The applications that a county has not decided, oldest first. */
export function applicationsOf(reader: Reader, county: string): Promise<readonly Application[]> {
  return reader.find(applications, { state: "APPLIED", county }, { sort: { appliedAtMs: 1 }, limit: MAX_APPLICATIONS });
}

const MAX_SECONDS = 22;

/** The second compensations that are approved and not granted to the end. */
export function approvedSeconds(reader: Reader): Promise<readonly Second[]> {
  return reader.find(seconds, { state: "APPROVED" }, { sort: { county: 1, year: 1 }, limit: MAX_SECONDS });
}

const READ_AT_ONCE = 1_000;

/**
 * A county's claims of a year of which the person has borne more than the year's scheme asks for a second compensation: at most one more than may share. Found by the benefit
 * years, whose keys begin with the county's code: a year of which less was borne in all has no such claim.
 */
export async function muchBorne(reader: Reader, county: string, year: number): Promise<readonly Claim[]> {
  const row = (await reader.get(timetables.key(county)))?.rows.findLast((one) => one.year === year);
  const rule = row && (await schemeOf(reader, schemeIdOf({ county, year, version: row.version }))).scheme.secondCompensation;
  if (!rule) return [];
  const inCounty = { _id: { $gte: county, $lt: `${county}~` }, year, borneFen: { $gt: rule.overFen } };
  const holders = await reader.find(years, inCounty, { limit: MAX_SHARES + 1 });
  const ids = [...new Set(holders.flatMap(({ visits }) => visits.map(({ claimId }) => claimId)))];
  const found: Claim[] = [];
  for (let from = 0; from < ids.length && found.length <= MAX_SHARES; from += READ_AT_ONCE) {
    const some = await reader.getAll(ids.slice(from, from + READ_AT_ONCE).map((id) => claims.key(id)));
    found.push(...[...some.values()].filter((claim) => claim.county === county && claim.year === year && borneOf(claim) > rule.overFen));
  }
  return found.slice(0, MAX_SHARES + 1);
}

const MAX_SCHEMES = 500;

/** The versions of a county's schemes, the newest first. */
export function draftsOf(reader: Reader, county: string): Promise<readonly Draft[]> {
  return reader.find(drafts, { county }, { sort: { "scheme.year": -1, "scheme.version": -1 }, limit: MAX_SCHEMES });
}

/** The published documents that a claim was computed by. */
export async function documentsOf(reader: Reader, { benefit, basis }: Claim): Promise<Documents> {
  const [home, treating] = await Promise.all([schemeOf(reader, benefit.schemeId), schemeOf(reader, basis.treatingSchemeId)]);
  const catalogue = await reader.get(catalogues.key(treating.scheme.catalogueVersion));
  assert(catalogue, `catalogue ${treating.scheme.catalogueVersion} is published`);
  return { home, treating, catalogue };
}

async function schemeOf(reader: Reader, schemeId: string): Promise<SchemeDocument> {
  const found = await reader.get(schemeKeyOf(schemeId));
  assert(found, `scheme ${schemeId} is published`);
  return found;
}

export interface YearAsked {
  readonly personId: string;
  readonly day: string;
  readonly newborn: number;
}

/** What a person's year has used and has left, by the scheme in force on a day where the person is insured. */
export async function benefitYear(reader: Reader, { personId, day, newborn }: YearAsked) {
  const fault = badPerson("person_id", personId) ?? badDay("day", day) ?? badNumber("newborn", newborn, 0, MAX_NEWBORNS);
  if (fault) return fault;
  const found = await schemeOn(reader, personId, day);
  if ("outcome" in found) return found;
  const { scheme } = found;
  const who = { personId, newborn };
  const yearOf = (holder: string) => reader.get(years.key(holder, scheme.year));
  const own = await yearOf(holderOf(who));
  const caps = await Promise.all(
    scheme.caps.map(async ({ code, scope, fen: capFen }) => {
      const usedFen = (await yearOf(capHolder(scope, who)))?.usedFen[code] ?? 0n;
      return { code, capFen, usedFen, leftFen: usedFen < capFen ? capFen - usedFen : 0n };
    }),
  );
  const { compensatedStays = 0, borneFen = 0n } = own ?? {};
  const household = await reader.get(householdKey(who));
  const timetable = await reader.get(timetables.key(scheme.county));
  const accountFen = household && timetable ? balanceOf(household, timetable, scheme.year) : 0n;
  return { schemeId: schemeIdOf(scheme), caps, compensatedStays, borneFen, accountFen };
}

async function schemeOn(reader: Reader, personId: string, day: string): Promise<SchemeDocument | Refusal> {
  const cover = await reader.get(covers.key(personId));
  if (!cover) return refuse("UNKNOWN_PERSON", { field: "person_id", person: personId });
  const stretch = cover.stretches.find(({ fromDay, toDay }) => fromDay <= day && day <= toDay);
  if (!stretch) return refuse("NOT_COVERED", { field: "day", from: day, to: day });
  const { county } = stretch;
  const row = rowOf(await reader.get(timetables.key(county)), day);
  return row ? await schemeOf(reader, `${county}/${row.year}/${row.version}`) : refuse("NO_SCHEME", { field: "day", county, day });
}
