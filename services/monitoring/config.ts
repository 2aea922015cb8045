/** The pairs that should be there, from the topology: a pair of which nobody is heard is shown dead, not left out. */
import type { Topology } from "../mesh/topology.ts";

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
