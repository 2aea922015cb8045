/** One machine of the lab: a place in the network, a disk of its own, and a supervisor that keeps what the topology puts there. */
import { spawn } from "node:child_process";
import { closeSync, cpSync, existsSync, openSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../../deploy/local/binaries.ts";
import { lastTable, type ProcessRow, signalTo } from "../../deploy/local/leftovers.ts";
import { identity } from "../../deploy/local/lock.mjs";
import { passedEnvironment } from "../../deploy/local/programs.ts";
import { Disk } from "./disk.ts";
import { killAll, type Net, type Place } from "./net.ts";
import { sh } from "./shell.ts";

export interface MachineParts {
  readonly net: Net;
  readonly place: Place;
  /** The lab's folder, which holds the disks, and the supervisors' own words. */
  readonly lab: string;
  readonly topologyFile: string;
  /** Copied to the disk at its first start, as an administrator would. */
  readonly certificates: string;
}

export class Machine {
  readonly place: Place;
  readonly disk: Disk;
  readonly #parts: MachineParts;
  #on = false;
  /** Added to the environment of the supervisor and of all that it keeps, from the next start on. */
  environment: Readonly<Record<string, string>> = {};

  constructor(parts: MachineParts) {
    this.#parts = parts;
    this.place = parts.place;
    this.disk = new Disk(parts.lab, parts.place);
  }

  /** The machine's run directory. */
  get run(): string {
    return join(this.disk.folder, "run");
  }

  get isOn(): boolean {
    return this.#on;
  }

  powerOn(): void {
    if (this.#on) return;
    const { net, place, certificates } = this.#parts;
    net.plug(place, "in");
    this.disk.mount();
    this.#on = true;
    if (!existsSync(join(this.run, "certs"))) {
      cpSync(certificates, join(this.run, "certs"), { recursive: true });
      sh("sync", "-f", this.disk.folder); // As whoever brings them to a real machine would.
    }
    this.startSupervisor();
  }

  startSupervisor(): void {
    const { net, place, lab, topologyFile } = this.#parts;
    const output = openSync(join(lab, `${place}.log`), "a");
    const [file, ...first] = net.at(place);
    const program = [process.execPath, "--disable-warning=ExperimentalWarning", join(ROOT, "services", "nrcms", "main.ts")];
    const supervisor = spawn(file, [...first, ...program, "up", "--server", place, "--topology", topologyFile], {
      stdio: ["ignore", output, output],
      env: { ...passedEnvironment(), ...this.environment, NRCMS_RUN: this.run },
      detached: true,
    });
    supervisor.unref();
    closeSync(output);
  }

  /** The link goes first, so that nobody is told; then the disk and every process at once. */
  powerOff(): void {
    if (!this.#on) return;
    const { net, place } = this.#parts;
    net.plug(place, "out");
    this.disk.cutPower();
    killAll(() => net.pids(place));
    this.disk.unmount();
    this.#on = false;
  }

  /** What runs here, as the supervisor last wrote it down. */
  rows(): readonly ProcessRow[] {
    return this.#on ? (lastTable(this.run)?.processes ?? []) : [];
  }

  /** The supervisor that keeps this machine now; another one after each of its deaths. */
  supervisorPid(): number | undefined {
    return this.#on ? lastTable(this.run)?.pid : undefined;
  }

  /** What the machine's init does where the supervisor is gone and nobody has begun it anew. False where it lives. */
  beginSupervisorAnew(): boolean {
    const table = this.#on ? lastTable(this.run) : undefined;
    if (!this.#on || (table && identity(table.pid) === table.identity)) return false;
    this.startSupervisor();
    return true;
  }

  pids(): number[] {
    return this.#parts.net.pids(this.place);
  }

  signalAll(signal: "SIGSTOP" | "SIGCONT"): void {
    for (const pid of this.pids()) signalTo(pid, signal);
  }
}
