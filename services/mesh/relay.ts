/**
 * The relay publishes what the journal holds and the stream has not acknowledged (protocols 10): a twin's own batches right after their commit,
 * what a former process of this name left at start, and what a dead peer left. Everything goes out in order; nothing is marked before it is acknowledged.
 */

import type { Bus } from "./bus.ts";
import { pause } from "./clock.ts";
import { type Entry, eventId, type Head, type StoredEvent } from "./journal.ts";
import type { Logger } from "./log.ts";
import type { Outgoing, Publisher } from "./round.ts";
import { againId, sealOf } from "./seal.ts";
import { sayingStill } from "./still.ts";
import type { Store } from "./store.ts";
import { type EventMessage, publishUntilDone } from "./stream.ts";

/** Entries read from the journal at a time. */
const PAGE = 500;
/** Events in memory that wait for the stream; what comes above it is read from the journal again when its turn comes. */
const BACKLOG_LIMIT = 50_000;
const RETRY_MS = 500;

interface Job {
  readonly entryNumber: number;
  /** The number of the job's last event; undefined where it told none. */
  readonly lastEvent: number | undefined;
  /** Undefined where they are left in the journal. */
  readonly messages: readonly EventMessage[] | undefined;
  resolve(): void;
}

/** How far a twin's events are published, and how far they go. */
type Span = Pick<Head, "twin" | "published" | "publishedEntry" | "number">;

export function messageOf(service: string, twin: string, atMs: number, trace: string, event: StoredEvent): EventMessage {
  const subject = `nrcms.${service}.${event.county}.${event.name}`;
  const origin = `${twin} ${event.number} ${atMs}`;
  return {
    subject,
    data: event.bytes,
    headers: {
      "Nats-Msg-Id": eventId(service, twin, event.number),
      "nrcms-origin": origin,
      "nrcms-hash": sealOf({ subject, origin, bytes: event.bytes }),
      ...(trace ? { traceparent: trace } : {}),
    },
  };
}

export function messagesOf(service: string, entry: Entry, after: number): EventMessage[] {
  return entry.events.flatMap((event) => (event.number > after ? [messageOf(service, entry.twin, entry.atMs, entry.trace, event)] : []));
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

  /** Publishes first what a former process of this name committed and did not get out. Nothing else goes out, or is marked, before that. */
  begin(head: Head): void {
    this.working = this.insist(() => this.fromJournal(head)).then(() => this.work());
  }

  get mark(): { readonly event: number; readonly entry: number } {
    return this.marked;
  }

  get backlog(): number {
    return this.waiting;
  }

  publish(outgoing: Outgoing): Promise<void> {
    const { entryNumber, events } = outgoing;
    if (events.length === 0 && this.queue.length === 0 && !this.working) {
      this.marked = { ...this.marked, entry: entryNumber };
      return Promise.resolve();
    }
    const fits = this.waiting + events.length <= BACKLOG_LIMIT;
    const messages = fits ? events.map(({ atMs, trace, event }) => messageOf(this.service, this.twin, atMs, trace, event)) : undefined;
    this.waiting += messages?.length ?? 0;
    return new Promise((resolve) => {
      this.queue.push({ entryNumber, lastEvent: events.at(-1)?.event.number, messages, resolve });
      this.working ??= this.work();
    });
  }

  publishStored(entryNumber: number): Promise<void> {
    return new Promise((resolve) => {
      this.queue.push({ entryNumber, lastEvent: undefined, messages: undefined, resolve });
      this.working ??= this.work();
    });
  }

  private async work(): Promise<void> {
    while (this.queue.length > 0 && !this.stop.signal.aborted) {
      // What gathered while the last batch was on its way goes out as one.
      const left = this.queue.findIndex((job) => job.messages === undefined);
      const jobs = left === 0 ? this.queue.slice() : this.queue.slice(0, left < 0 ? this.queue.length : left);
      await this.insist(() => (left === 0 ? this.fromJournal(this.spanUpTo((jobs.at(-1) as Job).entryNumber)) : this.fromMemory(jobs)));
      if (this.stop.signal.aborted) break;
      this.queue.splice(0, jobs.length);
      for (const job of jobs) {
        this.waiting -= job.messages?.length ?? 0;
        this.advance(job.lastEvent ?? this.marked.event, job.entryNumber);
        job.resolve();
      }
    }
    this.working = undefined;
  }

  private fromMemory(jobs: readonly Job[]): Promise<boolean> {
    return publishUntilDone(
      this.bus,
      jobs.flatMap((job) => job.messages ?? []),
      this.log,
      this.stop.signal,
    );
  }

  private spanUpTo(number: number): Span {
    return { twin: this.twin, published: this.marked.event, publishedEntry: this.marked.entry, number };
  }

  private async fromJournal(span: Span): Promise<boolean> {
    const reached = await this.catchUp(span, this.stop.signal);
    if (span.twin === this.twin) this.advance(reached.event, reached.entry);
    return reached.entry >= span.number;
  }

  /** Until it has succeeded or the relay is stopped: to go on without it would mark as published what is not. */
  private insist(attempt: () => Promise<boolean>): Promise<void> {
    return sayingStill(this.bus, this.service, () => this.untilDone(attempt));
  }

  private async untilDone(attempt: () => Promise<boolean>): Promise<void> {
    while (!this.stop.signal.aborted) {
      try {
        if (await attempt()) return;
      } catch (error) {
        this.log.warn({ err: error }, "events wait in the journal: tried again");
      }
      await pause(RETRY_MS, this.stop.signal);
    }
  }

  private advance(event: number, entry: number): void {
    this.marked = { event: Math.max(this.marked.event, event), entry: Math.max(this.marked.entry, entry) };
  }

  /** Publishes what lies above a head's mark, and returns how far it came. */
  async catchUp(head: Span, signal: AbortSignal): Promise<{ event: number; entry: number; published: number }> {
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
    return { event, entry, published };
  }

  /** Publishes a twin's entries after a number again, all of them: the stream was lost, or somebody misses a number. */
  async again(twin: string, afterEntry: number, upToEntry: number, signal: AbortSignal): Promise<number> {
    let entry = afterEntry;
    let published = 0;
    while (entry < upToEntry && !signal.aborted) {
      const entries = await this.store.entriesAfter(twin, entry, Math.min(PAGE, upToEntry - entry));
      if (entries.length === 0) break;
      const messages = entries.flatMap((row) => messagesOf(this.service, row, 0));
      if (!(await publishUntilDone(this.bus, messages, this.log, signal))) break;
      published += messages.length;
      entry = (entries.at(-1) as Entry).number;
    }
    return published;
  }

  /** Publishes a twin's events from a number to another once more, also where the stream has had them within its duplicate window: it lost them since. */
  async anew(twin: string, from: number, to: number, occasion: string, signal: AbortSignal): Promise<number> {
    let entry = await this.store.entryBeforeEvent(twin, from);
    let published = 0;
    for (let event = from; event <= to && !signal.aborted; ) {
      const entries = await this.store.entriesAfter(twin, entry, PAGE);
      if (entries.length === 0) break;
      const told = entries.flatMap((row) => messagesOf(this.service, row, event - 1)).slice(0, to - event + 1);
      const messages = told.map(({ headers, ...message }) => {
        const id = againId(headers["Nats-Msg-Id"] ?? "", occasion);
        return { ...message, headers: { ...headers, "Nats-Msg-Id": id } };
      });
      if (!(await publishUntilDone(this.bus, messages, this.log, signal))) break;
      published += messages.length;
      event += messages.length;
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
