/** What claims finds again, beyond documents by their key. Two indexes, over the few claims that wait and the few on paper: the hot path pays for no other. */
import type { Indexes, Reader } from "../mesh/wiring.ts";
import type { Rulebook } from "../rules/rule.ts";
import type { Refusal } from "../values/outcome.ts";
import { assert } from "../values/outcome.ts";
import { MAX_NEWBORNS } from "./domain/bill-form.ts";
import { type BillReport, billPages, billReports, type FoundBills, MAX_BILLS, pageKeys } from "./domain/bill-report.ts";
import type { Documents } from "./domain/compute.ts";
import { type CoverLoss, coverLosses } from "./domain/cover-loss.ts";
import {
  type Application,
  applications,
  type Claim,
  type ClaimState,
  type Correction,
  claims,
  corrections,
  covers,
  type Institution,
  type Invoice,
  institutions,
  invoices,
  years,
} from "./domain/documents.ts";
import { balanceOf, householdKey } from "./domain/family-account.ts";
import { badDay, badNumber, badPerson } from "./domain/fields.ts";
import { schemeKeyOf } from "./domain/published.ts";
import { refuse } from "./domain/refusals.ts";
import { type Appeal, appeals } from "./domain/review-documents.ts";
import { type Look, looks, ruleScores, SAMPLE } from "./domain/rulebook.ts";
import { catalogues, type Draft, drafts, rowOf, type SchemeDocument, schemeIdOf, timetables } from "./domain/scheme.ts";
import { borneOf, MAX_SHARES, type Second, seconds } from "./domain/second-compensation.ts";
import { approvalIdOf, isPromised } from "./domain/standing.ts";
import { sideOf } from "./domain/three-way.ts";
import { capHolder, holderOf } from "./domain/year.ts";

const MAX_TASKS = 500;
/** Bill lines in one answer: about half a megabyte. */
const MAX_TASK_LINES = 6_000;
const MAX_EXPIRING = 500;

export const indexes: Indexes = {
  claims: [
    { keys: { state: 1, county: 1, waitingSinceMs: 1 }, partial: { waitingSinceMs: { $gt: 0 } } },
    { keys: { county: 1, submittedAtMs: -1 }, partial: { "paper.submittedBy": { $gt: "" } } },
  ],
  covers: [],
  coverlosses: [{ keys: { county: 1, foundAtMs: 1 }, partial: { state: "OPEN" } }],
  households: [],
  institutions: [],
  counties: [],
  prefunds: [],
  years: [],
  invoices: [],
  paperinvoices: [],
  papercodes: [],
  rulenights: [],
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
  billreports: [{ keys: { openSinceMs: 1 }, partial: { openSinceMs: { $gt: 0 } } }],
  billpages: [],
  reviewers: [],
  rulesets: [],
  ruletimes: [],
  rulescores: [],
  looks: [{ keys: { county: 1, sinceMs: 1 }, partial: { state: "OPEN" } }],
  appeals: [{ keys: { county: 1, appealedAtMs: 1 }, partial: { state: "OPEN" } }],
};

export function claimOf(reader: Reader, claimId: string): Promise<Claim | undefined> {
  return reader.get(claims.key(claimId));
}

export type TaskFilter = "UNSPECIFIED" | "FREE" | "MINE" | "WITH_HOSPITAL";

/** A question that is not answered. */
const WITH_HOSPITAL = { "task.question": { $exists: true }, "task.question.answer": { $exists: false } };

function filterOf(wanted: TaskFilter, name: string): Readonly<Record<string, unknown>> {
  if (wanted === "FREE") return { "task.heldBy": { $exists: false }, $nor: [WITH_HOSPITAL] };
  if (wanted === "MINE") return { "task.heldBy": name };
  return wanted === "WITH_HOSPITAL" ? WITH_HOSPITAL : {};
}

/** The claims of a home county that wait for review, oldest first; as many as one answer holds. `name` asks for its own. */
export async function reviewTasksOf(reader: Reader, county: string, wanted: TaskFilter, name: string): Promise<readonly Claim[]> {
  const filter = { state: "IN_REVIEW", county, waitingSinceMs: { $gt: 0 }, ...filterOf(wanted, name) };
  const waiting = await reader.find(claims, filter, { sort: { waitingSinceMs: 1 }, limit: MAX_TASKS });
  return inOneAnswer(waiting);
}

function inOneAnswer(found: readonly Claim[]): readonly Claim[] {
  let lines = 0;
  const end = found.findIndex(({ bill }) => {
    lines += bill.lines.length;
    return lines > MAX_TASK_LINES;
  });
  return end < 0 ? found : found.slice(0, Math.max(1, end));
}

const MAX_PAPERS = 200;

/** A county's claims on paper, newest first, of one state or of all; as many as one answer holds. */
export async function papersOf(reader: Reader, county: string, state: ClaimState | undefined): Promise<readonly Claim[]> {
  const filter = { county, "paper.submittedBy": { $gt: "" }, ...(state === undefined ? {} : { state }) };
  return inOneAnswer(await reader.find(claims, filter, { sort: { submittedAtMs: -1 }, limit: MAX_PAPERS }));
}

/** An institution's claims that were returned to it with a question, oldest first. Found among the few that wait in the province. */
export function questionsOf(reader: Reader, institutionId: string): Promise<readonly Claim[]> {
  const filter = { state: "IN_REVIEW", waitingSinceMs: { $gt: 0 }, "bill.institutionId": institutionId, ...WITH_HOSPITAL };
  return reader.find(claims, filter, { sort: { waitingSinceMs: 1 }, limit: MAX_TASKS });
}

/** The appeals that a county has not decided, oldest first. */
export function appealsOf(reader: Reader, county: string): Promise<readonly Appeal[]> {
  return reader.find(appeals, { state: "OPEN", county }, { sort: { appealedAtMs: 1 }, limit: MAX_TASKS });
}

/** The passed claims of a county that are to be looked at, oldest first. */
export function openLooks(reader: Reader, county: string): Promise<readonly Look[]> {
  return reader.find(looks, { state: "OPEN", county }, { sort: { sinceMs: 1 }, limit: MAX_TASKS });
}

const MAX_SCORES = 200;

/** How the rules of a book, and its sample, were judged in all counties together. */
export async function scoresOf(reader: Reader, { rules, version }: Rulebook) {
  const wanted = [...rules.map((rule) => ({ ruleId: rule.id, ruleVersion: rule.version })), { ruleId: SAMPLE, ruleVersion: version }];
  return await Promise.all(
    wanted.map(async (rule) => {
      const ofRule = `${rule.ruleId}/${rule.ruleVersion}/`;
      const rows = await reader.find(ruleScores, { _id: { $gte: ofRule, $lt: `${ofRule}~` } }, { limit: MAX_SCORES });
      const sum = (field: "right" | "wrong") => rows.reduce((total, row) => total + row[field], 0);
      return { ...rule, right: sum("right"), wrong: sum("wrong") };
    }),
  );
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

const MAX_COVER_LOSSES = 500;

/** The claims of a county that have lost their cover and are not decided, oldest first. */
export function coverLossesOf(reader: Reader, county: string): Promise<readonly CoverLoss[]> {
  return reader.find(coverLosses, { state: "OPEN", county }, { sort: { foundAtMs: 1 }, limit: MAX_COVER_LOSSES });
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

/**
 * An institution's standing claims of a day, and those of the named ids that are its own and not among them. Found by its invoices, whose keys begin with its id: no claim pays for an index, and the
 * search reads the institution's invoices of all its years (0.1 s for a hundred thousand), once a report and look.
 */
export async function billsOf(reader: Reader, institutionId: string, day: string, named: readonly string[] = []): Promise<FoundBills> {
  const found = await invoicesOn(reader, institutionId, day);
  if (found.length > MAX_BILLS) return { ours: [], others: [], tooMany: true };
  const ids = new Set([...found.map(({ claimId }) => claimId), ...named]);
  const sides = (await claimsOf(reader, [...ids])).filter(({ bill }) => bill.institutionId === institutionId).map(sideOf);
  const isOurs = (side: (typeof sides)[number]) => side.standing === "STANDS" && side.day === day;
  return { ours: sides.filter(isOurs), others: sides.filter((side) => !isOurs(side)), tooMany: false };
}

/** The payables of an institution's promised claims of a day; of the first that a report may have, where there are more. */
export async function payablesOf(reader: Reader, institutionId: string, day: string): Promise<readonly string[]> {
  const found = (await invoicesOn(reader, institutionId, day)).slice(0, MAX_BILLS);
  const own = await claimsOf(reader, [...new Set(found.map(({ claimId }) => claimId))]);
  return own.filter((claim) => claim.bill.institutionId === institutionId && isPromised(claim)).map(approvalIdOf);
}

function invoicesOn(reader: Reader, institutionId: string, day: string): Promise<readonly Invoice[]> {
  const ofDay = { _id: ofInstitution(institutionId), dischargedOn: day, claimId: { $gt: "" } };
  return reader.find(invoices, ofDay, { limit: MAX_BILLS + 1 });
}

/** The ids of an institution's invoices: `H1/…`, up to the first that another institution's could be. */
function ofInstitution(institutionId: string) {
  return { $gte: `${institutionId}/`, $lt: `${institutionId}0` };
}

async function claimsOf(reader: Reader, ids: readonly string[]): Promise<readonly Claim[]> {
  const found: Claim[] = [];
  for (let from = 0; from < ids.length; from += READ_AT_ONCE) {
    const some = await reader.getAll(ids.slice(from, from + READ_AT_ONCE).map((id) => claims.key(id)));
    found.push(...some.values());
  }
  return found;
}

/** How many standing claims an institution has on each of some days. */
export async function billsByDay(reader: Reader, institutionId: string, days: readonly string[]): Promise<ReadonlyMap<string, number>> {
  const filter = { _id: ofInstitution(institutionId), dischargedOn: { $in: [...days] }, claimId: { $gt: "" } };
  const found = await reader.find(invoices, filter, { limit: days.length * MAX_BILLS });
  const counts = new Map<string, number>();
  for (const { dischargedOn = "" } of found) counts.set(dischargedOn, (counts.get(dischargedOn) ?? 0) + 1);
  return counts;
}

export function billReportOf(reader: Reader, institutionId: string, day: string): Promise<BillReport | undefined> {
  return reader.get(billReports.key(institutionId, day));
}

/** The rows of those pages of a report that have come. */
export async function rowsOf(reader: Reader, report: BillReport) {
  const pages = await reader.getAll(pageKeys(report));
  return { get: (page: number) => pages.get(billPages.key(report.institutionId, report.day, report.revision, page).id) };
}

const MAX_OPEN_REPORTS = 2_000;

/** The days of institutions with something open, the newest first: what ends by itself does so soon. */
export function openBillReports(reader: Reader): Promise<readonly BillReport[]> {
  return reader.find(billReports, { openSinceMs: { $gt: 0 } }, { sort: { openSinceMs: -1 }, limit: MAX_OPEN_REPORTS });
}

const MAX_BROKEN_REPORTS = 200;

/** Whose days are wanted: of a county, of an institution; left out, of all. */
export interface Whose {
  readonly county?: string;
  readonly institutionId?: string;
}

/** The days with breaks that are of both, oldest first. */
export function brokenBillReports(reader: Reader, wanted: Whose, allowed: Whose): Promise<readonly BillReport[]> {
  const filter = { openSinceMs: { $gt: 0 }, "compared.breaks": { $ne: [] }, $and: [{ ...wanted }, { ...allowed }] };
  return reader.find(billReports, filter, { sort: { openSinceMs: 1 }, limit: MAX_BROKEN_REPORTS });
}

const MAX_INSTITUTIONS = 20_000;

export function allInstitutions(reader: Reader): Promise<readonly Institution[]> {
  return reader.find(institutions, {}, { sort: { institutionId: 1 }, limit: MAX_INSTITUTIONS });
}
