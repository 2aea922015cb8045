/** What each MongoDB member says of itself. */
import { MongoClient } from "mongodb";

const LIMIT_MS = 1_500;

/** PRIMARY, SECONDARY … for each host:port, in order; empty where it does not answer. */
export function memberStates(hosts: readonly string[]): Promise<string[]> {
  return Promise.all(hosts.map(stateOf));
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
