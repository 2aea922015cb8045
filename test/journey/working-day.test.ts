/** The main job as a user starts it: a whole day from nothing; again on what is stored; and up until Ctrl-C, which leaves nothing behind. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ROOT } from "../../deploy/local/binaries.ts";
import { leftovers } from "../../deploy/local/leftovers.ts";

const DAY_LIMIT_MS = 800_000;
/** The stop itself is bounded at 10 s; a machine that is busy with other things needs longer to notice. */
const STOP_LIMIT_MS = 60_000;

let run: string;
beforeAll(async () => {
  run = await mkdtemp(join(tmpdir(), "nrcms-day-"));
});
afterAll(() => rm(run, { recursive: true, force: true }));

interface Ended {
  readonly code: number | null;
  readonly output: string;
}

function begin(...parameters: string[]): { child: ChildProcess; ended: Promise<Ended>; said(words: string): Promise<void> } {
  const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", join(ROOT, "services/nrcms/main.ts"), ...parameters], {
    env: { ...process.env, NRCMS_RUN: run, NO_COLOR: "1" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  const listeners = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => {
      output += chunk.toString("utf8");
      for (const listener of listeners) listener();
    });
  }
  const ended = new Promise<Ended>((resolve) => child.once("close", (code) => resolve({ code, output })));
  const said = (words: string) =>
    new Promise<void>((resolve, reject) => {
      const look = () => {
        if (!output.includes(words)) return;
        listeners.delete(look);
        resolve();
      };
      listeners.add(look);
      void ended.then(() => reject(new Error(`it ended without saying ${words}:\n${output.slice(-2_000)}`)));
      look();
    });
  return { child, ended, said };
}

/** The row of all counties together: approved, benefit, paid, paid fen … */
function totals(output: string): readonly string[] {
  const row = output.split("\n").findLast((line) => line.includes("合计 total"));
  return (row ?? "").split("│").map((cell) => cell.trim());
}

let first: readonly string[] = [];

test("a day from nothing: everything is paid, cleared and reconciled, and the audit is clean", { timeout: DAY_LIMIT_MS }, async () => {
  const { code, output } = await begin("day", "--once").ended;
  expect(output, output.slice(-3_000)).toMatch(/audit of the invariants: 无差错 clean/);
  expect(code).toBe(0);
  for (const county of ["兴庆区", "中宁县", "泾源县"]) expect(output).toContain(county);
  expect(output).toMatch(/ 0 处不符 breaks/);
  expect(output).toMatch(/已到账 settled/);
  first = totals(output);
  const [, , approved = "", approvedYuan = "", paid = "", paidYuan = ""] = first;
  expect(Number(approved)).toBeGreaterThan(2_300);
  // Two stays lie below the deductible: approved, and nothing to pay.
  expect(Number(approved) - Number(paid)).toBe(2);
  expect(paidYuan).toBe(approvedYuan);
  expect(leftovers(run)).toEqual([]);
});

test("a log line names no person: no identity number, no name, no account", { timeout: 60_000 }, async () => {
  const households = (await readFile(join(ROOT, "deploy/sandbox/region/households.csv"), "utf8"))
    .trim()
    .split("\n")
    .slice(1, 400)
    .map((row) => row.split(","));
  const accounts = (await readFile(join(ROOT, "deploy/sandbox/region/institutions.csv"), "utf8"))
    .trim()
    .split("\n")
    .slice(1)
    .map((row) => row.split(",")[6] ?? "");
  const secrets = [...households.flatMap((row) => [row[6] ?? "", row[5] ?? ""]), ...accounts].filter((text) => text.length > 2);
  expect(secrets.length).toBeGreaterThan(400);
  const logs = (await readdir(join(run, "logs"))).filter((name) => /^[a-z]+\.[ab]\.log$/.test(name));
  expect(logs.length).toBe(14);
  for (const name of logs) {
    const text = await readFile(join(run, "logs", name), "utf8");
    for (const secret of secrets) expect(text.includes(secret), `${name} holds ${secret}`).toBe(false);
  }
});

test("a second start goes on with what is stored, pays nobody again, and stays up until Ctrl-C", { timeout: DAY_LIMIT_MS }, async () => {
  const second = begin("day");
  await second.said("gRPC   ");
  second.child.kill("SIGINT");
  const startedMs = performance.now();
  const { output } = await second.ended;
  expect(performance.now() - startedMs).toBeLessThan(STOP_LIMIT_MS);
  expect(output).toMatch(/audit of the invariants: 无差错 clean/);
  // The same claims, the same money: billed again, answered again, paid once. (The last column is a time.)
  expect(totals(output).slice(1, -2)).toEqual(first.slice(1, -2));
  expect(leftovers(run)).toEqual([]);
});
