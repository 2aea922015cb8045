/**
 * Where a batch is decided: pure and synchronous. Each input sees what the ones before it changed; its own changes count only when it ends well
 * (protocols 4). What comes out is a plan for one transaction, and what to answer once that has committed.
 */

import { Refused } from "../../proto/generated/nrcms/values/v1/refused.ts";
import { dayOf } from "../values/days.ts";
import type { Change, Context, Doc, Key, State } from "../values/decision.ts";
import { isRefusal, isUnavailable, type Refusal, type Unavailable } from "../values/outcome.ts";
import type { Input } from "./input.ts";
import { chainHash, type Entry, type Head, type Parked, type StoredEvent } from "./journal.ts";
import type { Codec } from "./wiring.ts";

/** A document as it was read: version 0 means that it was not there. */
export interface Read {
  readonly doc: Doc | undefined;
  readonly version: number;
}

/** What was loaded for a batch, by `nameOf` key. */
export type Loads = Map<string, Read>;

export function nameOf(key: Key): string {
  return `${key.kind}\u0000${key.id}`;
}

/** One transaction's writes. */
export interface Plan {
  readonly head: { readonly from: Head; readonly to: Head };
  readonly entries: readonly Entry[];
  readonly parked: readonly Parked[];
  /** Parked inputs that were decided after all: marked resolved in the same transaction as their entry. */
  readonly resolved: readonly { readonly id: string; readonly by: string }[];
  readonly puts: readonly { readonly key: Key; readonly version: number; readonly doc: Doc; readonly by: string }[];
  readonly guards: readonly { readonly key: Key; readonly version: number }[];
  /** Hold the lease under this epoch or fail; 0 asks for nothing. */
  readonly epoch: number;
}

export type Verdict =
  | { readonly kind: "done"; readonly reply: Uint8Array; readonly result: unknown }
  | { readonly kind: "refused"; readonly refusal: Refusal }
  | { readonly kind: "unavailable"; readonly unavailable: Unavailable }
  /** It looked at what its `needs` did not name, or failed over what was read: next batch, with a fresh read. */
  | { readonly kind: "deferred"; readonly missing: string }
  | { readonly kind: "parked"; readonly error: string };

export interface Decided {
  readonly plan: Plan;
  readonly verdicts: ReadonlyMap<Input, Verdict>;
}

class NotLoaded extends Error {}

export interface StageSettings {
  readonly head: Head;
  readonly instance: string;
  readonly published: { readonly event: number; readonly entry: number };
  readonly nowMs: number;
  readonly epoch: number;
  /** Every commit of this twin holds the lease (hot standby). */
  readonly alwaysFenced: boolean;
  // biome-ignore lint/suspicious/noExplicitAny: each event has its own message.
  readonly tells: Readonly<Record<string, Codec<any>>>;
  /** Ids that are parked undecided. */
  readonly park: ReadonlySet<string>;
  /** Inputs whose `needs` threw, with the reason. */
  readonly faults: ReadonlyMap<Input, string>;
  /** Deferred before and now alone with a fresh read: what it looks at and does not name is a bug by now. */
  readonly lastChance: boolean;
  /** Told which input's turn it is, before it is decided. */
  readonly onTurn?: (index: number) => void;
  /** Whether an input that fails is decided again in a fresh read; otherwise its failure is a bug. */
  readonly mayFail?: (input: Input) => boolean;
}

/** The trace id of a traceparent, or empty. */
export function traceIdOf(traceparent: string): string {
  return traceparent.slice(3, 35);
}

export function contextOf(input: Input, nowMs: number, epoch: number): Context {
  const atMs = input.atMs ?? nowMs;
  return { id: input.id, atMs, day: dayOf(atMs), caller: input.caller, traceId: traceIdOf(input.trace), epoch };
}

export function encodeRefusal(refusal: Refusal): Uint8Array {
  const { code, field, zh, en, status } = refusal;
  return Refused.encode({ code, field, zh, en, status }).finish();
}

/** What one decision wrote down, until it is known to have ended well. */
interface Draft {
  readonly puts: Map<string, { key: Key; doc: Doc }>;
  readonly guards: Map<string, Key>;
  readonly events: { name: string; county: string; bytes: Uint8Array }[];
  readonly about: string[];
}

/** Decides a batch over what was loaded. Never throws for an input's sake. */
export function decideBatch(inputs: readonly Input[], loads: Loads, settings: StageSettings): Decided {
  const changed = new Map<string, { key: Key; doc: Doc; by: string }>();
  const guarded = new Map<string, Key>();
  const entries: Entry[] = [];
  const parked: Parked[] = [];
  const resolved: { id: string; by: string }[] = [];
  const verdicts = new Map<Input, Verdict>();
  const { nowMs } = settings;
  let { number, chain, event } = settings.head;
  let fenced = settings.alwaysFenced;

  const read = (draft: Draft, key: Key): Doc | undefined => {
    const name = nameOf(key);
    const written = draft.puts.get(name) ?? changed.get(name);
    if (written) return written.doc;
    const loaded = loads.get(name);
    if (!loaded) throw new NotLoaded(`${key.kind}/${key.id}`);
    return loaded.doc;
  };

  const record = (input: Input, outcome: "done" | "refused", reply: Uint8Array, draft: Draft) => {
    number += 1;
    const events: StoredEvent[] = draft.events.map((told) => {
      event += 1;
      return { number: event, name: told.name, county: told.county, bytes: told.bytes };
    });
    const body = {
      id: input.id,
      twin: settings.head.twin,
      number,
      atMs: nowMs,
      caller: input.caller.name,
      method: input.method,
      hash: input.hash,
      outcome,
      reply,
      events,
      about: draft.about,
      trace: input.trace,
    };
    const previous = chain;
    chain = chainHash(previous, body);
    entries.push({ ...body, previous, chain });
  };

  const park = (input: Input, error: string) => {
    parked.push(parkedRow(input, settings.head.twin, nowMs, error));
    verdicts.set(input, { kind: "parked", error });
  };
  const ended = (input: Input) => {
    if (input.replay) resolved.push({ id: input.id, by: input.replay.by });
  };

  for (const [index, input] of inputs.entries()) {
    if (settings.park.has(input.id)) {
      park(input, "this input ended a process twice");
      continue;
    }
    const fault = settings.faults.get(input);
    if (fault !== undefined) {
      park(input, fault);
      continue;
    }
    const draft: Draft = { puts: new Map(), guards: new Map(), events: [], about: [] };
    settings.onTurn?.(index);
    let result: unknown;
    try {
      result = input.decision.decide(
        input.value,
        stateOver(draft, read),
        changeInto(draft, read, loads, settings.tells),
        contextOf(input, nowMs, settings.epoch),
      );
    } catch (error) {
      // What was read need not have been there at one instant: who fails over it is decided again in a fresh read before that is called a bug.
      const failure = error instanceof Error ? error : new Error(String(error));
      const again = error instanceof NotLoaded ? !settings.lastChance : settings.mayFail?.(input) === true;
      if (again) verdicts.set(input, { kind: "deferred", missing: failure.message });
      else if (error instanceof NotLoaded) park(input, `looked at ${error.message}, which its needs do not name`);
      else park(input, failure.stack ?? failure.message);
      continue;
    }
    if (isUnavailable(result)) {
      verdicts.set(input, { kind: "unavailable", unavailable: result });
      continue;
    }
    if (isRefusal(result)) {
      if (input.record === "entry") record(input, "refused", encodeRefusal(result), { ...draft, events: [] });
      ended(input);
      verdicts.set(input, { kind: "refused", refusal: result });
      continue;
    }
    if (input.record === "own" && draft.events.length > 0) {
      park(input, "an input without an entry told an event");
      continue;
    }
    let reply: Uint8Array;
    try {
      reply = input.encode(result);
    } catch (error) {
      park(input, `the reply could not be encoded: ${String(error)}`);
      continue;
    }
    for (const [name, put] of draft.puts) changed.set(name, { ...put, by: input.id });
    for (const [name, key] of draft.guards) guarded.set(name, key);
    if (input.fenced) fenced = true;
    if (input.record === "entry") record(input, "done", reply, draft);
    ended(input);
    verdicts.set(input, { kind: "done", reply, result });
  }

  const versionOf = (name: string) => loads.get(name)?.version ?? 0;
  const from = settings.head;
  const to: Head = {
    ...from,
    version: from.version + 1,
    instance: settings.instance,
    number,
    atMs: nowMs,
    chain,
    event,
    published: Math.max(from.published, settings.published.event),
    publishedEntry: Math.max(from.publishedEntry, settings.published.entry),
  };
  const puts = [...changed].map(([name, { key, doc, by }]) => ({ key, doc, by, version: versionOf(name) }));
  const guards = [...guarded].filter(([name]) => !changed.has(name)).map(([name, key]) => ({ key, version: versionOf(name) }));
  return { plan: { head: { from, to }, entries, parked, resolved, puts, guards, epoch: fenced ? settings.epoch : 0 }, verdicts };
}

function stateOver(draft: Draft, read: (draft: Draft, key: Key) => Doc | undefined): State {
  return {
    get: <D extends Doc>(key: Key<D>) => read(draft, key) as D | undefined,
    must: <D extends Doc>(key: Key<D>) => {
      const doc = read(draft, key);
      if (!doc) throw new Error(`${key.kind}/${key.id} must be there`);
      return doc as D;
    },
  };
}

function changeInto(
  draft: Draft,
  read: (draft: Draft, key: Key) => Doc | undefined,
  loads: Loads,
  // biome-ignore lint/suspicious/noExplicitAny: each event has its own message.
  tells: Readonly<Record<string, Codec<any>>>,
): Change {
  return {
    put(key, doc) {
      const before = read(draft, key);
      if (key.immutable && before) throw new Error(`${key.kind}/${key.id} is immutable`);
      if (typeof doc.county !== "string" || doc.county === "") throw new Error(`${key.kind}/${key.id} belongs to no county`);
      draft.puts.set(nameOf(key), { key, doc });
    },
    guard(key) {
      if (!read(draft, key)) throw new Error(`${key.kind}/${key.id} is not there to be guarded`);
      if ((loads.get(nameOf(key))?.version ?? 0) > 0) draft.guards.set(nameOf(key), key);
    },
    tell(name, county, body) {
      const codec = tells[name];
      if (!codec) throw new Error(`${name} is no event of this service`);
      // It becomes part of the subject: another shape would be heard by nobody, or hold up all that is published after it.
      if (!/^[0-9A-Za-z-]{1,32}$/.test(county)) throw new Error(`${name} is told of the county ${JSON.stringify(county)}`);
      draft.events.push({ name, county, bytes: codec.encode(body).finish() });
    },
    about: (id) => void draft.about.push(id),
  };
}

/** An input as it is kept where it cannot be decided: with all that is needed to decide it again under the same id (protocols 9). */
export function parkedRow(input: Input, twin: string, atMs: number, error: string): Parked {
  const { id, from, method, caller, hash, trace, bytes } = input;
  const { name, role, scope } = caller;
  return {
    id,
    twin,
    atMs,
    from,
    method,
    caller: name,
    role,
    scope,
    origin: input.origin ?? "",
    error,
    hash,
    trace,
    bytes,
    resolved: false,
  };
}
