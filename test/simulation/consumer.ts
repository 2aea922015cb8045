/** A durable consumer and those who pull from it: what is delivered waits for its acknowledgement, and comes again without one. */
import { way } from "./engines.ts";
import type { Process } from "./process.ts";
import { type Durable, messageAt, nextSeq, type Pull, type Stream, type StreamMessage } from "./stream.ts";
import type { World } from "./world.ts";

const LOSS_BP = 40;
/** An acknowledged message that comes once more all the same. */
const REPEAT_BP = 60;
const REPEAT_MS: readonly [number, number] = [1, 5_000];
const NANOS = 1_000_000;
/** A client that hears no end of its pull gives it up by itself. */
const OVERDUE_MS = 300;

/** What a consumer must know of its server. */
export interface Server {
  readonly world: World;
  readonly streams: ReadonlyMap<string, Stream>;
  /** Called for each message that counts as acknowledged from now on. */
  onAcknowledged: (stream: Stream, durable: Durable, message: StreamMessage) => void;
}

/** Hands out what there is to those who pull. */
export function serveDurable(server: Server, stream: Stream, durable: Durable): void {
  const { world } = server;
  if (stream.upAtMs > world.now) return void world.after(stream.upAtMs - world.now, () => serveDurable(server, stream, durable));
  while (durable.pulls.length > 0) {
    const seq = nextOf(stream, durable, world.now);
    if (seq === undefined) return;
    const message = messageAt(stream, seq);
    const pull = world.chance.pick(durable.pulls);
    const deliveries = (durable.deliveries.get(seq) ?? 0) + 1;
    durable.deliveries.set(seq, deliveries);
    hold(server, stream, durable, seq);
    pull.left -= 1;
    if (pull.left === 0) durable.pulls = durable.pulls.filter((one) => one !== pull);
    pull.give(message, deliveries);
    if (pull.left === 0) pull.end();
  }
}

function nextOf(stream: Stream, durable: Durable, now: number): number | undefined {
  for (const [seq, atMs] of durable.again)
    if (atMs <= now) {
      durable.again.delete(seq);
      return seq;
    }
  while (durable.next < nextSeq(stream)) {
    const seq = durable.next;
    durable.next += 1;
    if (durable.wants(messageAt(stream, seq))) return seq;
  }
  return undefined;
}

/** It waits for its acknowledgement; without one it comes again. */
function hold(server: Server, stream: Stream, durable: Durable, seq: number): void {
  const { world } = server;
  const untilMs = world.now + durable.ackWaitMs;
  durable.pending.set(seq, untilMs);
  world.after(durable.ackWaitMs, () => {
    if (durable.pending.get(seq) === untilMs) repeat(server, stream, durable, seq, 0);
  });
}

function repeat(server: Server, stream: Stream, durable: Durable, seq: number, ms: number): void {
  const { world } = server;
  durable.pending.delete(seq);
  durable.again.set(seq, world.now + ms);
  world.after(ms, () => serveDurable(server, stream, durable));
}

function acknowledge(server: Server, stream: Stream, durable: Durable, seq: number): void {
  const { world } = server;
  for (const one of durable.ackAll ? [...durable.pending.keys()].filter((held) => held <= seq) : [seq]) {
    const was = durable.pending.delete(one) || durable.again.delete(one);
    if (!was) continue;
    server.onAcknowledged(stream, durable, messageAt(stream, one));
    if (world.fault(REPEAT_BP)) repeat(server, stream, durable, one, world.span(...REPEAT_MS));
  }
}

interface Wanted {
  readonly stream: string;
  readonly durable: string;
  readonly most: number;
  readonly expiresMs: number;
}

/** One fetch: messages as they come, until there are enough, the time is over, or it is closed. */
export async function openPull(server: Server, process: Process, { stream: name, durable: of, most, expiresMs }: Wanted) {
  const { world } = server;
  const ready: object[] = [];
  let ended = false;
  let failure: Error | undefined;
  let wake: () => void = () => undefined;
  const end = (): void => {
    ended = true;
    wake();
  };
  const fail = (): void => {
    failure = new Error("no responders");
    end();
  };
  const toClient = (run: () => void): void => void world.after(way(world), () => world.effect(process) && run(), process);
  const toServer = (run: (stream: Stream, durable: Durable) => void): void => {
    if (!world.effect(process) || world.fault(LOSS_BP)) return;
    world.after(way(world), () => {
      const stream = server.streams.get(name);
      const durable = stream?.durables.get(of);
      if (stream && durable) run(stream, durable);
      else toClient(fail);
    });
  };
  const messageOf = (message: StreamMessage, deliveryCount: number) => ({
    subject: message.subject,
    seq: message.seq,
    data: message.data,
    headers: { get: (header: string) => message.headers[header] ?? "" },
    info: { deliveryCount, stream: name, timestampNanos: (world.startedAtMs + message.atMs) * NANOS },
    ack: () => toServer((stream, durable) => acknowledge(server, stream, durable, message.seq)),
    nak: (ms = 0) => toServer((stream, durable) => durable.pending.has(message.seq) && repeat(server, stream, durable, message.seq, ms)),
    working: () => toServer((stream, durable) => durable.pending.has(message.seq) && hold(server, stream, durable, message.seq)),
  });
  const pull: Pull = {
    process,
    left: most,
    give(message, deliveries) {
      if (world.fault(LOSS_BP)) return;
      toClient(() => {
        if (ended) return;
        ready.push(messageOf(message, deliveries));
        wake();
      });
    },
    end: () => void world.after(1, () => toClient(end)),
    fail: () => toClient(fail),
  };
  toServer((stream, durable) => {
    durable.pulls.push(pull);
    world.after(expiresMs, () => {
      if (!durable.pulls.includes(pull)) return;
      durable.pulls = durable.pulls.filter((one) => one !== pull);
      pull.end();
    });
    serveDurable(server, stream, durable);
  });
  world.after(expiresMs + OVERDUE_MS, end, process);
  return {
    close: async () => {
      end();
      toServer((_, durable) => {
        durable.pulls = durable.pulls.filter((one) => one !== pull);
      });
    },
    async *[Symbol.asyncIterator]() {
      for (;;) {
        const next = ready.shift();
        if (next) yield next;
        else if (failure) throw failure;
        else if (ended) return;
        else
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
      }
    },
  };
}
