/**
 * What every twin answers on its own subject (`nrcms.rpc.<service>.<twin>.<Method>`) besides its service's calls, in JSON:
 * an operator's hand on what is parked (protocols 9), and events asked for again (protocols 10) or aside.
 */
import type { Caller } from "../values/decision.ts";
import { badRequest, isAskOwner, isRefusal, type Refusal, unavailable } from "../values/outcome.ts";
import type { Batcher } from "./batcher.ts";
import type { Headers } from "./bus.ts";
import type { Clock } from "./clock.ts";
import type { CrashNote } from "./crash.ts";
import type { Input, InputOutcome } from "./input.ts";
import { askedInput, toldInput } from "./inputs.ts";
import type { Entry, Parked } from "./journal.ts";
import type { Logger } from "./log.ts";
import { messageOf, type Relay } from "./relay.ts";
import { RefusedError, UnavailableError } from "./rpc.ts";
import type { Store } from "./store.ts";
import type { Call, Message } from "./wiring.ts";

export interface Builtin {
  readonly roles: readonly string[];
  answer(request: Readonly<Record<string, unknown>>, caller: Caller): Promise<object | Refusal>;
}

/** How a replay ended. `released` is for what time brings: it is no longer held back, and the next turn of its timer decides it. */
export interface Replayed {
  readonly outcome: InputOutcome["kind"] | "released" | "resolved before";
  /** Why it is not done: a refusal's code, the reason, the error. */
  readonly why: string;
}

/** What a twin's entries up to one have told of the names that were asked for, by number. */
export interface ToldAnswer {
  readonly entry: number;
  readonly events: readonly number[];
}

/** Events of a twin that were told after an entry, up to another, each as it is published; `data` is base64. */
export interface EventsAnswer {
  readonly entry: number;
  readonly events: readonly { readonly number: number; readonly subject: string; readonly headers: Headers; readonly data: string }[];
}

const LIST_LIMIT = 500;
/** Events that one request publishes again; an operator who names no end gets so many. */
const REPUBLISH_LIMIT = 1_000;
/** Entries that one answer tells of. */
const TOLD_LIMIT = 1_000;
/** Entries whose events go into one answer, and about how many bytes of it. One whose events alone are more waits for its stream. */
const EVENTS_LIMIT = 200;
const EVENTS_BYTES = 500_000;
/** What an event takes beside its own bytes. */
const EVENT_BYTES = 500;
/** What is younger may still be on its way. */
const TOLD_AGE_MS = 10_000;
const OCCASION_MS = 2_000;
const REPLAY_MS = 10_000;
const REASON_LENGTH = 200;

export function builtins(parts: {
  service: string;
  calls: readonly Call[];
  messages: readonly Message[];
  batcher: Pick<Batcher, "enter">;
  store: Store;
  relay: Pick<Relay, "anew">;
  crash: CrashNote;
  clock: Clock;
  log: Logger;
}): ReadonlyMap<string, Builtin> {
  const { batcher, store, relay, crash, clock, log } = parts;

  /** The parked input; with what the owners say, where its decision has asked for them. */
  const inputOf = async (row: Parked, by: string, asking: boolean, settle: (outcome: InputOutcome) => void): Promise<Input | Refusal> => {
    const { id, hash, trace, bytes, origin } = row;
    const replay = { by };
    if (row.from === "event") {
      const [source = "", event = ""] = row.method.split(".");
      const rule = parts.messages.find((one) => one.source === source && one.event === event);
      return toldInput(rule, { source, event, id, origin, trace, bytes, foreignId: id, replay }, settle);
    }
    const call = parts.calls.find((one) => one.method.name === row.method);
    if (call?.act !== "command") return badRequest("id", `没有命令 ${row.method}`, `there is no command ${row.method} any more`);
    const caller = { name: row.caller, role: row.role, scope: row.scope };
    const body: unknown = call.method.requestType.decode(bytes);
    const value = asking && call.ask ? await call.ask(body, caller) : await call.input(body, caller);
    if (isRefusal(value)) return value;
    return askedInput(call, { id, value, caller, hash, trace, bytes, deadlineMs: clock.monotonicMs() + REPLAY_MS, replay }, settle);
  };

  const decided = async (row: Parked, by: string, asking: boolean): Promise<InputOutcome | Refusal> => {
    const { promise, resolve } = Promise.withResolvers<InputOutcome>();
    try {
      const input = await inputOf(row, by, asking, resolve);
      if (isRefusal(input)) return input;
      batcher.enter(input);
    } catch (error) {
      if (!(error instanceof UnavailableError || error instanceof RefusedError)) throw error;
      log.warn({ input: row.id, reason: error.message }, "an owner did not say");
      return { kind: "unavailable", unavailable: unavailable("the owner does not answer", 250) };
    }
    return await promise;
  };

  const replay = async (row: Parked, by: string): Promise<Replayed | Refusal> => {
    crash.forgive(row.id);
    if (row.from === "due") {
      await store.resolve(row.id, by);
      return { outcome: "released", why: "" };
    }
    let outcome = await decided(row, by, false);
    if (!isRefusal(outcome) && outcome.kind === "unavailable" && isAskOwner(outcome.unavailable)) outcome = await decided(row, by, true);
    if (isRefusal(outcome)) return outcome;
    // Somebody else's repeat was faster; its entry stands and nothing is open any more.
    if (outcome.kind === "done" && outcome.repeated) await store.resolve(row.id, by);
    return { outcome: outcome.kind, why: whyOf(outcome) };
  };

  /** The parked input that a request names by its id. */
  const named = async (request: Readonly<Record<string, unknown>>): Promise<Parked | Refusal> => {
    const row = typeof request.id === "string" ? await store.parkedInput(request.id) : undefined;
    return row ?? { ...badRequest("id", "没有这一编号的搁置输入", "no parked input has this id"), code: "NOT_PARKED", status: "NOT_FOUND" };
  };

  return new Map<string, Builtin>([
    [
      "ListParked",
      {
        roles: ["OPERATOR"],
        async answer() {
          const rows = await store.parkedInputs(LIST_LIMIT);
          return {
            parked: rows.map(({ id, twin, atMs, from, method, caller, error }) => ({ id, twin, atMs, from, method, caller, error })),
          };
        },
      },
    ],
    [
      "ReplayParked",
      {
        roles: ["OPERATOR"],
        async answer(request, caller) {
          const row = await named(request);
          if (isRefusal(row)) return row;
          if (row.resolved) return { outcome: "resolved before", why: "" } satisfies Replayed;
          const replayed = await replay(row, caller.name);
          log.warn({ input: row.id, by: caller.name, ...replayed }, "a parked input was replayed");
          return replayed;
        },
      },
    ],
    [
      "DismissParked",
      {
        roles: ["OPERATOR"],
        async answer(request, caller) {
          const row = await named(request);
          if (isRefusal(row)) return row;
          const reason = typeof request.reason === "string" ? request.reason.slice(0, REASON_LENGTH) : "";
          if (reason === "") return badRequest("reason", "须说明不再处理的原因", "say why it is not to be decided");
          await store.resolve(row.id, `${caller.name}: ${reason}`);
          log.warn({ input: row.id, by: caller.name }, "a parked input was dismissed");
          return { outcome: "dismissed", why: reason };
        },
      },
    ],
    [
      "Republish",
      {
        // Monitoring asks by itself for what it misses.
        roles: ["OPERATOR", "SERVICE"],
        async answer(request) {
          const { twin, event, to = Number.MAX_SAFE_INTEGER } = request;
          if (twin !== "a" && twin !== "b") return NO_TWIN;
          if (!isCount(event) || event < 1) return badRequest("event", "事件号须为正整数", "event must be a positive whole number");
          if (!isCount(to) || to < event) return badRequest("to", "末号不得小于首号", "to must not be less than event");
          const end = Math.min(to, event + REPUBLISH_LIMIT - 1);
          // Whoever asks for the same within a moment asks for the same copy.
          const occasion = `${Math.floor(clock.nowMs() / OCCASION_MS)}`;
          const events = await relay.anew(twin, event, end, occasion, AbortSignal.timeout(REPLAY_MS));
          log.warn({ twin, event, to: end, events }, "events were asked for again");
          return { events };
        },
      },
    ],
    [
      "Told",
      {
        // Each who hears our events asks what there was to be heard (protocols 14).
        roles: ["SERVICE"],
        async answer(request) {
          const asked = after(request);
          if (isRefusal(asked)) return asked;
          const { twin, entry, names } = asked;
          const published = (await store.head(twin))?.publishedEntry ?? 0;
          const untilMs = clock.nowMs() - TOLD_AGE_MS;
          const rows = entry < published ? await store.toldAfter(twin, entry, Math.min(TOLD_LIMIT, published - entry)) : [];
          const old = rows.slice(0, rows.findLastIndex(({ atMs }) => atMs <= untilMs) + 1);
          const events = old.flatMap((row) => row.events.filter(({ name }) => names.includes(name)).map(({ number }) => number));
          return { entry: old.at(-1)?.number ?? entry, events } satisfies ToldAnswer;
        },
      },
    ],
    [
      "Events",
      {
        // Who hears our events asks for them while our stream stands still. What a majority has committed is told, published or not.
        roles: ["SERVICE"],
        async answer(request) {
          const asked = after(request);
          if (isRefusal(asked)) return asked;
          return packed(parts.service, await store.entriesAfter(asked.twin, asked.entry, EVENTS_LIMIT), asked);
        },
      },
    ],
  ]);
}

/** What a hearer asks for: what a twin told of these names after an entry. */
interface After {
  readonly twin: "a" | "b";
  readonly entry: number;
  readonly names: readonly unknown[];
}

function after({ twin, after: entry, names }: Readonly<Record<string, unknown>>): After | Refusal {
  if (twin !== "a" && twin !== "b") return NO_TWIN;
  if (!isCount(entry)) return badRequest("after", "须为日志条目号", "after must be the number of an entry");
  if (!Array.isArray(names)) return badRequest("names", "须为事件名称", "names must be the names of events");
  return { twin, entry, names };
}

function packed(service: string, rows: readonly Entry[], { entry: before, names }: After): EventsAnswer {
  const events: EventsAnswer["events"][number][] = [];
  let entry = before;
  let bytes = 0;
  for (const row of rows) {
    const told = row.events.filter((event) => names.includes(event.name));
    const size = told.reduce((sum, event) => sum + EVENT_BYTES + (4 * event.bytes.length) / 3, 0);
    if (size <= EVENTS_BYTES && bytes + size > EVENTS_BYTES) break;
    entry = row.number;
    if (size > EVENTS_BYTES) continue;
    bytes += size;
    for (const event of told) {
      const { subject, headers, data } = messageOf(service, row.twin, row.atMs, row.trace, event);
      events.push({ number: event.number, subject, headers, data: Buffer.from(data).toString("base64") });
    }
  }
  return { entry, events };
}

const NO_TWIN = badRequest("twin", "须为 a 或 b", "twin must be a or b");

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

function whyOf(outcome: InputOutcome): string {
  if (outcome.kind === "refused") return outcome.refusal.code;
  if (outcome.kind === "unavailable") return outcome.unavailable.reason;
  return outcome.kind === "parked" ? outcome.error : "";
}
