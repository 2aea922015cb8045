/**
 * An estimate as a process of its own: one thread reads who there is and which claims they have, the others read the claims and compute. It is told what to estimate by its parent (apart.ts),
 * answers, and ends; it ends as well when its parent is gone.
 */
import { availableParallelism, setPriority } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { answerApart } from "../../mesh/apart.ts";
import { type ApartStore, openApart } from "../../mesh/store-apart.ts";
import { MAX_PARAMETERS, parametersOf } from "../domain/estimate/parameters.ts";
import { reportOf } from "../domain/estimate/report.ts";
import { changesVisits } from "../domain/estimate/suppose.ts";
import { merge, newTally, type Tally } from "../domain/estimate/tally.ts";
import { familyFenPerHead } from "../domain/family-account.ts";
import { type SchemeDocument, schemeIdOf, type Timetable } from "../domain/scheme.ts";
import type { Estimated, EstimateProgress, EstimateWanted } from "./apart.ts";
import { type HouseholdRead, households, householdsIn } from "./records.ts";
import type { Task, Told, WorkerParts } from "./worker.ts";

/** Below everything that somebody waits for. */
const LOW_PRIORITY = 10;
const MOST_THREADS = 4;
const WORKER_HEAP_MB = 256;
const WORKER_YOUNG_MB = 32;
/** Households go to a thread together: as many as have so many claims, and no more than so many households. */
const BATCH_CLAIMS = 1_000;
const BATCH_HOUSEHOLDS = 1_000;
/** Batches that a thread may have in hand: one to compute, one to read meanwhile. */
const IN_HAND = 2;
const PROGRESS_MS = 250;

interface Thread {
  give(task: Exclude<Task, "end">): void;
  readonly inHand: number;
  /** Its sums, once all is done. */
  end(): Promise<Tally>;
}

/** Threads that take batches in turn. What one fails of, `fail` is told. */
function startThreads(count: number, parts: WorkerParts, onDone: (claims: number) => void, fail: (error: Error) => void): Thread[] {
  return Array.from({ length: count }, () => {
    const worker = new Worker(join(import.meta.dirname, "worker.ts"), {
      workerData: parts,
      resourceLimits: { maxOldGenerationSizeMb: WORKER_HEAP_MB, maxYoungGenerationSizeMb: WORKER_YOUNG_MB },
    });
    const { promise, resolve } = Promise.withResolvers<Tally>();
    let inHand = 0;
    worker.on("message", (told: Told) => {
      if (told.kind === "tally") return resolve(told.tally);
      inHand -= 1;
      onDone(told.claims);
    });
    worker.on("error", (error) => fail(error instanceof Error ? error : new Error(String(error))));
    return {
      give(task) {
        inHand += 1;
        worker.postMessage(task);
      },
      get inHand() {
        return inHand;
      },
      end() {
        worker.postMessage("end" satisfies Task);
        return promise;
      },
    };
  });
}

async function estimate(wanted: EstimateWanted, tell: (progress: EstimateProgress) => void): Promise<Estimated> {
  const { uri, counties, year, today, draft, supposition, steps, margins } = wanted;
  const store = openApart(uri, "estimate");
  const threads = wanted.threads || Math.max(1, Math.min(MOST_THREADS, availableParallelism() - 1));
  const all = margins ? parametersOf(draft.scheme, steps) : [];
  const parameters = all.slice(0, MAX_PARAMETERS);
  const current = await newestSchemes(store, counties, year);
  const perHead = new Map([...current].map(([county, { scheme }]) => [county, familyFenPerHead(scheme)]));
  const totals = await Promise.all(counties.map((county) => householdsIn(store, county)));
  const progress = { households: 0, householdsTotal: totals.reduce((sum, one) => sum + one, 0), claims: 0 };
  const telling = setInterval(() => tell({ ...progress }), PROGRESS_MS);
  try {
    const { tally, claims } = await compute({ ...wanted, familyFenPerHead: perHead }, store, threads, parameters.length, progress);
    const schemes = new Map([...current].map(([county, { scheme }]) => [county, scheme]));
    const parametersLeft = all.length - parameters.length;
    const parts = { draft, current: schemes, counties, year, today, supposition, parameters, parametersLeft };
    const { user, system } = process.cpuUsage();
    return {
      report: claims === 0 ? undefined : reportOf(tally, parts),
      claims,
      threads,
      cpuMs: (user + system) / 1_000,
      peakRssBytes: process.resourceUsage().maxRSS * 1_024,
    };
  } finally {
    clearInterval(telling);
    await store.close();
  }
}

/** The newest version of the year that each county has published; counties without one are left out. */
async function newestSchemes(store: ApartStore, counties: readonly string[], year: number): Promise<ReadonlyMap<string, SchemeDocument>> {
  const timetables = await store.some<Timetable>({ service: "claims", kind: "timetables" }, counties);
  const ids = new Map(
    [...timetables].flatMap(([county, { rows }]) => {
      const row = rows.findLast((one) => one.year === year);
      return row ? [[county, schemeIdOf({ county, year, version: row.version })] as const] : [];
    }),
  );
  const found = await store.some<SchemeDocument>({ service: "claims", kind: "schemes" }, [...ids.values()]);
  return new Map(
    [...ids].flatMap(([county, id]) => {
      const scheme = found.get(id);
      return scheme ? [[county, scheme] as const] : [];
    }),
  );
}

async function compute(
  parts: WorkerParts,
  store: ApartStore,
  count: number,
  parameters: number,
  progress: { households: number; claims: number },
): Promise<{ tally: Tally; claims: number }> {
  const { counties, year, supposition } = parts;
  let wake: () => void = () => undefined;
  const failed = Promise.withResolvers<never>();
  // Whoever waits hears of it; where nobody does, it must not end the process before it is told.
  failed.promise.catch(() => undefined);
  const threads = startThreads(
    count,
    parts,
    (claims) => {
      progress.claims += claims;
      wake();
    },
    failed.reject,
  );
  const free = async (): Promise<Thread> => {
    for (;;) {
      const thread = threads.toSorted((a, b) => a.inHand - b.inHand)[0];
      if (thread && thread.inHand < IN_HAND) return thread;
      const { promise, resolve } = Promise.withResolvers<void>();
      wake = resolve;
      await Promise.race([promise, failed.promise]);
    }
  };
  for (const county of counties) {
    let batch: HouseholdRead[] = [];
    let claims = 0;
    const give = async () => {
      const thread = await free();
      thread.give({ county, households: batch });
      progress.households += batch.length;
      [batch, claims] = [[], 0];
    };
    for await (const household of households(store, county, year)) {
      batch.push(household);
      claims += household.claimIds.length;
      if (claims >= BATCH_CLAIMS || batch.length >= BATCH_HOUSEHOLDS) await give();
    }
    if (batch.length > 0) await give();
  }
  const tallies = await Promise.race([Promise.all(threads.map((thread) => thread.end())), failed.promise]);
  const tally = newTally(parameters, changesVisits(supposition));
  for (const one of tallies) merge(tally, one);
  return { tally, claims: progress.claims };
}

answerApart<EstimateWanted, EstimateProgress, Estimated>("an estimate", async (wanted, tell) => {
  if (wanted.background) setPriority(LOW_PRIORITY);
  return await estimate(wanted, tell);
});
