/** The pair's settings → one frozen object; and the pairs that should be there, from the topology: a pair of which nobody is heard is shown dead, not left out. */
import { z } from "zod";
import type { Topology } from "../mesh/topology.ts";

const schema = z.object({
  /** When the nightly audit begins, HH:MM in Asia/Shanghai. */
  auditAt: z
    .string()
    .regex(/^([01]\d|2[0-3]):[0-5]\d$/, "must be HH:MM")
    .default("02:30"),
});

export type MonitoringConfig = Readonly<z.infer<typeof schema>>;

/** Throws one error that names every bad value. */
export function readMonitoringConfig(settings: Readonly<Record<string, unknown>>): MonitoringConfig {
  const read = schema.safeParse(settings);
  if (read.success) return Object.freeze(read.data);
  const faults = read.error.issues.map((issue) => `  settings.${issue.path.join(".")}: ${issue.message}`);
  throw new Error(`monitoring cannot start:\n${faults.join("\n")}`);
}

export interface ExpectedTwin {
  readonly service: string;
  readonly mode: string;
  readonly twin: "a" | "b";
  readonly server: string;
}

export function expectedTwins(topology: Topology): readonly ExpectedTwin[] {
  return Object.entries(topology.services).flatMap(([service, { mode, a, b }]) => [
    { service, mode, twin: "a" as const, server: a.server },
    { service, mode, twin: "b" as const, server: b.server },
  ]);
}
