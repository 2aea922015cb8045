/** A mesh with a few counties of the sample region, just large enough for the bills that a test sends: started in seconds, asked from outside only. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { MongoClient } from "mongodb";
import type { Bill } from "../../proto/generated/nrcms/claims/v1/claims.ts";
import { mongoUri, type Topology } from "../../services/mesh/topology.ts";
import { readBills } from "../../services/nrcms/import/bills.ts";
import { type People, people } from "../../services/nrcms/people.ts";
import { importFunds, importHouseholds, importReferrals, importRegisters, type Region, readRegion } from "../../services/nrcms/region.ts";
import { REGION, SAMPLE_DAY } from "../../services/nrcms/run.ts";
import { startOfDayMs } from "../../services/values/days.ts";
import { wordsOf } from "../../services/values/thrown.ts";
import { type LocalMesh, startMesh } from "./mesh.ts";
import type { Identity } from "./raw-call.ts";
import { troubleSaid } from "./trouble-said.ts";

const HOUR_MS = 10 * 3_600_000;
const READY_LIMIT_MS = 90_000;
/** A machine that is busy with other tests stands still for half a minute once in a long while. */
const PATIENCE_MS = 90_000;
const HOUSEHOLD_DIGITS = 14;
const COUNTY_DIGITS = 6;
export const SERVICES = ["enrollment", "claims", "settlement", "payment", "monitoring", "administration", "gateway"] as const;

export interface DoorMesh extends LocalMesh {
  readonly region: Region;
  readonly people: People;
  /** Outside of the mesh: for checks only. */
  readonly mongo: MongoClient;
  /** The certificate, key and authority that the sandbox issued under a name. */
  identity(name: string): Identity;
}

export interface DoorMeshOptions {
  readonly region: Region;
  /** Changes the topology: modes, settings. */
  readonly change?: (topology: Topology) => void;
  /** False: nothing is imported, the certificates alone know the region. */
  readonly imported?: boolean;
  /** A run directory to use (again); it is then kept at the end. */
  readonly run?: string;
}

/** The day's bills of the sample region. */
export async function sampleBills(): Promise<Bill[]> {
  return await readBills(join(REGION, "day.jsonl"), {
    onProblem: (problem) => {
      throw new Error(JSON.stringify(problem));
    },
  });
}

/** The sample region as far as these bills need it: their counties, institutions, households, and the referrals that they name, also where these are another's. */
export async function regionFor(bills: readonly Bill[]): Promise<Region> {
  const whole = await readRegion(REGION);
  const named = new Set(bills.map((bill) => bill.referralId).filter((id) => id !== ""));
  const referrals = whole.referrals.filter((referral) => named.has(referral.referralId));
  const persons = [...bills.map((bill) => bill.personId), ...referrals.map((referral) => referral.personId)];
  const institutions = new Set([...bills.map((bill) => bill.institutionId), ...referrals.map((referral) => referral.toInstitutionId)]);
  const households = new Set(persons.map((person) => person.slice(0, HOUSEHOLD_DIGITS)));
  const counties = new Set([...households].map((id) => id.slice(0, COUNTY_DIGITS)));
  for (const one of whole.institutions) if (institutions.has(one.institutionId)) counties.add(one.county);
  return {
    ...whole,
    counties: whole.counties.filter((row) => counties.has(row.county.county)),
    contributions: whole.contributions.filter((row) => counties.has(row.county)),
    institutions: whole.institutions.filter((one) => institutions.has(one.institutionId)),
    schemes: whole.schemes.filter(({ scheme }) => counties.has(scheme.county)),
    households: whole.households
      .map((row) => ({ ...row, households: row.households.filter(({ householdId }) => households.has(householdId)) }))
      .filter((row) => row.households.length > 0),
    referrals,
  };
}

/** Starts everything and imports the region. Where that fails nothing is left behind. */
export async function startDoorMesh({ region, change, imported = true, run }: DoorMeshOptions): Promise<DoorMesh> {
  const mesh = await startMesh({
    services: SERVICES,
    sandbox: true,
    ...(run === undefined ? {} : { run }),
    readyLimitMs: READY_LIMIT_MS,
    people: {
      counties: region.counties.map((row) => row.county.county),
      institutions: region.institutions.map((institution) => institution.institutionId),
    },
    change: (topology) => {
      topology.clock_offset_ms = Math.round(startOfDayMs(SAMPLE_DAY) + HOUR_MS - Date.now());
      change?.(topology);
    },
  });
  const who = people(mesh.topology, mesh.run, { patienceMs: PATIENCE_MS });
  const mongo = new MongoClient(mongoUri(mesh.topology), { useBigInt64: true, readConcernLevel: "majority" });
  const stop = async (): Promise<void> => {
    who.close();
    await mongo.close();
    await mesh.stop();
  };
  try {
    if (imported) await importAll(region, who);
  } catch (error) {
    const said = troubleSaid(mesh.run);
    await stop();
    throw new Error(`the region is not imported: ${wordsOf(error)}\n${said}`, { cause: error });
  }
  const file = (name: string) => readFileSync(join(mesh.run, "certs", name));
  const identity = (name: string): Identity => ({
    authority: file("authority.pem"),
    key: file(`${name}.key`),
    certificate: file(`${name}.pem`),
  });
  return { ...mesh, region, people: who, mongo, identity, stop };
}

async function importAll(region: Region, who: People): Promise<void> {
  const silent = () => undefined;
  await importRegisters(region, who, silent);
  await importFunds(region, who, silent);
  const { refused } = await importHouseholds(region, who, silent);
  if (refused.length > 0) throw new Error(`households were refused:\n${refused.slice(0, 10).join("\n")}`);
  await importReferrals(region, who, silent);
}
