/** What claims is asked about hospitals' day-end reports, and what came of comparing them. */
import {
  type BillBreak as BillBreakMessage,
  type BillReport as BillReportMessage,
  type BillRow as BillRowMessage,
  type BillTotals as BillTotalsMessage,
  ClaimsServiceDefinition as definition,
  type ReportBillRowsRequest,
} from "../../proto/generated/nrcms/claims/v1/claims.ts";
import { SettlementServiceDefinition } from "../../proto/generated/nrcms/settlement/v1/settlement.ts";
import { type Ask, type Call, command, type Parts, query, type Reader } from "../mesh/wiring.ts";
import { daysBetween } from "../values/days.ts";
import type { Caller } from "../values/decision.ts";
import { MAX_FEN } from "../values/money.ts";
import { badRequest, type Refusal } from "../values/outcome.ts";
import { PROVINCE } from "../values/region.ts";
import { placeOf, wanted } from "./answers.ts";
import { claimsConfig } from "./config.ts";
import {
  type BillReport,
  MAX_BILLS,
  MAX_PAGES,
  MAX_ROWS,
  type ReportInput,
  type RowsInput,
  reportBillRows,
  reportBills,
} from "./domain/bill-report.ts";
import { taskOf } from "./domain/bill-tasks.ts";
import { institutions } from "./domain/documents.ts";
import { badCount, badCounty, badDay, badFen, badId, badNumber, missing } from "./domain/fields.ts";
import { refuse } from "./domain/refusals.ts";
import type { BillBreak } from "./domain/three-way.ts";
import { billReportOf, billsOf, brokenBillReports, payablesOf, rowsOf } from "./store.ts";

const MAX_LISTED = 200;
const MAX_REVISION = 1_000_000;

export function reportCalls({ reader, ask, settings }: Pick<Parts, "reader" | "ask" | "settings">): readonly Call[] {
  const { methods } = definition;
  const { paidWithinDays } = claimsConfig(settings);
  return [
    command(methods.reportBills, {
      check: ({ institutionId, day, totals }) => badId("institution_id", institutionId) ?? badDay("day", day) ?? badTotals(totals),
      input: ({ institutionId, day, totals }): ReportInput => ({ institutionId, day, totals: wanted(totals), paidWithinDays }),
      // The owner of what is asked is claims itself: the day's claims are looked for only where there is something to compare.
      async ask({ institutionId, day, totals }) {
        const [found, county] = await Promise.all([billsOf(reader, institutionId, day), countyOf(reader, ask, institutionId)]);
        return { institutionId, day, totals: wanted(totals), paidWithinDays, found: { ...found, ...(county ? { county } : {}) } };
      },
      decision: reportBills,
      reply: (report) => ({ report: reportMessage(report) }),
    }),
    command(methods.reportBillRows, {
      check: rowsFault,
      input: ({ requestId: _, ...request }): RowsInput => ({ ...request, paidWithinDays }),
      async ask({ requestId: _, ...request }) {
        const { institutionId, day, rows } = request;
        const report = await billReportOf(reader, institutionId, day);
        const pages = report && (await rowsOf(reader, report));
        const others = report?.came.flatMap((page) => pages?.get(page)?.rows ?? []) ?? [];
        const named = [...others, ...rows].map(({ claimId }) => claimId);
        const found = await billsOf(reader, institutionId, day, named);
        return { ...request, paidWithinDays, found, seen: report?.came.filter((page) => pages?.get(page)) ?? [] };
      },
      decision: reportBillRows,
      reply: (report) => ({ report: reportMessage(report) }),
    }),
    query(methods.getBillReport, async ({ institutionId, day }, caller) => {
      const fault = badId("institution_id", institutionId) ?? badDay("day", day);
      if (fault) return fault;
      const report = await billReportOf(reader, institutionId, day);
      if (!report || !mayRead(report, caller)) return refuse("UNKNOWN_REPORT", { field: "day", institution: institutionId, day });
      return { report: reportMessage(report), ...(await withheldOf(reader, ask, report)) };
    }),
    query(methods.listBillBreaks, async ({ county, institutionId, onDay }, caller) => {
      const fault =
        (county === "" ? undefined : badCounty("county", county)) ??
        (institutionId === "" ? undefined : badId("institution_id", institutionId)) ??
        badDay("on_day", onDay);
      if (fault) return fault;
      const { role, scope } = caller;
      const everywhere = role === "SERVICE" || scope === PROVINCE;
      // Of others' institutions there is nothing to see.
      const own = everywhere ? {} : role === "HOSPITAL" ? { institutionId: scope } : { county: scope };
      const asked = { ...(county === "" ? {} : { county }), ...(institutionId === "" ? {} : { institutionId }) };
      const reports = await brokenBillReports(reader, asked, own);
      const breaks = reports.flatMap(({ institutionId: of, day, compared }) =>
        compared.breaks.map((found) => ({
          institutionId: of,
          day,
          ageDays: Math.max(0, daysBetween(day, onDay)),
          found: breakMessage(found),
        })),
      );
      return { breaks: breaks.slice(0, MAX_LISTED) };
    }),
  ];
}

/** A hospital reads its own, a county's caller those of its institutions, the province's callers and the mesh all. */
function mayRead({ institutionId, county }: BillReport, { role, scope }: Caller): boolean {
  if (role === "HOSPITAL") return institutionId === scope;
  return role === "SERVICE" || scope === PROVINCE || scope === county;
}

/** What settlement withholds of the day's claims. Throws UnavailableError where it is silent. */
async function withheldOf(reader: Reader, ask: Ask, { institutionId, day }: BillReport) {
  const payableIds = [...(await payablesOf(reader, institutionId, day))];
  if (payableIds.length === 0) return { withheldFen: 0n, assessedFen: 0n };
  return await ask(SettlementServiceDefinition, "sumWithheld", { institutionId, payableIds });
}

/** The institution's county, asked of its owner where it is not heard of yet. Throws UnavailableError where administration is silent. */
async function countyOf(reader: Reader, ask: Ask, institutionId: string): Promise<string | undefined> {
  const known = await reader.get(institutions.key(institutionId));
  return known?.county ?? (await placeOf(ask, institutionId))?.county;
}

function badTotals(totals: BillTotalsMessage | undefined): Refusal | undefined {
  if (!totals) return missing("totals");
  const { bills, totalFen, fundFen } = totals;
  return (
    badNumber("totals.bills", bills, 0, MAX_BILLS) ??
    badSum("totals.total_fen", totalFen) ??
    badSum("totals.fund_fen", fundFen) ??
    (bills === 0 && (totalFen !== 0n || fundFen !== 0n)
      ? badRequest("totals.bills", "有金额而无账单", "is zero, and the sums are not")
      : undefined)
  );
}

/** A sum of as many bills as a report may have. */
function badSum(field: string, fen: bigint): Refusal | undefined {
  const most = MAX_FEN * BigInt(MAX_BILLS);
  if (fen >= 0n && fen <= most) return undefined;
  return badRequest(field, `须在 0 与 ${most} 分之间`, `must be between 0 and ${most} fen`);
}

function rowsFault({ institutionId, day, revision, page, pages, rows }: ReportBillRowsRequest): Refusal | undefined {
  return (
    badId("institution_id", institutionId) ??
    badDay("day", day) ??
    badNumber("revision", revision, 1, MAX_REVISION) ??
    badNumber("pages", pages, 1, MAX_PAGES) ??
    badNumber("page", page, 1, pages) ??
    badCount("rows", rows.length, pages === 1 ? 0 : 1, MAX_ROWS) ??
    rows.map(rowFault).find((fault) => fault !== undefined)
  );
}

function rowFault({ claimId, totalFen, fundFen }: BillRowMessage, index: number): Refusal | undefined {
  const at = `rows[${index}]`;
  return badId(`${at}.claim_id`, claimId) ?? badFen(`${at}.total_fen`, totalFen) ?? badFen(`${at}.fund_fen`, fundFen);
}

function reportMessage({ institutionId, day, revision, hospital, compared, comparedAtMs }: BillReport): BillReportMessage {
  const { state, claims, breaks, breaksLeft, unpaid } = compared;
  return {
    institutionId,
    day,
    revision,
    state,
    hospital: hospital && { ...hospital },
    claims: { ...claims },
    breaks: breaks.map(breakMessage),
    breaksLeft,
    unpaid,
    comparedAtMs: BigInt(comparedAtMs),
  };
}

function breakMessage(found: BillBreak): BillBreakMessage {
  const { paid: _, ...told } = found;
  return { ...told, ...taskOf(found) };
}
