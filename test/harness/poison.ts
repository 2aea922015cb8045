/**
 * Inputs that a program does not bear, among others: some make a decision throw, some end the process. Twins are started again as a supervisor does it;
 * callers repeat until they have an answer. How long each bad one took until it was parked, and what the good ones had of it.
 */
import type { ChildProcess } from "node:child_process";
import { pause } from "../../services/mesh/clock.ts";
import { lastAtHand } from "../../services/mesh/crash.ts";
import type { Answered } from "./proof.ts";
import { type Balance, codec, type Deposit } from "./till.ts";
import { type Bench, until } from "./twins.ts";

/** How long a caller waits for one answer before it asks again. */
const ASK_MS = 2_000;
const PATIENCE_MS = 60_000;
const RESTART_LIMIT_MS = 60_000;
const coded = new TextEncoder();

export interface Supervised {
  /** How often a twin has ended by itself. */
  readonly ends: number;
  /** No more restarts; waits for those that are under way. */
  stop(): Promise<void>;
}

/** Deposits of which some are poison, and of those some end the process. Half of either kind is met at the till, half at the tally. */
export function deposits(
  prefix: string,
  inputs: number,
  { poison, crashers }: { readonly poison: number; readonly crashers: number },
): Deposit[] {
  const every = poison > 0 ? Math.floor(inputs / poison) : Number.POSITIVE_INFINITY;
  const perCrasher = crashers > 0 ? Math.floor(poison / crashers) : 1;
  return Array.from({ length: inputs }, (_, index) => {
    const deposit: Deposit = {
      requestId: `${prefix}-${index}`,
      county: "640521",
      account: `${prefix}/${index % 50}`,
      fen: BigInt(1 + (index % 97)),
    };
    if (index % every !== every - 1) return deposit;
    const nth = Math.floor(index / every);
    const trouble = crashers > 0 && nth % perCrasher === 0 ? "crash" : "poison";
    return { ...deposit, trouble: Math.floor(nth / perCrasher) % 2 === 0 ? trouble : `heard ${trouble}` };
  });
}

/** Starts twins, and starts each again when it ends, telling of its death. */
export async function supervise(bench: Bench, names: readonly string[]): Promise<Supervised> {
  let ends = 0;
  let stopping = false;
  const underWay = new Set<Promise<void>>();
  const died = (name: string, pid: number | undefined): void => {
    ends += 1;
    bench.bus.publish(`nrcms.death.${name}`, coded.encode(JSON.stringify({ pid, atHand: lastAtHand(bench.engines.run, name) })));
  };
  const watch = (name: string, child: ChildProcess): void => {
    child.once("exit", () => {
      if (stopping) return;
      died(name, child.pid);
      const restart = again(name).finally(() => underWay.delete(restart));
      underWay.add(restart);
    });
  };
  // It may end again before it is ready.
  const again = async (name: string): Promise<void> => {
    const startedMs = performance.now();
    for (;;) {
      try {
        return watch(name, await bench.start(name));
      } catch (error) {
        if (!stopping) died(name, bench.pid(name));
        if (stopping || performance.now() - startedMs > RESTART_LIMIT_MS) throw error;
      }
    }
  };
  await Promise.all(names.map(again));
  return {
    get ends() {
      return ends;
    },
    async stop() {
      stopping = true;
      await Promise.allSettled(underWay);
    },
  };
}

export interface Outcome {
  readonly answered: readonly Answered[];
  /** The bad requests, and how long each took from its first sending until its caller heard that it is parked. */
  readonly parked: readonly { readonly deposit: Deposit; readonly tookMs: number }[];
  readonly faults: readonly string[];
  readonly perSecond: number;
}

export interface Sending {
  /** So many at a time wait for an answer. */
  readonly callers: number;
  /** No more than so many are begun in a second; as many as are answered where it is not said. */
  readonly perSecond?: number;
}

/** Sends deposits and waits for the outcome of each. The speed is that of those that are answered. */
export async function send(
  bench: Bench,
  deposits: readonly Deposit[],
  { callers, perSecond = Number.POSITIVE_INFINITY }: Sending,
): Promise<Outcome> {
  const answered: Answered[] = [];
  const parked: { deposit: Deposit; tookMs: number }[] = [];
  const faults: string[] = [];
  const waiting = deposits.toReversed();
  const reply = codec<Balance>();
  const startedMs = performance.now();
  let lastMs = startedMs;
  const ask = async (deposit: Deposit): Promise<void> => {
    const sentMs = performance.now();
    while (performance.now() - sentMs < PATIENCE_MS) {
      const answer = await bench.deposit(deposit, ASK_MS);
      if (answer.status === "UNAVAILABLE") continue;
      if (answer.status === "OK") {
        lastMs = performance.now();
        answered.push({ deposit, balance: reply.decode(answer.data) });
      } else if (answer.status === "INTERNAL") parked.push({ deposit, tookMs: performance.now() - sentMs });
      else faults.push(`${deposit.requestId}: ${answer.status}`);
      return;
    }
    faults.push(`${deposit.requestId}: no answer in ${PATIENCE_MS / 1000} s`);
  };
  const bad: Promise<void>[] = [];
  const caller = async (): Promise<void> => {
    for (let deposit = waiting.pop(); deposit; deposit = waiting.pop()) {
      const dueMs = startedMs + (1000 * (deposits.length - waiting.length)) / perSecond;
      await pause(Math.max(0, dueMs - performance.now()));
      // Whoever sent a bad one waits for it by himself: the others' turn comes as it came without him.
      if (deposit.trouble && !deposit.trouble.startsWith("heard")) bad.push(ask(deposit));
      else await ask(deposit);
    }
  };
  await Promise.all(Array.from({ length: callers }, caller));
  await Promise.all(bad);
  return { answered, parked, faults, perSecond: (1000 * answered.length) / (lastMs - startedMs) };
}

/** Waits until so many inputs of a service are parked; gives their ids. */
export async function untilParked(bench: Bench, service: string, count: number, limitMs: number): Promise<readonly string[]> {
  const rows = bench.mongo.db(`nrcms_${service}`).collection<{ _id: string }>("parked");
  await until(`${count} inputs of ${service} are parked`, async () => (await rows.countDocuments({ resolved: false })) >= count, limitMs);
  return (await rows.find({ resolved: false }).toArray()).map((row) => row._id);
}
