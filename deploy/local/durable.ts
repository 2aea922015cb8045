/** Files that are there whole or not at all, whatever happens to the power meanwhile. */
import { closeSync, fsyncSync, openSync, renameSync, writeSync } from "node:fs";
import { dirname } from "node:path";

/** Writes a file beside the old one, as far as the disk itself, and puts it in its place. */
export function replaceFile(file: string, content: string, mode = 0o644): void {
  const part = `${file}.${process.pid}.part`;
  const open = openSync(part, "w", mode);
  try {
    writeSync(open, content);
    fsyncSync(open);
  } finally {
    closeSync(open);
  }
  renameSync(part, file);
  // The name itself as well: without it a new file is gone after a power cut, or there and empty.
  const folder = openSync(dirname(file), "r");
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
