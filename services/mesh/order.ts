/**
 * How this pair is to work: as the topology says, until operators order otherwise. Orders are administration's documents; they come to each twin as an event
 * (heard directly, so that no stream's election delays them), are asked for at the start and now and then, and are kept in a mark of one's own, so that a twin
 * which starts while administration is away goes on as ordered. The newest version wins.
 */
import { type PairOrder as OrderMessage, PairOrdered, PairOrders } from "../../proto/generated/nrcms/values/v1/pairs.ts";
import type { Caller } from "../values/decision.ts";
import type { Bus } from "./bus.ts";
import { contentHash } from "./journal.ts";
import type { Logger } from "./log.ts";
import { type Client, UnavailableError } from "./rpc.ts";
import { newTraceparent } from "./telemetry.ts";
import { otherTwin, type PairSettings, type TwinName } from "./topology.ts";

export interface Order extends PairSettings {
  /** 0 where nobody has ordered anything. */
  readonly version: number;
  /** The twin that is to lead instead of the one that leads under `overEpoch` or an earlier epoch. */
  readonly successor: TwinName | undefined;
  readonly overEpoch: number;
  /** Twins that take no work and do not lead: their server is drained. */
  readonly resting: readonly TwinName[];
}

/** Who gives orders; their event's subject. The one service that the mesh knows by name. */
const GIVER = "administration";
const SUBJECT = `nrcms.${GIVER}.*.PairOrdered`;
const ASK_AGAIN_MS = 10_000;
const ASK_LIMIT_MS = 2_000;
const MODES = { DUAL_ACTIVE: "dual-active", HOT_STANDBY: "hot-standby" } as const;
const TAKEOVERS = { AUTOMATIC: "automatic", CONFIRM: "confirm" } as const;

export function firstOrder({ mode, takeover, failback, preferred }: PairSettings): Order {
  return { version: 0, mode, takeover, failback, preferred, successor: undefined, overEpoch: 0, resting: [] };
}

/** The message as an order; undefined where it is none that this release understands. */
export function readOrder({ version, settings, successor, overEpoch, resting }: OrderMessage): Order | undefined {
  if (!settings || settings.mode === "UNSPECIFIED" || settings.takeover === "UNSPECIFIED" || !isTwin(settings.preferred)) return undefined;
  return {
    version: Number(version),
    mode: MODES[settings.mode],
    takeover: TAKEOVERS[settings.takeover],
    failback: settings.failback,
    preferred: settings.preferred,
    successor: isTwin(successor) ? successor : undefined,
    overEpoch: Number(overEpoch),
    resting: resting.filter(isTwin),
  };
}

/** Whether a twin is to take no work: its server is drained, and its peer works and is well. */
export function rests({ resting }: Order, twin: TwinName, peerWell: boolean): boolean {
  return resting.includes(twin) && !resting.includes(otherTwin(twin)) && peerWell;
}

export function settingsMessage({ mode, takeover, failback, preferred }: PairSettings): NonNullable<OrderMessage["settings"]> {
  return {
    mode: mode === "dual-active" ? "DUAL_ACTIVE" : "HOT_STANDBY",
    takeover: takeover === "automatic" ? "AUTOMATIC" : "CONFIRM",
    failback,
    preferred,
  };
}

function isTwin(text: string): text is TwinName {
  return text === "a" || text === "b";
}

export interface OrderParts {
  readonly service: string;
  readonly first: Order;
  readonly bus: Pick<Bus, "hear">;
  readonly log: Logger;
  /** Asks the giver for all orders. Throws where it is away. */
  ask(): Promise<readonly OrderMessage[]>;
  /** What this twin or its peer has kept; nothing where the twin has no store. */
  remembered?(): Promise<Readonly<Record<string, unknown>> | undefined>;
  keep?(order: Readonly<Record<string, unknown>>): Promise<void>;
}

export interface Orders {
  readonly current: Order;
  onChange(listener: (order: Order) => void): void;
  close(): void;
}

export async function openOrders({ service, first, bus, log, ask, remembered, keep }: OrderParts): Promise<Orders> {
  let current = (await remembered?.().then((mark) => mark && fromMark(mark))) ?? first;
  const listeners: ((order: Order) => void)[] = [];
  const hear = (message: OrderMessage): void => {
    if (message.service !== service || Number(message.version) <= current.version) return;
    const order = readOrder(message);
    if (!order) return log.error({ message }, "an order that this release does not understand is passed over");
    current = order;
    log.warn({ order }, "ordered");
    keep?.({ ...order }).catch((error: unknown) => log.info({ err: error }, "the order is kept at the next one; the giver has it"));
    for (const listener of listeners) listener(order);
  };
  const lookAgain = (): void => {
    ask().then(
      (messages) => messages.forEach(hear),
      (error: unknown) => log.debug({ err: error }, "orders are asked for at the next turn"),
    );
  };
  const subscription = bus.hear(SUBJECT, ({ data }) => {
    const { order } = PairOrdered.decode(data);
    if (order) hear(order);
  });
  lookAgain();
  const timer = setInterval(lookAgain, ASK_AGAIN_MS);
  return {
    get current() {
      return current;
    },
    onChange: (listener) => void listeners.push(listener),
    close() {
      clearInterval(timer);
      subscription.stop();
    },
  };
}

/** All orders, as the giver has them. Throws where it does not answer. */
export function askForOrders(client: Client, caller: Caller): () => Promise<readonly OrderMessage[]> {
  const data = new Uint8Array();
  return async () => {
    const parts = { caller, traceparent: newTraceparent(), hash: contentHash(data), timeoutMs: ASK_LIMIT_MS };
    const reply = await client.call(GIVER, "ListPairOrders", data, parts);
    if (reply.status !== "OK") throw new UnavailableError(`${GIVER} does not list the orders: ${reply.status} ${reply.reason}`);
    return PairOrders.decode(reply.data).orders;
  };
}

/** What is kept in the mark; anything else in it is passed over. */
function fromMark(mark: Readonly<Record<string, unknown>>): Order | undefined {
  const { version, mode, takeover, failback, preferred, successor, overEpoch, resting } = mark as Partial<Order>;
  if (typeof version !== "number" || !mode || !takeover || !failback || !preferred) return undefined;
  return {
    version,
    mode,
    takeover,
    failback,
    preferred,
    successor: successor ?? undefined,
    overEpoch: overEpoch ?? 0,
    resting: resting ?? [],
  };
}
