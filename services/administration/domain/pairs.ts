/**
 * Orders by which the pairs work. What a twin is like at the moment comes in with the input; what stands is a document for each pair, and its version says
 * whether whoever orders has seen it: of two operators at once one wins, the other is told who.
 */
import type { Decision, Doc } from "../../values/decision.ts";
import { kind } from "../../values/decision.ts";
import { isRefusal, type Refusal, type Unavailable, unavailable } from "../../values/outcome.ts";
import { PROVINCE } from "../../values/region.ts";
import type { AdministrationEvents, OrderMessage } from "./events.ts";
import { refuse } from "./refusals.ts";

export type Twin = "a" | "b";

export interface PairSettings {
  readonly mode: "DUAL_ACTIVE" | "HOT_STANDBY";
  readonly takeover: "AUTOMATIC" | "CONFIRM";
  readonly failback: string;
  readonly preferred: Twin;
}

export interface PairOrder {
  readonly service: string;
  /** Counts the orders from 1; 0 where nobody has ordered anything. */
  readonly revision: number;
  readonly settings: PairSettings;
  readonly successor: Twin | "";
  readonly overEpoch: number;
  readonly resting: readonly Twin[];
  readonly orderedBy: string;
  readonly orderedAtMs: number;
}

export interface PairDocument extends PairOrder, Doc {}

export const pairs = kind<PairDocument>("pairs");

/** A pair as the topology has it. */
export interface KnownPair {
  readonly service: string;
  readonly settings: PairSettings;
  /** It remembers nothing: both its twins always work, and none leads. */
  readonly stateless: boolean;
}

/** What a twin said when it was asked. */
export interface Seen {
  readonly ready: boolean;
  readonly fault: string;
  readonly epoch: number;
  /** The epoch of the peer's lease that it may not take over without a word; 0 where it does not wait. */
  readonly waiting: number;
}

export interface Ordering {
  readonly service: string;
  /** Undefined where the topology has no such pair. */
  readonly pair: KnownPair | undefined;
  readonly seenVersion: number;
}

export interface Configuring extends Ordering {
  readonly settings: PairSettings;
}

export interface Switching extends Ordering {
  readonly to: Twin | "";
  readonly rehearse: boolean;
  readonly twins: Readonly<Record<Twin, Seen | undefined>>;
}

/** A twin on the server, and its peer elsewhere. */
export interface Tenant {
  readonly pair: KnownPair;
  readonly twin: Twin;
  readonly peer: Seen | undefined;
}

export interface Draining {
  readonly server: string;
  readonly known: boolean;
  /** The server's name again where it is to be drained in any case. */
  readonly force: string;
  readonly rehearse: boolean;
  readonly tenants: readonly Tenant[];
}

export interface Resuming {
  readonly server: string;
  readonly known: boolean;
  readonly tenants: readonly Omit<Tenant, "peer">[];
}

type Decided<I, R> = Decision<I, R, AdministrationEvents>;
type State = Parameters<Decided<Ordering, PairOrder>["decide"]>[1];
type Change = Parameters<Decided<Ordering, PairOrder>["decide"]>[2];
type Context = Parameters<Decided<Ordering, PairOrder>["decide"]>[3];

const key = (service: string) => pairs.key(service);

export const configurePair: Decided<Configuring, PairOrder> = {
  needs: ({ service }) => [key(service)],
  decide(input, state, change, context) {
    const before = standing(input, state);
    if (isRefusal(before)) return before;
    const { settings, pair } = input;
    if (pair?.stateless && settings.mode !== "DUAL_ACTIVE")
      return refuse("ALWAYS_DUAL_ACTIVE", { field: "settings.mode", service: input.service });
    if (sameSettings(before.settings, settings)) return before;
    return order({ ...before, settings }, change, context);
  },
};

export const switchPair: Decided<Switching, PairOrder> = {
  needs: ({ service }) => [key(service)],
  decide(input, state, change, context) {
    const before = standing(input, state);
    if (isRefusal(before)) return before;
    const successor = successorOf(input, before);
    if (typeof successor !== "object" || !("twin" in successor)) return successor;
    const after = { ...before, successor: successor.twin, overEpoch: successor.overEpoch };
    return input.rehearse ? after : order(after, change, context);
  },
};

export const drainServer: Decided<Draining, readonly PairOrder[]> = {
  needs: ({ tenants }) => tenants.map(({ pair }) => key(pair.service)),
  decide({ server, known, force, rehearse, tenants }, state, change, context) {
    if (!known) return refuse("UNKNOWN_SERVER", { field: "server", server });
    const standings = tenants.map(({ pair, twin, peer }) => ({ before: ofPair(pair, state), twin, peer }));
    const unfit = standings.filter(({ before, twin, peer }) => before.resting.includes(other(twin)) || !isFit(peer));
    if (unfit.length > 0 && force !== server)
      return refuse("PEER_UNFIT", { field: "server", server, services: unfit.map(({ before }) => before.service).join(", ") });
    return standings.map(({ before, twin }) => {
      if (before.resting.includes(twin)) return before;
      const after = { ...before, resting: [...before.resting, twin].sort() };
      return rehearse ? after : order(after, change, context);
    });
  },
};

export const resumeServer: Decided<Resuming, readonly PairOrder[]> = {
  needs: ({ tenants }) => tenants.map(({ pair }) => key(pair.service)),
  decide({ server, known, tenants }, state, change, context) {
    if (!known) return refuse("UNKNOWN_SERVER", { field: "server", server });
    return tenants.map(({ pair, twin }) => {
      const before = ofPair(pair, state);
      if (!before.resting.includes(twin)) return before;
      return order({ ...before, resting: before.resting.filter((one) => one !== twin) }, change, context);
    });
  },
};

/** A topology file that somebody wants to apply: the pairs that it has, or what is wrong with it. */
export interface Checking {
  readonly services: readonly string[];
  /** Every fault with its place. */
  readonly faults: readonly string[];
}

export const checkTopology: Decided<Checking, readonly string[]> = {
  needs: () => [],
  decide: ({ services, faults }) =>
    faults.length > 0 ? refuse("BAD_TOPOLOGY", { field: "text", faults: faults.join("; ") }) : [...services],
};

/** What stands of a pair: its document, or what the topology says. */
export function ofPair({ service, settings }: KnownPair, state: Pick<State, "get">): PairOrder {
  const first: PairOrder = { service, revision: 0, settings, successor: "", overEpoch: 0, resting: [], orderedBy: "", orderedAtMs: 0 };
  return state.get(key(service)) ?? first;
}

/** The order that the caller has seen, or why it cannot be changed. */
function standing({ service, pair, seenVersion }: Ordering, state: State): PairOrder | Refusal {
  if (!pair) return refuse("UNKNOWN_SERVICE", { field: "service", service });
  const before = ofPair(pair, state);
  if (before.revision === seenVersion) return before;
  const { orderedBy, revision } = before;
  return refuse("PAIR_CHANGED", { field: "seen_version", service, by: orderedBy, version: revision, seen: seenVersion });
}

/** Who is to lead, and over which epoch; or why not. */
function successorOf(
  { service, pair, to, twins }: Switching,
  before: PairOrder,
): { twin: Twin; overEpoch: number } | Refusal | Unavailable {
  if (pair?.stateless) return refuse("NO_LEAD", { field: "service", service });
  const leader = (["a", "b"] as const).find((twin) => (twins[twin]?.epoch ?? 0) > 0);
  const twin = to || (leader ? other(leader) : twins.a?.waiting ? "a" : "b");
  const name = `${service}.${twin}`;
  const target = twins[twin];
  if (!target) return refuse("TWIN_DOWN", { field: "to", twin: name });
  if (leader === twin) return refuse("LEADS_ALREADY", { field: "to", twin: name });
  if (!isFit(target)) return refuse("TWIN_UNFIT", { field: "to", twin: name, fault: target.fault || "not ready" });
  if (before.resting.includes(twin)) return refuse("TWIN_RESTS", { field: "to", twin: name });
  const overEpoch = leader ? (twins[leader]?.epoch ?? 0) : target.waiting;
  // Neither leads nor waits for a word: the lead is on its way from one to the other.
  return overEpoch === 0 ? unavailable(`nobody leads ${service} at this moment`, 250) : { twin, overEpoch };
}

function isFit(seen: Seen | undefined): boolean {
  return seen?.ready === true && seen.fault === "";
}

function order(next: PairOrder, change: Change, { caller, atMs }: Context): PairOrder {
  const { service, revision } = next;
  const ordered: PairDocument = { ...next, county: PROVINCE, revision: revision + 1, orderedBy: caller.name, orderedAtMs: atMs };
  change.put(key(service), ordered);
  change.tell("PairOrdered", PROVINCE, { order: orderMessage(ordered) });
  change.about(service);
  return ordered;
}

export function orderMessage(order: PairOrder): OrderMessage {
  const { service, revision, settings, successor, overEpoch, resting, orderedBy, orderedAtMs } = order;
  return {
    service,
    version: BigInt(revision),
    settings: { ...settings },
    successor,
    overEpoch: BigInt(overEpoch),
    resting: [...resting],
    orderedBy,
    orderedAtMs: BigInt(orderedAtMs),
  };
}

function other(twin: Twin): Twin {
  return twin === "a" ? "b" : "a";
}

function sameSettings(a: PairSettings, b: PairSettings): boolean {
  return a.mode === b.mode && a.takeover === b.takeover && a.failback === b.failback && a.preferred === b.preferred;
}
