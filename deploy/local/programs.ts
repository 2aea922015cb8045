/** The programs of a mesh as commands: every twin of every service, a guardian on each machine, and the sandbox's bank. */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Topology, TwinName } from "../../services/mesh/topology.ts";
import { wordsOf } from "../../services/values/thrown.ts";
import { cacheFolder, ROOT, type Say } from "./binaries.ts";
import type { Command } from "./kept.ts";
import { isWarm } from "./warm.ts";

const run = promisify(execFile);

const QUIET = "--disable-warning=ExperimentalWarning";
/**
 * A twin needs little: batches are bounded. Left alone, V8 takes what the machine has, and fourteen twins with it. A young generation of 2 MB and one
 * malloc arena make the pairs a tenth smaller than 8 MB and two, and cost nothing that could be measured (test/bench).
 */
const TWIN_FLAGS = [QUIET, "--max-old-space-size=160", "--max-semi-space-size=2"];
/** For fewer services than this, compiling their code beforehand costs more than it saves. */
const WARM_FROM_SERVICES = 4;
const WARM_LIMIT_MS = 30_000;
/** What a child may see of our environment; besides these all NRCMS_* and OTEL_*, and what NRCMS_PASS names, separated by commas (LD_PRELOAD for another malloc or clock). */
const PASSED = ["PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE"];

/** Where Node keeps what it has compiled, for all of our programs. */
export function compileCache(): string {
  return join(cacheFolder(), "compile");
}

export function passedEnvironment(): Record<string, string> {
  const named = [...PASSED, ...(process.env.NRCMS_PASS ?? "").split(",")];
  const entries = Object.entries(process.env).filter(([name]) => named.includes(name) || /^(NRCMS|OTEL)_/.test(name));
  return Object.fromEntries(entries) as Record<string, string>;
}

export interface Programs {
  readonly run: string;
  readonly topologyFile: string;
  readonly topology: Topology;
  /** Only the twins of this server; undefined where one supervisor keeps all. */
  readonly server: string | undefined;
  readonly services: readonly string[];
  readonly sandbox: boolean;
  /** The machines that have a guardian. */
  readonly guarded: readonly string[];
  /** Added to the environment of each. */
  readonly environment: Readonly<Record<string, string>>;
}

export function programCommands(programs: Programs): Command[] {
  const { run: directory, topologyFile, topology, server, services, sandbox, guarded, environment } = programs;
  const shared = {
    ...passedEnvironment(),
    MALLOC_ARENA_MAX: "1",
    NODE_COMPILE_CACHE: compileCache(),
    ...environment,
    NRCMS_TOPOLOGY: topologyFile,
    NRCMS_RUN: directory,
  };
  const command = (name: string, main: string, more: Record<string, string>): Command => ({
    name,
    file: process.execPath,
    parameters: [...TWIN_FLAGS, join(ROOT, main)],
    environment: { ...shared, ...more },
    log: join(directory, "logs", `${name}.log`),
  });
  const twins = services.flatMap((service) =>
    twinsOn(topology, service, server).map((twin) =>
      command(`${service}.${twin}`, `services/${service}/main.ts`, { NRCMS_SERVICE: service, NRCMS_TWIN: twin }),
    ),
  );
  const guardians = guarded.map((one) => command(`guardian.${one}`, "services/guardian/main.ts", { NRCMS_SERVER: one }));
  return [...(sandbox ? [command("bank", "deploy/sandbox/bank/main.ts", {})] : []), ...twins, ...guardians];
}

function twinsOn(topology: Topology, service: string, server: string | undefined): TwinName[] {
  return (["a", "b"] as const).filter((twin) => server === undefined || topology.services[service]?.[twin].server === server);
}

/**
 * While the engines elect their leaders there is time to compile the twins' code once, for all of them (warm.ts). Without it they only start slower,
 * so that a failure is told and otherwise passed over.
 */
export async function warmUp(services: readonly string[], mark: Readonly<Record<string, string>>, say: Say): Promise<void> {
  const cache = compileCache();
  if (services.length < WARM_FROM_SERVICES || isWarm(cache)) return;
  const environment = { ...passedEnvironment(), ...mark, NODE_COMPILE_CACHE: cache };
  const options = { env: environment, timeout: WARM_LIMIT_MS, killSignal: "SIGKILL" as const };
  try {
    await run(process.execPath, [QUIET, join(ROOT, "deploy", "local", "warm.ts"), ...services], options);
  } catch (error) {
    const [words] = wordsOf(error).split("\n");
    say(`the twins' code could not be compiled beforehand: ${words}`);
  }
}
