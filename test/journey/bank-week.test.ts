/**
 * A week with a bank that misbehaves, another fault each day in an order that a seed decides, on the real mesh: nobody is paid twice, nobody is forgotten, and what the bank does
 * wrong stands on the reconciliation list under its right name. Another bank, which keeps another county's money and speaks another language, is good all week: whatever the first does, its county
 * is paid the same day, and its statements agree. Each night the mesh is stopped and started again on the next day.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import type { Bill } from "../../proto/generated/nrcms/claims/v1/claims.ts";
import { FundSource, SettlementServiceDefinition } from "../../proto/generated/nrcms/settlement/v1/settlement.ts";
import { billAll, checkerDesk, cutScheduled, newTally, openPayables, reconcile, reviewOnce, waitFor } from "../../services/nrcms/day.ts";
import { GatewayError } from "../../services/nrcms/gateway-client.ts";
import { accountsOnCheck, confirmAccount, openBreaks, ordersToReissue, reissueOrder } from "../../services/nrcms/payments.ts";
import { auditSettled } from "../../services/nrcms/start.ts";
import { addDays, startOfDayMs } from "../../services/values/days.ts";
import { paidByBank } from "../harness/day-books.ts";
import { type DoorMesh, regionFor, sampleBills, startDoorMesh } from "../harness/door-mesh.ts";
import { secondBank } from "../harness/mesh.ts";
import { askBank } from "../harness/region-mesh.ts";

const LIMIT_MS = 900_000;
const WAIT_LIMIT_MS = 90_000;
const MONDAY = "2011-11-28";
const COUNTY = "640521";
const OTHER_COUNTY = "640424";
const OTHER = secondBank([OTHER_COUNTY]);
const BILLS_A_DAY = { [COUNTY]: 9, [OTHER_COUNTY]: 3 };
/** So long a day lasts on which the first bank leaves things unpaid. */
const LEAVING_MS = 8_000;
const MORNING_MS = 10 * 3_600_000;
const SEED = Number(process.env.NRCMS_SEED ?? 20_111_128);

interface BankDay {
  readonly what: string;
  /** What the bank is told in the morning, and in the evening before its statement is asked for. */
  readonly morning: (account: string) => object;
  readonly evening?: object;
  /** What it leaves unpaid until the next morning. */
  readonly leaves?: boolean;
  /** Kinds of break that stand in the end because of this day, and only those. */
  readonly breaks: readonly string[];
}

const WEEK: readonly BankDay[] = [
  {
    what: "is slow, and refuses one payee",
    morning: (account) => ({ delayMs: 1_500, rejectAccounts: { [account]: "BE01" } }),
    leaves: true,
    breaks: [],
  },
  { what: "is down all day", morning: () => ({ down: true }), leaves: true, breaks: [] },
  { what: "executes and times out, answers twice", morning: () => ({ timeoutAfterExecuting: 2, answerTwice: 2 }), breaks: [] },
  { what: "answers another file, half a file, 50 MB", morning: () => ({ answerAnother: 1, malformed: 1, huge: 1 }), breaks: [] },
  {
    what: "sends money back two days later",
    morning: (account) => ({ returnAccounts: { [account]: { reason: "AM04", afterMs: 2 * 86_400_000 } } }),
    breaks: [],
  },
  {
    what: "debits an order twice, and what nobody ordered",
    morning: () => ({ bookTwice: 1, stray: 2 }),
    breaks: ["DUPLICATE", "MISSING_HERE"],
  },
  {
    what: "books batches as one entry, its clock a day ahead, its sums wrong",
    morning: () => ({ bookBatches: "sum", clockDays: 1 }),
    evening: { wrongClosingFen: 100 },
    breaks: ["STATEMENT_SUM"],
  },
];
const GOOD_BANK = {
  delayMs: 0,
  rejectAccounts: {},
  returnAccounts: {},
  down: false,
  bookBatches: "asked",
  wrongClosingFen: 0,
  clockDays: 0,
};

/**
 * What the days leave on the list. A statement that closes wrong is joined by none of the later ones; where it was fetched again from a better bank, because the bank has said more of one of its batches,
 * both have ended.
 */
function expectedBreaks(week: readonly BankDay[], found: ReadonlySet<string>): string[] {
  const wrong = week.findIndex((day) => day.breaks.includes("STATEMENT_SUM"));
  const later = week.slice(wrong + 1).some((day) => !isDown(day));
  const isMended = !found.has("STATEMENT_SUM");
  const all = new Set([...week.flatMap((day) => day.breaks), ...(later ? ["BALANCE_GAP"] : [])]);
  return [...all].filter((kind) => !(isMended && (kind === "STATEMENT_SUM" || kind === "BALANCE_GAP"))).sort();
}

function isDown(day: BankDay): boolean {
  return "down" in day.morning("");
}

/** The week in the seed's order. */
function shuffled<T>(list: readonly T[], seed: number): T[] {
  const rest = [...list];
  const order: T[] = [];
  for (let state = seed; rest.length > 0; ) {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    order.push(...rest.splice(state % rest.length, 1));
  }
  return order;
}

const run = mkdtempSync(join(tmpdir(), "nrcms-week-"));
let mesh: DoorMesh | undefined;
afterAll(async () => {
  await mesh?.stop();
  rmSync(run, { recursive: true, force: true });
}, LIMIT_MS);

/** Each day's bills of the counties' people in their own hospitals. */
async function homeBills(): Promise<Bill[][]> {
  const all = await sampleBills();
  const days: Bill[][] = WEEK.map(() => []);
  for (const [county, each] of Object.entries(BILLS_A_DAY)) {
    const own = all.filter((bill) => bill.personId.startsWith(county) && bill.institutionId.startsWith(`H${county}`));
    for (const [index, bills] of days.entries()) bills.push(...own.slice(index * each, (index + 1) * each));
  }
  return days;
}

test(`a week with a bank that misbehaves (NRCMS_SEED=${SEED})`, { timeout: LIMIT_MS, retry: 0 }, async () => {
  const bills = await homeBills();
  const region = await regionFor(bills.flat());
  const week = shuffled(WEEK, SEED);
  for (const [index, day] of week.entries()) {
    const today = addDays(MONDAY, index);
    const startedMs = performance.now();
    mesh = await startDoorMesh({
      region,
      run,
      imported: index === 0,
      change: (topology) => {
        topology.clock_offset_ms = Math.round(startOfDayMs(today) + MORNING_MS - Date.now());
        topology.other_banks = [OTHER];
      },
    });
    await spend(mesh, day, today, bills[index] ?? [], index);
    console.info(`${today} the bank ${day.what}: ${((performance.now() - startedMs) / 1000).toFixed(1)} s`);
    if (index < week.length - 1) {
      await mesh.stop();
      mesh = undefined;
    }
  }
  const last = addDays(MONDAY, week.length - 1);
  if (!mesh) throw new Error("the mesh of the last day is up");
  // The next morning finds a good bank; what is left is paid, and nothing was ever debited twice by an order of ours.
  await askBank(mesh, "/control", GOOD_BANK);
  await settleAll(mesh, last);
  expect(paidByBank(run).size).toBeGreaterThan(week.length);
  const breaks = await openBreaks(mesh.people.as("treasurer"), last);
  const told = breaks.map(
    ({ day, bank, found }) => `${bank} ${day} ${found?.kind} ${found?.endToEndId} ${found?.oursFen}/${found?.banksFen}: ${found?.en}`,
  );
  const kinds = new Set(breaks.map(({ found }) => `${found?.kind}`));
  expect([...kinds].sort(), told.join("\n")).toEqual(expectedBreaks(week, kinds));
  expect(breaks.filter(({ bank }) => bank === OTHER.id)).toEqual([]);
  expect(breaks.every(({ found }) => found?.owner !== undefined && found.repairEn !== "")).toBe(true);
  const lines = await auditSettled(mesh.topology, () => undefined);
  expect(lines.flatMap((line) => line.breaches)).toEqual([]);
});

async function spend(mesh: DoorMesh, day: BankDay, today: string, bills: readonly Bill[], index: number): Promise<void> {
  const { people } = mesh;
  if (index === 0) {
    for (const county of [COUNTY, OTHER_COUNTY]) {
      const receipt = { county, source: FundSource.PROVINCE, amountFen: 100_000_000n, reference: `subsidy-of-the-test-${county}` };
      await people.as("treasurer").call(SettlementServiceDefinition, "receiveFunds", { requestId: `more-money-${county}`, ...receipt });
    }
  }
  const account =
    mesh.region.institutions.find(({ institutionId }) => institutionId === bills[0]?.institutionId)?.account?.accountNumber ?? "";
  await askBank(mesh, "/control", { ...GOOD_BANK, ...day.morning(account) });
  const tally = newTally();
  await billAll(bills, people, tally, 4, () => undefined);
  expect(await waitFor(async () => (await reviewOnce([COUNTY, OTHER_COUNTY], people, tally)) === 0, WAIT_LIMIT_MS)).toBe(true);
  if (day.leaves) await leave(mesh, today);
  else await settleAll(mesh, today);
  if (day.evening) await askBank(mesh, "/control", day.evening);
  const other = await reconcile(people, today, WAIT_LIMIT_MS, OTHER.id);
  expect(other, `the other bank's statement of ${today}`).toMatchObject({ bank: OTHER.id, breaks: [] });
  expect(other?.entries).toBeGreaterThan(0);
  if (isDown(day)) return;
  await reconcile(people, today, WAIT_LIMIT_MS);
  // And once more by itself, twice, the one of the day before in between.
  await askBank(mesh, "/control", { tellStatements: [today, addDays(today, -1), today] });
}

/** A day on which the first bank leaves things unpaid: the other county is paid all the same. */
async function leave(mesh: DoorMesh, today: string): Promise<void> {
  const untilMs = performance.now() + LEAVING_MS;
  const openOfOther = async () => {
    const balance = { county: OTHER_COUNTY, day: "" };
    return (await mesh.people.as("treasurer").call(SettlementServiceDefinition, "getTrialBalance", balance)).payablesOpen;
  };
  const paid = await work(mesh, today, WAIT_LIMIT_MS, async () => Number(await openOfOther()) === 0 && performance.now() > untilMs);
  expect(paid, `what ${OTHER_COUNTY} owes is paid on ${today}`).toBe(true);
}

/** The payment centre at work until all is paid that can be. */
async function settleAll(mesh: DoorMesh, today: string): Promise<void> {
  const paid = await work(mesh, today, WAIT_LIMIT_MS, async () => (await openPayables(mesh.people)).open === 0);
  expect(paid, `everything due on ${today} is paid`).toBe(true);
}

/** Maker, checkers and treasurer do their part again and again until the condition holds or the time is up. */
async function work(mesh: DoorMesh, today: string, limitMs: number, until: () => Promise<boolean>): Promise<boolean> {
  const { people } = mesh;
  const desks = new AbortController();
  const checker = checkerDesk(people, newTally(), desks.signal);
  try {
    return await waitFor(async () => {
      await cutScheduled(people, today);
      for (const { bank, account } of await accountsOnCheck(people.as("treasurer")))
        if (account) await confirmAccount(people.as("treasurer"), { ...account, bank, reason: "电话核实" });
      for (const { orderId } of await ordersToReissue(people.as("maker")))
        await reissueOrder(people.as("maker"), orderId, {}).catch((error: unknown) => {
          // Its end has come meanwhile.
          if (!(error instanceof GatewayError)) throw error;
        });
      return await until();
    }, limitMs);
  } finally {
    desks.abort();
    await checker;
  }
}
