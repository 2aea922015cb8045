/** A machine's share of CPU and memory: control groups (version 1) that all its processes are put into. */
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pause } from "../../services/mesh/clock.ts";

const ROOT = "/sys/fs/cgroup";
const PERIOD_US = 100_000;

function put(controller: "cpu" | "memory", name: string, pids: readonly number[]): string {
  const folder = join(ROOT, controller, name);
  mkdirSync(folder, { recursive: true });
  move(folder, pids);
  return folder;
}

function move(folder: string, pids: readonly number[]): void {
  for (const pid of pids) {
    try {
      writeFileSync(join(folder, "cgroup.procs"), `${pid}`);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error; // It has ended meanwhile.
    }
  }
}

function pidsOf(folder: string): number[] {
  return readFileSync(join(folder, "cgroup.procs"), "utf8").split("\n").filter(Boolean).map(Number);
}

/** Gives the processes, and what they start, so many percent of one core. Returns the function that ends it. */
export function limitCpu(name: string, pids: readonly number[], percent: number): () => Promise<void> {
  const folder = put("cpu", name, pids);
  writeFileSync(join(folder, "cpu.cfs_period_us"), `${PERIOD_US}`);
  writeFileSync(join(folder, "cpu.cfs_quota_us"), `${(PERIOD_US * percent) / 100}`);
  return async () => {
    writeFileSync(join(folder, "cpu.cfs_quota_us"), "-1");
    await leave("cpu", folder);
  };
}

/** Leaves the processes, and what they start, so much memory beside what they have now (which stays with the group that they come from). Returns the function that ends it. */
export function limitMemory(name: string, pids: readonly number[], spareBytes: number): () => Promise<void> {
  const folder = put("memory", name, pids);
  writeFileSync(join(folder, "memory.limit_in_bytes"), `${spareBytes}`);
  return async () => {
    writeFileSync(join(folder, "memory.limit_in_bytes"), "-1");
    await leave("memory", folder);
  };
}

const LEAVE_ROUNDS = 100;
const LEAVE_PAUSE_MS = 50;

async function leave(controller: "cpu" | "memory", folder: string): Promise<void> {
  for (let round = 1; ; round += 1) {
    move(join(ROOT, controller), pidsOf(folder));
    try {
      return rmdirSync(folder);
    } catch (error) {
      // Who is about to end is on no list any more, and still in the group.
      if ((error as NodeJS.ErrnoException).code !== "EBUSY" || round === LEAVE_ROUNDS) throw error;
    }
    await pause(LEAVE_PAUSE_MS);
  }
}

/** Why this machine has no such groups; empty where it has. */
export function whyNoGroups(): string {
  for (const controller of ["cpu", "memory"])
    if (!existsSync(join(ROOT, controller, "cgroup.procs"))) return `there is no control group for ${controller} (version 1)`;
  return "";
}
