/**
 * The whole mesh under load: claims per second from submission to paid-and-posted, latencies, CPU per claim by process group, the raw limits beside them, and ratios, all in one run.
 * Prints what was measured, good or bad; asserts nothing about time.
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { cpus, loadavg, tmpdir, totalmem } from "node:os";
import { join } from "node:path";
import Table from "cli-table3";
import { type Limit, measureLimits } from "./limits.ts";
import { type Measured, measure, openMesh } from "./pipeline.ts";
import { total, type Usage, usageOf } from "./processes.ts";

const PLAN: readonly { readonly inFlight: number; readonly claims: number }[] = [
  { inFlight: 1, claims: 20 },
  { inFlight: 8, claims: 200 },
  { inFlight: 64, claims: 2_000 },
  { inFlight: 512, claims: 6_000 },
];
const NAIVE = { inFlight: 512, claims: 400 };
const WARM_UP = 1_000;
const ENGINES = new Set(["nats", "mongod"]);
const OUTSIDE = new Set(["bank", "load"]);
const isMesh = (group: string) => !ENGINES.has(group) && !OUTSIDE.has(group);

export interface MeshOptions {
  /** Claims at 512 in flight; a number. */
  readonly claims: string;
  /** With the run with group commit switched off. */
  readonly naive: boolean;
  readonly guardians?: boolean;
  readonly json?: string;
}

const say = (line: string) => process.stderr.write(`${new Date().toISOString().slice(11, 19)}  ${line}\n`);

async function batched(options: MeshOptions): Promise<{ rows: Measured[]; limits: Limit[]; usage: Usage; idle: Usage; firstPaid: number }> {
  const run = await mkdtemp(join(tmpdir(), "nrcms-bench-"));
  const mesh = await openMesh(run, {}, say, options.guardians ?? false);
  try {
    say(`first claim paid after ${mesh.firstPaidSeconds.toFixed(1)} s`);
    const idle = usageOf(run);
    const limits = await measureLimits(mesh.supervisor.topology);
    let used = 1;
    say(`warming up with ${WARM_UP} claims`);
    await measure(mesh, 128, WARM_UP, "W", used);
    used += WARM_UP;
    const rows: Measured[] = [];
    for (const { inFlight, claims: planned } of PLAN) {
      const claims = inFlight === 512 ? Number(options.claims) : planned;
      const row = await measure(mesh, inFlight, claims, `B${inFlight}`, used);
      used += claims;
      rows.push(row);
      say(`${inFlight} in flight: ${row.perSecond.toFixed(0)} claims/s`);
    }
    return { rows, limits, usage: usageOf(run), idle, firstPaid: mesh.firstPaidSeconds };
  } finally {
    await mesh.close();
    await rm(run, { recursive: true, force: true });
  }
}

async function naive(options: MeshOptions): Promise<Measured> {
  const run = await mkdtemp(join(tmpdir(), "nrcms-bench-"));
  say("again with group commit switched off (NRCMS_BATCH=1)");
  const mesh = await openMesh(run, { NRCMS_BATCH: "1" }, say, options.guardians ?? false);
  try {
    return await measure(mesh, NAIVE.inFlight, NAIVE.claims, "N", 1);
  } finally {
    await mesh.close();
    await rm(run, { recursive: true, force: true });
  }
}

function rowsTable(rows: readonly Measured[], labels: readonly string[]): string {
  const groups = [...new Set(rows.flatMap((row) => [...row.cpuUs.keys()]))].sort();
  const table = new Table({
    head: ["in flight", "claims", "claims/s", "submit/s", "p50 ms", "p99 ms", "CPU µs/claim", ...groups],
    style: { head: [], border: [], compact: true },
    colAligns: Array.from({ length: 7 + groups.length }, () => "right" as const),
  });
  for (const [index, row] of rows.entries()) {
    table.push([
      labels[index] ?? String(row.inFlight),
      String(row.claims),
      row.perSecond.toFixed(0),
      (row.claims / row.submitSeconds).toFixed(0),
      row.p50Ms.toFixed(0),
      row.p99Ms.toFixed(0),
      total(row.cpuUs).toFixed(0),
      ...groups.map((group) => (row.cpuUs.get(group) ?? 0).toFixed(0)),
    ]);
  }
  return table.toString();
}

export async function benchMesh(options: MeshOptions): Promise<void> {
  const result = await batched(options);
  const single = options.naive ? await naive(options) : undefined;
  const best = result.rows.at(-1) as Measured;
  const machine = `${cpus().length} cores (${cpus()[0]?.model ?? "?"}), ${Math.round(totalmem() / 2 ** 30)} GiB, load before the end ${loadavg()
    .map((load) => load.toFixed(1))
    .join(" ")}, Node ${process.version}`;
  const rows = single ? [...result.rows, single] : result.rows;
  const labels = [...result.rows.map((row) => String(row.inFlight)), "512, --batch 1"];
  const lines = [
    `machine: ${machine}`,
    `start-up to the first paid claim: ${result.firstPaid.toFixed(1)} s`,
    rowsTable(rows, labels),
    ...result.limits.map((limit) => `${limit.what}: ${limit.perSecond.toFixed(0)}`),
    `memory of the mesh without engines, supervisor and load included elsewhere: idle ${total(result.idle.residentMb, isMesh).toFixed(0)} MB resident (${total(result.idle.proportionalMb, isMesh).toFixed(0)} MB proportional), after the load ${total(result.usage.residentMb, isMesh).toFixed(0)} MB (${total(result.usage.proportionalMb, isMesh).toFixed(0)} MB)`,
    `ratios: 512 in flight / one at a time ${(best.perSecond / (result.rows[0]?.perSecond ?? 1)).toFixed(1)} ×; pipeline / transactions of a hundred ${(best.perSecond / (result.limits[0]?.perSecond ?? 1)).toFixed(2)}${single ? `; group commit / --batch 1 ${(best.perSecond / single.perSecond).toFixed(1)} ×` : ""}`,
  ];
  console.log(lines.join("\n"));
  if (options.json) {
    const plain = (_: string, value: unknown) => (value instanceof Map ? Object.fromEntries(value) : value);
    await writeFile(options.json, `${JSON.stringify({ machine, ...result, single }, plain, 2)}\n`);
  }
}
