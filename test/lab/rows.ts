/** What was measured: a line for each fault that was played, kept in a file, and shown as one table. */
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import Table from "cli-table3";
import { cacheFolder, ROOT } from "../../deploy/local/binaries.ts";
import type { Fault } from "./fault.ts";

export interface Row {
  readonly id: string;
  readonly seed: number;
  /** The how-manieth of the fault's seeds. */
  readonly turn: number;
  /** No longer than it takes to show: not for the README. */
  readonly brief: boolean;
  readonly date: string;
  readonly commit: string;
  readonly claims: number;
  readonly gapMs: number;
  /** How long after the fault struck that gap began. */
  readonly gapFromMs: number;
  readonly slowestMs: number;
  readonly p99Ms: number;
  /** Undefined where nobody waited for it. */
  readonly flowMs: number | undefined;
  /** Calls that failed for their caller, those of the README's client among them. */
  readonly failed: readonly string[];
  readonly retries: number;
  /** Lost, repeated or unexplained. */
  readonly breaches: readonly string[];
  /** What kept the fault from being played to its end; empty where nothing did. */
  readonly error: string;
  readonly notes: readonly string[];
}

const FILE = join(cacheFolder(), "faults", "rows.jsonl");
const BEGIN = "<!-- faults: npm run test:fault -- --readme -->";
const END = "<!-- /faults -->";

export function keep(row: Row): void {
  mkdirSync(dirname(FILE), { recursive: true });
  appendFileSync(FILE, `${JSON.stringify(row)}\n`);
}

/** All that were kept, oldest first. */
export function keptRows(): Row[] {
  if (!existsSync(FILE)) return [];
  const lines = readFileSync(FILE, "utf8").split("\n");
  return lines.filter((line) => line !== "").map((line) => JSON.parse(line) as Row);
}

export function isClean({ breaches, error }: Row): boolean {
  return breaches.length === 0 && error === "";
}

const seconds = (ms: number | undefined): string => (ms === undefined ? "—" : `${(ms / 1000).toFixed(ms < 950 ? 2 : 1)} s`);

/** The least and the most of some measurements. */
function span(values: readonly (number | undefined)[]): string {
  const known = values.filter((value) => value !== undefined);
  if (known.length === 0) return "—";
  const [least, most] = [Math.min(...known), Math.max(...known)];
  return seconds(least) === seconds(most) ? seconds(most) : `${seconds(least).replace(" s", "")}–${seconds(most)}`;
}

function beside(values: readonly (number | undefined)[], target: number | undefined): string {
  const most = Math.max(...values.map((value) => value ?? 0));
  return target !== undefined && most > target ? `${span(values)} ✗` : span(values);
}

const HEAD = ["fault", "gap", "target", "flows", "target", "slowest", "p99", "failed", "lost or twice", "seeds", "date", "commit"];

function cells({ id, title, gapMs, flowMs, outage }: Fault, rows: readonly Row[]): string[] {
  const sum = (count: (row: Row) => number) => rows.reduce((all, row) => all + count(row), 0);
  const last = rows.at(-1);
  return [
    `${title} (${id})`,
    beside(
      rows.map((row) => row.gapMs),
      gapMs,
    ),
    seconds(gapMs),
    beside(
      rows.map((row) => row.flowMs),
      flowMs,
    ),
    seconds(flowMs),
    span(rows.map((row) => row.slowestMs)),
    span(rows.map((row) => row.p99Ms)),
    `${sum((row) => row.failed.length)}${outage ? " (outage)" : ""}`,
    rows.every(isClean) ? "0" : `${sum((row) => row.breaches.length)}${rows.some((row) => row.error !== "") ? ", not ended" : ""}`,
    rows.map((row) => row.seed).join(" "),
    last?.date.slice(0, 10) ?? "",
    [...new Set(rows.map((row) => row.commit))].join(" "),
  ];
}

function byFault(faults: readonly Fault[], rows: readonly Row[]): string[][] {
  return faults.flatMap((fault) => {
    const own = rows.filter(({ id }) => id === fault.id);
    return own.length > 0 ? [cells(fault, own)] : [];
  });
}

/** For a terminal. ✗ is a target that was missed. */
export function faultTable(faults: readonly Fault[], rows: readonly Row[]): string {
  const table = new Table({ head: HEAD, style: { head: [], border: [] }, wordWrap: true });
  table.push(...byFault(faults, rows));
  return table.toString();
}

/** Puts the table between the README's two marks. Throws where they are not there. */
export function writeReadme(faults: readonly Fault[], rows: readonly Row[]): void {
  const file = join(ROOT, "README.md");
  const text = readFileSync(file, "utf8");
  const [from, to] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (from < 0 || to < from) throw new Error(`the README has no ${BEGIN} … ${END}`);
  const line = (row: readonly string[]) => `| ${row.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  const table = [line(HEAD), line(HEAD.map(() => "---")), ...byFault(faults, rows).map(line)].join("\n");
  writeFileSync(file, `${text.slice(0, from)}${BEGIN}\n${table}\n${text.slice(to)}`);
}
