/**
 * What a service hands to the mesh: what it is asked (calls), told (messages) and does by itself (timers, lead).
 * Everything here is data and plain functions; `serve` in twin.ts gives it a life.
 */
import type { Caller, Decision, Doc, EventMap, Key, Kind } from "../values/decision.ts";
import type { Refusal } from "../values/outcome.ts";
import type { Clock } from "./clock.ts";
import type { Logger } from "./log.ts";
import type { Topology } from "./topology.ts";

/** A message codec as ts-proto generates it. */
export interface Codec<T> {
  encode(message: T): { finish(): Uint8Array };
  decode(bytes: Uint8Array): T;
}

/** A method as ts-proto's generic definitions describe it; `options` holds the access rule's bytes. */
export interface Method<Q, A> {
  readonly name: string;
  readonly requestType: Codec<Q>;
  readonly responseType: Codec<A>;
  /** True where the answer is a stream: a long call. */
  readonly responseStream?: boolean;
  readonly options: { readonly _unknownFields?: Readonly<Record<number, readonly Uint8Array[]>> };
}

/** A service as ts-proto's generic definitions describe it. */
export interface ServiceDefinition {
  readonly name: string;
  /** nrcms.<service>.v1.<Name>Service */
  readonly fullName: string;
  // biome-ignore lint/suspicious/noExplicitAny: methods differ in their messages; `RequestOf` and `ResponseOf` give the types back.
  readonly methods: Readonly<Record<string, Method<any, any>>>;
}

export type RequestOf<D extends ServiceDefinition, M extends keyof D["methods"]> =
  D["methods"][M] extends Method<infer Q, infer _A> ? Q : never;
export type ResponseOf<D extends ServiceDefinition, M extends keyof D["methods"]> =
  D["methods"][M] extends Method<infer _Q, infer A> ? A : never;

/** A decision with its input type closed over, as the mesh handles it. */
// biome-ignore lint/suspicious/noExplicitAny: the wiring functions below check that input, decision and reply belong together.
export type AnyDecision = Decision<any, any, any>;

/** Asked: changes something. The request carries `requestId`; a repeat with the same bytes gets the first answer again. */
export interface CommandCall {
  readonly act: "command";
  // biome-ignore lint/suspicious/noExplicitAny: closed over by `command`.
  readonly method: Method<any, any>;
  readonly check: (request: unknown, caller: Caller) => Refusal | undefined;
  readonly input: (request: unknown, caller: Caller) => unknown;
  readonly decision: AnyDecision;
  readonly reply: (result: unknown) => unknown;
  readonly pending: (result: unknown) => string | undefined;
  readonly ask: ((request: unknown, caller: Caller) => Promise<unknown>) | undefined;
}

/** Asked: reads. Answered by both twins in either mode. */
export interface QueryCall {
  readonly act: "query";
  // biome-ignore lint/suspicious/noExplicitAny: closed over by `query`.
  readonly method: Method<any, any>;
  readonly answer: (request: unknown, caller: Caller) => Promise<unknown>;
  /** The answer is a "no" for want of something, as a refusal is. */
  readonly isNo: (answer: unknown) => boolean;
}

/** Asked: what a command would answer now. Its decision is tried over what is stored, and nothing is kept; answered by both twins in either mode. */
export interface TrialCall {
  readonly act: "trial";
  // biome-ignore lint/suspicious/noExplicitAny: closed over by `trial`.
  readonly method: Method<any, any>;
  readonly check: (request: unknown, caller: Caller) => Refusal | undefined;
  readonly input: (request: unknown, caller: Caller) => unknown;
  readonly decision: AnyDecision;
  readonly ask: ((request: unknown, caller: Caller) => Promise<unknown>) | undefined;
  readonly reply: (result: unknown) => Promise<unknown>;
}

/**
 * Asked: reads for minutes. Its caller is told meanwhile how far it is, by answers before the last one; nothing is kept, and it is ended where nobody asks for the newest word any more.
 * Answered by both twins in either mode.
 */
export interface LongCall {
  readonly act: "long";
  // biome-ignore lint/suspicious/noExplicitAny: closed over by `long`.
  readonly method: Method<any, any>;
  readonly answer: (request: unknown, caller: Caller, tell: (word: unknown) => void, signal: AbortSignal) => Promise<unknown>;
}

export type Call = CommandCall | QueryCall | TrialCall | LongCall;

export interface CommandParts<Q, I, R, A> {
  /** What fails the contract at the door: no input, nothing stored. */
  check?(request: Q, caller: Caller): Refusal | undefined;
  /** The request in the domain's words. May be async: a projection that cannot say yes asks the owner here (protocols 15). */
  input(request: Q, caller: Caller): I | Refusal | Promise<I | Refusal>;
  // biome-ignore lint/suspicious/noExplicitAny: a decision's events are checked by its own service.
  decision: Decision<I, R, any>;
  reply(result: R): A;
  /** An id to ask by (GetX) while the answer is not final: the gateway holds the call for it up to 2 s. */
  pending?(result: R): string | undefined;
  /**
   * Called outside the batch when the decision answers `askOwner()`: asks the owners of what the projections lack and gives the input again with their answers.
   * A decision whose input carries the answers never answers `askOwner()` again. Throws `UnavailableError` where an owner is silent.
   */
  ask?(request: Q, caller: Caller): Promise<I | Refusal>;
}

export function command<Q extends { requestId: string }, I, R, A>(method: Method<Q, A>, parts: CommandParts<Q, I, R, A>): CommandCall {
  const ask = parts.ask?.bind(parts);
  return {
    act: "command",
    method,
    check: (request, caller) => parts.check?.(request as Q, caller),
    input: (request, caller) => parts.input(request as Q, caller),
    decision: parts.decision,
    reply: (result) => parts.reply(result as R),
    pending: (result) => parts.pending?.(result as R),
    ask: ask && ((request, caller) => ask(request as Q, caller)),
  };
}

/** With `isNo` where an answer may say "no" without being a refusal: nobody is told so from a read that may lack something. */
export function query<Q, A>(
  method: Method<Q, A>,
  answer: (request: Q, caller: Caller) => Promise<A | Refusal>,
  isNo: (answer: A) => boolean = () => false,
): QueryCall {
  return { act: "query", method, answer: (request, caller) => answer(request as Q, caller), isNo: (one) => isNo(one as A) };
}

/** A method whose response is a stream. `signal` ends it: nobody waits any more. */
export function long<Q, A>(
  method: Method<Q, A>,
  answer: (request: Q, caller: Caller, tell: (word: A) => void, signal: AbortSignal) => Promise<A | Refusal>,
): LongCall {
  return { act: "long", method, answer: (request, caller, tell, signal) => answer(request as Q, caller, tell, signal) };
}

export interface TrialParts<Q, I, R, A> {
  check?(request: Q, caller: Caller): Refusal | undefined;
  input(request: Q, caller: Caller): I;
  // biome-ignore lint/suspicious/noExplicitAny: what it would tell is told to nobody.
  decision: Decision<I, R, any>;
  /** As a command's. */
  ask?(request: Q, caller: Caller): Promise<I | Refusal>;
  reply(result: R): Promise<A>;
}

export function trial<Q, I, R, A>(method: Method<Q, A>, parts: TrialParts<Q, I, R, A>): TrialCall {
  const ask = parts.ask?.bind(parts);
  return {
    act: "trial",
    method,
    check: (request, caller) => parts.check?.(request as Q, caller),
    input: (request, caller) => parts.input(request as Q, caller),
    decision: parts.decision,
    ask: ask && ((request, caller) => ask(request as Q, caller)),
    reply: (result) => parts.reply(result as R),
  };
}

/** Told: an event of another service's (or one's own) stream. */
export interface Message {
  /** The service whose stream it comes from. */
  readonly source: string;
  /** The event's name. */
  readonly event: string;
  // biome-ignore lint/suspicious/noExplicitAny: closed over by `told`.
  readonly codec: Codec<any>;
  readonly input: (body: unknown, origin: EventOrigin) => unknown;
  readonly decision: AnyDecision;
  /** "entry": one journal entry per event. "own": the decision remembers in documents of its own what it has seen (protocols 11). */
  readonly record: "entry" | "own";
}

/** Where an event came from: its twin and its number there, without holes (protocols 10). */
export interface EventOrigin {
  readonly source: string;
  readonly twin: string;
  readonly number: number;
  readonly atMs: number;
  readonly id: string;
}

export function told<B, I, R, E extends EventMap>(
  source: string,
  event: string,
  codec: Codec<B>,
  parts: { input(body: B, origin: EventOrigin): I; decision: Decision<I, R, E>; record?: "entry" | "own" },
): Message {
  return {
    source,
    event,
    codec,
    input: (body, origin) => parts.input(body as B, origin),
    decision: parts.decision,
    record: parts.record ?? "entry",
  };
}

/** An input that time brings: its id is the fact (`claim/X/expire`), so that finding it twice is deciding it once. */
export interface DueInput {
  readonly id: string;
  readonly decision: AnyDecision;
  readonly input: unknown;
}

/** Looked for by the leading twin only, while it leads. */
export interface Timer {
  readonly name: string;
  readonly everyMs: number;
  due(nowMs: number): Promise<readonly DueInput[]>;
}

/** What the leading twin holds while it leads; `signal` aborts when it no longer does. */
export interface Leading {
  readonly epoch: number;
  readonly signal: AbortSignal;
  /** Waits until this twin has committed something, at most so long, and no longer than it leads: there may be work. */
  news(limitMs: number): Promise<void>;
  /**
   * Enters an input of one's own and waits for its outcome. With `fenced`, the commit fails unless this twin still holds the lease under this epoch.
   * Throws where the mesh is draining or the lease is lost.
   */
  enter<I, R>(
    id: string,
    // biome-ignore lint/suspicious/noExplicitAny: a decision's events are checked by its own service.
    decision: Decision<I, R, any>,
    input: I,
    options?: { fenced?: boolean; traceparent?: string },
  ): Promise<R | Refusal>;
}

/** Reads for queries and for finding what is due: primary, majority. Decisions never read; they name keys. */
export interface Reader {
  get<D extends Doc>(key: Key<D>): Promise<D | undefined>;
  getAll<D extends Doc>(keys: readonly Key<D>[]): Promise<ReadonlyMap<string, D>>;
  find<D extends Doc>(kind: Kind<D>, filter: Readonly<Record<string, unknown>>, options?: FindOptions): Promise<readonly D[]>;
  count(kind: Kind<Doc>, filter: Readonly<Record<string, unknown>>): Promise<number>;
}

export interface FindOptions {
  readonly sort?: Readonly<Record<string, 1 | -1>>;
  /** Default 1000. */
  readonly limit?: number;
}

/** Asks another service; commands carry a request id, so a repeat on the other twin is safe. Throws `RefusedError` or `UnavailableError`. */
export type Ask = <D extends ServiceDefinition, M extends keyof D["methods"] & string>(
  definition: D,
  method: M,
  request: RequestOf<D, M>,
  options?: { timeoutMs?: number; caller?: Caller; traceparent?: string },
) => Promise<ResponseOf<D, M>>;

export interface Index {
  readonly keys: Readonly<Record<string, 1 | -1>>;
  readonly unique?: boolean;
  readonly partial?: Readonly<Record<string, unknown>>;
}

/** The indexes of each kind, by the kind's name. Every kind that a service stores is listed, with [] where it needs none. */
export type Indexes = Readonly<Record<string, readonly Index[]>>;

/** What one twin last said of itself; told every 300 ms on `nrcms.beat.<service>.<twin>`. */
export interface TwinBeat {
  readonly service: string;
  readonly twin: string;
  readonly server: string;
  /** "dual-active" or "hot-standby". */
  readonly mode: string;
  /** Takes work: in dual active unless it is at rest, in hot standby only while it leads. */
  readonly active: boolean;
  readonly ready: boolean;
  readonly pid: number;
  /** Unique for each start of the process. */
  readonly instance: string;
  /** The release of its code. */
  readonly release: string;
  /** The epoch under which it leads its pair; 0 where it does not lead. */
  readonly epoch: number;
  /** Why it is not ready; empty when it is. */
  readonly fault: string;
  /** The version of the order by which it works (order.ts). */
  readonly order: number;
  /** Its server is drained: it takes no work while its peer can. */
  readonly resting: boolean;
  /** The epoch of its peer's lease, where the peer is gone and it may not take over without an operator's word; else 0. */
  readonly waiting: number;
  readonly committed: number;
  readonly queued: number;
  /** Parked inputs of the service that nobody has resolved. */
  readonly parked: number;
  /** Events written and not yet acknowledged by the stream. */
  readonly unpublished: number;
  /** Events that were told and not heard, and were asked for again; messages that were not as they had been published. Since the process began. */
  readonly unheard: number;
  readonly damaged: number;
  readonly residentBytes: number;
  /** How often it beats, in milliseconds. */
  readonly everyMs: number;
  /** When it was heard here, by this process's own clock. */
  readonly atMs: number;
}

/** What a twin says of itself when it is asked now; undefined where it does not answer within a second. */
export type Look = (service: string, twin: string) => Promise<TwinBeat | undefined>;

/** Has a service publish a twin's events from a number to another once more. Gives how many there were. Throws UnavailableError where neither of its twins did it. */
export type Republish = (service: string, twin: string, from: number, to: number) => Promise<number>;

/** Files beside the documents. A file's name is its content's hash. */
export interface Files {
  /** Stores a file under its content's hash; one that is there stays as it is. Throws Weather where that cannot be made sure. */
  put(hash: string, content: Uint8Array): Promise<void>;
  get(hash: string): Promise<Uint8Array | undefined>;
}

/** What a service can use while it is wired. */
export interface Parts {
  readonly reader: Reader;
  /** Files beside the documents, by their content's hash. */
  readonly files: Files;
  readonly ask: Ask;
  readonly log: Logger;
  /** The mesh's time, a sandbox's offset included; a machine's clock that is set does not move it. */
  readonly clock: Clock;
  /** The pair's settings in the topology, unchecked: config.ts checks them. */
  readonly settings: Readonly<Record<string, unknown>>;
  readonly topology: Topology;
  /** The last beat heard of every twin of every service; a dead twin's grows old. */
  presence(): readonly TwinBeat[];
  readonly look: Look;
  /** For whom misses a number (protocols 10). */
  readonly republish: Republish;
}

export interface Wiring {
  readonly calls: readonly Call[];
  readonly messages: readonly Message[];
  readonly timers?: readonly Timer[];
  /** For messages that are recorded as "own": which of these numbers of a source's twin have been heard. */
  heard?(source: string, twin: string, numbers: readonly number[]): Promise<ReadonlySet<number>>;
  /** Runs while this twin leads; returns or throws when `signal` aborts. Started again after an error, with back-off. */
  lead?(leading: Leading): Promise<void>;
}

export interface Service {
  /** The service's name: its database, its stream, its queue group. */
  readonly name: string;
  readonly indexes: Indexes;
  /** The codec of each event that its decisions tell. */
  // biome-ignore lint/suspicious/noExplicitAny: each event has its own message.
  readonly tells: Readonly<Record<string, Codec<any>>>;
  /** Whose beats the service wants to hear: its own peer's (default), or everybody's. */
  readonly hearsBeats?: "own" | "all";
  wire(parts: Parts): Wiring;
}
