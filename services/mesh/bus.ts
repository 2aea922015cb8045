/**
 * NATS: two connections per process, each with another server first, so that a server that dies or freezes costs one retry and no outage.
 * Subscriptions live on both; a request goes out on the healthier one. All requests of a connection share one inbox and one timer.
 */
import { type JetStreamClient, type JetStreamManager, jetstream, jetstreamManager } from "@nats-io/jetstream";
import { createInbox, headers, type Msg, type MsgHdrs, type NatsConnection } from "@nats-io/nats-core";
import { connect } from "@nats-io/transport-node";
import type { Logger } from "./log.ts";
import { Patience } from "./patience.ts";
import type { NatsAccess } from "./topology.ts";

export type Headers = Readonly<Record<string, string>>;

export interface Arrived {
  readonly subject: string;
  readonly data: Uint8Array;
  /** Where the answer goes: unique for each request. */
  readonly reply: string;
  header(name: string): string;
  respond(data: Uint8Array, headers?: Headers): void;
}

export type Reply =
  | { readonly kind: "reply"; readonly data: Uint8Array; header(name: string): string }
  | { readonly kind: "no responders" }
  | { readonly kind: "timeout"; readonly hand: number };

export interface Subscribed {
  stop(): void;
}

export interface Bus {
  publish(subject: string, data: Uint8Array, headers?: Headers, hand?: number): void;
  /** On the connections in turn: for what is told again and again, so that not all of it is lost with one of them. */
  tell(subject: string, data: Uint8Array): void;
  /** Each message arrives once: on one of the connections, and at one member of the queue group where one is named. */
  subscribe(subject: string, handler: (message: Arrived) => void, queue?: string): Subscribed;
  /** Each message arrives on every connection that lives, so twice as a rule: for what may be heard twice and must not be missed. */
  hear(subject: string, handler: (message: Arrived) => void): Subscribed;
  /**
   * Requests, which arrive on every connection that lives and are handled once. A queue group would leave the choice of the connection to the servers,
   * and they choose one of a frozen server as readily as another.
   */
  serve(subject: string, handler: (message: Arrived) => void): Subscribed;
  /** The hand to ask on: the preferred one where it may be asked, else the other. */
  pick(preferred: number): number;
  /** One request, one reply. Never throws: no responders and time-outs are outcomes. On the connection `hand`, or the one to be picked. */
  request(subject: string, data: Uint8Array, headers: Headers, timeoutMs: number, hand?: number): Promise<Reply>;
  /** JetStream over the connection that works; asked for again after an error. */
  jetstream(): { readonly client: JetStreamClient; readonly manager: Promise<JetStreamManager>; readonly hand: number };
  /** Asks this hand's server for a sign of life. The hand is trusted until that takes longer than is usual. */
  probe(hand: number): void;
  /** The connection of this hand gave an error or no answer: the other is taken until this one's server has answered a ping. */
  distrust(hand: number): void;
  /** Whether this hand may be asked: it is connected, and owes no answer to a ping. */
  trusts(hand: number): boolean;
  readonly connected: boolean;
  flush(): Promise<void>;
  close(): Promise<void>;
}

const NO_RESPONDERS = 503;
/** At least so many requests are remembered, and at most twice as many, so that the second coming of each is known as such: one connection may be thousands behind the other. */
const RECENT_REQUESTS = 8_192;
/** How often two connections look whether they have come to one server, and how soon one that found no other looks again. */
const SPREAD_MS = 2_000;
const SPREAD_RETRY_MS = 10_000;
/** Requests are checked for their time-outs this often. */
const TICK_MS = 50;
/** A server that leaves a ping unanswered for longer is taken for frozen; on a busy machine, for longer than its answers have been taking. */
const ECHO_FLOOR_MS = 150;
const ECHO_CEILING_MS = 1_000;

interface Pending {
  readonly untilMs: number;
  settle(reply: Reply): void;
}

interface Hand {
  readonly connection: NatsConnection;
  readonly inbox: string;
  readonly pending: Map<string, Pending>;
  readonly js: JetStreamClient;
  manager: Promise<JetStreamManager> | undefined;
  /** A ping is out that shall show whether its server lives. */
  ping: { readonly sinceMs: number; distrusted: boolean } | undefined;
  readonly echo: Patience;
  down: boolean;
}

/** Whoever waits for an answer on this hand asks again on the other one, rather than wait for its deadline. */
function failPending(hand: Hand, index: number): void {
  const pending = [...hand.pending.values()];
  hand.pending.clear();
  for (const one of pending) one.settle({ kind: "timeout", hand: index });
}

async function probe(hand: Hand, distrusted: boolean, log: Logger): Promise<void> {
  if (hand.down) return;
  if (hand.ping) {
    hand.ping.distrusted ||= distrusted;
    return;
  }
  hand.ping = { sinceMs: performance.now(), distrusted };
  try {
    const tookMs = await hand.connection.rtt();
    hand.echo.learn(tookMs, performance.now());
  } catch (error) {
    // It was disconnected meanwhile, which is known by then; or it is being closed.
    log.debug({ err: error }, "a connection was probed in vain");
  } finally {
    hand.ping = undefined;
  }
}

function isUsable({ down, connection, ping, echo }: Hand): boolean {
  if (down || connection.isClosed()) return false;
  const now = performance.now();
  return !ping || (!ping.distrusted && now - ping.sinceMs <= echo.at(now));
}

function toHdrs(map: Headers): MsgHdrs {
  const made = headers();
  for (const [name, value] of Object.entries(map)) made.set(name, value);
  return made;
}

async function openHand(access: NatsAccess, name: string, index: number, log: Logger): Promise<Hand> {
  const connection = await connect({
    ...access,
    servers: [...access.servers],
    noRandomize: true,
    name,
    maxReconnectAttempts: -1,
    reconnectTimeWait: 50,
    reconnectJitter: 25,
    reconnectJitterTLS: 25,
    pingInterval: 1_000,
    maxPingOut: 2,
    timeout: 1_000,
    ignoreClusterUpdates: true,
    noAsyncTraces: true,
  });
  const inbox = createInbox();
  const hand: Hand = {
    connection,
    inbox,
    pending: new Map(),
    js: jetstream(connection, { timeout: 5_000 }),
    manager: undefined,
    ping: undefined,
    echo: new Patience(ECHO_FLOOR_MS, ECHO_CEILING_MS),
    down: false,
  };
  connection.subscribe(`${inbox}.*`, {
    callback: (error, message) => {
      if (error) return;
      const token = message.subject.slice(inbox.length + 1);
      const pending = hand.pending.get(token);
      if (!pending) return;
      hand.pending.delete(token);
      pending.settle(
        message.data.length === 0 && message.headers?.code === NO_RESPONDERS
          ? { kind: "no responders" }
          : { kind: "reply", data: message.data, header: (key) => message.headers?.get(key) ?? "" },
      );
    },
  });
  void watch(hand, name, index, log);
  return hand;
}

async function watch(hand: Hand, name: string, index: number, log: Logger): Promise<void> {
  for await (const status of hand.connection.status()) {
    if (status.type === "disconnect" || status.type === "staleConnection") {
      hand.down = true;
      failPending(hand, index);
    }
    if (status.type === "reconnect") hand.down = false;
    if (status.type === "error") log.warn({ connection: name, status: String(status.error) }, "nats");
  }
}

/** What a nats-server says of itself; undefined where none of them answers within `limitMs`. */
export async function lookAtNats(access: NatsAccess, limitMs: number): Promise<{ name: string; version: string } | undefined> {
  try {
    const connection = await connect({ ...access, servers: [...access.servers], timeout: limitMs, reconnect: false });
    const { server_name: name = "", version = "" } = connection.info ?? {};
    await connection.close();
    return { name, version };
  } catch {
    return undefined; // It does not answer, which is the answer.
  }
}

/** Connects two hands: the first begins with the first server, the second with the next one. */
export async function openBus(access: NatsAccess, name: string, log: Logger): Promise<Bus> {
  const [own, next, ...rest] = access.servers as [string, ...string[]];
  // Each goes last where the other is: two connections to one server are one.
  const orders =
    next === undefined
      ? [[own], [own]]
      : [
          [own, ...rest, next],
          [next, ...rest, own],
        ];
  const hands = await Promise.all(orders.map((servers, index) => openHand({ ...access, servers }, `${name}.${index}`, index, log)));
  let serial = 0;
  /** On which hand each subject was last told: several that are told in turn must not come to one hand each. */
  const toldOn = new Map<string, number>();
  const pick = (preferred = 0): number => {
    const order = preferred === 1 ? [1, 0] : [0, 1];
    return order.find((index) => isUsable(hands[index] as Hand)) ?? order.find((index) => !(hands[index] as Hand).down) ?? preferred;
  };
  let spreadMs = Number.NEGATIVE_INFINITY;
  const spreader = setInterval(() => {
    const [one, other] = hands as [Hand, Hand];
    if (next === undefined || one.down || other.down || one.connection.getServer() !== other.connection.getServer()) return;
    if (performance.now() - spreadMs < SPREAD_RETRY_MS) return;
    spreadMs = performance.now();
    log.info({ server: one.connection.getServer() }, "both connections have come to one server: one of them looks for another");
    other.connection.reconnect().catch((error: unknown) => log.debug({ err: error }, "it stays where it is"));
  }, SPREAD_MS).unref();
  // Runs only while something is asked: an idle twin should not wake for nothing.
  let ticker: NodeJS.Timeout | undefined;
  const tick = () => {
    const now = performance.now();
    for (const [index, hand] of hands.entries()) {
      for (const [token, pending] of hand.pending) {
        if (pending.untilMs > now) continue;
        hand.pending.delete(token);
        pending.settle({ kind: "timeout", hand: index });
      }
    }
    if (hands.some((hand) => hand.pending.size > 0)) return;
    clearInterval(ticker);
    ticker = undefined;
  };

  const arrived = (message: Msg): Arrived => ({
    subject: message.subject,
    data: message.data,
    reply: message.reply ?? "",
    header: (key) => message.headers?.get(key) ?? "",
    respond: (data, map) => void message.respond(data, map ? { headers: toHdrs(map) } : undefined),
  });

  const listen = (subject: string, handler: (message: Arrived) => void, options: { queue?: string }): Subscribed => {
    const callback = (error: Error | null, message: Msg) => {
      if (error) return log.warn({ subject, err: error }, "subscription");
      try {
        handler(arrived(message));
      } catch (fault) {
        // One message that cannot be handled must not end the process, nor the subscription.
        log.error({ subject: message.subject, err: fault }, "a message could not be handled");
      }
    };
    const made = hands.map((hand) => hand.connection.subscribe(subject, { ...options, callback }));
    return { stop: () => made.forEach((subscription) => void subscription.unsubscribe()) };
  };

  return {
    publish(subject, data, map, index = pick()) {
      const hand = hands[index] as Hand;
      hand.connection.publish(subject, data, map ? { headers: toHdrs(map) } : undefined);
    },
    tell(subject, data) {
      const index = ((toldOn.get(subject) ?? 0) + 1) % hands.length;
      toldOn.set(subject, index);
      const hand = hands[index] as Hand;
      // One that is down would keep it, and tell it when it is old.
      if (!hand.down) hand.connection.publish(subject, data);
    },
    subscribe(subject, handler, queue) {
      // A plain subscription on both hands would hear everything twice; a queue group gives each message to one of them.
      serial += 1;
      return listen(subject, handler, { queue: queue ?? `${name}.${serial}` });
    },
    hear: (subject, handler) => listen(subject, handler, {}),
    serve(subject, handler) {
      let recent = new Set<string>();
      let before = new Set<string>();
      return listen(
        subject,
        (message) => {
          if (recent.has(message.reply) || before.has(message.reply)) return;
          if (recent.size >= RECENT_REQUESTS) {
            before = recent;
            recent = new Set();
          }
          recent.add(message.reply);
          handler(message);
        },
        {},
      );
    },
    pick,
    request(subject, data, map, timeoutMs, index = pick()) {
      const hand = hands[index] as Hand;
      // What it would keep until it is connected again would arrive when nobody waits any more.
      if (hand.down) return Promise.resolve({ kind: "no responders" });
      serial += 1;
      const token = serial.toString(36);
      return new Promise<Reply>((settle) => {
        hand.pending.set(token, { untilMs: performance.now() + timeoutMs, settle });
        ticker ??= setInterval(tick, TICK_MS).unref();
        try {
          hand.connection.publish(subject, data, { reply: `${hand.inbox}.${token}`, headers: toHdrs(map) });
        } catch (error) {
          hand.pending.delete(token);
          log.warn({ subject, err: error }, "request not sent");
          settle({ kind: "no responders" });
        }
      });
    },
    jetstream() {
      const index = pick();
      const hand = hands[index] as Hand;
      hand.manager ??= jetstreamManager(hand.connection, { checkAPI: false, timeout: 5_000 });
      return { client: hand.js, manager: hand.manager, hand: index };
    },
    probe: (index) => void probe(hands[index] as Hand, false, log),
    distrust: (index) => void probe(hands[index] as Hand, true, log),
    trusts: (index) => isUsable(hands[index] as Hand),
    get connected() {
      return hands.some((hand) => !hand.down && !hand.connection.isClosed());
    },
    async flush() {
      await Promise.all(hands.filter((hand) => !hand.down).map((hand) => hand.connection.flush()));
    },
    async close() {
      clearInterval(ticker);
      clearInterval(spreader);
      await Promise.all(hands.map((hand) => hand.connection.close()));
    },
  };
}
