/** The callers' own list of acknowledged answers, and what must be true of the stored documents: compared from outside, because an audit of one's own documents cannot see a lost answer. */
import type { Document, MongoClient } from "mongodb";
import { CHAIN_START, chainHash, type Entry } from "../../services/mesh/journal.ts";
import { type Balance, codec, type Deposit } from "./till.ts";
import { type Bench, until } from "./twins.ts";

/** An entry as it lies in the journal. */
export async function journalOf(mongo: MongoClient, service: string): Promise<Entry[]> {
  const rows = await mongo.db(`nrcms_${service}`).collection("journal").find().sort({ twin: 1, number: 1 }).toArray();
  return rows.map(({ _id, about, ...rest }: Document) => ({ ...rest, id: _id, about: about ?? [] }) as unknown as Entry);
}

/** What is wrong with a service's journal: the chain recomputed, entries and events counted without holes, heads at their ends. */
export async function journalFaults(mongo: MongoClient, service: string): Promise<string[]> {
  const faults: string[] = [];
  const entries = await journalOf(mongo, service);
  for (const twin of ["a", "b"]) {
    let previous = CHAIN_START;
    let number = 0;
    let event = 0;
    for (const entry of entries.filter((row) => row.twin === twin)) {
      number += 1;
      if (entry.number !== number) faults.push(`${twin}: entry ${number} is missing, found ${entry.number}`);
      const { previous: said, chain, ...body } = entry;
      if (said !== previous) faults.push(`${twin}: entry ${entry.number} does not follow the one before it`);
      if (chain !== chainHash(previous, body)) faults.push(`${twin}: entry ${entry.number} is not what its chain value says`);
      previous = chain;
      number = entry.number;
      for (const told of entry.events) {
        event += 1;
        if (told.number !== event) faults.push(`${twin}: event ${event} is missing, found ${told.number}`);
        event = told.number;
      }
    }
    const head = await mongo.db(`nrcms_${service}`).collection<{ _id: string } & Document>("heads").findOne({ _id: twin });
    if (head && (head.number !== number || head.event !== event || head.chain !== previous)) faults.push(`${twin}: the head is elsewhere`);
  }
  return faults;
}

export interface Answered {
  readonly deposit: Deposit;
  readonly balance: Balance;
}

export interface Callers {
  readonly answered: readonly Answered[];
  readonly refused: readonly string[];
  readonly unavailable: number;
  /** The longest time without an acknowledged answer, and when it began. */
  readonly gap: { readonly ms: number; readonly atMs: number };
  /** Ends the load; every call that is under way gets its answer first. */
  stop(): Promise<void>;
}

/**
 * Callers that deposit one after the other, each repeating under its request id until it is answered: `callers` at a time, spread over `accounts` accounts.
 * `pauseMs` between two of a caller's deposits.
 */
export function startCallers(
  bench: Bench,
  options: { callers: number; accounts: number; pauseMs?: number; prefix: string; timeoutMs?: number },
): Callers {
  const answered: Answered[] = [];
  const refused: string[] = [];
  let unavailable = 0;
  let stopping = false;
  let lastMs = performance.now();
  let gap = { ms: 0, atMs: lastMs };
  const reply = codec<Balance>();
  const one = async (caller: number): Promise<void> => {
    for (let serial = 0; !stopping; serial += 1) {
      const deposit: Deposit = {
        requestId: `${options.prefix}-${caller}-${serial}`,
        county: "640521",
        account: `${options.prefix}/${(caller * 7919 + serial) % options.accounts}`,
        fen: BigInt(1 + ((caller + serial) % 997)),
      };
      for (;;) {
        const answer = await bench.deposit(deposit, options.timeoutMs ?? 4_000);
        if (answer.status === "OK") {
          const now = performance.now();
          if (now - lastMs > gap.ms) gap = { ms: now - lastMs, atMs: lastMs };
          lastMs = now;
          answered.push({ deposit, balance: reply.decode(answer.data) });
          break;
        }
        if (answer.status !== "UNAVAILABLE") {
          refused.push(`${deposit.requestId}: ${answer.status}`);
          break;
        }
        unavailable += 1;
      }
      if (options.pauseMs) await new Promise((resolve) => setTimeout(resolve, options.pauseMs));
    }
  };
  const running = Array.from({ length: options.callers }, (_, caller) => one(caller));
  return {
    answered,
    refused,
    get unavailable() {
      return unavailable;
    },
    get gap() {
      return gap;
    },
    async stop() {
      stopping = true;
      await Promise.all(running);
    },
  };
}

/**
 * Compares the callers' list with what is stored: each acknowledged deposit is in the journal once, the accounts are the sum of the journal,
 * and (with `tally`) the tally has heard each of them once. Returns what is wrong.
 */
export async function depositFaults(bench: Bench, answered: readonly Answered[], options: { tally: boolean }): Promise<string[]> {
  const { mongo } = bench;
  const faults = await journalFaults(mongo, "till");
  const entries = (await journalOf(mongo, "till")).filter((entry) => entry.outcome === "done" && entry.method === "Deposit");
  const byId = new Map(entries.map((entry) => [entry.id, entry]));
  const told = codec<{ account: string; fen: bigint }>();
  const sums = new Map<string, { fen: bigint; deposits: number }>();
  for (const entry of entries) {
    for (const event of entry.events) {
      const { account, fen } = told.decode(event.bytes);
      const sum = sums.get(account) ?? { fen: 0n, deposits: 0 };
      sums.set(account, { fen: sum.fen + fen, deposits: sum.deposits + 1 });
    }
  }
  const seenBalances = new Set<string>();
  for (const { deposit, balance } of answered) {
    const entry = byId.get(`treasurer/Deposit/${deposit.requestId}`);
    if (!entry) faults.push(`acknowledged and not in the journal: ${deposit.requestId}`);
    const place = `${deposit.account} #${balance.deposits}`;
    if (seenBalances.has(place)) faults.push(`two deposits were told that they are ${place}`);
    seenBalances.add(place);
  }
  const stored = await mongo.db("nrcms_till").collection<{ _id: string } & Document>("accounts").find().toArray();
  if (stored.length !== sums.size) faults.push(`${stored.length} accounts, ${sums.size} in the journal`);
  for (const account of stored) {
    const sum = sums.get(account._id);
    if (sum?.fen !== BigInt(account.fen) || sum.deposits !== Number(account.deposits))
      faults.push(`account ${account._id} has ${account.fen} in ${account.deposits}, the journal says ${sum?.fen} in ${sum?.deposits}`);
  }
  if (options.tally) {
    const tally = mongo.db("nrcms_tally");
    await until(
      "the tally has heard every deposit",
      async () => (await tally.collection("seen").countDocuments()) >= entries.length,
      60_000,
    ).catch(() => faults.push("the tally has not heard every deposit"));
    const totals = new Map((await tally.collection<{ _id: string } & Document>("totals").find().toArray()).map((row) => [row._id, row]));
    for (const [account, sum] of sums) {
      const total = totals.get(account);
      if (BigInt(total?.fen ?? 0) !== sum.fen || Number(total?.deposits ?? 0) !== sum.deposits)
        faults.push(`the tally has ${total?.fen} in ${total?.deposits} for ${account}, the till ${sum.fen} in ${sum.deposits}`);
    }
    faults.push(...(await journalFaults(mongo, "tally")));
  }
  return faults.slice(0, 20);
}

/** A small seeded generator (mulberry32): a run can be repeated by its seed. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
