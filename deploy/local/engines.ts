/** The engines of a local run: three nats-servers and three mongods, each a command to be kept running, and the wait until both clusters are truly ready. */
import type { Topology } from "../../services/mesh/topology.ts";
import { findBinary, type Say } from "./binaries.ts";
import { mongoElsewhere, natsElsewhere } from "./elsewhere.ts";
import type { Command } from "./kept.ts";
import { mongoCommands, mongoReady } from "./mongo.ts";
import { natsCommands, natsReady } from "./nats.ts";

const ENGINES_LIMIT_MS = 60_000;
/** Engines that run already need not elect anybody first. */
const ELSEWHERE_LIMIT_MS = 15_000;

/** Finds the binaries of the engines that we start, writes their configurations into the run directory and gives the commands. */
export async function engineCommands(
  topology: Topology,
  run: string,
  environment: Readonly<Record<string, string>>,
  say: Say,
): Promise<Command[]> {
  const { nats, mongo } = topology.engines;
  const [natsServer, mongod] = await Promise.all([
    nats.length > 0 ? findBinary("nats-server", { say }) : undefined,
    mongo.length > 0 ? findBinary("mongod", { say }) : undefined,
  ]);
  return [
    ...(natsServer ? natsCommands(topology, run, natsServer.file, environment) : []),
    ...(mongod ? mongoCommands(topology, run, mongod.file, environment) : []),
  ];
}

export interface Waiting {
  readonly limitMs?: number;
  /** Ends the wait early. */
  readonly ended?: AbortSignal;
  readonly say?: Say;
}

/** Resolves when both clusters are ready; throws after `limitMs`, or when `ended` aborts, saying what is missing of either. Running it on ready engines changes nothing. */
export async function enginesReady(topology: Topology, { limitMs = ENGINES_LIMIT_MS, ended, say = () => {} }: Waiting = {}): Promise<void> {
  const startedMs = performance.now();
  const { elsewhere } = topology.engines;
  const within = (ms: number) => AbortSignal.any([AbortSignal.timeout(Math.min(ms, limitMs)), ...(ended ? [ended] : [])]);
  const outcomes = await Promise.allSettled([
    elsewhere.nats ? natsElsewhere(topology, within(ELSEWHERE_LIMIT_MS), say) : natsReady(topology, within(limitMs)),
    elsewhere.mongo ? mongoElsewhere(elsewhere.mongo, within(ELSEWHERE_LIMIT_MS), say) : mongoReady(topology, within(limitMs)),
  ]);
  const faults = outcomes.flatMap((outcome) =>
    outcome.status === "rejected" ? [outcome.reason instanceof Error ? outcome.reason.message : String(outcome.reason)] : [],
  );
  if (faults.length > 0) throw new Error(`after ${((performance.now() - startedMs) / 1000).toFixed(1)} s ${faults.join(", and ")}`);
}
