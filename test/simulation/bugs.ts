/**
 * Known bugs, each a patch in `bugs/`: its first line says what it breaks, its second within how many seeds it must be found. Each is planted alone in a copy
 * of the sources.
 */
import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Table from "cli-table3";
import { ROOT } from "../../deploy/local/binaries.ts";
import type { Outcome } from "./run.ts";
import { runSeeds } from "./runner.ts";

const FOLDER = join(import.meta.dirname, "bugs");
/** What the simulation is made of. */
const SOURCES = ["services", "proto", "deploy", "test", "package.json"] as const;

export interface Bug {
  readonly name: string;
  readonly file: string;
  readonly what: string;
  readonly seeds: number;
}

/** The bugs in their order. Throws where a patch does not say what it must. */
export function readBugs(): readonly Bug[] {
  return readdirSync(FOLDER)
    .filter((file) => file.endsWith(".patch"))
    .sort()
    .map((file) => {
      const text = readFileSync(join(FOLDER, file), "utf8");
      const [, what, seeds] = /^# (.+)\n# found within (\d+) seeds\n/.exec(text) ?? [];
      if (!what || !seeds) throw new Error(`${file} does not begin with "# what it breaks" and "# found within N seeds"`);
      return { name: file.slice(0, -".patch".length), file: join(FOLDER, file), what, seeds: Number(seeds) };
    });
}

/** A copy of the sources with one bug in it. Throws where its patch does not apply any more. */
export function plant({ name, file }: Bug): string {
  const root = mkdtempSync(join(tmpdir(), "nrcms-bug-"));
  for (const part of SOURCES) cpSync(join(ROOT, part), join(root, part), { recursive: true });
  symlinkSync(join(ROOT, "node_modules"), join(root, "node_modules"));
  try {
    // Outside of a repository it is but a better patch.
    execFileSync("git", ["apply", "--whitespace=nowarn", file], {
      cwd: root,
      stdio: "pipe",
      env: { ...process.env, GIT_CEILING_DIRECTORIES: tmpdir() },
    });
  } catch (error) {
    rmSync(root, { recursive: true, force: true });
    throw new Error(`${name} does not apply any more: ${String((error as { stderr?: Buffer }).stderr ?? error)}`, { cause: error });
  }
  return root;
}

/** The seed that finds it, with what it said; undefined where none does. */
export async function find(bug: Bug): Promise<Outcome | undefined> {
  const root = plant(bug);
  let found: Outcome | undefined;
  try {
    const onOutcome = (outcome: Outcome): void => {
      if (outcome.breach !== "") found = outcome;
    };
    await runSeeds({ root, from: 1, count: bug.seeds, stopAtBreach: true, onOutcome });
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
  return found;
}

/** Plants all bugs, or the one that is named, and says which were found. */
export async function tryBugs(only?: string): Promise<boolean> {
  const bugs = readBugs().filter(({ name }) => only === undefined || name.includes(only));
  if (bugs.length === 0) throw new Error(`there is no bug ${only}`);
  const table = new Table({ head: ["bug", "within", "found by", "as"], colWidths: [34, 8, 10, 78], wordWrap: true });
  let missed = 0;
  for (const bug of bugs) {
    const found = await find(bug);
    if (!found) missed += 1;
    console.log(`${bug.name}: ${found ? `seed ${found.seed}` : `NOT FOUND within ${bug.seeds} seeds`}`);
    table.push([`${bug.name}\n${bug.what}`, bug.seeds, found ? `seed ${found.seed}` : "nobody", found?.breach.split("\n")[0] ?? ""]);
  }
  console.log(`${table}\n${bugs.length - missed} of ${bugs.length} found`);
  return missed === 0;
}
