/**
 * A whole mesh as `npm start` makes it, on four counties of the sample region and a temporary run directory: engines, all pairs, the bank simulator, registers and households imported
 * through the gateway, the reviewers' and the checker's desks at work.
 */
import { readFileSync } from "node:fs";
import { request } from "node:https";
import { join } from "node:path";
import { MongoClient } from "mongodb";
import type { Household } from "../../proto/generated/nrcms/enrollment/v1/enrollment.ts";
import { pause } from "../../services/mesh/clock.ts";
import { banksIn, hostOf, mongoUri } from "../../services/mesh/topology.ts";
import type { TwinBeat } from "../../services/mesh/wiring.ts";
import { checkerDesk, newTally, reviewDesks } from "../../services/nrcms/day.ts";
import { type People, people } from "../../services/nrcms/people.ts";
import { importFunds, importHouseholds, importReferrals, importRegisters, type Region } from "../../services/nrcms/region.ts";
import { SAMPLE_DAY } from "../../services/nrcms/run.ts";
import { MAIN_BANK } from "../../services/values/banks.ts";
import { startOfDayMs } from "../../services/values/days.ts";
import { wordsOf } from "../../services/values/thrown.ts";
import { type LocalMesh, type Mesh, type MeshOptions, startMesh } from "./mesh.ts";
import { type BillMaker, billMaker } from "./region-bills.ts";
import { readRegionCut } from "./region-cut.ts";

export interface RegionMesh extends Mesh {
  readonly seed: number;
  readonly region: Region;
  readonly people: People;
  readonly bills: BillMaker;
  /** Households that are not enrolled yet. */
  readonly waiting: { readonly county: string; readonly household: Household }[];
  /** What the funds had received when the import was done, in fen. */
  readonly receivedFen: bigint;
  /** The mesh's day: bills are of it or before. */
  readonly day: string;
  /** Outside of the mesh: for checks only. */
  readonly mongo: MongoClient;
  /** What ended a desk's work for a moment; each goes on. */
  readonly deskFaults: readonly string[];
}

export const SERVICES = ["enrollment", "claims", "settlement", "payment", "monitoring", "administration", "gateway"] as const;
export type ServiceName = (typeof SERVICES)[number];
/** Ten in the morning: far from midnight, and from five o'clock when the daily orders are cut. */
const HOUR_MS = 10 * 3_600_000;
const READY_LIMIT_MS = 60_000;
const DESK_PAUSE_MS = 500;
const CONTROL_LIMIT_MS = 5_000;

/** NRCMS_SEED, or one of this moment's. */
function seedOfRun(): number {
  const given = Number(process.env.NRCMS_SEED ?? "");
  return Number.isInteger(given) && given > 0 ? given : 1 + (Date.now() % 1_000_000);
}

/** Starts everything on this machine and imports the region. Where that fails nothing is left behind. */
export async function startRegionMesh(): Promise<RegionMesh & LocalMesh> {
  return await regionMeshOn(startMesh);
}

/** Imports the region into the mesh that `start` starts, and opens the desks. Where that fails nothing is left behind. */
export async function regionMeshOn<M extends Mesh>(start: (options: MeshOptions) => Promise<M>): Promise<RegionMesh & M> {
  const seed = seedOfRun();
  const { region, waiting } = await readRegionCut();
  const mesh = await start({
    services: SERVICES,
    sandbox: true,
    guardians: true,
    // Named, the run directory is kept, so that the logs can be read afterwards.
    ...(process.env.NRCMS_TEST_RUN ? { run: process.env.NRCMS_TEST_RUN } : {}),
    readyLimitMs: READY_LIMIT_MS,
    people: {
      counties: region.counties.map((row) => row.county.county),
      institutions: region.institutions.map((institution) => institution.institutionId),
    },
    change: (topology) => {
      topology.clock_offset_ms = Math.round(startOfDayMs(SAMPLE_DAY) + HOUR_MS - Date.now());
    },
  });
  const who = people(mesh.topology, mesh.run);
  const mongo = new MongoClient(mongoUri(mesh.topology), { useBigInt64: true, readConcernLevel: "majority" });
  const closing = new AbortController();
  const deskFaults: string[] = [];
  let receivedFen = 0n;
  let desks: Promise<unknown> = Promise.resolve();
  const stop = async (): Promise<void> => {
    closing.abort();
    await desks;
    who.close();
    await mongo.close();
    await mesh.stop();
  };
  try {
    const silent = () => undefined;
    await importRegisters(region, who, silent);
    const [, contributionsFen] = await Promise.all([importFunds(region, who, silent), importRegion(region, who)]);
    receivedFen = contributionsFen + subsidiesOf(region);
  } catch (error) {
    await stop();
    throw error;
  }
  const counties = region.counties.map((row) => row.county.county);
  const tally = newTally();
  const desk = async (work: () => Promise<void>): Promise<void> => {
    while (!closing.signal.aborted) {
      try {
        await work();
      } catch (error) {
        // A desk has patience, not without end; what it was about to decide still lies there.
        deskFaults.push(wordsOf(error));
        await pause(DESK_PAUSE_MS, closing.signal);
      }
    }
  };
  desks = Promise.all([desk(() => reviewDesks(counties, who, tally, closing.signal)), desk(() => checkerDesk(who, tally, closing.signal))]);
  const bills = billMaker(region, seed, SAMPLE_DAY);
  return { ...mesh, seed, region, people: who, bills, waiting, receivedFen, day: SAMPLE_DAY, mongo, deskFaults, stop };
}

/** Gives the contributions that came in, in fen. */
async function importRegion(region: Region, who: People): Promise<bigint> {
  const imported = await importHouseholds(region, who, () => undefined);
  if (imported.refused.length > 0) throw new Error(`households were refused:\n${imported.refused.slice(0, 10).join("\n")}`);
  await importReferrals(region, who, () => undefined);
  return imported.contributionsFen;
}

/** The government's money a head. */
function subsidiesOf(region: Region): bigint {
  const perHead = new Map(region.counties.map((row) => [row.county.county, row.subsidyFenPerHead]));
  const heads = ({ households }: Region["households"][number]) => households.reduce((sum, { members }) => sum + members.length, 0);
  return region.households.reduce((sum, row) => sum + (perHead.get(row.county) ?? 0n) * BigInt(heads(row)), 0n);
}

/** What a twin says of itself; undefined where it does not answer. */
export async function twinStatus(mesh: Mesh, name: string): Promise<TwinBeat | undefined> {
  const [service = "", twin] = name.split(".");
  const place = mesh.topology.services[service]?.[twin === "b" ? "b" : "a"];
  if (!place) throw new Error(`the topology has no ${name}`);
  try {
    const answer = await fetch(`http://${hostOf(mesh.topology, place.server)}:${place.port}/status`, {
      signal: AbortSignal.timeout(1_000),
    });
    return (await answer.json()) as TwinBeat;
  } catch {
    return undefined;
  }
}

/** The twin that leads its pair now, e.g. `settlement.b`; undefined where none says so. */
export async function leaderOf(mesh: Mesh, service: ServiceName): Promise<string | undefined> {
  const names = [`${service}.a`, `${service}.b`];
  const beats = await Promise.all(names.map((name) => twinStatus(mesh, name)));
  const leading = names.filter((_, index) => (beats[index]?.epoch ?? 0) > 0);
  // Two say so while one of them has not yet noticed that it lost the lease: the higher epoch is the lease's.
  return leading.toSorted((left, right) => epochIn(beats, names, right) - epochIn(beats, names, left))[0];
}

function epochIn(beats: readonly (TwinBeat | undefined)[], names: readonly string[], name: string): number {
  return beats[names.indexOf(name)]?.epoch ?? 0;
}

/** Asks a bank of the simulator over HTTPS with a certificate of the sandbox. `body` makes it a POST. Throws what the bank answers beside 200. */
export function askBank(
  mesh: Mesh,
  path: string,
  body?: object,
  { certificate = "operator", bank = MAIN_BANK }: { readonly certificate?: string; readonly bank?: string } = {},
): Promise<unknown> {
  const read = (name: string) => readFileSync(join(mesh.run, "certs", name));
  const asked = banksIn(mesh.topology).find(({ id }) => id === bank);
  if (!asked) throw new Error(`no bank ${bank} in the topology`);
  const { host, port } = asked;
  const secure = { ca: read("authority.pem"), cert: read(`${certificate}.pem`), key: read(`${certificate}.key`) };
  return new Promise((resolve, reject) => {
    const asking = request({ host, port, path, method: body ? "POST" : "GET", timeout: CONTROL_LIMIT_MS, ...secure }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on("data", (chunk: Buffer) => chunks.push(chunk));
      answer.once("error", reject);
      answer.once("end", () => {
        const text = Buffer.concat(chunks).toString("utf8");
        if (answer.statusCode === 200) resolve(JSON.parse(text));
        else reject(new Error(`the bank answers ${answer.statusCode} to ${path}: ${text}`));
      });
    });
    asking.once("timeout", () => asking.destroy(new Error(`the bank does not answer ${path}`)));
    asking.once("error", reject);
    asking.end(body ? JSON.stringify(body) : undefined);
  });
}
