/**
 * Asking and being asked over NATS: request and reply on `nrcms.rpc.<service>.<Method>`, queue group of the service, protobuf bytes;
 * deadline, trace context, content hash and caller in headers. The status of an answer is a header, so that a door can pass the bytes on undecoded.
 */

import { Refused } from "../../proto/generated/nrcms/values/v1/refused.ts";
import type { Caller } from "../values/decision.ts";
import type { Refusal, Status } from "../values/outcome.ts";
import { accessOf, serviceOf } from "./access.ts";
import type { Bus, Headers, Reply } from "./bus.ts";
import { pause } from "./clock.ts";
import { contentHash } from "./journal.ts";
import { STOP } from "./long-calls.ts";
import { Patience } from "./patience.ts";
import { newTraceparent } from "./telemetry.ts";
import type { Ask, RequestOf, ResponseOf, ServiceDefinition } from "./wiring.ts";

/** The status header of an answer: OK, MORE (a word of a long call, its answer comes later), UNAVAILABLE, INTERNAL (parked), or the status of a refusal. */
export type RpcStatus = "OK" | "MORE" | Status;

export interface RpcReply {
  readonly status: RpcStatus;
  /** The response's bytes when OK; an encoded Refused otherwise (empty for UNAVAILABLE). */
  readonly data: Uint8Array;
  /** An id to ask by while the answer is not final. */
  readonly pending: string;
  /** Where the words of a long call are told; empty where the answer is this one. */
  readonly more: string;
  /** Why it is unavailable, and when to try again. */
  readonly reason: string;
  readonly retryAfterMs: number;
}

export function encodeCaller(caller: Caller): string {
  return [caller.role, caller.scope, encodeURIComponent(caller.name)].join(" ");
}

/** The caller as its header says; undefined where it says nothing that can be read. */
export function decodeCaller(text: string): Caller | undefined {
  const [role, scope, name] = text.split(" ");
  if (!role || !scope || !name) return undefined;
  try {
    return { role, scope, name: decodeURIComponent(name) };
  } catch {
    // A name that is not encoded as ours are: nobody whom we know.
    return undefined;
  }
}

export function rpcSubject(service: string, method: string, twin?: string): string {
  return twin ? `nrcms.rpc.${service}.${twin}.${method}` : `nrcms.rpc.${service}.${method}`;
}

/**
 * An attempt that stays unanswered for longer than such calls have been taking, and at least this long, is repeated on the twins directly.
 * (With a fixed limit, half of all calls were repeated at 512 in flight, and both twins decided the same inputs and conflicted.)
 */
const ATTEMPT_FLOOR_MS = 600;
const ATTEMPT_CEILING_MS = 5_000;
/** The queue group, then the twins themselves over the other connection, then over the first again. */
const ROUNDS = 3;
/** How often unanswered attempts are looked at: whether they have waited long enough, or one of the twins has died. */
const LOOK_MS = 50;
/** A look that comes this late found its own process standing still: answers may lie unread, and nobody's silence means anything. */
const LATE_LOOK_MS = 150;
/** An attempt that is unanswered for this long has its connection's server asked for a sign of life. */
const PROBE_MS = 100;
/** Who says that it can be tried again this soon (a standby about to take over) is not left alone for long. */
const SOON_MS = 50;
const SOON_CEILING_MS = 100;
const TWINS = ["a", "b"] as const;
/** Where nobody listens (both twins are on their way), the next try comes after this. */
const NO_RESPONDERS_PAUSE_MS = 40;
/** Repeats may be this share of the calls, so that a slow mesh is not made slower (protocols 6). */
const REPEAT_BUDGET = 0.1;
const REPEAT_BURST = 20;
/** A twin answers within a second, with a new word or none. */
const WORD_TIMEOUT_MS = 3_000;
const WORD_ATTEMPTS = 4;
const UNAVAILABLE_FLOOR_MS = 15;
const UNAVAILABLE_CEILING_MS = 500;

export interface Client {
  /** Calls until an answer, a refusal, or the deadline. Commands must carry a request id: they may arrive twice. */
  call(service: string, method: string, data: Uint8Array, parts: CallParts): Promise<RpcReply>;
  /** The newest word of a long call, once there is one: MORE with its bytes (none: nothing new), or its answer. UNAVAILABLE where whoever worked on it is gone. */
  word(more: string): Promise<RpcReply>;
  /** Ends a long call that nobody waits for any more. Where that is not heard, it ends by itself a little later. */
  stop(more: string): void;
}

export interface CallParts {
  readonly caller: Caller;
  readonly traceparent: string;
  readonly hash: string;
  readonly timeoutMs: number;
  /** Of a long call: an id of its own, so that what arrives twice is begun once. */
  readonly long?: string;
}

function unavailableReply(reason: string, retryAfterMs = 250): RpcReply {
  return { status: "UNAVAILABLE", data: new Uint8Array(), pending: "", more: "", reason, retryAfterMs };
}

function readReply(reply: Extract<Reply, { kind: "reply" }>): RpcReply {
  return {
    status: (reply.header("nrcms-status") || "INTERNAL") as RpcStatus,
    data: reply.data,
    pending: reply.header("nrcms-pending"),
    more: reply.header("nrcms-more"),
    reason: decoded(reply.header("nrcms-reason")),
    retryAfterMs: Number(reply.header("nrcms-retry-after") || "0"),
  };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // Shown as it came: it is for people's eyes only.
    return text;
  }
}

/** An attempt that is on its way: looked at by one timer for all of them. */
interface Waiting {
  readonly service: string;
  readonly hand: number;
  readonly sinceMs: number;
  readonly patience: Patience;
  /** How many twins were thought alive when it went out. */
  readonly alive: number;
  probed: boolean;
  /** It has waited long enough, or a twin has died that may have it in hand. */
  hedge(): void;
}

/** A client over the bus. `isDead` says which twins are known dead: repeats towards their peers cost no budget. */
export function openClient(bus: Bus, isDead: (service: string, twin: string) => boolean = () => false): Client {
  let budget = REPEAT_BURST;
  const waiting = new Set<Waiting>();
  const patience = new Map<string, Patience>();
  let looking: NodeJS.Timeout | undefined;
  let lookedMs = 0;

  const patienceWith = (service: string, method: string): Patience => {
    const known = patience.get(`${service}/${method}`);
    if (known) return known;
    const made = new Patience(ATTEMPT_FLOOR_MS, ATTEMPT_CEILING_MS);
    patience.set(`${service}/${method}`, made);
    return made;
  };

  /** Both where neither or both are known dead. */
  const living = (service: string): readonly string[] => {
    const alive = TWINS.filter((twin) => !isDead(service, twin));
    return alive.length > 0 ? alive : TWINS;
  };

  const look = (): void => {
    const now = performance.now();
    const late = now - lookedMs > LATE_LOOK_MS;
    lookedMs = now;
    if (late) return;
    for (const one of waiting) {
      const waitedMs = now - one.sinceMs;
      const deathKnown = living(one.service).length < TWINS.length;
      const died = deathKnown && one.alive === TWINS.length;
      // Is its connection's server there at all? One that does not answer a ping within a look or two has the call in dead hands as well.
      if (waitedMs >= PROBE_MS && !one.probed) {
        one.probed = true;
        bus.probe(one.hand);
        continue;
      }
      const stuck = one.probed && !bus.trusts(one.hand);
      if (!died && !stuck && waitedMs < one.patience.at(now)) continue;
      const free = deathKnown || stuck;
      if (!free && budget < 1) continue;
      if (!free) budget -= 1;
      waiting.delete(one);
      one.hedge();
    }
    if (waiting.size > 0) return;
    clearInterval(looking);
    looking = undefined;
  };

  /** Waits until there is reason to ask elsewhere, or `answered` settles. Whether there is. */
  const worthHedging = async (
    service: string,
    hand: number,
    alive: number,
    patience: Patience,
    answered: Promise<unknown>,
  ): Promise<boolean> => {
    const { promise: late, resolve } = Promise.withResolvers<boolean>();
    const one: Waiting = { service, hand, sinceMs: performance.now(), patience, alive, probed: false, hedge: () => resolve(true) };
    waiting.add(one);
    if (!looking) {
      lookedMs = performance.now();
      looking = setInterval(look, LOOK_MS).unref();
    }
    const worth = await Promise.race([answered.then(() => false), late]);
    waiting.delete(one);
    return worth;
  };

  /**
   * One attempt: on the queue group, or on the only twin that lives. When it stays unanswered, or a twin is found dead meanwhile, the same again on each
   * living twin over the other connection, and once more over the first; what went out before may still answer, but is not waited for.
   */
  const attemptOn = (
    service: string,
    method: string,
    preferred: number,
    send: (subject: string, hand: number) => Promise<Reply>,
  ): Promise<Reply> =>
    new Promise((resolve) => {
      const { promise: answered, resolve: tellAnswered } = Promise.withResolvers<void>();
      const patience = patienceWith(service, method);
      const startedMs = performance.now();
      const end = (reply: Reply) => {
        tellAnswered();
        resolve(reply);
      };
      const go = async (round: number, hand: number): Promise<void> => {
        const alive = living(service);
        const only = alive.length === 1 ? alive[0] : undefined;
        const subjects = round === 0 ? [rpcSubject(service, method, only)] : alive.map((twin) => rpcSubject(service, method, twin));
        void lastWord(subjects.map((subject) => send(subject, hand))).then((reply) => {
          // How long a repeat took says nothing of how long the first would have taken (Karn's rule of TCP).
          if (round === 0 && isAnswer(reply)) patience.learn(performance.now() - startedMs, performance.now());
          // A first attempt that ends in nothing ends all; of the later ones the newest does, for the older may be in dead hands.
          if (isAnswer(reply) || round === newest) end(reply);
        });
        if (round + 1 >= ROUNDS || !(await worthHedging(service, hand, alive.length, patience, answered))) return;
        newest = round + 1;
        await go(newest, bus.pick(1 - hand));
      };
      let newest = 0;
      void go(0, bus.pick(preferred));
    });

  return {
    async call(service, method, data, parts) {
      const untilMs = performance.now() + parts.timeoutMs;
      budget = Math.min(REPEAT_BURST, budget + REPEAT_BUDGET);
      const left = () => untilMs - performance.now();
      const send = (subject: string, hand: number) => {
        const headers: Headers = {
          "nrcms-caller": encodeCaller(parts.caller),
          "nrcms-hash": parts.hash,
          "nrcms-deadline": String(Math.max(0, Math.round(left()))),
          traceparent: parts.traceparent,
          ...(parts.long ? { "nrcms-long": parts.long } : {}),
        };
        return bus.request(subject, data, headers, left(), hand);
      };
      let last = unavailableReply(`${service} has no responder`);
      let backoffMs = UNAVAILABLE_FLOOR_MS;
      for (let attempt = 0; left() > 0; attempt += 1) {
        const reply = await attemptOn(service, method, attempt % 2, send);
        if (reply.kind === "reply") {
          const read = readReply(reply);
          if (read.status !== "UNAVAILABLE") return read;
          last = read;
          await pause(Math.min(Math.max(0, left()), Math.max(backoffMs, read.retryAfterMs) * (0.5 + Math.random() / 2)));
          backoffMs = Math.min(read.retryAfterMs <= SOON_MS ? SOON_CEILING_MS : UNAVAILABLE_CEILING_MS, backoffMs * 2);
        } else if (reply.kind === "no responders") {
          await pause(Math.min(Math.max(0, left()), NO_RESPONDERS_PAUSE_MS));
        } else {
          bus.distrust(reply.hand);
          last = unavailableReply(`${service} did not answer in time`);
        }
      }
      return last;
    },
    async word(more) {
      for (let attempt = 0; attempt < WORD_ATTEMPTS; attempt += 1) {
        const reply = await bus.request(more, new Uint8Array(), {}, WORD_TIMEOUT_MS, bus.pick(attempt % 2));
        if (reply.kind === "reply") return readReply(reply);
        if (reply.kind === "timeout") bus.distrust(reply.hand);
        else await pause(NO_RESPONDERS_PAUSE_MS);
      }
      return unavailableReply("the twin that worked on it is gone");
    },
    stop: (more) => void bus.request(more, new Uint8Array(), { "nrcms-long": STOP }, WORD_TIMEOUT_MS),
  };
}

function isAnswer(reply: Reply): boolean {
  return reply.kind === "reply" && reply.header("nrcms-status") !== "UNAVAILABLE";
}

/** The first real answer; where there is none, the last of what came instead. */
async function lastWord(attempts: readonly Promise<Reply>[]): Promise<Reply> {
  return await new Promise((resolve) => {
    let open = attempts.length;
    let spare: Reply | undefined;
    for (const attempt of attempts) {
      void attempt.then((reply) => {
        open -= 1;
        if (reply.kind === "reply") spare = reply;
        if (isAnswer(reply)) resolve(reply);
        else if (open === 0) resolve(spare ?? reply);
      });
    }
  });
}

/** A call was refused: `refusal` says why. */
export class RefusedError extends Error {
  readonly refusal: Refusal;
  constructor(refusal: Refusal) {
    super(`${refusal.code}${refusal.field ? ` (${refusal.field})` : ""}: ${refusal.en}`);
    this.refusal = refusal;
  }
}

/** A call was not answered before its deadline. */
export class UnavailableError extends Error {}

export function refusalOf(data: Uint8Array): Refusal {
  const { code, field, zh, en, status } = Refused.decode(data);
  return { outcome: "refused", code, field, zh, en, status: status as Status };
}

const ASK_TIMEOUT_MS = 2_000;

/** The typed `ask` that services use. */
export function askOver(client: Client, self: Caller): Ask {
  return async <D extends ServiceDefinition, M extends keyof D["methods"] & string>(
    definition: D,
    name: M,
    request: RequestOf<D, M>,
    options: { timeoutMs?: number; caller?: Caller; traceparent?: string } = {},
  ): Promise<ResponseOf<D, M>> => {
    const method = definition.methods[name];
    if (!method) throw new Error(`${definition.fullName} has no method ${name}`);
    accessOf(method);
    const data = method.requestType.encode(request).finish();
    const reply = await client.call(serviceOf(definition), method.name, data, {
      caller: options.caller ?? self,
      traceparent: options.traceparent ?? newTraceparent(),
      hash: contentHash(data),
      timeoutMs: options.timeoutMs ?? ASK_TIMEOUT_MS,
    });
    if (reply.status === "OK") return method.responseType.decode(reply.data) as ResponseOf<D, M>;
    if (reply.status === "UNAVAILABLE") throw new UnavailableError(reply.reason);
    throw new RefusedError(refusalOf(reply.data));
  };
}
