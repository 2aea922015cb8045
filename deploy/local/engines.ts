/** The engines of a local run: three nats-servers and three mongods, each a command to be kept running, and the wait until both clusters are truly ready. */
import type { Topology } from "../../services/mesh/topology.ts";
import { findBinary, type Say } from "./binaries.ts";
import type { Command } from "./kept.ts";
import { mongoCommands, mongoReady } from "./mongo.ts";
import { natsCommands, natsReady } from "./nats.ts";

export const ENGINES_LIMIT_MS = 60_000;

/** Finds the binaries, writes the configurations into the run directory and gives the commands. */
export async function engineCommands(
  topology: Topology,
  run: string,
  environment: Readonly<Record<string, string>>,
  say: Say,
): Promise<Command[]> {
  const [nats, mongo] = await Promise.all([findBinary("nats-server", { say }), findBinary("mongod", { say })]);
  return [...natsCommands(topology, run, nats.file, environment), ...mongoCommands(topology, run, mongo.file, environment)];
}

/**
 * Resolves when both clusters are ready; throws after `limitMs`, or when `ended` aborts, saying what is missing of either.
 * Running it on ready engines changes nothing.
 */
export async function enginesReady(topology: Topology, limitMs = ENGINES_LIMIT_MS, ended?: AbortSignal): Promise<void> {
  const limit = AbortSignal.timeout(limitMs);
  const signal = ended ? AbortSignal.any([limit, ended]) : limit;
  const startedMs = performance.now();
  const outcomes = await Promise.allSettled([natsReady(topology, signal), mongoReady(topology, signal)]);
  const faults = outcomes.flatMap((outcome) =>
    outcome.status === "rejected" ? [outcome.reason instanceof Error ? outcome.reason.message : String(outcome.reason)] : [],
  );
  if (faults.length > 0) throw new Error(`after ${((performance.now() - startedMs) / 1000).toFixed(1)} s ${faults.join(", and ")}`);
}
