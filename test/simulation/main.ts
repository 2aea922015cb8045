/**
 * `npm run simulate`: as many seeds as wanted, or as fit into so many hours; `--seed` replays one and tells what happens; `--bugs` plants known bugs and
 * sees that each is found. Ends with 1 where something broke (or a bug was not found), with 2 where it was called wrongly.
 */
import { cpus } from "node:os";
import { Command, InvalidArgumentError } from "commander";
import { pino } from "pino";
import { ROOT } from "../../deploy/local/binaries.ts";
import { tryBugs } from "./bugs.ts";
import { type Outcome, simulate } from "./run.ts";
import { endAll, runSeeds } from "./runner.ts";

const CHUNK = 25;
const DEFAULT_SEEDS = 200;
const PROGRESS_MS = 10_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const MINUTE_MS = 60_000;
const SHOWN_BREACHES = 20;

function positive(text: string): number {
  const value = Number(text);
  if (!Number.isFinite(value) || value <= 0) throw new InvalidArgumentError("a number above 0 is wanted");
  return value;
}

function whole(text: string): number {
  if (!Number.isInteger(positive(text))) throw new InvalidArgumentError("a whole number is wanted");
  return Number(text);
}

const program = new Command("npm run simulate --")
  .description("The whole mesh in one process with virtual time: a seed decides what happens, and the invariants are checked at each step.")
  .option("--hours <n>", "as many seeds as fit into so many hours", positive)
  .option("--seeds <n>", `so many seeds (default ${DEFAULT_SEEDS})`, whole)
  .option("--from <seed>", "the first seed", whole, 1)
  .option("--jobs <n>", "so many processes at a time", whole, cpus().length)
  .option("--seed <seed>", "replay one seed and tell what happens", whole)
  .option("--bugs [name]", "plant each known bug in a copy, and see that it is found within its number of seeds")
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2))
  .parse();
const options = program.opts<{ hours?: number; seeds?: number; from: number; jobs: number; seed?: number; bugs?: string | true }>();
for (const signal of ["SIGINT", "SIGTERM"] as const)
  process.once(signal, () => {
    endAll();
    process.exit(130);
  });

/** One seed, told as it happens; with the log lines of its processes. */
async function replay(seed: number): Promise<boolean> {
  const outcome = await simulate(seed, {
    tell: (line) => console.log(line),
    log: (name, world) => {
      const write = (line: string) => console.log(`${world.now.toFixed(3).padStart(11)}  ${name} says ${line.trim()}`);
      return pino({ level: "info", base: null, timestamp: false }, { write });
    },
  });
  console.log(`\nseed ${seed}: ${outcome.breach || "all held"}\n${figures([outcome])}; trace ${outcome.hash}`);
  return outcome.breach === "";
}

function figures(outcomes: readonly Outcome[]): string {
  const total = (of: (outcome: Outcome) => number) => outcomes.reduce((sum, outcome) => sum + of(outcome), 0);
  const days = (total((outcome) => outcome.simulatedMs) / DAY_MS).toFixed(3);
  return `${days} simulated days, ${total(({ events }) => events)} events, ${total(({ claims }) => claims)} claims, ${total(({ checked }) => checked)} checks`;
}

/** Seeds in several processes until there are enough of them, or the time is over. */
async function many(): Promise<boolean> {
  const startedMs = performance.now();
  const untilMs = options.hours === undefined ? Number.POSITIVE_INFINITY : startedMs + options.hours * HOUR_MS;
  const end = options.hours === undefined ? options.from + (options.seeds ?? DEFAULT_SEEDS) : Number.POSITIVE_INFINITY;
  const outcomes: Outcome[] = [];
  let next = options.from;
  let broken = 0;
  const tell = (): void => {
    const minutes = (performance.now() - startedMs) / MINUTE_MS;
    const simulatedDays = outcomes.reduce((sum, { simulatedMs }) => sum + simulatedMs, 0) / DAY_MS;
    console.log(
      `${outcomes.length} seeds in ${minutes.toFixed(1)} min (${(outcomes.length / minutes / 60).toFixed(1)} a second, ` +
        `${(simulatedDays / minutes).toFixed(3)} simulated days a wall minute), ${broken} broken; ${figures(outcomes)}`,
    );
  };
  const onOutcome = (outcome: Outcome): void => {
    outcomes.push({ ...outcome, tail: [] });
    if (outcome.breach === "") return;
    broken += 1;
    if (broken <= SHOWN_BREACHES)
      console.log(`\nseed ${outcome.seed}: ${outcome.breach}\n  replay it: npm run simulate -- --seed ${outcome.seed}\n`);
  };
  const work = async (): Promise<void> => {
    while (next < end && performance.now() < untilMs) {
      const from = next;
      const count = Math.min(CHUNK, end - from);
      next += count;
      await runSeeds({ root: ROOT, from, count, stopAtBreach: false, onOutcome });
    }
  };
  const progress = setInterval(tell, PROGRESS_MS);
  try {
    await Promise.all(Array.from({ length: options.jobs }, work));
  } finally {
    clearInterval(progress);
  }
  tell();
  return broken === 0;
}

async function main(): Promise<boolean> {
  if (options.bugs !== undefined) return await tryBugs(options.bugs === true ? undefined : options.bugs);
  return options.seed === undefined ? await many() : await replay(options.seed);
}

process.exitCode = (await main()) ? 0 : 1;
