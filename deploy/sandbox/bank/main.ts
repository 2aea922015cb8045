/** The sandbox's bank, a program of its own: NRCMS_TOPOLOGY says where it listens, NRCMS_RUN holds its certificates, behaviour and books. */
import { mkdirSync, readFileSync } from "node:fs";
import type { Server } from "node:https";
import { join } from "node:path";
import pino from "pino";
import { hostOf, readTopology, type Topology } from "../../../services/mesh/topology.ts";
import { Bank } from "./bank.ts";
import { readBehaviour } from "./behaviour.ts";
import { Books } from "./books.ts";
import type { Credentials, Place } from "./callbacks.ts";
import { openDoor } from "./server.ts";

/** What is under way at the end has so long; then the connections are cut. */
const STOP_MS = 500;
const log = pino({ base: { service: "bank" } });

interface Config {
  readonly topology: Topology;
  readonly run: string;
  /** What the bank shows to its customers, and what it shows to the gateways. */
  readonly server: Credentials;
  readonly client: Credentials;
  readonly gateways: readonly Place[];
}

/** All faults in one error. */
function readConfig(environment: NodeJS.ProcessEnv): Config {
  const faults: string[] = [];
  const attempt = <T>(what: () => T): T | undefined => {
    try {
      return what();
    } catch (error) {
      faults.push(error instanceof Error ? error.message : String(error));
      return undefined;
    }
  };
  const { NRCMS_TOPOLOGY: file, NRCMS_RUN: run } = environment;
  if (!file) faults.push("NRCMS_TOPOLOGY is not set");
  if (!run) faults.push("NRCMS_RUN is not set");
  const topology = file ? attempt(() => readTopology(file)) : undefined;
  const certificate = (name: string) => attempt(() => readFileSync(join(run ?? "", "certs", name)));
  const credentials = (name: string): Credentials | undefined => {
    const [ca, cert, key] = [certificate("authority.pem"), certificate(`${name}.pem`), certificate(`${name}.key`)];
    return ca && cert && key ? { ca, cert, key } : undefined;
  };
  const server = run ? credentials("bank") : undefined;
  const client = run ? credentials("bank-client") : undefined;
  const gateways = topology ? attempt(() => gatewaysOf(topology)) : undefined;
  if (faults.length > 0 || !topology || !run || !server || !client || !gateways)
    throw new Error(`the bank cannot start:\n${[...new Set(faults)].map((fault) => `  ${fault}`).join("\n")}`);
  return { topology, run, server, client, gateways };
}

function gatewaysOf(topology: Topology): Place[] {
  const pair = topology.services.gateway;
  if (!pair) throw new Error("the topology has no gateway");
  return [pair.a, pair.b].map(({ server, bank }) => {
    if (bank === undefined) throw new Error("a gateway has no bank port in the topology");
    return { host: hostOf(topology, server), port: bank };
  });
}

async function main(): Promise<void> {
  const { topology, run, server: certificate, client, gateways } = readConfig(process.env);
  const folder = join(run, "bank");
  mkdirSync(folder, { recursive: true });
  const { behaviour, openingFen } = readBehaviour(join(folder, "behaviour.json"));
  const clock = () => Date.now() + topology.clock_offset_ms;
  const opened = Promise.withResolvers<Bank>();
  // The port first: it keeps a second bank away from the books.
  const server = await openDoor(topology.bank, certificate, opened.promise, log);
  const books = await Books.open(join(folder, "books.jsonl"), clock, { account: topology.bank.account_number, fen: openingFen });
  books.failed.then((error) => {
    log.fatal({ err: error }, "the books cannot be written: the bank stops, because it could not keep its word");
    process.exit(1);
  });
  const bank = new Bank({ books, behaviour, messenger: { places: gateways, credentials: client }, log });
  opened.resolve(bank);
  log.info({ host: topology.bank.host, port: topology.bank.port, files: books.files.size }, "the bank is open");
  for (const signal of ["SIGTERM", "SIGINT"] as const)
    process.once(signal, () => {
      log.info({ signal }, "the bank closes");
      void stop(server, bank);
    });
}

async function stop(server: Server, bank: Bank): Promise<void> {
  bank.stop();
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  setTimeout(() => server.closeAllConnections(), STOP_MS).unref();
  await closed;
  await bank.books.close();
}

main().catch((error: unknown) => {
  log.fatal(error instanceof Error ? error.message : String(error));
  process.exit(1);
});
