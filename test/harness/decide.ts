/** Runs decisions over an in-memory state as the mesh would: needs in rounds, undeclared reads refused, changes kept only when it ends well. */

import { dayOf } from "../../services/values/days.ts";
import type { Caller, Change, Context, Decision, Doc, EventMap, Key, State } from "../../services/values/decision.ts";
import { isRefusal, isUnavailable, type Refusal, type Unavailable } from "../../services/values/outcome.ts";

const MAX_ROUNDS = 6;
const AT = Date.parse("2011-11-25T10:00:00+08:00");
const CALLER: Caller = { name: "test", role: "SERVICE", scope: "640000" };

export interface Told {
  readonly name: string;
  readonly county: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into bodies of every event.
  readonly body: any;
}

export interface Outcome<R> {
  readonly result: R | Refusal | Unavailable;
  readonly told: readonly Told[];
  readonly guarded: readonly string[];
  readonly about: readonly string[];
}

export interface Options {
  readonly id?: string;
  readonly atMs?: number;
  readonly caller?: Caller;
  readonly epoch?: number;
}

const nameOf = (key: Key) => `${key.kind}:${key.id}`;

export interface World {
  get<D extends Doc>(key: Key<D>): D | undefined;
  put<D extends Doc>(key: Key<D>, doc: D): void;
  all<D extends Doc>(kindName: string): D[];
  /** The same with their ids, as a store has them. */
  rows<D extends Doc>(kindName: string): (D & { readonly _id: string })[];
  /** Runs one decision; its changes stay in the world when it ends well. */
  run<I, R, E extends EventMap>(decision: Decision<I, R, E>, input: I, options?: Options): Outcome<R>;
}

let serial = 0;

export function newWorld(): World {
  const documents = new Map<string, Doc>();
  const world: World = {
    get: <D extends Doc>(key: Key<D>) => documents.get(nameOf(key)) as D | undefined,
    put: (key, doc) => void documents.set(nameOf(key), structuredClone(doc)),
    all: <D extends Doc>(kindName: string) => [...documents].filter(([name]) => name.startsWith(`${kindName}:`)).map(([, doc]) => doc as D),
    rows: <D extends Doc>(kindName: string) =>
      [...documents]
        .filter(([name]) => name.startsWith(`${kindName}:`))
        .map(([name, doc]) => ({ ...(doc as D), _id: name.slice(kindName.length + 1) })),
    run(decision, input, options = {}) {
      const atMs = options.atMs ?? AT;
      serial += 1;
      const context: Context = {
        id: options.id ?? `test/${serial}`,
        atMs,
        day: dayOf(atMs),
        caller: options.caller ?? CALLER,
        traceId: "0".repeat(32),
        epoch: options.epoch ?? 1,
      };
      const named = new Set<string>();
      for (let round = 0; ; round += 1) {
        if (round >= MAX_ROUNDS) throw new Error("needs did not come to rest");
        const wanted = decision.needs(input, { get: (key) => (named.has(nameOf(key)) ? world.get(key) : undefined) }, context);
        const fresh = wanted.map(nameOf).filter((name) => !named.has(name));
        if (fresh.length === 0) break;
        for (const name of fresh) named.add(name);
      }
      const changed = new Map<string, Doc>();
      const told: Told[] = [];
      const guarded: string[] = [];
      const about: string[] = [];
      const read = <D extends Doc>(key: Key<D>): D | undefined => {
        const name = nameOf(key);
        if (!named.has(name)) throw new Error(`${name} was not named by needs`);
        return (changed.get(name) ?? documents.get(name)) as D | undefined;
      };
      const state: State = {
        get: read,
        must(key) {
          const doc = read(key);
          if (!doc) throw new Error(`${nameOf(key)} must be there`);
          return doc;
        },
      };
      const change: Change = {
        put(key, doc) {
          if (!named.has(nameOf(key))) throw new Error(`${nameOf(key)} is changed but was not named by needs`);
          if (typeof doc.county !== "string" || doc.county === "") throw new Error(`${nameOf(key)} belongs to no county`);
          if (key.immutable && read(key)) throw new Error(`${nameOf(key)} is immutable`);
          changed.set(nameOf(key), structuredClone(doc));
        },
        guard(key) {
          if (!named.has(nameOf(key))) throw new Error(`${nameOf(key)} is guarded but was not named by needs`);
          guarded.push(nameOf(key));
        },
        tell: (name, county, body) => void told.push({ name, county, body: structuredClone(body) }),
        about: (id) => void about.push(id),
      };
      const result = decision.decide(input, state, change as never, context);
      if (isRefusal(result) || isUnavailable(result)) return { result, told: [], guarded: [], about };
      for (const [name, doc] of changed) documents.set(name, doc);
      return { result, told, guarded, about };
    },
  };
  return world;
}
