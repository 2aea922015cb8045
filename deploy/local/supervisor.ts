/**
 * Keeps a mesh running: engines first, then every twin of every service, each started again when it dies. Stops them in the opposite order, so that the twins can
 * still hand over what they have in hand. Either the whole mesh on one machine, all of which ends with its supervisor; or the part of one server, which outlives its
 * supervisor and is adopted by the next.
 */
import type { ChildProcess } from "node:child_process";
import { mkdirSync, realpathSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { connect, type NatsConnection } from "@nats-io/transport-node";
import { lastAtHand } from "../../services/mesh/crash.ts";
import { natsAccess, type Topology } from "../../services/mesh/topology.ts";
import { wordsOf } from "../../services/values/thrown.ts";
import type { Say } from "./binaries.ts";
import { engineCommands, enginesJoined, enginesReady } from "./engines.ts";
import { type Command, type Exit, Kept } from "./kept.ts";
import { endLeftovers, keeper, lastTable, markOf, type ProcessRow, type Table, undertaker, writeTable } from "./leftovers.ts";
import { identity, takeLock } from "./lock.mjs";
import { effectiveTopology, writeTopology } from "./ports.ts";
import { passedEnvironment, programCommands, warmUp } from "./programs.ts";
import { tail, unready } from "./readiness.ts";

const READY_POLL_MS = 50;
const READY_LIMIT_MS = 30_000;
/** Twins have this long to drain, then engines this long to close; together less than the 10 s within which a stop ends. */
const TWIN_STOP_MS = 4_500;
const ENGINE_STOP_MS = 4_000;
/** An engine that has died this often while the clusters are formed will not live: no need to wait for the limit. */
const HOPELESS_RESTARTS = 4;
const KEEPER_PAUSE_MS = 1_000;
const REWRITE_MS = 1_000;
/** The next of the programs that died together is started when the one before is ready, or after so long. */
const TURN_MS = 1_000;
/** How long a signal that asks a process to end is waited for. */
const END_LIMIT_MS = 10_000;

export interface SupervisorOptions {
  /** The topology as wanted; ports that are taken are shifted. */
  readonly topology: Topology;
  /** The run directory: data, logs, certificates, the topology in force. */
  readonly run: string;
  /** Keeps only what stands on this server, at the ports that the topology says, with its guardian. */
  readonly server?: string;
  /** Which services to start; all of the topology's by default, none with []. */
  readonly services?: readonly string[];
  /** Also start the bank simulator. */
  readonly sandbox?: boolean;
  /** Also start a guardian for each machine. */
  readonly guardians?: boolean;
  /** Added to the environment of every twin and of the bank. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly say?: Say;
  /** Added to every wanted port. */
  readonly portOffset?: number;
  /** Removed when this process ends without a stop. */
  readonly removeAtDeath?: string;
}

export class Supervisor {
  readonly run: string;
  readonly #options: SupervisorOptions;
  readonly #say: Say;
  readonly #started = new Date().toISOString();
  readonly #mark: ReturnType<typeof markOf>;
  readonly #engines: Kept[] = [];
  readonly #twins: Kept[] = [];
  readonly #exits = new Set<(exit: Exit) => void>();
  /** Aborts the wait for the engines: one of them cannot live, or we are stopped. */
  readonly #hopeless = new AbortController();
  readonly #killAll = (): void => {
    for (const kept of this.#all()) kept.signal("SIGKILL");
  };
  #topology: Topology;
  #state: Table["state"] = "starting";
  #nats: NatsConnection | undefined;
  #undertaker: ChildProcess | undefined;
  #keeper: ChildProcess | undefined;
  /** What an earlier supervisor left running, until it is adopted. */
  readonly #orphans = new Map<string, ProcessRow>();
  #release: (() => void) | undefined;
  #stopping: Promise<void> | undefined;
  #turns: Promise<void> = Promise.resolve();
  /** The table could not be written, and is tried again. */
  #rewriting: NodeJS.Timeout | undefined;

  constructor(options: SupervisorOptions) {
    mkdirSync(join(options.run, "logs"), { recursive: true });
    this.run = realpathSync(options.run);
    this.#options = options;
    this.#topology = options.topology;
    this.#say = options.say ?? (() => {});
    this.#mark = markOf(this.run, `${process.pid}-${Date.now().toString(36)}-${Math.random().toString(36).slice(2, 8)}`);
  }

  /** The topology in force, once started. */
  get topology(): Topology {
    return this.#topology;
  }

  /** The topology's file, for NRCMS_TOPOLOGY. */
  get topologyFile(): string {
    return join(this.run, "topology.yaml");
  }

  /** Starts the engines, waits until both clusters are ready, then starts the twins (and does not wait for them: `waitReady`). */
  async start(): Promise<void> {
    this.#release = await takeLock(join(this.run, "supervisor.lock"), {
      busy: (pid) => `another supervisor (process ${pid}) runs on ${this.run}: stop it first, or use another run directory`,
    });
    try {
      const { portOffset: offset = 0, removeAtDeath, server } = this.#options;
      if (server === undefined) {
        await endLeftovers(this.run, this.#say);
        this.#topology = await effectiveTopology(this.#options.topology, this.run, { offset, say: this.#say });
        process.once("exit", this.#killAll);
        this.#undertaker = undertaker(this.#mark, removeAtDeath);
      } else {
        const living =
          lastTable(this.run)?.processes.filter(({ pid, identity: known }) => pid !== undefined && identity(pid) === known) ?? [];
        for (const row of living) this.#orphans.set(row.name, row);
        await endLeftovers(this.run, this.#say, new Set(living.map(({ pid }) => pid ?? 0)));
        writeTopology(this.#topology, this.run);
        this.#beKept();
      }
      const services = this.#options.services ?? Object.keys(this.#topology.services);
      await Promise.all([this.#startEngines(), warmUp(services, this.#mark, this.#say)]);
      const access = natsAccess(this.#topology);
      this.#nats = await connect({
        ...access,
        servers: [...access.servers],
        maxReconnectAttempts: -1,
        reconnectTimeWait: 100,
        noAsyncTraces: true,
      });
      const { sandbox = false, environment = {} } = this.#options;
      const programs = {
        run: this.run,
        topologyFile: this.topologyFile,
        services,
        sandbox,
        server,
        topology: this.#topology,
        guarded: server !== undefined ? [server] : this.#options.guardians ? Object.keys(this.#topology.servers) : [],
        environment: { ...environment, ...this.#mark },
      };
      for (const command of programCommands(programs)) this.#keep(this.#twins, command);
      this.#state = "running";
      this.#write();
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  async #startEngines(): Promise<void> {
    const environment = { ...passedEnvironment(), ...this.#mark };
    const { server } = this.#options;
    const setting = { topology: this.#topology, server, run: this.run, environment };
    for (const command of await engineCommands(setting, this.#say)) this.#keep(this.#engines, command);
    // A machine of its own waits for its engines as long as the others need: there is nobody who could be told that it failed.
    if (server !== undefined) return await enginesJoined(this.#topology, server, this.#hopeless.signal, this.#say);
    const watching = this.onExit(({ name }) => {
      if (this.#named(name).restarts >= HOPELESS_RESTARTS) this.#hopeless.abort();
    });
    try {
      await enginesReady(this.#topology, { ended: this.#hopeless.signal, say: this.#say });
    } catch (error) {
      const told = this.#engines.flatMap(({ name, lastExit }) => {
        if (!lastExit) return [];
        const how = lastExit.error ?? lastExit.signal ?? `code ${lastExit.code}`;
        return [`  ${name} ended (${how}); its log ends with\n    ${tail(join(this.run, "logs", `${name}.log`))}`];
      });
      throw new Error([wordsOf(error), ...told].join("\n"), { cause: error });
    } finally {
      watching();
    }
  }

  #keep(group: Kept[], command: Command): void {
    if (this.#stopping) throw new Error("stopped while it was starting");
    const changed = (exit?: Exit): void => {
      if (exit) this.#ended(exit);
      this.#write();
    };
    const kept =
      group === this.#twins ? new Kept(command, changed, (start) => this.#inTurn(command.name, start)) : new Kept(command, changed);
    group.push(kept);
    const orphan = this.#orphans.get(command.name);
    this.#orphans.delete(command.name);
    if (!(orphan?.pid && orphan.identity && kept.adopt(orphan.pid, orphan.identity))) kept.start();
  }

  /** Programs that died together start again one after the other: reading and compiling seven at once would leave those who work no processor. */
  #inTurn(name: string, start: () => void): void {
    this.#turns = this.#turns.then(async () => {
      if (this.#state === "stopping") return;
      start();
      const untilMs = performance.now() + TURN_MS;
      while (performance.now() < untilMs && this.pid(name) !== undefined && (await unready(this.#topology, name)) !== "")
        await pause(READY_POLL_MS, undefined, { ref: false });
    });
  }

  /** A shell watches over this process and starts it anew, and this process over the shell. NRCMS_KEPT_BY says that somebody else does (deploy/systemd). */
  #beKept(): void {
    if (process.env.NRCMS_KEPT_BY || this.#stopping) return;
    this.#keeper = keeper(join(this.run, "logs", "supervisor.log"));
    this.#keeper.once("error", (error) => this.#say(`nobody watches over this supervisor: ${error.message}`));
    this.#keeper.once("exit", () => setTimeout(() => this.#beKept(), KEEPER_PAUSE_MS).unref());
  }

  #ended(exit: Exit): void {
    for (const listener of this.#exits) listener(exit);
    if (this.#state === "stopping") return;
    this.#say(`${exit.name} ended (${exit.error ?? exit.signal ?? `code ${exit.code}`})`);
    if (this.#twins.some(({ name }) => name === exit.name)) this.#tellDeath(exit);
  }

  /** And what it had at hand. Best effort: who misses it finds out by the missing beats. */
  #tellDeath(exit: Exit): void {
    try {
      this.#nats?.publish(
        `nrcms.death.${exit.name}`,
        JSON.stringify({
          process: exit.name,
          pid: exit.pid,
          code: exit.code,
          signal: exit.signal,
          atMs: Date.now(),
          atHand: lastAtHand(this.run, exit.name),
        }),
      );
    } catch (error) {
      this.#say(`the death of ${exit.name} could not be told: ${wordsOf(error)}`);
    }
  }

  #all(): Kept[] {
    return [...this.#engines, ...this.#twins];
  }

  #write(): void {
    const processes = this.#all().map(({ name, pid, identity: known, startedMs, restarts, held }) => ({
      name,
      pid,
      identity: known,
      started: new Date(startedMs).toISOString(),
      restarts,
      held,
    }));
    clearTimeout(this.#rewriting);
    try {
      writeTable({
        pid: process.pid,
        identity: identity(process.pid) ?? "",
        started: this.#started,
        run: this.run,
        ...(this.#options.server === undefined ? {} : { server: this.#options.server }),
        state: this.#state,
        processes,
      });
      this.#rewriting = undefined;
    } catch (error) {
      // A disk that takes no more, least of all a reason to leave the processes alone. What stands there is older; whoever reads it sees by the identities what lives no more.
      if (!this.#rewriting) this.#say(`the table of processes cannot be written: ${wordsOf(error)}`);
      this.#rewriting = setTimeout(() => this.#write(), REWRITE_MS).unref();
    }
  }

  #named(name: string): Kept {
    const found = this.#all().find((kept) => kept.name === name);
    if (!found) throw new Error(`no process ${name}; there are ${this.names().join(", ")}`);
    return found;
  }

  /** `nats-a`, `mongo-a`, `bank`, `claims.a` …, in the order of their start. */
  names(): string[] {
    return this.#all().map(({ name }) => name);
  }

  /** Undefined while it does not run. */
  pid(name: string): number | undefined {
    return this.#named(name).pid;
  }

  restarts(name: string): number {
    return this.#named(name).restarts;
  }

  /** Sends a signal (SIGKILL by default) and, if it is one that ends, waits until the process is gone. It is started again unless it is held. */
  async kill(name: string, signal: NodeJS.Signals = "SIGKILL"): Promise<void> {
    const kept = this.#named(name);
    const ended = kept.ended();
    if (kept.signal(signal) && (signal === "SIGKILL" || signal === "SIGTERM"))
      await Promise.race([ended, pause(END_LIMIT_MS, undefined, { ref: false })]);
  }

  /** Freezes it (SIGSTOP): it lives, holds its connections and does nothing. */
  pause(name: string): void {
    this.#named(name).signal("SIGSTOP");
  }

  resume(name: string): void {
    this.#named(name).signal("SIGCONT");
  }

  /** From now on it is not started again when it dies. */
  hold(name: string): void {
    this.#named(name).hold();
    this.#write();
  }

  /** Ends a hold; starts it at once if it does not run. */
  release(name: string): void {
    this.#named(name).release();
    this.#write();
  }

  /** Calls `listener` at the end of any process. Returns the function that ends this. */
  onExit(listener: (exit: Exit) => void): () => void {
    this.#exits.add(listener);
    return () => this.#exits.delete(listener);
  }

  /** Waits until the named twins (and the bank) are ready; all by default. Throws after `limitMs`, saying which are not and what their logs end with. */
  async waitReady(names: readonly string[] = this.#twins.map(({ name }) => name), limitMs = READY_LIMIT_MS): Promise<void> {
    const until = performance.now() + limitMs;
    const outcomes = await Promise.all(
      names.map(async (name) => {
        let words = "";
        do {
          const { pid, restarts } = this.#named(name);
          words = pid === undefined ? `it does not run (restarted ${restarts} times)` : await unready(this.#topology, name);
          if (words === "") return "";
          await pause(READY_POLL_MS);
        } while (performance.now() < until && this.#state !== "stopping");
        return `  ${name}: ${words}; its log ends with\n    ${tail(join(this.run, "logs", `${name}.log`))}`;
      }),
    );
    const late = outcomes.filter((words) => words !== "");
    if (late.length > 0) throw new Error(`not ready after ${limitMs / 1000} s:\n${late.join("\n")}`);
  }

  /** Ends all processes within 10 s: first the twins, which drain, then the engines. Leaves none behind. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    this.#state = "stopping";
    this.#hopeless.abort();
    if (!this.#release) return; // Never had the run directory: what runs there is another's.
    this.#keeper?.kill("SIGKILL");
    if (this.#all().length > 0) this.#write();
    const stopAll = async (group: readonly Kept[], limitMs: number): Promise<void> => {
      const stopping = async (kept: Kept): Promise<void> => {
        if (!(await kept.stop(limitMs))) this.#say(`${kept.name} did not end within ${limitMs / 1000} s and was killed`);
      };
      await Promise.all(group.map(stopping));
    };
    await stopAll(this.#twins, TWIN_STOP_MS);
    await this.#nats?.close();
    await stopAll(this.#engines, ENGINE_STOP_MS);
    await endLeftovers(this.run, this.#say);
    process.off("exit", this.#killAll);
    this.#undertaker?.kill("SIGKILL");
    clearTimeout(this.#rewriting);
    rmSync(join(this.run, "supervisor.json"), { force: true });
    this.#release();
  }
}

/** Ctrl-C and SIGTERM stop the supervisor, then end this process with the signal's code. Asked twice, it still stops in order: the stop is bounded. */
export function stopOnSignals(supervisor: Supervisor, say: Say = () => {}): void {
  let told = false;
  for (const [signal, code] of [
    ["SIGINT", 130],
    ["SIGTERM", 143],
    ["SIGHUP", 129],
  ] as const) {
    process.on(signal, () => {
      if (!told) say("stopping");
      told = true;
      supervisor.stop().then(
        () => process.exit(code),
        (error) => {
          say(`the stop failed: ${wordsOf(error)}`);
          process.exit(1);
        },
      );
    });
  }
}
