import type { TwinBeat } from "../../../services/mesh/wiring.ts";

/** A healthy twin's beat, heard at `atMs`. */
export function beatOf(service: string, twin: string, atMs: number, changes: Partial<TwinBeat> = {}): TwinBeat {
  return {
    service,
    twin,
    server: `server-${twin}`,
    mode: "dual-active",
    active: true,
    ready: true,
    pid: 4711,
    instance: "i1",
    release: "0.1.0",
    epoch: 0,
    fault: "",
    order: 0,
    resting: false,
    waiting: 0,
    committed: 12,
    queued: 1,
    parked: 0,
    unpublished: 0,
    unheard: 0,
    damaged: 0,
    residentBytes: 90_000_000,
    everyMs: 300,
    atMs,
    ...changes,
  };
}
