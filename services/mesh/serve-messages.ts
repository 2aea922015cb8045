/**
 * Durable pull consumers: told inputs. Explicit acknowledgement, in one burst per batch, and only after the batch's own events are acknowledged (protocols 12).
 * The stream promises no order; what comes too early is handed back with a growing delay (protocols 13).
 */
import { AckPolicy, type Consumer, DeliverPolicy, JetStreamApiError, type JsMsg, ReplayPolicy } from "@nats-io/jetstream";
import { nanos } from "@nats-io/nats-core";
import type { Batcher } from "./batcher.ts";
import type { Bus } from "./bus.ts";
import { pause } from "./clock.ts";
import type { InputOutcome } from "./input.ts";
import { type Told, toldInput } from "./inputs.ts";
import type { Logger } from "./log.ts";
import { idIn, isWhole } from "./seal.ts";
import { type EventMessage, streamName } from "./stream.ts";
import type { Message } from "./wiring.ts";

const ACK_WAIT_MS = 2_000;
/** Messages still in hand after this long are reported as being worked on: each report costs as much as an acknowledgement, so not before it must be. */
const WORKING_MS = 1_300;
const WORKING_LOOK_MS = 300;
const FETCH_LIMIT = 256;
const FETCH_MS = 2_000;
/** A consumer that says nothing for twice as long has no leader, or the machine has no time for either of us. */
const SIGN_OF_LIFE_MS = 750;
const MAX_ACK_PENDING = 4_000;
const RETRY_MS = 200;
const NAK_FLOOR_MS = 50;
const NAK_CEILING_MS = 5_000;
/** A fact that has waited this long for what it follows is an alarm, and goes on waiting (protocols 13). */
const LATE_FACT_MS = 60_000;
/** What waits is handed back every 5 s at the latest, now to one twin, now to the other. */
const WAITING_MS = 30_000;
const TRACEPARENT_LENGTH = 55;

export interface MessageServer {
  setActive(active: boolean): void;
  /** Stops pulling; what is in hand is finished by the batcher. */
  close(): Promise<void>;
  readonly inHand: number;
  /** Messages that were not as they had been published. */
  readonly damaged: number;
  /** Whether a source's consumer does not answer just now. */
  isAway(source: string): boolean;
  /** Has an event decided that did not come by its stream. False where it has to wait for what it follows. */
  handOver(source: string, message: EventMessage): Promise<boolean>;
  /** Whether an event was handed back of late, because what it follows is not here. */
  isWaiting(id: string): boolean;
}

/** What is done at each of a source's events. */
type Rules = ReadonlyMap<string, Message>;

export function serveMessages(parts: {
  bus: Bus;
  service: string;
  messages: readonly Message[];
  batcher: Batcher;
  log: Logger;
}): MessageServer {
  const { bus, service, batcher, log } = parts;
  const bySource = new Map<string, Rules>(
    [...Map.groupBy(parts.messages, (message) => message.source)].map(([source, rules]) => [
      source,
      new Map(rules.map((rule) => [rule.event, rule])),
    ]),
  );
  /** The sources whose consumers did not answer the last time. */
  const away = new Set<string>();
  const inHand = new Set<{ readonly message: JsMsg; reportedMs: number }>();
  /** When each was last handed back. */
  const handedBack = new Map<string, number>();
  let damaged = 0;
  let stop: AbortController | undefined;
  let pullers: Promise<void>[] = [];

  // Runs only while something is in hand: an idle twin should not wake for nothing.
  let reporter: NodeJS.Timeout | undefined;
  const report = () => {
    const now = performance.now();
    for (const held of inHand) {
      if (now - held.reportedMs < WORKING_MS) continue;
      held.reportedMs = now;
      held.message.working();
    }
    if (inHand.size > 0) return;
    clearInterval(reporter);
    reporter = undefined;
  };

  /** A message as what it tells; undefined where it is not as it was published. */
  const toldBy = (subject: string, bytes: Uint8Array, header: (name: string) => string, foreignId: string): Told | undefined => {
    const [, source = "", , event = ""] = subject.split(".");
    const told: Told = {
      source,
      event,
      id: idIn(header("Nats-Msg-Id")),
      origin: header("nrcms-origin"),
      trace: header("traceparent").slice(0, TRACEPARENT_LENGTH),
      bytes,
      foreignId,
    };
    return isWhole(header("nrcms-hash"), { ...told, subject }) ? told : undefined;
  };

  const take = (message: JsMsg, known: Rules) => {
    const foreignId = `foreign/${message.info.stream}/${message.seq}/${message.info.timestampNanos}`;
    const told = toldBy(message.subject, message.data, (name) => message.headers?.get(name) ?? "", foreignId);
    if (!told) {
      // Nothing that it says can be believed, so nothing is done by it: the event is one that was not heard, and comes again.
      damaged += 1;
      log.error({ subject: message.subject, sequence: message.seq, stream: message.info.stream }, "a message is not as it was published");
      message.term("damaged");
      return;
    }
    const held = { message, reportedMs: performance.now() };
    inHand.add(held);
    reporter ??= setInterval(report, WORKING_LOOK_MS).unref();
    const settle = (outcome: InputOutcome) => {
      if (outcome.kind === "unavailable") {
        const tries = message.info.deliveryCount;
        const ageMs = Date.now() - message.info.timestampNanos / 1_000_000;
        if (ageMs > LATE_FACT_MS)
          log.warn({ subject: message.subject, reason: outcome.unavailable.reason, ageMs }, "a fact waits for what it follows");
        handedBack.delete(told.id);
        handedBack.set(told.id, performance.now());
        message.nak(Math.min(NAK_CEILING_MS, NAK_FLOOR_MS * 2 ** Math.min(tries - 1, 7)));
        inHand.delete(held);
        return;
      }
      if (outcome.kind === "refused") log.warn({ subject: message.subject, code: outcome.refusal.code }, "an event was refused");
      const published = outcome.kind === "parked" ? Promise.resolve() : outcome.published;
      void published.then(() => {
        message.ack();
        inHand.delete(held);
      });
    };
    batcher.enter(toldInput(known.get(told.event), told, settle));
  };

  const pull = async (source: string, known: Rules, signal: AbortSignal) => {
    const filters = [...known.keys()].map((event) => `nrcms.${source}.*.${event}`).sort();
    let consumer: Consumer | undefined;
    let opened = -1;
    while (!signal.aborted) {
      const room = Math.min(FETCH_LIMIT, batcher.room);
      if (room < 1) {
        await pause(5, signal);
        continue;
      }
      const { hand } = bus.jetstream();
      try {
        // It pulls over the connection on which it was opened: where another is trusted by now, it is opened anew.
        if (hand !== opened) consumer = undefined;
        consumer ??= await openConsumer(bus, service, source, filters);
        opened = hand;
        const messages = await consumer.fetch({ max_messages: room, expires: FETCH_MS, idle_heartbeat: SIGN_OF_LIFE_MS });
        const end = () => void messages.close();
        signal.addEventListener("abort", end, { once: true });
        try {
          for await (const message of messages) take(message, known);
        } finally {
          signal.removeEventListener("abort", end);
        }
        away.delete(source);
      } catch (error) {
        if (signal.aborted) break;
        // No leader just now, a lost connection, or a stream that its owner is rebuilding: opened anew and tried again, for as long as it takes.
        consumer = undefined;
        away.add(source);
        bus.distrust(hand);
        log.debug({ err: error, source }, "pulling again");
        await pause(RETRY_MS, signal);
      }
    }
  };

  return {
    setActive(active) {
      if (active === (stop !== undefined)) return;
      if (active) {
        const controller = new AbortController();
        stop = controller;
        pullers = [...bySource].map(([source, known]) => pull(source, known, controller.signal));
      } else {
        stop?.abort();
        stop = undefined;
      }
    },
    async close() {
      stop?.abort();
      stop = undefined;
      await Promise.all(pullers);
      clearInterval(reporter);
    },
    get inHand() {
      return inHand.size;
    },
    get damaged() {
      return damaged;
    },
    isAway: (source) => away.has(source),
    handOver(source, { subject, data, headers }) {
      const told = toldBy(subject, data, (name) => headers[name] ?? "", `foreign/aside/${headers["Nats-Msg-Id"]}`);
      const rule = told && bySource.get(source)?.get(told.event);
      // What is not as it was told, or is not for us, is left to the stream and to the search for what was not heard.
      if (!rule) return Promise.resolve(true);
      return new Promise((resolve) => {
        batcher.enter(toldInput(rule, told, (outcome) => resolve(outcome.kind !== "unavailable")));
      });
    },
    isWaiting(id) {
      const now = performance.now();
      // Oldest first: what was not handed back again is here by now, or comes anew.
      for (const [known, atMs] of handedBack) {
        if (now - atMs <= WAITING_MS) break;
        handedBack.delete(known);
      }
      return handedBack.has(id);
    },
  };
}

const CONSUMER_NOT_FOUND = 10014;

/** The service's durable on a source's stream: made, or changed where its events changed. Throws where the stream is not there yet. */
async function openConsumer(bus: Bus, service: string, source: string, filters: readonly string[]): Promise<Consumer> {
  const { client, manager } = bus.jetstream();
  const stream = streamName(source);
  const consumers = (await manager).consumers;
  try {
    const info = await consumers.info(stream, service);
    const now = [...(info.config.filter_subjects ?? (info.config.filter_subject ? [info.config.filter_subject] : []))].sort();
    if (now.join(" ") !== filters.join(" ")) await consumers.update(stream, service, { filter_subjects: [...filters] });
  } catch (error) {
    if (!(error instanceof JetStreamApiError && error.code === CONSUMER_NOT_FOUND)) throw error;
    await consumers.add(stream, {
      durable_name: service,
      ack_policy: AckPolicy.Explicit,
      ack_wait: nanos(ACK_WAIT_MS),
      deliver_policy: DeliverPolicy.All,
      replay_policy: ReplayPolicy.Instant,
      max_ack_pending: MAX_ACK_PENDING,
      filter_subjects: [...filters],
    });
  }
  return await client.consumers.get(stream, service);
}
