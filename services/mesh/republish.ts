/** Asks a service for its events: what there was to be heard (protocols 14), to publish some again (protocols 10), or for themselves. Either of its twins can: they share the journal. */
import type { Caller } from "../values/decision.ts";
import type { EventsAnswer, ToldAnswer } from "./builtin.ts";
import type { Bus } from "./bus.ts";
import { contentHash } from "./journal.ts";
import { encodeCaller, rpcSubject, UnavailableError } from "./rpc.ts";
import type { EventMessage } from "./stream.ts";
import { newTraceparent } from "./telemetry.ts";
import type { Republish } from "./wiring.ts";

/** Longer than a twin takes to read and publish what one request may ask for. */
const TIMEOUT_MS = 12_000;
/** Nothing waits for these: they are asked for again at once. */
const EVENTS_TIMEOUT_MS = 1_500;
const TWINS = ["a", "b"] as const;

/** What a source's twin told of these names after an entry. Throws UnavailableError where neither of its twins answers. */
export type AskTold = (source: string, twin: string, after: number, names: readonly string[]) => Promise<ToldAnswer>;

export interface EventsTold {
  /** The last entry that was looked at. */
  readonly entry: number;
  readonly events: readonly { readonly number: number; readonly message: EventMessage }[];
}

/** The events themselves that a source's twin told of these names after an entry, as many as go into an answer. Throws UnavailableError where neither of its twins answers. */
export type AskEvents = (source: string, twin: string, after: number, names: readonly string[]) => Promise<EventsTold>;

type IsDead = (service: string, twin: string) => boolean;

export function republishOver(bus: Bus, self: Caller, isDead: IsDead): Republish {
  const by = { bus, self, isDead, first: new Map() };
  return async (service, twin, from, to) => {
    const answer = await askEither(by, service, "Republish", { twin, event: from, to });
    return Number((answer as { events?: unknown }).events);
  };
}

export function toldOver(bus: Bus, self: Caller, isDead: IsDead): AskTold {
  const by = { bus, self, isDead, first: new Map() };
  return async (source, twin, after, names) => (await askEither(by, source, "Told", { twin, after, names })) as ToldAnswer;
}

export function eventsOver(bus: Bus, self: Caller, isDead: IsDead): AskEvents {
  const by = { bus, self, isDead, first: new Map() };
  return async (source, twin, after, names) => {
    const answer = await askEither(by, source, "Events", { twin, after, names }, EVENTS_TIMEOUT_MS);
    const { entry, events } = answer as EventsAnswer;
    return {
      entry,
      events: events.map(({ number, subject, headers, data }) => ({
        number,
        message: { subject, headers, data: Buffer.from(data, "base64") },
      })),
    };
  };
}

interface Asker {
  readonly bus: Bus;
  readonly self: Caller;
  readonly isDead: IsDead;
  /** Of each service the twin that is asked first: the one that answered last. */
  readonly first: Map<string, string>;
}

async function askEither(by: Asker, service: string, method: string, body: object, timeoutMs = TIMEOUT_MS): Promise<unknown> {
  const data = new TextEncoder().encode(JSON.stringify(body));
  const headers = {
    "nrcms-caller": encodeCaller(by.self),
    "nrcms-hash": contentHash(data),
    "nrcms-deadline": String(timeoutMs),
    traceparent: newTraceparent(),
  };
  const order = by.first.get(service) === "b" ? TWINS.toReversed() : TWINS;
  for (const asked of order) {
    if (by.isDead(service, asked)) continue;
    const reply = await by.bus.request(rpcSubject(service, method, asked), data, headers, timeoutMs);
    if (reply.kind !== "reply" || reply.header("nrcms-status") !== "OK") continue;
    by.first.set(service, asked);
    return JSON.parse(new TextDecoder().decode(reply.data)) as unknown;
  }
  throw new UnavailableError(`neither twin of ${service} answers ${method} ${JSON.stringify(body)}`);
}
