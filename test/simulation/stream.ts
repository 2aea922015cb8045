/** What a stream and its consumers are made of. */
import type { Headers } from "../../services/mesh/bus.ts";
import type { Process } from "./process.ts";

export interface Sent {
  readonly subject: string;
  readonly data: Uint8Array;
  readonly headers: Headers;
  /** Empty where nobody waits. */
  readonly reply: string;
}

export interface StreamMessage extends Sent {
  readonly seq: number;
  readonly id: string;
  readonly atMs: number;
}

export interface Stream {
  readonly name: string;
  readonly service: string;
  readonly metadata: Readonly<Record<string, string>>;
  /** The sequence number of the first message. */
  readonly first: number;
  readonly messages: StreamMessage[];
  readonly known: Map<string, { readonly seq: number; readonly atMs: number }>;
  readonly durables: Map<string, Durable>;
  readonly batches: Map<string, Sent[]>;
  /** It has no leader before this. */
  upAtMs: number;
}

export interface Pull {
  readonly process: Process;
  left: number;
  give(message: StreamMessage, deliveries: number): void;
  end(): void;
  /** The consumer is gone. */
  fail(): void;
}

export interface Durable {
  readonly name: string;
  readonly ackAll: boolean;
  readonly ackWaitMs: number;
  filters: readonly string[];
  /** The next sequence number that was never delivered. */
  next: number;
  /** Delivered and not acknowledged, with the instant at which each comes again. */
  readonly pending: Map<number, number>;
  /** To be delivered again, from that instant on. */
  readonly again: Map<number, number>;
  readonly deliveries: Map<number, number>;
  pulls: Pull[];
  wants(message: StreamMessage): boolean;
  /** All up to and with this sequence number are acknowledged. */
  floor(): number;
}

/** The sequence number that the next message will have. */
export function nextSeq({ first, messages }: Stream): number {
  return first + messages.length;
}

export function messageAt({ first, messages }: Stream, seq: number): StreamMessage {
  const found = messages[seq - first];
  if (!found) throw new Error(`there is no message ${seq}`);
  return found;
}

/** What a consumer has never been given, though it wants it. */
export function unheardBy({ first, messages }: Stream, durable: Durable): readonly StreamMessage[] {
  return messages.slice(durable.next - first).filter((message) => durable.wants(message));
}
