import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterEach, describe, expect, test } from "vitest";
import { activityOf, pidIn, Stillness } from "../../../services/guardian/processes.ts";
import { until } from "../../harness/twins.ts";

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
});

async function busy(): Promise<number> {
  const child = spawn(process.execPath, ["-e", "for (;;) Math.random();"], { env: { NRCMS_TWIN: "a" }, stdio: "ignore" });
  children.push(child);
  await pause(200);
  return child.pid ?? 0;
}

describe("a process", () => {
  test("is known by its marks, and nobody else's number is taken for it", async () => {
    const pid = await busy();
    expect(activityOf(pid, { environment: ["NRCMS_TWIN=a"] })?.ageMs).toBeGreaterThan(0);
    expect(activityOf(pid, { environment: ["NRCMS_TWIN=b"] })).toBeUndefined();
    expect(activityOf(pid, { commandLine: ["for (;;) Math.random();"] })).toBeDefined();
    expect(activityOf(pid, { commandLine: ["for (;;)"] })).toBeUndefined();
    expect(activityOf(2 ** 22 + 1, {})).toBeUndefined();
  });

  test("that is frozen does nothing; one that works does something", async () => {
    const pid = await busy();
    const still = new Stillness();
    const look = (nowMs: number) => still.stillMs("one", activityOf(pid, {}) ?? expect.fail("it has ended"), nowMs);
    expect(look(0)).toBe(0);
    await until("it has done something", () => look(100) === 0);
    children[0]?.kill("SIGSTOP");
    await pause(50);
    look(200);
    await pause(100);
    expect(look(1_800)).toBeGreaterThanOrEqual(1_600);
    still.forget();
    expect(look(1_900)).toBe(0);
  });
});

test("a pid is read where a daemon has written one", () => {
  const folder = mkdtempSync(join(tmpdir(), "nrcms-pid-"));
  try {
    const file = join(folder, "pid");
    expect(pidIn(file)).toBeUndefined();
    writeFileSync(file, "4711\n");
    expect(pidIn(file)).toBe(4711);
    for (const text of ["", "x", "1", "-5"]) {
      writeFileSync(file, text);
      expect(pidIn(file)).toBeUndefined();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
