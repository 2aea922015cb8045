/** A county's year under a draft: claims a second on one core, and the whole of it out of a real mongod, with the progress that a person sees. */
import Table from "cli-table3";
import { MongoClient } from "mongodb";
import { addHousehold, type PastHousehold, type Setting } from "../../services/claims/domain/estimate/household.ts";
import { parametersOf } from "../../services/claims/domain/estimate/parameters.ts";
import { newTally } from "../../services/claims/domain/estimate/tally.ts";
import { type Estimated, estimateApart } from "../../services/claims/estimate/apart.ts";
import { progressLine } from "../../services/nrcms/estimate.ts";
import { yuan } from "../../services/values/money.ts";
import { withMongo } from "./one-mongo.ts";
import { COUNTY, type CountyYear, countyYear, draftOf, fillCounty, YEAR } from "./year-of-county.ts";

const SEED = 1;
const MB = 1_048_576;
/** Where nobody looks, the progress gets a line so often. */
const LOG_MS = 10_000;
const STEPS = { stepBp: 100, stepFen: 10_000n };
/** Members whose year is computed over and over in memory. */
const SAMPLE = 4_000;

export interface EstimateOptions {
  readonly insured: string;
  readonly threads: string;
  readonly seconds: string;
  readonly json?: boolean;
}

interface CoreRow {
  readonly what: string;
  readonly perSecond: number;
  readonly microseconds: number;
}

export async function benchEstimate({ insured, threads, seconds, json }: EstimateOptions): Promise<void> {
  const made = countyYear(SEED);
  const cores = coreRows(made, Number(seconds));
  const wholes: (Estimated & { readonly seconds: number; readonly margins: boolean })[] = [];
  const filled = await withMongo("nrcms-estimate-", async (uri) => {
    const client = new MongoClient(uri, { useBigInt64: true, ignoreUndefined: true });
    try {
      const there = await fillCounty(client, made, Number(insured), (claims) => say(`${claims} claims are there`));
      const counts = threads.split(",").map(Number);
      for (const count of counts) wholes.push({ ...(await whole(uri, made, count, false)), margins: false });
      wholes.push({ ...(await whole(uri, made, counts.at(-1) ?? 1, true)), margins: true });
      return there;
    } finally {
      await client.close();
    }
  });
  say("");
  const rows = wholes.map((one) => ({
    margins: one.margins,
    threads: one.threads,
    seconds: one.seconds,
    perSecond: one.claims / one.seconds,
    perCoreSecond: one.claims / (one.cpuMs / 1_000),
    peakMb: one.peakRssBytes / MB,
  }));
  const report = wholes.at(-1)?.report;
  const current = report?.costs.find(({ scenario }) => scenario === "CURRENT")?.fundFen ?? 0n;
  const draft = report?.costs.find(({ scenario }) => scenario === "DRAFT")?.fundFen ?? 0n;
  if (json) return console.log(JSON.stringify({ ...filled, paidFen: filled.paidFen.toString(), cores, rows }));
  const one = new Table({ head: ["one core, in memory", "claims/s", "µs/claim"], style: { head: [], border: [], compact: true } });
  for (const { what, perSecond, microseconds } of cores) one.push([what, perSecond.toFixed(0), microseconds.toFixed(1)]);
  const all = new Table({
    head: ["whole year out of mongod", "threads", "s", "claims/s", "claims/s and core (its own CPU)", "peak MB"],
    style: { head: [], border: [], compact: true },
  });
  for (const row of rows) {
    const what = row.margins ? "both schemes, and every parameter" : "both schemes";
    all.push([what, row.threads, row.seconds.toFixed(1), row.perSecond.toFixed(0), row.perCoreSecond.toFixed(0), row.peakMb.toFixed(0)]);
  }
  console.log(
    [
      `${filled.insured} insured in ${filled.households} households, ${filled.claims} claims, seed ${SEED}`,
      one.toString(),
      all.toString(),
      `paid ${yuan(filled.paidFen)}; estimated under the same scheme ${yuan(current)}${current === filled.paidFen ? ", the same to the fen" : ": NOT THE SAME"}; under the draft ${yuan(draft)}`,
    ].join("\n"),
  );
}

function say(line: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r${line}\u001b[K`);
}

async function whole(
  uri: string,
  { scheme }: CountyYear,
  threads: number,
  margins: boolean,
): Promise<Estimated & { readonly seconds: number }> {
  const began = performance.now();
  let toldMs = 0;
  const estimated = await estimateApart({
    uri,
    counties: [COUNTY],
    year: YEAR,
    today: `${YEAR + 1}-01-20`,
    draft: draftOf(scheme),
    supposition: { growth: [], shifts: [], contributions: [], headsBp: 0 },
    steps: STEPS,
    margins,
    threads,
    background: false,
    onProgress({ households, householdsTotal, claims }) {
      const now = performance.now();
      const word = { households: BigInt(households), householdsTotal: BigInt(householdsTotal), claims: BigInt(claims) };
      const line = progressLine(word, now - began);
      if (process.stderr.isTTY) return void say(line);
      if (now - toldMs < LOG_MS) return;
      toldMs = now;
      process.stderr.write(`${line}\n`);
    },
  });
  return { ...estimated, seconds: (performance.now() - began) / 1_000 };
}

/** CPU time of this process: what else runs on the machine does not count. */
function coreRows(made: CountyYear, seconds: number): CoreRow[] {
  const households = [...made.households(SAMPLE)].map(
    ({ members, claims }): PastHousehold => ({
      county: COUNTY,
      members,
      bornOn: new Map(members.map(({ personId, bornOn }) => [personId, bornOn])),
      claims,
    }),
  );
  const draft = draftOf(made.scheme);
  const was = { home: made.scheme, treating: made.scheme, catalogue: made.catalogue };
  const would = { home: draft, treating: draft, catalogue: made.catalogue };
  const all = parametersOf(draft.scheme, STEPS);
  return [
    { what: "both schemes", parameters: [] },
    { what: `both schemes, and each of ${all.length} parameters a step further`, parameters: all },
  ].map(({ what, parameters }) => {
    const setting: Setting = {
      year: YEAR,
      draft,
      parameters,
      supposition: undefined,
      wasUnder: () => was,
      wouldBeUnder: () => would,
      familyFenPerHead: () => 0n,
    };
    const round = (): number => {
      const tally = newTally(parameters.length, false);
      for (const household of households) addHousehold(household, setting, tally);
      return tally.paid.claims;
    };
    round();
    const started = process.cpuUsage();
    let [done, usedUs] = [0, 0];
    while (usedUs < seconds * 1e6) {
      done += round();
      const { user, system } = process.cpuUsage(started);
      usedUs = user + system;
    }
    return { what, perSecond: (done * 1e6) / usedUs, microseconds: usedUs / done };
  });
}
