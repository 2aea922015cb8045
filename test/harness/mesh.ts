/**
 * Real engines and real twins for tests: a run directory of its own, ports of its own, and nothing left when the test ends, whatever ends it.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensureSandboxCertificates, type SandboxPeople } from "../../deploy/local/authority.ts";
import { ROOT } from "../../deploy/local/binaries.ts";
import { Supervisor } from "../../deploy/local/supervisor.ts";
import { readTopology, type Topology } from "../../services/mesh/topology.ts";

export interface MeshOptions {
  /** Which services to start; none by default. */
  readonly services?: readonly string[];
  readonly sandbox?: boolean;
  readonly guardians?: boolean;
  /** Added to the environment of every twin. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Changes the topology before ports are chosen: modes, settings, clock. */
  readonly change?: (topology: Topology) => void;
  /** A run directory to use (again); it is then kept at the end. */
  readonly run?: string;
  /** Whose certificates to issue into <run>/certs, besides those of the programs and of the province's offices. */
  readonly people?: Partial<SandboxPeople>;
  /** What the supervisor tells a person. */
  readonly say?: (line: string) => void;
  /** How long the twins may take to be ready. */
  readonly readyLimitMs?: number;
}

/** What can be done to the processes of a mesh, wherever they run. */
export type Processes = Pick<Supervisor, "names" | "pid" | "restarts" | "kill" | "pause" | "resume" | "waitReady">;

/** A running mesh. `supervisor` kills, freezes, holds and releases; `stop` ends everything and removes the run directory. */
export interface Mesh {
  readonly supervisor: Processes;
  readonly topology: Topology;
  /** For NRCMS_TOPOLOGY of a process that the test starts itself. */
  readonly topologyFile: string;
  readonly run: string;
  stop(): Promise<void>;
}

/** One whose processes a supervisor in this process keeps. */
export interface LocalMesh extends Mesh {
  readonly supervisor: Supervisor;
}

/** The second bank of the delivered topology, keeping these counties: for a test that wants two. */
export function secondBank(counties: readonly string[]): Topology["other_banks"][number] {
  const [bank] = readTopology(join(ROOT, "deploy", "topology.yaml")).other_banks;
  if (!bank) throw new Error("the delivered topology has one bank");
  return { ...bank, counties: [...counties] };
}

const LANES = 2;
const BLOCK = 200;
const BLOCKS = 50;

/** Ports at random, so that runs beside each other do not meet; the workers of one run, who begin at the same moment, each have blocks of their own. */
export function portOffset(): number {
  const lane = Number(process.env.VITEST_POOL_ID ?? 0) % LANES;
  return BLOCK * (LANES * Math.floor(Math.random() * BLOCKS) + lane);
}

/** Starts both engine clusters and nothing else. */
export async function startEngines(options: Omit<MeshOptions, "services" | "sandbox"> = {}): Promise<LocalMesh> {
  return await startMesh({ ...options, services: [] });
}

/** Starts both engine clusters and the named services, and waits until all of them are ready. Where that fails nothing is left behind. */
export async function startMesh(options: MeshOptions = {}): Promise<LocalMesh> {
  const own = options.run === undefined;
  const run = options.run ?? (await mkdtemp(join(tmpdir(), "nrcms-")));
  // One bank, unless the test wants more.
  const topology: Topology = { ...readTopology(join(ROOT, "deploy", "topology.yaml")), other_banks: [] };
  options.change?.(topology);
  const supervisor = new Supervisor({
    topology,
    run,
    services: options.services ?? [],
    sandbox: options.sandbox ?? false,
    guardians: options.guardians ?? false,
    environment: options.environment ?? {},
    say: options.say ?? (() => {}),
    portOffset: portOffset(),
    ...(own ? { removeAtDeath: run } : {}),
  });
  const stop = async (): Promise<void> => {
    await supervisor.stop();
    if (own) await rm(run, { recursive: true, force: true });
  };
  try {
    if (options.sandbox || (options.services ?? []).length > 0)
      await ensureSandboxCertificates(join(supervisor.run, "certs"), {
        banks: topology.other_banks.map(({ id }) => id),
        counties: [],
        institutions: [],
        ...options.people,
      });
    await supervisor.start();
    await supervisor.waitReady(undefined, options.readyLimitMs);
  } catch (error) {
    await stop();
    throw error;
  }
  return { supervisor, topology: supervisor.topology, topologyFile: supervisor.topologyFile, run: supervisor.run, stop };
}
