/**
 * Whether this twin is fit to work, found out by itself: its disk, its memory, its event loop, its clock. One that is not fit takes no work and gives its lead away
 * while its peer can have it; where only a new process helps, it ends, and its supervisor starts it again. A twin that is wrong about itself is caught by its peer.
 */
import { open, statfs, unlink } from "node:fs/promises";
import { join } from "node:path";
import { getHeapStatistics } from "node:v8";
import { wordsOf } from "../values/thrown.ts";
import type { HeldClock } from "./clock.ts";
import type { Logger } from "./log.ts";

/** What was measured of a disk. */
export interface Disk {
  /** Bytes that are free on it; undefined where that could not be found out. */
  readonly freeBytes: number | undefined;
  /** How long a small write took to reach it; undefined where none was tried. */
  readonly writeMs: number | undefined;
  /** Why it cannot be written; empty where it can. */
  readonly diskError: string;
}

/** What was measured of a twin, and of the disk it works on. */
export interface Vitals extends Disk {
  /** The share of the heap's limit that is in use, 0 to 1. */
  readonly heapShare: number;
  /** How far the clock of each machine that keeps the store is ahead of one's own, in milliseconds. */
  readonly clocksAheadMs: readonly number[];
  /** By how much one's own clock was set while the process ran, where it is not followed yet; else 0. */
  readonly clockSetMs: number;
  /** How often the event loop has stood still within the last minute. */
  readonly stalls: number;
}

export interface Limits {
  readonly freeBytes: number;
  readonly writeMs: number;
  readonly heapShare: number;
  readonly clockMs: number;
  readonly stalls: number;
}

export const LIMITS: Limits = { freeBytes: 200 * 1024 * 1024, writeMs: 3_000, heapShare: 0.92, clockMs: 1_000, stalls: 5 };

export interface Verdict {
  /** Why it is not fit; empty where it is. */
  readonly fault: string;
  /** Only a new process helps. */
  readonly end: boolean;
}

/** Pure. The first fault that is found, gravest first. */
export function judge(vitals: Vitals, limits: Limits = LIMITS): Verdict {
  const { heapShare, stalls, clockSetMs } = vitals;
  const disk = judgeDisk(vitals, limits);
  if (disk !== "") return { fault: disk, end: false };
  const offMs = clockOff(vitals.clocksAheadMs, limits.clockMs);
  if (offMs !== 0) return { fault: `the clock is ${Math.abs(offMs)} ms ${offMs > 0 ? "behind" : "ahead of"} the others`, end: false };
  if (clockSetMs !== 0) return { fault: clockWasSet(clockSetMs), end: false };
  if (heapShare > limits.heapShare) return { fault: `${Math.round(100 * heapShare)} % of the heap are in use`, end: true };
  if (stalls >= limits.stalls) return { fault: `the event loop has stood still ${stalls} times within a minute`, end: true };
  return { fault: "", end: false };
}

/** Pure. Why nothing should rely on this disk; empty where all is well. */
export function judgeDisk({ freeBytes, writeMs, diskError }: Disk, limits: Limits = LIMITS): string {
  if (diskError !== "") return `the disk cannot be written: ${diskError}`;
  if (freeBytes !== undefined && freeBytes < limits.freeBytes)
    return `${Math.floor(freeBytes / 1_048_576)} MB are free on the disk, less than ${Math.floor(limits.freeBytes / 1_048_576)}`;
  return writeMs !== undefined && writeMs > limits.writeMs ? `a write of 4 KB took ${Math.round(writeMs)} ms to reach the disk` : "";
}

/** How far one's own clock is behind the median of all that are known, where that is too far; else 0. With fewer than three machines nobody can say whose is wrong. */
function clockOff(aheadMs: readonly number[], limitMs: number): number {
  if (aheadMs.length < 3) return 0;
  const median = [...aheadMs].sort((a, b) => a - b)[Math.floor(aheadMs.length / 2)] ?? 0;
  return Math.abs(median) > limitMs ? Math.round(median) : 0;
}

function clockWasSet(byMs: number): string {
  return `the clock was set ${byMs > 0 ? "ahead" : "back"} by ${Math.round(Math.abs(byMs) / 1000)} s`;
}

/** How often the disk is looked at, and how long it may take: one that does not answer is full of faults. */
const LOOK_MS = 5_000;
const DISK_LIMIT_MS = 10_000;
/** A twin is fit again when it has been without a fault for so long: one that comes and goes is a fault as well. */
const FIT_AGAIN_MS = 10_000;
/** A clock that was set is followed after so long, unless the others say that it is wrong, which takes them less. */
const FOLLOW_MS = 30_000;
const MINUTE_MS = 60_000;
const PROBE = Buffer.alloc(4096);

export interface FitnessParts {
  /** The folder whose disk it works on. */
  readonly run: string;
  readonly name: string;
  readonly clock: HeldClock;
  readonly log: Logger;
  readonly limits?: Limits;
  clocksAheadMs(): readonly number[];
  /** A process that stands still there is not to blame, and a new one would stand still as well. */
  isMachineInTrouble(): boolean;
  /** Only a new process helps. */
  onEnd(fault: string): void;
}

export interface Fitness {
  /** Why the twin is not fit; empty where it is. */
  readonly fault: string;
  /** The event loop stood still for a moment. */
  stalled(): void;
  /** Looks at once; otherwise every five seconds. */
  look(): Promise<void>;
  close(): void;
}

export function watchFitness({ run, name, clock, log, limits = LIMITS, clocksAheadMs, isMachineInTrouble, onEnd }: FitnessParts): Fitness {
  const file = join(run, `${name}.probe`);
  let stalls: number[] = [];
  let fault = "";
  let faultMs = Number.NEGATIVE_INFINITY;
  let looking: Promise<void> | undefined;

  const look = async (): Promise<void> => {
    const now = clock.monotonicMs();
    stalls = isMachineInTrouble() ? [] : stalls.filter((atMs) => now - atMs < MINUTE_MS);
    const { used_heap_size: used, heap_size_limit: limit } = getHeapStatistics();
    const disk = await lookAtDisk(run, file, DISK_LIMIT_MS);
    const aheadMs = clocksAheadMs();
    if ((clock.jump?.forMs ?? 0) >= FOLLOW_MS && clockOff(aheadMs, limits.clockMs) === 0) clock.follow();
    const vitals = { heapShare: used / limit, clocksAheadMs: aheadMs, clockSetMs: clock.jump?.byMs ?? 0, stalls: stalls.length };
    const verdict = judge({ ...disk, ...vitals }, limits);
    if (verdict.fault !== "") {
      if (verdict.fault !== fault) log.error({ fault: verdict.fault }, "not fit");
      fault = verdict.fault;
      faultMs = clock.monotonicMs();
      if (verdict.end) onEnd(verdict.fault);
    } else if (fault !== "" && clock.monotonicMs() - faultMs >= FIT_AGAIN_MS) {
      log.warn({ fault }, "fit again");
      fault = "";
    }
  };
  const lookOnce = (): Promise<void> => {
    looking ??= look().finally(() => {
      looking = undefined;
    });
    return looking;
  };
  const timer = setInterval(
    () => void lookOnce().catch((error: unknown) => log.warn({ err: error }, "the twin could not look at itself")),
    LOOK_MS,
  );
  return {
    get fault() {
      if (fault !== "") return fault;
      const { jump } = clock; // What is decided in the next moment should not wait for the next look.
      return jump ? clockWasSet(jump.byMs) : "";
    },
    stalled: () => void stalls.push(clock.monotonicMs()),
    look: lookOnce,
    close: () => clearInterval(timer),
  };
}

/** Asks what is free, and writes 4 KB to `file` in the folder, as far as the disk itself. One that has not answered within the limit took that long. */
export function lookAtDisk(folder: string, file: string, limitMs: number): Promise<Disk> {
  return Promise.race([writeProbe(folder, file), late(limitMs)]);
}

async function writeProbe(folder: string, file: string): Promise<Disk> {
  const startedMs = performance.now();
  try {
    const { bavail, bsize } = await statfs(folder);
    const probe = await open(file, "w");
    try {
      await probe.write(PROBE);
      await probe.datasync();
    } finally {
      await probe.close();
    }
    await unlink(file);
    return { freeBytes: bavail * bsize, writeMs: performance.now() - startedMs, diskError: "" };
  } catch (error) {
    return { freeBytes: undefined, writeMs: undefined, diskError: wordsOf(error) };
  }
}

function late(ms: number): Promise<Disk> {
  return new Promise((resolve) => {
    setTimeout(() => resolve({ freeBytes: undefined, writeMs: ms, diskError: "" }), ms).unref();
  });
}
