/**
 * The offices that work while the hospitals bill: clerks enrol households, whose members go to a doctor at once, and the administrator publishes notices.
 * Like the tills they keep a file of what was acknowledged.
 */
import { appendFileSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { AdministrationServiceDefinition } from "../../proto/generated/nrcms/administration/v1/administration.ts";
import { EnrollmentServiceDefinition } from "../../proto/generated/nrcms/enrollment/v1/enrollment.ts";
import { pause } from "../../services/mesh/clock.ts";
import { GatewayError } from "../../services/nrcms/gateway-client.ts";
import { PROVINCE } from "../../services/values/region.ts";
import type { RegionMesh } from "./region-mesh.ts";

const EVERY_MS = 700;
const PATIENCE_MS = 60_000;

export interface Enrolled {
  readonly householdId: string;
  readonly county: string;
  readonly people: readonly string[];
  readonly contributionsFen: bigint;
}

export interface Offices {
  readonly retries: number;
  readonly failures: readonly string[];
  stop(): Promise<void>;
}

const folder = (run: string) => join(run, "offices");

/** Works until it is stopped, or until there is nobody left to enrol. */
export function startOffices(mesh: RegionMesh): Offices {
  mkdirSync(folder(mesh.run), { recursive: true });
  const stop = new AbortController();
  const failures: string[] = [];
  let retries = 0;
  const options = {
    patienceMs: PATIENCE_MS,
    onRetry: () => {
      retries += 1;
    },
  };
  const contributions = new Map(mesh.region.contributions.map((row) => [row.county, row]));

  const desk = async (work: () => Promise<unknown>): Promise<void> => {
    while (!stop.signal.aborted) {
      try {
        if ((await work()) === undefined) return;
      } catch (error) {
        failures.push(error instanceof GatewayError ? `${error.code} ${error.field} ${error.en}` : String(error));
      }
      await pause(EVERY_MS, stop.signal);
    }
  };

  const enrol = async (): Promise<Enrolled | undefined> => {
    const next = mesh.waiting.shift();
    const contribution = next && contributions.get(next.county);
    if (!contribution) return undefined;
    const { county, household } = next;
    const { householdId, members } = household;
    const { year, contributionFenPerHead } = contribution;
    const reply = await mesh.people
      .as(`clerk-${county}`)
      .call(
        EnrollmentServiceDefinition,
        "enrolHouseholds",
        { requestId: `late-${householdId}`, county, year, contributionFenPerHead, households: [household], queueDuplicates: false },
        options,
      );
    const [result] = reply.results;
    if (!result?.enrolled) throw new Error(`${householdId} was refused: ${result?.code} ${result?.field}`);
    const people = members.map(({ memberNo }) => householdId + memberNo);
    const enrolled = { householdId, county, people, contributionsFen: reply.contributionsFen };
    appendFileSync(
      join(folder(mesh.run), "households.jsonl"),
      `${JSON.stringify({ ...enrolled, contributionsFen: `${reply.contributionsFen}` })}\n`,
    );
    mesh.bills.admit(county, people);
    return enrolled;
  };

  let notices = 0;
  const publish = async (): Promise<string> => {
    notices += 1;
    const noticeId = `N-${mesh.seed.toString(36)}-${Date.now()}-${notices}`;
    const notice = { noticeId, county: PROVINCE, title: "公示 notice", body: `${notices}`, publishedOn: "" };
    await mesh.people.as("administrator").call(AdministrationServiceDefinition, "publishNotice", { requestId: noticeId, notice }, options);
    appendFileSync(join(folder(mesh.run), "notices.jsonl"), `${JSON.stringify({ noticeId })}\n`);
    return noticeId;
  };

  const desks = Promise.all([desk(enrol), desk(publish)]);
  return {
    get retries() {
      return retries;
    },
    get failures() {
      return failures;
    },
    async stop() {
      stop.abort();
      await desks;
    },
  };
}

function linesOf<T>(run: string, name: string): T[] {
  const file = join(folder(run), name);
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, "utf8").split("\n");
  return lines
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line, (key, value: unknown) => (key === "contributionsFen" ? BigInt(String(value)) : value)) as T);
}

/** The households whose enrolment was acknowledged during the tests. */
export function enrolledOf(run: string): Enrolled[] {
  return linesOf<Enrolled>(run, "households.jsonl");
}

export function noticesOf(run: string): string[] {
  return linesOf<{ noticeId: string }>(run, "notices.jsonl").map(({ noticeId }) => noticeId);
}
