/** A process dies, freezes or has no memory: twins, nats-servers, mongods, guardians. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { until } from "../harness/faults.ts";
import { leaderOf, type ServiceName } from "../harness/region-mesh.ts";
import type { Fault } from "./fault.ts";
import { enginesWhole, primaryOf, READY_LIMIT_MS, type Scene } from "./scene.ts";

const CALM_MS = 5_000;
const RESTART_LIMIT_MS = 15_000;
const BRIEF_RESTART_LIMIT_MS = 8_000;

async function leader({ mesh, chance }: Scene): Promise<string> {
  const service = chance.pick<ServiceName>(["settlement", "payment"]);
  const found = await leaderOf(mesh, service);
  if (!found) throw new Error(`no twin of ${service} leads`);
  return found;
}

async function back(scene: Scene, name: string, before: number): Promise<void> {
  const { mesh, brief } = scene;
  const limitMs = brief ? BRIEF_RESTART_LIMIT_MS : RESTART_LIMIT_MS;
  await until(`${name} is started again`, async () => mesh.supervisor.restarts(name) > before, limitMs);
  if (name.includes(".")) await mesh.supervisor.waitReady([name], READY_LIMIT_MS);
  else await enginesWhole(scene);
}

/** Kills it, and sees it back. */
async function killed(scene: Scene, name: string): Promise<void> {
  const before = scene.mesh.supervisor.restarts(name);
  scene.note(name);
  scene.struck();
  await scene.mesh.supervisor.kill(name);
  await scene.flows();
  await back(scene, name, before);
}

/** Freezes it, and sees that it is ended and started again by nobody's hand; where nobody may (a second kill within a minute), thaws it. */
async function frozen(scene: Scene, name: string): Promise<void> {
  const { supervisor } = scene.mesh;
  const before = supervisor.restarts(name);
  scene.note(name);
  scene.struck();
  supervisor.pause(name);
  await scene.flows();
  try {
    await back(scene, name, before);
  } catch {
    scene.note(`${name} was thawed by hand`);
    supervisor.resume(name);
  }
  await enginesWhole(scene);
}

const engine = ({ mesh, chance }: Scene, kind: "nats" | "mongo") => chance.pick(mesh.topology.engines[kind].map(({ name }) => name));

export const processFaults: readonly Fault[] = [
  {
    id: "none",
    title: "no fault: what the load itself costs here",
    async strike(scene) {
      scene.struck();
      await scene.flows();
      await scene.lasts(CALM_MS);
    },
  },
  // The nats-servers first, MongoDB last: guardians kill one frozen engine a minute at most.
  {
    id: "kill-nats",
    title: "kill −9 a nats-server, its clients with it",
    gapMs: 500,
    flowMs: 12_000,
    strike: (scene) => killed(scene, engine(scene, "nats")),
  },
  {
    id: "freeze-nats",
    title: "freeze a nats-server",
    gapMs: 500,
    flowMs: 12_000,
    strike: (scene) => frozen(scene, engine(scene, "nats")),
  },
  {
    id: "kill-twin",
    title: "kill −9 a twin, dual active",
    gapMs: 250,
    flowMs: 2_500,
    strike: (scene) => killed(scene, `${scene.chance.pick(["claims", "enrollment", "gateway"])}.${scene.chance.pick(["a", "b"])}`),
  },
  {
    id: "kill-active",
    title: "kill −9 the active twin, hot standby",
    gapMs: 500,
    flowMs: 2_500,
    strike: async (scene) => killed(scene, await leader(scene)),
  },
  {
    id: "freeze-active",
    title: "freeze the active twin",
    gapMs: 1_000,
    flowMs: 3_000,
    strike: async (scene) => frozen(scene, await leader(scene)),
  },
  {
    id: "stall-active",
    title: "the active twin's event loop stands still for 3 s",
    gapMs: 1_000,
    flowMs: 3_000,
    async strike(scene) {
      const name = await leader(scene);
      scene.note(name);
      scene.struck();
      scene.mesh.supervisor.pause(name);
      setTimeout(() => scene.mesh.supervisor.resume(name), 3_000);
      await scene.flows();
      await scene.mesh.supervisor.waitReady([name], READY_LIMIT_MS);
    },
  },
  {
    id: "out-of-memory",
    title: "out of memory in the active twin",
    gapMs: 1_000,
    flowMs: 3_000,
    async strike(scene) {
      const name = await leader(scene);
      const { supervisor } = scene.mesh;
      const pid = supervisor.pid(name);
      const before = supervisor.restarts(name);
      const kilobytes = /^VmSize:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
      scene.note(name);
      scene.struck();
      // It has all that it has, and not a page more.
      const { status, stderr } = spawnSync("prlimit", ["--pid", String(pid), `--as=${Number(kilobytes) * 1_024}`], { encoding: "utf8" });
      if (status !== 0) throw new Error(`prlimit: ${stderr}`);
      await scene.flows();
      try {
        await back(scene, name, before);
      } catch {
        scene.note("it lived on what it had; ended");
        await supervisor.kill(name);
        await back(scene, name, before);
      }
    },
  },
  {
    id: "kill-primary",
    title: "kill −9 the MongoDB primary",
    gapMs: 1_500,
    flowMs: 4_000,
    strike: async (scene) => killed(scene, await primaryOf(scene.mesh.topology)),
  },
  {
    id: "kill-primary-unguarded",
    title: "the same, and all guardians are frozen",
    gapMs: 3_600,
    flowMs: 6_000,
    async strike(scene) {
      const guardians = scene.mesh.supervisor.names().filter((name) => name.startsWith("guardian."));
      for (const name of guardians) scene.mesh.supervisor.pause(name);
      try {
        await killed(scene, await primaryOf(scene.mesh.topology));
      } finally {
        for (const name of guardians) scene.mesh.supervisor.resume(name);
      }
    },
  },
  {
    id: "freeze-primary",
    title: "freeze the MongoDB primary",
    gapMs: 3_500,
    flowMs: 6_000,
    strike: async (scene) => frozen(scene, await primaryOf(scene.mesh.topology)),
  },
];
