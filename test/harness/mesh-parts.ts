/** Parts to try the mesh's own parts with: inputs, a clock that stands still, a bus in memory, a publisher that takes everything. */
import { pino } from "pino";
import type { Arrived, Bus, Headers, Reply } from "../../services/mesh/bus.ts";
import type { Clock } from "../../services/mesh/clock.ts";
import type { Input, InputOutcome } from "../../services/mesh/input.ts";
import type { Outgoing, Publisher } from "../../services/mesh/round.ts";
import type { AnyDecision } from "../../services/mesh/wiring.ts";
import type { Caller, Doc } from "../../services/values/decision.ts";
import { kind } from "../../services/values/decision.ts";
import { codec } from "./till.ts";

export const SILENT = pino({ level: "silent" });
export const AT_MS = Date.parse("2011-11-25T10:00:00+08:00");
export const CALLER: Caller = { name: "treasurer", role: "TREASURER", scope: "640000" };

export interface Purse extends Doc {
  readonly fen: bigint;
}
export const purses = kind<Purse>("purses");
export const laws = kind<Purse>("laws", { immutable: true });

export interface Clocked extends Clock {
  ms: number;
}

export function standingClock(): Clocked {
  const clock: Clocked = { ms: AT_MS, nowMs: () => clock.ms, monotonicMs: () => performance.now() };
  return clock;
}

/** An input whose outcome can be waited for. */
export interface Entered extends Input {
  readonly outcome: Promise<InputOutcome>;
}

let serial = 0;

export function inputOf(decision: AnyDecision, more: Partial<Input> = {}): Entered {
  serial += 1;
  const { promise, resolve } = Promise.withResolvers<InputOutcome>();
  return {
    id: `treasurer/Put/${serial}`,
    from: "call",
    decision,
    value: undefined,
    caller: CALLER,
    method: "Put",
    hash: "h",
    trace: "",
    atMs: undefined,
    deadlineMs: undefined,
    record: "entry",
    fenced: false,
    encode: (result) => new TextEncoder().encode(String(result)),
    bytes: new Uint8Array([1]),
    settle: resolve,
    ...more,
    outcome: promise,
  };
}

/** Puts a sum into a purse, tells it, and answers what is in the purse. */
export function putting(purse: string, fen: bigint): AnyDecision {
  return {
    needs: () => [purses.key(purse)],
    decide(_, state, change) {
      const before = state.get(purses.key(purse))?.fen ?? 0n;
      change.put(purses.key(purse), { county: "640521", fen: before + fen });
      change.tell("Put", "640521", { purse, fen });
      return before + fen;
    },
  };
}

export const TELLS = { Put: codec<object>() };

/** Takes all events at once, or holds them until `release`. */
export class MemoryPublisher implements Publisher {
  mark = { event: 0, entry: 0 };
  readonly taken: Outgoing[] = [];
  /** Entries that are to be published from the journal. */
  readonly stored: number[] = [];
  hold = false;
  private readonly held: (() => void)[] = [];

  publish(outgoing: Outgoing): Promise<void> {
    this.taken.push(outgoing);
    const acknowledge = () => {
      this.mark = { event: outgoing.events.at(-1)?.event.number ?? this.mark.event, entry: outgoing.entryNumber };
    };
    if (!this.hold) {
      acknowledge();
      return Promise.resolve();
    }
    return new Promise((resolve) =>
      this.held.push(() => {
        acknowledge();
        resolve();
      }),
    );
  }

  publishStored(entryNumber: number): Promise<void> {
    this.stored.push(entryNumber);
    return Promise.resolve();
  }

  release(): void {
    this.hold = false;
    for (const go of this.held.splice(0)) go();
  }
}

export interface Sent {
  readonly subject: string;
  readonly data: Uint8Array;
  readonly headers: Headers;
  readonly timeoutMs: number;
  readonly hand: number;
}

/** A bus in memory: `answer` says what becomes of a request; subscriptions hear what is published. */
export interface MemoryBus extends Bus {
  readonly sent: Sent[];
  readonly published: { readonly subject: string; readonly data: Uint8Array; readonly headers: Headers }[];
  /** Hands whose server was asked for a sign of life, because of doubt or of an error. */
  readonly distrusted: number[];
  answer: (sent: Sent) => Reply | Promise<Reply>;
}

export function memoryBus(): MemoryBus {
  const handlers: { subject: string; handler: (message: Arrived) => void }[] = [];
  const matches = (pattern: string, subject: string) => {
    const want = pattern.split(".");
    const have = subject.split(".");
    return want.length === have.length && want.every((part, index) => part === "*" || part === have[index]);
  };
  const listen = (subject: string, handler: (message: Arrived) => void) => {
    const row = { subject, handler };
    handlers.push(row);
    return { stop: () => void handlers.splice(handlers.indexOf(row), 1) };
  };
  const bus: MemoryBus = {
    sent: [],
    published: [],
    distrusted: [],
    answer: () => ({ kind: "no responders" }),
    publish(subject, data, headers = {}) {
      bus.published.push({ subject, data, headers });
      for (const row of [...handlers])
        if (matches(row.subject, subject))
          row.handler({ subject, data, reply: "", header: (name) => headers[name] ?? "", respond: () => undefined });
    },
    subscribe: listen,
    hear: listen,
    serve: listen,
    async request(subject, data, headers, timeoutMs, hand = 0) {
      const sent = { subject, data, headers, timeoutMs, hand };
      bus.sent.push(sent);
      const late = new Promise<Reply>((resolve) => setTimeout(() => resolve({ kind: "timeout", hand }), timeoutMs));
      return await Promise.race([Promise.resolve(bus.answer(sent)), late]);
    },
    jetstream: () => {
      throw new Error("no JetStream here");
    },
    probe: (hand) => void bus.distrusted.push(hand),
    distrust: (hand) => void bus.distrusted.push(hand),
    trusts: () => true,
    pick: (preferred) => (bus.trusts(preferred) ? preferred : 1 - preferred),
    tell: (subject, data) => bus.publish(subject, data),
    connected: true,
    flush: async () => undefined,
    close: async () => undefined,
  };
  return bus;
}

export function replying(status: string, data: Uint8Array = new Uint8Array(), headers: Headers = {}): Reply {
  return { kind: "reply", data, header: (name) => ({ "nrcms-status": status, ...headers })[name] ?? "" };
}

export const NEVER: Promise<Reply> = new Promise(() => undefined);
