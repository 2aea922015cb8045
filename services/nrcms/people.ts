/** The people and programs who come to the gateway, each with a certificate of their own: opened when first needed, closed together. */
import { join } from "node:path";
import type { Topology } from "../mesh/topology.ts";
import { type GatewayClient, gatewayAddresses, openGateway } from "./gateway-client.ts";

export interface People {
  /** The client with the certificate of that name, e.g. `hospital-H640521001`, `reviewer-640521`, `checker`. */
  as(name: string): GatewayClient;
  close(): void;
}

/** Half of the callers look first at one gateway, half at the other. */
export function people(topology: Topology, run: string): People {
  const open = new Map<string, GatewayClient>();
  return {
    as(name) {
      let client = open.get(name);
      if (!client) {
        client = openGateway(gatewayAddresses(topology), join(run, "certs"), name);
        open.set(name, client);
      }
      return client;
    },
    close() {
      for (const client of open.values()) client.close();
      open.clear();
    },
  };
}

/** Runs `work` over all items, `width` at a time; stops at the first error. */
export async function each<T>(items: Iterable<T>, width: number, work: (item: T, index: number) => Promise<void>): Promise<void> {
  const iterator = items[Symbol.iterator]();
  let index = 0;
  const lane = async () => {
    for (let next = iterator.next(); !next.done; next = iterator.next()) {
      const mine = index;
      index += 1;
      await work(next.value, mine);
    }
  };
  await Promise.all(Array.from({ length: width }, lane));
}
