/** A whole machine: its power, its processes, its CPU, its memory, its disk, its clock, its supervisor. */
import { enginesReady } from "../../deploy/local/engines.ts";
import { ClaimsServiceDefinition } from "../../proto/generated/nrcms/claims/v1/claims.ts";
import { pause } from "../../services/mesh/clock.ts";
import { GatewayError } from "../../services/nrcms/gateway-client.ts";
import { until } from "../harness/faults.ts";
import { FakeClock, faketime } from "./clock.ts";
import type { Fault } from "./fault.ts";
import { limitCpu, limitMemory } from "./groups.ts";
import type { MachineName } from "./lab.ts";
import type { Machine } from "./machine.ts";
import { labOf, primaryOf, READY_LIMIT_MS, type Scene, whole } from "./scene.ts";

const FROZEN_MS = 30_000;
const STARVED_PERCENT = 5;
const STARVED_MS = 10_000;
/** So little is used up within seconds. */
const SPARE_BYTES = 12 * 1024 * 1024;
const FAILED_DISK_MS = 10_000;
const CALL_MS = 12_000;
const STOP_LIMIT_MS = 20_000;
/** As RestartSec in deploy/systemd; who watches over the supervisor, where the kernel has left it, is quicker. */
const INIT_MS = 1_000;
const HOUR_S = 3_600;
const CLOCK_MS = 10_000;

/** One of the two servers. */
function server(scene: Scene): Machine {
  return labOf(scene).machines[scene.chance.pick<MachineName>(["server-a", "server-b"])];
}

async function powerCycle(scene: Scene, machine: Machine): Promise<void> {
  scene.note(machine.place);
  scene.struck();
  machine.powerOff();
  await scene.flows();
  machine.powerOn();
  await whole(scene);
}

/** The disk of the primary's machine goes wrong under it; `mend` is what is done about it afterwards. */
async function diskOfPrimary(scene: Scene, hurt: (machine: Machine) => () => void): Promise<void> {
  const name = await primaryOf(scene.mesh.topology);
  const machine = labOf(scene).machineOf(name);
  scene.note(`${machine.place}, where ${name} is primary`);
  scene.struck();
  const mend = hurt(machine);
  await scene.flows();
  await scene.lasts(FAILED_DISK_MS);
  mend();
  await whole(scene);
}

/** The machine is switched off, given a sound disk and switched on. */
function anotherDisk(machine: Machine): void {
  machine.powerOff();
  machine.powerOn();
}

/** What a hospital is answered that asks after a bill, and one that bills: the status, and the words of a refusal. */
async function asked(scene: Scene, method: "getClaim" | "submitClaim", claimId: string): Promise<string> {
  const institutionId = claimId.split("-")[0] ?? "";
  const hospital = scene.mesh.people.as(`hospital-${institutionId}`);
  const once = { patienceMs: 0, timeoutMs: CALL_MS };
  const beganMs = performance.now();
  const took = () => `after ${((performance.now() - beganMs) / 1000).toFixed(1)} s`;
  try {
    if (method === "getClaim") await hospital.call(ClaimsServiceDefinition, method, { claimId }, once);
    else {
      const bill = scene.mesh.bills.next(institutionId);
      await hospital.call(ClaimsServiceDefinition, method, { requestId: bill.claimId, bill }, once);
    }
    return `answered ${took()}`;
  } catch (error) {
    return error instanceof GatewayError ? `${error.status} ${took()} (${error.en})` : String(error);
  }
}

/** The machine's processes ended in order and started again with other settings of their environment. (A mongod that has to recover under libfaketime takes a minute, or hangs.) */
async function withEnvironment(scene: Scene, machine: Machine, environment: Readonly<Record<string, string>>): Promise<void> {
  machine.environment = environment;
  await stopped(machine);
  machine.startSupervisor();
  await whole(scene);
}

/** An operator stops what runs on the machine. */
export async function stopped(machine: Machine): Promise<void> {
  const pid = machine.supervisorPid();
  if (pid === undefined) throw new Error(`${machine.place} has no supervisor`);
  process.kill(pid, "SIGTERM");
  await until(`${machine.place} has ended in order`, async () => machine.pids().length === 0, STOP_LIMIT_MS);
}

export const machineFaults: readonly Fault[] = [
  {
    id: "kill-supervisor",
    title: "kill −9 a server's supervisor",
    gapMs: 250,
    flowMs: 2_500,
    lab: true,
    async strike(scene) {
      const machine = server(scene);
      const kept = machine.rows().map(({ name, pid }) => `${name} ${pid}`);
      const pid = machine.supervisorPid();
      if (pid === undefined) throw new Error(`${machine.place} has no supervisor`);
      scene.note(machine.place);
      scene.struck();
      process.kill(pid, "SIGKILL");
      await scene.flows();
      await until("another supervisor has taken over what runs", async () => {
        const now = machine.supervisorPid() !== pid && machine.rows().map((row) => `${row.name} ${row.pid}`);
        return now && kept.every((row) => now.includes(row));
      });
    },
  },
  {
    id: "freeze-server",
    title: "all processes of one server frozen for 30 s, then thawed",
    gapMs: 3_500,
    flowMs: 12_000,
    lab: true,
    async strike(scene) {
      const machine = server(scene);
      scene.note(machine.place);
      const thaw = scene.lasts(FROZEN_MS);
      scene.struck();
      machine.signalAll("SIGSTOP");
      try {
        await scene.flows();
        await thaw;
      } finally {
        machine.signalAll("SIGCONT");
      }
      await whole(scene);
    },
  },
  {
    id: "starve-cpu",
    title: "one server's CPU at 5 %",
    gapMs: 3_500,
    flowMs: 12_000,
    lab: true,
    async strike(scene) {
      const machine = server(scene);
      scene.note(machine.place);
      scene.struck();
      const feed = limitCpu(`nrcms-lab-${process.pid}`, machine.pids(), STARVED_PERCENT);
      try {
        await scene.flows();
        await scene.lasts(STARVED_MS);
      } finally {
        await feed();
      }
      await whole(scene);
    },
  },
  {
    id: "exhaust-memory",
    title: "one server's memory exhausted",
    gapMs: 3_500,
    flowMs: 12_000,
    lab: true,
    async strike(scene) {
      const machine = server(scene);
      const before = machine.rows();
      scene.note(machine.place);
      scene.struck();
      const widen = limitMemory(`nrcms-lab-${process.pid}`, machine.pids(), SPARE_BYTES);
      try {
        await scene.flows();
        await scene.lasts(STARVED_MS);
      } finally {
        await widen();
      }
      await pause(INIT_MS);
      if (machine.beginSupervisorAnew()) scene.note("its supervisor as well, which was begun anew as systemd does it");
      const killed = before.filter(({ name, pid }) => machine.rows().some((row) => row.name === name && row.pid !== pid));
      scene.note(`the kernel ended ${killed.map(({ name }) => name).join(", ") || "nothing"}`);
      await whole(scene);
    },
  },
  {
    id: "disk-full",
    title: "the disk of the MongoDB primary's server is full, until somebody makes room",
    gapMs: 3_500,
    flowMs: 6_000,
    lab: true,
    strike: (scene) => diskOfPrimary(scene, (machine) => machine.disk.fill()),
  },
  {
    id: "disk-read-only",
    title: "… is read-only",
    gapMs: 3_500,
    flowMs: 6_000,
    lab: true,
    strike: (scene) =>
      diskOfPrimary(scene, (machine) => {
        machine.disk.becomeReadOnly();
        return () => anotherDisk(machine);
      }),
  },
  {
    id: "disk-failed",
    title: "… answers every access with an I/O error",
    gapMs: 3_500,
    flowMs: 6_000,
    lab: true,
    strike: (scene) =>
      diskOfPrimary(scene, (machine) => {
        machine.disk.cutPower();
        return () => anotherDisk(machine);
      }),
  },
  {
    id: "power-server",
    title: "power off one whole server",
    gapMs: 3_500,
    flowMs: 12_000,
    lab: true,
    strike: (scene) => powerCycle(scene, server(scene)),
  },
  {
    id: "power-witness",
    title: "power off the witness",
    gapMs: 3_500,
    flowMs: 12_000,
    lab: true,
    strike: (scene) => powerCycle(scene, labOf(scene).machines.witness),
  },
  {
    id: "power-all",
    outage: true,
    title: "power off all three at once, back again",
    flowMs: 20_000,
    lab: true,
    async strike(scene) {
      const machines = Object.values(labOf(scene).machines);
      scene.struck();
      for (const machine of machines) machine.powerOff();
      await pause(2_000);
      for (const machine of machines) machine.powerOn();
      await enginesReady(scene.mesh.topology, { limitMs: READY_LIMIT_MS });
      scene.healed();
      await scene.flows();
      await whole(scene);
    },
  },
  {
    id: "two-down",
    outage: true,
    title: "two machines down, one back",
    flowMs: 5_000,
    lab: true,
    async strike(scene) {
      const { machines } = labOf(scene);
      const machine = server(scene);
      scene.note(`${machine.place} and the witness down`);
      const [known = ""] = scene.load.approvedSince(0);
      scene.struck();
      machine.powerOff();
      machines.witness.powerOff();
      await pause(6_000);
      const before = scene.load.answered;
      const [read, write] = await Promise.all([asked(scene, "getClaim", known), asked(scene, "submitClaim", known)]);
      scene.note(`meanwhile a query is ${read}, a bill ${write}`);
      if (scene.load.answered > before) throw new Error("a minority has acknowledged bills");
      const [back, other] = scene.chance.shuffle([machine, machines.witness]);
      back?.powerOn();
      await until("a majority is back", async () => (await primaryOf(scene.mesh.topology).catch(() => "")) !== "", READY_LIMIT_MS);
      scene.note(`${back?.place} back first`);
      scene.healed();
      await scene.flows();
      other?.powerOn();
      await whole(scene);
    },
  },
  {
    id: "clock",
    title:
      "a server's clock jumps an hour ahead, returns, jumps an hour back, and returns (Node and mongod; nats-server keeps the true time)",
    lab: true,
    clock: true,
    async strike(scene) {
      const lab = labOf(scene);
      const machine = server(scene);
      const clock = new FakeClock(await faketime(), lab.run, machine.place);
      await withEnvironment(scene, machine, clock.environment);
      scene.note(machine.place);
      scene.struck();
      for (const sign of scene.brief ? [scene.chance.pick([1, -1])] : [1, -1]) {
        clock.set(sign * HOUR_S);
        await scene.lasts(CLOCK_MS);
        await scene.flows();
        clock.set(0);
        scene.healed();
        await scene.flows();
      }
      await withEnvironment(scene, machine, {});
    },
  },
];
