/**
 * Hospitals at their tills: each bills with its own certificate at a steady rate, whatever the mesh is suffering, and enters every acknowledged answer into a file of its own
 * the moment it comes. Nobody in the mesh can touch these files: what they say must have happened.
 */
import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { random } from "../../deploy/sandbox/region/random.ts";
import { PaySchedule } from "../../proto/generated/nrcms/administration/v1/administration.ts";
import { Claim, ClaimsServiceDefinition } from "../../proto/generated/nrcms/claims/v1/claims.ts";
import { EnrollmentServiceDefinition } from "../../proto/generated/nrcms/enrollment/v1/enrollment.ts";
import { pause } from "../../services/mesh/clock.ts";
import { contentHash } from "../../services/mesh/journal.ts";
import { GatewayError } from "../../services/nrcms/gateway-client.ts";
import type { RegionMesh } from "./region-mesh.ts";

/** Who bills: hospitals of all levels, counties and pay schedules of the cut region. */
export const CALLERS = [
  "H640521001",
  "H640521011",
  "H640521102",
  "H640424001",
  "H640424014",
  "H640104001",
  "H640104013",
  "H640522011",
] as const;
/** Bills of one hospital under way at a time: a till that waits does not stop the next one. */
const LANES = 8;
/** A moderate load: with its mesh, clients and bank it takes about 70 % of two cores. Twenty a second take all of them, and what is measured then is their queue. */
const PER_SECOND = 12;
/** The tills take turns, and a bill is late by up to a quarter of a turn: what is measured as a gap is the mesh's, not the tills'. */
const LATE_PERCENT = 25;
/** Before so many bills the hospital asks whether the patient is covered. */
const ELIGIBILITY_BP = 2_000;
/** How long a hospital repeats a bill before it gives up. No fault here lasts so long. */
const PATIENCE_MS = 60_000;

/** One line of a hospital's own file: what it was told of one of its bills. */
export interface Answer {
  readonly claimId: string;
  readonly institutionId: string;
  readonly homeCounty: string;
  readonly treatingCounty: string;
  readonly state: string;
  readonly fundFen: bigint;
  /** Of all that the answer said. */
  readonly hash: string;
}

export interface Load {
  readonly seed: number;
  /** Bills sent, and of them answered; asked again; answered with a refusal or given up. */
  readonly sent: number;
  readonly answered: number;
  readonly retries: number;
  /** How often each status made a till ask again. */
  readonly statuses: ReadonlyMap<string, number>;
  readonly failures: readonly string[];
  /** Since the load began, or since the last `mark`: the longest time in which no hospital had any answer, and how long each bill waited for its own. */
  readonly longestGapMs: number;
  /** How long after the mark that time began. */
  readonly longestGapFromMs: number;
  readonly slowestMs: number;
  readonly waitsMs: readonly number[];
  /** In how many of the seconds since then there was an answer, of how many. */
  readonly served: { readonly seconds: number; readonly of: number };
  /** Begins those above anew. */
  mark(): void;
  /** Bills that were sent since then, are approved and are to be paid at once. */
  approvedSince(sinceMs: number): readonly string[];
  /** Sends no more, and waits until every bill under way has its answer. */
  stop(): Promise<void>;
}

/** The folder of the hospitals' own files. */
export function answersFolder(run: string): string {
  return join(run, "callers");
}

/** So much of what was answered instead of an answer is told. */
const SHOWN_WORDS = 60;

/** Bills until it is stopped. */
export function startCallers(mesh: RegionMesh, perSecond = PER_SECOND): Load {
  const folder = answersFolder(mesh.run);
  mkdirSync(folder, { recursive: true });
  const stop = new AbortController();
  const chance = random(mesh.seed, `callers ${performance.now()}`);
  const failures: string[] = [];
  const counts = { sent: 0, answered: 0, retries: 0, longestGapMs: 0, longestGapFromMs: 0 };
  let waitsMs: number[] = [];
  const beganMs = performance.now();
  let lastMs = beganMs;
  const served = new Set<number>();
  let markMs = lastMs;
  let endMs: number | undefined;
  const approved: { readonly claimId: string; readonly sentMs: number }[] = [];
  const paidAtOnce = new Set(
    mesh.region.institutions.filter((one) => one.paySchedule === PaySchedule.IMMEDIATE).map((one) => one.institutionId),
  );

  const statuses = new Map<string, number>();
  const retried = (status: string, words: string): void => {
    counts.retries += 1;
    // How long exactly each waited, and where, says nothing that the status does not.
    const why = status === "DEADLINE_EXCEEDED" ? status : `${status} ${words.slice(0, SHOWN_WORDS)}`;
    statuses.set(why, (statuses.get(why) ?? 0) + 1);
  };

  const ask = async (institutionId: string, personId: string, day: string): Promise<void> => {
    const hospital = mesh.people.as(`hospital-${institutionId}`);
    const options = { patienceMs: PATIENCE_MS, onRetry: retried };
    const { covered } = await hospital.call(EnrollmentServiceDefinition, "checkEligibility", { personId, day }, options);
    if (!covered) throw new Error(`${personId} is not covered on ${day}`);
  };

  const bill = async (institutionId: string, file: number): Promise<void> => {
    const request = mesh.bills.next(institutionId);
    const { claimId } = request;
    const sentMs = performance.now();
    counts.sent += 1;
    let state = "";
    try {
      if (chance.chance(ELIGIBILITY_BP)) await ask(institutionId, request.personId, request.dischargedOn);
      const { claim } = await mesh.people
        .as(`hospital-${institutionId}`)
        .call(ClaimsServiceDefinition, "submitClaim", { requestId: claimId, bill: request }, { patienceMs: PATIENCE_MS, onRetry: retried });
      if (!claim) throw new Error("an answer without a claim");
      enter(file, claim);
      state = claim.state;
    } catch (error) {
      failures.push(`${claimId}: ${error instanceof GatewayError ? `${error.code} ${error.field} ${error.en}` : String(error)}`);
      return;
    }
    const now = performance.now();
    counts.answered += 1;
    if (now - lastMs > counts.longestGapMs) {
      counts.longestGapMs = now - lastMs;
      counts.longestGapFromMs = Math.max(0, lastMs - markMs);
    }
    lastMs = now;
    waitsMs.push(now - sentMs);
    served.add(Math.floor((now - markMs) / 1_000));
    if (state === "APPROVED" && paidAtOnce.has(institutionId)) approved.push({ claimId, sentMs });
  };

  const turnMs = 1000 / perSecond;
  const roundMs = turnMs * CALLERS.length;
  const till = async (institutionId: string, index: number): Promise<void> => {
    const file = openSync(join(folder, `${institutionId}.jsonl`), "a");
    const underWay = new Set<Promise<void>>();
    // Whoever had to wait for a lane lets the turns go by that were missed: what comes after an outage is the usual load.
    for (let round = 0; !stop.signal.aborted; round = Math.max(round + 1, Math.floor((performance.now() - beganMs) / roundMs))) {
      const dueMs = beganMs + roundMs * round + turnMs * (index + chance.between(0, LATE_PERCENT) / 100);
      await pause(Math.max(0, dueMs - performance.now()), stop.signal);
      const one = bill(institutionId, file).finally(() => underWay.delete(one));
      underWay.add(one);
      while (underWay.size >= LANES && !stop.signal.aborted) await Promise.race(underWay);
    }
    await Promise.all(underWay);
    closeSync(file);
  };
  const tills = Promise.all(CALLERS.map(till));

  return {
    seed: mesh.seed,
    statuses,
    get sent() {
      return counts.sent;
    },
    get answered() {
      return counts.answered;
    },
    get retries() {
      return counts.retries;
    },
    get failures() {
      return failures;
    },
    get longestGapMs() {
      return stop.signal.aborted ? counts.longestGapMs : Math.max(counts.longestGapMs, performance.now() - lastMs);
    },
    get longestGapFromMs() {
      return counts.longestGapFromMs;
    },
    get slowestMs() {
      return waitsMs.reduce((most, one) => Math.max(most, one), 0);
    },
    get waitsMs() {
      return waitsMs;
    },
    get served() {
      return { seconds: served.size, of: Math.ceil(((endMs ?? performance.now()) - markMs) / 1_000) };
    },
    approvedSince: (sinceMs) => approved.filter(({ sentMs }) => sentMs >= sinceMs).map(({ claimId }) => claimId),
    mark() {
      counts.longestGapMs = 0;
      waitsMs = [];
      served.clear();
      markMs = performance.now();
    },
    async stop() {
      stop.abort();
      await tills;
      endMs = performance.now();
    },
  };
}

/** What the hospitals hold in their files: all answers to each bill, oldest first. */
export function answersOf(run: string): Map<string, Answer[]> {
  const lines = readdirSync(answersFolder(run)).flatMap((name) => readFileSync(join(answersFolder(run), name), "utf8").split("\n"));
  const answers = lines
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line, (key, value: unknown) => (key === "fundFen" ? BigInt(String(value)) : value)) as Answer);
  return Map.groupBy(answers, (answer) => answer.claimId);
}

/** The hospitals ask after those of their bills whose last answer promised nothing yet, and enter what they hear. */
export async function askAgain(mesh: RegionMesh): Promise<void> {
  for (const [claimId, answers] of answersOf(mesh.run)) {
    const { institutionId = "", state = "" } = answers.at(-1) ?? {};
    if (state !== "IN_REVIEW" && state !== "PENDING") continue;
    const { claim } = await mesh.people.as(`hospital-${institutionId}`).call(ClaimsServiceDefinition, "getClaim", { claimId });
    if (!claim) throw new Error(`${claimId} was acknowledged, and nobody knows it`);
    const file = openSync(join(answersFolder(mesh.run), `${institutionId}.jsonl`), "a");
    enter(file, claim);
    closeSync(file);
  }
}

/** An answer as its till keeps it. */
export function answerOf(claim: Claim): Answer {
  const { bill, state, benefit, homeCounty, treatingCounty } = claim;
  const { claimId = "", institutionId = "" } = bill ?? {};
  const hash = contentHash(Claim.encode(claim).finish());
  return { claimId, institutionId, homeCounty, treatingCounty, state, fundFen: benefit?.fundFen ?? 0n, hash };
}

function enter(file: number, claim: Claim): void {
  const answer = answerOf(claim);
  writeSync(file, `${JSON.stringify(answer, (_, value: unknown) => (typeof value === "bigint" ? value.toString() : value))}\n`);
}
