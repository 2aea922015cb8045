/**
 * What the leading twin keeps in order besides its service's own work: the stream (made, and rebuilt from the journal when it is gone: protocols 14),
 * a dead peer's unpublished events (protocols 10), and the checkpoint that says how far all durables have heard.
 */
import type { Bus } from "./bus.ts";
import { pause } from "./clock.ts";
import type { Logger } from "./log.ts";
import type { Presence } from "./presence.ts";
import type { Relay } from "./relay.ts";
import type { Store } from "./store.ts";
import { ensureStream, streamId, streamName } from "./stream.ts";

const LOOK_MS = 2_000;
const CHECKPOINT_MS = 60_000;
/** A rebuild begins an hour before the last checkpoint that all durables had passed. */
const MARGIN_MS = 3_600_000;
const CHECKPOINTS = 90;
/** Engines fail for a few turns now and then; beyond that somebody should know. */
const WARN_EVERY = 10;

/** How far both twins' entries were published when the stream stood at `sequence`, and whether all durables have passed it since. */
export interface Checkpoint {
  readonly atMs: number;
  readonly sequence: number;
  readonly entries: Readonly<Record<string, number>>;
  readonly passed: boolean;
}

export interface KeeperParts {
  readonly bus: Bus;
  readonly store: Store;
  readonly relay: Relay;
  readonly presence: Presence;
  readonly service: string;
  readonly twin: string;
  readonly replicas: number;
  readonly log: Logger;
}

const TWINS = ["a", "b"] as const;

/** Runs until the signal aborts. Engines that do not answer are asked again. */
export async function keep(parts: KeeperParts, signal: AbortSignal): Promise<void> {
  let checkpointMs = performance.now();
  let failures = 0;
  while (!signal.aborted) {
    try {
      const id = await ensureStream(parts.bus, parts.service, parts.replicas);
      await whileItStands(parts, id, signal, async (standing) => {
        await keepStream(parts, id, standing);
        await relayForPeer(parts, standing);
      });
      if (performance.now() - checkpointMs > CHECKPOINT_MS) {
        checkpointMs = performance.now();
        await checkpoint(parts);
      }
      failures = 0;
    } catch (error) {
      failures += 1;
      if (failures % WARN_EVERY === 0) parts.log.warn({ err: error, failures }, "the keeper does not get on");
      else parts.log.debug({ err: error }, "the keeper tries again");
    }
    await pause(LOOK_MS, signal);
  }
}

/**
 * Does something for as long as the stream is the one that it was. Publishing waits until the stream takes what it is given; where it is lost meanwhile,
 * it is this keeper that makes it anew, and it must not be the one who waits for it.
 */
async function whileItStands(
  { bus, service }: KeeperParts,
  id: string,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const gone = new AbortController();
  const look = setInterval(() => {
    streamId(bus, service).then(
      (now) => now !== id && gone.abort(),
      () => undefined, // JetStream does not answer: that says nothing of the stream.
    );
  }, LOOK_MS);
  try {
    await work(AbortSignal.any([signal, gone.signal]));
  } finally {
    clearInterval(look);
  }
}

async function keepStream(parts: KeeperParts, id: string, signal: AbortSignal): Promise<void> {
  const { store, relay, log } = parts;
  const known = await store.mark("stream");
  if (known?.id === id) return;
  if (known) {
    log.warn({ was: known.id, is: id }, "the stream is another than before: publishing again from the journal");
    const from = startOf(await checkpoints(store));
    for (const twin of TWINS) {
      const head = await store.head(twin);
      if (!head) continue;
      const events = await relay.again(twin, from[twin] ?? 0, head.number, signal);
      log.warn({ twin, events }, "published again");
    }
    if (signal.aborted) return;
  }
  await store.setMark("stream", { id });
  // What stood in the lost stream's sequence numbers means nothing in the new one.
  await store.setMark("checkpoints", { list: [] });
}

/** A dead peer cannot publish what it committed; its head says what is left. */
async function relayForPeer(parts: KeeperParts, signal: AbortSignal): Promise<void> {
  const { store, relay, presence, service, twin, log } = parts;
  const peer = twin === "a" ? "b" : "a";
  const silent = presence.silenceMs(service, peer);
  if (silent !== undefined && !presence.isDead(service, peer)) return;
  const head = await store.head(peer);
  if (!head || head.publishedEntry >= head.number) return;
  const reached = await relay.catchUp(head, signal);
  if (reached.published > 0) log.warn({ peer, events: reached.published }, "published for the dead peer");
  await store.markPublished(head, reached.event, reached.entry);
}

async function checkpoints(store: Store): Promise<readonly Checkpoint[]> {
  const mark = await store.mark("checkpoints");
  return (mark?.list as readonly Checkpoint[] | undefined) ?? [];
}

/** The entries from which a rebuild begins, by twin; nothing known means from the first. */
export function startOf(list: readonly Checkpoint[]): Readonly<Record<string, number>> {
  const newest = list.findLast((row) => row.passed);
  if (!newest) return {};
  return list.findLast((row) => row.passed && row.atMs <= newest.atMs - MARGIN_MS)?.entries ?? {};
}

async function checkpoint(parts: KeeperParts): Promise<void> {
  const { bus, store, service } = parts;
  const stream = streamName(service);
  // The heads first: what they call published lies at or below the sequence that is read after them.
  const entries: Record<string, number> = {};
  for (const twin of TWINS) entries[twin] = (await store.head(twin))?.publishedEntry ?? 0;
  const manager = await bus.jetstream().manager;
  const sequence = (await manager.streams.info(stream)).state.last_seq;
  let heard = sequence;
  for await (const consumer of manager.consumers.list(stream)) {
    // A durable that waits for nothing has heard all that concerns it, however long ago its last event was.
    if (consumer.num_pending > 0 || consumer.num_ack_pending > 0) heard = Math.min(heard, consumer.ack_floor.stream_seq);
  }
  const list = (await checkpoints(store)).map((row) => (row.sequence <= heard ? { ...row, passed: true } : row));
  await store.setMark("checkpoints", { list: [...list, { atMs: Date.now(), sequence, entries, passed: false }].slice(-CHECKPOINTS) });
}
