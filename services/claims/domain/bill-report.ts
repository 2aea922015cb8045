/**
 * An institution's day-end report (日终对账) and what came of comparing it: its sums, then, where they differ, its rows in pages. What it is compared with is read beside the commit and comes with the
 * input: it is a comparison of that moment, nothing but the list of breaks hangs on it, and looks repeat it until bills, claims and the bank agree.
 */
import { addDays } from "../../values/days.ts";
import { type Change, type Context, type Decision, type Doc, type Key, kind, type Loaded, type State } from "../../values/decision.ts";
import { askOwner, badRequest, type Refusal, type Unavailable, unavailable } from "../../values/outcome.ts";
import { canonical } from "./canonical.ts";
import { institutions } from "./documents.ts";
import type { ClaimsEvents } from "./events.ts";
import { refuse } from "./refusals.ts";
import { type BillRow, type BillTotals, type ClaimSide, type Compared, compareDay, sameTotals, totalsOfRows } from "./three-way.ts";

export const MAX_BILLS = 6_000;
export const MAX_ROWS = 300;
/** Room for as many voids as bills. */
export const MAX_PAGES = 40;
const MAX_AGE_DAYS = 400;

/** billreports/<institution>/<day>. Its county is the institution's. */
export interface BillReport extends Doc {
  readonly institutionId: string;
  readonly day: string;
  /** Counts the reports of the day; 0 while none has come. */
  readonly revision: number;
  /** What the hospital says; left out while it has not said it. */
  readonly hospital?: BillTotals;
  /** Of its rows: 0 while none has come. */
  readonly pages: number;
  /** Those that have come. */
  readonly came: readonly number[];
  readonly compared: Compared;
  readonly comparedAtMs: number;
  /** Counts the looks that changed it. */
  readonly looks: number;
  /** Present while something is open: a break, a claim that is not decided or not paid. Since when. The one index is over these. */
  readonly openSinceMs?: number;
}

/** billpages/<institution>/<day>/<revision>/<page> */
export interface BillPage extends Doc {
  readonly rows: readonly BillRow[];
}

export const billReports = kind<BillReport>("billreports");
export const billPages = kind<BillPage>("billpages", { immutable: true });

/** What the store knows of an institution's day. */
export interface FoundBills {
  readonly ours: readonly ClaimSide[];
  readonly others: readonly ClaimSide[];
  /** There are more than a report may have. */
  readonly tooMany: boolean;
  /** The institution's, where claims or administration know it. */
  readonly county?: string;
}

interface OfDay {
  readonly institutionId: string;
  readonly day: string;
  readonly paidWithinDays: number;
}

export interface ReportInput extends OfDay {
  readonly totals: BillTotals;
  readonly found?: FoundBills;
}

/** The day's sums. Each call is a report of its own, which takes the place of the one before. */
export const reportBills: Decision<ReportInput, BillReport, ClaimsEvents> = {
  needs: ({ institutionId, day }) => [billReports.key(institutionId, day), institutions.key(institutionId)],
  decide({ institutionId, day, totals, paidWithinDays, found }, state, change, context) {
    if (day > context.day) return badRequest("day", `${day} 尚未到来，今天是 ${context.day}`, `${day} is not yet; today is ${context.day}`);
    if (day < addDays(context.day, -MAX_AGE_DAYS))
      return badRequest("day", `早于 ${MAX_AGE_DAYS} 天前`, `is more than ${MAX_AGE_DAYS} days ago`);
    if (!found) return askOwner();
    const known = state.get(billReports.key(institutionId, day));
    const county = state.get(institutions.key(institutionId))?.county ?? found.county;
    if (!county) return refuse("UNKNOWN_INSTITUTION", { field: "institution_id", institution: institutionId });
    if (found.tooMany) return refuse("TOO_MANY_BILLS", { field: "day", institution: institutionId, day, most: MAX_BILLS });
    const compared = compareDay({ day, hospital: totals, rows: undefined, ...found, today: context.day, paidWithinDays });
    const report = { county, institutionId, day, revision: (known?.revision ?? 0) + 1, hospital: totals, pages: 0, came: [] };
    return put({ ...report, looks: known?.looks ?? 0 }, compared, known, change, context);
  },
};

export interface RowsInput extends OfDay {
  readonly revision: number;
  readonly page: number;
  readonly pages: number;
  readonly rows: readonly BillRow[];
  /** Looked for once the page is the last to come. */
  readonly found?: FoundBills;
  /** The pages that were there when it was looked. */
  readonly seen?: readonly number[];
}

export const reportBillRows: Decision<RowsInput, BillReport, ClaimsEvents> = {
  needs(input, loaded) {
    const { institutionId, day, revision, page } = input;
    const key = billReports.key(institutionId, day);
    return [key, billPages.key(institutionId, day, revision, page), ...pageKeys(loaded.get(key))];
  },
  decide(input, state, change, context) {
    const { institutionId, day, page, pages, rows } = input;
    const report = reportIn(input, state);
    if ("outcome" in report) return report;
    const { county, revision } = report;
    const key = billPages.key(institutionId, day, revision, page);
    const stored = state.get(key);
    if (stored && canonical(stored.rows) !== canonical(rows)) return refuse("REPORT_PAGE_EXISTS", { field: "page", day, page });
    const here = { ...report, pages, came: [...new Set([...report.came, page])].sort((a, b) => a - b) };
    if (!stored && here.came.length === pages) {
      const compared = withRows(here, input, state, context);
      if ("outcome" in compared) return compared;
      change.put(key, { county, rows });
      return put(here, compared, report, change, context);
    }
    if (stored) return report;
    change.put(key, { county, rows });
    change.put(billReports.key(institutionId, day), here);
    change.about(reportName(report));
    return here;
  },
};

/** The report that a page belongs to; refused where it is another, or wants none. */
function reportIn({ institutionId, day, revision, pages }: RowsInput, state: State): BillReport | Refusal {
  const report = state.get(billReports.key(institutionId, day));
  if (!report || report.revision === 0) return refuse("UNKNOWN_REPORT", { field: "day", institution: institutionId, day });
  if (report.revision !== revision || (report.pages !== 0 && report.pages !== pages))
    return refuse("REPORT_CHANGED", { field: report.revision === revision ? "pages" : "revision", day, revision: report.revision });
  const complete = report.pages !== 0 && report.came.length === report.pages;
  if (report.compared.state !== "ROWS_WANTED" && !complete)
    return refuse("ROWS_NOT_WANTED", { field: "day", day, state: report.compared.state });
  return report;
}

/** The comparison with the last page's rows among them. Asks for the claims that the rows name; a page that came meanwhile may name others. */
function withRows(report: BillReport, input: RowsInput, state: State, context: Context): Compared | Refusal | Unavailable {
  const { institutionId, day, paidWithinDays, found, seen, page } = input;
  if (!found) return askOwner();
  if (report.came.some((number) => number !== page && !seen?.includes(number)))
    return unavailable("another page of the report came meanwhile");
  const rows = report.came.flatMap((number) => (number === page ? input.rows : pageOf(report, number, state)));
  const told = report.hospital;
  const total = totalsOfRows(rows);
  if (told && !sameTotals(told, total))
    return refuse("ROWS_SUM", { field: "rows", bills: total.bills, total: total.totalFen, fund: total.fundFen, told: told.bills });
  if (found.tooMany) return refuse("TOO_MANY_BILLS", { field: "day", institution: institutionId, day, most: MAX_BILLS });
  return compareDay({ day, hospital: told, rows, ...found, today: context.day, paidWithinDays });
}

export interface LookInput extends OfDay {
  /** Of the report that was looked at; -1 where there is none yet. */
  readonly revision: number;
  readonly looks: number;
  readonly found: FoundBills;
}

/** Compares a day once more, or for the first time where nobody reported it. Nothing where the report is another by now: the next look sees that one. */
export const lookAtBills: Decision<LookInput, void, ClaimsEvents> = {
  needs({ institutionId, day }, loaded) {
    const key = billReports.key(institutionId, day);
    return [key, institutions.key(institutionId), ...pageKeys(loaded.get(key))];
  },
  decide({ institutionId, day, revision, looks, paidWithinDays, found }, state, change, context) {
    const known = state.get(billReports.key(institutionId, day));
    if ((known?.revision ?? -1) !== revision || (known?.looks ?? 0) !== looks) return;
    const { county } = state.must(institutions.key(institutionId));
    const report = known ?? { county, institutionId, day, revision: 0, pages: 0, came: [], looks: 0 };
    const compared = compareDay({ ...comparisonOf(report, state), ...found, today: context.day, paidWithinDays });
    put({ ...report, looks: looks + 1 }, compared, known, change, context);
  },
};

/** What of a comparison is the report's: what the hospital says, and its rows where all have come. */
export function comparisonOf(report: Pick<BillReport, "institutionId" | "day" | "revision" | "hospital" | "pages" | "came">, from: Loaded) {
  const complete = report.pages !== 0 && report.came.length === report.pages;
  const rows = complete ? report.came.flatMap((number) => pageOf(report, number, from)) : undefined;
  return { day: report.day, hospital: report.hospital, rows };
}

function pageOf({ institutionId, day, revision }: Pick<BillReport, "institutionId" | "day" | "revision">, page: number, from: Loaded) {
  return from.get(billPages.key(institutionId, day, revision, page))?.rows ?? [];
}

/** The pages of a report that have come. */
export function pageKeys(report: BillReport | undefined): Key<BillPage>[] {
  if (!report) return [];
  return report.came.map((page) => billPages.key(report.institutionId, report.day, report.revision, page));
}

function put(
  report: Omit<BillReport, "compared" | "comparedAtMs">,
  compared: Compared,
  before: BillReport | undefined,
  change: Change<ClaimsEvents>,
  context: Context,
): BillReport {
  const open = compared.breaks.length > 0 || compared.unpaid > 0;
  const { openSinceMs: _, ...rest } = report;
  const next: BillReport = {
    ...rest,
    compared,
    comparedAtMs: context.atMs,
    ...(open ? { openSinceMs: before?.openSinceMs ?? context.atMs } : {}),
  };
  change.put(billReports.key(report.institutionId, report.day), next);
  change.about(reportName(report));
  return next;
}

function reportName({ institutionId, day }: { readonly institutionId: string; readonly day: string }): string {
  return `billreport/${institutionId}/${day}`;
}
