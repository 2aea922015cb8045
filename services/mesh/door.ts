/** A twin without documents: it passes work on and remembers nothing. It beats, answers for its health and drains like any other. */
import { PROVINCE } from "../values/region.ts";
import { type Bus, openBus } from "./bus.ts";
import { type Clock, systemClock } from "./clock.ts";
import { readTwinConfig, type TwinConfig } from "./config.ts";
import { openHealth } from "./health.ts";
import { insist } from "./insist.ts";
import { type Logger, logger, sayLastWords } from "./log.ts";
import { serveLook } from "./look.ts";
import { askForOrders, firstOrder, type Orders, openOrders, rests } from "./order.ts";
import { BEAT_MS, isWell, listen, type Presence, sendBeat, sendDeath } from "./presence.ts";
import { type Client, openClient } from "./rpc.ts";
import { openTelemetry, type Telemetry } from "./telemetry.ts";
import { hostOf, natsAccess, otherTwin } from "./topology.ts";
import { hearAlone, hearTrouble, type Said } from "./trouble.ts";

export interface Door {
  readonly config: TwinConfig;
  readonly bus: Bus;
  readonly client: Client;
  readonly presence: Presence;
  readonly telemetry: Telemetry;
  readonly clock: Clock;
  readonly log: Logger;
  /** Why no command can be done from here: this machine has no majority. Empty where it can. Its guardian says so; without one, nobody does. */
  readonly alone: Pick<Said, "why" | "onSaid">;
  /** Counts an answered call, for the beat. */
  answered(): void;
  /** From now on the twin is ready; `serving` says why it is not, or is empty. */
  open(serving: () => string): void;
  /** Calls `listener` whenever the twin is put at rest (its server is drained) and whenever that ends; one call after the other. */
  onRest(listener: (resting: boolean) => Promise<void>): void;
  /** Runs `closing` on SIGTERM or SIGINT, says goodbye, and ends the process with 0. */
  closeOnSignal(closing: () => Promise<void>): void;
}

/** Opens the bus and the health page of a stateless twin. Throws where the configuration is wrong or NATS does not come up. */
export async function openDoor(service: string): Promise<Door> {
  const config = readTwinConfig(service);
  const name = `${service}.${config.twin}`;
  const log = logger(name);
  sayLastWords(log);
  const clock = systemClock(config.topology.clock_offset_ms);
  const telemetry = await openTelemetry(name, service, config.twin);
  let serving: () => string = () => "starting";
  let draining = false;
  let answers = 0;
  let orders: Orders | undefined;
  let presence: Presence | undefined;
  let trouble: Said | undefined;
  const isPeerWell = () => presence !== undefined && isWell(presence, service, otherTwin(config.twin));
  /** Its server is drained or in trouble, and its peer can do the work: clients that look at its health go there. */
  const isResting = () =>
    (orders !== undefined && rests(orders.current, config.twin, isPeerWell())) || (Boolean(trouble?.why) && isPeerWell());
  const fault = () => (draining ? "draining" : serving());
  const beat = () => ({
    service,
    twin: config.twin,
    server: config.place.server,
    mode: config.pair.mode,
    active: !draining && !isResting(),
    ready: fault() === "",
    pid: process.pid,
    instance: config.instance,
    release: config.release,
    epoch: 0,
    fault: fault() || (trouble?.why ?? ""),
    order: orders?.current.version ?? 0,
    resting: isResting(),
    waiting: 0,
    committed: answers,
    queued: 0,
    parked: 0,
    unpublished: 0,
    unheard: 0,
    damaged: 0,
    residentBytes: process.memoryUsage.rss(),
    everyMs: BEAT_MS,
    atMs: Date.now(),
  });
  const health = await openHealth(hostOf(config.topology, config.place.server), config.place.port, {
    fault,
    status: beat,
    registry: telemetry.metrics.registry,
  });
  const bus = await insist("NATS", log, () => openBus(natsAccess(config.topology, config.place.server), name, log));
  const heard = listen(bus, { beats: "*.*" });
  presence = heard;
  trouble = hearTrouble(bus, config.place.server, clock);
  const alone = hearAlone(bus, config.place.server, clock);
  const client = openClient(bus, (of, twin) => heard.isDead(of, twin));
  const ask = askForOrders(client, { name, role: "SERVICE", scope: PROVINCE });
  orders = await openOrders({ service, first: firstOrder(config.pair), bus, log, ask });
  const looked = serveLook(bus, service, config.twin, beat);
  let rested = false;
  let turning: Promise<void> = Promise.resolve();
  let onRest: (resting: boolean) => Promise<void> = async () => undefined;
  const turn = (): void => {
    if (draining || rested === isResting()) return;
    rested = !rested;
    const resting = rested;
    turning = turning
      .then(() => onRest(resting))
      .catch((error: unknown) => log.error({ err: error, resting }, resting ? "the rest is not complete" : "the door does not open again"));
  };
  orders.onChange(turn);
  const beats = setInterval(() => {
    turn(); // It depends on its peer as well.
    sendBeat(bus, beat());
  }, BEAT_MS);
  return {
    config,
    bus,
    client,
    presence: heard,
    telemetry,
    clock,
    log,
    alone,
    answered: () => {
      answers += 1;
    },
    open(now) {
      serving = () => (bus.connected ? now() : "NATS is not connected");
      log.info({ port: config.place.port }, "serving");
    },
    onRest(listener) {
      onRest = listener;
      turn();
    },
    closeOnSignal(closing) {
      const end = () => {
        if (draining) return;
        draining = true;
        sendBeat(bus, beat());
        closing()
          .then(async () => {
            clearInterval(beats);
            orders?.close();
            looked.stop();
            trouble?.close();
            alone.close();
            sendDeath(bus, service, config.twin, config.instance);
            await bus.flush();
            await Promise.all([bus.close(), telemetry.shutdown(), new Promise<void>((resolve) => health.close(() => resolve()))]);
          })
          .then(
            () => process.exit(0),
            (error: unknown) => {
              log.error({ err: error }, "drained badly");
              process.exit(1);
            },
          );
      };
      process.once("SIGTERM", end);
      process.once("SIGINT", end);
    },
  };
}
