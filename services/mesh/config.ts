/** Environment and topology → one frozen object. Every missing or bad value is reported in one error. */
import manifest from "../../package.json" with { type: "json" };
import { wordsOf } from "../values/thrown.ts";
import { LIMITS, type Limits } from "./fitness.ts";
import { type PairSettings, readTopology, type Topology, type TwinName, type TwinPlace } from "./topology.ts";

/** Read once, as this process begins: what lies on the disk later is another release. */
const RELEASE = manifest.version;
const MB = 1_048_576;

export interface TwinConfig {
  readonly service: string;
  readonly twin: TwinName;
  /** How the pair works until operators order otherwise. */
  readonly pair: PairSettings;
  readonly place: TwinPlace;
  readonly topology: Topology;
  /** The run directory: certificates, logs, small local files. */
  readonly run: string;
  /** Unique for each start of the process. */
  readonly instance: string;
  /** The release of the code that runs. */
  readonly release: string;
  readonly settings: Readonly<Record<string, unknown>>;
  /** The most inputs in one batch; 1 switches group commit off. */
  readonly batchLimit: number;
  /** Beyond these a twin is not fit to work. */
  readonly limits: Limits;
  /** Most commits a second while busy. */
  readonly commitsPerSecond: number;
}

/** Reads NRCMS_TOPOLOGY, NRCMS_RUN, NRCMS_TWIN (a or b), NRCMS_BATCH (default 400) and NRCMS_DISK_FLOOR_MB (default 200) for the named service. */
export function readTwinConfig(service: string, environment: NodeJS.ProcessEnv = process.env): TwinConfig {
  const faults: string[] = [];
  const text = (name: string): string => {
    const value = environment[name];
    if (!value) faults.push(`${name} is not set`);
    return value ?? "";
  };
  const file = text("NRCMS_TOPOLOGY");
  const run = text("NRCMS_RUN");
  const twin = text("NRCMS_TWIN");
  if (twin && twin !== "a" && twin !== "b") faults.push(`NRCMS_TWIN is ${twin}, not a or b`);
  const batchLimit = Number(environment.NRCMS_BATCH ?? "400");
  if (!Number.isInteger(batchLimit) || batchLimit < 1 || batchLimit > 1000)
    faults.push(`NRCMS_BATCH is ${environment.NRCMS_BATCH}, not 1 to 1000`);
  const floorMb = Number(environment.NRCMS_DISK_FLOOR_MB ?? LIMITS.freeBytes / MB);
  if (!Number.isFinite(floorMb) || floorMb < 0)
    faults.push(`NRCMS_DISK_FLOOR_MB is ${environment.NRCMS_DISK_FLOOR_MB}, not a number of megabytes`);
  let topology: Topology | undefined;
  if (file) {
    try {
      topology = readTopology(file);
    } catch (error) {
      faults.push(wordsOf(error));
    }
  }
  const pair = topology?.services[service];
  if (topology && !pair) faults.push(`${file} has no service ${service}`);
  if (faults.length > 0 || !topology || !pair)
    throw new Error(`${service} cannot start:\n${faults.map((fault) => `  ${fault}`).join("\n")}`);
  const name = twin as TwinName;
  return Object.freeze({
    service,
    twin: name,
    pair: Object.freeze({ mode: pair.mode, takeover: pair.takeover, failback: pair.failback, preferred: pair.preferred }),
    place: pair[name],
    topology,
    run,
    instance: `${Date.now().toString(36)}-${process.pid.toString(36)}`,
    release: RELEASE,
    settings: Object.freeze({ ...pair.settings }),
    batchLimit,
    limits: { ...LIMITS, freeBytes: floorMb * MB },
    commitsPerSecond: pair.commits_per_second,
  });
}
