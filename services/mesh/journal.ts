/**
 * The journal: one entry per input, in the same transaction as its changes. It is the idempotency record, the outbox and the audit trail in one.
 * The chain runs over hashes (protocols 11), so that sealed bodies can move to an archive and the chain still proves them.
 */
import { createHash, hash } from "node:crypto";

/** An event as it is stored and published: the bytes never change afterwards. */
export interface StoredEvent {
  /** Its number among the events of its twin: 1, 2, 3 … without holes. */
  readonly number: number;
  readonly name: string;
  readonly county: string;
  readonly bytes: Uint8Array;
}

export interface Entry {
  /** The input's id: caller/method/request id, the event's id, or the business fact. */
  readonly id: string;
  readonly twin: string;
  /** Its number among the entries of its twin: 1, 2, 3 … without holes. */
  readonly number: number;
  readonly atMs: number;
  readonly caller: string;
  readonly method: string;
  /** SHA-256 (hex) of the bytes that the caller sent, taken once at the door; empty for what was told or fell due. */
  readonly hash: string;
  readonly outcome: "done" | "refused";
  readonly reply: Uint8Array;
  readonly events: readonly StoredEvent[];
  readonly about: readonly string[];
  /** The input's traceparent; empty where it had none. */
  readonly trace: string;
  readonly previous: string;
  readonly chain: string;
}

/** The first entry's `previous`. */
export const CHAIN_START = "0".repeat(64);

/** SHA-256 (hex) of a request's bytes, taken once, at the door (protocols 8). */
export function contentHash(bytes: Uint8Array): string {
  return hash("sha256", bytes, "hex");
}

/** SHA-256 (hex) over an entry's reply and events. */
function bodyHash(entry: Pick<Entry, "reply" | "events">): string {
  const digest = createHash("sha256").update(`${entry.reply.length}\n`).update(entry.reply);
  for (const event of entry.events) {
    digest.update(`\n${event.number} ${event.name} ${event.county} ${event.bytes.length}\n`).update(event.bytes);
  }
  return digest.digest("hex");
}

/** The chain value of an entry: SHA-256 (hex) over the previous one and everything that the entry says. */
export function chainHash(previous: string, entry: Omit<Entry, "previous" | "chain">): string {
  const line = [
    previous,
    entry.twin,
    entry.number,
    entry.id,
    entry.hash,
    entry.atMs,
    entry.caller,
    entry.method,
    entry.outcome,
    entry.about.join(" "),
    bodyHash(entry),
  ];
  return hash("sha256", line.join("\n"), "hex");
}

/** Twelve digits, so that ids sort as numbers do: they are keys of the hearers' journals. */
const EVENT_DIGITS = 12;

/**
 * An event's id in the whole mesh, which a repeat repeats: where it was written and its number there. Also its Nats-Msg-Id. Two services that hear the same event
 * both tell what follows under that entry's id, so that an id made from the entry's would not be one's own.
 */
export function eventId(service: string, twin: string, number: number): string {
  return `${service}.${twin}.${number.toString().padStart(EVENT_DIGITS, "0")}`;
}

/** One per twin, replaced by version in each of its transactions (protocols 10). */
export interface Head {
  readonly twin: string;
  readonly version: number;
  /** The process that writes under this name; another one finds its commits refused, and exits. */
  readonly instance: string;
  /** The newest entry's number, time and chain value. */
  readonly number: number;
  readonly atMs: number;
  readonly chain: string;
  /** The newest event's number. */
  readonly event: number;
  /** All events up to and with this number are acknowledged by JetStream; they are those of the entries up to `publishedEntry`. */
  readonly published: number;
  readonly publishedEntry: number;
}

export function firstHead(twin: string, instance: string): Head {
  return { twin, version: 0, instance, number: 0, atMs: 0, chain: CHAIN_START, event: 0, published: 0, publishedEntry: 0 };
}

/** An input whose decision threw: kept with all that is needed to decide it again under the same id. */
export interface Parked {
  readonly id: string;
  readonly twin: string;
  readonly atMs: number;
  readonly from: "call" | "event" | "due";
  readonly method: string;
  readonly caller: string;
  readonly role: string;
  readonly scope: string;
  /** An event's twin, number and time, as its header says; empty for the others. */
  readonly origin: string;
  readonly error: string;
  readonly hash: string;
  readonly trace: string;
  /** The request's or event's bytes; empty for what fell due. */
  readonly bytes: Uint8Array;
  readonly resolved: boolean;
}
