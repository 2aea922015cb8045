/** What an operator looks at first: every pair with its twins, who works, what waits, and the engines' leaders. Asked of the mesh itself, not of a file. */
import Table from "cli-table3";
import colours from "picocolors";
import { readTable } from "../../deploy/local/leftovers.ts";
import { MonitoringServiceDefinition, type PairStatus } from "../../proto/generated/nrcms/monitoring/v1/monitoring.ts";
import { memberStates, membersOf } from "../audit/store-engines.ts";
import { lookAtNats } from "../mesh/bus.ts";
import { hostOf, natsAccess, type Topology } from "../mesh/topology.ts";
import { people } from "./people.ts";

export interface EngineStatus {
  readonly name: string;
  readonly server: string;
  readonly role: string;
  readonly alive: boolean;
}

export interface MeshStatus {
  readonly supervisor: number | undefined;
  readonly pairs: readonly PairStatus[];
  readonly engines: readonly EngineStatus[];
}

const ENGINE_LIMIT_MS = 1_500;
/** The server of an engine that somebody else keeps. */
const ELSEWHERE = "elsewhere";

/** Collects the status. Throws where no gateway answers. */
export async function meshStatus(topology: Topology, run: string): Promise<MeshStatus> {
  const who = people(topology, run);
  try {
    const [{ pairs }, engines] = await Promise.all([
      who.as("operator").call(MonitoringServiceDefinition, "getPairs", {}, { patienceMs: 5_000 }),
      enginesStatus(topology),
    ]);
    return { supervisor: readTable(run)?.pid, pairs, engines };
  } finally {
    who.close();
  }
}

async function natsStatus(topology: Topology, nats: Topology["engines"]["nats"][number]): Promise<EngineStatus> {
  try {
    const answer = await fetch(`http://${hostOf(topology, nats.server)}:${nats.monitor}/jsz`, {
      signal: AbortSignal.timeout(ENGINE_LIMIT_MS),
    });
    const body = (await answer.json()) as { meta_cluster?: { leader?: string }; streams?: number };
    const leader = body.meta_cluster?.leader === nats.name;
    return {
      name: nats.name,
      server: nats.server,
      alive: true,
      role: `${leader ? "meta leader" : "member"}, ${body.streams ?? 0} streams`,
    };
  } catch {
    return { name: nats.name, server: nats.server, alive: false, role: "" };
  }
}

export async function enginesStatus(topology: Topology): Promise<EngineStatus[]> {
  const { nats, mongo, elsewhere } = topology.engines;
  const [servers, members] = await Promise.all([
    Promise.all(
      elsewhere.nats
        ? natsAccess(topology).servers.map((one) => natsElsewhere(topology, one))
        : nats.map((one) => natsStatus(topology, one)),
    ),
    elsewhere.mongo
      ? membersOf(elsewhere.mongo)
      : memberStates(mongo.map(({ server, port }) => `${hostOf(topology, server)}:${port}`)).then(
          (states) => new Map(mongo.map(({ name }, index) => [name, states[index] ?? ""])),
        ),
  ]);
  const serverOf = new Map(mongo.map(({ name, server }) => [name, server]));
  return [...servers, ...[...members].map(([name, role]) => ({ name, server: serverOf.get(name) ?? ELSEWHERE, alive: role !== "", role }))];
}

/** A nats-server that somebody else keeps: it tells its name and version to whoever may connect. */
async function natsElsewhere(topology: Topology, address: string): Promise<EngineStatus> {
  const found = await lookAtNats({ ...natsAccess(topology), servers: [address] }, ENGINE_LIMIT_MS);
  return { name: found?.name ?? address, server: ELSEWHERE, alive: found !== undefined, role: found ? `nats-server ${found.version}` : "" };
}

function megabytes(bytes: bigint): string {
  return `${Math.round(Number(bytes) / 1_048_576)} MB`;
}

export function statusTable(status: MeshStatus): string {
  const pairs = new Table({
    head: [
      "服务 service",
      "模式 mode",
      "机 twin",
      "服务器 server",
      "状态 state",
      "epoch",
      "committed",
      "queued",
      "unpublished",
      "parked",
      "memory",
    ],
    style: { head: [], border: [], compact: true },
    colAligns: ["left", "left", "left", "left", "left", "right", "right", "right", "right", "right", "right"],
  });
  for (const pair of status.pairs) {
    for (const twin of pair.twins) {
      const state = !twin.alive
        ? colours.red("✗ dead")
        : twin.fault !== ""
          ? colours.yellow(`! ${twin.fault}`)
          : twin.waitingEpoch > 0n
            ? colours.red("? 待确认 waits for a word")
            : twin.resting
              ? colours.dim("— 维护 at rest")
              : twin.active
                ? colours.green("● active")
                : "○ standby";
      const row = [
        pair.service,
        twin.orderVersion > 0n ? `${pair.mode} #${twin.orderVersion}` : pair.mode,
        twin.twin,
        twin.server,
        state,
        twin.epoch,
        twin.committed,
        twin.queued,
        twin.unpublished,
        twin.parked,
        megabytes(twin.residentBytes),
      ];
      pairs.push(row.map(String));
    }
  }
  const engines = new Table({ head: ["引擎 engine", "服务器 server", "角色 role"], style: { head: [], border: [], compact: true } });
  for (const engine of status.engines) engines.push([engine.name, engine.server, engine.alive ? engine.role : colours.red("✗ dead")]);
  const supervisor = status.supervisor === undefined ? "no supervisor runs" : `supervisor ${status.supervisor}`;
  return `${pairs.toString()}\n${engines.toString()}\n${supervisor}`;
}

/** Whether every twin and engine lives and is well. */
export function isHealthy(status: MeshStatus): boolean {
  return (
    status.engines.every((engine) => engine.alive) &&
    status.pairs.every((pair) => pair.twins.every((twin) => twin.alive && twin.fault === ""))
  );
}
