/** The pipeline from submission to paid-and-posted, on the whole mesh: gateway, rules, ledger, payment, the bank's own process, and back into the ledger. */

import type { Supervisor } from "../../deploy/local/supervisor.ts";
import { type Bill, ClaimState, ClaimsServiceDefinition } from "../../proto/generated/nrcms/claims/v1/claims.ts";
import { SettlementServiceDefinition } from "../../proto/generated/nrcms/settlement/v1/settlement.ts";
import { checkerDesk, newTally, openPayables } from "../../services/nrcms/day.ts";
import { each, type People, people } from "../../services/nrcms/people.ts";
import { importFunds, importHouseholds, importRegisters, type Region, readRegion } from "../../services/nrcms/region.ts";
import { REGION, startSandbox } from "../../services/nrcms/run.ts";
import { benchBills } from "./bills.ts";
import { cpuBetween, type Usage, usageOf } from "./processes.ts";

export interface Mesh {
  readonly supervisor: Supervisor;
  readonly region: Region;
  readonly people: People;
  readonly run: string;
  /** Seconds from the start of this process's work until the first claim was paid. */
  readonly firstPaidSeconds: number;
  close(): Promise<void>;
}

export interface Measured {
  readonly inFlight: number;
  readonly claims: number;
  readonly seconds: number;
  readonly perSecond: number;
  readonly submitSeconds: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** CPU microseconds per claim, by process group. */
  readonly cpuUs: ReadonlyMap<string, number>;
}

const PAID_LIMIT_MS = 180_000;
/** With group commit switched off an answer waits for hundreds of commits before it. */
const SUBMIT_LIMIT_MS = 60_000;
const POLL_MS = 150;

/** Starts a mesh on a fresh run directory with the sample region in it, and the checker at the desk. */
export async function openMesh(
  run: string,
  environment: Readonly<Record<string, string>>,
  say: (line: string) => void,
  guardians: boolean,
): Promise<Mesh> {
  const startedMs = performance.now();
  const region = await readRegion(REGION);
  const supervisor = await startSandbox({ run, region, environment, say, guardians });
  const who = people(supervisor.topology, run);
  const quiet = () => undefined;
  const desk = new AbortController();
  await importRegisters(region, who, quiet);
  // Funds enough for any number of claims, so that no floor holds a payment back.
  await importFunds(
    { ...region, counties: region.counties.map((row) => ({ ...row, subsidyFenPerHead: row.subsidyFenPerHead * 100n })) },
    who,
    quiet,
  );
  await importHouseholds(region, who, quiet);
  const checker = checkerDesk(who, newTally(), desk.signal).catch((error: unknown) => say(`the checker stopped: ${String(error)}`));
  const [first] = benchBills(region, "FIRST");
  if (!first) throw new Error("the region gives no bills");
  await submit(who, first);
  await paid(who);
  return {
    supervisor,
    region,
    people: who,
    run,
    firstPaidSeconds: (performance.now() - startedMs) / 1000,
    async close() {
      desk.abort();
      await checker;
      who.close();
      await supervisor.stop();
    },
  };
}

async function submit(who: People, bill: Bill): Promise<void> {
  const { claim } = await who
    .as(`hospital-${bill.institutionId}`)
    .call(ClaimsServiceDefinition, "submitClaim", { requestId: bill.claimId, bill }, { timeoutMs: SUBMIT_LIMIT_MS });
  if (claim?.state !== ClaimState.APPROVED || (claim.benefit?.fundFen ?? 0n) === 0n)
    throw new Error(`${bill.claimId} is ${claim?.state}, not approved with a fund part`);
}

/** Waits until the ledger has the bank's side of everything that was posted, and everything submitted is posted. */
async function paid(who: People, posted?: () => Promise<boolean>): Promise<void> {
  const untilMs = performance.now() + PAID_LIMIT_MS;
  for (;;) {
    const { open } = await openPayables(who);
    // Asked only when nothing is open: the bench must not be the mesh's busiest caller.
    if (open === 0 && (!posted || (await posted()))) return;
    if (performance.now() > untilMs) throw new Error(`${open} payables are still open`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/** Submits `claims` bills with so many in flight, and measures until the last is paid and posted. */
export async function measure(mesh: Mesh, inFlight: number, claims: number, prefix: string, approvedBefore: number): Promise<Measured> {
  const bills: Bill[] = [];
  for (const bill of benchBills(mesh.region, prefix, approvedBefore)) {
    bills.push(bill);
    if (bills.length === claims) break;
  }
  const latencies: number[] = [];
  const before: Usage = usageOf(mesh.run);
  const entriesBefore = await benefitEntries(mesh.people);
  const startedMs = performance.now();
  await each(bills, inFlight, async (bill) => {
    const at = performance.now();
    await submit(mesh.people, bill);
    latencies.push(performance.now() - at);
  });
  const submitSeconds = (performance.now() - startedMs) / 1000;
  await paid(mesh.people, async () => (await benefitEntries(mesh.people)) - entriesBefore >= BigInt(claims));
  const seconds = (performance.now() - startedMs) / 1000;
  const cpu = cpuBetween(before, usageOf(mesh.run));
  latencies.sort((a, b) => a - b);
  const at = (share: number) => latencies[Math.min(latencies.length - 1, Math.floor(share * latencies.length))] ?? 0;
  return {
    inFlight,
    claims,
    seconds,
    perSecond: claims / seconds,
    submitSeconds,
    p50Ms: at(0.5),
    p99Ms: at(0.99),
    cpuUs: new Map([...cpu].map(([group, used]) => [group, (used * 1e6) / claims])),
  };
}

/** How many entries the benefit accounts (5001) of all books have: one for each posted approval. */
async function benefitEntries(who: People): Promise<bigint> {
  const balance = await who.as("treasurer").call(SettlementServiceDefinition, "getTrialBalance", { county: "", day: "" });
  return balance.accounts.filter((account) => account.account.startsWith("5001")).reduce((sum, account) => sum + account.entries, 0n);
}
