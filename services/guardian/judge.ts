/**
 * What a guardian may do, decided from what the three of them see. Pure. In doubt it does nothing: the engines' own timers are the fallback, and safety never
 * depends on it (protocols 20). A step-up is a normal election; a kill turns a silence, which others must wait out, into a death, which they see at once.
 */

/** How an engine answers: it does; its port refuses or its connections are cut; it is silent. */
export type Sign = "well" | "gone" | "silent";

export interface Seen {
  readonly name: string;
  readonly server: string;
  readonly kind: "mongo" | "nats";
  readonly sign: Sign;
  /** Since its last answer, by the guardian's monotonic clock. */
  readonly silentMs: number;
  /** As it last said; empty for nats, and where it never answered. */
  readonly role: "PRIMARY" | "SECONDARY" | "OTHER" | "";
  /** How far its oplog is, as it last said: only compared. */
  readonly optime: number;
  /** A round trip to it of late, the slowest left out, in milliseconds; undefined where too few are known. */
  readonly tripMs?: number | undefined;
}

/** What a guardian tells the others, several times a second. */
export interface View {
  readonly guardian: string;
  readonly seen: readonly Seen[];
  /** Why nothing should rely on the guardian's own machine; empty where all is well. Only the machine itself can know. */
  readonly trouble: string;
  /** How much of its time the guardian itself got of late, 0 to 1. */
  readonly pace: number;
  /** The guardians that it has heard before and does not hear now. */
  readonly unheard: readonly string[];
}

/** A primary that is silent for so long is lost: three probes. One whose port refuses is lost at once. */
const LOST_MS = 700;
/** A daemon that is silent for so long, and does nothing meanwhile, is frozen. */
const FROZEN_MS = 1_500;
const STEP_UP_PAUSE_MS = 10_000;
const KILL_PAUSE_MS = 60_000;
/** The first guardian by name acts; each after it, where nothing has happened, this much later. */
const TURN_MS = 300;

export interface StepUpCase {
  readonly own: View;
  /** Fresh views of the others. */
  readonly others: readonly View[];
  readonly inTrouble: InTrouble;
  /** Since the last step-up that anyone has asked for, in this mesh. */
  readonly sinceStepUpMs: number;
  /** For how long this guardian has seen the primary lost. */
  readonly lostForMs: number;
}

function isLost({ sign, silentMs }: Seen): boolean {
  return sign === "gone" || silentMs >= LOST_MS;
}

/** A guardian that gets less of its time has a machine without CPU, where the others have theirs: all being slow is a load, and no trouble. */
const STARVED_PACE = 0.4;
const WELL_PACE = 0.75;

/** A network in which a round trip takes so long loses frames or holds them up, where elsewhere it takes a quarter of it at most. */
const SLOW_TRIP_MS = 40;
const TIMES_SLOWER = 4;

/** The machines on which nothing should rely, by what is known of all; with the reason. */
export function troubled(views: readonly View[]): ReadonlyMap<string, string> {
  const words = views.map((view): [string, string] => {
    const others = views.filter(({ guardian }) => guardian !== view.guardian);
    const starved = view.pace < STARVED_PACE && others.length > 1 && others.every(({ pace }) => pace >= WELL_PACE);
    const hungry = starved ? `the machine has ${Math.round(100 * view.pace)} % of the time that it needs` : "";
    return [view.guardian, view.trouble || hungry || slowNetwork(view, others)];
  });
  return new Map(words.filter(([, why]) => why !== ""));
}

/**
 * A machine whose network is bad is slow to both of the others and they to it, while they are quick between themselves, and it is quick to its own member: where that is slow as
 * well, it is a load. Empty where it is not so, or not known.
 */
function slowNetwork(view: View, others: readonly View[]): string {
  const [one, other] = others;
  if (!one || !other || others.length > 2) return "";
  const there = [tripMs(view, one), tripMs(view, other), tripMs(one, view), tripMs(other, view)];
  const quickest = Math.min(...there.map((ms) => ms ?? 0));
  const elsewhere = [tripMs(one, other), tripMs(other, one), tripMs(view, view)];
  const slowest = Math.max(...elsewhere.map((ms) => ms ?? Number.POSITIVE_INFINITY));
  if (quickest < SLOW_TRIP_MS || quickest < TIMES_SLOWER * slowest) return "";
  return `a round trip takes at least ${Math.round(quickest)} ms, between the others ${Math.round(slowest)} ms`;
}

/**
 * The machines of which no other hears the guardian, and all of whose engines answer late or not at all: one without CPU cannot say what it lacks. With the reason. Where only the guardian
 * is gone, or one engine, nothing is wrong with its machine.
 */
export function unheard(views: readonly View[]): ReadonlyMap<string, string> {
  const [one, ...others] = views;
  if (!one || others.length === 0) return new Map();
  const areLate = (server: string, { seen }: View): boolean => {
    const engines = seen.filter((engine) => engine.server === server);
    return engines.length > 0 && engines.every((engine) => (engine.kind === "nats" ? engine.sign !== "well" : isLost(engine)));
  };
  const missed = one.unheard.filter((server) => views.every((view) => view.unheard.includes(server) && areLate(server, view)));
  return new Map(missed.map((server) => [server, "its guardian is not heard, and its engines answer late"]));
}

/** As one guardian has measured it to the member on another's machine. */
function tripMs({ seen }: View, { guardian }: View): number | undefined {
  return seen.find(({ kind, server }) => kind === "mongo" && server === guardian)?.tripMs;
}

/** Why nothing on this guardian's machine can count on a majority: none of the other machines' engines answers. Empty where one does. */
export function alone({ guardian, seen }: View): string {
  const others = seen.filter(({ server }) => server !== guardian);
  if (others.length === 0 || others.some(({ sign }) => sign === "well")) return "";
  return `${guardian} reaches none of ${[...new Set(others.map(({ server }) => server))].join(", ")}`;
}

/** The machines in trouble, by name. */
export type InTrouble = Pick<ReadonlyMap<string, string>, "has">;

/** The member that was primary, where this guardian has lost it, or its machine is in trouble, and there is no other. */
export function lostPrimary({ seen }: View, inTrouble: InTrouble): Seen | undefined {
  const primaries = seen.filter(({ kind, role }) => kind === "mongo" && role === "PRIMARY");
  const lost = (member: Seen) => isLost(member) || inTrouble.has(member.server);
  return primaries.some((member) => !lost(member)) ? undefined : primaries.find(lost);
}

/** The members of which one is to be asked to stand, the one that was furthest first; or why none is. */
export function stepUp({ own, others, inTrouble, sinceStepUpMs, lostForMs }: StepUpCase): { ask: readonly string[] } | { why: string } {
  const lost = lostPrimary(own, inTrouble);
  if (!lost) return { why: "the primary is there" };
  const agreeing = others.filter((view) => lostPrimary(view, inTrouble)?.name === lost.name);
  if (agreeing.length === 0) return { why: "no other guardian has lost it" };
  if (sinceStepUpMs < STEP_UP_PAUSE_MS) return { why: "one was asked a moment ago" };
  const members = own.seen.filter(({ kind }) => kind === "mongo");
  const well = members.filter((member) => !isLost(member) && member.role === "SECONDARY" && !inTrouble.has(member.server));
  if (2 * well.length <= members.length) return { why: "those that are left are no majority" };
  // The one in whose turn it is: the others look first whether it has helped.
  const turn = [own, ...agreeing]
    .map(({ guardian }) => guardian)
    .sort()
    .indexOf(own.guardian);
  if (lostForMs < turn * TURN_MS) return { why: "another guardian's turn" };
  return { ask: well.toSorted((a, b) => b.optime - a.optime || (a.name < b.name ? -1 : 1)).map(({ name }) => name) };
}

export interface KillCase {
  readonly own: View;
  readonly others: readonly View[];
  /** The daemon on this guardian's machine. */
  readonly name: string;
  /** For how long its process has used no CPU and moved no byte. */
  readonly stillMs: number;
  /** Since its process began. */
  readonly ageMs: number;
  readonly sinceKillMs: number;
}

/** Starting, recovering and syncing daemons are silent for good reasons. */
const SETTLED_MS = 15_000;

/** Whether a daemon of one's own machine is frozen and may be killed; empty where it may, otherwise why not. */
export function whyNotKill({ own, others, name, stillMs, ageMs, sinceKillMs }: KillCase): string {
  const one = own.seen.find((seen) => seen.name === name);
  if (one?.sign !== "silent" || one.silentMs < FROZEN_MS) return "it answers, or is gone by itself";
  if (one.kind === "mongo" && one.role !== "PRIMARY" && one.role !== "SECONDARY") return "it was no settled member";
  if (ageMs < SETTLED_MS) return "it has just begun";
  if (stillMs < FROZEN_MS) return "it is doing something";
  const peers = own.seen.filter(({ kind, name: peer }) => kind === one.kind && peer !== name);
  if (peers.length < 2 || peers.some(({ sign }) => sign !== "well")) return "the other members are not well";
  const agreeing = others.filter(({ seen }) => seen.some((theirs) => theirs.name === name && theirs.sign !== "well"));
  if (agreeing.length < 2) return "the other guardians do not agree";
  if (sinceKillMs < KILL_PAUSE_MS) return "one was killed a moment ago";
  return "";
}

export interface RenewCase {
  readonly own: View;
  /** The nats-server on this guardian's machine. */
  readonly name: string;
  /** For how long it has answered without JetStream. */
  readonly withoutMs: number;
  readonly sinceKillMs: number;
}

/** A nats-server that has just begun has no JetStream for a moment. */
const WITHOUT_MS = 5_000;

/**
 * Whether the nats-server of one's own machine has given up JetStream for good, which it does where its disk takes no more, and may be ended so that it is started again with it;
 * empty where it may, otherwise why not.
 */
export function whyNotRenew({ own, name, withoutMs, sinceKillMs }: RenewCase): string {
  if (withoutMs < WITHOUT_MS) return "it has JetStream, or may have it soon";
  if (own.trouble !== "") return "what it lost JetStream by lasts";
  const peers = own.seen.filter(({ kind, name: peer }) => kind === "nats" && peer !== name);
  if (peers.some(({ sign }) => sign !== "well")) return "the other servers are not well";
  if (sinceKillMs < KILL_PAUSE_MS) return "one was killed a moment ago";
  return "";
}

/** Whether this guardian is the one of those heard that moves the lead of streams: the first by name that is not in trouble. */
export function isFirst(guardian: string, guardians: readonly string[], inTrouble: InTrouble): boolean {
  return guardians.filter((name) => !inTrouble.has(name)).toSorted()[0] === guardian;
}

export interface TwinCase {
  /** Since its last beat. */
  readonly silentMs: number;
  /** For how long its process has used no CPU and moved no byte. */
  readonly stillMs: number;
  /** Whether its peer beats and has no fault. */
  readonly peerWell: boolean;
}

/** A twin that is silent but busy has an event loop that stands still: it gets longer. */
const STUCK_MS = 6_000;

/** Whether a twin of one's own machine is to be ended, so that its supervisor starts it again. Its peer has its work already. */
export function mayEndTwin({ silentMs, stillMs, peerWell }: TwinCase): boolean {
  if (!peerWell) return false;
  return silentMs >= STUCK_MS || (silentMs >= 2 * FROZEN_MS && stillMs >= FROZEN_MS);
}
