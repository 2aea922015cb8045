/** `npm start`: from nothing to a paid day. Shows each step as it goes, then what a director wants to read, then the audit; then it stays up. */

import { join } from "node:path";
import { Listr } from "listr2";
import colours from "picocolors";
import { type Supervisor, stopOnSignals } from "../../deploy/local/supervisor.ts";
import type { Bill } from "../../proto/generated/nrcms/claims/v1/claims.ts";
import { ClaimState, ClaimsServiceDefinition } from "../../proto/generated/nrcms/claims/v1/claims.ts";
import { MonitoringServiceDefinition } from "../../proto/generated/nrcms/monitoring/v1/monitoring.ts";
import { SettlementServiceDefinition } from "../../proto/generated/nrcms/settlement/v1/settlement.ts";
import { auditMesh } from "../audit/audit.ts";
import type { AuditLine } from "../audit/findings.ts";
import { hostOf, mongoUri, type Topology } from "../mesh/topology.ts";
import { dayOf } from "../values/days.ts";
import {
  billAll,
  checkerDesk,
  closeWindow,
  cutScheduled,
  type DayTally,
  newTally,
  openPayables,
  reconcile,
  reportDays,
  reviewDesks,
  reviewOnce,
  waitFor,
} from "./day.ts";
import { assess, handInPapers, setTerms } from "./day-office.ts";
import { gatewayAddresses } from "./gateway-client.ts";
import { readBills } from "./import/bills.ts";
import { type PaperCase, readPaperCases } from "./import/papers.ts";
import { type Problem, problemText } from "./import/problems.ts";
import { type Assessed, readAssessed } from "./import/registers.ts";
import { listBanks } from "./payments.ts";
import { type People, people } from "./people.ts";
import { importFunds, importHouseholds, importReferrals, importRegisters, type Progress, type Region, readRegion } from "./region.ts";
import { REGION, startSandbox } from "./run.ts";
import { auditTable, isClean, money, overviewTable, windowTable } from "./summary.ts";

const PAID_LIMIT_MS = 120_000;
const WINDOW_LIMIT_MS = 120_000;
const STATEMENT_LIMIT_MS = 120_000;
const BILLING_WIDTH = 48;
/** YYYY-MM */
const MONTH = 7;

interface Working {
  region: Region;
  bills: readonly Bill[];
  papers: readonly PaperCase[];
  assessed: readonly Assessed[];
  supervisor: Supervisor;
  topology: Topology;
  people: People;
  tally: DayTally;
  firstPaidMs: number;
  day: string;
  lines: readonly AuditLine[];
}

export interface StartParts {
  readonly run: string;
  readonly startedMs: number;
  readonly once: boolean;
}

/** The part of a listr2 task that its work writes to. */
interface Task {
  output: string;
  title: string;
}

function tell(task: Task): (line: string) => void {
  return (line) => {
    task.output = line;
  };
}

/** Shows progress on a terminal as it comes, elsewhere by quarters. */
function shows(task: Pick<Task, "output">): Progress {
  const told = new Map<string, number>();
  return (what, done, of) => {
    const quarter = of === 0 ? 4 : Math.floor((4 * done) / of);
    if (!process.stdout.isTTY && told.get(what) === quarter) return;
    told.set(what, quarter);
    task.output = `${what} ${bar(done, of)} ${done}/${of}`;
  };
}

function bar(done: number, of: number): string {
  const full = of === 0 ? 20 : Math.round((20 * done) / of);
  return `${"█".repeat(full)}${"░".repeat(20 - full)}`;
}

/** Plays the day. Returns whether the audit is clean. Everything is stopped when it throws. */
export async function startDay({ run, startedMs, once }: StartParts): Promise<boolean> {
  const working = { tally: newTally(), firstPaidMs: 0 } as Working;
  const sinceStart = () => (performance.now() - startedMs) / 1000;
  let stop: () => Promise<void> = async () => {};
  const desks = new AbortController();
  const tasks = new Listr<Working>(
    [
      {
        title: "读取地区文件 reading the region's files",
        task: async (context, task) => {
          context.region = await readRegion(REGION);
          const problems = [...context.region.problems];
          const onProblem = (problem: Problem) => void problems.push(problem);
          context.bills = await readBills(join(REGION, "day.jsonl"), { onProblem });
          context.papers = await readPaperCases(join(REGION, "papers.jsonl"), { onProblem });
          context.assessed = await readAssessed(join(REGION, "assessed.csv"), { onProblem });
          if (problems.length > 0) throw new Error(problems.slice(0, 20).map(problemText).join("\n"));
          task.title = `${task.title}: ${context.region.institutions.length} 家机构 institutions, ${context.bills.length} 笔住院与门诊 stays and visits`;
        },
      },
      {
        title: "启动引擎与各服务双机 starting engines, pairs and the bank simulator",
        task: async (context, task) => {
          const onSupervisor = (supervisor: Supervisor): void => {
            stop = () => supervisor.stop();
            stopOnSignals(supervisor, (line) => console.error(line));
          };
          context.supervisor = await startSandbox({ run, region: context.region, say: tell(task), onSupervisor });
          context.topology = context.supervisor.topology;
          context.people = people(context.topology, run);
          context.day = dayOf(Date.now() + context.topology.clock_offset_ms);
          task.title = `${task.title}: ${context.supervisor.names().length} 个进程 processes`;
        },
      },
      {
        title: "登记县区、机构、目录与补助方案 counties, institutions, catalogue, schemes",
        task: (context, task) => importRegisters(context.region, context.people, shows(task)),
      },
      {
        title: "基金到账 the funds' money",
        task: (context, task) => importFunds(context.region, context.people, shows(task)),
      },
      {
        title: "参合登记 enrolment",
        task: async (context, task) => {
          const imported = await importHouseholds(context.region, context.people, shows(task));
          if (imported.refused.length > 0)
            throw new Error(`${imported.refused.length} households were refused:\n${imported.refused.slice(0, 20).join("\n")}`);
          await importReferrals(context.region, context.people, shows(task));
          task.title = `${task.title}: ${imported.households} 户 households, ${imported.members} 人 members, 缴费 contributions ${money(imported.contributionsFen)} 元`;
        },
      },
      {
        title: "手工报销、预留与按人头付费 bills on paper, withheld parts, pay by head",
        task: async (context, task) => {
          const { papers, assessed, people: who, day } = context;
          const [handed, byHead] = await Promise.all([handInPapers(papers, who), setTerms(assessed, who, day.slice(0, MONTH))]);
          task.title = `${task.title}: ${handed.handedIn} 份单据 papers (${handed.denied} 份被医院否认 denied by the hospital), 补偿 fund ${money(handed.fundFen)} 元; ${byHead.institutions} 家按人头 by head, ${byHead.heads} 人 heads, ${money(byHead.amountFen)} 元`;
        },
      },
      {
        title: "出院结算与审核 stays and visits, rules and reviewers",
        task: (context, task) => bill(context, task, desks.signal, sinceStart),
      },
      {
        title: "集中支付 payment through the bank",
        task: (context, task) => settleDown(context, task, desks),
      },
      {
        title: "考核与发还预留 assessments, by two people each",
        task: async (context, task) => {
          const { institutions, withheldFen, releasedFen, returnedFen } = await assess(
            context.assessed,
            context.people,
            context.day.slice(0, MONTH),
          );
          task.title = `${task.title}: ${institutions} 家 institutions, 预留 withheld ${money(withheldFen)} 元, 发还 released ${money(releasedFen)}, 返还基金 returned to the fund ${money(returnedFen)}`;
        },
      },
      {
        title: "异地结算 clearing between counties",
        task: async (context, task) => {
          const id = await closeWindow(context.people, WINDOW_LIMIT_MS);
          task.title = `${task.title}: ${id || "无债务 no obligations"}`;
          await settleDown(context, task, desks);
        },
      },
      {
        title: "对账 the banks' statements",
        task: async (context, task) => {
          const banks = await listBanks(context.people.as("treasurer"));
          for (const { bank } of banks) {
            const found = await reconcile(context.people, context.day, STATEMENT_LIMIT_MS, bank);
            if (!found) throw new Error(`银行 ${bank} 的对账单未到 / the statement of bank ${bank} did not come`);
            const of = banks.length > 1 ? `${bank} ` : "";
            task.title = `${task.title}; ${of}${found.entries} 笔 entries, 支出 debits ${money(found.debitsFen)} 元, ${found.breaks.length} 处不符 breaks`;
          }
        },
      },
      {
        title: "三方对账 hospitals' bills, claims and the bank",
        task: async (context, task) => {
          const { institutions, bills: count, breaks } = await reportDays(context.people, context.tally);
          const agree = breaks === 0 ? "全部相符 all matched" : `${breaks} 处不符 differ: nrcms reconcile breaks`;
          task.title = `${task.title}: ${institutions} 家机构 institutions, ${count} 笔账单 bills, ${agree}`;
        },
      },
      {
        title: "审计 audit of the invariants",
        task: async (context, task) => {
          desks.abort();
          context.lines = await auditSettled(context.topology, shows(task));
          task.title = `${task.title}: ${isClean(context.lines) ? "无差错 clean" : "有差错 BREACHED"}`;
        },
      },
    ],
    // On Ctrl-C its own listener would end this process at once, and with it everything that runs: what runs is to be stopped in order.
    { ctx: working, registerSignalListeners: false, fallbackRenderer: "simple", fallbackRendererCondition: () => !process.stdout.isTTY },
  );
  try {
    await tasks.run();
    await summary(working, sinceStart());
  } catch (error) {
    desks.abort();
    await stop();
    throw error;
  }
  const clean = isClean(working.lines);
  if (once) {
    working.people.close();
    await stop();
    return clean;
  }
  console.log(addresses(working.topology, run));
  return clean;
}

async function bill(context: Working, task: Task, signal: AbortSignal, sinceStart: () => number): Promise<void> {
  const { people: who, tally, bills, region } = context;
  const counties = region.counties.map((row) => row.county.county);
  const background = [reviewDesks(counties, who, tally, signal), checkerDesk(who, tally, signal)];
  for (const desk of background) desk.catch((error: unknown) => tell(task)(`a desk stopped: ${String(error)}`));
  const watching = watchFirst(bills, who, signal).then((paid) => {
    if (paid) context.firstPaidMs = sinceStart();
  });
  const show = shows(task);
  await billAll(bills, who, tally, BILLING_WIDTH, () => show("账单 bills", tally.submitted, bills.length));
  // What the rules held is decided before the orders are cut. Not counted by the answers: on a later day they are those of the first.
  if (!(await waitFor(async () => (await reviewOnce(counties, who, tally)) === 0, PAID_LIMIT_MS)))
    throw new Error("审核台仍有待审的补偿单 / claims still wait at the review desks");
  await watching;
  const refusals = [...tally.refusals].map(([code, count]) => `${code} ${count}`).join(", ");
  task.title = `${task.title}: 核准 ${tally.approved} approved at once, 异地办理中 ${tally.pending} elsewhere under way, 送审 ${tally.inReview} to the desk (此次已审 ${tally.reviewed.size} decided now), 拒收 ${tally.refused} refused${refusals ? ` (${refusals})` : ""}`;
}

/** Asks after the first bills until one of them is paid. */
async function watchFirst(bills: readonly Bill[], who: People, signal: AbortSignal): Promise<boolean> {
  const first = bills.slice(0, 8);
  let paid = false;
  await waitFor(async () => {
    for (const { claimId, institutionId } of first) {
      const claim = await who
        .as(`hospital-${institutionId}`)
        .call(ClaimsServiceDefinition, "getClaim", { claimId })
        .catch(() => undefined); // Not billed yet.
      if (claim?.claim?.state === ClaimState.PAID) paid = true;
    }
    return paid || signal.aborted;
  }, PAID_LIMIT_MS);
  return paid;
}

/** Waits until everything posted is paid; what a floor holds back is said. */
async function settleDown(context: Working, task: Task, desks: AbortController): Promise<void> {
  const most = (await openPayables(context.people)).open;
  const show = shows(task);
  const settled = await waitFor(async () => {
    const { open, held } = await openPayables(context.people);
    show("到账 paid", Math.max(0, most - open), most);
    // What fell due since the last look is gathered too: the last approvals may only now be payable.
    if (open - held > 0) await cutScheduled(context.people, context.day);
    return open - held <= 0;
  }, PAID_LIMIT_MS);
  if (!settled) {
    desks.abort();
    throw new Error(`${(await openPayables(context.people)).open} 笔应付款仍未支付 / payables are still open`);
  }
}

const AUDIT_TRIES = 8;

/** The last events may still be on their way to monitoring: audited again for a few seconds before a breach is believed. */
export async function auditSettled(topology: Topology, progress: Progress): Promise<readonly AuditLine[]> {
  let lines: readonly AuditLine[] = [];
  for (let attempt = 0; attempt < AUDIT_TRIES; attempt += 1) {
    lines = await auditMesh({
      uri: mongoUri(topology),
      nowMs: Date.now() + topology.clock_offset_ms,
      settled: true,
      onProgress: ({ invariant }) => progress("不变式 invariants", invariant, 8),
    });
    if (isClean(lines)) break;
    await new Promise((resolve) => setTimeout(resolve, 1_500));
  }
  return lines;
}

async function summary(context: Working, seconds: number): Promise<void> {
  const { people: who, region } = context;
  const names = new Map(region.counties.map(({ county }) => [county.county, `${county.nameZh} ${county.nameEn}`]));
  const [overview, windows, payables] = await Promise.all([
    who.as("supervisor").call(MonitoringServiceDefinition, "getOverview", { county: "" }),
    who.as("supervisor").call(SettlementServiceDefinition, "listWindows", {}),
    openPayables(who),
  ]);
  const closed = windows.windows.find((window) => window.obligations > 0 && window.positions.length > 0);
  console.log(`\n${colours.bold("一天的结果 The day")} ${context.day}\n${overviewTable(overview, names, payables.open)}`);
  if (closed) console.log(`\n${colours.bold("异地结算 Clearing")}\n${windowTable(closed, names)}`);
  console.log(`\n${colours.bold("审计 Audit")}\n${auditTable(context.lines)}`);
  const first = context.firstPaidMs > 0 ? `第一笔到账 first paid claim after ${context.firstPaidMs.toFixed(1)} s; ` : "";
  console.log(`\n${first}全部 all of it ${seconds.toFixed(1)} s`);
}

function addresses(topology: Topology, run: string): string {
  const gateway = topology.services.gateway;
  const bank = gateway
    ? `${hostOf(topology, gateway.a.server)}:${gateway.a.bank}, ${hostOf(topology, gateway.b.server)}:${gateway.b.bank}`
    : "";
  return [
    "",
    `gRPC   ${gatewayAddresses(topology).join(", ")}   证书在 certificates in ${join(run, "certs")}`,
    `银行 bank   https://${bank}/bank/v1/messages`,
    `试试 try    npx nrcms status · npx nrcms trace <claim> · npx nrcms audit · npx nrcms stop (or Ctrl-C here)`,
  ].join("\n");
}
