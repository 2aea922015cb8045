/** The topology file: what runs where, in which mode. Every missing or bad value is reported, with its place, in one error. */
import { readFileSync } from "node:fs";
import { parse, parseDocument } from "yaml";
import { z } from "zod";
import { type CountyBanks, MAIN_BANK } from "../values/banks.ts";
import { isDay } from "../values/days.ts";
import { isCountyCode } from "../values/region.ts";
import { wordsOf } from "../values/thrown.ts";

/** When the preferred twin takes the lead back. */
export const FAILBACK = /^(never|automatic|([01]\d|2[0-3]):[0-5]\d)$/;
const DEFAULT_NATS_PORT = 4222;
const port = z.number().int().min(1).max(65535);
const place = z.object({
  server: z.string(),
  port,
  grpc: port.optional(),
  bank: port.optional(),
  /** The address on which the doors for others listen; the server's own where it is not said, 0.0.0.0 where a virtual address moves between the servers. */
  listen: z.ipv4().optional(),
});
const NATS_URL = "nats:// or tls:// addresses of the servers of one cluster, separated by commas";
const natsUrl = z.string().refine((text) => natsUrls(text) !== undefined, NATS_URL);
const MONGODB_URI = "a mongodb:// or mongodb+srv:// address of a replica set (…/?replicaSet=name)";
const mongodbUri = z.string().refine((text) => /^mongodb(\+srv:\/\/.|:\/\/.*[?&]replicaSet=.)/.test(text), MONGODB_URI);

const day = z.string().refine(isDay, "must be a day YYYY-MM-DD");
/** On which days and until when a bank executes (`services/payment/domain/calendar.ts`). */
export const bankCalendar = z.object({
  cutOff: z.string().regex(/^(([01]\d|2[0-3]):[0-5]\d|24:00)$/, "must be HH:MM"),
  weekends: z.boolean(),
  holidays: z.array(day),
  workdays: z.array(day),
});

/** One account of the payment centre, and how its bank is reached. */
const bank = z.object({
  host: z.string(),
  port,
  bank_code: z.string().regex(/^\d{12}$/, "must be a 12-digit CNAPS code"),
  account_number: z.string().regex(/^[0-9A-Za-z]{1,34}$/, "must be 1 to 34 letters or digits"),
  account_name: z.string().min(1).max(140),
  /** What the bank speaks, whether both sides sign, and (of a batch-file) its folder; in the run directory where it is no absolute path. */
  format: z.enum(["iso20022", "json", "batch-file"]).default("iso20022"),
  signatures: z.enum(["required", "none"]).default("required"),
  folder: z.string().min(1).default("bank-files"),
});

/** Banks beside the main one: each has a sender, a mailbox and a fetcher of its own. */
const MAX_OTHER_BANKS = 8;
const otherBank = bank.extend({
  /** Stands in documents, keys and names of certificates; never changes. */
  id: z.string().regex(/^[a-z][a-z0-9]{0,11}$/, "must be 1 to 12 lower-case letters or digits, a letter first"),
  folder: z.string().min(1).optional(),
  /** The counties whose money is kept there; all others' is at the main bank. */
  counties: z.array(z.string()).min(1, "must name a county: nothing would ever be paid through it"),
  /** Its own; the payment centre's (services.payment.settings.calendar) where it is not said. */
  calendar: bankCalendar.optional(),
});

const schema = z
  .object({
    province: z.string().regex(/^\d{6}$/),
    servers: z.record(z.string(), z.object({ host: z.string() })),
    engines: z.object({
      nats: z.array(z.object({ name: z.string(), server: z.string(), port, cluster: port, monitor: port })).default([]),
      mongo: z.array(z.object({ name: z.string(), server: z.string(), port })).default([]),
      /** Engines that somebody else keeps: a cluster's address instead of the servers that we start. It may hold a password. */
      elsewhere: z.object({ nats: natsUrl.optional(), mongo: mongodbUri.optional() }).default({}),
    }),
    services: z.record(
      z.string(),
      z.object({
        mode: z.enum(["dual-active", "hot-standby"]),
        /** Whether the twin that sees its peer gone takes over at once, or raises an alarm and waits for an operator's word. */
        takeover: z.enum(["automatic", "confirm"]).default("automatic"),
        /** When the preferred twin takes the lead back: never, after 60 s of health, or at a time of the day in Asia/Shanghai. */
        failback: z.string().regex(FAILBACK, "never, automatic, or a time HH:MM").default("never"),
        /** The twin that leads where both could; it is spread over both servers, so that both earn their keep. */
        preferred: z.enum(["a", "b"]).default("a"),
        a: place,
        b: place,
        /** While busy a twin commits at most this often: it is the number of commits, not of inputs, that burns the CPU. */
        commits_per_second: z.number().min(1).max(200).default(25),
        /** The service's own; its config.ts checks them. */
        settings: z.record(z.string(), z.unknown()).default({}),
      }),
    ),
    /** The main bank: it keeps every county that no other names. */
    bank,
    other_banks: z.array(otherBank).max(MAX_OTHER_BANKS).default([]),
    /** Added to every process's clock, so that a sandbox can live on its sample day. Never set in production. */
    clock_offset_ms: z.number().int().default(0),
  })
  .superRefine((topology, context) => {
    for (const kind of ["nats", "mongo"] as const) {
      const { [kind]: kept, elsewhere } = topology.engines;
      if (kept.length > 0 === (elsewhere[kind] !== undefined))
        context.addIssue({
          code: "custom",
          path: ["engines", kind],
          message: "either the servers to start or the address of others (elsewhere)",
        });
    }
    for (const kind of ["nats", "mongo"] as const) {
      const members = topology.engines[kind];
      const perServer = Map.groupBy(members, ({ server }) => server);
      for (const [server, own] of perServer)
        if (2 * own.length >= members.length)
          context.addIssue({
            code: "custom",
            path: ["engines", kind],
            message: `${own.length} of ${members.length} are on ${server}: without it there is no majority; a third machine, the witness, must have one`,
          });
    }
    for (const [name, service] of Object.entries(topology.services)) {
      if (service.a.server === service.b.server)
        context.addIssue({
          code: "custom",
          path: ["services", name],
          message: `both twins are on ${service.a.server}: a pair needs two servers`,
        });
    }
    const servers = [
      ...topology.engines.nats.map((engine, index) => ({ at: ["engines", "nats", index], server: engine.server })),
      ...topology.engines.mongo.map((engine, index) => ({ at: ["engines", "mongo", index], server: engine.server })),
      ...Object.entries(topology.services).flatMap(([name, service]) => [
        { at: ["services", name, "a"], server: service.a.server },
        { at: ["services", name, "b"], server: service.b.server },
      ]),
    ];
    for (const { at, server } of servers)
      if (!topology.servers[server]) context.addIssue({ code: "custom", path: at, message: `unknown server ${server}` });
    for (const { at, message } of bankFaults(topology)) context.addIssue({ code: "custom", path: at, message });
    const seen = new Map<string, string>();
    for (const { owner, at } of portsOf(topology as Topology)) {
      const first = seen.get(at);
      if (first) context.addIssue({ code: "custom", path: [owner], message: `port ${at} is ${first}'s already` });
      else seen.set(at, owner);
    }
  });

export type Topology = z.infer<typeof schema>;
export type TwinPlace = z.infer<typeof place>;
export type Mode = "dual-active" | "hot-standby";
export type TwinName = "a" | "b";
export function otherTwin(twin: TwinName): TwinName {
  return twin === "a" ? "b" : "a";
}

export type Takeover = "automatic" | "confirm";

/** How a pair works: as the topology says, until operators order otherwise. */
export interface PairSettings {
  readonly mode: Mode;
  readonly takeover: Takeover;
  /** never, automatic, or HH:MM in Asia/Shanghai. */
  readonly failback: string;
  readonly preferred: TwinName;
}

type BankPlace = z.infer<typeof bank>;
export interface TopologyBank extends BankPlace {
  readonly id: string;
  readonly counties: readonly string[];
  readonly calendar?: z.infer<typeof bankCalendar> | undefined;
}

/** Every bank, the main one first. It names no counties: it keeps those that the others do not. */
export function banksIn({ bank, other_banks }: Pick<Topology, "bank" | "other_banks">): readonly TopologyBank[] {
  return [
    { ...bank, id: MAIN_BANK, counties: [] },
    ...other_banks.map((other) => ({ ...other, folder: other.folder ?? `bank-files-${other.id}` })),
  ];
}

/** Which county is kept at another bank than the main one. */
export function countyBanksIn(topology: Pick<Topology, "bank" | "other_banks">): CountyBanks {
  return Object.fromEntries(topology.other_banks.flatMap(({ id, counties }) => counties.map((county) => [county, id])));
}

interface BankFault {
  readonly at: (string | number)[];
  readonly message: string;
}

function bankFaults(topology: Pick<Topology, "bank" | "other_banks" | "province">): BankFault[] {
  const faults: BankFault[] = [];
  const owners = new Map<string, string>();
  for (const [index, { id, counties, bank_code, account_number, format, host, port, folder }] of banksIn(topology).entries()) {
    const at = index === 0 ? ["bank"] : ["other_banks", index - 1];
    const once = (what: string, field: (string | number)[], said: string) => {
      const owner = owners.get(what);
      if (owner !== undefined) faults.push({ at: [...at, ...field], message: `${said} is ${owner}'s already` });
      else owners.set(what, id);
    };
    once(`id ${id}`, ["id"], id);
    once(`account ${bank_code} ${account_number}`, ["account_number"], `account ${account_number} at ${bank_code}`);
    if (format === "batch-file") once(`folder ${folder}`, ["folder"], `folder ${folder}`);
    else once(`place ${host}:${port}`, ["port"], `${host}:${port}`);
    for (const [place, county] of counties.entries()) {
      once(`county ${county}`, ["counties", place], county);
      if (!isCountyCode(county)) faults.push({ at: [...at, "counties", place], message: `${county} is no county of ${topology.province}` });
    }
  }
  return faults;
}

/** Every port of the topology with its owner, as `host:port`. */
export function portsOf(topology: Topology): { owner: string; at: string; port: number }[] {
  const host = (server: string) => topology.servers[server]?.host ?? server;
  const rows: { owner: string; at: string; port: number }[] = [];
  const add = (owner: string, server: string, number: number | undefined) => {
    if (number !== undefined) rows.push({ owner, at: `${host(server)}:${number}`, port: number });
  };
  for (const nats of topology.engines.nats)
    for (const key of ["port", "cluster", "monitor"] as const) add(`${nats.name}.${key}`, nats.server, nats[key]);
  for (const mongo of topology.engines.mongo) add(mongo.name, mongo.server, mongo.port);
  for (const [name, service] of Object.entries(topology.services))
    for (const twin of ["a", "b"] as const)
      for (const key of ["port", "grpc", "bank"] as const) add(`${name}.${twin}.${key}`, service[twin].server, service[twin][key]);
  return rows;
}

/** Reads and checks a topology. Throws one error that lists every fault with its place. */
export function readTopology(file: string): Topology {
  return checkTopology(parse(readFileSync(file, "utf8")), file);
}

export function checkTopology(content: unknown, file: string): Topology {
  const checked = topologyOf(content);
  if ("topology" in checked) return checked.topology;
  throw new Error(`${file} is no valid topology:\n${checked.faults.map((fault) => `  ${fault}`).join("\n")}`);
}

/** A topology in YAML, or every fault of it with its place. Never throws. */
export function parseTopology(text: string): { topology: Topology } | { faults: readonly string[] } {
  const document = parseDocument(text);
  if (document.errors.length > 0) return { faults: document.errors.map(({ message }) => message.split("\n")[0] ?? message) };
  try {
    return topologyOf(document.toJS());
  } catch (error) {
    return { faults: [wordsOf(error)] }; // Aliases without end.
  }
}

function topologyOf(content: unknown): { topology: Topology } | { faults: readonly string[] } {
  const result = schema.safeParse(content);
  if (result.success) return { topology: result.data };
  return { faults: result.error.issues.map((issue) => `${issue.path.join(".") || "(top)"}: ${issue.message}`) };
}

export function hostOf(topology: Topology, server: string): string {
  const found = topology.servers[server];
  if (!found) throw new Error(`unknown server ${server}`);
  return found.host;
}

/** How NATS is reached: host:port of each server, and what they want to see. */
export interface NatsAccess {
  readonly servers: readonly string[];
  readonly user?: string;
  readonly pass?: string;
  readonly token?: string;
  readonly tls?: Record<string, never>;
}

/** Undefined where the text is no list of addresses with one scheme and one identity. */
function natsUrls(text: string): NatsAccess | undefined {
  const urls = text.split(",").map((part) => (URL.canParse(part.trim()) ? new URL(part.trim()) : undefined));
  const [first] = urls;
  if (!first || !["nats:", "tls:"].includes(first.protocol)) return undefined;
  const servers: string[] = [];
  for (const url of urls) {
    const same = url && url.protocol === first.protocol && url.username === first.username && url.password === first.password;
    if (!same || url.hostname === "") return undefined;
    servers.push(`${url.hostname}:${url.port || DEFAULT_NATS_PORT}`);
  }
  const [name, secret] = [decodeURIComponent(first.username), decodeURIComponent(first.password)];
  const identity = secret !== "" ? { user: name, pass: secret } : name !== "" ? { token: name } : {};
  return { servers, ...identity, ...(first.protocol === "tls:" ? { tls: {} } : {}) };
}

/** The nats-servers in the topology's order; those of `server` come first, so that a twin takes the one beside it. */
export function natsAccess(topology: Topology, server?: string): NatsAccess {
  const { nats, elsewhere } = topology.engines;
  const there = elsewhere.nats === undefined ? undefined : natsUrls(elsewhere.nats);
  if (there) return there;
  const own = Math.max(
    0,
    nats.findIndex((one) => one.server === server),
  );
  const turned = [...nats.slice(own), ...nats.slice(0, own)];
  return { servers: turned.map((one) => `${hostOf(topology, one.server)}:${one.port}`) };
}

/** host:port of each nats-server. */
export function natsServers(topology: Topology): string[] {
  return [...natsAccess(topology).servers];
}

/** The copies that a stream has: one on each nats-server, at most three. */
export function streamReplicas(topology: Topology): number {
  return Math.min(3, natsAccess(topology).servers.length);
}

/** The MongoDB connection string of the replica set. */
export function mongoUri(topology: Topology): string {
  const { mongo, elsewhere } = topology.engines;
  const members = mongo.map(({ server, port }) => `${hostOf(topology, server)}:${port}`);
  return elsewhere.mongo ?? `mongodb://${members.join(",")}/?replicaSet=nrcms`;
}
