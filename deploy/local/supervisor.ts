/**
 * Keeps a whole mesh running on one machine: engines first, then every twin of every service, each started again when it dies.
 * Stops them in the opposite order, so that the twins can still hand over what they have in hand.
 */
import { type ChildProcess, execFile } from "node:child_process";
import { mkdirSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { connect as dial } from "node:net";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { promisify } from "node:util";
import { connect, type NatsConnection } from "@nats-io/transport-node";
import { hostOf, natsServers, type Topology } from "../../services/mesh/topology.ts";
import { cacheFolder, ROOT, type Say } from "./binaries.ts";
import { ENGINES_LIMIT_MS, engineCommands, enginesReady } from "./engines.ts";
import { type Command, type Exit, Kept } from "./kept.ts";
import { endLeftovers, leftovers, markOf, type Table, undertaker, writeTable } from "./leftovers.ts";
import { identity, takeLock } from "./lock.mjs";
import { effectiveTopology } from "./ports.ts";
import { isWarm } from "./warm.ts";

const run = promisify(execFile);

/** For fewer services than this, compiling their code beforehand costs more than it saves. */
const WARM_FROM_SERVICES = 4;
const WARM_LIMIT_MS = 30_000;
const READY_POLL_MS = 50;
const READY_LIMIT_MS = 30_000;
const PROBE_LIMIT_MS = 1_000;
/** Twins have this long to drain, then engines this long to close; together less than the 10 s within which a stop ends. */
const TWIN_STOP_MS = 4_500;
const ENGINE_STOP_MS = 4_000;
/** An engine that has died this often while the clusters are formed will not live: no need to wait for the limit. */
const HOPELESS_RESTARTS = 4;
const LOG_TAIL_LINES = 8;
/** A twin needs little: batches are bounded. Left alone, V8 takes what the machine has, and fourteen twins with it. */
const NODE_FLAGS = ["--disable-warning=ExperimentalWarning", "--max-old-space-size=160", "--max-semi-space-size=4"];
const LOG_SEARCH_LINES = 200;
const LOG_LINE_CHARACTERS = 500;
/** What a child may see of our environment; besides these all NRCMS_* and OTEL_*. */
const PASSED = ["PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE"];

export interface SupervisorOptions {
  /** The topology as wanted; ports that are taken are shifted. */
  readonly topology: Topology;
  /** The run directory: data, logs, certificates, the topology in force. */
  readonly run: string;
  /** Which services to start; all of the topology's by default, none with []. */
  readonly services?: readonly string[];
  /** Also start the bank simulator. */
  readonly sandbox?: boolean;
  /** Added to the environment of every twin and of the bank. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly say?: Say;
  /** Added to every wanted port. */
  readonly portOffset?: number;
  /** Removed when this process ends without a stop. */
  readonly removeAtDeath?: string;
}

function passedEnvironment(): Record<string, string> {
  const entries = Object.entries(process.env).filter(([name]) => PASSED.includes(name) || /^(NRCMS|OTEL)_/.test(name));
  return Object.fromEntries(entries) as Record<string, string>;
}

/** The last lines of a log; of a log of JSON lines that ends with a fatal error, the lines that say so. */
function tail(log: string): string {
  try {
    const lines = readFileSync(log, "utf8").trimEnd().split("\n").slice(-LOG_SEARCH_LINES);
    const fatal = lines.filter((line) => line.includes('"s":"F"') || line.includes('"s":"E"'));
    return (fatal.length > 0 ? fatal : lines)
      .slice(-LOG_TAIL_LINES)
      .map((line) => line.slice(0, LOG_LINE_CHARACTERS))
      .join("\n    ");
  } catch {
    return "(no log)";
  }
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
  readonly #killAll = (): void => {
    for (const kept of this.#all()) kept.signal("SIGKILL");
  };
  #topology: Topology;
  #state: Table["state"] = "starting";
  #nats: NatsConnection | undefined;
  #undertaker: ChildProcess | undefined;
  #release: (() => void) | undefined;
  #stopping: Promise<void> | undefined;

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
      await endLeftovers(this.run, this.#say);
      const { portOffset: offset = 0, removeAtDeath } = this.#options;
      this.#topology = await effectiveTopology(this.#options.topology, this.run, { offset, say: this.#say });
      process.once("exit", this.#killAll);
      this.#undertaker = undertaker(this.#mark, removeAtDeath);
      await Promise.all([this.#startEngines(), this.#warm()]);
      if (this.#stopping) return;
      this.#nats = await connect({
        servers: natsServers(this.#topology),
        maxReconnectAttempts: -1,
        reconnectTimeWait: 100,
        noAsyncTraces: true,
      });
      for (const command of this.#twinCommands()) this.#keep(this.#twins, command);
      this.#state = "running";
      this.#write();
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  async #startEngines(): Promise<void> {
    const environment = { ...passedEnvironment(), ...this.#mark };
    for (const command of await engineCommands(this.#topology, this.run, environment, this.#say)) this.#keep(this.#engines, command);
    const hopeless = new AbortController();
    const watching = this.onExit(({ name }) => {
      if (this.#named(name).restarts >= HOPELESS_RESTARTS) hopeless.abort();
    });
    try {
      await enginesReady(this.#topology, ENGINES_LIMIT_MS, hopeless.signal);
    } catch (error) {
      const told = this.#engines.flatMap(({ name, lastExit }) => {
        if (!lastExit) return [];
        const how = lastExit.error ?? lastExit.signal ?? `code ${lastExit.code}`;
        return [`  ${name} ended (${how}); its log ends with\n    ${tail(join(this.run, "logs", `${name}.log`))}`];
      });
      throw new Error([error instanceof Error ? error.message : String(error), ...told].join("\n"), { cause: error });
    } finally {
      watching();
    }
  }

  get #services(): readonly string[] {
    return this.#options.services ?? Object.keys(this.#topology.services);
  }

  /** While the engines elect their leaders there is time to compile the twins' code once, for all of them. Without it they only start slower. */
  async #warm(): Promise<void> {
    const cache = join(cacheFolder(), "compile");
    if (this.#services.length < WARM_FROM_SERVICES || isWarm(cache)) return;
    const environment = { ...passedEnvironment(), ...this.#mark, NODE_COMPILE_CACHE: cache };
    const options = { env: environment, timeout: WARM_LIMIT_MS, killSignal: "SIGKILL" as const };
    try {
      await run(
        process.execPath,
        ["--disable-warning=ExperimentalWarning", join(ROOT, "deploy", "local", "warm.ts"), ...this.#services],
        options,
      );
    } catch (error) {
      this.#say(
        `the twins' code could not be compiled beforehand: ${error instanceof Error ? error.message.split("\n")[0] : String(error)}`,
      );
    }
  }

  #twinCommands(): Command[] {
    const shared = {
      ...passedEnvironment(),
      MALLOC_ARENA_MAX: "2",
      NODE_COMPILE_CACHE: join(cacheFolder(), "compile"),
      ...this.#options.environment,
      ...this.#mark,
      NRCMS_TOPOLOGY: this.topologyFile,
      NRCMS_RUN: this.run,
    };
    const command = (name: string, main: string, more: Record<string, string>): Command => ({
      name,
      file: process.execPath,
      parameters: [...NODE_FLAGS, join(ROOT, main)],
      environment: { ...shared, ...more },
      log: join(this.run, "logs", `${name}.log`),
    });
    const commands = this.#services.flatMap((service) =>
      ["a", "b"].map((twin) => command(`${service}.${twin}`, `services/${service}/main.ts`, { NRCMS_SERVICE: service, NRCMS_TWIN: twin })),
    );
    if (this.#options.sandbox) commands.unshift(command("bank", "deploy/sandbox/bank/main.ts", {}));
    return commands;
  }

  #keep(group: Kept[], command: Command): void {
    const kept = new Kept(command, (exit) => {
      if (exit) this.#ended(exit);
      this.#write();
    });
    group.push(kept);
    kept.start();
  }

  #ended(exit: Exit): void {
    for (const listener of this.#exits) listener(exit);
    if (this.#state === "stopping") return;
    this.#say(`${exit.name} ended (${exit.error ?? exit.signal ?? `code ${exit.code}`})`);
    if (this.#twins.some(({ name }) => name === exit.name)) this.#tellDeath(exit);
  }

  /** Best effort: who misses it finds out by the missing beats. */
  #tellDeath(exit: Exit): void {
    try {
      this.#nats?.publish(
        `nrcms.death.${exit.name}`,
        JSON.stringify({ process: exit.name, pid: exit.pid, code: exit.code, signal: exit.signal, atMs: Date.now() }),
      );
    } catch (error) {
      this.#say(`the death of ${exit.name} could not be told: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  #all(): Kept[] {
    return [...this.#engines, ...this.#twins];
  }

  #write(): void {
    const processes = this.#all().map(({ name, pid, startedMs, restarts, held }) => ({
      name,
      pid,
      started: new Date(startedMs).toISOString(),
      restarts,
      held,
    }));
    writeTable({
      pid: process.pid,
      identity: identity(process.pid) ?? "",
      started: this.#started,
      run: this.run,
      state: this.#state,
      processes,
    });
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
    if (kept.signal(signal) && (signal === "SIGKILL" || signal === "SIGTERM")) await ended;
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
          words = await this.#unready(name);
          if (words === "") return "";
          await pause(READY_POLL_MS);
        } while (performance.now() < until && this.#state !== "stopping");
        return `  ${name}: ${words}; its log ends with\n    ${tail(join(this.run, "logs", `${name}.log`))}`;
      }),
    );
    const late = outcomes.filter((words) => words !== "");
    if (late.length > 0) throw new Error(`not ready after ${limitMs / 1000} s:\n${late.join("\n")}`);
  }

  /** Why it is not ready; empty when it is. */
  async #unready(name: string): Promise<string> {
    const kept = this.#named(name);
    if (kept.pid === undefined) return `it does not run (restarted ${kept.restarts} times)`;
    if (name === "bank") return await this.#unreachable(this.#topology.bank.host, this.#topology.bank.port);
    const [service = "", twin] = name.split(".");
    const place = this.#topology.services[service]?.[twin === "b" ? "b" : "a"];
    if (!place) return "";
    try {
      const answer = await fetch(`http://${hostOf(this.#topology, place.server)}:${place.port}/ready`, {
        signal: AbortSignal.timeout(PROBE_LIMIT_MS),
      });
      return answer.ok ? "" : `it answers ${answer.status} ${(await answer.text()).slice(0, 200)}`;
    } catch {
      return "it does not answer yet";
    }
  }

  #unreachable(host: string, port: number): Promise<string> {
    return new Promise((resolve) => {
      const socket = dial({ host, port, timeout: PROBE_LIMIT_MS });
      const done = (words: string) => {
        socket.destroy();
        resolve(words);
      };
      socket
        .once("connect", () => done(""))
        .once("timeout", () => done("it does not answer yet"))
        .once("error", () => done("it does not listen yet"));
    });
  }

  /** Ends all processes within 10 s: first the twins, which drain, then the engines. Leaves none behind. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    this.#state = "stopping";
    if (!this.#release) return; // Never had the run directory: what runs there is another's.
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
    for (const pid of leftovers(this.run)) process.kill(pid, "SIGKILL");
    process.off("exit", this.#killAll);
    this.#undertaker?.kill("SIGKILL");
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
          say(`the stop failed: ${error instanceof Error ? error.message : String(error)}`);
          process.exit(1);
        },
      );
    });
  }
}
