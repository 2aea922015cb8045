/** What the kernel knows of a process: whether it is there, since when, and whether it does anything. */
import { readFileSync } from "node:fs";

export interface Activity {
  readonly pid: number;
  /** Clock ticks since the machine's start at which it began: with the pid, the process's identity. */
  readonly began: string;
  /** CPU ticks used and bytes moved: only whether it changes matters. */
  readonly work: string;
  readonly ageMs: number;
}

const TICKS_PER_SECOND = 100;

/** What a process of ours has in its command line or in its environment: numbers are given again, and a stranger's process must not be taken for ours. */
export interface Marks {
  readonly commandLine?: readonly string[];
  readonly environment?: readonly string[];
}

/** Undefined where no such process runs, or it is not the one that the marks say. */
export function activityOf(pid: number, { commandLine = [], environment = [] }: Marks): Activity | undefined {
  try {
    const words = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
    const settings = environment.length > 0 ? readFileSync(`/proc/${pid}/environ`, "utf8").split("\0") : [];
    if (!commandLine.every((word) => words.includes(word)) || !environment.every((one) => settings.includes(one))) return undefined;
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The name stands in brackets and may hold anything.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const [utime = "", stime = "", began = "0"] = [fields[11], fields[12], fields[19]];
    const io = readFileSync(`/proc/${pid}/io`, "utf8");
    const moved = [...io.matchAll(/^[rw]char: (\d+)$/gm)].map(([, bytes]) => bytes).join("+");
    const upSeconds = Number(readFileSync("/proc/uptime", "utf8").split(" ")[0]);
    return { pid, began, work: `${utime} ${stime} ${moved}`, ageMs: 1_000 * (upSeconds - Number(began) / TICKS_PER_SECOND) };
  } catch {
    return undefined; // It has ended, which is the answer.
  }
}

/** The pid that a daemon has written down; undefined where there is none. */
export function pidIn(file: string): number | undefined {
  try {
    const pid = Number(readFileSync(file, "utf8").trim());
    return Number.isInteger(pid) && pid > 1 ? pid : undefined;
  } catch {
    return undefined;
  }
}

/** Remembers since when each process has done nothing. */
export class Stillness {
  private readonly known = new Map<string, { readonly activity: Activity; readonly sinceMs: number }>();

  /** For how long the process has done nothing, as far as it was watched; 0 where it does something, or is another one than before. */
  stillMs(name: string, activity: Activity, nowMs: number): number {
    const before = this.known.get(name);
    const same =
      before && before.activity.pid === activity.pid && before.activity.began === activity.began && before.activity.work === activity.work;
    if (!same) this.known.set(name, { activity, sinceMs: nowMs });
    return same ? nowMs - before.sinceMs : 0;
  }

  forget(): void {
    this.known.clear();
  }
}
