/** The files that take what processes print. None grows without end: a large one is put aside, one older one is kept. */
import { copyFileSync, openSync, statSync, truncateSync } from "node:fs";

const LIMIT_BYTES = 64 * 1024 * 1024;

/** Opens a log to append to. */
export function openLog(file: string): number {
  limitLog(file);
  return openSync(file, "a");
}

/**
 * Puts aside what a log holds, where that is too much. Its process goes on appending to the same file: what it prints between the copy and the cut is lost. Throws where the disk cannot
 * hold the copy; the log then stays as it is.
 */
export function limitLog(file: string, limitBytes = LIMIT_BYTES): void {
  const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  if (size <= limitBytes) return;
  copyFileSync(file, `${file}.1`);
  truncateSync(file);
}
