/** The engines of a local run: three nats-servers and three mongods, each a command to be kept running, and the wait until both clusters are truly ready. */
import type { Topology } from "../../services/mesh/topology.ts";
import { wordsOf } from "../../services/values/thrown.ts";
import { findBinary, type Say } from "./binaries.ts";
import { mongoElsewhere, natsElsewhere } from "./elsewhere.ts";
import { type EngineSetting, ofServer } from "./engine-setting.ts";
import type { Command } from "./kept.ts";
import { mongoCommands, mongoJoined, mongoReady } from "./mongo.ts";
import { natsCommands, natsJoined, natsReady } from "./nats.ts";

const ENGINES_LIMIT_MS = 60_000;
/** Engines that run already need not elect anybody first. */
const ELSEWHERE_LIMIT_MS = 15_000;

/** Finds the binaries of the engines that we start, writes their configurations into the run directory and gives the commands. */
export async function engineCommands(setting: EngineSetting, say: Say): Promise<Command[]> {
  const { topology, server } = setting;
  const [nats, mongo] = [ofServer(topology.engines.nats, server), ofServer(topology.engines.mongo, server)];
  const [natsServer, mongod] = await Promise.all([
    nats.length > 0 ? findBinary("nats-server", { say }) : undefined,
    mongo.length > 0 ? findBinary("mongod", { say }) : undefined,
  ]);
  return [...(natsServer ? natsCommands(setting, natsServer.file) : []), ...(mongod ? mongoCommands(setting, mongod.file) : [])];
}

export interface Waiting {
  readonly limitMs?: number;
  /** Ends the wait early. */
  readonly ended?: AbortSignal;
  readonly say?: Say;
  /** After a partition nats-server leaves replicas of consumers behind, for half a minute or more; their majority does not need them. */
  readonly consumersMayLag?: boolean;
}

/** Resolves when both clusters are ready; throws after `limitMs`, or when `ended` aborts, saying what is missing of either. Running it on ready engines changes nothing. */
export async function enginesReady(topology: Topology, waiting: Waiting = {}): Promise<void> {
  const { limitMs = ENGINES_LIMIT_MS, ended, say = () => {}, consumersMayLag } = waiting;
  const startedMs = performance.now();
  const { elsewhere } = topology.engines;
  const within = (ms: number) => AbortSignal.any([AbortSignal.timeout(Math.min(ms, limitMs)), ...(ended ? [ended] : [])]);
  const outcomes = await Promise.allSettled([
    elsewhere.nats ? natsElsewhere(topology, within(ELSEWHERE_LIMIT_MS), say) : natsReady(topology, within(limitMs), consumersMayLag),
    elsewhere.mongo ? mongoElsewhere(elsewhere.mongo, within(ELSEWHERE_LIMIT_MS), say) : mongoReady(topology, within(limitMs)),
  ]);
  const faults = outcomes.flatMap((outcome) => (outcome.status === "rejected" ? [wordsOf(outcome.reason)] : []));
  if (faults.length > 0) throw new Error(`after ${((performance.now() - startedMs) / 1000).toFixed(1)} s ${faults.join(", and ")}`);
}

const JOIN_TELL_MS = 10_000;

/**
 * Resolves when a machine's own engines are part of their clusters and these have a majority. It waits as long as that takes, since a machine that comes up alone must
 * wait for another, and tells every ten seconds what is missing. Throws when `ended` aborts.
 */
export async function enginesJoined(topology: Topology, server: string, ended: AbortSignal, say: Say): Promise<void> {
  const { elsewhere } = topology.engines;
  const insist = async (join: (signal: AbortSignal) => Promise<unknown>): Promise<void> => {
    for (;;) {
      try {
        await join(AbortSignal.any([ended, AbortSignal.timeout(JOIN_TELL_MS)]));
        return;
      } catch (error) {
        if (ended.aborted) throw error;
        say(`waiting: ${wordsOf(error)}`);
      }
    }
  };
  const { mongo } = elsewhere;
  await Promise.all([
    insist((signal) => (elsewhere.nats ? natsElsewhere(topology, signal, say) : natsJoined(topology, server, signal))),
    insist((signal) => (mongo ? mongoElsewhere(mongo, signal, say) : mongoJoined(topology, server, signal))),
  ]);
}
