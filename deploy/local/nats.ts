/** The three nats-servers of a local run: their configuration, and the proof that JetStream is ready on all of them. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { jetstreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import { DETAILS_PATH, type Details, stepDownsOf, streamsIn } from "../../services/mesh/leaders.ts";
import { hostOf, natsServers, type Topology } from "../../services/mesh/topology.ts";
import { wordsOf } from "../../services/values/thrown.ts";
import { type EngineSetting, ofServer } from "./engine-setting.ts";
import type { Command } from "./kept.ts";

/** Larger than the largest message that the contracts allow, so that a refusal comes from us, with words. */
export const MAX_PAYLOAD_MB = 8;
const POLL_MS = 100;
const PROBE_LIMIT_MS = 2_000;

/**
 * `sync_interval: always`, because the default loses acknowledged messages when all three lose power at once. Routes ask each other every two seconds, because a server whose
 * cable was pulled is otherwise refused as a duplicate for as long as TCP believes in the old connection.
 * Writes the configurations into the run directory and gives the commands that start them.
 */
export function natsCommands({ topology, server, run, environment }: EngineSetting, binary: string): Command[] {
  const routes = topology.engines.nats.map((peer) => `"nats://${hostOf(topology, peer.server)}:${peer.cluster}"`);
  return ofServer(topology.engines.nats, server).map((nats) => {
    const host = hostOf(topology, nats.server);
    const folder = join(run, nats.name);
    mkdirSync(folder, { recursive: true });
    const file = join(folder, "nats.conf");
    writeFileSync(
      file,
      `server_name: ${nats.name}
listen: "${host}:${nats.port}"
http: "${host}:${nats.monitor}"
max_payload: ${MAX_PAYLOAD_MB}MB
write_deadline: "2s"
pid_file: ${JSON.stringify(join(folder, "pid"))}
jetstream { store_dir: ${JSON.stringify(join(folder, "store"))}, max_memory_store: 64MB, max_file_store: 256GB, sync_interval: always }
cluster { name: nrcms, listen: "${host}:${nats.cluster}", routes: [${routes.join(", ")}], ping_interval: "2s", ping_max: 2 }
`,
    );
    return { name: nats.name, file: binary, parameters: ["--config", file], environment, log: join(run, "logs", `${nats.name}.log`) };
  });
}

interface Meta {
  readonly leader?: string;
  readonly replicas?: readonly { readonly name: string; readonly current: boolean; readonly offline?: boolean }[];
}

async function ask<T>(address: string, path: string, signal: AbortSignal): Promise<{ ok: boolean; body: T }> {
  const answer = await fetch(`http://${address}${path}`, { signal: AbortSignal.any([signal, AbortSignal.timeout(PROBE_LIMIT_MS)]) });
  return { ok: answer.ok, body: (await answer.json()) as T };
}

/** What still keeps the cluster from being ready; empty when nothing does. Consumers' replicas may be behind where it is said so: a majority of each does without. */
async function missing(topology: Topology, signal: AbortSignal, consumersMayLag: boolean): Promise<string[]> {
  const servers = topology.engines.nats.map(({ name, server, monitor }) => ({ name, address: `${hostOf(topology, server)}:${monitor}` }));
  const views = await Promise.all(
    servers.map(({ address }) =>
      ask<{ meta_cluster?: Meta }>(address, "/jsz", signal).then(
        ({ body }) => body.meta_cluster ?? {},
        () => undefined,
      ),
    ),
  );
  const words = views.flatMap((view, index) => (view ? [] : [`${servers[index]?.name} does not answer yet`]));
  if (words.length > 0) return words;
  const leader = views.find((view, index) => view?.leader === servers[index]?.name);
  if (!leader) return ["JetStream has no meta leader"];
  // Only the leader knows how far the others are.
  const followers = leader.replicas ?? [];
  for (const { name, current, offline } of followers) if (!current || offline) words.push(`${name} has not caught up with the meta leader`);
  if (followers.length < servers.length - 1) words.push(`the meta leader has ${followers.length} followers`);
  if (words.length > 0) return words;
  const path = consumersMayLag ? "/healthz?js-server-only=true" : "/healthz";
  const healths = await Promise.all(servers.map(({ address }) => ask<{ error?: string }>(address, path, signal)));
  words.push(...healths.flatMap(({ ok, body }, index) => (ok ? [] : [`${servers[index]?.name}: ${body.error ?? "not healthy"}`])));
  if (words.length > 0) return words;
  const details = await Promise.all(servers.map(({ address }) => ask<Details>(address, DETAILS_PATH, signal)));
  const leaderless = details.flatMap(({ body }) => withoutLeader(streamsIn(body)));
  if (leaderless.length > 0) return [`no leader yet for ${[...new Set(leaderless)].join(", ")}`];
  return details.flatMap(({ body }, index) => behind(streamsIn(body), servers[index]?.name ?? ""));
}

/** Replicas of streams that have not caught up, as their leader says. */
function behind(streams: ReturnType<typeof streamsIn>, leader: string): string[] {
  return streams
    .filter(({ cluster }) => cluster?.leader === leader)
    .flatMap(({ name, cluster }) =>
      (cluster?.replicas ?? []).filter(({ current }) => !current).map((one) => `${name} at ${one.name} is behind`),
    );
}

/** Streams and consumers that are stored already elect leaders of their own, seconds after the servers call themselves healthy. */
function withoutLeader(streams: ReturnType<typeof streamsIn>): string[] {
  const lacks = ({ cluster }: { cluster?: { leader?: string } }): boolean => cluster !== undefined && !cluster.leader;
  return streams.flatMap((stream) => [
    ...(lacks(stream) ? [stream.name] : []),
    ...(stream.consumer_detail ?? []).filter(lacks).map((consumer) => `${stream.name}/${consumer.name}`),
  ]);
}

/** Moves the lead of every stream and consumer away from a server. Returns how many were moved. One that nobody takes keeps its leader: its election comes with the server's end. */
export async function handOverLeaders(topology: Topology, server: string): Promise<number> {
  const own = topology.engines.nats.find((nats) => nats.server === server);
  if (!own) return 0;
  const signal = AbortSignal.timeout(PROBE_LIMIT_MS);
  const { body } = await ask<Details>(`${hostOf(topology, server)}:${own.monitor}`, DETAILS_PATH, signal);
  const subjects = stepDownsOf(own.name, body);
  const connection = await connect({ servers: natsServers(topology), timeout: PROBE_LIMIT_MS, maxReconnectAttempts: 2 });
  try {
    const moved = await Promise.allSettled(subjects.map((subject) => connection.request(subject, "", { timeout: PROBE_LIMIT_MS })));
    return moved.filter(({ status }) => status === "fulfilled").length;
  } finally {
    await connection.close();
  }
}

/** Creates and deletes a replicated stream: the proof that counts. */
async function probe(topology: Topology): Promise<void> {
  const connection = await connect({ servers: natsServers(topology), timeout: PROBE_LIMIT_MS, maxReconnectAttempts: 2 });
  try {
    const manager = await jetstreamManager(connection, { timeout: PROBE_LIMIT_MS });
    const name = `nrcms-probe-${process.pid}`;
    await manager.streams.add({ name, subjects: [name], num_replicas: topology.engines.nats.length });
    await manager.streams.delete(name);
  } finally {
    await connection.close();
  }
}

/** Waits until the server's own nats-server, where it has one, is healthy and has found its cluster's leader. Throws what it says of itself when `signal` aborts. */
export async function natsJoined(topology: Topology, server: string, signal: AbortSignal): Promise<void> {
  const own = topology.engines.nats.find((nats) => nats.server === server);
  if (!own) return;
  const address = `${hostOf(topology, server)}:${own.monitor}`;
  let words = "it does not answer yet";
  while (!signal.aborted) {
    try {
      const { ok, body } = await ask<{ error?: string }>(address, "/healthz", signal);
      if (ok) return;
      words = body.error ?? "it is not well";
    } catch {
      words = "it does not answer yet";
    }
    await pause(POLL_MS);
  }
  throw new Error(`${own.name}: ${words}`);
}

/**
 * Waits until every server is healthy, every group has its leader, the meta leader all its followers, and a replicated stream can be made. Throws what is missing when
 * `signal` aborts.
 */
export async function natsReady(topology: Topology, signal: AbortSignal, consumersMayLag = false): Promise<void> {
  let words: string[] = [];
  while (!signal.aborted) {
    try {
      words = await missing(topology, signal, consumersMayLag);
      if (words.length === 0) return await probe(topology);
    } catch (error) {
      words = words.length > 0 && signal.aborted ? words : [`a replicated stream cannot be made: ${wordsOf(error)}`];
    }
    await pause(POLL_MS);
  }
  throw new Error(`the nats-servers are not ready: ${words.join("; ")}`);
}
