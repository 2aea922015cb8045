/**
 * The invariants of the mesh, recomputed from the stored documents of all services, each at one instant of the cluster. It changes nothing, locks nothing, and
 * uses no code of the services that it audits.
 */
import { BANK_TITLE, checkBank } from "./bank.ts";
import { checkBills } from "./bills.ts";
import { CLAIMS_TITLE, checkClaims } from "./claims.ts";
import { checkEnrolment, ENROLMENT_TITLE } from "./enrolment.ts";
import { type AuditLine, type Findings, findingsOf, type Progress } from "./findings.ts";
import { checkJournals, JOURNALS_TITLE } from "./journals.ts";
import { checkLedger, LEDGER_TITLE } from "./ledger.ts";
import { checkPayables, PAYABLES_TITLE } from "./payables.ts";
import type { Flight, Records } from "./records.ts";
import { checkScopes, SCOPES_TITLE } from "./scopes.ts";
import { withRecords } from "./store.ts";
import { checkWindows, WINDOWS_TITLE } from "./windows.ts";
import { checkYears, YEARS_TITLE } from "./years.ts";

/** How long an event may take from one service to the next before its absence is a breach. */
export const GRACE_MS = 60_000;

export interface AuditOptions {
  /** The mesh's present, by its own clock (a sandbox lives on its sample day). */
  readonly nowMs: number;
  /** True where the mesh is idle: nothing is on its way, every service must agree with every other. */
  readonly settled: boolean;
  /** Default 60 s; of no account when settled. */
  readonly graceMs?: number;
  /** Called at the end of each invariant, and every few thousand documents. */
  onProgress?(progress: Progress): void;
}

type Check = (records: Records, flight: Flight, findings: Findings) => Promise<void>;

const CHECKS: readonly (readonly [Pick<AuditLine, "invariant" | "zh" | "en">, Check])[] = [
  [LEDGER_TITLE, (records, _, findings) => checkLedger(records, findings)],
  [PAYABLES_TITLE, checkPayables],
  [YEARS_TITLE, (records, _, findings) => checkYears(records, findings)],
  [WINDOWS_TITLE, (records, _, findings) => checkWindows(records, findings)],
  [
    BANK_TITLE,
    async (records, flight, findings) => {
      await checkBank(records, flight, findings);
      await checkBills(records, findings);
    },
  ],
  [JOURNALS_TITLE, checkJournals],
  [CLAIMS_TITLE, (records, _, findings) => checkClaims(records, findings)],
  [SCOPES_TITLE, (records, _, findings) => checkScopes(records, findings)],
  [ENROLMENT_TITLE, checkEnrolment],
];

/** Gives a check the records as one instant shows them. */
type AtOneInstant = <T>(work: (records: Records) => Promise<T>) => Promise<T>;

async function auditEach(at: AtOneInstant, options: AuditOptions): Promise<readonly AuditLine[]> {
  const flight: Flight = { nowMs: options.nowMs, settled: options.settled, graceMs: options.graceMs ?? GRACE_MS };
  const tell = (progress: Progress) => options.onProgress?.(progress);
  const lines: AuditLine[] = [];
  for (const [title, check] of CHECKS)
    lines.push(await at((records) => findingsOf(title, tell, (findings) => check(records, flight, findings))));
  return lines;
}

/** Audits records of any source. One line for each invariant, in their order. */
export function audit(records: Records, options: AuditOptions): Promise<readonly AuditLine[]> {
  return auditEach((work) => work(records), options);
}

/**
 * Audits the mesh whose MongoDB this is, each invariant at an instant of its own: an engine keeps its history for minutes only, and no invariant needs another's
 * instant. Throws where it cannot be read.
 */
export function auditMesh(options: AuditOptions & { readonly uri: string }): Promise<readonly AuditLine[]> {
  return withRecords(options.uri, (at) => auditEach(at, options));
}
