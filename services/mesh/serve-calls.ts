/** The server side of rpc.ts: a request becomes an input of the batch (command) or is answered at once (query). What fails at the door is no input. */
import { dayOf } from "../values/days.ts";
import type { Caller, Context } from "../values/decision.ts";
import { badRequest, isAskOwner, isRefusal, isUnavailable, type Refusal, unavailable } from "../values/outcome.ts";
import { wordsOf } from "../values/thrown.ts";
import { checkRole, checkRoles, checkScope } from "./access.ts";
import type { Batcher } from "./batcher.ts";
import type { Builtin } from "./builtin.ts";
import type { Arrived, Bus, Subscribed } from "./bus.ts";
import type { Clock } from "./clock.ts";
import type { InputOutcome } from "./input.ts";
import { askedId, askedInput } from "./inputs.ts";
import { contentHash } from "./journal.ts";
import type { Logger } from "./log.ts";
import { type Ending, serveLongCalls } from "./long-calls.ts";
import { rehearse } from "./rehearse.ts";
import { REFUSED_BEFORE } from "./round.ts";
import { decodeCaller, RefusedError, refusalOf, rpcSubject, UnavailableError } from "./rpc.ts";
import { encodeRefusal, traceIdOf } from "./stage.ts";
import { NewerForm, type Store, Weather } from "./store.ts";
import { type Telemetry, traceparentOr } from "./telemetry.ts";
import type { Call, CommandCall, LongCall, QueryCall, Reader, TrialCall } from "./wiring.ts";

/** Larger requests are refused before they are decoded. */
export const REQUEST_LIMIT_BYTES = 4 * 1024 * 1024;
/** What the servers carry (max_payload 8 MB), less room for headers. */
const REPLY_LIMIT_BYTES = 8 * 1000 * 1000 - 64 * 1024;
/** Of a reason in a header. */
const REASON_LENGTH = 100;
/** Used where a caller names no deadline. */
const DEADLINE_MS = 10_000;
/** Calls that are being answered outside the batch (queries, and commands that ask an owner) at one time; above it a twin answers Unavailable. */
const IN_HAND_LIMIT = 2_000;
/** Labels of the metrics must not grow with what callers make up. */
const UNKNOWN = "unknown";

export interface CallServer {
  /** Queries are always answered; commands while `active`. */
  setActive(active: boolean): void;
  close(): void;
}

interface Request {
  readonly message: Arrived;
  readonly caller: Caller;
  readonly deadlineMs: number;
  readonly trace: string;
  readonly startedMs: number;
}

export function serveCalls(parts: {
  bus: Bus;
  service: string;
  twin: string;
  calls: readonly Call[];
  /** What every twin answers on its own subject, besides its service's calls. */
  builtins: ReadonlyMap<string, Builtin>;
  batcher: Batcher;
  reader: Pick<Reader, "getAll">;
  store: Pick<Store, "surely">;
  clock: Clock;
  telemetry: Telemetry;
  log: Logger;
}): CallServer {
  const { bus, service, twin, builtins, batcher, reader, store, clock, telemetry, log } = parts;
  const byName = new Map(parts.calls.map((call) => [call.method.name, call]));
  const longs = serveLongCalls(bus, service, twin);
  let active = false;
  let inHand = 0;

  const answer = (request: Request, name: string, status: string, data: Uint8Array, more: Readonly<Record<string, string>> = {}) => {
    telemetry.metrics.calls.inc({ method: name, outcome: status });
    telemetry.metrics.callSeconds.observe({ method: name }, (clock.monotonicMs() - request.startedMs) / 1000);
    if (data.length <= REPLY_LIMIT_BYTES) return request.message.respond(data, { "nrcms-status": status, ...more });
    log.error({ method: name, bytes: data.length }, "a reply is too large to be sent");
    request.message.respond(encodeRefusal(tooLarge("the reply", "回复", data.length, REPLY_LIMIT_BYTES)), {
      "nrcms-status": "RESOURCE_EXHAUSTED",
    });
  };
  const refuse = (request: Request, name: string, refusal: Refusal) => answer(request, name, refusal.status, encodeRefusal(refusal));
  const notNow = (request: Request, name: string, reason: string, retryAfterMs: number) =>
    answer(request, name, "UNAVAILABLE", new Uint8Array(), {
      "nrcms-reason": encodeURIComponent(reason.slice(0, REASON_LENGTH)),
      "nrcms-retry-after": String(retryAfterMs),
    });

  const broken = (request: Request, name: string, error: unknown) => {
    if (error instanceof Weather) return notNow(request, name, "store", 250);
    if (error instanceof UnavailableError) return notNow(request, name, error.message || "the owner does not answer", 250);
    if (error instanceof NewerForm) return notNow(request, name, "newer form", 20);
    log.error({ err: error, method: name, trace: request.trace }, "a call failed");
    refuse(request, name, internal("INTERNAL", request.trace));
  };

  const settled = (request: Request, call: CommandCall, outcome: InputOutcome) => {
    const { name } = call.method;
    if (outcome.kind === "refused") return refuse(request, name, outcome.refusal);
    if (outcome.kind === "unavailable") return notNow(request, name, outcome.unavailable.reason, outcome.unavailable.retryAfterMs);
    if (outcome.kind === "parked") return refuse(request, name, internal("PARKED", outcome.id));
    if (outcome.result === REFUSED_BEFORE) return answer(request, name, refusalOf(outcome.reply).status, outcome.reply);
    const pending = outcome.repeated ? undefined : call.pending(outcome.result);
    return answer(request, name, "OK", outcome.reply, pending ? { "nrcms-pending": pending } : {});
  };

  const command = async (request: Request, call: CommandCall): Promise<void> => {
    const { name } = call.method;
    const { caller, message } = request;
    if (!active) return notNow(request, name, "standby", 20);
    const body = decode(call, message.data);
    if (isRefusal(body)) return refuse(request, name, body);
    const { requestId } = body as { requestId?: unknown };
    if (typeof requestId !== "string" || !/^[\x21-\x7e]{1,64}$/.test(requestId))
      return refuse(
        request,
        name,
        badRequest("request_id", "请求编号须为 1–64 个可见 ASCII 字符", "request_id must be 1 to 64 visible ASCII characters"),
      );
    const refusal = checkScope(call.method, caller, body) ?? call.check(body, caller);
    if (refusal) return refuse(request, name, refusal);
    const hashed = message.header("nrcms-hash");
    const hash = /^[0-9a-f]{64}$/.test(hashed) ? hashed : contentHash(message.data);
    const id = askedId(caller, name, requestId);
    let ask = call.ask;
    const enter = (value: unknown) => {
      const { trace, deadlineMs } = request;
      batcher.enter(askedInput(call, { id, value, caller, hash, trace, deadlineMs, bytes: message.data }, (outcome) => ended(outcome)));
    };
    const ended = (outcome: InputOutcome) => {
      if (!ask || outcome.kind !== "unavailable" || !isAskOwner(outcome.unavailable)) return settled(request, call, outcome);
      const asking = ask;
      ask = undefined; // the owner is asked once
      work(request, name, async () => {
        try {
          const learnt = await asking(body, caller);
          if (isRefusal(learnt)) refuse(request, name, learnt);
          else enter(learnt);
        } catch (error) {
          if (!(error instanceof UnavailableError || error instanceof RefusedError)) throw error;
          log.warn({ method: name, reason: error.message }, "an owner did not say");
          settled(request, call, { kind: "unavailable", unavailable: unavailable("the owner does not answer", 250) });
        }
      });
    };
    const value = await call.input(body, caller);
    if (isRefusal(value)) return refuse(request, name, value);
    enter(value);
  };

  /** What a command would answer, the owners asked where the projections do not say. */
  const tried = async ({ caller, trace }: Request, call: TrialCall, body: unknown): Promise<unknown> => {
    const wrong = call.check(body, caller);
    if (wrong) return wrong;
    const atMs = clock.nowMs();
    const context: Context = { id: "", atMs, day: dayOf(atMs), caller, traceId: traceIdOf(trace), epoch: 0 };
    const first = await rehearse(call.decision, call.input(body, caller), reader, context);
    if (!isAskOwner(first) || !call.ask) return isRefusal(first) || isUnavailable(first) ? first : await call.reply(first);
    const learnt = await call.ask(body, caller);
    const second = isRefusal(learnt) ? learnt : await rehearse(call.decision, learnt, reader, context);
    return isRefusal(second) || isUnavailable(second) ? second : await call.reply(second);
  };

  /** Whom a twin does not find may have come a moment ago: "yes" is said from any read, and "no", or what another service decides by, from one that lacks nothing. */
  const surelyNo = async (call: QueryCall | TrialCall, caller: Caller, read: () => Promise<unknown>): Promise<unknown> => {
    if (caller.role === "SERVICE") return await store.surely(read);
    const result = await read();
    const isNo = isRefusal(result) || (call.act === "query" && !isUnavailable(result) && call.isNo(result));
    return isNo ? await store.surely(read) : result;
  };

  const query = async (request: Request, call: QueryCall | TrialCall): Promise<void> => {
    const { name } = call.method;
    const body = decode(call, request.message.data);
    if (isRefusal(body)) return refuse(request, name, body);
    const refusal = checkScope(call.method, request.caller, body);
    if (refusal) return refuse(request, name, refusal);
    const read = () => (call.act === "trial" ? tried(request, call, body) : call.answer(body, request.caller));
    const result = await telemetry.span(`${service}/${name}`, "server", request.trace, { "rpc.system": "nats", "rpc.method": name }, () =>
      surelyNo(call, request.caller, read),
    );
    if (isUnavailable(result)) return notNow(request, name, result.reason, result.retryAfterMs);
    if (isRefusal(result)) return refuse(request, name, result);
    answer(request, name, "OK", call.method.responseType.encode(result).finish());
  };

  /** Begins it, and answers where its words are told. */
  const long = async (request: Request, call: LongCall): Promise<void> => {
    const { name } = call.method;
    const { caller, message, trace } = request;
    const body = decode(call, message.data);
    if (isRefusal(body)) return refuse(request, name, body);
    const refusal = checkScope(call.method, caller, body);
    if (refusal) return refuse(request, name, refusal);
    const encode = (word: unknown) => call.method.responseType.encode(word).finish();
    const refused = (why: Refusal): Ending => ({ status: why.status, data: encodeRefusal(why) });
    const subject = longs.begin(message.header("nrcms-long"), async (tell, signal) => {
      try {
        const read = () => call.answer(body, caller, (word) => tell(encode(word)), signal);
        const first = await read();
        const result = isRefusal(first) ? await store.surely(read) : first;
        if (isRefusal(result)) return refused(result);
        const data = encode(result);
        return data.length <= REPLY_LIMIT_BYTES
          ? { status: "OK", data }
          : refused(tooLarge("the reply", "回复", data.length, REPLY_LIMIT_BYTES));
      } catch (error) {
        if (error instanceof Weather || error instanceof UnavailableError) return { status: "UNAVAILABLE", data: new Uint8Array() };
        if (signal.aborted) log.info({ method: name, trace }, "a long call was ended: nobody waits for it any more");
        else log.error({ err: error, method: name, trace }, "a call failed");
        return refused(internal("INTERNAL", trace));
      }
    });
    if (subject === undefined) return notNow(request, name, "overloaded", 250);
    answer(request, name, "OK", new Uint8Array(), { "nrcms-more": subject });
  };

  const builtin = async (request: Request, name: string, one: Builtin): Promise<void> => {
    const body: unknown = JSON.parse(new TextDecoder().decode(request.message.data) || "{}");
    const result = await one.answer(typeof body === "object" && body !== null ? { ...body } : {}, request.caller);
    if (isRefusal(result)) refuse(request, name, result);
    else answer(request, name, "OK", new TextEncoder().encode(JSON.stringify(result)));
  };

  /** Does what is not done by the batch, bounded in number; whatever it throws is answered. */
  const work = (request: Request, name: string, task: () => Promise<void>): void => {
    if (inHand >= IN_HAND_LIMIT) return notNow(request, name, "overloaded", 250);
    inHand += 1;
    task()
      .catch((error: unknown) => broken(request, name, error))
      .finally(() => {
        inHand -= 1;
      });
  };

  const arrived = (message: Arrived): void => {
    const method = message.subject.slice(message.subject.lastIndexOf(".") + 1);
    const call = byName.get(method);
    const own = call ? undefined : builtins.get(method);
    const name = call || own ? method : UNKNOWN;
    const startedMs = clock.monotonicMs();
    const caller = decodeCaller(message.header("nrcms-caller"));
    const left = Number(message.header("nrcms-deadline") || DEADLINE_MS);
    const request: Request = {
      message,
      caller: caller ?? { name: UNKNOWN, role: "UNSPECIFIED", scope: "none" },
      deadlineMs: startedMs + (Number.isFinite(left) ? left : DEADLINE_MS),
      trace: traceparentOr(message.header("traceparent")),
      startedMs,
    };
    if (!call && !own) return refuse(request, name, badRequest("", `没有方法 ${method}`, `no method ${method}`));
    if (!caller)
      return refuse(request, name, {
        ...badRequest("", "调用者不明", "the caller is unknown"),
        status: "UNAUTHENTICATED",
        code: "UNKNOWN_CALLER",
      });
    const bytes = message.data.length;
    const refusal =
      (call ? checkRole(call.method, caller) : checkRoles(own?.roles ?? [], method, caller)) ??
      (bytes > REQUEST_LIMIT_BYTES ? tooLarge("the request", "请求", bytes, REQUEST_LIMIT_BYTES) : undefined);
    if (refusal) return refuse(request, name, refusal);
    if (request.deadlineMs <= startedMs) return notNow(request, name, "deadline passed", 100);
    if (own) work(request, name, () => builtin(request, name, own));
    else if (call)
      work(request, name, () =>
        call.act === "command" ? command(request, call) : call.act === "long" ? long(request, call) : query(request, call),
      );
  };

  const always: Subscribed[] = [bus.serve(rpcSubject(service, "*", twin), arrived)];
  for (const call of parts.calls)
    if (call.act !== "command") always.push(bus.subscribe(rpcSubject(service, call.method.name), arrived, service));
  let whileActive: Subscribed[] = [];
  return {
    setActive(next) {
      if (next === active) return;
      active = next;
      for (const subscription of whileActive.splice(0)) subscription.stop();
      if (active) {
        whileActive = parts.calls
          .filter((call) => call.act === "command")
          .map((call) => bus.subscribe(rpcSubject(service, call.method.name), arrived, service));
      }
    },
    close() {
      active = false;
      longs.close();
      for (const subscription of [...always, ...whileActive]) subscription.stop();
    },
  };
}

function decode(call: Call, data: Uint8Array): unknown {
  try {
    return call.method.requestType.decode(data);
  } catch (error) {
    const reason = wordsOf(error);
    return badRequest("", `不是有效的 ${call.method.name} 请求：${reason}`, `not a valid ${call.method.name} request: ${reason}`);
  }
}

function tooLarge(what: string, whatZh: string, bytes: number, limit: number): Refusal {
  return {
    ...badRequest("", `${whatZh}过大：${bytes} 字节，上限 ${limit}`, `${what} is too large: ${bytes} bytes, at most ${limit}`),
    status: "RESOURCE_EXHAUSTED",
    code: "TOO_LARGE",
  };
}

/** A bug, kept under a number: the input is parked and will be decided again, not forgotten (PARKED), or the trace leads to the log (INTERNAL). */
function internal(code: "PARKED" | "INTERNAL", number: string): Refusal {
  return {
    outcome: "refused",
    code,
    status: "INTERNAL",
    field: "",
    zh: `系统错误，已登记，编号 ${number}`,
    en: `an internal error, kept under ${number}`,
  };
}
