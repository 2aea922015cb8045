/**
 * One process that is kept running: started again when it dies, with a growing delay, until it is stopped or held.
 * It gets a process group of its own, so that a Ctrl-C in the terminal reaches only the supervisor, which then stops everything in order.
 * One that an earlier supervisor started may be adopted: its end is then seen by looking.
 */
import { spawn } from "node:child_process";
import { closeSync, readFileSync, writeFileSync } from "node:fs";
import { wordsOf } from "../../services/values/thrown.ts";
import { identity } from "./lock.mjs";
import { limitLog, openLog, say } from "./logs.ts";

const FIRST_DELAY_MS = 100;
const LONGEST_DELAY_MS = 10_000;
/** How often it is looked whether an adopted process still lives. */
const LOOK_MS = 100;
/** A process that ran this long counts as healthy: its next restart is quick again. */
const HEALTHY_MS = 30_000;
/** How often it is looked whether its log has grown too large. */
const LOG_LOOK_MS = 60_000;

export interface Command {
  /** `claims.a`, `nats-a`, `mongo-a`, `bank` */
  readonly name: string;
  readonly file: string;
  readonly parameters: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** The file that takes standard output and standard error. */
  readonly log: string;
}

/** The process that runs now: our child, or one that was adopted. */
interface Running {
  readonly pid: number | undefined;
  /** Its pid with the moment of its start; undefined where it never ran. */
  readonly identity: string | undefined;
  kill(signal: NodeJS.Signals): boolean;
}

export interface Exit {
  readonly name: string;
  readonly pid: number | undefined;
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** What kept it from starting, where it never ran. */
  readonly error?: string;
}

/** Added to what the kernel chooses by where memory runs out (oom_score_adj, from −1000 to 1000). */
const OFFERED = 250;

/** Where memory runs out, the kernel is to end what is started again rather than who starts it. To be offered more than one's parent needs no right. */
function offerToKernel(pid: number): void {
  try {
    const own = Number(readFileSync("/proc/self/oom_score_adj", "utf8"));
    writeFileSync(`/proc/${pid}/oom_score_adj`, `${Math.min(1_000, own + OFFERED)}`);
  } catch {
    // Not Linux, or ended already: then it is as it was.
  }
}

export class Kept {
  readonly name: string;
  readonly #command: Command;
  readonly #changed: (exit?: Exit) => void;
  readonly #turn: (start: () => void) => void;
  #process: Running | undefined;
  #gone: Promise<void> = Promise.resolve();
  #startedMs = 0;
  #starts = 0;
  #delayMs = FIRST_DELAY_MS;
  #timer: NodeJS.Timeout | undefined;
  #held = false;
  #ending = false;
  #lastExit: Exit | undefined;

  /** `changed` is called after every start, and with the exit after every end; `turn` lets it start again after an end, at once by default. */
  constructor(command: Command, changed: (exit?: Exit) => void, turn: (start: () => void) => void = (start) => start()) {
    this.name = command.name;
    this.#command = command;
    this.#changed = changed;
    this.#turn = turn;
  }

  /** Undefined while it does not run. */
  get pid(): number | undefined {
    return this.#process?.pid;
  }
  /** Its pid with the moment of its start, by which another supervisor knows it again. */
  get identity(): string | undefined {
    return this.#process?.identity;
  }
  get startedMs(): number {
    return this.#startedMs;
  }
  get restarts(): number {
    return Math.max(0, this.#starts - 1);
  }
  get held(): boolean {
    return this.#held;
  }
  get lastExit(): Exit | undefined {
    return this.#lastExit;
  }

  start(): void {
    clearTimeout(this.#timer);
    if (this.#process || this.#ending) return;
    const { file, parameters, environment, log } = this.#command;
    let output: number;
    try {
      output = openLog(log);
    } catch (error) {
      return this.#failed(error);
    }
    const child = spawn(file, parameters, { env: environment, stdio: ["ignore", output, output], detached: true });
    closeSync(output);
    if (child.pid !== undefined) offerToKernel(child.pid);
    const ended = this.#runs({
      pid: child.pid,
      identity: child.pid === undefined ? undefined : identity(child.pid),
      kill: (signal) => child.kill(signal),
    });
    child.once("exit", (code, signal) => ended(code, signal));
    child.once("error", (error) => ended(null, null, error));
    this.#changed();
  }

  /** It could not be started: as if it had ended at once. */
  #failed(error: unknown): void {
    this.#lastExit = {
      name: this.name,
      pid: undefined,
      code: null,
      signal: null,
      error: wordsOf(error),
    };
    this.#startLater(0);
    this.#changed(this.#lastExit);
  }

  /** Takes over a process that an earlier supervisor started; `known` is its pid with the moment of its start. False where it lives no more. */
  adopt(pid: number, known: string): boolean {
    if (this.#process || this.#ending || identity(pid) !== known) return false;
    const ended = this.#runs({
      pid,
      identity: known,
      kill: (signal) => identity(pid) === known && process.kill(pid, signal),
    });
    const looking = setInterval(() => {
      if (identity(pid) === known) return;
      clearInterval(looking);
      ended(null, null); // How it ended is known to its parent alone.
    }, LOOK_MS);
    this.#changed();
    return true;
  }

  /** Notes the process that runs now; gives what is to be called at its end. */
  #runs(running: Running): (code: number | null, signal: NodeJS.Signals | null, error?: Error) => void {
    this.#process = running;
    this.#startedMs = Date.now();
    this.#starts += 1;
    const gone = Promise.withResolvers<void>();
    this.#gone = gone.promise;
    const looking = setInterval(() => this.#limitLog(), LOG_LOOK_MS).unref();
    return (code, signal, error) => {
      if (this.#process !== running) return;
      clearInterval(looking);
      this.#process = undefined;
      this.#lastExit = { name: this.name, pid: running.pid, code, signal, ...(error ? { error: error.message } : {}) };
      this.#startLater(Date.now() - this.#startedMs);
      gone.resolve();
      this.#changed(this.#lastExit);
    };
  }

  #limitLog(): void {
    try {
      limitLog(this.#command.log);
    } catch (error) {
      // A full or broken disk is found out by those who work on it.
      say(`${this.#command.log}: ${wordsOf(error)}`);
    }
  }

  #startLater(ranMs: number): void {
    if (this.#held || this.#ending) return;
    if (ranMs >= HEALTHY_MS) this.#delayMs = FIRST_DELAY_MS;
    const start = (): void => {
      if (!this.#held) this.start();
    };
    this.#timer = setTimeout(() => this.#turn(start), this.#delayMs);
    this.#delayMs = Math.min(this.#delayMs * 2, LONGEST_DELAY_MS);
  }

  /** Sends a signal. Returns whether there was a process to send it to. */
  signal(signal: NodeJS.Signals): boolean {
    return this.#process?.kill(signal) ?? false;
  }

  /** Resolves when the process that runs now is gone; at once if none runs. */
  async ended(): Promise<void> {
    await this.#gone;
  }

  /** From now on it is not started again when it dies. */
  hold(): void {
    this.#held = true;
    clearTimeout(this.#timer);
  }

  /** Ends a hold; starts the process at once if it does not run. */
  release(): void {
    this.#held = false;
    this.#delayMs = FIRST_DELAY_MS;
    this.start();
  }

  /** Asks it to end, and after `limitMs` kills it. It is not started again. Returns whether it ended by itself. */
  async stop(limitMs: number): Promise<boolean> {
    this.#ending = true;
    clearTimeout(this.#timer);
    if (!this.#process) return true;
    this.signal("SIGTERM");
    this.signal("SIGCONT");
    let killed = false;
    const timer = setTimeout(() => {
      killed = true;
      this.signal("SIGKILL");
    }, limitMs);
    await this.#gone;
    clearTimeout(timer);
    return !killed;
  }
}
