/** The server side of rpc.ts: a request becomes an input of the batch (command) or is answered at once (query). What fails at the door is no input. */
import type { Caller } from "../values/decision.ts";
import { badRequest, isAskOwner, isRefusal, type Refusal, unavailable } from "../values/outcome.ts";
import { checkRole, checkScope } from "./access.ts";
import { type Batcher, REFUSED_BEFORE } from "./batcher.ts";
import type { Arrived, Bus, Subscribed } from "./bus.ts";
import type { Clock } from "./clock.ts";
import type { InputOutcome } from "./input.ts";
import { contentHash } from "./journal.ts";
import type { Logger } from "./log.ts";
import { decodeCaller, refusalOf, rpcSubject } from "./rpc.ts";
import { encodeRefusal } from "./stage.ts";
import { Weather } from "./store.ts";
import { type Telemetry, traceparentOr } from "./telemetry.ts";
import type { Call, CommandCall, QueryCall } from "./wiring.ts";

/** Larger requests are refused before they are decoded. */
export const REQUEST_LIMIT_BYTES = 4 * 1024 * 1024;
/** Used where a caller names no deadline. */
const DEADLINE_MS = 10_000;

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
  batcher: Batcher;
  clock: Clock;
  telemetry: Telemetry;
  log: Logger;
}): CallServer {
  const { bus, service, twin, batcher, clock, telemetry, log } = parts;
  const byName = new Map(parts.calls.map((call) => [call.method.name, call]));
  let active = false;

  const answer = (request: Request, name: string, status: string, data: Uint8Array, more: Readonly<Record<string, string>> = {}) => {
    telemetry.metrics.calls.inc({ method: name, outcome: status });
    telemetry.metrics.callSeconds.observe({ method: name }, (clock.monotonicMs() - request.startedMs) / 1000);
    request.message.respond(data, { "nrcms-status": status, ...more });
  };
  const refuse = (request: Request, name: string, refusal: Refusal) => answer(request, name, refusal.status, encodeRefusal(refusal));
  const notNow = (request: Request, name: string, reason: string, retryAfterMs: number) =>
    answer(request, name, "UNAVAILABLE", new Uint8Array(), {
      "nrcms-reason": encodeURIComponent(reason).slice(0, 200),
      "nrcms-retry-after": String(retryAfterMs),
    });

  const broken = (request: Request, name: string, error: unknown) => {
    if (error instanceof Weather) return notNow(request, name, "store", 250);
    log.error({ err: error, method: name, trace: request.trace }, "a call failed");
    refuse(request, name, internal(`${service}.${twin}`));
  };

  const settled = (request: Request, call: CommandCall, outcome: InputOutcome) => {
    const { name } = call.method;
    if (outcome.kind === "refused") return refuse(request, name, outcome.refusal);
    if (outcome.kind === "unavailable") return notNow(request, name, outcome.unavailable.reason, outcome.unavailable.retryAfterMs);
    if (outcome.kind === "parked") return refuse(request, name, internal(outcome.id));
    if (outcome.result === REFUSED_BEFORE) return answer(request, name, refusalOf(outcome.reply).status, outcome.reply);
    const pending = outcome.repeated ? undefined : call.pending(outcome.result);
    return answer(request, name, "OK", outcome.reply, pending ? { "nrcms-pending": pending } : {});
  };

  const enter = (
    request: Request,
    call: CommandCall,
    id: string,
    hash: string,
    value: unknown,
    asked: (() => Promise<unknown>) | undefined,
  ) =>
    batcher.enter({
      id,
      from: "call",
      decision: call.decision,
      value,
      caller: request.caller,
      method: call.method.name,
      hash,
      trace: request.trace,
      atMs: undefined,
      deadlineMs: request.deadlineMs,
      record: "entry",
      fenced: false,
      encode: (result) => call.method.responseType.encode(call.reply(result)).finish(),
      bytes: request.message.data,
      settle: (outcome) => {
        if (outcome.kind === "unavailable" && isAskOwner(outcome.unavailable) && asked) {
          void asked().then(
            (learnt) => (isRefusal(learnt) ? refuse(request, call.method.name, learnt) : enter(request, call, id, hash, learnt, undefined)),
            () => settled(request, call, { kind: "unavailable", unavailable: unavailable("the owner does not answer", 250) }),
          );
        } else settled(request, call, outcome);
      },
    });

  const command = async (request: Request, call: CommandCall): Promise<void> => {
    const { name } = call.method;
    if (!active) return notNow(request, name, "standby", 20);
    const body = decode(call, request.message.data);
    if (isRefusal(body)) return refuse(request, name, body);
    const requestId = (body as { requestId?: unknown }).requestId;
    const refusal =
      checkScope(call.method, request.caller, body) ??
      (typeof requestId === "string" && /^[\x21-\x7e]{1,64}$/.test(requestId)
        ? undefined
        : badRequest("request_id", "请求编号须为 1–64 个可见 ASCII 字符", "request_id must be 1 to 64 visible ASCII characters")) ??
      call.check(body, request.caller);
    if (refusal) return refuse(request, name, refusal);
    const value = await call.input(body, request.caller);
    if (isRefusal(value)) return refuse(request, name, value);
    const ask = call.ask;
    const hash = request.message.header("nrcms-hash") || contentHash(request.message.data);
    enter(request, call, `${request.caller.name}/${name}/${String(requestId)}`, hash, value, ask && (() => ask(body, request.caller)));
  };

  const query = async (request: Request, call: QueryCall): Promise<void> => {
    const { name } = call.method;
    const body = decode(call, request.message.data);
    if (isRefusal(body)) return refuse(request, name, body);
    const refusal = checkScope(call.method, request.caller, body);
    if (refusal) return refuse(request, name, refusal);
    const result = await telemetry.span(`${service}/${name}`, "server", request.trace, { "rpc.system": "nats", "rpc.method": name }, () =>
      call.answer(body, request.caller),
    );
    if (isRefusal(result)) return refuse(request, name, result);
    answer(request, name, "OK", call.method.responseType.encode(result).finish());
  };

  const arrived = (message: Arrived): void => {
    const name = message.subject.slice(message.subject.lastIndexOf(".") + 1);
    const call = byName.get(name);
    const startedMs = clock.monotonicMs();
    const caller = decodeCaller(message.header("nrcms-caller"));
    const left = Number(message.header("nrcms-deadline") || DEADLINE_MS);
    const request: Request = {
      message,
      caller: caller ?? { name: "unknown", role: "UNSPECIFIED", scope: "none" },
      deadlineMs: startedMs + (Number.isFinite(left) ? left : DEADLINE_MS),
      trace: traceparentOr(message.header("traceparent")),
      startedMs,
    };
    if (!call) return refuse(request, name, badRequest("", `没有方法 ${name}`, `no method ${name}`));
    if (!caller)
      return refuse(request, name, {
        ...badRequest("", "调用者不明", "the caller is unknown"),
        status: "UNAUTHENTICATED",
        code: "UNKNOWN_CALLER",
      });
    const refusal = checkRole(call.method, caller) ?? tooLarge(message.data.length);
    if (refusal) return refuse(request, name, refusal);
    const work = call.act === "command" ? command(request, call) : query(request, call);
    work.catch((error: unknown) => broken(request, name, error));
  };

  const always: Subscribed[] = [bus.subscribe(rpcSubject(service, "*", twin), arrived, `${service}.${twin}`)];
  for (const call of parts.calls)
    if (call.act === "query") always.push(bus.subscribe(rpcSubject(service, call.method.name), arrived, service));
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
      for (const subscription of [...always, ...whileActive]) subscription.stop();
    },
  };
}

function decode(call: Call, data: Uint8Array): unknown {
  try {
    return call.method.requestType.decode(data);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return badRequest("", `不是有效的 ${call.method.name} 请求：${reason}`, `not a valid ${call.method.name} request: ${reason}`);
  }
}

function tooLarge(bytes: number): Refusal | undefined {
  if (bytes <= REQUEST_LIMIT_BYTES) return undefined;
  return {
    ...badRequest(
      "",
      `请求过大：${bytes} 字节，上限 ${REQUEST_LIMIT_BYTES}`,
      `the request is too large: ${bytes} bytes, at most ${REQUEST_LIMIT_BYTES}`,
    ),
    status: "RESOURCE_EXHAUSTED",
    code: "TOO_LARGE",
  };
}

/** A bug, kept under its number: the input is parked and will be decided again, not forgotten. */
function internal(number: string): Refusal {
  return {
    outcome: "refused",
    code: "PARKED",
    status: "INTERNAL",
    field: "",
    zh: `系统错误，已登记，编号 ${number}`,
    en: `an internal error, kept under ${number}`,
  };
}
