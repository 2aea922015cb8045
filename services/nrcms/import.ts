/** `nrcms import <folder>`: reads everything first and reports each bad row with line, column and reason; sends nothing where there is one, unless told to skip the bad. */
import { resolve } from "node:path";
import type { Topology } from "../mesh/topology.ts";
import { problemText } from "./import/problems.ts";
import { people } from "./people.ts";
import { importFunds, importHouseholds, importReferrals, importRegisters, type Progress, readRegion } from "./region.ts";
import { money } from "./summary.ts";

/** Returns the exit code. */
export async function importFolder(
  folder: string,
  topology: Topology,
  run: string,
  options: { skipBad?: boolean; dryRun?: boolean; json?: boolean },
): Promise<number> {
  const region = await readRegion(resolve(folder));
  if (options.json) console.log(JSON.stringify(region.problems, null, 2));
  else for (const problem of region.problems) console.error(problemText(problem));
  if (region.problems.length > 0 && !options.skipBad) {
    console.error(`${region.problems.length} 处有误，未导入 problems: nothing was imported (--skip-bad imports the good rows)`);
    return 1;
  }
  if (options.dryRun) return region.problems.length > 0 ? 1 : 0;
  const who = people(topology, run);
  const progress: Progress = (what, done, of) => {
    if (process.stderr.isTTY) process.stderr.write(`\r${what} ${done}/${of}   ${done === of ? "\n" : ""}`);
  };
  try {
    await importRegisters(region, who, progress);
    await importFunds(region, who, progress);
    const imported = await importHouseholds(region, who, progress);
    await importReferrals(region, who, progress);
    for (const line of imported.refused) console.error(line);
    console.log(
      `${imported.households} 户 households, ${imported.members} 人 members, ${money(imported.contributionsFen)} 元; ${imported.refused.length} refused, ${region.problems.length} bad rows`,
    );
    return imported.refused.length > 0 && !options.skipBad ? 1 : 0;
  } finally {
    who.close();
  }
}
