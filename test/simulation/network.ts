/**
 * NATS as its clients see it: queue groups, requests, what is told to all who listen. A message may be late, may be lost, may come on both connections;
 * one to a dead process is gone. What belongs to a stream is handed to JetStream as well.
 */
import type { Arrived, Bus, Headers, Reply, Subscribed } from "../../services/mesh/bus.ts";
import { way } from "./engines.ts";
import { type JetStream, jetStreamOf } from "./jetstream.ts";
import type { Process } from "./process.ts";
import type { Sent } from "./stream.ts";
import type { World } from "./world.ts";

const LOSS_BP = 20;
const BOTH_HANDS_BP = 8_000;
const NO_RESPONDERS_MS = 0.5;

interface Listener {
  readonly process: Process;
  readonly parts: readonly string[];
  readonly queue: string | undefined;
  /** Heard on both connections. */
  readonly twice: boolean;
  readonly handler: (message: Arrived) => void;
}

const NO_DATA = new Uint8Array();

export class Network {
  readonly world: World;
  readonly streams: JetStream;
  private listeners: Listener[] = [];
  private readonly matched = new Map<string, readonly Listener[]>();
  private readonly waiting = new Map<string, { readonly process: Process; readonly settle: (reply: Reply) => void }>();
  private serial = 0;

  constructor(world: World, streams: JetStream) {
    this.world = world;
    this.streams = streams;
  }

  /** The connections of a dead process are closed. */
  forget(process: Process): void {
    this.listeners = this.listeners.filter((one) => one.process !== process);
    this.matched.clear();
    this.streams.forget(process);
  }

  busOf(process: Process): Bus {
    const { world } = this;
    const listen = (subject: string, handler: (message: Arrived) => void, how: Pick<Listener, "queue" | "twice">): Subscribed => {
      const listener: Listener = { process, parts: subject.split("."), handler, ...how };
      this.listeners.push(listener);
      this.matched.clear();
      return {
        stop: () => {
          this.listeners = this.listeners.filter((one) => one !== listener);
          this.matched.clear();
        },
      };
    };
    const publish = (subject: string, data: Uint8Array, headers: Headers = {}): void => {
      if (world.effect(process)) this.send({ subject, data, headers, reply: "" });
    };
    return {
      publish,
      tell: (subject, data) => {
        if (process.alive) this.send({ subject, data, headers: {}, reply: "" });
      },
      subscribe: (subject, handler, queue) => listen(subject, handler, { queue, twice: false }),
      hear: (subject, handler) => listen(subject, handler, { queue: undefined, twice: true }),
      serve: (subject, handler) => listen(subject, handler, { queue: undefined, twice: false }),
      pick: () => 0,
      request: (subject, data, headers, timeoutMs) => this.request(process, { subject, data, headers }, timeoutMs),
      jetstream: () => jetStreamOf(this.streams, process),
      probe: () => undefined,
      distrust: () => undefined,
      trusts: () => true,
      connected: true,
      flush: async () => undefined,
      close: async () => undefined,
    };
  }

  private request(process: Process, { subject, data, headers }: Omit<Sent, "reply">, timeoutMs: number): Promise<Reply> {
    const { world } = this;
    return new Promise((resolve) => {
      if (!world.effect(process)) return;
      this.serial += 1;
      const reply = `_INBOX.${this.serial}`;
      const settle = (outcome: Reply): void => {
        if (this.waiting.delete(reply) && world.effect(process)) resolve(outcome);
      };
      this.waiting.set(reply, { process, settle });
      world.after(timeoutMs, () => settle({ kind: "timeout", hand: 0 }), process);
      if (!this.send({ subject, data, headers, reply })) world.after(NO_RESPONDERS_MS, () => settle({ kind: "no responders" }), process);
    });
  }

  /** An answer to a request, on its way back. */
  respond(reply: string, data: Uint8Array, headers: Headers = {}): void {
    const waiting = this.waiting.get(reply);
    if (!waiting || this.world.fault(LOSS_BP)) return;
    this.world.after(
      way(this.world),
      () => waiting.settle({ kind: "reply", data, header: (name) => headers[name] ?? "" }),
      waiting.process,
    );
  }

  /** Whether anybody is there to hear it. */
  private send(sent: Sent): boolean {
    const { world } = this;
    const stored = this.streams.takes(sent.subject);
    if (stored) this.deliver(() => this.streams.take(sent, (data) => this.respond(sent.reply, data)));
    const listeners = this.listening(sent.subject);
    const groups = Map.groupBy(
      listeners.filter(({ queue }) => queue !== undefined),
      ({ queue }) => queue,
    );
    const hearers = [
      ...listeners.filter(({ queue }) => queue === undefined),
      ...[...groups.values()].map((members) => world.chance.pick(members)),
    ];
    for (const listener of hearers) {
      this.deliver(() => this.hand(listener, sent), listener.process);
      if (listener.twice && world.chance.chance(BOTH_HANDS_BP)) this.deliver(() => this.hand(listener, sent), listener.process);
    }
    return stored || hearers.length > 0;
  }

  private deliver(run: () => void, to?: Process): void {
    if (!this.world.fault(LOSS_BP)) this.world.after(way(this.world), run, to);
  }

  private hand(listener: Listener, { subject, data, headers, reply }: Sent): void {
    const { world } = this;
    // What is told again and again is nothing to die of: a crash between two beats is one between two other effects.
    if (!this.listeners.includes(listener) || !(listener.twice ? listener.process.alive : world.effect(listener.process))) return;
    listener.handler({
      subject,
      data,
      reply,
      header: (name) => headers[name] ?? "",
      respond: (answer: Uint8Array = NO_DATA, more: Headers = {}) => {
        if (world.effect(listener.process)) this.respond(reply, answer, more);
      },
    });
  }

  private listening(subject: string): readonly Listener[] {
    const known = this.matched.get(subject);
    if (known) return known;
    const parts = subject.split(".");
    const found = this.listeners.filter((listener) => matches(listener.parts, parts));
    this.matched.set(subject, found);
    return found;
  }
}

function matches(pattern: readonly string[], subject: readonly string[]): boolean {
  return pattern.length === subject.length && pattern.every((part, index) => part === "*" || part === subject[index]);
}
