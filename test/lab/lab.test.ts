/**
 * The lab's faults in brief, as many as there is time for (NRCMS_LAB_SECONDS, or ten minutes), beginning with another one each time (`npm run lab` plays all of them,
 * `npm run test:fault` in full). Those that test/fault plays in its own way are left to it. Whatever machine it is, what it cannot play is skipped with the reason.
 * A fault that could not be played to its end is played once more alone; one that lost, repeated or left something unexplained is not.
 */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { ROOT } from "../../deploy/local/binaries.ts";
import { allFaults } from "./faults.ts";
import type { Row } from "./rows.ts";

/** Then the last fault is ended, and what is checked after it, and the end of the mesh, come on top. */
const WITHIN_S = Number(process.env.NRCMS_LAB_SECONDS ?? "600");
const LIMIT_MS = 900_000;
const ALONE_LIMIT_MS = 240_000;
/** Twins that are killed and frozen: twins.test.ts. Engines: core.test.ts. Events again: messages.test.ts. Orders: orders.test.ts. */
const ELSEWHERE = [
  "none",
  "kill-twin",
  "kill-active",
  "freeze-active",
  "kill-nats",
  "freeze-nats",
  "kill-primary",
  "events-thrice",
  "switchover",
  "switchover-mongo",
  "drain",
];
const FAULTS = turned(allFaults().filter(({ id, long }) => !long && !ELSEWHERE.includes(id)));

/** The same, from another one on in each minute. */
function turned<T>(all: readonly T[]): readonly T[] {
  const first = Math.floor(Date.now() / 60_000) % all.length;
  return [...all.slice(first), ...all.slice(0, first)];
}

interface Run {
  readonly rows: ReadonlyMap<string, Row>;
  /** Why each of the others was left out. */
  readonly left: ReadonlyMap<string, string>;
  /** What it said last. */
  readonly words: string;
}

/** Runs the lab as a person would. Never throws: what it says is looked at by the tests. */
function play(limitMs: number, ...parameters: string[]): Promise<Run> {
  const child = spawn(process.execPath, [join(ROOT, "test/lab/main.ts"), "--seeds", "1", "--short", "--json", ...parameters], {
    cwd: ROOT,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [out, words] = ["", ""];
  child.stdout.on("data", (data) => {
    out += data;
  });
  child.stderr.on("data", (data) => {
    words += data;
    process.stderr.write(data);
  });
  const limit = setTimeout(() => child.kill("SIGTERM"), limitMs);
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", () => {
      clearTimeout(limit);
      const rows = out.split("\n").filter((line) => line.startsWith("{"));
      resolve({
        rows: new Map(rows.map((line) => JSON.parse(line) as Row).map((row) => [row.id, row])),
        left: new Map([...words.matchAll(/^left out: (\S+) \((.+)\)$/gm)].map(([, id = "", why = ""]) => [id, why])),
        words: words.split("\n").slice(-20).join("\n"),
      });
    });
  });
}

describe("faults of machines, networks and orders, in brief: nothing lost, repeated or unexplained", () => {
  let run: Run;
  beforeAll(async () => {
    run = await play(LIMIT_MS, "--within", `${WITHIN_S}`, "--only", FAULTS.map(({ id }) => id).join(","));
  }, LIMIT_MS + 60_000);

  test.for(FAULTS)("$id: $title", { timeout: ALONE_LIMIT_MS + 30_000, retry: 0 }, async ({ id, outage }, { skip }) => {
    const why = run.left.get(id);
    if (why !== undefined) skip(why);
    let row = run.rows.get(id);
    if (row?.error !== "") {
      const again = await play(ALONE_LIMIT_MS, "--only", id);
      const first = row?.error ?? `it was not played: ${run.words}`;
      row = again.rows.get(id);
      if (!row) throw new Error(`${first}\nand alone: ${again.words}`);
      console.log(`${id} was played twice; first: ${first}`);
    }
    const { error, breaches, claims, failed, notes } = row;
    expect({ error, breaches }, `seed ${row.seed}; ${notes.join("; ")}`).toEqual({ error: "", breaches: [] });
    expect(claims).toBeGreaterThan(0);
    if (outage) return;
    if (failed.length > 0) console.log(`${id}: ${failed.length} calls failed for their callers: ${failed.slice(0, 3).join("; ")}`);
  });
});
