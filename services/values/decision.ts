/**
 * The one shape of all work: `needs` names documents, `decide` is pure and synchronous.
 * The mesh loads, decides, commits and tells; a decision only says what follows from what.
 */
import type { Refusal, Unavailable } from "./outcome.ts";

/** What every stored document has: the county that it belongs to, or the province (`PROVINCE`). */
export interface Doc {
  readonly county: string;
}

/** A key of one document. `kind` is its collection, `id` its `_id`. The type parameter is what it holds. */
export interface Key<D extends Doc = Doc> {
  readonly kind: string;
  readonly id: string;
  /** Present where the document is written once and never changes: it may be cached, and needs no guard. */
  readonly immutable?: true;
  /** Never present: it carries the document's type. */
  readonly holds?: D;
}

/** A kind of document: its collection's name, and how its keys are made. */
export interface Kind<D extends Doc> {
  readonly name: string;
  readonly immutable?: true;
  key(...parts: readonly (string | number)[]): Key<D>;
}

/**
 * Declares a kind; the parts of a key are joined by `/`. Documents of an `immutable` kind are put once and never again
 * (a published scheme): the mesh may keep them in the process.
 */
export function kind<D extends Doc>(name: string, options: { readonly immutable?: boolean } = {}): Kind<D> {
  const fixed = options.immutable === true ? ({ immutable: true } as const) : {};
  return { name, ...fixed, key: (...parts) => ({ kind: name, id: parts.join("/"), ...fixed }) };
}

/** What has been loaded so far, for `needs`: undefined means not there, or not yet loaded. */
export interface Loaded {
  get<D extends Doc>(key: Key<D>): D | undefined;
}

/** What a decision sees: every document that its `needs` named, as the inputs before it in the batch left it. */
export interface State {
  /** The document, or undefined where there is none. A key that `needs` did not name is an error: the input goes to the next batch. */
  get<D extends Doc>(key: Key<D>): D | undefined;
  /** The document, which must be there: its absence is a bug. */
  must<D extends Doc>(key: Key<D>): D;
}

/** The events that a service tells, by name, with what each carries. */
export type EventMap = { readonly [name: string]: object };

/** Where a decision writes down what shall be. Counts only when the decision ends well. */
export interface Change<E extends EventMap = EventMap> {
  /** The document's new version; a document that was not there is created. */
  put<D extends Doc>(key: Key<D>, doc: D): void;
  /** What the decision depends on, does not change, and others may change: the commit fails if it has changed. */
  guard(key: Key): void;
  /** An event, told after the commit on `nrcms.<service>.<county>.<name>`. */
  tell<N extends keyof E & string>(name: N, county: string, body: E[N]): void;
  /** What this input is about (a claim id, a batch id), so that its journal entry is found by it. */
  about(id: string): void;
}

/** Who asks, as the certificate says; `scope` is a county code, an institution id, or PROVINCE. */
export interface Caller {
  readonly name: string;
  readonly role: string;
  readonly scope: string;
}

/** When, by whom and under which id: stamped by the mesh, once. */
export interface Context {
  /** The input's id; a repeat has the same. */
  readonly id: string;
  /** Milliseconds since 1970: the asked input's by the twin's clock, the told input's by its event. */
  readonly atMs: number;
  /** The day of `atMs` in Asia/Shanghai, YYYY-MM-DD. */
  readonly day: string;
  readonly caller: Caller;
  /** The W3C trace id of the input, 32 hex digits; empty where there is none. */
  readonly traceId: string;
  /** The epoch under which this twin leads its pair; 0 where it does not lead. */
  readonly epoch: number;
}

/** One kind of input and what follows from it. Pure: no clock, no randomness, no I/O. */
export interface Decision<I, R, E extends EventMap = EventMap> {
  /** The keys that `decide` will look at. Asked again with what was loaded until it names nothing new. */
  needs(input: I, loaded: Loaded, context: Context): readonly Key[];
  /** The reply, a refusal (stored as the reply, changes dropped), or Unavailable (nothing stored, asked again later). */
  decide(input: I, state: State, change: Change<E>, context: Context): R | Refusal | Unavailable;
}
