/**
 * The invariants of the mesh, recomputed from the stored documents of all services at one instant of the cluster. It changes nothing, locks nothing, and
 * uses no code of the services that it audits.
 */
import { BANK_TITLE, checkBank } from "./bank.ts";
import { checkBills } from "./bills.ts";
import { CLAIMS_TITLE, checkClaims } from "./claims.ts";
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

/** Audits records of any source. One line for each invariant, in their order. */
export async function audit(records: Records, options: AuditOptions): Promise<readonly AuditLine[]> {
  const flight: Flight = { nowMs: options.nowMs, settled: options.settled, graceMs: options.graceMs ?? GRACE_MS };
  const tell = (progress: Progress) => options.onProgress?.(progress);
  const run = (title: Pick<AuditLine, "invariant" | "zh" | "en">, check: (findings: Findings) => Promise<void>) =>
    findingsOf(title, tell, check);
  return [
    await run(LEDGER_TITLE, (findings) => checkLedger(records, findings)),
    await run(PAYABLES_TITLE, (findings) => checkPayables(records, flight, findings)),
    await run(YEARS_TITLE, (findings) => checkYears(records, findings)),
    await run(WINDOWS_TITLE, (findings) => checkWindows(records, findings)),
    await run(BANK_TITLE, async (findings) => {
      await checkBank(records, flight, findings);
      await checkBills(records, findings);
    }),
    await run(JOURNALS_TITLE, (findings) => checkJournals(records, flight, findings)),
    await run(CLAIMS_TITLE, (findings) => checkClaims(records, findings)),
    await run(SCOPES_TITLE, (findings) => checkScopes(records, findings)),
  ];
}

/** Audits the mesh whose MongoDB this is. Throws where it cannot be read. */
export function auditMesh(options: AuditOptions & { readonly uri: string }): Promise<readonly AuditLine[]> {
  return withRecords(options.uri, (records) => audit(records, options));
}
