/**
 * One on each machine: it looks at the engines and at the twins beside it, turns a frozen process into a dead one, and has a secondary stand as soon as the primary is lost.
 * It has no state and no pair: without it all goes on, and faults are found out by the engines' own timers.
 */
import { join } from "node:path";
import { type Bus, openBus } from "../mesh/bus.ts";
import { insist } from "../mesh/insist.ts";
import { DETAILS_PATH, type Details, preferredLeader, stepDownsOf } from "../mesh/leaders.ts";
import { type Logger, logger, sayLastWords } from "../mesh/log.ts";
import { isWell, listen, type Presence } from "../mesh/presence.ts";
import { hostOf, natsAccess, readTopology, type Topology } from "../mesh/topology.ts";
import { tellAlarm, tellAlone, tellTrouble } from "../mesh/trouble.ts";
import { type OwnDisk, watchDisk } from "./disk.ts";
import { alone, isFirst, lostPrimary, mayEndTwin, stepUp, troubled, unheard, type View, whyNotKill, whyNotRenew } from "./judge.ts";
import { type Members, watchMembers } from "./members.ts";
import { Pace } from "./pace.ts";
import { type Activity, activityOf, pidIn, Stillness } from "./processes.ts";
import { type Servers, watchServers } from "./servers.ts";

const TICK_MS = 100;
/** A guardian that stood still this long itself has heard nothing meanwhile, and does nothing until it has looked again. */
const OWN_STALL_MS = 400;
const CALM_MS = 2_000;
const VIEW_EVERY_MS = 500;
const FRESH_MS = 1_500;
const TROUBLE_LASTS_MS = 5_000;
const ASK_MS = 2_000;
/** In calm nothing is urgent; but a member that has just come back may have chosen the witness, which may be the next to go. */
const STRAIGHTEN_PAUSE_MS = 6_000;
/** One that has not been heard for longer is off: the engines have settled without it. */
const MISSED_FOR_MS = 30_000;
/** A machine whose guardian is not heard is in trouble for so long after that. */
const UNHEARD_LASTS_MS = 1_000;
/** After a step-up, and in trouble, a secondary that takes its changes from where they do not come holds every write up. */
const STRAIGHTEN_SOON_MS = 3_000;
const AFTER_STEP_UP_MS = 15_000;
const HAND_OVER_PAUSE_MS = { "hand over": 5_000, relieve: 20_000 } as const;
const VIEWS = "nrcms.guardian.view";
const ACTS = "nrcms.guardian.act";
/** A guardian has more patience than a twin: nobody waits for it. */
const CONNECT_TRIES = 120;
/** What stands in the command line of an engine's process. */
const WORD = { mongo: "", nats: "nats.conf" } as const;

interface Act {
  readonly guardian: string;
  readonly kind: "step-up" | "kill" | "end twin" | "hand over" | "relieve" | "straighten";
  readonly target: string;
}

interface Trouble {
  readonly why: string;
  readonly atMs: number;
  readonly lastsMs: number;
  /** Its twins are told. One that is not heard would hear it when it is over. */
  readonly isTold: boolean;
}

interface Guardian {
  readonly server: string;
  readonly run: string;
  readonly topology: Topology;
  /** The machines without twins. */
  readonly witnesses: readonly string[];
  readonly bus: Bus;
  readonly presence: Presence;
  readonly members: Members;
  readonly servers: Servers;
  readonly disk: OwnDisk;
  readonly pace: Pace;
  readonly log: Logger;
  readonly still: Stillness;
  readonly views: Map<string, { readonly view: View; readonly atMs: number }>;
  /** The machines in trouble, with the reason, and when that was last seen. */
  readonly troubles: Map<string, Trouble>;
  /** When a step-up was last asked for, a daemon killed, and so on, by any guardian. */
  readonly actedMs: Record<Act["kind"], number>;
  lostSinceMs: number | undefined;
  calmUntilMs: number;
}

const text = new TextEncoder();

function hasTwins(topology: Topology, server: string): boolean {
  return Object.values(topology.services).some(({ a, b }) => a.server === server || b.server === server);
}

function required(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set`);
  return value;
}

async function open(): Promise<Guardian> {
  const [server, run] = [required("NRCMS_SERVER"), required("NRCMS_RUN")];
  const topology = readTopology(required("NRCMS_TOPOLOGY"));
  if (!topology.servers[server]) throw new Error(`NRCMS_SERVER is ${server}; the topology has ${Object.keys(topology.servers).join(", ")}`);
  const log = logger(`guardian.${server}`);
  sayLastWords(log);
  const bus = await insist("NATS", log, () => openBus(natsAccess(topology, server), `guardian.${server}`, log), CONNECT_TRIES);
  const { mongo, nats } = topology.engines;
  const guardian: Guardian = {
    server,
    run,
    topology,
    witnesses: Object.keys(topology.servers).filter((name) => !hasTwins(topology, name)),
    bus,
    // A machine without twins has nobody to look after.
    presence: listen(bus, { beats: hasTwins(topology, server) ? "*.*" : "nobody.nowhere" }),
    members: watchMembers(
      mongo.map((one) => ({ name: one.name, server: one.server, address: `${hostOf(topology, one.server)}:${one.port}` })),
    ),
    servers: watchServers(
      nats.map((one) => ({ name: one.name, server: one.server, address: `${hostOf(topology, one.server)}:${one.monitor}` })),
    ),
    disk: watchDisk(run, server),
    pace: new Pace(TICK_MS, performance.now()),
    log,
    still: new Stillness(),
    views: new Map(),
    troubles: new Map(),
    actedMs: {
      "step-up": Number.NEGATIVE_INFINITY,
      kill: Number.NEGATIVE_INFINITY,
      "end twin": Number.NEGATIVE_INFINITY,
      "hand over": Number.NEGATIVE_INFINITY,
      relieve: Number.NEGATIVE_INFINITY,
      straighten: Number.NEGATIVE_INFINITY,
    },
    lostSinceMs: undefined,
    calmUntilMs: performance.now() + CALM_MS,
  };
  bus.hear(`${VIEWS}.*`, ({ data }) => {
    // A guardian of the release before does not say whom it misses.
    const view: View = { unheard: [], ...(JSON.parse(new TextDecoder().decode(data)) as Omit<View, "unheard">) };
    if (view.guardian !== server) guardian.views.set(view.guardian, { view, atMs: performance.now() });
  });
  bus.hear(ACTS, ({ data }) => {
    const { kind } = JSON.parse(new TextDecoder().decode(data)) as Act;
    guardian.actedMs[kind] = performance.now();
  });
  return guardian;
}

function viewOf({ server, members, servers, disk, pace, views }: Guardian): View {
  const seen = [...members.seen(), ...servers.seen()];
  const now = performance.now();
  const silent = [...views].filter(([, { atMs }]) => now - atMs >= FRESH_MS && now - atMs < MISSED_FOR_MS).map(([guardian]) => guardian);
  return { guardian: server, seen, trouble: disk.trouble(), pace: pace.share(now), unheard: silent };
}

/** What the other guardians have told of late. */
function heard({ views }: Guardian): View[] {
  const now = performance.now();
  return [...views.values()].filter(({ atMs }) => now - atMs < FRESH_MS).map(({ view }) => view);
}

function act(guardian: Guardian, kind: Act["kind"], target: string): void {
  guardian.actedMs[kind] = performance.now();
  guardian.bus.tell(ACTS, text.encode(JSON.stringify({ guardian: guardian.server, kind, target } satisfies Act)));
  guardian.log.warn({ kind, target }, "the guardian acts");
}

/** Remembers which machines are in trouble, for as long as it is seen and a little longer: what comes late from a starved machine is late, not gone. */
function noteTroubles({ troubles, log }: Guardian, views: readonly View[]): void {
  const now = performance.now();
  const note = (server: string, trouble: Trouble) => {
    if (!troubles.has(server)) log.warn({ server, why: trouble.why }, "a machine is in trouble");
    troubles.set(server, trouble);
  };
  for (const [server, why] of unheard(views))
    if (!troubles.get(server)?.isTold) note(server, { why, atMs: now, lastsMs: UNHEARD_LASTS_MS, isTold: false });
  for (const [server, why] of troubled(views)) note(server, { why, atMs: now, lastsMs: TROUBLE_LASTS_MS, isTold: true });
  for (const [server, { atMs, lastsMs }] of troubles) if (now - atMs > lastsMs) troubles.delete(server);
}

/** One look at everything, and what follows from it. */
function look(guardian: Guardian, own: View): void {
  const now = performance.now();
  const others = heard(guardian);
  const inTrouble = guardian.troubles;
  guardian.lostSinceMs = lostPrimary(own, inTrouble) ? (guardian.lostSinceMs ?? now) : undefined;
  if (guardian.lostSinceMs !== undefined) {
    const sinceStepUpMs = now - guardian.actedMs["step-up"];
    const verdict = stepUp({ own, others, inTrouble, sinceStepUpMs, lostForMs: now - guardian.lostSinceMs });
    if ("ask" in verdict) {
      const members = verdict.ask.join(", ");
      act(guardian, "step-up", members);
      guardian.members.stepUp(verdict.ask).then(
        (member) => beFollowed(guardian, member),
        (error: unknown) => guardian.log.warn({ members, err: error }, "none has won: the engines' own election follows"),
      );
    }
  }
  const guardians = [own, ...others].map(({ guardian: name }) => name);
  if (isFirst(guardian.server, guardians, inTrouble)) {
    if (inTrouble.size === 0) handOver(guardian, own, "relieve", guardian.witnesses);
    else handOver(guardian, own, "hand over", [...inTrouble.keys()]);
    straighten(guardian);
  }
  killFrozen(guardian, own, others, now);
  renewServer(guardian, own, now);
  endStuckTwins(guardian, now);
}

/** A secondary that finds its source to be no primary any more sleeps for a second before it takes another, and every write waits for it. */
function beFollowed({ members, log }: Guardian, primary: string): void {
  log.warn({ member: primary }, "it is primary");
  members.follow(primary).then(
    (followers) => log.info({ primary, followers }, "the other secondaries follow it"),
    (error: unknown) => log.info({ primary, err: error }, "who follows it could not be asked: they find it by themselves"),
  );
}

/**
 * Asks everything that the nats-servers of some machines lead for another leader, on the machines with twins, in turn; where that does not help, it is asked again.
 * Away from machines in trouble; in calm away from the witness, whose loss then costs no election.
 */
function handOver(guardian: Guardian, { seen }: View, kind: keyof typeof HAND_OVER_PAUSE_MS, leaving: readonly string[]): void {
  const { topology, bus, log, server, witnesses } = guardian;
  const own = topology.engines.nats.find((nats) => nats.server === server);
  const led = topology.engines.nats.filter((nats) => leaving.includes(nats.server));
  if (!own || led.length === 0 || performance.now() - guardian.actedMs[kind] < HAND_OVER_PAUSE_MS[kind]) return;
  guardian.actedMs[kind] = performance.now();
  const wanted = seen.filter((one) => one.kind === "nats" && one.sign === "well" && ![...leaving, ...witnesses].includes(one.server));
  const to = (turn: number) =>
    wanted.length > 0 ? text.encode(preferredLeader(wanted[turn % wanted.length]?.name ?? "")) : new Uint8Array();
  const move = async (): Promise<void> => {
    const answer = await fetch(`http://${hostOf(topology, server)}:${own.monitor}${DETAILS_PATH}`, { signal: AbortSignal.timeout(ASK_MS) });
    const details = (await answer.json()) as Details;
    const subjects = led.flatMap(({ name }) => stepDownsOf(name, details));
    if (subjects.length === 0) return;
    act(guardian, kind, led.map(({ name }) => name).join(", "));
    await Promise.all(subjects.map((subject, turn) => bus.request(subject, to(turn), {}, ASK_MS)));
    log.warn({ asked: subjects.length }, "streams and consumers were asked for another leader");
  };
  move().catch((error: unknown) => log.warn({ err: error }, "who leads what could not be found out: asked again"));
}

/**
 * Every secondary takes its changes from the primary itself: the loss of the witness, or of the other secondary, is then nothing to it. A member that loses its source
 * sleeps for a second before it looks for another, and writes wait for it. One whose source has only become slow stays with it.
 */
function straighten(guardian: Guardian): void {
  const { members, log, actedMs, troubles } = guardian;
  const now = performance.now();
  const isCalm = troubles.size === 0 && now - actedMs["step-up"] > AFTER_STEP_UP_MS;
  if (now - actedMs.straighten < (isCalm ? STRAIGHTEN_PAUSE_MS : STRAIGHTEN_SOON_MS)) return;
  actedMs.straighten = performance.now();
  members.followPrimary().then(
    (name) => name !== undefined && act(guardian, "straighten", name),
    (error: unknown) => log.info({ err: error }, "who follows whom could not be found out: asked again"),
  );
}

/** What an engine of the guardian's own machine does; undefined where it does not run. */
function daemonOf({ run }: Guardian, name: string, kind: keyof typeof WORD): Activity | undefined {
  const pid = pidIn(join(run, name, "pid"));
  return pid === undefined ? undefined : activityOf(pid, { commandLine: [join(run, name, WORD[kind])] });
}

function killFrozen(guardian: Guardian, own: View, others: readonly View[], now: number): void {
  for (const { name, kind, server, sign } of own.seen) {
    if (server !== guardian.server || sign !== "silent") continue;
    const activity = daemonOf(guardian, name, kind);
    if (!activity) continue;
    const stillMs = guardian.still.stillMs(name, activity, now);
    const why = whyNotKill({ own, others, name, stillMs, ageMs: activity.ageMs, sinceKillMs: now - guardian.actedMs.kill });
    if (why !== "") continue;
    act(guardian, "kill", name);
    process.kill(activity.pid, "SIGKILL");
  }
}

function renewServer(guardian: Guardian, own: View, now: number): void {
  const { topology, servers, server, actedMs, log } = guardian;
  const name = topology.engines.nats.find((nats) => nats.server === server)?.name;
  if (name === undefined) return;
  if (whyNotRenew({ own, name, withoutMs: servers.withoutJetStreamMs(name), sinceKillMs: now - actedMs.kill }) !== "") return;
  const activity = daemonOf(guardian, name, "nats");
  if (!activity) return;
  act(guardian, "kill", name);
  log.warn({ name }, "it has given up JetStream, and its disk is sound again: it is started anew");
  process.kill(activity.pid, "SIGTERM");
}

function endStuckTwins(guardian: Guardian, now: number): void {
  const { presence, run, server, still } = guardian;
  for (const { service, twin, pid, server: at } of presence.beats()) {
    const silentMs = presence.silenceMs(service, twin) ?? 0;
    if (at !== server || silentMs < FRESH_MS) continue;
    const activity = activityOf(pid, { environment: [`NRCMS_RUN=${run}`, `NRCMS_SERVICE=${service}`, `NRCMS_TWIN=${twin}`] });
    if (!activity) continue;
    const peer = twin === "a" ? "b" : "a";
    const peerWell = isWell(presence, service, peer);
    if (!mayEndTwin({ silentMs, stillMs: still.stillMs(`${service}.${twin}`, activity, now), peerWell })) continue;
    act(guardian, "end twin", `${service}.${twin}`);
    process.kill(pid, "SIGKILL");
  }
}

const guardian = await open();
let lookedMs = performance.now();
let toldMs = 0;
const timer = setInterval(() => {
  const now = performance.now();
  const stoodMs = now - lookedMs - TICK_MS;
  lookedMs = now;
  guardian.pace.tick(now);
  if (stoodMs > OWN_STALL_MS) {
    guardian.log.info({ ms: Math.round(stoodMs) }, "the guardian itself stood still: it looks anew");
    guardian.members.forgive();
    guardian.servers.forgive();
    guardian.still.forget();
    guardian.calmUntilMs = now + CALM_MS;
  }
  const view = viewOf(guardian);
  noteTroubles(guardian, [view, ...heard(guardian)]);
  const alarmed = guardian.lostSinceMs === undefined && lostPrimary(view, guardian.troubles) !== undefined;
  if (alarmed || now - toldMs >= VIEW_EVERY_MS) {
    toldMs = now;
    guardian.bus.tell(`${VIEWS}.${guardian.server}`, text.encode(JSON.stringify(view)));
    for (const [server, { why, isTold }] of guardian.troubles) {
      tellAlarm(guardian.bus, `${server}: ${why}`);
      if (isTold) tellTrouble(guardian.bus, server, why);
    }
    const why = now >= guardian.calmUntilMs ? alone(view) : "";
    if (why !== "") tellAlone(guardian.bus, guardian.server, why);
  }
  if (now >= guardian.calmUntilMs) look(guardian, view);
}, TICK_MS);
guardian.log.info({ server: guardian.server }, "watching");

function end(): void {
  clearInterval(timer);
  guardian.presence.close();
  Promise.all([guardian.members.close(), guardian.servers.close(), guardian.disk.close(), guardian.bus.close()]).then(
    () => process.exit(0),
    (error: unknown) => {
      guardian.log.error({ err: error }, "ended badly");
      process.exit(1);
    },
  );
}
process.once("SIGTERM", end);
process.once("SIGINT", end);
