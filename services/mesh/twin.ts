/** Gives a service a life: one process of a pair. Opens the engines, wires what the service handed over, watches its peer, drains when told to. */
import { PROVINCE } from "../values/region.ts";
import { wordsOf } from "../values/thrown.ts";
import { Batcher } from "./batcher.ts";
import { builtins } from "./builtin.ts";
import { openBus } from "./bus.ts";
import { heldClock, pause } from "./clock.ts";
import { readTwinConfig, type TwinConfig } from "./config.ts";
import { crashNoteFile, openCrashNote } from "./crash.ts";
import { watchFitness } from "./fitness.ts";
import { openHealth } from "./health.ts";
import { openHearing } from "./hearing.ts";
import { insist } from "./insist.ts";
import { keep } from "./keeper.ts";
import { runLeading } from "./leading.ts";
import { type Logger, logger, sayLastWords } from "./log.ts";
import { lookOver, serveLook } from "./look.ts";
import { answerOrdeal, isOrdeal, ordealBy } from "./ordeal.ts";
import { askForOrders, firstOrder, openOrders, rests } from "./order.ts";
import { Pair } from "./pair.ts";
import { watchPeer } from "./peer.ts";
import { BEAT_MS, listen, PULSE_MS, sendBeat, sendDeath, sendPulse } from "./presence.ts";
import { Relay } from "./relay.ts";
import { republishOver } from "./republish.ts";
import { askOver, openClient } from "./rpc.ts";
import { serveCalls } from "./serve-calls.ts";
import { serveMessages } from "./serve-messages.ts";
import { openMongoStore } from "./store-mongo.ts";
import { openTelemetry } from "./telemetry.ts";
import { hostOf, mongoUri, natsAccess, otherTwin, streamReplicas } from "./topology.ts";
import { hearTrouble } from "./trouble.ts";
import type { Service, TwinBeat } from "./wiring.ts";

const DRAIN_MS = 2_000;
const QUEUE_LIMIT = 5_000;
const QUEUE_BYTES = 64 * 1024 * 1024;
/** An idle twin whose mark of what is published is this old writes it down. */
const MARK_BEHIND_MS = 5_000;
/** A server that is frozen does not answer a flush. */
const FLUSH_MS = 500;
const CENSUS_MS = 5_000;
/** An event loop that stands still this long is a fault of one's own. */
const LOOP_STALL_MS = 1_000;

/** What a twin stands on: engines, its machine's ports and disk. The simulation has its own. */
export interface Ground {
  readonly openStore: typeof openMongoStore;
  readonly openBus: typeof openBus;
  readonly openHealth: typeof openHealth;
  readonly openCrashNote: typeof openCrashNote;
  readonly watchFitness: typeof watchFitness;
}

const ENGINES: Ground = { openStore: openMongoStore, openBus, openHealth, openCrashNote, watchFitness };

export interface Twin {
  readonly beat: TwinBeat;
  /** Stops taking work, finishes what is in hand, hands over, closes. */
  drain(): Promise<void>;
}

/** Runs the named service's twin until SIGTERM or SIGINT; the process then exits with 0. */
export async function serve(service: Service): Promise<void> {
  if (isOrdeal()) return answerOrdeal(service);
  const config = readTwinConfig(service.name);
  const log = logger(`${service.name}.${config.twin}`);
  sayLastWords(log);
  const twin = await startTwin(service, config, log, () => process.exit(1));
  const end = (signal: string) => {
    log.info({ signal }, "draining");
    void twin.drain().then(
      () => process.exit(0),
      (error: unknown) => {
        log.error({ err: error }, "drained badly");
        process.exit(1);
      },
    );
  };
  process.once("SIGTERM", end);
  process.once("SIGINT", end);
}

/** Starts one twin in this process. `exit` is called where it must not go on (another process has its name). */
export async function startTwin(service: Service, config: TwinConfig, log: Logger, exit: () => void, ground = ENGINES): Promise<Twin> {
  const { twin, instance, topology } = config;
  const name = `${service.name}.${twin}`;
  const clock = heldClock(topology.clock_offset_ms);
  const telemetry = await openTelemetry(name, service.name, twin);
  let fault = "starting";
  let beatOf: () => TwinBeat = () => ({ ...blank(config), fault });
  const health = await ground.openHealth(hostOf(topology, config.place.server), config.place.port, {
    fault: () => fault,
    status: () => beatOf(),
    registry: telemetry.metrics.registry,
  });
  const [store, bus] = await Promise.all([
    insist("MongoDB", log, () => ground.openStore(mongoUri(topology), service.name, service.indexes, `${name}.${instance}`)),
    insist("NATS", log, () => ground.openBus(natsAccess(topology, config.place.server), name, log)),
  ]);
  const head = await insist("the journal's head", log, () => store.takeHead(twin, instance));
  const pulses = `${service.name}.${otherTwin(twin)}`;
  const presence = listen(bus, { beats: service.hearsBeats === "all" ? "*.*" : pulses, pulses });
  const self = { name, role: "SERVICE", scope: PROVINCE };
  const isDead = (of: string, one: string) => presence.isDead(of, one);
  const client = openClient(bus, isDead);
  const republish = republishOver(bus, self, isDead);
  const ask = askOver(client, self);
  const orders = await insist("the pair's order", log, () =>
    openOrders({
      service: service.name,
      first: firstOrder(config.pair),
      bus,
      log,
      ask: askForOrders(client, self),
      remembered: () => store.mark("order"),
      keep: (order) => store.setMark("order", order),
    }),
  );
  const relay = new Relay({ bus, store, service: service.name, head, log });
  const crash = ground.openCrashNote(crashNoteFile(config.run, name));
  const tellCrashers = () => store.setMark(`crashers.${twin}`, { ids: [...crash.condemned] });
  if (crash.condemned.size > 0) await insist("the note of crashers", log, tellCrashers);
  const peer = watchPeer({ service: service.name, twin, store, presence, crash, clock, log });
  await insist("the peer's note of crashers", log, () => peer.hearCrashers());

  const trouble = hearTrouble(bus, config.place.server, clock);
  const fitness = ground.watchFitness({
    run: config.run,
    name,
    clock,
    log,
    limits: config.limits,
    clocksAheadMs: () => store.clocksAheadMs(),
    isMachineInTrouble: () => trouble.why !== "",
    onEnd: (reason) => {
      // A new process would have no more of the machine than this one.
      if (trouble.why !== "") return log.warn({ reason, trouble: trouble.why }, "the machine is in trouble: this process stays");
      log.error({ reason }, "only a new process helps: this one hands over and ends");
      drain()
        .catch((error: unknown) => log.error({ err: error }, "drained badly"))
        .finally(exit);
    },
  });
  let leading: AbortController | undefined;
  /** Settles at the next commit. */
  let committed = Promise.withResolvers<void>();
  let draining = false;
  const isFenced = () => orders.current.mode === "hot-standby";
  const isResting = () => rests(orders.current, twin, peer.isWell());
  /** What is wrong with it itself, or with its machine. */
  const ownFault = () => fitness.fault || trouble.why;
  /** It has a fault of its own, and its peer can do the work. */
  const isUnfit = () => ownFault() !== "" && peer.isWell();
  const isActive = () => !draining && !isResting() && !isUnfit() && (!isFenced() || pair.leads);
  const pair = new Pair({
    store,
    presence,
    service: service.name,
    twin,
    instance,
    clock,
    log,
    order: () => orders.current,
    fault: ownFault,
    onLead: () => {
      leading = new AbortController();
      refreshActive();
      // Whoever asks this pair should know at once whom to ask.
      sendBeat(bus, beatOf());
      void lead(leading.signal);
    },
    onFollow: () => {
      leading?.abort();
      leading = undefined;
      refreshActive();
    },
    settle: (limitMs) => (isFenced() ? batcher.idle(limitMs) : Promise.resolve()),
    onHandedOver: () => sendBeat(bus, beatOf()),
  });
  orders.onChange(() => {
    refreshActive();
    pair.ordered();
    sendBeat(bus, beatOf());
  });
  const batcher = new Batcher({
    store,
    publisher: relay,
    clock,
    crash,
    log,
    head,
    settings: {
      twin,
      instance,
      batchLimit: config.batchLimit,
      commitsPerSecond: config.commitsPerSecond,
      queueLimit: QUEUE_LIMIT,
      queueBytes: QUEUE_BYTES,
      tells: service.tells,
      tryApart: ordealBy(process.argv[1] ?? "", log),
      onConvicted: () => void tellCrashers().catch((error: unknown) => log.warn({ err: error }, "the peer is not told of a crasher")),
      isPeerMissed: peer.isMissed,
      lease: () => ({ epoch: pair.epoch, alwaysFenced: isFenced() }),
      onLeaseLost: (epoch) => pair.lost(epoch, "a commit found another epoch"),
      onReplaced: () => {
        log.error("another process has this twin's name: this one exits");
        exit();
      },
      onCommit: (inputs, startedMs, traceparents) => {
        if (isFenced()) pair.renewed();
        committed.resolve();
        committed = Promise.withResolvers();
        const tookMs = clock.monotonicMs() - startedMs;
        telemetry.metrics.commitSeconds.observe(tookMs / 1000);
        telemetry.metrics.batchInputs.observe(inputs);
        telemetry.batch(`${service.name} batch`, Date.now() - tookMs, Date.now(), traceparents, { "nrcms.inputs": inputs });
      },
    },
  });
  relay.begin(head);
  const wiring = service.wire({
    reader: store.reader,
    files: store.files,
    ask,
    log,
    clock,
    settings: config.settings,
    topology,
    presence: () => presence.beats(),
    look: lookOver(bus),
    republish,
  });
  const own = builtins({ ...wiring, service: service.name, batcher, store, relay, crash, clock, log });
  const calls = serveCalls({
    bus,
    service: service.name,
    twin,
    calls: wiring.calls,
    builtins: own,
    batcher,
    reader: store.reader,
    store,
    clock,
    telemetry,
    log,
  });
  const messages = serveMessages({ bus, service: service.name, messages: wiring.messages, batcher, log });
  const hearing = openHearing({ bus, service: service.name, self, isDead, republish, store, wiring, messages, batcher, clock, log });

  function refreshActive(): void {
    const active = isActive();
    calls.setActive(active);
    messages.setActive(active);
  }

  const led = { name, batcher, clock, log, wiring, committed: () => committed.promise };
  async function lead(signal: AbortSignal): Promise<void> {
    const replicas = streamReplicas(topology);
    await Promise.all([
      keep({ bus, store, relay, presence, service: service.name, twin, replicas, log }, signal),
      hearing.lead(signal),
      runLeading(led, pair.epoch, signal),
    ]);
  }

  const looked = serveLook(bus, service.name, twin, () => beatOf());
  let residentBytes = process.memoryUsage.rss();
  let parked = 0;
  let storeFault = "";
  const census = setInterval(() => {
    store.parkedCount().then(
      (count) => {
        parked = count;
        storeFault = "";
      },
      (error: unknown) => {
        storeFault = `MongoDB does not answer: ${wordsOf(error)}`;
      },
    );
    peer.hearCrashers().catch((error: unknown) => log.debug({ err: error }, "the peer's crashers are read at the next turn"));
    residentBytes = process.memoryUsage.rss();
    void batcher.settleHead().catch((error: unknown) => log.warn({ err: error }, "the head is not settled yet"));
    void touchWhenBehind().catch((error: unknown) => log.debug({ err: error }, "the head is touched at the next turn"));
  }, CENSUS_MS);

  async function touchWhenBehind(): Promise<void> {
    const newest = batcher.newest;
    const behind = relay.mark.entry > newest.publishedEntry;
    if (behind && !draining && clock.nowMs() - newest.atMs > MARK_BEHIND_MS && (!isFenced() || pair.leads)) await batcher.touch();
  }

  const faultNow = () => (draining ? "draining" : bus.connected ? storeFault || ownFault() : "NATS is not connected");
  beatOf = () => ({
    ...blank(config),
    mode: orders.current.mode,
    active: isActive(),
    ready: fault === "",
    epoch: pair.leads ? pair.epoch : 0,
    fault,
    order: orders.current.version,
    resting: isResting(),
    waiting: pair.waiting,
    committed: batcher.counts.committed,
    queued: batcher.queued,
    parked,
    unpublished: Math.max(0, batcher.newest.event - relay.mark.event),
    unheard: hearing.unheard,
    damaged: messages.damaged,
    residentBytes,
    everyMs: BEAT_MS,
    atMs: Date.now(),
  });
  gauges(
    telemetry.metrics,
    batcher,
    relay,
    () => parked,
    () => pair.epoch,
  );
  telemetry.metrics.gauge(
    "nrcms_unheard_events",
    "Events that were not heard and were asked for again, since the start",
    () => hearing.unheard,
  );
  telemetry.metrics.gauge("nrcms_damaged_messages", "Messages that were not as published, since the start", () => messages.damaged);
  let beatenMs = clock.monotonicMs();
  let sinceBeatMs = 0;
  const beats = setInterval(() => {
    const stoodMs = clock.monotonicMs() - beatenMs - PULSE_MS;
    beatenMs += stoodMs + PULSE_MS;
    if (stoodMs > LOOP_STALL_MS) {
      log.warn({ ms: Math.round(stoodMs) }, "the event loop stood still");
      fitness.stalled();
    }
    fault = faultNow();
    peer.look();
    refreshActive(); // Whether it rests depends on its peer as well.
    if (isFenced() && pair.leads) sendPulse(bus, { service: service.name, twin, instance });
    sinceBeatMs += PULSE_MS;
    if (sinceBeatMs < BEAT_MS) return;
    sinceBeatMs = 0;
    sendBeat(bus, beatOf());
  }, PULSE_MS);

  await fitness.look(); // A machine that has just come up may have lost its time.
  fault = "";
  refreshActive();
  pair.start();
  log.info({ mode: orders.current.mode, order: orders.current.version, port: config.place.port, head: head.number }, "serving");

  async function drain(): Promise<void> {
    if (draining) return;
    draining = true;
    fault = "draining";
    refreshActive();
    await batcher.drain(DRAIN_MS);
    await messages.close();
    await relay.close(DRAIN_MS);
    clearInterval(census);
    orders.close();
    fitness.close();
    trouble.close();
    hearing.close();
    // So that neither the peer nor the next start publishes again what has been published.
    if (relay.mark.entry > batcher.newest.publishedEntry)
      await batcher.touch().catch((error: unknown) => log.debug({ err: error }, "the mark of what is published stays behind"));
    await pair.close();
    clearInterval(beats);
    sendDeath(bus, service.name, twin, instance);
    calls.close();
    looked.stop();
    presence.close();
    const flushed = bus.flush().catch((error: unknown) => log.debug({ err: error }, "the goodbye may not have been heard"));
    await Promise.race([flushed, pause(FLUSH_MS)]);
    await Promise.all([bus.close(), store.close(), telemetry.shutdown(), new Promise<void>((resolve) => health.close(() => resolve()))]);
  }
  return {
    get beat() {
      return beatOf();
    },
    drain,
  };
}

function blank(config: TwinConfig): TwinBeat {
  return {
    service: config.service,
    twin: config.twin,
    server: config.place.server,
    mode: config.pair.mode,
    active: false,
    ready: false,
    pid: process.pid,
    instance: config.instance,
    release: config.release,
    epoch: 0,
    fault: "starting",
    order: 0,
    resting: false,
    waiting: 0,
    committed: 0,
    queued: 0,
    parked: 0,
    unpublished: 0,
    unheard: 0,
    damaged: 0,
    residentBytes: 0,
    everyMs: BEAT_MS,
    atMs: 0,
  };
}

function gauges(
  metrics: Awaited<ReturnType<typeof openTelemetry>>["metrics"],
  batcher: Batcher,
  relay: Relay,
  parked: () => number,
  epoch: () => number,
): void {
  metrics.gauge("nrcms_queued_inputs", "Inputs that wait for a batch", () => batcher.queued);
  metrics.gauge("nrcms_unpublished_events", "Events not yet acknowledged by the stream", () => relay.backlog);
  metrics.gauge("nrcms_parked_inputs", "Parked inputs that nobody has resolved", parked);
  metrics.gauge("nrcms_lease_epoch", "The epoch under which this twin leads, 0 where it does not", epoch);
  metrics.gauge("nrcms_commits", "Commits since the start", () => batcher.counts.commits);
  metrics.gauge("nrcms_conflicts", "Batches that were read and decided again", () => batcher.counts.conflicts);
}
