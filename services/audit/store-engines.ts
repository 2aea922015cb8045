/** What each MongoDB member says of itself. */
import { setTimeout as pause } from "node:timers/promises";
import { MongoClient } from "mongodb";

const LIMIT_MS = 1_500;
/** The driver's words for members that answer. */
const SEEN: Readonly<Record<string, string>> = {
  RSPrimary: "PRIMARY",
  RSSecondary: "SECONDARY",
  RSOther: "RECOVERING",
  RSArbiter: "ARBITER",
};

/** PRIMARY, SECONDARY … for each host:port, in order; empty where it does not answer. */
export function memberStates(hosts: readonly string[]): Promise<string[]> {
  return Promise.all(hosts.map(stateOf));
}

/**
 * The members of a replica set that somebody else keeps, as its driver sees them: the address of each with its state, empty where it does not answer.
 * Nothing at all where none answers.
 */
export async function membersOf(uri: string): Promise<Map<string, string>> {
  const client = new MongoClient(uri, { serverSelectionTimeoutMS: LIMIT_MS, connectTimeoutMS: LIMIT_MS, readPreference: "nearest" });
  const states = new Map<string, string>();
  client.on("topologyDescriptionChanged", ({ newDescription: { servers } }) => {
    if (servers.size === 0) return; // It is being closed.
    states.clear();
    for (const [address, { type }] of servers) states.set(address, SEEN[type] ?? "");
  });
  try {
    await client.connect();
    // The others answer as soon as the first: what does not by then is dead.
    await pause(LIMIT_MS / 3);
  } catch {
    // Nobody answers, which is the answer: each is known and empty.
  }
  const seen = new Map(states);
  await client.close();
  return seen;
}

async function stateOf(host: string): Promise<string> {
  const client = new MongoClient(`mongodb://${host}/?directConnection=true`, {
    serverSelectionTimeoutMS: LIMIT_MS,
    connectTimeoutMS: LIMIT_MS,
    socketTimeoutMS: LIMIT_MS,
  });
  try {
    const hello = await client.db("admin").command({ hello: 1 });
    return hello.isWritablePrimary ? "PRIMARY" : hello.secondary ? "SECONDARY" : "RECOVERING";
  } catch {
    return ""; // It does not answer, which is the answer.
  } finally {
    await client.close();
  }
}
