/** The topology in force for a local run: the wanted one with every port that is taken shifted to a free one, kept in <run>/topology.yaml. */
import { existsSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { stringify } from "yaml";
import { hostOf, readTopology, type Topology } from "../../services/mesh/topology.ts";
import { bankName } from "../../services/values/banks.ts";
import { replaceFile } from "./durable.ts";

/** Below the range from which kernels take the ports of outgoing connections: a port there stays ours between a kill and the restart. */
const LOWEST_PORT = 10_000;
const HIGHEST_PORT = 32_000;
const SHIFT = 200;
const MAX_SHIFTS = (HIGHEST_PORT - LOWEST_PORT) / SHIFT;

function isFree(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/** Every port's owner with its place in the object that holds it. */
function slots(topology: Topology): { owner: string; host: string; holder: Record<string, unknown>; key: string }[] {
  const rows: { owner: string; host: string; holder: Record<string, unknown>; key: string }[] = [];
  const add = (owner: string, host: string, holder: Record<string, unknown>, keys: readonly string[]): void => {
    for (const key of keys) if (typeof holder[key] === "number") rows.push({ owner: `${owner}.${key}`, host, holder, key });
  };
  for (const nats of topology.engines.nats) add(nats.name, hostOf(topology, nats.server), nats, ["port", "cluster", "monitor"]);
  for (const mongo of topology.engines.mongo) add(mongo.name, hostOf(topology, mongo.server), mongo, ["port"]);
  for (const [name, service] of Object.entries(topology.services))
    for (const twin of ["a", "b"] as const)
      add(`${name}.${twin}`, hostOf(topology, service[twin].server), service[twin], ["port", "grpc", "bank"]);
  add("bank", topology.bank.host, topology.bank, ["port"]);
  for (const bank of topology.other_banks) add(bankName(bank.id), bank.host, bank, ["port"]);
  return rows;
}

/** The ports of an earlier run, by owner: engines that keep theirs need no new replica set configuration. */
function earlierPorts(file: string): Map<string, number> {
  if (!existsSync(file)) return new Map();
  return new Map(slots(readTopology(file)).map(({ owner, holder, key }) => [owner, Number(holder[key])]));
}

export interface Shifting {
  /** Added to each wanted port first; a test takes one at random, so that runs beside each other do not meet. */
  readonly offset?: number;
  readonly say?: (line: string) => void;
}

/** Writes <run>/topology.yaml and returns what is in it. Throws where no free port is left for an owner. */
export async function effectiveTopology(wanted: Topology, run: string, { offset = 0, say = () => {} }: Shifting = {}): Promise<Topology> {
  const file = join(run, "topology.yaml");
  const earlier = earlierPorts(file);
  const topology = structuredClone(wanted);
  const taken = new Set<string>();
  for (const { owner, host, holder, key } of slots(topology)) {
    const first = Number(holder[key]);
    const wantedPort = earlier.get(owner) ?? wrap(first + offset);
    let port = wantedPort;
    for (let shift = 1; taken.has(`${host}:${port}`) || !(await isFree(host, port)); shift += 1) {
      if (shift > MAX_SHIFTS) throw new Error(`no free port on ${host} for ${owner}: ${wantedPort} and ${MAX_SHIFTS} others are taken`);
      port = wrap(wantedPort + shift * SHIFT);
    }
    if (port !== wantedPort) say(`${owner}: port ${wantedPort} is taken, ${port} instead`);
    taken.add(`${host}:${port}`);
    holder[key] = port;
  }
  writeTopology(topology, run);
  return topology;
}

/** Writes <run>/topology.yaml. It may hold the passwords of engines elsewhere. */
export function writeTopology(topology: Topology, run: string): void {
  replaceFile(join(run, "topology.yaml"), stringify(topology), 0o600);
}

function wrap(port: number): number {
  if (port >= LOWEST_PORT && port < HIGHEST_PORT) return port;
  const span = HIGHEST_PORT - LOWEST_PORT;
  return LOWEST_PORT + ((((port - LOWEST_PORT) % span) + span) % span);
}
