/** The raw limits of the same engines in the same run: transactions of a hundred decisions, R3 publish and consume. What the pipeline's figures stand beside. */
import { AckPolicy, type JsMsg, jetstream, jetstreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import { MongoClient } from "mongodb";
import { openBus } from "../../services/mesh/bus.ts";
import { logger } from "../../services/mesh/log.ts";
import { publishAll } from "../../services/mesh/stream.ts";
import { mongoUri, natsAccess, natsServers, type Topology } from "../../services/mesh/topology.ts";

export interface Limit {
  readonly what: string;
  readonly perSecond: number;
}

const DECISIONS = 100;
const TRANSACTIONS = 60;
const MESSAGES = 10_000;
const BATCH = 200;

/** Majority transactions, each with a hundred decisions of three documents (a claim, a year, a journal entry), one after the other. */
async function transactions(topology: Topology): Promise<Limit> {
  const client = await new MongoClient(mongoUri(topology)).connect();
  try {
    const db = client.db("bench_limits");
    const names = ["claims", "years", "journal"];
    for (const name of names) await db.createCollection(name);
    const body = "x".repeat(400);
    let serial = 0;
    const startedMs = performance.now();
    for (let round = 0; round < TRANSACTIONS; round += 1) {
      const ids = Array.from({ length: DECISIONS }, () => {
        serial += 1;
        return serial;
      });
      await client.withSession((session) =>
        session.withTransaction(
          async () => {
            for (const name of names)
              await db.collection<{ _id: number; body: string }>(name).insertMany(
                ids.map((_id) => ({ _id, body })),
                { session },
              );
          },
          { writeConcern: { w: "majority", journal: true } },
        ),
      );
    }
    const seconds = (performance.now() - startedMs) / 1000;
    await db.dropDatabase();
    return {
      what: `transactions of ${DECISIONS} decisions × 3 documents, one after the other: decisions/s`,
      perSecond: (TRANSACTIONS * DECISIONS) / seconds,
    };
  } finally {
    await client.close();
  }
}

/** R3, file storage, sync always: the mesh's own publisher, then one consumer that acknowledges each message in bursts. */
async function streams(topology: Topology): Promise<Limit[]> {
  const servers = natsServers(topology);
  const log = logger("bench");
  log.level = "warn";
  const bus = await openBus(natsAccess(topology), "bench", log);
  const connection = await connect({ servers, noAsyncTraces: true });
  try {
    const manager = await jetstreamManager(connection);
    await manager.streams.add({
      name: "BENCH",
      subjects: ["bench.>"],
      num_replicas: Math.min(3, servers.length),
      storage: "file",
      allow_atomic: true,
    });
    const data = new Uint8Array(200);
    const startedMs = performance.now();
    for (let from = 0; from < MESSAGES; from += BATCH) {
      const messages = Array.from({ length: BATCH }, (_, index) => ({
        subject: "bench.x",
        data,
        headers: { "Nats-Msg-Id": `b${from + index}` },
      }));
      const done = await publishAll(bus, messages, log);
      if (done !== BATCH) throw new Error(`only ${done} of ${BATCH} messages were stored`);
    }
    const publishSeconds = (performance.now() - startedMs) / 1000;
    await manager.consumers.add("BENCH", { durable_name: "bench", ack_policy: AckPolicy.Explicit, max_ack_pending: 4_000 });
    const consumer = await jetstream(connection).consumers.get("BENCH", "bench");
    const consumeMs = performance.now();
    for (let taken = 0; taken < MESSAGES; ) {
      const messages = await consumer.fetch({ max_messages: 256, expires: 2_000 });
      // One burst per fetch, as the mesh acknowledges: acknowledged one by one as they come, each costs the servers seven times as much.
      const held: JsMsg[] = [];
      for await (const message of messages) held.push(message);
      for (const message of held) message.ack();
      taken += held.length;
    }
    const consumeSeconds = (performance.now() - consumeMs) / 1000;
    await manager.streams.delete("BENCH");
    return [
      { what: `R3 publish in atomic batches of ${BATCH} with Nats-Msg-Id: messages/s`, perSecond: MESSAGES / publishSeconds },
      { what: "R3 consume, fetch 256, explicit acknowledgements in bursts: messages/s", perSecond: MESSAGES / consumeSeconds },
    ];
  } finally {
    await connection.close();
    await bus.close();
  }
}

/** Measures on the engines of a running mesh that has nothing else to do. */
export async function measureLimits(topology: Topology): Promise<Limit[]> {
  return [await transactions(topology), ...(await streams(topology))];
}
