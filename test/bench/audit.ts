/** The audit over a province's year in a real mongod: documents a second, and the most memory that its process had resident. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Table from "cli-table3";
import { MongoClient } from "mongodb";
import { findBinary } from "../../deploy/local/binaries.ts";
import { auditApart } from "../../services/audit/apart.ts";
import { fillYear } from "./year-of-claims.ts";

/** As much as a small server gives its mongod; what the audit's process needs does not depend on it. */
const CACHE_GB = "1";
/** On a busy machine an invariant may take longer than the default of 300 s. */
const HISTORY = "minSnapshotHistoryWindowInSeconds=7200";
const START_TRIES = 200;
const POLL_MS = 100;
const MB = 1_048_576;

export interface AuditOptions {
  readonly claims: string;
  readonly json?: boolean;
}

/** A replica set of one on a folder of its own: snapshots want a replica set, and nothing else of it matters here. */
async function startMongo(folder: string): Promise<{ uri: string; child: ChildProcess }> {
  const { file } = await findBinary("mongod", { say: (line) => process.stderr.write(`${line}\n`) });
  const port = await freePort();
  const parameters = [
    "--replSet",
    "bench",
    "--bind_ip",
    "127.0.0.1",
    "--port",
    String(port),
    "--dbpath",
    folder,
    "--nounixsocket",
    "--quiet",
  ];
  const child = spawn(file, [...parameters, "--wiredTigerCacheSizeGB", CACHE_GB, "--oplogSize", "990", "--setParameter", HISTORY], {
    stdio: "ignore",
  });
  const uri = `mongodb://127.0.0.1:${port}/?directConnection=true`;
  for (let tried = 0; ; tried += 1) {
    // A client whose first connection failed is good for nothing any more.
    const client = new MongoClient(uri, { serverSelectionTimeoutMS: 1_000 });
    try {
      const admin = client.db("admin");
      const { setName, isWritablePrimary } = await admin.command({ hello: 1 });
      if (isWritablePrimary) return { uri, child };
      if (!setName) await admin.command({ replSetInitiate: { _id: "bench", members: [{ _id: 0, host: `127.0.0.1:${port}` }] } });
    } catch (error) {
      if (tried < START_TRIES && child.exitCode === null) continue;
      child.kill("SIGKILL");
      throw error;
    } finally {
      await client.close();
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
  const { port } = server.address() as { port: number };
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return port;
}

export async function benchAudit({ claims, json }: AuditOptions): Promise<void> {
  const say = (line: string) => process.stderr.isTTY && process.stderr.write(`\r${line}\u001b[K`);
  const folder = await mkdtemp(join(tmpdir(), "nrcms-audit-"));
  const { uri, child } = await startMongo(folder);
  const client = new MongoClient(uri, { useBigInt64: true });
  try {
    const began = performance.now();
    const filled = await fillYear(client, Number(claims), (there) => say(`${there} claims are there`));
    const fillSeconds = (performance.now() - began) / 1000;
    const [started, seconds] = [performance.now(), new Map<number, number>()];
    let before = started;
    let current = 0;
    const audited = await auditApart({
      uri,
      nowMs: filled.nowMs,
      settled: true,
      background: false,
      onProgress({ invariant, checked }) {
        const now = performance.now();
        seconds.set(invariant, (seconds.get(invariant) ?? 0) + (now - before) / 1000);
        before = now;
        if (invariant !== current || checked % 100_000 === 0) say(`invariant ${invariant}/8: ${checked}`);
        current = invariant;
      },
    });
    const tookSeconds = (performance.now() - started) / 1000;
    say("");
    const rows = audited.lines.map(({ invariant, checked, breachCount }) => ({
      invariant,
      checked,
      breaches: breachCount,
      seconds: seconds.get(invariant) ?? 0,
    }));
    const figures = {
      ...filled,
      fillSeconds,
      tookSeconds,
      documentsPerSecond: filled.documents / tookSeconds,
      peakMb: audited.peakRssBytes / MB,
      rows,
    };
    if (json) return console.log(JSON.stringify(figures));
    const table = new Table({ head: ["invariant", "looked at", "breaches", "s"], style: { head: [], border: [], compact: true } });
    for (const row of rows) table.push([row.invariant, row.checked, row.breaches, row.seconds.toFixed(1)]);
    const breaches = audited.lines.flatMap((line) => line.breaches.slice(0, 3).map((breach) => `  ${line.invariant}: ${breach}`));
    console.log(
      [
        `${filled.claims} claims, ${filled.documents} documents, filled in ${fillSeconds.toFixed(0)} s`,
        `audited in ${tookSeconds.toFixed(1)} s: ${figures.documentsPerSecond.toFixed(0)} documents/s; peak memory of the audit ${figures.peakMb.toFixed(0)} MB`,
        table.toString(),
        ...breaches,
      ].join("\n"),
    );
  } finally {
    await client.close();
    const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
    if (child.exitCode === null) {
      child.kill("SIGKILL");
      await gone;
    }
    await rm(folder, { recursive: true, force: true });
  }
}
