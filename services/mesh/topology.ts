/** The topology file: what runs where, in which mode. Every missing or bad value is reported, with its place, in one error. */
import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { z } from "zod";

const port = z.number().int().min(1).max(65535);
const place = z.object({ server: z.string(), port, grpc: port.optional(), bank: port.optional() });

const schema = z
  .object({
    province: z.string().regex(/^\d{6}$/),
    servers: z.record(z.string(), z.object({ host: z.string() })),
    engines: z.object({
      nats: z.array(z.object({ name: z.string(), server: z.string(), port, cluster: port, monitor: port })).min(1),
      mongo: z.array(z.object({ name: z.string(), server: z.string(), port })).min(1),
    }),
    services: z.record(
      z.string(),
      z.object({
        mode: z.enum(["dual-active", "hot-standby"]),
        a: place,
        b: place,
        /** While busy a twin commits at most this often: it is the number of commits, not of inputs, that burns the CPU. */
        commits_per_second: z.number().min(1).max(200).default(25),
        /** The service's own; its config.ts checks them. */
        settings: z.record(z.string(), z.unknown()).default({}),
      }),
    ),
    bank: z.object({ host: z.string(), port, bank_code: z.string(), account_number: z.string(), account_name: z.string() }),
    /** Added to every process's clock, so that a sandbox can live on its sample day. Never set in production. */
    clock_offset_ms: z.number().int().default(0),
  })
  .superRefine((topology, context) => {
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
  const result = schema.safeParse(content);
  if (result.success) return result.data;
  const faults = result.error.issues.map((issue) => `  ${issue.path.join(".") || "(top)"}: ${issue.message}`);
  throw new Error(`${file} is no valid topology:\n${faults.join("\n")}`);
}

export function hostOf(topology: Topology, server: string): string {
  const found = topology.servers[server];
  if (!found) throw new Error(`unknown server ${server}`);
  return found.host;
}

/** host:port of each nats-server, in the topology's order. */
export function natsServers(topology: Topology): string[] {
  return topology.engines.nats.map((nats) => `${hostOf(topology, nats.server)}:${nats.port}`);
}

/** The MongoDB connection string of the replica set. */
export function mongoUri(topology: Topology): string {
  const members = topology.engines.mongo.map((mongo) => `${hostOf(topology, mongo.server)}:${mongo.port}`);
  return `mongodb://${members.join(",")}/?replicaSet=nrcms`;
}
