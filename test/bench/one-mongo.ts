/** A mongod for a bench: a replica set of one on a folder of its own. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MongoClient } from "mongodb";
import { findBinary } from "../../deploy/local/binaries.ts";

/** As much as a small server gives its mongod; what the audit's process needs does not depend on it. */
const CACHE_GB = "1";
/** On a busy machine an invariant may take longer than the default of 300 s. */
const HISTORY = "minSnapshotHistoryWindowInSeconds=7200";
const START_TRIES = 200;
const POLL_MS = 100;

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

/** Does the work with a mongod that is gone, with all that it stored, when the work ends. */
export async function withMongo<T>(name: string, work: (uri: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), name));
  const { uri, child } = await startMongo(folder);
  try {
    return await work(uri);
  } finally {
    const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
    if (child.exitCode === null) {
      child.kill("SIGKILL");
      await gone;
    }
    await rm(folder, { recursive: true, force: true });
  }
}
