/**
 * The relay publishes what the journal holds and the stream has not acknowledged (protocols 10): a twin's own batches right after their commit,
 * what a former process of this name left at start, and what a dead peer left. Everything goes out in order; nothing is marked before it is acknowledged.
 */
import type { Outgoing, Publisher } from "./batcher.ts";
import type { Bus } from "./bus.ts";
import { type Entry, eventId, type Head, type StoredEvent } from "./journal.ts";
import type { Logger } from "./log.ts";
import type { Store } from "./store.ts";
import { type EventMessage, publishUntilDone } from "./stream.ts";

/** Entries read from the journal at a time. */
const PAGE = 500;
/** Events in memory that wait for the stream; above it a twin answers Unavailable rather than growing. */
export const BACKLOG_LIMIT = 50_000;

interface Job {
  readonly outgoing: Outgoing;
  readonly messages: readonly EventMessage[];
  resolve(): void;
}

export function messageOf(service: string, twin: string, id: string, atMs: number, trace: string, event: StoredEvent): EventMessage {
  return {
    subject: `nrcms.${service}.${event.county}.${event.name}`,
    data: event.bytes,
    headers: {
      "Nats-Msg-Id": id,
      "nrcms-origin": `${twin} ${event.number} ${atMs}`,
      ...(trace ? { traceparent: trace } : {}),
    },
  };
}

export function messagesOf(service: string, entry: Entry, after: number): EventMessage[] {
  return entry.events.flatMap((event, index) =>
    event.number > after ? [messageOf(service, entry.twin, eventId(entry.id, index), entry.atMs, entry.trace, event)] : [],
  );
}

export class Relay implements Publisher {
  private readonly queue: Job[] = [];
  private marked: { event: number; entry: number };
  private waiting = 0;
  private working: Promise<void> | undefined;
  private readonly stop = new AbortController();
  private readonly bus: Bus;
  private readonly store: Store;
  private readonly service: string;
  private readonly twin: string;
  private readonly log: Logger;

  constructor(parts: { bus: Bus; store: Store; service: string; head: Head; log: Logger }) {
    this.bus = parts.bus;
    this.store = parts.store;
    this.service = parts.service;
    this.twin = parts.head.twin;
    this.log = parts.log;
    this.marked = { event: parts.head.published, entry: parts.head.publishedEntry };
  }

  /** Publishes first what a former process of this name committed and did not get out. */
  begin(head: Head): void {
    this.working = this.catchUp(head, this.stop.signal)
      .catch((error: unknown) =>
        this.log.error({ err: error }, "what the former process left is not published yet: the peer or the next start does it"),
      )
      .then(() => this.work());
  }

  get mark(): { readonly event: number; readonly entry: number } {
    return this.marked;
  }

  get backlog(): number {
    return this.waiting;
  }

  publish(outgoing: Outgoing): Promise<void> {
    const messages = outgoing.events.map(({ id, atMs, trace, event }) => messageOf(this.service, this.twin, id, atMs, trace, event));
    if (messages.length === 0 && this.queue.length === 0 && !this.working) {
      this.marked = { ...this.marked, entry: outgoing.entryNumber };
      return Promise.resolve();
    }
    return new Promise((resolve) => {
      this.waiting += messages.length;
      this.queue.push({ outgoing, messages, resolve });
      this.working ??= this.work();
    });
  }

  private async work(): Promise<void> {
    while (this.queue.length > 0 && !this.stop.signal.aborted) {
      // What gathered while the last batch was on its way goes out as one.
      const jobs = this.queue.splice(0);
      const messages = jobs.flatMap((job) => job.messages);
      if (!(await publishUntilDone(this.bus, messages, this.log, this.stop.signal))) break;
      this.waiting -= messages.length;
      for (const job of jobs) {
        const last = job.outgoing.events.at(-1);
        this.marked = { event: last ? last.event.number : this.marked.event, entry: job.outgoing.entryNumber };
        job.resolve();
      }
    }
    this.working = undefined;
  }

  /** Publishes what lies above a head's mark, and returns how far it came. For one's own head at start, and for a dead peer's. */
  async catchUp(head: Head, signal: AbortSignal): Promise<{ event: number; entry: number; published: number }> {
    let { published: event, publishedEntry: entry } = head;
    let published = 0;
    while (entry < head.number && !signal.aborted) {
      const entries = await this.store.entriesAfter(head.twin, entry, PAGE);
      if (entries.length === 0) break;
      const messages = entries.flatMap((row) => messagesOf(this.service, row, event));
      if (!(await publishUntilDone(this.bus, messages, this.log, signal))) break;
      published += messages.length;
      entry = (entries.at(-1) as Entry).number;
      event = Math.max(event, ...entries.flatMap((row) => row.events.map((told) => told.number)));
    }
    if (head.twin === this.twin && entry > this.marked.entry) this.marked = { event, entry };
    return { event, entry, published };
  }

  /** Publishes a twin's entries after a number again, all of them: the stream was lost, or somebody misses a number. */
  async again(twin: string, afterEntry: number, upToEntry: number, signal: AbortSignal): Promise<number> {
    let entry = afterEntry;
    let published = 0;
    while (entry < upToEntry && !signal.aborted) {
      const entries = await this.store.entriesAfter(twin, entry, PAGE);
      if (entries.length === 0) break;
      const messages = entries.flatMap((row) => messagesOf(this.service, row, 0));
      if (!(await publishUntilDone(this.bus, messages, this.log, signal))) break;
      published += messages.length;
      entry = (entries.at(-1) as Entry).number;
    }
    return published;
  }

  /** Waits up to `limitMs` for what is queued, then stops; the rest is in the journal for the peer or the next start. */
  async close(limitMs: number): Promise<void> {
    const timer = setTimeout(() => this.stop.abort(), limitMs);
    await this.working;
    clearTimeout(timer);
    this.stop.abort();
  }
}
