/** What operators do, and what they do wrong. */
import { handOverPrimary } from "../../deploy/local/mongo-hand-over.ts";
import { handOverLeaders } from "../../deploy/local/nats.ts";
import { pause } from "../../services/mesh/clock.ts";
import { drain, resume, switchover } from "../../services/nrcms/orders.ts";
import { upgrade } from "../../services/nrcms/upgrade.ts";
import { wordsOf } from "../../services/values/thrown.ts";
import type { Fault } from "./fault.ts";
import { stopped } from "./faults-machines.ts";
import { labOf, primaryOf, type Scene, whole } from "./scene.ts";

const BETWEEN_MS = 1_500;
const SERVERS = ["server-a", "server-b"] as const;

const operatorOf = ({ mesh }: Scene) => mesh.people.as("operator");

/** The server of the primary. */
async function serverOfPrimary({ mesh }: Scene): Promise<string> {
  const name = await primaryOf(mesh.topology);
  return mesh.topology.engines.mongo.find((one) => one.name === name)?.server ?? "";
}

export const orderFaults: readonly Fault[] = [
  {
    id: "switchover",
    title: "manual switchover of a service",
    gapMs: 250,
    flowMs: 1_000,
    async strike(scene) {
      const service = scene.chance.pick(["settlement", "payment", "claims", "enrollment"]);
      scene.note(service);
      scene.struck();
      await switchover(operatorOf(scene), service, "", false);
      await scene.flows();
      await switchover(operatorOf(scene), service, "", false);
      await pause(BETWEEN_MS);
    },
  },
  {
    id: "switchover-mongo",
    title: "manual switchover of MongoDB",
    gapMs: 250,
    flowMs: 1_000,
    async strike(scene) {
      const server = await serverOfPrimary(scene);
      scene.struck();
      const moved = await handOverPrimary(scene.mesh.topology, server);
      scene.note(`${moved?.from} → ${moved?.to}`);
      await scene.flows();
    },
  },
  {
    id: "drain",
    title: "drain of a server, and its return",
    gapMs: 500,
    flowMs: 1_000,
    async strike(scene) {
      const { topology } = scene.mesh;
      const server = scene.chance.pick(SERVERS);
      scene.note(server);
      scene.struck();
      await drain(operatorOf(scene), server, "", false);
      await handOverPrimary(topology, server);
      await handOverLeaders(topology, server);
      await scene.flows();
      await resume(operatorOf(scene), server);
      await pause(BETWEEN_MS);
    },
  },
  {
    id: "upgrade",
    title: "rolling upgrade of everything",
    gapMs: 300,
    flowMs: 1_000,
    async strike(scene) {
      const { mesh, lab } = scene;
      const pids = () => new Map(mesh.supervisor.names().map((name) => [name, mesh.supervisor.pid(name)]));
      const before = pids();
      scene.struck();
      const runOf = (server: string) => lab?.machines[server as keyof typeof lab.machines]?.run ?? mesh.run;
      const beganMs = performance.now();
      const steps: { readonly fromMs: number; readonly line: string }[] = [];
      const say = (line: string) => void steps.push({ fromMs: performance.now() - beganMs, line });
      await upgrade({ operator: operatorOf(scene), topology: mesh.topology, runOf, say });
      const { longestGapFromMs } = scene.load;
      scene.note(`longest gap after "${steps.findLast(({ fromMs }) => fromMs <= longestGapFromMs)?.line ?? "nothing"}"`);
      scene.healed();
      await scene.flows();
      const after = pids();
      const same = [...before].filter(([name, pid]) => name !== "bank" && after.get(name) === pid).map(([name]) => name);
      if (same.length > 0) throw new Error(`not started again: ${same.join(", ")}`);
    },
  },
  {
    id: "operator-mistake",
    title: "an operator drains one server, then stops the other: refused, and then done all the same",
    gapMs: 3_500,
    flowMs: 12_000,
    lab: true,
    async strike(scene) {
      const [one, other] = scene.chance.shuffle([...SERVERS]) as [(typeof SERVERS)[number], (typeof SERVERS)[number]];
      scene.note(`${one} at rest, ${other} stopped`);
      await drain(operatorOf(scene), one, "", false);
      const refused = await drain(operatorOf(scene), other, "", false).then(() => "", wordsOf);
      if (refused === "") throw new Error(`${other} was put at rest although ${one} rests`);
      const machine = labOf(scene).machines[other];
      scene.struck();
      await Promise.all([stopped(machine), scene.flows()]);
      machine.startSupervisor();
      await whole(scene);
      await resume(operatorOf(scene), one);
    },
  },
];
