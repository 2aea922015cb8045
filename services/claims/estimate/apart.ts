/** An estimate in a process of its own, below everything that somebody waits for: bounded in memory and time, and killed where nobody waits for it any more. It writes nothing, so nothing is left half. */
import { join } from "node:path";
import { runApart } from "../../mesh/apart.ts";
import type { Steps } from "../domain/estimate/parameters.ts";
import type { EstimateReport } from "../domain/estimate/report.ts";
import type { Supposition } from "../domain/estimate/suppose.ts";
import type { SchemeDocument } from "../domain/scheme.ts";

/** The reader of the households, and the sums. Each worker has its own. */
const HEAP_MB = 384;
const YOUNG_MB = 16;
/** Longer than a province's year takes on one core. */
const LIMIT_MS = 30 * 60_000;

export interface EstimateWanted {
  readonly uri: string;
  readonly counties: readonly string[];
  readonly year: number;
  /** YYYY-MM-DD: the year may not be over. */
  readonly today: string;
  readonly draft: SchemeDocument;
  readonly supposition: Supposition;
  readonly steps: Steps;
  /** Whether each parameter is turned. */
  readonly margins: boolean;
  /** Threads that compute; 0: as many as the machine has cores, less one, and at most four. */
  readonly threads: number;
  /** Everything that somebody waits for goes first. */
  readonly background: boolean;
}

export interface EstimateProgress {
  readonly households: number;
  readonly householdsTotal: number;
  readonly claims: number;
}

export interface Estimated {
  /** Undefined where the year has no claim. */
  readonly report: EstimateReport | undefined;
  readonly claims: number;
  readonly threads: number;
  /** What the process and its threads have used of the cores. */
  readonly cpuMs: number;
  readonly peakRssBytes: number;
}

export interface EstimateParts extends EstimateWanted {
  readonly signal?: AbortSignal;
  readonly limitMs?: number;
  onProgress?(progress: EstimateProgress): void;
  onStart?(pid: number): void;
}

/** Throws what it failed of, where it died, took too long or was no longer wanted. */
export async function estimateApart(parts: EstimateParts): Promise<Estimated> {
  const { signal, limitMs = LIMIT_MS, onProgress, onStart, ...wanted } = parts;
  return await runApart<EstimateProgress, Estimated>({
    program: join(import.meta.dirname, "main.ts"),
    what: "the estimate",
    wanted,
    heapMb: HEAP_MB,
    youngMb: YOUNG_MB,
    limitMs,
    signal,
    onStart,
    onProgress,
  });
}
