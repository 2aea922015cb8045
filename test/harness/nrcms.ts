/** The operator's command as an operator has it: a process of its own, on a run directory of its own. */
import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { ROOT } from "../../deploy/local/binaries.ts";
import { until } from "./twins.ts";

const RUN_LIMIT_MS = 120_000;

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly pid: number;
  readonly child: ChildProcess;
  /** What it has printed so far, both streams in the order in which they came. */
  output(): string;
  readonly ended: Promise<Ended>;
  /** Waits until the output has this. Throws with the output when the process ends before, or the limit passes. */
  says(what: string, limitMs: number): Promise<void>;
}

/** Starts `nrcms <parameters>` on the run directory. Colours are off, as they are wherever the output is no terminal. */
export function startNrcms(run: string, ...parameters: readonly string[]): Running {
  const child = spawn(
    process.execPath,
    ["--disable-warning=ExperimentalWarning", join(ROOT, "services", "nrcms", "main.ts"), ...parameters],
    {
      env: { ...process.env, NRCMS_RUN: run, NO_COLOR: "1", FORCE_COLOR: undefined },
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  const printed = { stdout: "", stderr: "", all: "" };
  for (const stream of ["stdout", "stderr"] as const)
    child[stream].setEncoding("utf8").on("data", (text: string) => {
      printed[stream] += text;
      printed.all += text;
    });
  const ended = new Promise<Ended>((resolve) => {
    child.once("close", (code, signal) => resolve({ code, signal, stdout: printed.stdout, stderr: printed.stderr }));
  });
  return {
    pid: child.pid ?? 0,
    child,
    output: () => printed.all,
    ended,
    says: (what, limitMs) =>
      until(
        `nrcms ${parameters.join(" ")} says ${what}`,
        () => {
          if (printed.all.includes(what)) return true;
          if (child.exitCode !== null || child.signalCode !== null) throw new Error(`it ended before it said ${what}:\n${printed.all}`);
          return false;
        },
        limitMs,
      ).catch((error: unknown) => {
        throw new Error(`${String(error)}\n${printed.all.slice(-4_000)}`);
      }),
  };
}

/** Runs `nrcms <parameters>` to its end. Killed, with what it had printed, where it does not come to one. */
export async function nrcms(run: string, ...parameters: readonly string[]): Promise<Ended> {
  const running = startNrcms(run, ...parameters);
  const timer = setTimeout(() => running.child.kill("SIGKILL"), RUN_LIMIT_MS);
  const ended = await running.ended;
  clearTimeout(timer);
  return ended;
}
