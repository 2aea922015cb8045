/** Seeds in processes of their own, a few at a time. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Outcome } from "./run.ts";

export interface Wanted {
  /** The checkout whose code is run. */
  readonly root: string;
  readonly from: number;
  readonly count: number;
  /** The first breach ends it. */
  readonly stopAtBreach: boolean;
  readonly onOutcome: (outcome: Outcome) => void;
}

const SHOWN = 2_000;
const started = new Set<ReturnType<typeof spawn>>();

/** Ends what runs. */
export function endAll(): void {
  for (const child of started) child.kill("SIGKILL");
}

/** Runs seeds in one process. Throws where it ends otherwise than by having run them. */
export async function runSeeds({ root, from, count, stopAtBreach, onOutcome }: Wanted): Promise<void> {
  const script = join(root, "test", "simulation", "seeds.ts");
  const parameters = ["--disable-warning=ExperimentalWarning", script, String(from), String(count), stopAtBreach ? "1" : "0"];
  const child = spawn(process.execPath, parameters, { stdio: ["ignore", "pipe", "pipe"], cwd: root });
  started.add(child);
  let complaint = "";
  child.stderr.on("data", (chunk: Buffer) => {
    complaint = (complaint + chunk.toString("utf8")).slice(-SHOWN);
  });
  const ended = once(child, "close");
  for await (const line of createInterface(child.stdout)) onOutcome(JSON.parse(line) as Outcome);
  const [code] = (await ended) as [number | null];
  started.delete(child);
  if (code !== 0) throw new Error(`the simulation ended with ${code ?? "a signal"} after seed ${from}: ${complaint}`);
}
