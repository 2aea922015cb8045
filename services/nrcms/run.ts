/** A local run: certificates, engines, pairs and the bank simulator in one run directory, kept by a supervisor in this process. */
import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { ensureSandboxCertificates } from "../../deploy/local/authority.ts";
import { ROOT, type Say } from "../../deploy/local/binaries.ts";
import { withElsewhere, withoutSecret } from "../../deploy/local/elsewhere.ts";
import { readTable } from "../../deploy/local/leftovers.ts";
import { identity } from "../../deploy/local/lock.mjs";
import { Supervisor } from "../../deploy/local/supervisor.ts";
import { pause } from "../mesh/clock.ts";
import { readTopology, type Topology } from "../mesh/topology.ts";
import { startOfDayMs } from "../values/days.ts";
import type { Region } from "./region.ts";

export const REGION = join(ROOT, "deploy", "sandbox", "region");
export const TOPOLOGY = join(ROOT, "deploy", "topology.yaml");
/** The sample region's working day, and the hour at which its first start begins. */
export const SAMPLE_DAY = "2011-11-25";
const SAMPLE_HOUR_MS = 8 * 3_600_000;

/** NRCMS_RUN, or .run beside the code. */
export function runDirectory(): string {
  return process.env.NRCMS_RUN ?? join(ROOT, ".run");
}

/** The topology in force in a run directory; undefined where nothing was ever started there. */
export function topologyInForce(run: string): Topology | undefined {
  const file = join(run, "topology.yaml");
  return existsSync(file) ? readTopology(file) : undefined;
}

/**
 * Why the mesh of a run directory cannot be asked; undefined where it can. A local run keeps its engines' data here and has a supervisor while it runs: without one,
 * whoever listens at its ports is another. Where the engines are elsewhere, only asking tells.
 */
export function whyNotRunning(run: string, topology: Topology): string | undefined {
  const local = topology.engines.mongo.some((mongo) => existsSync(join(run, mongo.name)));
  if (!local || readTable(run)) return undefined;
  return `${run} 上没有在运行的平台 / nothing runs on ${run}: npm start, nrcms up`;
}

/** The wanted topology with the run's clock: the sample day's morning at the first start, and going on from there at the next. */
function sandboxTopology(run: string): Topology {
  const wanted = withElsewhere(readTopology(TOPOLOGY), process.env);
  const before = topologyInForce(run);
  if (before) insistOnTheSameBooks(run, before, wanted);
  return { ...wanted, clock_offset_ms: before?.clock_offset_ms ?? Math.round(startOfDayMs(SAMPLE_DAY) + SAMPLE_HOUR_MS - Date.now()) };
}

/** What is stored is in one place: a start that looks for it elsewhere would begin with empty books beside full ones. */
function insistOnTheSameBooks(run: string, before: Topology, wanted: Topology): void {
  const [then, now] = [before.engines.elsewhere.mongo, wanted.engines.elsewhere.mongo];
  if ((then === undefined) === (now === undefined)) return;
  const where = then === undefined ? "the mongods that this run keeps: unset MONGODB_URI" : `${withoutSecret(then)}: set MONGODB_URI`;
  throw new Error(`what ${run} has stored is in ${where}, or use another run directory (NRCMS_RUN)`);
}

export interface StartOptions {
  readonly run: string;
  readonly region: Region;
  readonly environment?: Readonly<Record<string, string>>;
  readonly say: Say;
  readonly change?: (topology: Topology) => void;
  /** A guardian for each machine; true where it is not said. */
  readonly guardians?: boolean;
  /** Is given the supervisor before it starts anything, so that it can be stopped from then on. */
  readonly onSupervisor?: (supervisor: Supervisor) => void;
}

/** Starts everything and waits until every twin is ready. Throws with the reason, and then leaves nothing running. */
export async function startSandbox(options: StartOptions): Promise<Supervisor> {
  const { run, region, environment = {}, say, change, guardians = true, onSupervisor } = options;
  const topology = sandboxTopology(run);
  change?.(topology);
  await ensureSandboxCertificates(join(run, "certs"), {
    banks: topology.other_banks.map(({ id }) => id),
    counties: region.counties.map((row) => row.county.county),
    institutions: region.institutions.map((institution) => institution.institutionId),
  });
  const supervisor = new Supervisor({ topology, run, sandbox: true, guardians, environment, say });
  onSupervisor?.(supervisor);
  await supervisor.start();
  await supervisor.waitReady();
  return supervisor;
}

export interface ServerOptions {
  readonly run: string;
  readonly topology: Topology;
  readonly server: string;
  readonly say: Say;
}

/** The supervisor of one server's part, not started yet. Throws where the topology has no such server, or the certificates of its twins are missing. */
export function startServer({ run, topology, server, say }: ServerOptions): Supervisor {
  if (!topology.servers[server])
    throw new Error(`没有服务器 ${server} / no server ${server}; there are ${Object.keys(topology.servers).join(", ")}`);
  const twins = Object.entries(topology.services).filter(([, { a, b }]) => a.server === server || b.server === server);
  if (twins.length > 0 && !existsSync(join(run, "certs", "authority.pem")))
    throw new Error(`${join(run, "certs")} 中没有证书 / has no certificates: authority.pem, and for each program its .pem and .key`);
  return new Supervisor({ topology, run, server, say });
}

/** Removes what an earlier run stored. Throws where it still runs, and where what it stored is not ours to remove. */
export async function forget(run: string): Promise<void> {
  const elsewhere = topologyInForce(run)?.engines.elsewhere;
  if (elsewhere?.mongo)
    throw new Error(`${withoutSecret(elsewhere.mongo)} is not ours to empty: drop its databases nrcms_*, then remove ${run}`);
  const table = existsSync(run) ? readTable(run) : undefined;
  if (table) throw new Error(`process ${table.pid} runs on ${run}: stop it first (nrcms stop)`);
  await rm(run, { recursive: true, force: true });
}

const STOP_LIMIT_MS = 15_000;

/** Stops the supervisor that runs on a run directory and waits until its process is gone. Returns false where none does; throws where it does not end in time. */
export async function stopRun(run: string): Promise<boolean> {
  const table = existsSync(run) ? readTable(run) : undefined;
  if (!table) return false;
  process.kill(table.pid, "SIGTERM");
  const untilMs = performance.now() + STOP_LIMIT_MS;
  while (identity(table.pid) === table.identity) {
    if (performance.now() > untilMs) throw new Error(`process ${table.pid} has not stopped after ${STOP_LIMIT_MS / 1000} s`);
    await pause(100);
  }
  return true;
}
