/**
 * The main job on the whole sample region, as a user starts it: a process on a run directory of its own. A day ends with a clean audit; the next start goes on
 * with what is stored and pays nobody again; Ctrl-C leaves nothing behind; and no log names a person.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MongoClient } from "mongodb";
import { afterAll, expect, test } from "vitest";
import { endLeftovers, leftovers } from "../../deploy/local/leftovers.ts";
import { ClaimsServiceDefinition } from "../../proto/generated/nrcms/claims/v1/claims.ts";
import { auditApart } from "../../services/audit/apart.ts";
import { pause } from "../../services/mesh/clock.ts";
import { mongoUri, readTopology } from "../../services/mesh/topology.ts";
import { readPaperCases } from "../../services/nrcms/import/papers.ts";
import { each, people } from "../../services/nrcms/people.ts";
import { readRegion } from "../../services/nrcms/region.ts";
import { REGION } from "../../services/nrcms/run.ts";
import { paidByBank, personalFound, personalIn, sumOf } from "../harness/day-books.ts";
import { sampleBills } from "../harness/door-mesh.ts";
import { nrcms, type Running, startNrcms } from "../harness/nrcms.ts";

const LIMIT_MS = 900_000;
/** A stop is bounded at 10 s by the supervisor itself; a machine that is busy with other things needs longer to notice. */
const STOP_LIMIT_MS = 60_000;
const INVARIANTS = 9;
/** The engines run by then, and wait for each other. */
const STARTING_MS = 2_000;
/** Few enough to be answered in time by a machine that is busy with other things as well. */
const EXPLAINED_AT_ONCE = 16;
const LOGS = 24;
/** mongod itself writes whole commands into its log where they were slow ("Slow query", "Applied op"): a matter of its settings. */
const MONGOD_SLOW = /^\{.*"id":5180[13],.*$/gm;
const LAST_WORDS = '"level":60,';

const run = mkdtempSync(join(tmpdir(), "nrcms-day-"));
const bills = await sampleBills();
const region = await readRegion(REGION);
const papers = await readPaperCases(join(REGION, "papers.jsonl"), {
  onProblem: (problem) => {
    throw new Error(JSON.stringify(problem));
  },
});
const personal = await personalIn();
const open: Running[] = [];
let firstTotal = "";
let firstPaid: ReadonlyMap<string, bigint> = new Map();

afterAll(async () => {
  for (const { child } of open) if (child.exitCode === null) child.kill("SIGTERM");
  await Promise.all(open.map((one) => one.ended));
  await endLeftovers(run, () => undefined);
  rmSync(run, { recursive: true, force: true });
}, LIMIT_MS);

function start(...parameters: string[]): Running {
  const running = startNrcms(run, ...parameters);
  open.push(running);
  return running;
}

/** The row of all counties together, without its last column, the time. */
function totalOf(output: string): string {
  const line = output.split("\n").findLast((one) => one.includes("合计 total"));
  const cells = (line ?? "").split("│").map((cell) => cell.trim());
  return cells.slice(1, -2).join(" | ");
}

function expectSummary(output: string): void {
  expect(output, output.slice(-3_000)).toMatch(/audit of the invariants: 无差错 clean/);
  for (const { county } of region.counties) expect(output).toContain(`${county.nameZh} ${county.nameEn}`);
  expect(output).toMatch(/W\d+ 已结清 settled: \d+ 笔债务 obligations/);
  expect(output).toMatch(/ → .* 元 {2}已到账 settled/);
  expect(output).toMatch(/ 0 处不符 breaks/);
  expect(output).toMatch(/三方对账 .* 全部相符 all matched/);
  expect(output).toMatch(/手工报销.*: 6 份单据 papers \(1 份被医院否认/);
  expect(output).toMatch(/考核与发还预留.*: 2 家 institutions, 预留 withheld [\d,]+\.\d\d 元/);
  expect(output).toMatch(/the banks' statements; main \d+ 笔 entries.*, 0 处不符 breaks; icbc \d+ 笔 entries.*, 0 处不符 breaks/);
  expect(output.match(/✓ 无差错 clean/g)).toHaveLength(INVARIANTS);
  expect(output).not.toMatch(/✗|undefined|NaN|\[object/);
}

test("a day from nothing: everything is paid, cleared and reconciled, and the audit is clean", { timeout: LIMIT_MS }, async () => {
  const { code, stdout, stderr } = await start("day", "--once").ended;
  expectSummary(stdout);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  firstTotal = totalOf(stdout);
  const [, approved, benefitYuan, paid, paidYuan] = firstTotal.split(" | ");
  expect(Number(approved)).toBeGreaterThan(2_300);
  // Two stays lie below the deductible: approved, and nothing to pay.
  expect(Number(approved) - Number(paid)).toBe(2);
  expect(stdout).toContain("2 笔低于起付线");
  expect(paidYuan).toBe(benefitYuan);
  expect(leftovers(run)).toEqual([]);
  firstPaid = paidByBank(run);
  expect(firstPaid.size).toBeGreaterThan(1_000);
});

test("a second start goes on with what is stored, pays nobody again, and stays up", { timeout: LIMIT_MS }, async () => {
  const day = start("day");
  await day.says("npx nrcms status", LIMIT_MS);
  expectSummary(day.output());
  // The same claims, the same money: billed again, answered again, paid once.
  expect(totalOf(day.output())).toBe(firstTotal);
  expect(paidByBank(run)).toEqual(firstPaid);
  await checkFromOutside();
});

test("while it is up, its status, a claim's trace and its audit can be asked for", { timeout: LIMIT_MS }, async () => {
  const status = await nrcms(run, "status");
  expect(status).toMatchObject({ code: 0, stderr: "" });
  const audit = await nrcms(run, "audit", "--settled", "--json");
  expect(audit).toMatchObject({ code: 0, stderr: "" });
  const trace = await nrcms(run, "trace", bills[0]?.claimId ?? "", "--json");
  expect(trace).toMatchObject({ code: 0, stderr: "" });
  const steps = JSON.parse(trace.stdout) as { service: string; method: string; atMs: number; traceId: string }[];
  expect(steps[0]).toMatchObject({ service: "claims", method: "SubmitClaim", traceId: expect.stringMatching(/^[0-9a-f]{32}$/) });
  expect(new Set(steps.map((step) => step.service))).toEqual(new Set(["claims", "settlement", "payment"]));
  expect(steps.map((step) => step.atMs)).toEqual(steps.map((step) => step.atMs).toSorted((a, b) => a - b));
});

test("every third claim of the day is explained from stored documents, and what comes out is what was answered", {
  timeout: LIMIT_MS,
}, async () => {
  const who = people(readTopology(join(run, "topology.yaml")), run);
  try {
    const third = bills.filter((_, index) => index % 3 === 0);
    await each(third, EXPLAINED_AT_ONCE, async ({ claimId, totalFen }) => {
      const { claim, steps } = await who.as("operator").call(ClaimsServiceDefinition, "explainClaim", { claimId });
      expect(steps.at(-1), claimId).toMatchObject({ step: "PATIENT", inFen: totalFen, outFen: claim?.benefit?.patientFen });
    });
  } finally {
    who.close();
  }
  const { claimId } = bills[0] ?? {};
  const shown = await nrcms(run, "explain", claimId ?? "");
  expect(shown).toMatchObject({ code: 0, stderr: "" });
  expect(shown.stdout).toMatch(/补偿计算单 .*APPROVED|PAID/);
  expect(shown.stdout).toMatch(/基金支付（大写）: [壹贰叁肆伍陆柒捌玖拾佰仟万元角分零整]+/);
  expect(await nrcms(run, "explain", "nothing")).toMatchObject({ code: 1, stderr: expect.stringContaining("UNKNOWN_CLAIM") });
  const schemes = await nrcms(run, "scheme", "list", region.counties[0]?.county.county ?? "");
  expect(schemes).toMatchObject({ code: 0, stdout: expect.stringMatching(/PUBLISHED.*administrator, director/) });
});

async function interrupted({ child, ended }: Running): Promise<void> {
  child.kill("SIGINT");
  const timer = setTimeout(() => child.kill("SIGKILL"), STOP_LIMIT_MS);
  expect(await ended).toMatchObject({ code: 130, signal: null });
  clearTimeout(timer);
  expect(leftovers(run)).toEqual([]);
}

test("Ctrl-C stops it and leaves no process behind", { timeout: LIMIT_MS }, async () => {
  const [day] = open.slice(-1) as [Running];
  expect(day.child.exitCode).toBeNull();
  expect(leftovers(run).length).toBeGreaterThan(LOGS - 2);
  await interrupted(day);
  expect((await nrcms(run, "stop")).stdout).toContain("nothing runs");
});

test("Ctrl-C while it starts stops everything in order as well", { timeout: LIMIT_MS }, async () => {
  const day = start("day");
  await day.says("启动引擎", LIMIT_MS);
  await pause(STARTING_MS);
  await interrupted(day);
});

test("two days have written no name, no identity number and no account into a log, and each line of a twin is JSON", {
  timeout: 60_000,
}, () => {
  const logs = readdirSync(join(run, "logs"));
  expect(logs).toHaveLength(LOGS);
  for (const name of logs) {
    const text = readFileSync(join(run, "logs", name), "utf8").replaceAll(MONGOD_SLOW, "");
    expect(personalFound(text, personal), name).toEqual([]);
    if (!/^[a-z]+\.[ab]\.log$/.test(name)) continue;
    const told = text.trimEnd().split("\n");
    const wrong = told.filter((line) => !line.startsWith("{") || line.includes(LAST_WORDS));
    expect(wrong, `${name}: what is no line of JSON, and who ended for an error that nobody caught`).toEqual([]);
    for (const line of told)
      expect(JSON.parse(line), name).toMatchObject({ process: name.slice(0, -".log".length), msg: expect.any(String) });
  }
});

interface StoredClaim {
  readonly _id: string;
  readonly state: string;
  readonly benefit: { readonly fundFen: bigint; readonly accountFen: bigint };
}

/** What settlement's documents of a kind say together. */
async function summed(mongo: MongoClient, kind: string, field: string): Promise<bigint> {
  const [row] = await mongo
    .db("nrcms_settlement")
    .collection(kind)
    .aggregate<{ fen: bigint }>([{ $group: { _id: null, fen: { $sum: field } } }])
    .toArray();
  return row?.fen ?? 0n;
}

/** The hospitals' bills, the stored claims and the bank's own books, claim by claim and to the fen. */
async function checkFromOutside(): Promise<void> {
  const topology = readTopology(join(run, "topology.yaml"));
  const mongo = new MongoClient(mongoUri(topology), { useBigInt64: true, readConcernLevel: "majority" });
  try {
    const claims = await mongo.db("nrcms_claims").collection<StoredClaim>("claims").find().toArray();
    const handedIn = [...bills.map((bill) => bill.claimId), ...papers.map(({ file }) => file.bill?.claimId ?? "")];
    expect(claims.map(({ _id }) => _id).toSorted()).toEqual(handedIn.toSorted());
    const unpaid = claims.filter(({ state }) => state !== "PAID");
    const promised = ({ benefit }: StoredClaim) => benefit.fundFen + benefit.accountFen;
    expect(unpaid.filter((claim) => claim.state !== "REFUSED" && promised(claim) > 0n)).toEqual([]);
    const benefitFen = claims.filter(({ state }) => state === "PAID").reduce((sum, claim) => sum + promised(claim), 0n);
    const windows = await mongo.db("nrcms_settlement").collection("windows").find().toArray();
    const transfers = windows.flatMap((window) => (window.transfers ?? []) as { readonly amountFen: bigint }[]);
    expect(transfers.length).toBeGreaterThan(0);
    const transfersFen = transfers.reduce((sum, { amountFen }) => sum + amountFen, 0n);
    const byHeadFen = await summed(mongo, "capitations", "$amountFen");
    const keptFen = await summed(mongo, "assessments", "$returnedFen");
    expect(byHeadFen).toBeGreaterThan(0n);
    expect(keptFen).toBeGreaterThan(0n);
    expect(
      sumOf(paidByBank(run)),
      "the bank paid the benefits with the family accounts' parts, by head and the transfers, less what assessments kept",
    ).toBe(benefitFen + byHeadFen - keptFen + transfersFen);
    const nowMs = Date.now() + topology.clock_offset_ms;
    const { lines, peakRssBytes } = await auditApart({ uri: mongoUri(topology), nowMs, settled: true, background: false });
    expect(peakRssBytes).toBeLessThan(512 * 1_048_576);
    expect(lines.flatMap((line) => line.breaches)).toEqual([]);
  } finally {
    await mongo.close();
  }
}
