/** CPU and memory of a run's processes, read from /proc: by group, so that a claim's cost can be laid at somebody's door. */
import { readdirSync, readFileSync } from "node:fs";

const TICKS_PER_SECOND = 100;

export interface Usage {
  /** CPU seconds by group since the process began. */
  readonly cpu: ReadonlyMap<string, number>;
  readonly residentMb: ReadonlyMap<string, number>;
  /** Proportional set size: pages that several processes share are counted once among them. */
  readonly proportionalMb: ReadonlyMap<string, number>;
}

/** `claims`, `gateway`, `nats`, `mongod`, `bank`, `load` of a process of this run; undefined for others. */
function groupOf(pid: number, run: string): string | undefined {
  if (pid === process.pid) return "load";
  const read = (file: string) => readFileSync(`/proc/${pid}/${file}`, "latin1").split("\0");
  if (!read("environ").some((line) => line.includes(run))) return undefined;
  const command = read("cmdline").join(" ");
  const service = /services\/([a-z]+)\/main\.ts/.exec(command)?.[1];
  if (service) return service;
  if (command.includes("nats-server")) return "nats";
  if (command.includes("mongod")) return "mongod";
  return command.includes("sandbox/bank") ? "bank" : undefined;
}

/** Reads all processes of a run directory, and this one. */
export function usageOf(run: string): Usage {
  const cpu = new Map<string, number>();
  const residentMb = new Map<string, number>();
  const proportionalMb = new Map<string, number>();
  const add = (map: Map<string, number>, key: string, value: number) => map.set(key, (map.get(key) ?? 0) + value);
  for (const entry of readdirSync("/proc")) {
    const pid = Number(entry);
    if (!Number.isInteger(pid)) continue;
    try {
      const group = groupOf(pid, run);
      if (!group) continue;
      const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
      const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      add(cpu, group, (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND);
      const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, "latin1");
      const kilobytes = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(rollup)?.[1] ?? 0);
      add(residentMb, group, kilobytes("Rss") / 1024);
      add(proportionalMb, group, kilobytes("Pss") / 1024);
    } catch {
      // A process that ended while it was looked at, or another user's.
    }
  }
  return { cpu, residentMb, proportionalMb };
}

/** CPU seconds by group between two readings. */
export function cpuBetween(before: Usage, after: Usage): ReadonlyMap<string, number> {
  return new Map([...after.cpu].map(([group, seconds]) => [group, seconds - (before.cpu.get(group) ?? 0)]));
}

export function total(map: ReadonlyMap<string, number>, only: (group: string) => boolean = () => true): number {
  let sum = 0;
  for (const [group, value] of map) if (only(group)) sum += value;
  return sum;
}
