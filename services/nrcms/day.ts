/**
 * A working day, played from outside through the gateway, each role with its own certificate: hospitals check eligibility and bill, a reviewer decides what the rules hold,
 * the checker approves what the payment centre has made, the maker cuts the daily, weekly and monthly orders, the treasurer closes the clearing window, every county's treasurer confirms what it owes in it, and the statement is asked for.
 */
import { createHash } from "node:crypto";
import { PaySchedule } from "../../proto/generated/nrcms/administration/v1/administration.ts";
import {
  type Bill,
  BillReportState,
  type Claim,
  ClaimState,
  ClaimsServiceDefinition,
  Verdict,
} from "../../proto/generated/nrcms/claims/v1/claims.ts";
import { EnrollmentServiceDefinition } from "../../proto/generated/nrcms/enrollment/v1/enrollment.ts";
import { BatchState, PaymentServiceDefinition } from "../../proto/generated/nrcms/payment/v1/payment.ts";
import { Answer, SettlementServiceDefinition, type Window, WindowState } from "../../proto/generated/nrcms/settlement/v1/settlement.ts";
import { pause } from "../mesh/clock.ts";
import { MAIN_BANK } from "../values/banks.ts";
import { GatewayError } from "./gateway-client.ts";
import { each, type People } from "./people.ts";
import { reportDay } from "./reconcile.ts";
import { confirmRows, listWindows, closeWindow as orderToClose, showWindow } from "./windows.ts";

/** What the day's callers were told, claim by claim: their own record, to be compared with the mesh's and the bank's. */
export interface Acknowledged {
  readonly claimId: string;
  readonly institutionId: string;
  /** The bill's day. */
  readonly day: string;
  readonly state: string;
  readonly totalFen: bigint;
  /** What the institution is owed: the fund's part, and the family account's. */
  readonly fundFen: bigint;
}

export interface DayTally {
  submitted: number;
  approved: number;
  inReview: number;
  pending: number;
  refused: number;
  /** Claims that a reviewer decided; two desks that decide the same at once decide it once. */
  readonly reviewed: Set<string>;
  batchesApproved: number;
  readonly acknowledged: Acknowledged[];
  readonly refusals: Map<string, number>;
}

export function newTally(): DayTally {
  return {
    submitted: 0,
    approved: 0,
    inReview: 0,
    pending: 0,
    refused: 0,
    reviewed: new Set(),
    batchesApproved: 0,
    acknowledged: [],
    refusals: new Map(),
  };
}

/** Eligibility is asked for every so many bills: a hospital asks at admission, not at each bill. */
const ELIGIBILITY_EVERY = 10;

/** Bills every stay and visit, `width` hospitals at a time. Claim ids are request ids: billing twice is billing once. */
export async function billAll(bills: readonly Bill[], people: People, tally: DayTally, width: number, progress: () => void): Promise<void> {
  await each(bills, width, async (bill, index) => {
    const hospital = people.as(`hospital-${bill.institutionId}`);
    if (index % ELIGIBILITY_EVERY === 0) {
      await hospital.call(EnrollmentServiceDefinition, "checkEligibility", { personId: bill.personId, day: bill.dischargedOn });
    }
    try {
      const { claim } = await hospital.call(ClaimsServiceDefinition, "submitClaim", { requestId: bill.claimId, bill });
      const state = claim?.state ?? ClaimState.UNSPECIFIED;
      if (state === ClaimState.APPROVED || state === ClaimState.PAID) tally.approved += 1;
      else if (state === ClaimState.IN_REVIEW) tally.inReview += 1;
      else if (state === ClaimState.PENDING) tally.pending += 1;
      else tally.refused += 1;
      tally.acknowledged.push(acknowledged(bill, claim));
    } catch (error) {
      if (!(error instanceof GatewayError) || error.status === "UNAVAILABLE") throw error;
      tally.refused += 1;
      tally.refusals.set(error.code, (tally.refusals.get(error.code) ?? 0) + 1);
    }
    tally.submitted += 1;
    progress();
  });
}

function acknowledged({ claimId, institutionId, dischargedOn: day, totalFen }: Bill, claim: Claim | undefined): Acknowledged {
  const { fundFen = 0n, accountFen = 0n } = claim?.benefit ?? {};
  const owedFen = fundFen + accountFen + (claim?.correctedFen ?? 0n) + (claim?.correctedAccountFen ?? 0n);
  return { claimId, institutionId, day, state: claim?.state ?? ClaimState.UNSPECIFIED, totalFen, fundFen: owedFen };
}

export interface ThreeWay {
  readonly institutions: number;
  readonly bills: number;
  readonly breaks: number;
}

const REPORTS_AT_ONCE = 24;
/** What was not decided at the window, or did not stand. */
const OPEN_STATES: readonly string[] = [ClaimState.IN_REVIEW, ClaimState.PENDING];
const NOT_COUNTED: readonly string[] = [ClaimState.REFUSED, ClaimState.VOIDED, ClaimState.UNSPECIFIED];

/** Every hospital's day-end: it asks after what was not decided at the window, and reports each of its days. */
export async function reportDays(people: People, tally: DayTally): Promise<ThreeWay> {
  const books = await eachOf(tally.acknowledged, async (answered) => {
    if (!OPEN_STATES.includes(answered.state)) return answered;
    const hospital = people.as(`hospital-${answered.institutionId}`);
    const { claim } = await hospital.call(ClaimsServiceDefinition, "getClaim", { claimId: answered.claimId });
    return claim?.bill ? acknowledged(claim.bill, claim) : answered;
  });
  const days = [...Map.groupBy(books, ({ institutionId, day }) => `${institutionId} ${day}`).values()];
  const reports = await eachOf(days, async (own) => {
    const [{ institutionId, day } = { institutionId: "", day: "" }] = own;
    const standing = own.filter(({ state }) => !NOT_COUNTED.includes(state));
    const rows = standing.map(({ claimId, totalFen, fundFen }) => ({ claimId, totalFen, fundFen, voided: false }));
    return await reportDay(people.as(`hospital-${institutionId}`), { institutionId, day, rows });
  });
  const differing = reports.filter(({ state }) => state !== BillReportState.MATCHED);
  return {
    institutions: new Set(books.map(({ institutionId }) => institutionId)).size,
    bills: reports.reduce((bills, { hospital }) => bills + (hospital?.bills ?? 0), 0),
    breaks: differing.reduce((breaks, report) => breaks + report.breaks.length + report.breaksLeft, 0),
  };
}

async function eachOf<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  await each(items, REPORTS_AT_ONCE, async (item) => void results.push(await work(item)));
  return results;
}

const DESK_PAUSE_MS = 300;
/** The desk refuses about one held claim in sixteen: enough to see it, and always the same ones. */
const REFUSED_NIBBLE = "0";

/** The review desks of the counties, until the signal aborts: looks at what waits, decides, looks again. */
export async function reviewDesks(counties: readonly string[], people: People, tally: DayTally, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await reviewOnce(counties, people, tally);
    await pause(DESK_PAUSE_MS, signal);
  }
}

/** One look at every county's desk, where each task is decided. Returns how many there were; a paper that its hospital has not confirmed is none of the desk's yet. */
export async function reviewOnce(counties: readonly string[], people: People, tally: DayTally): Promise<number> {
  let waiting = 0;
  await each(counties, 6, async (county) => {
    const reviewer = people.as(`reviewer-${county}`);
    const tasks = (await reviewer.call(ClaimsServiceDefinition, "listReviewTasks", { county })).claims;
    const claims = tasks.filter(({ paper }) => !paper || paper.confirmation !== undefined);
    waiting += claims.length;
    await each(claims, 8, async (claim) => {
      const claimId = claim.bill?.claimId ?? "";
      const refuse = createHash("sha256").update(claimId).digest("hex").startsWith(REFUSED_NIBBLE);
      const verdict = refuse ? Verdict.REFUSE : Verdict.APPROVE;
      try {
        await reviewer.call(ClaimsServiceDefinition, "reviewClaim", {
          requestId: `review-${claimId}`,
          county,
          claimId,
          verdict,
          deductions: [],
          words: [],
          reason: refuse ? "第三方责任 / a third party is liable" : "",
        });
        tally.reviewed.add(claimId);
      } catch (error) {
        // The list was read a moment ago: another desk may have decided since.
        if (!(error instanceof GatewayError && error.code === "NOT_IN_REVIEW")) throw error;
      }
    });
  });
  return waiting;
}

const CHECKER_PAUSE_MS = 120;
/** The list was read a moment ago. */
const APPROVED_MEANWHILE = new Set(["NOT_PROPOSED", "BATCH_CHANGED", "ANOTHER_CHECKER"]);

/** The checker's desk, until the signal aborts: approves each proposed batch after looking at its content hash; a large one his deputy as well. */
export async function checkerDesk(people: People, tally: DayTally, signal: AbortSignal): Promise<void> {
  const checker = people.as("checker");
  const deputy = people.as("deputy-checker");
  while (!signal.aborted) {
    const { batches } = await checker.call(PaymentServiceDefinition, "listBatches", { state: BatchState.PROPOSED, bank: "" });
    await each(batches, 4, async (batch) => {
      try {
        // A large batch that one has approved wants another's word. What is approved is the content: called back from meanwhile, the batch is another.
        const [who, name] = batch.approvals.length === 0 ? [checker, "approve"] : [deputy, "approve-too"];
        await who.call(PaymentServiceDefinition, "approveBatch", {
          requestId: `${name}-${batch.batchId}-${batch.contentHash.slice(0, 16)}`,
          batchId: batch.batchId,
          expectedHash: batch.contentHash,
        });
        tally.batchesApproved += 1;
      } catch (error) {
        if (!(error instanceof GatewayError && APPROVED_MEANWHILE.has(error.code))) throw error;
      }
    });
    await pause(batches.length > 0 ? CHECKER_PAUSE_MS / 4 : CHECKER_PAUSE_MS, signal);
  }
}

export interface OpenPayables {
  readonly open: number;
  readonly held: number;
}

/** What is posted and not yet paid, as the ledger has it. */
export async function openPayables(people: People): Promise<OpenPayables> {
  const balance = await people.as("treasurer").call(SettlementServiceDefinition, "getTrialBalance", { county: "", day: "" });
  return { open: Number(balance.payablesOpen), held: Number(balance.payablesHeld) };
}

/** Waits until a condition holds, asking every 200 ms; false where `limitMs` passed. */
export async function waitFor(condition: () => Promise<boolean>, limitMs: number): Promise<boolean> {
  const untilMs = performance.now() + limitMs;
  while (!(await condition())) {
    if (performance.now() > untilMs) return false;
    await pause(200);
  }
  return true;
}

/** The maker gathers what hospitals want paid once a day, a week and a month. */
export async function cutScheduled(people: People, day: string): Promise<void> {
  for (const schedule of [PaySchedule.DAILY, PaySchedule.WEEKLY, PaySchedule.MONTHLY] as const) {
    // One request gathers up to the batch limits: asked again until nothing is left, under a new id each time.
    for (let part = 1; part <= 50; part += 1) {
      try {
        const { batches } = await people.as("maker").call(PaymentServiceDefinition, "cutBatch", {
          requestId: `cut-${schedule}-${day}-${Date.now()}-${part}`,
          schedule,
          upToDay: day,
        });
        if (batches.length === 0) break;
      } catch (error) {
        if (error instanceof GatewayError && error.code === "NOTHING_DUE") break;
        throw error;
      }
    }
  }
}

/** Closes the open clearing window if it holds obligations, has every debtor confirm it, and waits until its transfers are paid. Returns the newest closed window's id, empty where there is none. */
export async function closeWindow(people: People, limitMs: number): Promise<string> {
  const treasurer = people.as("treasurer");
  const stored = await listWindows(treasurer);
  const open = stored.find((window) => window.state === WindowState.OPEN);
  if (!open || open.obligations === 0) return stored.find((window) => window.state === WindowState.SETTLED)?.windowId ?? "";
  const { windowId } = open;
  await confirmWindow(people, await orderToClose(treasurer, windowId));
  await waitFor(async () => (await showWindow(treasurer, windowId)).window?.state === WindowState.SETTLED, limitMs);
  return windowId;
}

/** Each debtor's treasurer reads its rows and confirms them, where a window has days to be answered. */
async function confirmWindow(people: People, { windowId, state, parties }: Window): Promise<void> {
  if (state !== WindowState.CONFIRMING) return;
  const debtors = parties.filter(({ rows, answer }) => rows > 0 && answer === Answer.WAITING);
  await each(debtors, 4, async ({ county }) => {
    try {
      await confirmRows(people.as(`treasurer-${county}`), windowId, county);
    } catch (error) {
      // Said by somebody else since, and the window is netted.
      if (!(error instanceof GatewayError && error.code === "NOT_CONFIRMING")) throw error;
    }
  });
}

/** Asks a bank for the day's statement and waits for its reconciliation. Returns undefined where it did not come. */
export async function reconcile(people: People, day: string, limitMs: number, bank: string = MAIN_BANK) {
  const treasurer = people.as("treasurer");
  await treasurer.call(PaymentServiceDefinition, "fetchStatement", { requestId: `statement-${bank}-${day}-${Date.now()}`, day, bank });
  let found: Awaited<ReturnType<typeof ask>> | undefined;
  const ask = async () => await treasurer.call(PaymentServiceDefinition, "getReconciliation", { day, bank });
  await waitFor(async () => {
    try {
      found = await ask();
      return true;
    } catch (error) {
      if (error instanceof GatewayError && error.code === "NO_STATEMENT") return false;
      throw error;
    }
  }, limitMs);
  return found;
}
