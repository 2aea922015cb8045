/** Plays faults one after the other, each on a mesh that is whole, and keeps what was measured. A mesh that has grown large, or was hurt beyond repair, is replaced. */
import { execFileSync } from "node:child_process";
import { ROOT } from "../../deploy/local/binaries.ts";
import { random } from "../../deploy/sandbox/region/random.ts";
import { wordsOf } from "../../services/values/thrown.ts";
import type { Load } from "../harness/callers.ts";
import { answers, type Played, play, steady } from "../harness/faults.ts";
import { readmeClient } from "../harness/readme-client.ts";
import { type RegionMesh, regionMeshOn, startRegionMesh } from "../harness/region-mesh.ts";
import type { Fault } from "./fault.ts";
import { type Lab, startLab } from "./lab.ts";
import type { Net } from "./net.ts";
import { isClean, keep, type Row } from "./rows.ts";
import { sceneOf } from "./scene.ts";

/** Answers after a fault that are measured with it. */
const AFTER = 20;
/** Answers of a fresh mesh before anything is measured on it: until then its programs compile what they run. */
const WARM = 250;
const AFTER_BRIEF = 5;
/** So many share a load, and the check after it; the long ones have theirs alone. */
const GROUP = 9;
const BRIEF_GROUP = 8;
/** A light load leaves the processors to those who start again: a machine is whole in half the time. */
const BRIEF_PER_SECOND = 5;
/** A mesh with more claims than this is replaced: every check compares all that there is. */
const LARGE = 9_000;
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
  /** No other fault begins after this moment, by performance.now(). */
  readonly untilMs: number;
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

type LabMesh = RegionMesh & { readonly lab: Lab | undefined; isWarm: boolean };

async function fresh({ net, brief, say }: Running): Promise<LabMesh> {
  const beganMs = performance.now();
  const start = async (): Promise<LabMesh> => {
    if (!net) return { ...(await startRegionMesh()), lab: undefined, isWarm: brief };
    const mesh = await regionMeshOn((options) => startLab(net, options));
    return { ...mesh, lab: mesh, isWarm: brief };
  };
  const mesh = await start();
  say(`a mesh ${net ? "on machines of its own" : "on this machine"} is up after ${((performance.now() - beganMs) / 1000).toFixed(0)} s`);
  return mesh;
}

/** Plays all turns. Gives the rows; `stop` ends it between two of them. */
export async function playAll(turns: readonly Turn[], running: Running, stop: AbortSignal): Promise<Row[]> {
  const rows: Row[] = [];
  let mesh: LabMesh | undefined;
  try {
    for (let index = 0; index < turns.length && !stop.aborted && performance.now() < running.untilMs; ) {
      mesh ??= await fresh(running);
      // What is played under one load, and checked together.
      const group = groupFrom(turns, index, running.brief ? BRIEF_GROUP : GROUP);
      const played = await playGroup(mesh, group, running, stop, (turn) => {
        index += 1;
        const { fault, seed } = turn;
        running.say(`${index}/${turns.length}  ${fault.id}, seed ${seed}: ${fault.title}`);
      });
      for (const row of played) keep(row);
      rows.push(...played);
      if (!played.every(isClean) || played.some(({ claims }) => claims > LARGE)) {
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

function groupFrom(turns: readonly Turn[], index: number, most: number): readonly Turn[] {
  const next = turns.slice(index, index + most);
  const long = next.findIndex(({ fault }) => fault.long);
  return long < 0 ? next : next.slice(0, Math.max(1, long));
}

/** A fault as it was measured, before what it left behind is known. */
type Measured = Omit<Row, "claims" | "breaches">;

/** Plays a group until one of it cannot be played to its end. What is lost, repeated or unexplained in the end is said of each. */
async function playGroup(
  mesh: LabMesh,
  group: readonly Turn[],
  running: Running,
  stop: AbortSignal,
  onTurn: (turn: Turn) => void,
): Promise<Row[]> {
  const strangers = readmeClient(mesh, STRANGERS);
  const measured: Measured[] = [];
  let played: Played | undefined;
  let error = "";
  const strikeAll = async (load: Load): Promise<void> => {
    if (!mesh.isWarm) await answers(load, WARM);
    mesh.isWarm = true;
    for (const turn of group) {
      if (measured.length > 0 && (performance.now() > running.untilMs || stop.aborted)) return;
      onTurn(turn);
      const row = await measure(mesh, turn, load, strangers.failures, running);
      measured.push(row);
      running.say(`         ${line(row)}`);
      if (row.error !== "") return;
    }
  };
  try {
    played = await play(mesh, strikeAll, running.brief ? BRIEF_PER_SECOND : undefined);
  } catch (thrown) {
    error = wordsOf(thrown);
  } finally {
    await strangers.stop();
  }
  const { claims = 0, breaches = [] } = played ?? {};
  const words = error || breaches.slice(0, SHOWN).join("; ") || "nothing lost, repeated or unexplained";
  running.say(`         ${claims} claims: ${words}`);
  return measured.map((row) => ({ ...row, claims, breaches, error: row.error || error }));
}

async function measure(
  mesh: LabMesh,
  { fault, seed, turn }: Turn,
  load: Load,
  strangers: readonly string[],
  { brief, say }: Pick<Running, "brief" | "say">,
): Promise<Measured> {
  const before = { failures: load.failures.length, strangers: strangers.length, retries: load.retries };
  const scene = await sceneOf({
    mesh,
    lab: mesh.lab,
    load,
    chance: random(seed, fault.id),
    brief,
    say: (words) => say(`         ${words}`),
  });
  let error = "";
  try {
    if (!brief && !(await steady(load))) scene.note("the load was not steady before it");
    await fault.strike(scene);
    await answers(load, brief ? AFTER_BRIEF : AFTER);
  } catch (thrown) {
    error = wordsOf(thrown);
  } finally {
    await scene.close();
  }
  const waits = load.waitsMs.toSorted((one, other) => one - other);
  return {
    id: fault.id,
    seed,
    turn,
    brief,
    date: new Date().toISOString(),
    commit: commit(),
    gapMs: load.longestGapMs,
    gapFromMs: load.longestGapFromMs,
    slowestMs: load.slowestMs,
    p99Ms: waits[Math.floor(waits.length * 0.99)] ?? 0,
    flowMs: scene.flowMs,
    failed: [...load.failures.slice(before.failures), ...strangers.slice(before.strangers)],
    retries: load.retries - before.retries,
    error,
    notes: scene.notes,
  };
}

const SHOWN = 6;

function line(row: Measured): string {
  const seconds = (ms: number) => `${(ms / 1000).toFixed(2)} s`;
  const said = [
    `gap ${seconds(row.gapMs)} from ${seconds(row.gapFromMs)} on`,
    `slowest ${seconds(row.slowestMs)}`,
    `p99 ${seconds(row.p99Ms)}`,
    `flows ${row.flowMs === undefined ? "—" : seconds(row.flowMs)}`,
    `${row.retries} repeats`,
    row.failed.length === 0 ? "no failed call" : `${row.failed.length} FAILED CALLS: ${row.failed.slice(0, 2).join("; ")}`,
    ...(row.error === "" ? [] : [`NOT ENDED: ${row.error}`]),
    ...row.notes,
  ];
  return said.join(" · ");
}
