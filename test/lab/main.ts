/**
 * The fault lab: `npm run lab` plays each fault once, `npm run test:fault` all of them with all their seeds, `npm run soak` random ones for a time.
 * As root on a machine with namespaces it runs the mesh on machines of its own; elsewhere it plays what needs none, and says what it leaves out.
 * Exit codes: 0 nothing lost, repeated or unexplained, 1 something was, 2 a wrong call.
 */
import { spawn } from "node:child_process";
import { Command } from "commander";
import { findBinary } from "../../deploy/local/binaries.ts";
import { wordsOf } from "../../services/values/thrown.ts";
import { faketime, sweepClocks } from "./clock.ts";
import { whyNoDisks } from "./disk.ts";
import type { Fault } from "./fault.ts";
import { allFaults } from "./faults.ts";
import { whyNoGroups } from "./groups.ts";
import { abandoned, Net, whyNoNamespaces } from "./net.ts";
import { faultTable, isClean, keptRows, type Row, writeReadme } from "./rows.ts";
import { commit, playAll, type Turn } from "./run.ts";

const DEFAULT_SEEDS = 3;
const DAY_MINUTES = 24 * 60;
/** Says to the program at the hospitals' place whose network it is in. */
const OWNER = "NRCMS_LAB_OWNER";
/** Says to it why clocks cannot be set. */
const NO_CLOCK = "NRCMS_LAB_NO_CLOCK";

interface Options {
  readonly only?: string;
  readonly seeds?: string;
  readonly seed?: string;
  readonly short?: boolean;
  readonly within?: string;
  readonly minutes?: string;
  readonly long?: boolean;
  readonly resume?: boolean;
  readonly local?: boolean;
  readonly list?: boolean;
  readonly json?: boolean;
  readonly readme?: boolean;
}

const startedMs = performance.now();
const say = (line: string): void => console.error(`${((performance.now() - startedMs) / 1000).toFixed(0).padStart(5)} s  ${line}`);

const program = new Command("lab")
  .description("Plays faults on a whole mesh under load, and checks that nothing was lost, repeated or left unexplained.")
  .option("--only <faults>", "only these, separated by commas")
  .option("--seeds <count>", "how many seeds of each; by default 3, of the long ones 1")
  .option("--seed <number>", "the first seed; by default of this moment")
  .option("--short", "without the long ones, and each of the others no longer than it takes to show")
  .option("--within <seconds>", "begin no other fault after so long; those that were not played are named")
  .option("--minutes <count>", "how long the mixed one lasts; by default 30")
  .option("--long", "the mixed one for 24 hours")
  .option("--resume", "leave out what was played on this commit already")
  .option("--local", "without namespaces, although there are some")
  .option("--list", "list the faults and their targets, and play none")
  .option("--json", "print the rows as JSON lines instead of the table")
  .option("--readme", "write the table of the last runs into the README; alone, or with --short (those in brief), plays none")
  .showHelpAfterError()
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2));

function wrong(words: string): never {
  console.error(words);
  process.exit(2);
}

function chosen({ only, short }: Options): readonly Fault[] {
  if (only === undefined) return FAULTS.filter((fault) => !(short && fault.long));
  return only
    .split(",")
    .map((id) => FAULTS.find((fault) => fault.id === id) ?? wrong(`no fault ${id}; there are ${FAULTS.map((one) => one.id).join(", ")}`));
}

function whole(text: string | undefined, name: string): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  return Number.isInteger(value) && value > 0 ? value : wrong(`--${name} ${text}: a whole number above 0 is wanted`);
}

/** Every fault's first seed, then the second …: where it is cut off, each was played. */
function turnsOf(faults: readonly Fault[], options: Options): Turn[] {
  const first = whole(options.seed, "seed") ?? 1 + (Date.now() % 900_000);
  const seeds = whole(options.seeds, "seeds");
  const most = (fault: Fault) => Math.min(seeds ?? DEFAULT_SEEDS, fault.seeds ?? Number.POSITIVE_INFINITY);
  const turns = Math.max(...faults.map(most));
  const all = Array.from({ length: turns }, (_, turn) =>
    faults.filter((fault) => turn < most(fault)).map((fault) => ({ fault, turn, seed: first + turn })),
  ).flat();
  if (!options.resume) return all;
  const done = new Set(
    keptRows()
      .filter((row) => row.commit === commit() && isClean(row) && row.brief === Boolean(options.short))
      .map((row) => `${row.id} ${row.turn}`),
  );
  return all.filter(({ fault, turn }) => !done.has(`${fault.id} ${turn}`));
}

/** Why there are no machines of their own here; empty where there are. */
function whyLocal({ local }: Options): string {
  return local ? "as asked" : whyNoNamespaces() || whyNoDisks() || whyNoGroups();
}

async function playHere(options: Options, net: Net | undefined): Promise<void> {
  const faults = chosen(options);
  const noClock = process.env[NO_CLOCK];
  const playable = faults.filter((fault) => (net !== undefined || !fault.lab) && !(fault.clock && noClock));
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.once(signal, () => {
      say("ends after this fault");
      stop.abort();
    });
  const within = whole(options.within, "within");
  const running = { net, brief: options.short ?? false, untilMs: within === undefined ? Number.POSITIVE_INFINITY : 1_000 * within, say };
  const rows = playable.length === 0 ? [] : await playAll(turnsOf(playable, options), running, stop.signal);
  show(faults, options.resume ? lastRows() : rows, options);
  const why = (fault: Fault): string => {
    if (playable.includes(fault)) return options.resume || rows.some(({ id }) => id === fault.id) ? "" : "no time was left";
    return fault.clock && noClock ? `no clock can be set: ${noClock}` : "needs machines of its own";
  };
  for (const fault of faults) if (why(fault) !== "") console.error(`left out: ${fault.id} (${why(fault)})`);
  if (options.readme) writeReadme(FAULTS, lastRows());
  process.exitCode = rows.every(isClean) && rows.length > 0 ? 0 : 1;
}

/** The newest row of each fault and turn, of those that were played in full; with --short, in brief. */
function lastRows(): Row[] {
  const rows = keptRows().filter(({ brief }) => brief === Boolean(options.short));
  return [...new Map(rows.map((row) => [`${row.id} ${row.turn}`, row])).values()];
}

function show(faults: readonly Fault[], rows: readonly Row[], { json }: Options): void {
  if (json) for (const row of rows) console.log(JSON.stringify(row));
  else console.log(faultTable(faults, rows));
}

/** The engines and the library are fetched here: inside, there is no way to the world. */
async function whyNoClock(): Promise<string> {
  try {
    await faketime();
    return "";
  } catch (error) {
    return wordsOf(error);
  }
}

/** Makes the network, runs this program again at the hospitals' place, and takes everything away again, whatever became of it. */
async function playOnMachines(faults: readonly Fault[]): Promise<number> {
  await Promise.all([findBinary("nats-server", { say }), findBinary("mongod", { say })]);
  for (const owner of abandoned()) new Net(owner).destroy();
  const net = new Net(process.pid);
  net.create();
  const noClock = faults.some(({ clock }) => clock) ? await whyNoClock() : "";
  const [file, ...first] = net.at("hospitals");
  const parameters = [...first, process.execPath, ...process.execArgv, ...process.argv.slice(1)];
  const inside = spawn(file, parameters, { stdio: "inherit", env: { ...process.env, [OWNER]: String(process.pid), [NO_CLOCK]: noClock } });
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => inside.kill(signal));
  return await new Promise((resolve) => {
    const end = (code: number): void => {
      for (const fault of net.destroy()) say(fault);
      sweepClocks();
      resolve(code);
    };
    inside.once("error", (error) => {
      say(error.message);
      end(1);
    });
    inside.once("exit", (code) => end(code ?? 1));
  });
}

const options = program.parse().opts<Options>();
const FAULTS = allFaults(options.long ? DAY_MINUTES : whole(options.minutes, "minutes"));
const owner = process.env[OWNER];
if (options.list) {
  const seconds = (ms: number | undefined) => (ms === undefined ? "" : `≤ ${ms / 1000} s`);
  for (const { id, title, gapMs, flowMs, lab } of FAULTS)
    console.log(`${id.padEnd(24)} ${title}${lab ? " [machines]" : ""}  gap ${seconds(gapMs)}, flows ${seconds(flowMs)}`);
} else if (options.readme && Object.keys(options).every((name) => name === "readme" || name === "short")) writeReadme(FAULTS, lastRows());
else if (owner !== undefined) await playHere(options, new Net(Number(owner)));
else {
  const faults = chosen(options);
  const why = whyLocal(options);
  if (why === "") process.exitCode = await playOnMachines(faults);
  else {
    say(`without machines of their own (${why})`);
    await playHere(options, undefined);
  }
}
