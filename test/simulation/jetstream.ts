/**
 * JetStream as its clients see it: streams that know an id for two minutes, durable consumers from which several processes pull, acknowledgements that get lost,
 * messages that come again, late, or out of order. A stream may be without a leader for a while, or be lost altogether.
 */
import type { JetStreamClient, JetStreamManager } from "@nats-io/jetstream";
import { AckPolicy, type ConsumerConfig, JetStreamApiError, type StreamConfig } from "@nats-io/jetstream";
import { openPull, serveDurable } from "./consumer.ts";
import { type Answer, exchange } from "./engines.ts";
import type { Process } from "./process.ts";
import { type Durable, nextSeq, type Sent, type Stream, type StreamMessage, unheardBy } from "./stream.ts";
import type { World } from "./world.ts";

const LOSS_BP = 15;
const DUPLICATES_MS = 120_000;
const API_TIMEOUT_MS = 5_000;
const NANOS = 1_000_000;
const BATCH_ERROR = 10_176;

export class JetStream {
  readonly world: World;
  readonly streams = new Map<string, Stream>();
  private readonly services: ReadonlySet<string>;
  /** Called for each message that is stored. */
  onStored: (stream: Stream, message: StreamMessage) => void = () => undefined;
  /** Called for each message that counts as acknowledged from now on. */
  onAcknowledged: (stream: Stream, durable: Durable, message: StreamMessage) => void = () => undefined;

  constructor(world: World, services: readonly string[]) {
    this.world = world;
    this.services = new Set(services);
  }

  takes(subject: string): boolean {
    return this.services.has(subject.split(".", 2)[1] ?? "") && this.streams.has(nameOf(subject));
  }

  forget(process: Process): void {
    for (const { durables } of this.streams.values())
      for (const durable of durables.values()) durable.pulls = durable.pulls.filter((pull) => pull.process !== process);
  }

  /** All of it is gone: messages, consumers, the stream itself. */
  lose(name: string): void {
    const stream = this.streams.get(name);
    if (!stream) return;
    this.world.trace.note(`${name} is lost with ${stream.messages.length} messages`);
    this.streams.delete(name);
    for (const durable of stream.durables.values()) for (const pull of durable.pulls.splice(0)) pull.fail();
  }

  /** A message has come: stored, or gathered with its batch. `acknowledge` may find nobody who waits. */
  take(sent: Sent, acknowledge: (data: Uint8Array) => void): void {
    const stream = this.streams.get(nameOf(sent.subject));
    if (!stream || stream.upAtMs > this.world.now) return;
    const batch = sent.headers["Nats-Batch-Id"];
    const answer = batch === undefined ? this.store(stream, sent) : this.gather(stream, batch, sent);
    if (answer) acknowledge(new TextEncoder().encode(JSON.stringify({ stream: stream.name, ...answer })));
  }

  private gather(stream: Stream, batch: string, sent: Sent): object | undefined {
    const gathered = stream.batches.get(batch) ?? [];
    stream.batches.set(batch, gathered);
    gathered.push(sent);
    if (sent.headers["Nats-Batch-Commit"] === undefined) return undefined;
    stream.batches.delete(batch);
    const whole = gathered.length === Number(sent.headers["Nats-Batch-Sequence"]);
    if (!whole || gathered.some((one) => this.isKnown(stream, idOf(one)))) return { error: { code: 400, err_code: BATCH_ERROR } };
    gathered.sort((a, b) => Number(a.headers["Nats-Batch-Sequence"]) - Number(b.headers["Nats-Batch-Sequence"]));
    for (const one of gathered) this.store(stream, one);
    return { seq: nextSeq(stream) - 1, batch, count: gathered.length };
  }

  private isKnown(stream: Stream, id: string): boolean {
    const known = stream.known.get(id);
    return known !== undefined && this.world.now - known.atMs < DUPLICATES_MS;
  }

  private store(stream: Stream, sent: Sent): object {
    const id = idOf(sent);
    const known = stream.known.get(id);
    if (known && this.isKnown(stream, id)) return { seq: known.seq, duplicate: true };
    const message: StreamMessage = { ...sent, seq: nextSeq(stream), id, atMs: this.world.now };
    stream.messages.push(message);
    stream.known.set(id, { seq: message.seq, atMs: message.atMs });
    this.world.trace.note(`${stream.name} ${message.seq} ${sent.subject} ${id}`);
    this.onStored(stream, message);
    for (const durable of stream.durables.values()) serveDurable(this, stream, durable);
    return { seq: message.seq };
  }
}

function idOf(sent: Sent): string {
  return sent.headers["Nats-Msg-Id"] ?? "";
}

function nameOf(subject: string): string {
  return `NRCMS_${(subject.split(".", 2)[1] ?? "").toUpperCase()}`;
}

function apiError(errCode: number, description: string): JetStreamApiError {
  return new JetStreamApiError({ code: 404, err_code: errCode, description });
}

const STREAM_NOT_FOUND = 10059;
const CONSUMER_NOT_FOUND = 10014;

/** The client's face of JetStream, for one process: as much as the mesh calls. */
export function jetStreamOf(jetStream: JetStream, process: Process) {
  const { world, streams } = jetStream;
  const call = <T>(name: string, stream: string, happen: (answer: Answer<T>) => void): Promise<T> =>
    exchange<T>({ world, process, name: `${name} ${stream}`, lossBp: LOSS_BP, lost: () => new Error("timeout") }, (answer) => {
      const waitMs = (streams.get(stream)?.upAtMs ?? 0) - world.now;
      if (waitMs <= 0) happen(answer);
      else if (waitMs < API_TIMEOUT_MS) world.after(waitMs, () => happen(answer));
      else world.after(API_TIMEOUT_MS, () => answer({ error: new Error("timeout") }));
    });
  const withStream = <T>(name: string, of: string, work: (stream: Stream) => T): Promise<T> =>
    call<T>(name, of, (answer) => {
      const stream = streams.get(of);
      if (!stream) return answer({ error: apiError(STREAM_NOT_FOUND, "stream not found") });
      try {
        answer({ value: work(stream) });
      } catch (error) {
        answer({ error: error as Error });
      }
    });
  const durableOf = (stream: Stream, durable: string): Durable => {
    const found = stream.durables.get(durable);
    if (!found) throw apiError(CONSUMER_NOT_FOUND, "consumer not found");
    return found;
  };
  const infoOf = (stream: Stream) => ({ config: { metadata: stream.metadata }, state: { last_seq: nextSeq(stream) - 1 } });
  const consumerInfo = (stream: Stream, durable: Durable) => ({
    config: { filter_subjects: durable.filters },
    num_pending: unheardBy(stream, durable).length,
    num_ack_pending: durable.pending.size,
    ack_floor: { stream_seq: durable.floor() },
  });
  const manager = {
    streams: {
      info: (name: string) => withStream("stream info", name, infoOf),
      add: ({ name = "", metadata = {}, first_seq = 1 }: Partial<StreamConfig>) =>
        call<ReturnType<typeof infoOf>>("stream add", name, (answer) => {
          const service = name.slice("NRCMS_".length).toLowerCase();
          const made: Stream = {
            name,
            service,
            metadata,
            first: first_seq,
            messages: [],
            known: new Map(),
            durables: new Map(),
            batches: new Map(),
            upAtMs: 0,
          };
          const stream = streams.get(name) ?? made;
          streams.set(name, stream);
          answer({ value: infoOf(stream) });
        }),
    },
    consumers: {
      info: (name: string, durable: string) =>
        withStream("consumer info", name, (stream) => consumerInfo(stream, durableOf(stream, durable))),
      add: (name: string, { durable_name = "", ack_policy, ack_wait = 0, filter_subjects = [] }: Partial<ConsumerConfig>) =>
        withStream("consumer add", name, (stream) => {
          const ackAll = ack_policy === AckPolicy.All;
          const made = newDurableOf(durable_name, stream.first, { ackAll, ackWaitMs: ack_wait / NANOS, filters: filter_subjects });
          if (!stream.durables.has(durable_name)) stream.durables.set(durable_name, made);
          return consumerInfo(stream, durableOf(stream, durable_name));
        }),
      update: (name: string, durable: string, { filter_subjects = [] }: Partial<ConsumerConfig>) =>
        withStream("consumer update", name, (stream) => {
          durableOf(stream, durable).filters = filter_subjects;
          return consumerInfo(stream, durableOf(stream, durable));
        }),
      async *list(name: string) {
        yield* await withStream("consumer list", name, (stream) =>
          [...stream.durables.values()].map((durable) => consumerInfo(stream, durable)),
        );
      },
    },
  };
  const client = {
    consumers: {
      get: async (name: string, durable: string) => {
        await withStream("consumer get", name, (stream) => durableOf(stream, durable));
        return {
          fetch: ({ max_messages = 1, expires = 0 }: { max_messages?: number; expires?: number }) =>
            openPull(jetStream, process, { stream: name, durable, most: max_messages, expiresMs: expires }),
        };
      },
    },
  };
  return { client: client as unknown as JetStreamClient, manager: Promise.resolve(manager as unknown as JetStreamManager), hand: 0 };
}

function newDurableOf(
  name: string,
  next: number,
  { ackAll, ackWaitMs, filters }: Pick<Durable, "ackAll" | "ackWaitMs" | "filters">,
): Durable {
  const durable: Durable = {
    name,
    ackAll,
    ackWaitMs,
    filters,
    next,
    pending: new Map(),
    again: new Map(),
    deliveries: new Map(),
    pulls: [],
    wants: (message) => durable.filters.some((filter) => fits(filter, message.subject)),
    floor: () => Math.min(durable.next, ...durable.pending.keys(), ...durable.again.keys()) - 1,
  };
  return durable;
}

function fits(filter: string, subject: string): boolean {
  const [want, have] = [filter.split("."), subject.split(".")];
  return want.length === have.length && want.every((part, index) => part === "*" || part === have[index]);
}
