/**
 * The lab's network: a namespace for each machine, for the hospitals and for the bank, each with one cable to a switch that stands in a namespace of its own.
 * Nothing of it touches the network of the machine that the lab runs on.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { signalTo } from "../../deploy/local/leftovers.ts";
import { sh, succeeds, tryAll } from "./shell.ts";

export const PLACES = ["server-a", "server-b", "witness", "hospitals", "bank"] as const;
export type Place = (typeof PLACES)[number];

const FOLDER = "/run/netns";
const PREFIX = "nrcms";
/** A link-layer address that nobody has: what is sent to it is lost without a word. */
const NOBODY = "02:00:00:00:00:fe";

export function addressOf(place: Place): string {
  return `10.213.77.${1 + PLACES.indexOf(place)}`;
}

/** Switch ports are named by place: p0 is server-a's. */
function portOf(place: Place): string {
  return `p${PLACES.indexOf(place)}`;
}

export interface Spoilt {
  readonly lossPercent: number;
  /** The delay wanders between 0 and this. */
  readonly jitterMs: number;
}

const WIRE = join(import.meta.dirname, "wire.py");
const CABLE_LIMIT_MS = 10_000;

export class Net {
  /** The lab's process, by which its namespaces are told from another lab's. */
  readonly #owner: number;

  constructor(owner: number) {
    this.#owner = owner;
  }

  /** Where the machines' disks lie. */
  get folder(): string {
    return folderOf(this.#owner);
  }

  namespace(place: Place | "switch"): string {
    return `${PREFIX}-${this.#owner}-${place}`;
  }

  /** What a command is put behind, so that it runs at a place. Only the network is another: files and processes are seen as before. */
  at(place: Place | "switch"): [string, ...string[]] {
    return ["nsenter", `--net=${FOLDER}/${this.namespace(place)}`];
  }

  create(): void {
    const at = this.namespace("switch");
    sh("ip", "netns", "add", at);
    sh("ip", "-n", at, "link", "add", "br0", "type", "bridge");
    sh("ip", "-n", at, "link", "set", "br0", "up");
    for (const place of PLACES) {
      const namespace = this.namespace(place);
      const port = portOf(place);
      sh("ip", "netns", "add", namespace);
      sh("ip", "-n", at, "link", "add", port, "type", "veth", "peer", "name", "eth0", "netns", namespace);
      sh("ip", "-n", at, "link", "set", port, "master", "br0", "up");
      sh("ip", "-n", namespace, "link", "set", "lo", "up");
      sh("ip", "-n", namespace, "address", "add", `${addressOf(place)}/24`, "dev", "eth0");
      sh("ip", "-n", namespace, "link", "set", "eth0", "up");
    }
  }

  /** The cable's plug at the switch: out, nothing leaves and nothing comes, and nobody is told. */
  plug(place: Place, state: "in" | "out"): void {
    sh("ip", "-n", this.namespace("switch"), "link", "set", portOf(place), state === "in" ? "up" : "down");
  }

  /** From now on nothing that `from` sends reaches `to`; the other direction is as it was. */
  cut(from: Place, to: Place): void {
    sh("ip", "-n", this.namespace(from), "neigh", "replace", addressOf(to), "lladdr", NOBODY, "dev", "eth0", "nud", "permanent");
  }

  heal(from: Place, to: Place): void {
    sh("ip", "-n", this.namespace(from), "neigh", "del", addressOf(to), "dev", "eth0");
  }

  /** From now on a place hangs on a bad cable, both ways. Gives the function that replaces it. */
  async spoil(place: Place, { lossPercent, jitterMs }: Spoilt): Promise<() => void> {
    const at = this.namespace("switch");
    const [port, tap] = [portOf(place), `t${PLACES.indexOf(place)}`];
    sh(...this.at(place), "python3", WIRE, "offload", "eth0");
    sh("ip", "-n", at, "tuntap", "add", "dev", tap, "mode", "tap");
    const [file, ...first] = this.at("switch");
    const cable = spawn(file, [...first, "python3", WIRE, "carry", port, tap, `${lossPercent}`, `${jitterMs}`], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const replace = (): void => {
      cable.kill("SIGKILL");
      sh("ip", "-n", at, "link", "set", port, "master", "br0");
      sh("ip", "-n", at, "link", "del", tap);
    };
    try {
      await once(cable.stdout, "data", { signal: AbortSignal.timeout(CABLE_LIMIT_MS) });
    } catch (error) {
      replace();
      throw error;
    }
    sh("ip", "-n", at, "link", "set", port, "nomaster");
    sh("ip", "-n", at, "link", "set", tap, "master", "br0", "up");
    return replace;
  }

  /** The processes that run at a place. */
  pids(place: Place): number[] {
    return pidsIn(this.namespace(place));
  }

  destroy(): string[] {
    return destroyOf(this.#owner);
  }
}

function pidsIn(namespace: string): number[] {
  return sh("ip", "netns", "pids", namespace).split("\n").filter(Boolean).map(Number);
}

const KILL_ROUNDS = 50;

/** Kills whatever runs in a namespace; a supervisor that starts something meanwhile is killed with it. Throws where something does not end. */
export function killAll(pids: () => number[]): void {
  for (let round = 0; round < KILL_ROUNDS; round += 1) {
    const left = pids().filter((pid) => pid !== process.pid);
    if (left.length === 0) return;
    for (const pid of left) signalTo(pid, "SIGKILL");
    if (round > 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
  }
  throw new Error(`processes ${pids().join(", ")} do not end`);
}

function destroyOf(owner: number): string[] {
  const own = existsSync(FOLDER) ? readdirSync(FOLDER).filter((name) => name.startsWith(`${PREFIX}-${owner}-`)) : [];
  return tryAll([
    ...own.filter((name) => !name.endsWith("-hospitals")).map((name) => () => killAll(() => pidsIn(name))),
    ...own.map((name) => () => sh("ip", "netns", "del", name)),
    ...mountsIn(folderOf(owner)).map((mount) => () => sh("umount", "--lazy", mount)),
    () => rmSync(folderOf(owner), { recursive: true, force: true }),
  ]);
}

function folderOf(owner: number): string {
  return join(tmpdir(), `${PREFIX}-lab-${owner}`);
}

function mountsIn(folder: string): string[] {
  const targets = readFileSync("/proc/self/mounts", "utf8")
    .split("\n")
    .flatMap((line) => line.split(" ")[1] ?? []);
  return targets.filter((target) => target.startsWith(`${folder}/`));
}

/** The owners of namespaces whose process is gone: a lab that was killed. */
export function abandoned(): number[] {
  if (!existsSync(FOLDER)) return [];
  const owners = readdirSync(FOLDER).flatMap((name) => new RegExp(`^${PREFIX}-(\\d+)-`).exec(name)?.[1] ?? []);
  return [...new Set(owners.map(Number))].filter((pid) => !existsSync(`/proc/${pid}`));
}

/** Why this machine cannot have namespaces; empty where it can. */
export function whyNoNamespaces(): string {
  if (process.getuid?.() !== 0) return "not root";
  for (const tool of ["ip", "nsenter"]) if (!succeeds("sh", "-c", `command -v ${tool}`)) return `${tool} is not installed`;
  const name = `${PREFIX}-${process.pid}-try`;
  if (!succeeds("ip", "netns", "add", name)) return "network namespaces are not allowed here";
  const could = succeeds("ip", "-n", name, "link", "add", "br0", "type", "bridge");
  sh("ip", "netns", "del", name);
  return could ? "" : "the kernel has no bridges";
}
