/**
 * `nrcms enrol import`: brings a county's roll in. It is read twice: first all of it is checked, by itself and by what enrollment would answer, and every fault is reported;
 * then it is sent, if nothing is wrong. Both in pieces: no more of the file is held than what is on its way.
 */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { EnrollmentServiceDefinition, type EnrolmentResult, type Household } from "../../proto/generated/nrcms/enrollment/v1/enrollment.ts";
import type { GatewayClient } from "./gateway-client.ts";
import type { Encoding } from "./import/lines.ts";
import type { Problem } from "./import/problems.ts";
import { type Rolled, readRoll } from "./import/roll.ts";

export interface RollImport {
  readonly file: string;
  readonly county: string;
  readonly year: number;
  readonly contributionFenPerHead: bigint;
  readonly encoding: Encoding;
  readonly today: string;
  readonly dryRun: boolean;
  /** Brings in the good households although others are bad. */
  readonly skipBad: boolean;
  /** Asks the other counties for those whom they have. */
  readonly queueDuplicates: boolean;
}

export interface RollReport {
  readonly problems: readonly Problem[];
  /** Beyond those that are told by name. */
  readonly problemsLeft: number;
  readonly rows: number;
  readonly households: number;
  readonly members: number;
  readonly contributionsFen: bigint;
  /** Cases that were opened with other counties. */
  readonly releases: readonly string[];
  readonly imported: boolean;
  readonly seconds: number;
}

export type OnProgress = (what: string, done: number, of: number) => void;

/** Of one request: well below what it may carry (enrollment.proto), so that its one transaction stays short on a busy machine. */
const MAX_HOUSEHOLDS = 200;
const MAX_MEMBERS = 1000;
/** Requests on their way: both twins have work, and a village's next page waits for its last as seldom as may be. */
const WIDTH = 4;
const TIMEOUT_MS = 15_000;
/** A file with more is broken as a whole. */
const MAX_PROBLEMS = 100_000;
const LF = 0x0a;

/** Reads, checks and, unless it is a dry run or something is wrong, sends. Throws what the file system and the gateway say. */
export async function importRoll(who: GatewayClient, roll: RollImport, onProgress: OnProgress): Promise<RollReport> {
  const startedMs = performance.now();
  const of = await linesIn(roll.file);
  const problems: Problem[] = [];
  let problemsLeft = 0;
  const onProblem = (problem: Problem) => {
    if (problems.length < MAX_PROBLEMS) problems.push(problem);
    else problemsLeft += 1;
  };
  const checked = await pass(
    roll,
    onProblem,
    (rows) => onProgress("核对 checking", rows, of),
    (page) => check(who, roll, page),
  );
  problems.sort((a, b) => a.line - b.line || a.column - b.column);
  const done = (sent: Counted, imported: boolean): RollReport => ({
    problems,
    problemsLeft,
    rows: checked.rows,
    households: sent.households,
    members: sent.members,
    contributionsFen: sent.contributionsFen,
    releases: sent.releases,
    imported,
    seconds: (performance.now() - startedMs) / 1000,
  });
  const bad = problems.length > 0;
  if (roll.dryRun || !checked.usable || (bad && !roll.skipBad && !roll.queueDuplicates)) return done(checked, false);

  // What was found is told already; what is refused now was right a moment ago.
  const again = new Set(problems.map(placed));
  const late = (problem: Problem) => {
    if (!again.has(placed(problem))) onProblem(problem);
  };
  const send = (page: readonly Rolled[]) => enrol(who, roll, page, checked.refused);
  const onlyCases = bad && !roll.skipBad;
  const wanted = (householdId: string) => {
    const code = checked.refused.get(householdId);
    if (code === "ENROLLED_ELSEWHERE" && roll.queueDuplicates) return true;
    return code === undefined && !onlyCases;
  };
  const sent = await pass(roll, late, (rows) => onProgress("登记 enrolling", rows, of), send, wanted);
  return done(sent, !onlyCases);
}

interface Counted {
  rows: number;
  households: number;
  members: number;
  contributionsFen: bigint;
  readonly releases: string[];
  /** Why a household is refused, by its id. */
  readonly refused: Map<string, string>;
  usable: boolean;
}

interface Answer {
  readonly results: readonly EnrolmentResult[];
  readonly membersEnrolled: number;
  readonly contributionsFen: bigint;
}

/** Goes through the file once, a page at a time, `WIDTH` at once. */
async function pass(
  { file, county, encoding, today }: RollImport,
  onProblem: (problem: Problem) => void,
  onRows: (rows: number) => void,
  work: (page: readonly Rolled[]) => Promise<Answer>,
  wanted: (householdId: string) => boolean = () => true,
): Promise<Counted> {
  const counted: Counted = { rows: 0, households: 0, members: 0, contributionsFen: 0n, releases: [], refused: new Map(), usable: true };
  const pages = pagesOf(readRoll(file, { county, encoding, today, onProblem }), wanted, counted);
  const lane = async () => {
    for (let next = await pages.next(); !next.done; next = await pages.next()) {
      const page = next.value;
      const { results, membersEnrolled, contributionsFen } = await work(page);
      counted.members += membersEnrolled;
      counted.contributionsFen += contributionsFen;
      for (const [index, { householdId, enrolled, code, field, zh, en, releaseId }] of results.entries()) {
        if (enrolled) {
          counted.households += 1;
          continue;
        }
        counted.refused.set(householdId, code);
        if (releaseId !== "") counted.releases.push(releaseId);
        const place = page[index]?.placeOf(field);
        if (place) onProblem({ ...place, zh, en });
      }
      onRows(page.at(-1)?.rows ?? 0);
    }
  };
  await Promise.all(Array.from({ length: WIDTH }, lane));
  onRows(counted.rows);
  return counted;
}

/** The households in pieces that one request can carry, in their order: the same file gives the same pieces. */
async function* pagesOf(roll: AsyncGenerator<Rolled, boolean>, wanted: (householdId: string) => boolean, counted: Counted) {
  let page: Rolled[] = [];
  let members = 0;
  for (;;) {
    const { done, value } = await roll.next();
    if (done) {
      counted.usable = value;
      break;
    }
    counted.rows = value.rows;
    const { household } = value;
    if (!wanted(household.householdId)) continue;
    if (page.length === MAX_HOUSEHOLDS || (page.length > 0 && members + household.members.length > MAX_MEMBERS)) {
      yield page;
      page = [];
      members = 0;
    }
    page.push(value);
    members += household.members.length;
  }
  if (page.length > 0) yield page;
}

function requestOf({ county, year, contributionFenPerHead }: RollImport, page: readonly Rolled[]) {
  return { county, year, contributionFenPerHead, households: page.map(({ household }): Household => household) };
}

function check(who: GatewayClient, roll: RollImport, page: readonly Rolled[]): Promise<Answer> {
  return who.call(EnrollmentServiceDefinition, "checkHouseholds", requestOf(roll, page), { timeoutMs: TIMEOUT_MS });
}

/** The request's id is what it says and how it was judged: sent again it gets the same answer, and another once something else has been decided of it. */
function enrol(who: GatewayClient, roll: RollImport, page: readonly Rolled[], refused: ReadonlyMap<string, string>): Promise<Answer> {
  const request = { ...requestOf(roll, page), queueDuplicates: roll.queueDuplicates };
  const judged = request.households.map(({ householdId }) => refused.get(householdId) ?? "");
  const text = JSON.stringify([request, judged], (_, value: unknown) => (typeof value === "bigint" ? value.toString() : value));
  const requestId = `roll-${createHash("sha256").update(text).digest("hex").slice(0, 32)}`;
  return who.call(EnrollmentServiceDefinition, "enrolHouseholds", { requestId, ...request }, { timeoutMs: TIMEOUT_MS });
}

function placed({ line, column, en }: Problem): string {
  return `${line}:${column}:${en}`;
}

/** How many lines a file has, the header left out: for the progress only. */
async function linesIn(file: string): Promise<number> {
  let lines = 0;
  for await (const chunk of createReadStream(file)) {
    const bytes = chunk as Buffer;
    for (let at = bytes.indexOf(LF); at >= 0; at = bytes.indexOf(LF, at + 1)) lines += 1;
  }
  return Math.max(0, lines - 1);
}

const COLUMNS = ["file", "line", "column", "field", "zh", "en"] as const;

/** The error report as a table that a spreadsheet opens. */
export function problemsCsv(problems: readonly Problem[]): string {
  const cell = (value: string | number) => (/[",\n]/.test(String(value)) ? `"${String(value).replaceAll('"', '""')}"` : String(value));
  return `\ufeff${[COLUMNS.join(","), ...problems.map((problem) => COLUMNS.map((name) => cell(problem[name])).join(","))].join("\r\n")}\r\n`;
}

const BAR = 30;

/** A line for a terminal: how far, how fast, and how long still. */
export function progressLine(what: string, done: number, of: number, seconds: number): string {
  const part = of > 0 ? Math.min(1, done / of) : 1;
  const full = Math.round(part * BAR);
  const speed = seconds > 0 ? Math.round(done / seconds) : 0;
  const left = speed > 0 ? Math.max(0, Math.round((of - done) / speed)) : 0;
  return `${what} ${"█".repeat(full)}${"░".repeat(BAR - full)} ${Math.round(part * 100)}% ${done}/${of} 行 rows · ${speed}/s · ${left} s`;
}
