/** An audit in a process of its own: at most 512 MB resident whatever the number of documents, and killed where nobody waits for it any more. */
import { fork } from "node:child_process";
import { join } from "node:path";
import type { AuditLine, Progress } from "./findings.ts";

/** What it may keep on its heap. Besides, it has Node itself, the driver and the batches on their way: about 200 MB. */
const HEAP_MB = 256;
/** Half of a young generation; more makes it faster by little. */
const YOUNG_MB = 8;
/** Longer than the largest province takes. */
const LIMIT_MS = 3 * 3_600_000;
const MAX_WORDS = 2_000;

export interface Wanted {
  readonly uri: string;
  readonly nowMs: number;
  readonly settled: boolean;
  /** Nobody waits for it: everything else goes first. */
  readonly background: boolean;
}

export type Said =
  | { readonly kind: "progress"; readonly progress: Progress }
  | { readonly kind: "lines"; readonly lines: readonly AuditLine[]; readonly peakRssBytes: number }
  | { readonly kind: "failed"; readonly why: string };

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
export function auditApart({ uri, nowMs, settled, background, signal, limitMs = LIMIT_MS, onProgress, onStart }: Apart): Promise<Audited> {
  const child = fork(join(import.meta.dirname, "main.ts"), [], {
    execArgv: [`--max-old-space-size=${HEAP_MB}`, `--max-semi-space-size=${YOUNG_MB}`],
    // Each thread's own arena of memory would keep what it once needed.
    env: { ...process.env, MALLOC_ARENA_MAX: "1" },
    stdio: ["ignore", "ignore", "pipe", "ipc"],
  });
  let words = "";
  child.stderr?.on("data", (chunk: Buffer) => (words = (words + chunk.toString("utf8")).slice(-MAX_WORDS)));
  return new Promise((resolve, reject) => {
    let why = "";
    const kill = (because: string) => {
      why ||= because;
      child.kill("SIGKILL");
    };
    const late = setTimeout(() => kill(`no end after ${limitMs / 1000} s`), limitMs);
    const unwanted = () => kill("nobody waits for it any more");
    signal?.addEventListener("abort", unwanted, { once: true });
    if (signal?.aborted) unwanted();
    let audited: Audited | undefined;
    child.on("message", (said: Said) => {
      if (said.kind === "progress") onProgress?.(said.progress);
      else if (said.kind === "failed") why ||= said.why;
      else audited = { lines: said.lines, peakRssBytes: said.peakRssBytes };
    });
    child.once("spawn", () => {
      if (child.pid !== undefined) onStart?.(child.pid);
      const wanted: Wanted = { uri, nowMs, settled, background };
      child.send(wanted);
    });
    child.once("error", (error) => kill(error.message));
    child.once("close", (code, ended) => {
      clearTimeout(late);
      signal?.removeEventListener("abort", unwanted);
      if (audited) return resolve(audited);
      const last = words.trim().split("\n").at(-1) ?? "";
      reject(new Error(`the audit did not end: ${why || `${ended ?? `exit code ${code}`}${last ? ` (${last})` : ""}`}`));
    });
  });
}
