/** One fault under load: tills bill and offices work before, during and after it; then everything settles, and the check from outside, the bank's statement and the audit must all be clean. */
import { auditMesh } from "../../services/audit/audit.ts";
import type { AuditLine } from "../../services/audit/findings.ts";
import { pause } from "../../services/mesh/clock.ts";
import { mongoUri } from "../../services/mesh/topology.ts";
import { reconcile, waitFor } from "../../services/nrcms/day.ts";
import { isClean } from "../../services/nrcms/summary.ts";
import { type Load, startCallers } from "./callers.ts";
import { startOffices } from "./offices.ts";
import { checkFromOutside, type Outside } from "./outside-check.ts";
import type { RegionMesh } from "./region-mesh.ts";
import { settle } from "./settle.ts";

/** Answers before the fault and after it: the load stands on both sides. */
const WARM = 20;
/** Each answer of so long a time came so soon. */
const STEADY_MS = 2_000;
const SOON_MS = 750;
const STEADY_LIMIT_MS = 30_000;
const ANSWER_LIMIT_MS = 60_000;
const STATEMENT_LIMIT_MS = 30_000;
/** The last events may still be on their way to monitoring, which asks for a missing one after 5 s. */
const AUDIT_LIMIT_MS = 40_000;
const AUDIT_PAUSE_MS = 1_000;
const SHOWN = 12;

/** What came of one fault. */
export interface Played {
  readonly seed: number;
  readonly claims: number;
  readonly transfers: number;
  readonly paidFen: bigint;
  /** Since the fault (or since the load began, where it was not marked). */
  readonly longestGapMs: number;
  readonly slowestMs: number;
  /** Answered, and asked again. */
  readonly answered: number;
  readonly retries: number;
  readonly statuses: ReadonlyMap<string, number>;
  /** Calls that were given up or answered with something that cannot be. */
  readonly failures: readonly string[];
  /** What was lost, done twice, or cannot be explained: found in the tills' files, the stored documents, the bank's books and by the audit. */
  readonly breaches: readonly string[];
  readonly loadMs: number;
  readonly settleMs: number;
  readonly checkMs: number;
}

/** Plays a fault, or several, under load (so many bills a second; moderate by default), waits until everything is settled, and checks all that follows. Throws only where it does not settle. */
export async function play(mesh: RegionMesh, strike: (load: Load) => Promise<void>, perSecond?: number): Promise<Played> {
  const load = startCallers(mesh, perSecond);
  const offices = startOffices(mesh);
  const startedMs = performance.now();
  try {
    await answers(load, WARM);
    await strike(load);
  } finally {
    await Promise.all([load.stop(), offices.stop()]);
  }
  const loadedMs = performance.now();
  await settle(mesh);
  const settledMs = performance.now();
  const outside = await checkFromOutside(mesh);
  const statement = await statementFaults(mesh, outside);
  const lines = await auditClean(mesh);
  return {
    seed: mesh.seed,
    claims: outside.claims,
    transfers: outside.paid,
    paidFen: outside.paidFen,
    longestGapMs: load.longestGapMs,
    slowestMs: load.slowestMs,
    answered: load.answered,
    retries: load.retries + offices.retries,
    statuses: load.statuses,
    failures: [...load.failures, ...offices.failures],
    breaches: [
      ...outside.faults,
      ...statement,
      ...lines.flatMap((line) => line.breaches.map((breach) => `invariant ${line.invariant}: ${breach}`)),
    ],
    loadMs: loadedMs - startedMs,
    settleMs: settledMs - loadedMs,
    checkMs: performance.now() - settledMs,
  };
}

/** Plays one fault and prints one line. Fails with what was found. */
export async function underLoad(mesh: RegionMesh, fault: string, strike: (load: Load) => Promise<void>): Promise<void> {
  const played = await play(mesh, async (load) => {
    await strike(load);
    await answers(load, WARM);
  });
  const faults = [...played.failures.map((failure) => `not answered well: ${failure}`), ...played.breaches];
  const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;
  console.log(
    [
      fault,
      `seed ${played.seed}`,
      `longest gap ${seconds(played.longestGapMs)}`,
      `slowest answer ${seconds(played.slowestMs)}`,
      `retries ${played.retries} (${[...played.statuses].map(([status, count]) => `${status} ${count}`).join(", ")})`,
      `answers ${played.answered}`,
      `load ${seconds(played.loadMs)}, settled ${seconds(played.settleMs)}, checked ${seconds(played.checkMs)}`,
      faults.length === 0
        ? `clean: ${played.claims} claims, ${played.transfers} transfers, ${played.paidFen} fen`
        : `${faults.length} FAULTS`,
    ].join(" · "),
  );
  // The words themselves are in the error: a retry that passes still shows why the first try did not.
  if (faults.length > 0)
    throw new Error([`${fault}, seed ${played.seed}: ${faults.length} faults`, ...faults.slice(0, SHOWN)].join("\n  "));
}

/** Waits until the load stands: for a while every bill has had its answer soon. False where it does not come to that. */
export async function steady(load: Load): Promise<boolean> {
  const untilMs = performance.now() + STEADY_LIMIT_MS;
  while (performance.now() < untilMs) {
    load.mark();
    await pause(STEADY_MS);
    if (load.waitsMs.length > 0 && load.slowestMs < SOON_MS && load.longestGapMs < SOON_MS) return true;
  }
  return false;
}

/** Waits until so many more bills have been answered. */
export async function answers(load: Load, more: number): Promise<void> {
  const wanted = load.answered + more;
  await until(`${more} more answers`, async () => load.answered >= wanted, ANSWER_LIMIT_MS);
}

/** Waits for a condition. Throws what was waited for where it does not come. */
export async function until(what: string, condition: () => Promise<boolean>, limitMs = 60_000): Promise<void> {
  if (!(await waitFor(condition, limitMs))) throw new Error(`waited ${limitMs / 1000} s in vain: ${what}`);
}

/** The day's statement names every transfer, and nothing that the orders do not. */
async function statementFaults(mesh: RegionMesh, outside: Outside): Promise<string[]> {
  const untilMs = performance.now() + STATEMENT_LIMIT_MS;
  for (;;) {
    const found = await reconcile(mesh.people, mesh.day, STATEMENT_LIMIT_MS);
    // An earlier statement of the day stands until the newer one is booked, and what the ledger was found to lack then, until it is compared with the newer one.
    const isWhole = found !== undefined && found.entries === outside.paid;
    if (isWhole && found.breaks.length === 0) return [];
    if (performance.now() > untilMs)
      return isWhole
        ? found.breaks.map((one) => `statement ${one.kind} ${one.endToEndId}: ${one.en}`)
        : [`the statement has ${found?.entries ?? "no"} entries, the bank's books ${outside.paid}`];
    await pause(AUDIT_PAUSE_MS);
  }
}

async function auditClean(mesh: RegionMesh): Promise<readonly AuditLine[]> {
  const untilMs = performance.now() + AUDIT_LIMIT_MS;
  for (;;) {
    const lines = await auditMesh({ uri: mongoUri(mesh.topology), nowMs: Date.now() + mesh.topology.clock_offset_ms, settled: true });
    if (isClean(lines) || performance.now() > untilMs) return lines;
    await pause(AUDIT_PAUSE_MS);
  }
}
