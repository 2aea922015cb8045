/**
 * Engines that somebody else keeps, named by NATS_URL and MONGODB_URI: taken into the topology, and looked at before anything is started on them.
 * They are used and never configured, stopped or emptied.
 */
import { setTimeout as pause } from "node:timers/promises";
import { jetstreamManager } from "@nats-io/jetstream";
import { AuthorizationError } from "@nats-io/nats-core";
import { connect } from "@nats-io/transport-node";
import { MongoClient, MongoServerError } from "mongodb";
import { checkTopology, natsAccess, streamReplicas, type Topology } from "../../services/mesh/topology.ts";
import { wordsOf } from "../../services/values/thrown.ts";
import { isOlder, type Say } from "./binaries.ts";
import lock from "./engines.lock.json" with { type: "json" };
import { MAX_PAYLOAD_MB } from "./nats.ts";

const POLL_MS = 500;
const CALL_LIMIT_MS = 3_000;
/** Databases and streams of ours that only a look at the engines makes. */
const PROBE = "nrcms_probe";
/** A killed twin's open transaction locks its documents for so long. */
const TRANSACTION_LIFETIME_S = 1;
const AUTHENTICATION_FAILED = 18;

/** The topology with the engines that the environment names. Throws where an address is none. */
export function withElsewhere(topology: Topology, environment: NodeJS.ProcessEnv): Topology {
  const { NATS_URL: nats, MONGODB_URI: mongo } = environment;
  if (!nats && !mongo) return topology;
  const { engines } = topology;
  const elsewhere = { ...engines.elsewhere, ...(nats ? { nats } : {}), ...(mongo ? { mongo } : {}) };
  return checkTopology(
    { ...topology, engines: { nats: nats ? [] : engines.nats, mongo: mongo ? [] : engines.mongo, elsewhere } },
    "the topology with NATS_URL and MONGODB_URI",
  );
}

/** Something that waiting does not mend. */
class Unfit extends Error {}

async function insist(look: () => Promise<void>, signal: AbortSignal): Promise<void> {
  let last: unknown;
  while (!signal.aborted) {
    try {
      return await look();
    } catch (error) {
      if (error instanceof Unfit) throw error;
      last = error;
    }
    await pause(POLL_MS);
  }
  throw last;
}

/** Waits until NATS answers and makes a replicated stream. Throws what is missing, at once where waiting does not mend it. */
export async function natsElsewhere(topology: Topology, signal: AbortSignal, say: Say): Promise<void> {
  const access = natsAccess(topology);
  const where = `NATS at ${access.servers.join(", ")}`;
  const replicas = streamReplicas(topology);
  if (replicas < 3) say(`${where}: streams get ${replicas} of 3 copies, one for each server that NATS_URL names`);
  const look = async (): Promise<void> => {
    const connection = await connect({ ...access, servers: [...access.servers], timeout: CALL_LIMIT_MS, reconnect: false });
    try {
      const { version = "0", max_payload: payload = 0, jetstream = false } = connection.info ?? {};
      const { lowest } = lock["nats-server"];
      if (isOlder(version, lowest)) throw new Unfit(`it is ${version}, older than ${lowest}`);
      if (!jetstream) throw new Unfit("it has no JetStream: start it with a jetstream block");
      if (payload < MAX_PAYLOAD_MB * 1_000_000) throw new Unfit(`max_payload is ${payload} bytes, ${MAX_PAYLOAD_MB}MB are needed`);
      const { streams } = await jetstreamManager(connection, { timeout: CALL_LIMIT_MS });
      await streams.add({ name: PROBE, subjects: [PROBE], num_replicas: replicas });
      await streams.delete(PROBE);
    } finally {
      await connection.close();
    }
  };
  try {
    await insist(async () => {
      await look().catch((error: unknown) => {
        throw error instanceof AuthorizationError ? new Unfit(`it refuses who NATS_URL names (${error.message})`) : error;
      });
    }, signal);
  } catch (error) {
    throw new Error(`${where} cannot be used: ${wordsOf(error)}`, { cause: error });
  }
}

/** Waits until a majority write goes through in MongoDB. Throws what is missing, at once where waiting does not mend it. */
export async function mongoElsewhere(uri: string, signal: AbortSignal, say: Say): Promise<void> {
  const where = `MongoDB at ${withoutSecret(uri)}`;
  const look = async (): Promise<void> => {
    const client = new MongoClient(uri, { serverSelectionTimeoutMS: CALL_LIMIT_MS, connectTimeoutMS: CALL_LIMIT_MS });
    try {
      const admin = client.db("admin");
      const { version } = (await admin.command({ buildInfo: 1 })) as unknown as { version: string };
      const { lowest } = lock.mongod;
      if (isOlder(version, lowest)) throw new Unfit(`it is ${version}, older than ${lowest}`);
      const probes = client.db(PROBE).collection("probes");
      await probes.insertOne({ at: new Date() }, { writeConcern: { w: "majority", wtimeoutMS: CALL_LIMIT_MS } });
      await client.db(PROBE).dropDatabase();
      await tellLifetime(client, say, where);
    } catch (error) {
      const refused = error instanceof MongoServerError && error.code === AUTHENTICATION_FAILED;
      throw refused ? new Unfit(`it refuses who MONGODB_URI names (${error.message})`) : error;
    } finally {
      await client.close();
    }
  };
  try {
    await insist(look, signal);
  } catch (error) {
    throw new Error(`${where} cannot be used: ${wordsOf(error)}`, { cause: error });
  }
}

/** A setting that we can live without, at a price that somebody should know of. */
async function tellLifetime(client: MongoClient, say: Say, where: string): Promise<void> {
  const name = "transactionLifetimeLimitSeconds";
  const told = await client
    .db("admin")
    .command({ getParameter: 1, [name]: 1 })
    .then(
      (answer) => Number(answer[name]),
      () => undefined, // Not everybody may read parameters.
    );
  if (told === TRANSACTION_LIFETIME_S) return;
  say(`${where}: ${name} is ${told ?? "not to be read"}; with ${TRANSACTION_LIFETIME_S} a killed twin's documents are free after a second`);
}

/** For people's eyes: the address without the password. */
export function withoutSecret(address: string): string {
  return address.replace(/\/\/[^@/]*@/, "//…@");
}
