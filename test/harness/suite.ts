/**
 * All tests in order: `npm test`. Or a part: `npm test -- unit fault`, `npm run check` (contracts, types, lint, import rules, unit).
 * Every step is a process of its own with a time limit; the last line is `N passed, N failed`.
 */
import { spawn } from "node:child_process";
import { createWriteStream, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statfsSync, statSync } from "node:fs";
import { freemem, tmpdir } from "node:os";
import { join } from "node:path";
import { cacheFolder, ROOT } from "../../deploy/local/binaries.ts";
import { generate } from "../../deploy/local/generate.ts";
import { signalTo } from "../../deploy/local/leftovers.ts";

const OUTPUT = join(cacheFolder(), "test");
const STILL_RUNNING_MS = 30_000;
const TAIL_LINES = 40;
const SHOWN_FAILURES = 20;
const SHOWN_LINES_EACH = 24;

const CHECKS = {
  typecheck: { limitMs: 120_000, parameters: ["typescript/bin/tsc", "--noEmit"] },
  lint: { limitMs: 60_000, parameters: ["@biomejs/biome/bin/biome", "check", "--error-on-warnings", "."] },
  imports: {
    limitMs: 120_000,
    parameters: ["dependency-cruiser/bin/dependency-cruiser.mjs", "--config", ".dependency-cruiser.cjs", "services", "deploy", "test"],
  },
} as const;

/** In the order in which they run: the quick ones first. */
const PROJECTS = {
  unit: 600_000,
  simulation: 400_000,
  contract: 480_000,
  integration: 900_000,
  journey: 1_200_000,
  fault: 1_200_000,
  lab: 1_200_000,
} as const;
type Project = keyof typeof PROJECTS;
/**
 * Whose meshes store in memory, where there is room for it: two meshes and more on one disk make it stand still for seconds now and then, and twins are right to end themselves then.
 * What a disk does to a mesh is the lab's, whose machines have disks of their own.
 */
const IN_MEMORY: readonly Project[] = ["contract", "integration", "journey", "fault"];
const MEMORY = "/dev/shm";
const LEFT = "nrcms-test-";
const ROOM_BYTES = 8 * 2 ** 30;
/** Their files share nothing, each mesh has ports and folders of its own, and most of a mesh's time is waiting: vitest by itself leaves one of two cores to the rest of the machine. */
const WORKERS = 2;
/** Those whose meshes work all the time: two of them side by side take as long as one after the other, and on a slow day neither is answered in time. */
const ONE_BY_ONE: readonly Project[] = ["journey", "fault"];

interface Outcome {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** What a person needs to see of what failed. */
  readonly words: string;
}

/** All of it is to take half an hour at most: what the others have left of this is the lab's, which plays as many faults in brief as fit; its last one, and what is checked at the end, come on top. */
const ALL_S = 1_660;
const LAB_S = { least: 150, most: 600 } as const;

const startedMs = performance.now();
const labSeconds = (): number => Math.round(Math.min(LAB_S.most, Math.max(LAB_S.least, ALL_S - performance.now() / 1_000)));
const clock = (): string => `${((performance.now() - startedMs) / 1000).toFixed(1).padStart(6)} s`;
const print = (line: string): void => console.log(`${clock()}  ${line}`);

/** Runs a program of node_modules; its output goes to a file. Gives its exit code, or why it has none. */
function run(
  name: string,
  [program, ...parameters]: readonly [string, ...string[]],
  limitMs: number,
  folder = tmpdir(),
): Promise<{ code: number; log: string; words: string }> {
  const log = join(OUTPUT, `${name}.log`);
  return new Promise((resolve) => {
    const output = createWriteStream(log);
    const environment = { ...process.env, NO_COLOR: "1", FORCE_COLOR: "0", TMPDIR: folder, NRCMS_LAB_SECONDS: `${labSeconds()}` };
    const child = spawn(process.execPath, [join(ROOT, "node_modules", program), ...parameters], {
      cwd: ROOT,
      env: environment,
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    running.add(child);
    child.stdout.pipe(output, { end: false });
    child.stderr.pipe(output, { end: false });
    const beganMs = performance.now();
    const ticking = setInterval(
      () => print(`${name}: still running (${Math.round((performance.now() - beganMs) / 1000)} s of at most ${limitMs / 1000} s)`),
      STILL_RUNNING_MS,
    );
    let late = false;
    const limit = setTimeout(() => {
      late = true;
      killGroup(child.pid);
    }, limitMs);
    const done = (code: number, words: string): void => {
      clearInterval(ticking);
      clearTimeout(limit);
      running.delete(child);
      output.end(() => resolve({ code, log, words }));
    };
    child.once("error", (error) => done(1, error.message));
    child.once("close", (code, signal) =>
      done(code ?? 1, late ? `no end after ${limitMs / 1000} s` : signal ? `ended by ${signal}` : `exit code ${code}`),
    );
  });
}

/** A folder in memory, named after this process; undefined where there is none, or too little room, or nothing may be run from it. What a killed suite has left there is taken away. */
function inMemory(): string | undefined {
  try {
    const mounts = readFileSync("/proc/mounts", "utf8").split("\n");
    const options = mounts.find((line) => line.split(" ")[1] === MEMORY)?.split(" ")[3] ?? "noexec";
    for (const name of readdirSync(MEMORY))
      if (name.startsWith(LEFT) && !existsSync(`/proc/${name.slice(LEFT.length)}`))
        rmSync(join(MEMORY, name), { recursive: true, force: true });
    const { bavail, bsize } = statfsSync(MEMORY);
    if (options.split(",").includes("noexec") || Math.min(bavail * bsize, freemem()) < ROOM_BYTES) return undefined;
    const folder = join(MEMORY, `${LEFT}${process.pid}`);
    mkdirSync(folder, { recursive: true });
    process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
    return folder;
  } catch {
    return undefined; // Not Linux, or not ours to write.
  }
}

const running = new Set<ReturnType<typeof spawn>>();
function killGroup(pid: number | undefined): void {
  if (pid) signalTo(-pid, "SIGKILL");
}

/** The first lines of an error: its message, and where it was thrown. */
function gist(text: string): string {
  return text
    .trim()
    .split("\n")
    .slice(0, SHOWN_LINES_EACH)
    .map((line) => `    ${line}`)
    .join("\n");
}

/** The last lines of a log. */
function tail(text: string, lines: number): string {
  const all = text.trim().split("\n");
  const shown = all.length > lines ? ["…", ...all.slice(-lines)] : all;
  return shown.map((line) => `    ${line}`).join("\n");
}

async function check(name: keyof typeof CHECKS): Promise<Outcome> {
  const { limitMs, parameters } = CHECKS[name];
  const { code, log, words } = await run(name, parameters, limitMs);
  const outcome =
    code === 0
      ? { passed: 1, failed: 0, skipped: 0, words: "" }
      : { passed: 0, failed: 1, skipped: 0, words: `${words}\n${tail(readFileSync(log, "utf8"), TAIL_LINES)}` };
  print(`${name}: ${code === 0 ? "passed" : "FAILED"}`);
  return outcome;
}

/** What vitest's JSON reporter writes, as far as we read it. */
interface Report {
  readonly success: boolean;
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly message?: string;
    readonly assertionResults: readonly {
      readonly fullName: string;
      readonly status: string;
      readonly failureMessages?: readonly string[] | null;
    }[];
  }[];
}

/** Counts tests. A file that could not even be loaded is one failure, and so is an error outside all tests. */
function count(report: Report): Outcome {
  const tests = report.testResults.flatMap(({ name, assertionResults }) =>
    assertionResults.map((test) => ({ ...test, file: name.replace(`${ROOT}/`, "") })),
  );
  const faults = tests
    .filter(({ status }) => status === "failed")
    .map(({ file, fullName, failureMessages }) => `${file}: ${fullName}\n${gist((failureMessages ?? []).join("\n"))}`);
  for (const { name, status, message, assertionResults } of report.testResults)
    if (status === "failed" && !assertionResults.some((test) => test.status === "failed"))
      faults.push(`${name.replace(`${ROOT}/`, "")}\n${gist(message ?? "")}`);
  const passed = tests.filter(({ status }) => status === "passed").length;
  if (!report.success && faults.length === 0) faults.push("an error outside all tests");
  return {
    passed,
    failed: faults.length,
    skipped: tests.length - passed - tests.filter(({ status }) => status === "failed").length,
    words: [
      ...faults.slice(0, SHOWN_FAILURES),
      ...(faults.length > SHOWN_FAILURES ? [`and ${faults.length - SHOWN_FAILURES} more`] : []),
    ].join("\n"),
  };
}

function hasTests(project: Project): boolean {
  const folder = join(ROOT, "test", project);
  return existsSync(folder) && readdirSync(folder, { recursive: true, encoding: "utf8" }).some((name) => name.endsWith(".test.ts"));
}

async function tests(project: Project, memory: string | undefined): Promise<Outcome> {
  if (!hasTests(project)) {
    print(`${project}: skipped, there are none yet`);
    return { passed: 0, failed: 0, skipped: 0, words: "" };
  }
  const report = join(OUTPUT, `${project}.json`);
  rmSync(report, { force: true });
  print(`${project}: running`);
  const { code, log, words } = await run(
    project,
    [
      "vitest/vitest.mjs",
      "run",
      "--project",
      project,
      `--maxWorkers=${ONE_BY_ONE.includes(project) ? 1 : WORKERS}`,
      "--reporter=default",
      "--reporter=json",
      `--outputFile.json=${report}`,
    ],
    PROJECTS[project],
    IN_MEMORY.includes(project) ? memory : undefined,
  );
  const broken = (why: string): Outcome => ({
    passed: 0,
    failed: 1,
    skipped: 0,
    words: `${why}\n${tail(readFileSync(log, "utf8"), TAIL_LINES)}`,
  });
  let outcome = existsSync(report) && statSync(report).size > 0 ? count(JSON.parse(readFileSync(report, "utf8")) as Report) : broken(words);
  if (outcome.passed + outcome.failed === 0) outcome = broken("no test ran");
  if (code !== 0 && outcome.failed === 0) outcome = { ...outcome, ...broken(words), passed: outcome.passed };
  print(`${project}: ${outcome.passed} passed, ${outcome.failed} failed${outcome.skipped > 0 ? `, ${outcome.skipped} skipped` : ""}`);
  return outcome;
}

async function suite(parameters: readonly string[]): Promise<boolean> {
  mkdirSync(OUTPUT, { recursive: true });
  const unknown = parameters.filter((name) => name !== "--check" && !(name in PROJECTS));
  if (unknown.length > 0) throw new Error(`unknown: ${unknown.join(", ")}; there are --check, ${Object.keys(PROJECTS).join(", ")}`);
  const named = (Object.keys(PROJECTS) as Project[]).filter((project) => parameters.includes(project));
  const chosen = parameters.includes("--check") ? (["unit"] as const) : named.length > 0 ? named : (Object.keys(PROJECTS) as Project[]);
  print(generate() ? "contracts generated" : "contracts up to date");
  const rows: { name: string; outcome: Outcome }[] = [];
  if (named.length === 0) {
    const names = Object.keys(CHECKS) as (keyof typeof CHECKS)[];
    const outcomes = await Promise.all(names.map(check));
    rows.push(...outcomes.map((outcome, index) => ({ name: names[index] ?? "", outcome })));
  }
  const memory = chosen.some((project) => IN_MEMORY.includes(project)) ? inMemory() : undefined;
  for (const project of chosen) rows.push({ name: project, outcome: await tests(project, memory) });
  for (const { name, outcome } of rows) if (outcome.failed > 0) console.log(`\n${name} failed:\n${outcome.words}`);
  const total = (key: "passed" | "failed") => rows.reduce((sum, { outcome }) => sum + outcome[key], 0);
  console.log(`\n${total("passed")} passed, ${total("failed")} failed`);
  return total("failed") === 0 && total("passed") > 0;
}

for (const [signal, code] of [
  ["SIGINT", 130],
  ["SIGTERM", 143],
  ["SIGHUP", 129],
] as const)
  process.once(signal, () => {
    for (const child of running) killGroup(child.pid);
    process.exit(code);
  });
process.exitCode = (await suite(process.argv.slice(2))) ? 0 : 1;
