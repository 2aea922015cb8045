/**
 * The whole mesh on machines of its own: server-a, server-b and the witness, each in a namespace with a disk, a supervisor and its part of the topology; the bank at another
 * place of the network. Started from the hospitals' place, where the load and the checks run.
 */
import { cpSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { stringify } from "yaml";
import { ensureSandboxCertificates } from "../../deploy/local/authority.ts";
import { ROOT } from "../../deploy/local/binaries.ts";
import { enginesReady } from "../../deploy/local/engines.ts";
import { Kept } from "../../deploy/local/kept.ts";
import { signalTo } from "../../deploy/local/leftovers.ts";
import { programCommands } from "../../deploy/local/programs.ts";
import { tail, unready } from "../../deploy/local/readiness.ts";
import { readTopology, type Topology } from "../../services/mesh/topology.ts";
import { wordsOf } from "../../services/values/thrown.ts";
import type { Mesh, MeshOptions, Processes } from "../harness/mesh.ts";
import { Machine } from "./machine.ts";
import { addressOf, type Net, PLACES } from "./net.ts";

const MACHINES = ["server-a", "server-b", "witness"] as const;
export type MachineName = (typeof MACHINES)[number];

const READY_LIMIT_MS = 120_000;
const POLL_MS = 50;
const BANK_STOP_MS = 2_000;
const END_LIMIT_MS = 10_000;

export interface Lab extends Mesh {
  readonly net: Net;
  readonly machines: Readonly<Record<MachineName, Machine>>;
  /** The machine that a process belongs to. */
  machineOf(name: string): Machine;
}

/** The topology as it is delivered, on the lab's machines. */
function labTopology(change: MeshOptions["change"]): Topology {
  const topology: Topology = { ...readTopology(join(ROOT, "deploy", "topology.yaml")), other_banks: [] };
  for (const name of MACHINES) topology.servers[name] = { host: addressOf(name) };
  topology.bank.host = addressOf("bank");
  change?.(topology);
  return topology;
}

/** Builds the machines, switches them on and waits until everything is ready. Where that fails nothing is left running. */
export async function startLab(net: Net, { change, people, environment = {} }: MeshOptions): Promise<Lab> {
  const { folder } = net;
  const run = join(folder, "outside");
  const topologyFile = join(run, "topology.yaml");
  const certificates = join(run, "certs");
  mkdirSync(join(run, "logs"), { recursive: true });
  const topology = labTopology(change);
  writeFileSync(topologyFile, stringify(topology));
  await ensureSandboxCertificates(certificates, {
    counties: [],
    institutions: [],
    ...people,
    hosts: ["localhost", ...PLACES.map(addressOf)],
  });
  const machine = (place: MachineName) => new Machine({ net, place, lab: folder, topologyFile, certificates });
  const machines = { "server-a": machine("server-a"), "server-b": machine("server-b"), witness: machine("witness") };
  const bank = keepBank(net, topology, { run, topologyFile, environment });
  const supervisor = processesOf(machines, topology, bank);
  const stop = async (): Promise<void> => {
    // Named, the logs are kept, so that they can be read afterwards.
    const kept = process.env.NRCMS_TEST_RUN;
    if (kept)
      for (const one of Object.values(machines).filter(({ isOn }) => isOn))
        cpSync(join(one.run, "logs"), join(kept, one.place), { recursive: true });
    for (const one of Object.values(machines)) one.powerOff();
    await bank.stop(BANK_STOP_MS);
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    bank.start();
    for (const one of Object.values(machines)) one.powerOn();
    await enginesReady(topology, { limitMs: READY_LIMIT_MS });
    await supervisor.waitReady(undefined, READY_LIMIT_MS);
  } catch (error) {
    const logs = MACHINES.map((name) => `${name}: ${tail(join(folder, `${name}.log`))}`).join("\n  ");
    await stop();
    throw new Error(`the lab did not start: ${wordsOf(error)}\n  ${logs}`, { cause: error });
  }
  const machineOf = (name: string): Machine => machines[serverOf(topology, name)];
  return { net, machines, machineOf, supervisor, topology, topologyFile, run, stop };
}

interface BankParts {
  readonly run: string;
  readonly topologyFile: string;
  readonly environment: Readonly<Record<string, string>>;
}

function keepBank(net: Net, topology: Topology, { run, topologyFile, environment }: BankParts): Kept {
  const parts = { run, topologyFile, topology, server: undefined, services: [], sandbox: true, guarded: [], environment };
  const [command] = programCommands(parts);
  if (!command) throw new Error("there is no bank");
  const [file, ...first] = net.at("bank");
  return new Kept({ ...command, file, parameters: [...first, command.file, ...command.parameters] }, () => {});
}

function serverOf(topology: Topology, name: string): MachineName {
  const [service = "", part] = name.split(".");
  const { nats, mongo } = topology.engines;
  const engine = [...nats, ...mongo].find((one) => one.name === name);
  const server = engine?.server ?? (service === "guardian" ? part : topology.services[service]?.[part === "b" ? "b" : "a"].server);
  const found = MACHINES.find((one) => one === server);
  if (!found) throw new Error(`no machine has a process ${name}`);
  return found;
}

/** The processes of all machines, reached over what their supervisors have written down. */
function processesOf(machines: Record<MachineName, Machine>, topology: Topology, bank: Kept): Processes {
  const row = (name: string) => machines[serverOf(topology, name)].rows().find((one) => one.name === name);
  const pid = (name: string) => (name === "bank" ? bank.pid : row(name)?.pid);
  const signal = (name: string, what: NodeJS.Signals): number | undefined => {
    const at = pid(name);
    // It may have ended, and its supervisor not have written so yet.
    return at !== undefined && signalTo(at, what) ? at : undefined;
  };
  const names = () => [
    ...topology.engines.nats.map((one) => one.name),
    ...topology.engines.mongo.map((one) => one.name),
    ...Object.keys(topology.services).flatMap((service) => [`${service}.a`, `${service}.b`]),
    ...MACHINES.map((server) => `guardian.${server}`),
  ];
  return {
    names,
    pid,
    restarts: (name) => (name === "bank" ? bank.restarts : (row(name)?.restarts ?? 0)),
    pause: (name) => void signal(name, "SIGSTOP"),
    resume: (name) => void signal(name, "SIGCONT"),
    async kill(name, what = "SIGKILL") {
      const at = signal(name, what);
      const untilMs = performance.now() + END_LIMIT_MS;
      while (at !== undefined && pid(name) === at && performance.now() < untilMs) await pause(POLL_MS);
    },
    async waitReady(wanted = names().filter((name) => name.includes(".")), limitMs = READY_LIMIT_MS) {
      const untilMs = performance.now() + limitMs;
      const late = await Promise.all(
        wanted.map(async (name) => {
          let words = "";
          do {
            words = pid(name) === undefined ? "it does not run" : await unready(topology, name);
            if (words === "") return "";
            await pause(POLL_MS);
          } while (performance.now() < untilMs);
          return `  ${name}: ${words}`;
        }),
      );
      const said = late.filter((words) => words !== "");
      if (said.length > 0) throw new Error(`not ready after ${limitMs / 1000} s:\n${said.join("\n")}`);
    },
  };
}
