/** The topology file: what runs where, in which mode. Every missing or bad value is reported, with its place, in one error. */
import { readFileSync } from "node:fs";
import { parse, parseDocument } from "yaml";
import { z } from "zod";

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
    bank: z.object({
      host: z.string(),
      port,
      bank_code: z.string(),
      account_number: z.string(),
      account_name: z.string(),
      /** What the bank speaks, whether both sides sign, and (of a batch-file) its folder; in the run directory where it is no absolute path. */
      format: z.enum(["iso20022", "json", "batch-file"]).default("iso20022"),
      signatures: z.enum(["required", "none"]).default("required"),
      folder: z.string().min(1).default("bank-files"),
    }),
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
    return { faults: [error instanceof Error ? error.message : String(error)] }; // Aliases without end.
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
