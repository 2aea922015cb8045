/** A kill in mid-transaction that is one: the process is stopped at a moment at which MongoDB holds a transaction of its open, and dies there. */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import type { MongoClient } from "mongodb";
import { pause } from "../../services/mesh/clock.ts";
import type { LocalMesh } from "./mesh.ts";
import type { RegionMesh } from "./region-mesh.ts";

/** Tries until one finds a transaction open; under load a busy twin has one for a tenth of the time and more. */
const TRIES = 400;
const BETWEEN_MS = 7;

/** Kills the twin while it has a transaction open, and lets the supervisor start it at once. Throws where none was ever open: then there is no load. */
export async function killInTransaction(mesh: RegionMesh & LocalMesh, name: string): Promise<{ tries: number }> {
  const { supervisor, mongo } = mesh;
  const pid = supervisor.pid(name);
  if (pid === undefined) throw new Error(`${name} does not run`);
  for (let tries = 1; tries <= TRIES; tries += 1) {
    supervisor.pause(name);
    if (await hasOpenTransaction(mongo, portsOf(pid))) {
      // Held and released, so that many deaths in a minute do not slow its start down: what is tried here is the store, not the supervisor.
      supervisor.hold(name);
      await supervisor.kill(name);
      supervisor.release(name);
      return { tries };
    }
    supervisor.resume(name);
    await pause(BETWEEN_MS);
  }
  throw new Error(`${name} had no transaction open in ${TRIES} looks`);
}

/** Transactions of a stopped process stand open between two of their statements. */
async function hasOpenTransaction(mongo: MongoClient, ports: ReadonlySet<number>): Promise<boolean> {
  const operations = mongo
    .db("admin")
    .aggregate([{ $currentOp: { allUsers: true, idleSessions: true } }, { $match: { transaction: { $exists: true } } }], {
      readConcern: { level: "local" },
    });
  for await (const { client } of operations) if (ports.has(Number(String(client).split(":").at(-1)))) return true;
  return false;
}

/** The local ports of a process's TCP connections, from /proc. */
function portsOf(pid: number): ReadonlySet<number> {
  const sockets = new Set<string>();
  for (const entry of readdirSync(`/proc/${pid}/fd`)) {
    try {
      const inode = /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${entry}`))?.[1];
      if (inode) sockets.add(inode);
    } catch (error) {
      // Closed between the listing and the look.
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    }
  }
  const ports = new Set<number>();
  for (const row of readFileSync("/proc/net/tcp", "utf8").split("\n").slice(1)) {
    const columns = row.trim().split(/\s+/);
    const [, local = "", , , , , , , , inode = ""] = columns;
    if (sockets.has(inode)) ports.add(Number.parseInt(local.split(":")[1] ?? "", 16));
  }
  return ports;
}
