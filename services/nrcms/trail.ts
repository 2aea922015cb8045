/** A claim's way as a table: when, how long after the first step, where, what was asked or told, what it told in turn. */
import Table from "cli-table3";
import type { TrailStep } from "../audit/store-trail.ts";

const SHANGHAI_MS = 8 * 3_600_000;

export function trailTable(claim: string, steps: readonly TrailStep[]): string {
  const made = new Table({
    head: ["时间 time", "+ms", "服务 service", "事由 input", "来自 by", "结果 outcome", "发出 told"],
    style: { head: [], border: [], compact: true },
    colAligns: ["left", "right", "left", "left", "left", "left", "left"],
  });
  const first = steps[0]?.atMs ?? 0;
  for (const step of steps) {
    const at = new Date(step.atMs + SHANGHAI_MS).toISOString().slice(0, 23).replace("T", " ");
    made.push([at, String(step.atMs - first), `${step.service}.${step.twin}`, step.method, step.caller, step.outcome, step.told.join(" ")]);
  }
  const traces = [...new Set(steps.filter((step) => step.about === claim && step.traceId).map((step) => step.traceId))];
  return `${claim}\n${made.toString()}\ntrace ${traces.join(" ")}`;
}
