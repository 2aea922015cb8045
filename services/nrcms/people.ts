/** The people and programs who come to the gateway, each with a certificate of their own: opened when first needed, closed together. */
import { join } from "node:path";
import { hostOf, type Topology } from "../mesh/topology.ts";
import { type GatewayClient, gatewayAddresses, openGateway, type Patience } from "./gateway-client.ts";

export interface People {
  /** The client with the certificate of that name, e.g. `hospital-H640521001`, `reviewer-640521`, `checker`. */
  as(name: string): GatewayClient;
  close(): void;
}

/**
 * Where all servers are one machine, a gateway that is gone is known at once, because the kernel closes its connections: silence only says that the machine is busy,
 * and whoever then connects anew makes it busier still.
 */
const ONE_MACHINE_SILENCE_MS = 10_000;

/** Each is opened with its certificate of the run directory, over both gateways. Throws, when it is asked for, where there is no such certificate. */
export function people(topology: Topology, run: string, patience: Patience = {}): People {
  const open = new Map<string, GatewayClient>();
  const oneMachine = new Set(Object.keys(topology.servers).map((name) => hostOf(topology, name))).size === 1;
  const options = oneMachine ? { ...patience, silenceMs: ONE_MACHINE_SILENCE_MS } : patience;
  return {
    as(name) {
      let client = open.get(name);
      if (!client) {
        client = openGateway(gatewayAddresses(topology), join(run, "certs"), name, options);
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
