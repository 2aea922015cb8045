/** `nrcms import <folder>`: reads everything first and reports each bad row with line, column and reason; sends nothing where there is one, unless told to skip the bad. */
import { resolve } from "node:path";
import type { Topology } from "../mesh/topology.ts";
import { problemText } from "./import/problems.ts";
import { people } from "./people.ts";
import {
  type Imported,
  importFunds,
  importHouseholds,
  importReferrals,
  importRegisters,
  type Progress,
  type Region,
  readRegion,
} from "./region.ts";
import { money } from "./summary.ts";

const CATALOGUE = "catalogue.csv";
/** A province's import takes long: a mesh that needs a few minutes to be whole again is waited for. */
const PATIENCE_MS = 300_000;
const WAITING_LINE_MS = 10_000;

/** Returns the exit code. With `json`, standard output is one document: `{problems, imported}`, amounts as strings of fen. */
export async function importFolder(
  folder: string,
  topology: Topology,
  run: string,
  options: { skipBad?: boolean; dryRun?: boolean; json?: boolean },
): Promise<number> {
  const region = await readRegion(resolve(folder));
  const { problems } = region;
  const report = (imported: Imported | undefined) => {
    if (options.json) console.log(JSON.stringify({ problems, imported: imported ?? null }, digits, 2));
  };
  if (!options.json) for (const problem of problems) console.error(problemText(problem));
  if (options.dryRun || (problems.length > 0 && !options.skipBad)) {
    report(undefined);
    const why = options.dryRun ? "只读取 --dry-run" : "--skip-bad 可导入其余 imports the good rows";
    console.error(`${problems.length} 处有误 problems，未导入 nothing was imported (${why})`);
    return problems.length > 0 ? 1 : 0;
  }
  const who = people(topology, run, { patienceMs: PATIENCE_MS, onRetry: sayingWhy() });
  const progress: Progress = (what, done, of) => {
    if (process.stderr.isTTY) process.stderr.write(`\r${what} ${done}/${of}   ${done === of ? "\n" : ""}`);
  };
  const refused: string[] = [];
  const onRefused = (line: string) => void refused.push(line);
  try {
    await importRegisters(whole(region), who, progress, onRefused);
    await importFunds(region, who, progress, onRefused);
    const households = await importHouseholds(region, who, progress);
    await importReferrals(region, who, progress, onRefused);
    const imported = { ...households, refused: [...refused, ...households.refused] };
    report(imported);
    if (!options.json) for (const line of imported.refused) console.error(line);
    if (!options.json)
      console.log(
        `${imported.households} 户 households, ${imported.members} 人 members, ${money(imported.contributionsFen)} 元 yuan; ${imported.refused.length} 项被拒 refused, ${problems.length} 处有误 problems`,
      );
    return imported.refused.length > 0 && !options.skipBad ? 1 : 0;
  } finally {
    who.close();
  }
}

/** A catalogue is never changed once it is published: one that lacks its bad rows would stay so, and is not published at all. */
function whole(region: Region): Region {
  return region.problems.some((problem) => problem.file === CATALOGUE) ? { ...region, catalogue: [] } : region;
}

/** Says why nothing goes on just now, every ten seconds. */
function sayingWhy(): (status: string, words: string) => void {
  let nextMs = performance.now() + WAITING_LINE_MS;
  return (status, words) => {
    if (performance.now() < nextMs) return;
    nextMs = performance.now() + WAITING_LINE_MS;
    console.error(`\n平台暂未应答，继续等待 waiting for the mesh: ${status} ${words}`);
  };
}

/** Amounts go beyond what JSON's readers take for a number. */
function digits(_: string, value: unknown): unknown {
  return typeof value === "bigint" ? value.toString() : value;
}
