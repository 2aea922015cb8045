/** The sandbox's banks, one program that plays all of the topology's: NRCMS_TOPOLOGY says where each listens, NRCMS_RUN holds the certificates, behaviour and books of each. */
import { mkdirSync, readFileSync } from "node:fs";
import type { Server } from "node:https";
import { join, resolve } from "node:path";
import pino from "pino";
import { banksIn, hostOf, readTopology, type Topology, type TopologyBank } from "../../../services/mesh/topology.ts";
import { bankName } from "../../../services/values/banks.ts";
import { wordsOf } from "../../../services/values/thrown.ts";
import { Bank } from "./bank.ts";
import { readBehaviour } from "./behaviour.ts";
import { Books } from "./books.ts";
import { type Credentials, type MessengerParts, offerToGateways, type Place } from "./callbacks.ts";
import { DIALECTS } from "./dialect.ts";
import { leave, runFrontEnd } from "./front-end.ts";
import { openDoor } from "./server.ts";
import { openSigning, type Signing } from "./signing.ts";

/** What is under way at the end has so long; then the connections are cut. */
const STOP_MS = 500;
const DAY_MS = 86_400_000;
const log = pino({ base: { service: "bank" } });

interface Config {
  readonly topology: Topology;
  readonly run: string;
  readonly banks: readonly Played[];
  readonly gateways: readonly Place[];
}

/** One bank that is played. */
interface Played {
  readonly bank: TopologyBank;
  /** Of its certificates and its folder. */
  readonly name: string;
  /** What it shows to its customers, and what it shows to the gateways. */
  readonly server: Credentials;
  readonly client: Credentials;
  readonly signing: Signing | undefined;
}

/** All faults in one error. */
function readConfig(environment: NodeJS.ProcessEnv): Config {
  const faults: string[] = [];
  const attempt = <T>(what: () => T): T | undefined => {
    try {
      return what();
    } catch (error) {
      faults.push(wordsOf(error));
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
  const play = (bank: TopologyBank): Played[] => {
    const name = bankName(bank.id);
    const [server, client] = [credentials(name), credentials(`${name}-client`)];
    const wanted = bank.signatures === "required";
    const [key, own, customer] = wanted ? [`${name}-signing.key`, `${name}-signing.pem`, "payment-signing.pem"].map(certificate) : [];
    const signing = key && own && customer ? openSigning({ key, certificate: own }, customer) : undefined;
    return server && client ? [{ bank, name, server, client, signing }] : [];
  };
  const banks = run && topology ? banksIn(topology).flatMap(play) : [];
  const gateways = topology ? attempt(() => gatewaysOf(topology)) : undefined;
  if (faults.length > 0 || !topology || !run || !gateways)
    throw new Error(`the bank cannot start:\n${[...new Set(faults)].map((fault) => `  ${fault}`).join("\n")}`);
  return { topology, run, banks, gateways };
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
  const config = readConfig(process.env);
  const closing = new AbortController();
  const open = await Promise.all(config.banks.map((played) => openBank(played, config, closing.signal)));
  for (const signal of ["SIGTERM", "SIGINT"] as const)
    process.once(signal, () => {
      log.info({ signal }, "the bank closes");
      closing.abort();
      for (const { server, bank } of open) void stop(server, bank);
    });
}

/** Opens one bank's door and books, and plays it until the signal aborts. */
async function openBank(
  { bank: place, name, server: credentials, client, signing }: Played,
  { topology, run, gateways }: Config,
  closing: AbortSignal,
): Promise<{ readonly server: Server; readonly bank: Bank }> {
  const folder = join(run, name);
  mkdirSync(folder, { recursive: true });
  const { behaviour, openingFen } = readBehaviour(join(folder, "behaviour.json"));
  const clock = () => Date.now() + topology.clock_offset_ms + behaviour.clockDays * DAY_MS;
  const opened = Promise.withResolvers<Bank>();
  // The port first: it keeps a second bank away from the books.
  const server = await openDoor({ place, credentials, signing, bank: opened.promise, log });
  const books = await Books.open(join(folder, "books.jsonl"), clock, { account: place.account_number, fen: openingFen });
  books.failed.then((error) => {
    log.fatal({ err: error }, "the books cannot be written: the bank stops, because it could not keep its word");
    process.exit(1);
  });
  const { format } = place;
  const dialect = DIALECTS[format];
  const sign = signing && ((document: Buffer) => signing.sign(document, books.now()));
  const files = resolve(run, place.folder);
  const offer =
    format === "batch-file"
      ? leaving(files, sign)
      : offerToGateways({ places: gateways, credentials: client, contentType: dialect.contentType, sign });
  const bank = new Bank({ books, behaviour, dialect, offer, log });
  opened.resolve(bank);
  log.info({ bank: place.id, host: place.host, port: place.port, files: books.files.size }, "the bank is open");
  if (format === "batch-file")
    runFrontEnd({ folder: files, bank, signing, log }, closing).catch((error: unknown) => {
      log.fatal({ err: error }, "the front-end has ended");
      process.exit(1);
    });
  return { server, bank };
}

/** Notices go where the payment centre looks for them. */
function leaving(folder: string, sign: ((document: Buffer) => string) | undefined): MessengerParts["offer"] {
  return async (messageId, document) => {
    try {
      await leave(folder, `${messageId}.txt`, document, sign?.(Buffer.from(document, "utf8")));
      return undefined;
    } catch (error) {
      return wordsOf(error);
    }
  };
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
  log.fatal(wordsOf(error));
  process.exit(1);
});
