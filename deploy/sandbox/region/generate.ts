/**
 * Makes the sample region: `node deploy/sandbox/region/generate.ts [--seed 20111125] [--out <folder>]`.
 * The same seed gives the same bytes (test/unit/sandbox compares them with what is committed).
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { makeBad } from "./bad.ts";
import { makeDay } from "./day.ts";
import { makePlaces } from "./institutions.ts";
import { assessedRows, makePapers } from "./papers.ts";
import { makePeople, YEAR } from "./people.ts";
import { random } from "./random.ts";
import { schemeFiles } from "./scheme.ts";
import { readSources } from "./sources.ts";
import {
  assessedCsv,
  catalogueCsv,
  contributionsCsv,
  countiesCsv,
  diagnosesCsv,
  householdRow,
  householdsCsv,
  institutionsCsv,
  jsonLines,
  referralsCsv,
} from "./tables.ts";

export const DEFAULT_SEED = 20_111_125;

/** Every file of the region by its name, in memory. */
export function makeRegion(seed: number = DEFAULT_SEED): ReadonlyMap<string, Uint8Array> {
  const sources = readSources();
  const places = makePlaces(sources, random(seed, "places"));
  const people = makePeople(sources, random(seed, "people"));
  const { bills, referrals } = makeDay(sources, places, people, random(seed, "day"));
  const files: [string, Uint8Array | string][] = [
    ["counties.csv", countiesCsv(places.counties)],
    ["contributions.csv", contributionsCsv(places.counties, YEAR)],
    ["institutions.csv", institutionsCsv(places.institutions)],
    ...schemeFiles(sources.counties),
    ["catalogue.csv", catalogueCsv(sources.items)],
    ["diagnoses.csv", diagnosesCsv(sources.diagnoses)],
    ["households.csv", householdsCsv(people.map(householdRow))],
    ["referrals.csv", referralsCsv(referrals)],
    ["day.jsonl", jsonLines(bills)],
    ["papers.jsonl", jsonLines(makePapers(sources, people, bills, random(seed, "papers")))],
    ["assessed.csv", assessedCsv(assessedRows())],
    ...makeBad(people, bills, referrals),
  ];
  return new Map(files.map(([name, content]) => [name, typeof content === "string" ? new TextEncoder().encode(content) : content]));
}

function main(): void {
  const { values } = parseArgs({ options: { seed: { type: "string" }, out: { type: "string" } } });
  const seed = Number(values.seed ?? DEFAULT_SEED);
  if (!Number.isInteger(seed) || seed < 0 || seed > 0xffff_ffff)
    throw new Error(`--seed ${values.seed}: a whole number from 0 to 4294967295 is wanted`);
  const out = values.out ?? import.meta.dirname;
  for (const [name, bytes] of makeRegion(seed)) {
    mkdirSync(dirname(join(out, name)), { recursive: true });
    writeFileSync(join(out, name), bytes);
    console.log(`${String(bytes.length).padStart(9)} bytes  ${name}`);
  }
}

if (import.meta.main) main();
