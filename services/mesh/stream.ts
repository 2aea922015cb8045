/**
 * A service's stream: made by its owner, published to in atomic batches, rebuilt from the journal when it is gone. The bus may lose everything; the books may not.
 */
import { randomUUID } from "node:crypto";
import { JetStreamApiError } from "@nats-io/jetstream";
import { nanos } from "@nats-io/nats-core";
import type { Bus, Headers } from "./bus.ts";
import { pause } from "./clock.ts";
import type { Logger } from "./log.ts";

const STREAM_NOT_FOUND = 10059;
const STREAM_IN_USE = 10058;
const SEVEN_DAYS_MS = 7 * 86_400_000;
const MAX_BYTES = 2_000_000_000;
/** Wide enough that the relay's repeats after a takeover still fall into it; it lives in memory. */
const DUPLICATE_WINDOW_MS = 120_000;
/** The server takes at most 1,000 messages in one atomic batch. */
const ATOMIC_LIMIT = 500;
/**
 * A stream's numbers begin where no earlier one of its name can have come to. A server knows an acknowledgement by its consumer's name and the number alone: one that
 * was on its way for the lost stream would acknowledge what the new one has under that number, and the hearer would never be told it.
 */
const SEQUENCES_PER_MS = 100;
const PUBLISH_TIMEOUT_MS = 2_500;
const SINGLE_TIMEOUT_MS = 1_500;
const SINGLES_IN_FLIGHT = 64;

export function streamName(service: string): string {
  return `NRCMS_${service.toUpperCase()}`;
}

/** One event as a message. */
export interface EventMessage {
  readonly subject: string;
  readonly data: Uint8Array;
  /** Nats-Msg-Id among them. */
  readonly headers: Headers;
}

/** The stream's own id, from its metadata; empty where another made it, undefined where there is no stream. Throws where JetStream does not answer. */
export async function streamId(bus: Bus, service: string): Promise<string | undefined> {
  const { manager } = bus.jetstream();
  try {
    const info = await (await manager).streams.info(streamName(service));
    return info.config.metadata?.nrcms_id ?? "";
  } catch (error) {
    if (error instanceof JetStreamApiError && error.code === STREAM_NOT_FOUND) return undefined;
    throw error;
  }
}

/** Makes the service's stream if it is not there; returns its id. Throws where JetStream does not answer. */
export async function ensureStream(bus: Bus, service: string, replicas: number): Promise<string> {
  const there = await streamId(bus, service);
  if (there !== undefined) return there;
  const { manager } = bus.jetstream();
  const id = randomUUID();
  try {
    const info = await (await manager).streams.add({
      name: streamName(service),
      subjects: [`nrcms.${service}.>`],
      num_replicas: replicas,
      storage: "file",
      retention: "limits",
      discard: "new",
      max_bytes: MAX_BYTES,
      max_age: nanos(SEVEN_DAYS_MS),
      duplicate_window: nanos(DUPLICATE_WINDOW_MS),
      allow_atomic: true,
      allow_direct: true,
      deny_delete: true,
      deny_purge: true,
      metadata: { nrcms_id: id },
      first_seq: Date.now() * SEQUENCES_PER_MS,
    });
    return info.config.metadata?.nrcms_id ?? id;
  } catch (error) {
    if (!(error instanceof JetStreamApiError && error.code === STREAM_IN_USE)) throw error;
    const made = await streamId(bus, service);
    if (made === undefined) throw error;
    return made;
  }
}

interface PubAck {
  readonly stream?: string;
  readonly seq?: number;
  readonly batch?: string;
  readonly count?: number;
  readonly error?: { readonly code: number; readonly err_code?: number; readonly description?: string };
}

function ackOf(data: Uint8Array): PubAck {
  return JSON.parse(Buffer.from(data).toString("utf8")) as PubAck;
}

/** One atomic batch: all stored or none. Returns false where the server stored nothing, for whatever reason. */
async function publishAtomically(bus: Bus, messages: readonly EventMessage[], log: Logger): Promise<boolean> {
  const batch = randomUUID();
  // All of it on one connection: the server counts the batch's messages in their order.
  const hand = bus.pick(0);
  const last = messages.length - 1;
  const headersOf = (index: number, message: EventMessage): Headers => ({
    ...message.headers,
    "Nats-Batch-Id": batch,
    "Nats-Batch-Sequence": String(index + 1),
  });
  for (let index = 0; index < last; index += 1) {
    const message = messages[index] as EventMessage;
    bus.publish(message.subject, message.data, headersOf(index, message), hand);
  }
  const final = messages[last] as EventMessage;
  const reply = await bus.request(
    final.subject,
    final.data,
    { ...headersOf(last, final), "Nats-Batch-Commit": "1" },
    PUBLISH_TIMEOUT_MS,
    hand,
  );
  if (reply.kind === "timeout") bus.distrust(reply.hand);
  if (reply.kind !== "reply") return false;
  const ack = ackOf(reply.data);
  if (ack.error || ack.count !== messages.length) {
    log.debug({ ack }, "an atomic batch was not stored: its messages go one by one");
    return false;
  }
  return true;
}

async function publishSingle(bus: Bus, message: EventMessage): Promise<boolean> {
  const reply = await bus.request(message.subject, message.data, message.headers, SINGLE_TIMEOUT_MS);
  if (reply.kind === "timeout") bus.distrust(reply.hand);
  if (reply.kind !== "reply") return false;
  const ack = ackOf(reply.data);
  return ack.error === undefined && ack.seq !== undefined;
}

/**
 * Publishes messages in order of chunks: an atomic batch each, and singles with the same ids where that was refused (an atomic batch that holds one known id stores nothing).
 * Returns how many of them, from the first, are acknowledged.
 */
export async function publishAll(bus: Bus, messages: readonly EventMessage[], log: Logger): Promise<number> {
  let done = 0;
  while (done < messages.length) {
    const chunk = messages.slice(done, done + ATOMIC_LIMIT);
    if (chunk.length > 1 && (await publishAtomically(bus, chunk, log))) {
      done += chunk.length;
      continue;
    }
    for (let from = 0; from < chunk.length; from += SINGLES_IN_FLIGHT) {
      const stored = await Promise.all(chunk.slice(from, from + SINGLES_IN_FLIGHT).map((message) => publishSingle(bus, message)));
      const failed = stored.indexOf(false);
      if (failed >= 0) return done + from + failed;
    }
    done += chunk.length;
  }
  return done;
}

const RETRY_FLOOR_MS = 50;
const RETRY_CEILING_MS = 1_000;

/** Publishes until all are acknowledged or the signal aborts; waits in between, longer each time. Returns whether all are. */
export async function publishUntilDone(bus: Bus, messages: readonly EventMessage[], log: Logger, signal: AbortSignal): Promise<boolean> {
  let rest = messages;
  for (let attempt = 0; rest.length > 0; attempt += 1) {
    if (signal.aborted) return false;
    const done = await publishAll(bus, rest, log);
    rest = rest.slice(done);
    if (rest.length === 0) break;
    if (attempt % 10 === 0) log.warn({ waiting: rest.length }, "the stream does not take events: tried again");
    await pause(Math.min(RETRY_CEILING_MS, RETRY_FLOOR_MS * 2 ** Math.min(attempt, 6)), signal);
  }
  return true;
}

/** Where a source's stream ends, and how far a service's durable has come on it. */
export interface Progress {
  readonly last: number;
  readonly delivered: number;
  readonly pending: number;
}

/** Throws where JetStream does not answer, or one of the two is not there. */
export async function progressOf(bus: Bus, source: string, durable: string): Promise<Progress> {
  const manager = await bus.jetstream().manager;
  const [stream, consumer] = await Promise.all([
    manager.streams.info(streamName(source)),
    manager.consumers.info(streamName(source), durable),
  ]);
  return { last: stream.state.last_seq, delivered: consumer.delivered.stream_seq, pending: consumer.num_pending };
}
