/**
 * A lock between processes: a folder with its owner's pid in it, which appears whole by a rename or not at all.
 * A lock whose owner is gone is taken over. Built-in modules only, because the boot script needs it before anything is installed.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

const POLL_MS = 100;
let serial = 0;

/** The process's pid and the moment it started, so that a pid that is used again is another owner; undefined where there is no such process. */
export function identity(pid) {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (error.code !== "EPERM") return undefined;
  }
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" ? undefined : `${pid} ${fields[19]}`;
  } catch {
    return existsSync("/proc/self/stat") ? undefined : `${pid}`; // A machine without /proc knows pids only.
  }
}

function ownerOf(folder) {
  try {
    return readFileSync(`${folder}/owner`, "utf8");
  } catch (error) {
    if (error.code === "ENOENT" || error.code === "ENOTDIR") return undefined;
    throw error;
  }
}

const pidOf = (owner) => Number(owner.split(" ")[0]);
const isAlive = (owner) => identity(pidOf(owner)) === owner;

/** Makes the folder with us as its owner. False where there is one. */
function tryTake(folder, owner) {
  const prepared = `${folder}.${process.pid}.${++serial}`;
  mkdirSync(prepared, { recursive: true });
  writeFileSync(`${prepared}/owner`, owner);
  try {
    renameSync(prepared, folder);
    return true;
  } catch (error) {
    rmSync(prepared, { recursive: true, force: true });
    if (["ENOTEMPTY", "EEXIST", "ENOTDIR", "EPERM"].includes(error.code)) return false;
    throw error;
  }
}

/** Removes a lock whose owner is gone. Only one process at a time may, or it could remove the lock of one that was quicker. */
function removeStale(folder, self) {
  const guard = `${folder}.takeover`;
  if (!tryTake(guard, self)) {
    const owner = ownerOf(guard);
    if (owner !== undefined && !isAlive(owner)) rmSync(guard, { recursive: true, force: true });
    return;
  }
  const owner = ownerOf(folder);
  if (owner === undefined || !isAlive(owner)) rmSync(folder, { recursive: true, force: true });
  rmSync(guard, { recursive: true, force: true });
}

/**
 * Takes the lock and returns the function that gives it back. While a living process holds it, waits up to `waitMs`, telling `onWait` its pid at each look.
 * Throws `busy` with the pid when the wait is over.
 */
export async function takeLock(folder, { waitMs = 0, onWait = () => {}, busy = (pid) => `${folder} is held by process ${pid}` } = {}) {
  mkdirSync(dirname(folder), { recursive: true });
  const self = identity(process.pid) ?? String(process.pid);
  const until = Date.now() + waitMs;
  for (;;) {
    if (tryTake(folder, self)) return () => ownerOf(folder) === self && rmSync(folder, { recursive: true, force: true });
    const owner = ownerOf(folder);
    if (owner === undefined || !isAlive(owner)) {
      removeStale(folder, self);
      if (owner !== undefined || Date.now() < until) continue;
    }
    if (Date.now() >= until) throw new Error(busy(owner === undefined ? 0 : pidOf(owner)));
    onWait(owner === undefined ? 0 : pidOf(owner));
    await pause(POLL_MS);
  }
}
