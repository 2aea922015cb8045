/**
 * The ledger's one writer, in large batches: settlement's own decision on approvals, through the mesh's batch into a real replica set of three members, each entry with its balances, day totals, payable, journal entry
 * and guard, against the same documents put in by `insertMany`, in the same run and with the same write concern. What is told goes to nobody: no stream is measured here.
 */
import { randomUUID } from "node:crypto";
import Table from "cli-table3";
import { type Document, MongoClient } from "mongodb";
import { Batcher } from "../../services/mesh/batcher.ts";
import { systemClock } from "../../services/mesh/clock.ts";
import { noCrashNote } from "../../services/mesh/crash.ts";
import type { InputOutcome } from "../../services/mesh/input.ts";
import { openMongoStore } from "../../services/mesh/store-mongo.ts";
import { mongoUri } from "../../services/mesh/topology.ts";
import type { AnyDecision } from "../../services/mesh/wiring.ts";
import { approve } from "../../services/settlement/domain/approve.ts";
import { knowCounty } from "../../services/settlement/domain/know-county.ts";
import { receiveFunds } from "../../services/settlement/domain/receive-funds.ts";
import { tells } from "../../services/settlement/messages.ts";
import { indexes } from "../../services/settlement/store.ts";
import { startMesh } from "../harness/mesh.ts";
import { inputOf, MemoryPublisher, SILENT } from "../harness/mesh-parts.ts";

const COUNTIES = ["640521", "640424", "640122", "640181", "640323", "640522"] as const;
const MUCH_FEN = 900_000_000_000n;

export interface LedgerOptions {
  readonly entries: string;
  readonly batch: string;
  readonly json?: boolean;
}

interface Measured {
  readonly what: string;
  readonly perSecond: number;
  readonly cpuUs: number;
}

export async function benchLedger({ entries, batch, json }: LedgerOptions): Promise<void> {
  const [many, batchLimit] = [Number(entries), Number(batch)];
  const mesh = await startMesh({ services: [], say: (line) => process.stderr.write(`${line}\n`) });
  try {
    const uri = mongoUri(mesh.topology);
    const posted = await postAll(uri, many, batchLimit);
    const same = await insertAll(uri, batchLimit, ["entries", "payables", "journal"]);
    const alone = await insertAll(uri, batchLimit, ["entries"]);
    const rows = [posted, same, alone];
    const ratio = posted.perSecond / same.perSecond;
    if (json) return console.log(JSON.stringify({ entries: many, batch: batchLimit, rows, ratio }));
    const table = new Table({
      head: ["ledger, one writer", "entries/s", "CPU µs/entry (this process)"],
      style: { head: [], border: [], compact: true },
    });
    for (const { what, perSecond, cpuUs } of rows) table.push([what, perSecond.toFixed(0), cpuUs.toFixed(0)]);
    console.log(
      `${many} entries in batches of at most ${batchLimit}, majority and journalled; posted to inserted ${ratio.toFixed(2)}\n${table.toString()}`,
    );
  } finally {
    await mesh.stop();
  }
}

/** As the mesh does it: read, decided, and committed with all that follows. */
async function postAll(uri: string, many: number, batchLimit: number): Promise<Measured> {
  const store = await openMongoStore(uri, "settlement", indexes, "bench");
  const instance = randomUUID();
  const head = await store.takeHead("a", instance);
  const batcher = new Batcher({
    store,
    publisher: new MemoryPublisher(),
    clock: systemClock(0),
    crash: noCrashNote,
    log: SILENT,
    head,
    settings: {
      twin: "a",
      instance,
      batchLimit,
      commitsPerSecond: 10_000,
      queueLimit: many + 100,
      queueBytes: 1e9,
      tells,
      lease: () => ({ epoch: 0, alwaysFenced: false }),
      onLeaseLost: (epoch) => {
        throw new Error(`epoch ${epoch} was lost`);
      },
      onReplaced: () => {
        throw new Error("replaced");
      },
    },
  });
  const enter = (id: string, decision: AnyDecision, value: unknown): Promise<InputOutcome> =>
    new Promise((settle) => batcher.enter({ ...inputOf(decision, { id, value }), settle }));
  for (const county of COUNTIES) {
    await enter(`county/${county}`, knowCounty, { county, floorFen: 0n, countyVersion: 1n });
    await enter(`funds/${county}`, receiveFunds, { county, source: "CENTRAL", amountFen: MUCH_FEN, reference: "bench" });
  }
  const [started, cpu] = [performance.now(), process.cpuUsage()];
  const outcomes = await Promise.all(
    Array.from({ length: many }, (_, index) => {
      const county = COUNTIES[index % COUNTIES.length] as string;
      const claimId = `C${index}`;
      const approvalId = `claim/${claimId}/decision/1`;
      const institutionId = `H${county}${String(index % 11).padStart(3, "0")}`;
      const rest = { fundFen: 10_000n + BigInt(index), accountFen: 0n, fund: "INPATIENT", approvedOn: "2011-11-25" } as const;
      return enter(approvalId, approve, { approvalId, claimId, homeCounty: county, treatingCounty: county, institutionId, ...rest });
    }),
  );
  const perSecond = (many * 1000) / (performance.now() - started);
  const cpuUs = cpuSince(cpu) / many;
  const failed = outcomes.find(({ kind }) => kind !== "done");
  if (failed) throw new Error(`an approval was ${JSON.stringify(failed)}`);
  await batcher.drain(5_000);
  await store.close();
  return { what: "posted: entry, balances, totals, payable, journal, in one transaction", perSecond, cpuUs };
}

/** The documents of these kinds that posting has made, put in as they are, as many at once; counted by entries. */
async function insertAll(uri: string, batchLimit: number, kinds: readonly string[]): Promise<Measured> {
  const client = new MongoClient(uri, { useBigInt64: true, writeConcern: { w: "majority", journal: true } });
  const copy = client.db(`bench_${kinds.length}`);
  try {
    const stored = new Map<string, Document[]>();
    for (const kind of kinds) {
      stored.set(kind, await client.db("nrcms_settlement").collection<Document>(kind).find().toArray());
      await copy.createCollection(kind);
    }
    const many = stored.get("entries")?.length ?? 0;
    const [started, cpu] = [performance.now(), process.cpuUsage()];
    for (let from = 0; from < many; from += batchLimit)
      for (const [kind, documents] of stored) {
        const slice = documents.slice(from, from + batchLimit);
        if (slice.length > 0) await copy.collection(kind).insertMany(slice);
      }
    const perSecond = (many * 1000) / (performance.now() - started);
    return { what: `insertMany of the same ${kinds.join(", ")}, without a transaction`, perSecond, cpuUs: cpuSince(cpu) / many };
  } finally {
    await client.close();
  }
}

function cpuSince(since: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(since);
  return user + system;
}
