/** One process kept running: real ones, small enough for a unit test. */
import { mkdirSync, mkdtempSync, readFileSync, rmdirSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Exit, Kept } from "../../../deploy/local/kept.ts";

let folder = "";
let exits: Exit[] = [];
const started: Kept[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "nrcms-kept-"));
  exits = [];
});
afterEach(async () => {
  await Promise.all(started.splice(0).map((kept) => kept.stop(100)));
  rmSync(folder, { recursive: true, force: true });
});

const log = () => join(folder, "log");

function keep(script: string, file = "/bin/sh", turn?: (start: () => void) => void): Kept {
  const environment = { PATH: "/usr/bin:/bin", WORD: "told" };
  const kept = new Kept(
    { name: "claims.a", file, parameters: ["-c", script], environment, log: log() },
    (exit) => exit && exits.push(exit),
    turn,
  );
  started.push(kept);
  kept.start();
  return kept;
}

async function until(look: () => boolean, limitMs = 5_000): Promise<number> {
  const beganMs = performance.now();
  while (!look()) {
    if (performance.now() - beganMs > limitMs) throw new Error(`not within ${limitMs} ms`);
    await pause(5);
  }
  return performance.now() - beganMs;
}

describe("a kept process", () => {
  test("gets its environment and nothing else, and its words go to its log", async () => {
    keep(`echo "$WORD $HOME."; exec sleep 60`);
    await until(() => readFileSync(log(), "utf8").includes("told"));
    expect(readFileSync(log(), "utf8")).toBe("told .\n");
  });

  test("whose log cannot be opened is tried again until it can", async () => {
    mkdirSync(log());
    const kept = keep("exec sleep 60");
    expect(kept.pid).toBeUndefined();
    expect(exits).toMatchObject([{ name: "claims.a", pid: undefined, error: expect.stringContaining("EISDIR") }]);
    rmdirSync(log());
    await until(() => kept.pid !== undefined);
  });

  test("is started again after it was killed, within a second", async () => {
    const kept = keep("exec sleep 60");
    const first = kept.pid;
    kept.signal("SIGKILL");
    const tookMs = await until(() => kept.pid !== undefined && kept.pid !== first);
    expect(tookMs).toBeLessThan(1_000);
    expect(kept.restarts).toBe(1);
    expect(exits).toEqual([{ name: "claims.a", pid: first, code: null, signal: "SIGKILL" }]);
  });

  test("waits for its turn to be started again, and is not where it is held meanwhile", async () => {
    const turns: (() => void)[] = [];
    const kept = keep("exec sleep 60", "/bin/sh", (start) => turns.push(start));
    kept.signal("SIGKILL");
    await until(() => turns.length === 1);
    expect(kept.pid).toBeUndefined();
    turns.shift()?.();
    expect(kept.restarts).toBe(1);
    kept.signal("SIGKILL");
    await until(() => turns.length === 1);
    kept.hold();
    turns.shift()?.();
    expect(kept.pid).toBeUndefined();
    kept.release();
    expect(kept.pid).toBeDefined();
  });

  test("that keeps dying is started less and less often", async () => {
    const kept = keep("exit 3");
    await until(() => kept.restarts >= 3, 10_000);
    const beganMs = performance.now();
    await until(() => kept.restarts >= 4, 10_000);
    expect(performance.now() - beganMs).toBeGreaterThan(500); // 100 + 200 + 400 ms before, 800 ms now.
    expect(kept.lastExit).toMatchObject({ code: 3 });
  });

  test("that cannot even be started is a death with a reason, not a crash", async () => {
    const kept = keep("", join(folder, "no-such-program"));
    await until(() => exits.length > 0);
    expect(exits[0]?.error).toContain("ENOENT");
    expect(kept.pid).toBeUndefined();
  });

  test("that is held stays dead; a release starts it at once", async () => {
    const kept = keep("exec sleep 60");
    kept.hold();
    kept.signal("SIGKILL");
    await kept.ended();
    await pause(250);
    expect(kept.pid).toBeUndefined();
    kept.release();
    expect(kept.pid).toBeDefined();
  });

  test("that is stopped ends by itself and is not started again", async () => {
    const kept = keep(`trap 'echo drained; exit 0' TERM; echo up; while :; do sleep 0.02; done`);
    await until(() => readFileSync(log(), "utf8").includes("up"));
    expect(await kept.stop(3_000)).toBe(true);
    expect(readFileSync(log(), "utf8")).toContain("drained");
    await pause(200);
    expect(kept.pid).toBeUndefined();
  });

  test("that ignores the request to end is killed at the limit, and so is a frozen one", async () => {
    const stubborn = keep(`trap '' TERM; echo up; while :; do sleep 0.02; done`);
    await until(() => readFileSync(log(), "utf8").includes("up"));
    expect(await stubborn.stop(100)).toBe(false);
    expect(stubborn.pid).toBeUndefined();
    const frozen = keep("exec sleep 60");
    frozen.signal("SIGSTOP");
    await frozen.stop(1_000);
    expect(frozen.pid).toBeUndefined();
  });

  test("puts a log that has grown too large aside", async () => {
    writeFileSync(log(), "");
    truncateSync(log(), 65 * 1024 * 1024);
    keep("echo fresh; exec sleep 60");
    await until(() => readFileSync(log(), "utf8") === "fresh\n");
    expect(statSync(`${log()}.1`).size).toBe(65 * 1024 * 1024);
  });
});
