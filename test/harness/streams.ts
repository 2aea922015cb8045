/** What a fault does to the streams, over a NATS connection of the test's own. */
import { type JetStreamManager, jetstreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import { natsServers, type Topology } from "../../services/mesh/topology.ts";
import type { Mesh } from "./mesh.ts";

export interface Redelivery {
  readonly streams: number;
  readonly durables: number;
  readonly messages: number;
}

async function withStreams<T>(topology: Topology, work: (manager: JetStreamManager) => Promise<T>): Promise<T> {
  const connection = await connect({ servers: natsServers(topology), maxReconnectAttempts: -1, reconnectTimeWait: 100 });
  try {
    return await work(await jetstreamManager(connection));
  } finally {
    await connection.close();
  }
}

/** Deletes every durable consumer. The services make them again, and are given everything that stands in the streams once more, under the same ids. */
export async function deleteDurables(mesh: Mesh): Promise<Redelivery> {
  return await withStreams(mesh.topology, async (manager) => {
    const told = { streams: 0, durables: 0, messages: 0 };
    for await (const { config, state } of manager.streams.list()) {
      told.streams += 1;
      told.messages += state.messages;
      const durables: string[] = [];
      for await (const consumer of manager.consumers.list(config.name)) durables.push(consumer.name);
      for (const durable of durables) await manager.consumers.delete(config.name, durable);
      told.durables += durables.length;
    }
    return told;
  });
}

/** How many durables there are. */
export async function durables(mesh: Mesh): Promise<number> {
  return await withStreams(mesh.topology, async (manager) => {
    let there = 0;
    for await (const { state } of manager.streams.list()) there += state.consumer_count;
    return there;
  });
}

/** Whether no durable has anything left to hear. */
export async function allHeard(mesh: Mesh): Promise<boolean> {
  return await withStreams(mesh.topology, async (manager) => {
    for await (const { config } of manager.streams.list())
      for await (const consumer of manager.consumers.list(config.name))
        if (consumer.config.durable_name && (consumer.num_pending > 0 || consumer.num_ack_pending > 0)) return false;
    return true;
  });
}
