/** One thread of an estimate: reads the claims of the households that it is given, computes them, and keeps the sums until it is asked for them. */
import { parentPort, workerData } from "node:worker_threads";
import { openApart } from "../../mesh/store-apart.ts";
import { assert } from "../../values/outcome.ts";
import { addHousehold, type PastHousehold, type Setting } from "../domain/estimate/household.ts";
import { MAX_PARAMETERS, parametersOf } from "../domain/estimate/parameters.ts";
import type { Past } from "../domain/estimate/replay.ts";
import { changesVisits } from "../domain/estimate/suppose.ts";
import { newTally, type Tally } from "../domain/estimate/tally.ts";
import type { EstimateWanted } from "./apart.ts";
import { lawOver } from "./documents.ts";
import { claimsOf, type HouseholdRead } from "./records.ts";

export interface WorkerParts extends EstimateWanted {
  /** What each county's newest scheme of the year puts into family accounts a head. */
  readonly familyFenPerHead: ReadonlyMap<string, bigint>;
}

/** Households of one county, or the end: nothing more will come. */
export type Task = { readonly county: string; readonly households: readonly HouseholdRead[] } | "end";
export type Told = { readonly kind: "done"; readonly claims: number } | { readonly kind: "tally"; readonly tally: Tally };

const parts = workerData as WorkerParts;
const port = parentPort;
assert(port, "a worker is started by services/claims/estimate/main.ts");

const { uri, year, draft, supposition, steps, margins, familyFenPerHead } = parts;
const store = openApart(uri, "estimate");
const law = lawOver(store, draft);
const parameters = margins ? parametersOf(draft.scheme, steps).slice(0, MAX_PARAMETERS) : [];
const isSupposed = changesVisits(supposition);
const tally = newTally(parameters.length, isSupposed);
const setting: Setting = {
  year,
  draft,
  parameters,
  supposition: isSupposed ? supposition : undefined,
  wasUnder: law.wasUnder,
  wouldBeUnder: law.wouldBeUnder,
  familyFenPerHead: (county) => familyFenPerHead.get(county) ?? 0n,
};

async function work(task: Exclude<Task, "end">): Promise<number> {
  const { county, households } = task;
  const found = await claimsOf(
    store,
    households.flatMap(({ claimIds }) => claimIds),
  );
  await law.learn(found.values());
  let claims = 0;
  for (const { members, bornOn, claimIds } of households) {
    const own = claimIds.flatMap((id) => found.get(id) ?? []).filter((past) => counts(past, county));
    const household: PastHousehold = { county, members, bornOn, claims: own };
    addHousehold(household, setting, tally);
    claims += own.length;
  }
  return claims;
}

/** A stay over New Year has days in two years and counts in one; what was taken back or refused meanwhile stands no more. */
function counts(past: Past, county: string): boolean {
  return past.year === year && past.county === county && past.state !== "REFUSED" && past.state !== "VOIDED";
}

async function take(task: Task): Promise<void> {
  if (task !== "end") return port?.postMessage({ kind: "done", claims: await work(task) } satisfies Told);
  port?.postMessage({ kind: "tally", tally } satisfies Told);
  await store.close();
  port?.close();
}

// One after the other: what a task throws ends the thread, and the estimate with it.
let last = Promise.resolve();
port.on("message", (task: Task) => {
  last = last.then(() => take(task));
});
