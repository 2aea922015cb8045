/** An audit in a process of its own: at most 512 MB resident whatever the number of documents, and killed where nobody waits for it any more. */
import { join } from "node:path";
import { runApart } from "../mesh/apart.ts";
import type { AuditLine, Progress } from "./findings.ts";

/** What it may keep on its heap. */
const HEAP_MB = 256;
/** Half of a young generation; more makes it faster by little. */
const YOUNG_MB = 8;
/** Longer than the largest province takes. */
const LIMIT_MS = 3 * 3_600_000;

export interface Wanted {
  readonly uri: string;
  readonly nowMs: number;
  readonly settled: boolean;
  /** Nobody waits for it: everything else goes first. */
  readonly background: boolean;
}

export interface Audited {
  readonly lines: readonly AuditLine[];
  /** The most that the process had resident. */
  readonly peakRssBytes: number;
}

export interface Apart extends Wanted {
  /** Ends it: whoever asked is gone. */
  readonly signal?: AbortSignal;
  readonly limitMs?: number;
  onProgress?(progress: Progress): void;
  /** Told the process's number once it runs. */
  onStart?(pid: number): void;
}

/** Runs an audit apart. Throws what it failed of, where it died, took too long or was no longer wanted. */
export async function auditApart(parts: Apart): Promise<Audited> {
  const { uri, nowMs, settled, background, signal, limitMs = LIMIT_MS, onProgress, onStart } = parts;
  const wanted: Wanted = { uri, nowMs, settled, background };
  return await runApart<Progress, Audited>({
    program: join(import.meta.dirname, "main.ts"),
    what: "the audit",
    wanted,
    heapMb: HEAP_MB,
    youngMb: YOUNG_MB,
    limitMs,
    signal,
    onStart,
    onProgress: (progress) => onProgress?.call(parts, progress),
  });
}
