/** The simulated province: engines, pairs of twins with their supervisor, the banks. */
import { join } from "node:path";
import { type Logger, pino } from "pino";
import { ROOT } from "../../deploy/local/binaries.ts";
import type { Bus } from "../../services/mesh/bus.ts";
import { noCrashNote } from "../../services/mesh/crash.ts";
import { LIMITS } from "../../services/mesh/fitness.ts";
import { sendDeath } from "../../services/mesh/presence.ts";
import { openMongoStore } from "../../services/mesh/store-mongo.ts";
import { type Mode, readTopology, type TwinName } from "../../services/mesh/topology.ts";
import { type Ground, startTwin, type Twin } from "../../services/mesh/twin.ts";
import { type Bank, openBank } from "./bank.ts";
import { JetStream } from "./jetstream.ts";
import { simulatedClient } from "./mongo.ts";
import { Network } from "./network.ts";
import type { Process } from "./process.ts";
import { ReplicaSet } from "./replica-set.ts";
import { NAMES, type Name, serviceNamed, TERMS, withBug } from "./services.ts";
import type { World } from "./world.ts";

const TOPOLOGY = readTopology(join(ROOT, "deploy", "topology.yaml"));
const BATCH_LIMIT = 400;
const COMMITS_PER_SECOND = 25;
const RESTART_MS: readonly [number, number] = [200, 3_000];
/** How often a supervisor sees a death at once; otherwise the beats' silence tells. */
const NOTICE_BP = 7_000;
const SILENT = pino({ level: "silent" });

/** One place of a pair: its process dies and is started again. */
export interface Place {
  readonly service: Name;
  readonly twin: TwinName;
  readonly name: string;
  process: Process;
  running: Twin | undefined;
  starts: number;
}

export class Province {
  readonly world: World;
  readonly set: ReplicaSet;
  readonly streams: JetStream;
  readonly network: Network;
  readonly modes: Readonly<Record<Name, Mode>>;
  readonly places: readonly Place[];
  readonly banks: readonly Bank[];
  /** The bus of those who never die: supervisors and people. */
  readonly outside: Bus;
  readonly people: Process;
  private readonly log: Logger;

  constructor(world: World, log?: (process: string) => Logger) {
    this.world = world;
    this.set = new ReplicaSet(world);
    this.streams = new JetStream(world, NAMES);
    this.network = new Network(world, this.streams);
    this.log = SILENT;
    if (log) this.logOf = log;
    this.modes = Object.fromEntries(NAMES.map((name) => [name, modeOf(world, name)])) as Record<Name, Mode>;
    this.people = world.process("people");
    this.outside = this.network.busOf(this.people);
    this.banks = Object.entries(TERMS).map(([id, { debtor }]) => openBank(world, id, debtor.accountNumber));
    this.places = NAMES.flatMap((service) =>
      (["a", "b"] as const).map((twin) => ({
        service,
        twin,
        name: `${service}.${twin}`,
        process: world.process(""),
        running: undefined,
        starts: 0,
      })),
    );
  }

  private bankNamed(id: string): Bank {
    const found = this.banks.find((bank) => bank.id === id);
    if (!found) throw new Error(`no bank ${id}`);
    return found;
  }

  private logOf = (_process: string): Logger => this.log;

  start(): void {
    for (const place of this.places) this.spawn(place);
  }

  /** Lets a twin go as an operator would: it hands over and ends; its supervisor starts it again. */
  drain(place: Place): void {
    const { running, process } = place;
    if (!running || !process.alive) return;
    this.world.trace.note(`${place.name} is drained`);
    this.world.as(process, () =>
      running.drain().then(
        () => this.world.crash(process),
        (error: unknown) => this.world.fail(error),
      ),
    );
  }

  private spawn(place: Place): void {
    const { world, network } = this;
    const { service, twin, name } = place;
    place.starts += 1;
    place.running = undefined;
    const instance = `${place.starts}`;
    const process = world.process(name);
    place.process = process;
    process.onCrash = () => {
      network.forget(process);
      if (world.chance.chance(NOTICE_BP))
        world.after(world.span(1, 50), () => sendDeath(this.outside, service, twin, instance), this.people);
      world.after(world.span(...RESTART_MS), () => this.spawn(place));
    };
    const pair = TOPOLOGY.services[service];
    if (!pair) throw new Error(`no service ${service} in the topology`);
    const ground: Ground = {
      openStore: (uri, of, indexes, client) =>
        openMongoStore(uri, of, indexes, client, (_, options) => simulatedClient(world, this.set, process, options)),
      openBus: async () => network.busOf(process),
      openHealth: async () => ({ close: (closed) => closed() }),
      openCrashNote: () => noCrashNote,
      watchFitness: () => ({ fault: "", stalled: () => undefined, look: async () => undefined, close: () => undefined }),
    };
    const config = {
      service,
      twin,
      pair: { mode: this.modes[service], takeover: "automatic", failback: "never", preferred: pair.preferred },
      place: pair[twin],
      topology: TOPOLOGY,
      run: "",
      instance,
      release: "",
      settings: pair.settings,
      batchLimit: BATCH_LIMIT,
      limits: LIMITS,
      commitsPerSecond: COMMITS_PER_SECOND,
    } as const;
    world.trace.note(`${name} starts for the ${place.starts}th time`);
    world.as(process, () =>
      startTwin(
        withBug(
          serviceNamed(service, (bank) => this.bankNamed(bank).channel(process)),
          world,
        ),
        config,
        this.logOf(name),
        () => world.crash(process),
        ground,
      ).then(
        (running) => {
          place.running = running;
        },
        (error: unknown) => {
          world.trace.note(`${name} cannot start: ${String(error)}`);
          world.crash(process);
        },
      ),
    );
  }
}

/** As in the topology, or the other one: every service is correct in either. */
function modeOf(world: World, name: Name): Mode {
  const usual = TOPOLOGY.services[name]?.mode ?? "dual-active";
  if (!world.chance.chance(4_000)) return usual;
  return usual === "dual-active" ? "hot-standby" : "dual-active";
}
