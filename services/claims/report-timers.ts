/**
 * What time brings to the three-way comparison: a day with something open is looked at again, soon at first and then ever less often, until bills, claims and the bank agree; and once a day
 * is over and the hour past, the institutions that have claims of it and have not reported it, or have more or fewer than they had when it was closed, are found.
 */
import type { DueInput, Parts, Reader, Timer } from "../mesh/wiring.ts";
import { addDays, dayOf, startOfDayMs } from "../values/days.ts";
import { claimsConfig } from "./config.ts";
import { type BillReport, billReports, comparisonOf, type LookInput, lookAtBills, pageKeys } from "./domain/bill-report.ts";
import { canonical } from "./domain/canonical.ts";
import { compareDay } from "./domain/three-way.ts";
import { allInstitutions, billsByDay, billsOf, openBillReports } from "./store.ts";

const LOOK_EVERY_MS = 5_000;
const FIRST_WAIT_MS = 2_000;
/** A break may end any moment; where only the bank is waited for, the pay schedule's days pass. */
const MAX_WAIT_MS = { broken: 300_000, unpaid: 3_600_000 };
const MAX_LOOKS = 20;
const SEARCH_EVERY_MS = 10_000;
/** Institutions looked at in one search. */
const MAX_SEARCHED = 50;
/** Days back that are searched: bills come late, and a twin may have been away. */
const SEARCHED_DAYS = 7;
const MINUTE_MS = 60_000;

export function reportTimers({ reader, settings }: Pick<Parts, "reader" | "settings">): readonly Timer[] {
  const { reportBy, paidWithinDays } = claimsConfig(settings);
  return [lookTimer(reader, paidWithinDays), searchTimer(reader, reportBy, paidWithinDays)];
}

/** When a day is looked at next is only this process's memory: another that leads begins anew. */
function lookTimer(reader: Reader, paidWithinDays: number): Timer {
  const waits = new Map<string, { atMs: number; waitMs: number; looks: string }>();
  return {
    name: "bill-looks",
    everyMs: LOOK_EVERY_MS,
    async due(nowMs) {
      const open = await openBillReports(reader);
      const names = new Set(open.map(nameOf));
      for (const name of waits.keys()) if (!names.has(name)) waits.delete(name);
      const due: DueInput[] = [];
      let looked = 0;
      for (const report of open) {
        if (looked === MAX_LOOKS) break;
        const name = nameOf(report);
        const looks = `${report.revision}/${report.looks}`;
        const wait = waits.get(name);
        const fresh = wait?.looks !== looks;
        if (wait && !fresh && wait.atMs > nowMs) continue;
        looked += 1;
        const mostMs = report.compared.breaks.length > 0 ? MAX_WAIT_MS.broken : MAX_WAIT_MS.unpaid;
        const waitMs = fresh ? FIRST_WAIT_MS : Math.min(wait.waitMs * 2, mostMs);
        waits.set(name, { atMs: nowMs + waitMs, waitMs, looks });
        const input = await lookAt(reader, report, paidWithinDays, nowMs);
        if (input) due.push(dueOf(input));
      }
      return due;
    },
  };
}

/** The look's input where it would change something. */
async function lookAt(reader: Reader, report: BillReport, paidWithinDays: number, nowMs: number): Promise<LookInput | undefined> {
  const { institutionId, day, revision, looks } = report;
  const pages = await reader.getAll(pageKeys(report));
  const what = comparisonOf(report, { get: (key) => pages.get(key.id) as never });
  const named = what.rows?.map(({ claimId }) => claimId) ?? [];
  const found = await billsOf(reader, institutionId, day, named);
  if (found.tooMany) return undefined;
  const compared = compareDay({ ...what, ...found, today: dayOf(nowMs), paidWithinDays });
  return canonical(compared) === canonical(report.compared) ? undefined : { institutionId, day, revision, looks, paidWithinDays, found };
}

/** Days that nobody reported, and closed ones that have changed. What was searched is only this process's memory. */
function searchTimer(reader: Reader, reportBy: string, paidWithinDays: number): Timer {
  let searched = { lastDay: "", after: "" };
  return {
    name: "bill-search",
    everyMs: SEARCH_EVERY_MS,
    async due(nowMs) {
      const lastDay = lastReportable(nowMs, reportBy);
      if (searched.lastDay !== lastDay) searched = { lastDay, after: "" };
      if (searched.after === DONE) return [];
      const { after } = searched;
      const next = (await allInstitutions(reader)).filter(({ institutionId }) => institutionId > after).slice(0, MAX_SEARCHED);
      const days = Array.from({ length: SEARCHED_DAYS }, (_, back) => addDays(lastDay, -back));
      const due: DueInput[] = [];
      for (const { institutionId } of next) due.push(...(await search(reader, institutionId, days, paidWithinDays)));
      searched = { lastDay, after: next.length < MAX_SEARCHED ? DONE : (next.at(-1)?.institutionId ?? DONE) };
      return due;
    },
  };
}

/** Behind every id. */
const DONE = "~";

async function search(reader: Reader, institutionId: string, days: readonly string[], paidWithinDays: number): Promise<DueInput[]> {
  const counts = await billsByDay(reader, institutionId, days);
  const reports = await reader.getAll(days.map((day) => billReports.key(institutionId, day)));
  const due: DueInput[] = [];
  for (const day of days) {
    const report = reports.get(billReports.key(institutionId, day).id);
    const isOpen = report?.openSinceMs !== undefined;
    if (isOpen || (counts.get(day) ?? 0) === (report?.compared.claims.bills ?? 0)) continue;
    const found = await billsOf(reader, institutionId, day);
    if (found.tooMany) continue;
    const { revision = -1, looks = 0 } = report ?? {};
    due.push(dueOf({ institutionId, day, revision, looks, paidWithinDays, found }));
  }
  return due;
}

/** The newest day whose hour of reporting is past. */
export function lastReportable(nowMs: number, reportBy: string): string {
  const [hours = 0, minutes = 0] = reportBy.split(":").map(Number);
  const today = dayOf(nowMs);
  const isPast = nowMs >= startOfDayMs(today) + (hours * 60 + minutes) * MINUTE_MS;
  return addDays(today, isPast ? -1 : -2);
}

/** Its id says which state of the report it is about: another state's look is another input. */
function dueOf(input: LookInput): DueInput {
  return { id: `${nameOf(input)}/look/${input.revision}/${input.looks + 1}`, decision: lookAtBills, input };
}

function nameOf({ institutionId, day }: { readonly institutionId: string; readonly day: string }): string {
  return `billreport/${institutionId}/${day}`;
}
