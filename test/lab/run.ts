/** Plays faults one after the other, each on a mesh that is whole, and keeps what was measured. A mesh that has grown large, or was hurt beyond repair, is replaced. */
import { execFileSync } from "node:child_process";
import { ROOT } from "../../deploy/local/binaries.ts";
import { random } from "../../deploy/sandbox/region/random.ts";
import { type Played, play } from "../harness/faults.ts";
import { readmeClient } from "../harness/readme-client.ts";
import { type RegionMesh, regionMeshOn, startRegionMesh } from "../harness/region-mesh.ts";
import type { Fault } from "./fault.ts";
import { type Lab, startLab } from "./lab.ts";
import type { Net } from "./net.ts";
import { isClean, keep, type Row } from "./rows.ts";
import { sceneOf } from "./scene.ts";

export const PER_SECOND = 20;
/** A mesh with more claims than this is replaced: every check compares all that there is. */
const LARGE = 6_000;
/** The README's client asks as a stranger would, beside the tills. */
const STRANGERS = { callers: 2, pauseMs: 100 } as const;

export interface Turn {
  readonly fault: Fault;
  readonly turn: number;
  readonly seed: number;
}

export interface Running {
  /** Undefined where there are no namespaces. */
  readonly net: Net | undefined;
  /** Each fault no longer than it takes to show. */
  readonly brief: boolean;
  readonly say: (line: string) => void;
}

export function commit(): string {
  try {
    const at = execFileSync("git", ["describe", "--always", "--dirty=+", "--exclude", "*"], { cwd: ROOT, encoding: "utf8" });
    return at.trim();
  } catch {
    return "none"; // Not a checkout.
  }
}

type LabMesh = RegionMesh & { readonly lab: Lab | undefined };

async function fresh({ net, say }: Running): Promise<LabMesh> {
  const beganMs = performance.now();
  const start = async (): Promise<LabMesh> => {
    if (!net) return { ...(await startRegionMesh()), lab: undefined };
    const mesh = await regionMeshOn((options) => startLab(net, options));
    return { ...mesh, lab: mesh };
  };
  const mesh = await start();
  say(`a mesh ${net ? "on machines of its own" : "on this machine"} is up after ${((performance.now() - beganMs) / 1000).toFixed(0)} s`);
  return mesh;
}

/** Plays all turns. Gives the rows; `stop` ends it between two faults. */
export async function playAll(turns: readonly Turn[], running: Running, stop: AbortSignal): Promise<Row[]> {
  const rows: Row[] = [];
  let mesh: LabMesh | undefined;
  let claims = 0;
  try {
    for (const [index, turn] of turns.entries()) {
      if (stop.aborted) break;
      mesh ??= await fresh(running);
      const { fault, seed } = turn;
      running.say(`${index + 1}/${turns.length}  ${fault.id}, seed ${seed}: ${fault.title}`);
      const row = await playOne(mesh, turn, running.brief);
      keep(row);
      rows.push(row);
      claims = row.claims;
      running.say(`         ${line(row)}`);
      if (row.error !== "" || claims > LARGE) {
        const old = mesh;
        mesh = undefined;
        await old.stop();
      }
    }
  } finally {
    await mesh?.stop();
  }
  return rows;
}

async function playOne(mesh: LabMesh, { fault, seed, turn }: Turn, brief: boolean): Promise<Row> {
  const strangers = readmeClient(mesh, STRANGERS);
  let scene: ReturnType<typeof sceneOf> | undefined;
  let played: Played | undefined;
  let error = "";
  try {
    played = await play(
      mesh,
      async (load) => {
        scene = sceneOf({ mesh, lab: mesh.lab, load, chance: random(seed, fault.id), brief });
        await fault.strike(scene);
      },
      fault.perSecond ?? PER_SECOND,
    );
  } catch (thrown) {
    error = thrown instanceof Error ? thrown.message : String(thrown);
  } finally {
    await strangers.stop();
    await scene?.close();
  }
  return {
    id: fault.id,
    seed,
    turn,
    brief,
    date: new Date().toISOString(),
    commit: commit(),
    claims: played?.claims ?? 0,
    gapMs: played?.longestGapMs ?? 0,
    slowestMs: played?.slowestMs ?? 0,
    p99Ms: played?.p99Ms ?? 0,
    flowMs: scene?.flowMs,
    failed: [...(played?.failures ?? []), ...strangers.failures],
    retries: played?.retries ?? 0,
    breaches: played?.breaches ?? [],
    error,
    notes: scene?.notes ?? [],
  };
}

const SHOWN = 6;

function line(row: Row): string {
  const seconds = (ms: number) => `${(ms / 1000).toFixed(2)} s`;
  const said = [
    `gap ${seconds(row.gapMs)}`,
    `slowest ${seconds(row.slowestMs)}`,
    `p99 ${seconds(row.p99Ms)}`,
    `flows ${row.flowMs === undefined ? "—" : seconds(row.flowMs)}`,
    `${row.retries} repeats`,
    row.failed.length === 0 ? "no failed call" : `${row.failed.length} FAILED CALLS: ${row.failed.slice(0, 2).join("; ")}`,
    isClean(row) ? "clean" : `NOT CLEAN: ${[row.error, ...row.breaches].filter(Boolean).slice(0, SHOWN).join("; ")}`,
    ...row.notes,
  ];
  return said.join(" · ");
}
