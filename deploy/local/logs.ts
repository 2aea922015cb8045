/** The files that take what processes print. None grows without end: a large one is put aside, one older one is kept. */
import { copyFileSync, openSync, renameSync, rmSync, statSync, truncateSync, writeSync } from "node:fs";

const LIMIT_BYTES = 64 * 1024 * 1024;

const sizeOf = (file: string): number => statSync(file, { throwIfNoEntry: false })?.size ?? 0;
const older = (file: string): string => `${file}.1`;

/** Opens a log to append to. Nobody has it open: it is put aside without taking space. */
export function openLog(file: string): number {
  if (sizeOf(file) > LIMIT_BYTES) renameSync(file, older(file));
  return openSync(file, "a");
}

/**
 * Puts aside what the log of a living process holds, where that is too much. The process goes on appending to the same file; what it prints between the copy and the cut is lost.
 * Where there is no space for the copy, what the log held is given up rather than the disk. Throws where the file cannot be cut.
 */
export function limitLog(file: string, limitBytes = LIMIT_BYTES): void {
  if (sizeOf(file) <= limitBytes) return;
  try {
    copyFileSync(file, older(file));
  } catch {
    rmSync(older(file), { force: true, recursive: true });
  }
  truncateSync(file);
}

const STANDARD_ERROR = 2;

/** Says a line on standard error. Where that is a file on a disk that takes no more, the line is lost, and nobody ends for it (as with console.error). */
export function say(line: string): void {
  try {
    writeSync(STANDARD_ERROR, `${line}\n`);
  } catch {
    // There is nowhere else to say so.
  }
}
