/** Commands of the machine that the lab is made with. */
import { spawnSync } from "node:child_process";
import { wordsOf } from "../../services/values/thrown.ts";

const LIMIT_MS = 30_000;

/** Runs a command to its end and gives what it printed. Throws what it said where it failed. */
export function sh(file: string, ...parameters: readonly string[]): string {
  const { status, signal, error, stdout, stderr } = spawnSync(file, parameters, { encoding: "utf8", timeout: LIMIT_MS });
  if (status === 0) return stdout;
  const why = error?.message ?? (stderr.trim() || stdout.trim() || `${signal ?? `exit code ${status}`}`);
  throw new Error(`${[file, ...parameters].join(" ")}: ${why}`);
}

/** Whether a command ends well. */
export function succeeds(file: string, ...parameters: readonly string[]): boolean {
  return spawnSync(file, parameters, { stdio: "ignore", timeout: LIMIT_MS }).status === 0;
}

/** Runs both to their ends although the first may fail; for clearing away, where the rest must go on. */
export function tryAll(steps: readonly (() => unknown)[]): string[] {
  return steps.flatMap((step) => {
    try {
      step();
      return [];
    } catch (error) {
      return [wordsOf(error)];
    }
  });
}
