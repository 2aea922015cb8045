/** Where an engine's process is started: all machines in one run directory, or one machine in its own. */
import type { Topology } from "../../services/mesh/topology.ts";

export interface EngineSetting {
  readonly topology: Topology;
  /** Only this machine's; undefined where one supervisor keeps all of them. */
  readonly server: string | undefined;
  readonly run: string;
  readonly environment: Readonly<Record<string, string>>;
}

/** Those that stand on a server; all where none is named. */
export function ofServer<T extends { readonly server: string }>(rows: readonly T[], server: string | undefined): readonly T[] {
  return server === undefined ? rows : rows.filter((row) => row.server === server);
}
