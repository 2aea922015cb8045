/**
 * A rolling upgrade: the code on the disk is the new one; one server after the other is put at rest, its processes are ended and started again by their supervisor, and it goes back to work.
 * Old and new twins work side by side meanwhile (protocols 21: a release is read before it is written), so that none may be skipped.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../../deploy/local/binaries.ts";
import { enginesReady } from "../../deploy/local/engines.ts";
import { readTable } from "../../deploy/local/leftovers.ts";
import { handOverPrimary } from "../../deploy/local/mongo-hand-over.ts";
import { handOverLeaders } from "../../deploy/local/nats.ts";
import { MonitoringServiceDefinition } from "../../proto/generated/nrcms/monitoring/v1/monitoring.ts";
import { pause } from "../mesh/clock.ts";
import type { Topology } from "../mesh/topology.ts";
import type { GatewayClient } from "./gateway-client.ts";
import { drain, resume } from "./orders.ts";

const AGAIN_LIMIT_MS = 60_000;
const LOOK_MS = 200;
const CALL = { patienceMs: 10_000 } as const;

export interface Upgrading {
  readonly operator: GatewayClient;
  readonly topology: Topology;
  /** The run directory of the supervisor that keeps a server's processes. */
  runOf(server: string): string;
  /** Only this server: each machine's supervisor knows its own processes alone. */
  readonly only?: string | undefined;
  readonly say: (line: string) => void;
}

/** The release on the disk. */
export function releaseOnDisk(): string {
  return (JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { version: string }).version;
}

/** Why the release on the disk cannot follow the one that runs; empty where it can. Releases are major.minor; a patch changes no form. */
export function whyNotFollow(running: string, disk: string): string {
  const [from, to] = [running, disk].map((release) => /^(\d+)\.(\d+)\./.exec(release)?.slice(1).map(Number));
  if (!from || !to) return `${running} → ${disk} 不是版本号 is not a step between releases`;
  const [major = 0, minor = 0] = from;
  const [nextMajor = 0, nextMinor = 0] = to;
  if (nextMajor === major && nextMinor >= minor && nextMinor <= minor + 1) return "";
  if (nextMajor === major + 1 && nextMinor === 0) return "";
  if (nextMajor < major || (nextMajor === major && nextMinor < minor)) return `${disk} 早于正在运行的 is older than ${running}, which runs`;
  return `${running} → ${disk} 跳过了版本 skips a release: every release reads what the next one writes`;
}

/** Upgrades every server in turn, the witness's engines last; or only the one whose supervisor is at hand. Throws where a step does not succeed: what was upgraded stays, and it can be begun again. */
export async function upgrade(upgrading: Upgrading): Promise<void> {
  const { operator, topology, say, only } = upgrading;
  const disk = releaseOnDisk();
  const { pairs } = await operator.call(MonitoringServiceDefinition, "getPairs", {}, CALL);
  for (const release of new Set(pairs.flatMap(({ twins }) => twins.filter(({ alive }) => alive).map((twin) => twin.release)))) {
    const why = whyNotFollow(release, disk);
    if (why) throw new Error(why);
  }
  const hosts = new Set(Object.values(topology.services).flatMap(({ a, b }) => [a.server, b.server]));
  const order = [...hosts, ...Object.keys(topology.servers).filter((server) => !hosts.has(server))];
  for (const server of only === undefined ? order : [only]) {
    say(`${server}: 退出工作 at rest`);
    await drain(operator, server, "", false);
    await restart(upgrading, server);
    await resume(operator, server);
    say(`${server}: ${disk} 恢复工作 works again`);
  }
}

/** The names of a server's processes: its twins and guardian, then its engines, one after the other. */
export function processesOf(topology: Topology, server: string): { programs: string[]; engines: string[] } {
  const { nats, mongo } = topology.engines;
  const twins = Object.entries(topology.services).flatMap(([service, pair]) =>
    (["a", "b"] as const).filter((twin) => pair[twin].server === server).map((twin) => `${service}.${twin}`),
  );
  return {
    programs: [...twins, `guardian.${server}`],
    engines: [...nats, ...mongo].filter((one) => one.server === server).map(({ name }) => name),
  };
}

async function restart(upgrading: Upgrading, server: string): Promise<void> {
  const { programs, engines } = processesOf(upgrading.topology, server);
  await unburden(upgrading, server);
  const run = upgrading.runOf(server);
  // One after the other: the server rests and is in no hurry, and programs that start beside each other would take the processor from those at work.
  for (const name of programs) {
    upgrading.say(`${server}: ${name} 重启 is started again`);
    await again(run, name);
    await settled(upgrading, server);
  }
  for (const name of engines) {
    upgrading.say(`${server}: ${name} 重启 is started again`);
    await unburden(upgrading, server);
    await again(run, name);
    await enginesReady(upgrading.topology, { limitMs: AGAIN_LIMIT_MS });
  }
}

/** Nothing is led by the server's engines, and nobody takes changes from them. Asked again before each of them ends: meanwhile others may have chosen otherwise. */
async function unburden({ topology }: Upgrading, server: string): Promise<void> {
  await handOverPrimary(topology, server);
  await handOverLeaders(topology, server);
}

/** Ends a process in order, and waits until its supervisor has started it again. One that does not run here is passed over. */
async function again(run: string, name: string): Promise<void> {
  const rowOf = () => readTable(run)?.processes.find((row) => row.name === name);
  const before = rowOf()?.pid;
  if (before === undefined) return;
  process.kill(before, "SIGTERM");
  const untilMs = performance.now() + AGAIN_LIMIT_MS;
  for (let pid = rowOf()?.pid; pid === undefined || pid === before; pid = rowOf()?.pid) {
    if (performance.now() > untilMs) throw new Error(`${name} has not been started again after ${AGAIN_LIMIT_MS / 1000} s`);
    await pause(LOOK_MS);
  }
}

/** Waits until every twin of the server is ready, under the release on the disk. */
async function settled({ operator }: Upgrading, server: string): Promise<void> {
  const disk = releaseOnDisk();
  const untilMs = performance.now() + AGAIN_LIMIT_MS;
  for (;;) {
    const { pairs } = await operator.call(MonitoringServiceDefinition, "getPairs", {}, CALL);
    const twins = pairs
      .flatMap(({ service, twins }) => twins.map((twin) => ({ service, ...twin })))
      .filter((twin) => twin.server === server);
    const late = twins.filter((twin) => !twin.alive || !twin.ready || twin.release !== disk);
    if (late.length === 0) return;
    if (performance.now() > untilMs)
      throw new Error(
        `not ready after ${AGAIN_LIMIT_MS / 1000} s: ${late.map(({ service, twin, fault }) => `${service}.${twin} (${fault || "not ready"})`).join(", ")}`,
      );
    await pause(LOOK_MS);
  }
}
