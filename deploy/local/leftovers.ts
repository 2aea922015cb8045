/**
 * No process is left behind. Each child of a supervisor carries a mark in its environment (run directory and supervisor), by which it is found again:
 * by the next start on the same run directory, and by a small shell that waits for the supervisor's end, whatever ends it.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { Say } from "./binaries.ts";
import { replaceFile } from "./durable.ts";
import { identity } from "./lock.mjs";

const MARK = "NRCMS_SUPERVISED";
const END_LIMIT_MS = 5_000;

/** The environment entry that marks a supervisor's children. */
export function markOf(run: string, supervisor: string): { [MARK]: string } {
  return { [MARK]: `${run}#${supervisor}` };
}

/** The pids of all processes that a supervisor of this run directory started and that still live (Linux; elsewhere none are found). */
export function leftovers(run: string): number[] {
  if (!existsSync("/proc/self/environ")) return [];
  const wanted = `\0${MARK}=${run}#`;
  return readdirSync("/proc").flatMap((entry) => {
    const pid = Number(entry);
    if (!Number.isInteger(pid) || pid === process.pid) return [];
    try {
      return `\0${readFileSync(`/proc/${pid}/environ`, "latin1")}`.includes(Buffer.from(wanted).toString("latin1")) && identity(pid)
        ? [pid]
        : [];
    } catch {
      return []; // Another user's process, or one that has just ended.
    }
  });
}

/** Sends a signal to a process, or with a pid below 0 to its group. Returns whether there was one: it may have ended meanwhile. */
export function signalTo(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    return false;
  }
}

/** Kills what an earlier supervisor of this run directory left behind and `spared` does not name, and waits until it is gone. */
export async function endLeftovers(run: string, say: Say, spared: ReadonlySet<number> = new Set()): Promise<void> {
  const lost = (): number[] => leftovers(run).filter((pid) => !spared.has(pid));
  const found = lost();
  if (found.length === 0) return;
  say(`ending ${found.length} processes that were left behind`);
  const until = Date.now() + END_LIMIT_MS;
  for (let left = found; left.length > 0; left = lost()) {
    if (Date.now() > until) throw new Error(`processes ${left.join(", ")} of this run directory do not end; end them by hand`);
    for (const pid of left) signalTo(pid, "SIGKILL");
    await pause(20);
  }
}

const UNDERTAKER = `
cat > /dev/null
for round in 1 2 3; do
  for file in $(grep -lzxF "$1" /proc/[0-9]*/environ 2> /dev/null); do
    pid=\${file#/proc/}
    kill -9 "\${pid%/environ}" 2> /dev/null
  done
done
[ -z "$2" ] || rm -rf "$2"
`;

/** Starts the shell that kills all children with this mark once this process is gone, even by kill -9, and then removes `folder` if one is named. */
export function undertaker(mark: { [MARK]: string }, folder = ""): ChildProcess | undefined {
  if (!existsSync("/proc/self/environ")) return undefined;
  const parameters = ["-c", UNDERTAKER, "nrcms-undertaker", `${MARK}=${mark[MARK]}`, folder];
  const shell = spawn("/bin/sh", parameters, {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
    env: { PATH: process.env.PATH ?? "/usr/bin:/bin" },
  });
  shell.once("error", () => {}); // Without it the next start still finds what is left.
  shell.unref();
  (shell.stdin as unknown as { unref?: () => void } | null)?.unref?.();
  return shell;
}

const KEEPER = `
cat > /dev/null
sleep 0.2
log="$1"
shift
(true >> "$log") 2> /dev/null || log=/dev/null
exec "$@" >> "$log" 2>&1 < /dev/null
`;

/**
 * Starts the shell that begins this program anew once this process is gone without having stopped in order; what it kept runs on meanwhile and is adopted.
 * A stop in order kills the shell first.
 */
export function keeper(log: string): ChildProcess {
  const program = [process.execPath, ...process.execArgv, ...process.argv.slice(1)];
  const shell = spawn("/bin/sh", ["-c", KEEPER, "nrcms-keeper", log, ...program], {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
    env: process.env,
  });
  shell.unref();
  (shell.stdin as unknown as { unref?: () => void } | null)?.unref?.();
  return shell;
}

/** What the last supervisor of this run directory wrote down, whether it lives or not; undefined where there is nothing, or nothing whole. */
export function lastTable(run: string): Table | undefined {
  try {
    return JSON.parse(readFileSync(tableFile(run), "utf8")) as Table;
  } catch {
    return undefined; // Nobody's, or torn by a power cut: then there is nothing to adopt either.
  }
}

/** What `nrcms status` and `nrcms stop` read: <run>/supervisor.json. */
export interface Table {
  readonly pid: number;
  readonly identity: string;
  readonly started: string;
  readonly run: string;
  /** The only server that it keeps; undefined where it keeps the whole mesh. */
  readonly server?: string;
  readonly state: "starting" | "running" | "stopping";
  readonly processes: readonly ProcessRow[];
}
export interface ProcessRow {
  readonly name: string;
  readonly pid: number | undefined;
  readonly started: string;
  /** The pid with the moment of its start; undefined while it does not run. */
  readonly identity: string | undefined;
  readonly restarts: number;
  readonly held: boolean;
}

const tableFile = (run: string) => join(run, "supervisor.json");

export function writeTable(table: Table): void {
  replaceFile(tableFile(table.run), `${JSON.stringify(table, null, 1)}\n`);
}

/** The table of the supervisor that runs on this run directory now; undefined where none does. */
export function readTable(run: string): Table | undefined {
  if (!existsSync(tableFile(run))) return undefined;
  const table = JSON.parse(readFileSync(tableFile(run), "utf8")) as Table;
  return identity(table.pid) === table.identity ? table : undefined;
}
