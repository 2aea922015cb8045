/**
 * Invariant 5, its other side: what hospitals reported of a day is what the claims of that day are, or is on the list with its reason. Reports and claims as streams side by side.
 * A day that is closed was equal when it was; what was billed, taken back or corrected since shows in the claims themselves.
 */
import type { Findings } from "./findings.ts";
import type { BillReportView, ClaimView, Records } from "./records.ts";
import { joined } from "./streams.ts";

/** Below every character of an id, so that the joined keys sort as their parts do. */
const SEPARATOR = "\u0000";
/** Between the reading of a day's claims and the commit of what they were compared with. */
const MOMENT_MS = 60_000;

export async function checkBills(records: Records, findings: Findings): Promise<void> {
  const groups = joined<{ claims: ClaimView; reports: BillReportView }>({
    claims: { rows: records.claimsByBillDay(), key: ({ bill }) => `${bill.institutionId}${SEPARATOR}${bill.dischargedOn}` },
    reports: { rows: records.billReports(), key: ({ institutionId, day }) => `${institutionId}${SEPARATOR}${day}` },
  });
  for await (const { rows } of groups) {
    for (const report of rows.reports) {
      findings.look();
      checkReport(report, rows.claims, findings);
    }
  }
}

function checkReport(report: BillReportView, claims: readonly ClaimView[], findings: Findings): void {
  const { institutionId, day, revision, hospital, pages, compared, openSinceMs } = report;
  const { state, breaks, breaksLeft, claims: ours } = compared;
  const name = `the report of ${institutionId} on ${day}`;
  const isOpen = openSinceMs !== undefined;
  const wanted = breaks.length + breaksLeft > 0;
  findings.hold((state === "MATCHED") === !wanted, () => `${name} is ${state}, with ${breaks.length} breaks`);
  findings.hold(!wanted || isOpen, () => `${name} has breaks and is closed`);
  for (const { kind, zh, en } of breaks) findings.hold(zh !== "" && en !== "", () => `${name}: a break ${kind} has no reason`);
  if (state === "MATCHED" && revision > 0 && pages === 0)
    findings.hold(
      hospital?.bills === ours.bills && hospital.totalFen === ours.totalFen && hospital.fundFen === ours.fundFen,
      () =>
        `${name} is MATCHED: ${hospital?.bills} bills, owed ${hospital?.fundFen}; it was compared with ${ours.bills}, owed ${ours.fundFen}`,
    );
  // While it is open it is compared again by itself.
  if (!isOpen) checkClosed(name, report, claims, findings);
}

function checkClosed(name: string, { compared, comparedAtMs }: BillReportView, claims: readonly ClaimView[], findings: Findings): void {
  const { bills, totalFen, fundFen } = compared.claims;
  const standing = claims.filter(({ state }) => state !== "REFUSED" && state !== "VOIDED");
  const before = standing.filter(({ submittedAtMs }) => submittedAtMs <= comparedAtMs);
  // What came in the moment of the comparison may have come after the reading.
  const certain = before.filter(({ submittedAtMs }) => submittedAtMs <= comparedAtMs - MOMENT_MS);
  const voided = claims.filter(({ state }) => state === "VOIDED").length;
  const says = () =>
    `${name} was compared with ${bills} claims, owed ${fundFen}; there are ${before.length} of then, and ${voided} taken back`;
  findings.hold(certain.length <= bills && bills <= before.length + voided, says);
  if (voided > 0 || certain.length < before.length || before.some(({ corrected }) => corrected !== undefined)) return;
  const owed = before.reduce((sum, { benefit }) => sum + benefit.fundFen + benefit.accountFen, 0n);
  const billed = before.reduce((sum, { bill }) => sum + bill.totalFen, 0n);
  findings.hold(
    owed === fundFen && billed === totalFen,
    () => `${name} was compared with ${totalFen} fen, owed ${fundFen}; the claims bill ${billed}, owed ${owed}`,
  );
}
