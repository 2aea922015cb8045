/** A hospital's day-end report through the door, and what the timers make of it: what is lost on a side is found, and ends by itself. */
import { beforeEach, describe, expect, test } from "vitest";
import { ClaimsServiceDefinition as definition } from "../../../proto/generated/nrcms/claims/v1/claims.ts";
import { type BillReport, billReports, MAX_BILLS, reportBillRows } from "../../../services/claims/domain/bill-report.ts";
import { type Bill, type Claim, claims, type Invoice, invoices } from "../../../services/claims/domain/documents.ts";
import { paymentsReturned } from "../../../services/claims/domain/payments-returned.ts";
import { paymentsSettled } from "../../../services/claims/domain/payments-settled.ts";
import type { BillRow, BillTotals } from "../../../services/claims/domain/three-way.ts";
import { voidClaim } from "../../../services/claims/domain/void-claim.ts";
import { reportCalls } from "../../../services/claims/report-calls.ts";
import { lastReportable, reportTimers } from "../../../services/claims/report-timers.ts";
import type { Ask, CommandCall, Method, QueryCall, Timer } from "../../../services/mesh/wiring.ts";
import type { Caller } from "../../../services/values/decision.ts";
import { isAskOwner, isRefusal } from "../../../services/values/outcome.ts";
import type { World } from "../../harness/decide.ts";
import { worldReader } from "../../harness/world-reader.ts";
import { bill, cover, region, submitted, visit, ZHONGNING } from "./nx-ref.ts";

const { methods } = definition;
const HOSPITAL: Caller = { name: "his", role: "HOSPITAL", scope: "TOWNSHIP-1" };
const OTHER: Caller = { name: "his-2", role: "HOSPITAL", scope: "COUNTY-1" };
const REVIEWER: Caller = { name: "reviewer", role: "REVIEWER", scope: ZHONGNING };
const ELSEWHERE: Caller = { name: "reviewer-2", role: "REVIEWER", scope: "640424" };
const DAY = "2011-11-24";
const NOON = Date.parse("2011-11-25T12:00:00+08:00");
const MINUTE_MS = 60_000;

let world: World;
let timers: readonly Timer[];
let nowMs: number;

const ask: Ask = async () => ({ institutions: [] }) as never;
const served = () => reportCalls({ reader: worldReader(world), ask, settings: {} });

// biome-ignore lint/suspicious/noExplicitAny: one door for every method.
async function command(method: Method<any, any>, request: object, by = HOSPITAL): Promise<any> {
  const call = served().find((one): one is CommandCall => one.act === "command" && one.method === method);
  if (!call) throw new Error(`${method.name} is not served`);
  const body = method.requestType.decode(method.requestType.encode({ requestId: "r", ...request }).finish());
  const refused = call.check(body, by);
  if (refused) return refused;
  let { result } = world.run(call.decision, call.input(body, by), { caller: by, atMs: nowMs });
  if (isAskOwner(result)) result = world.run(call.decision, await call.ask?.(body, by), { caller: by, atMs: nowMs }).result;
  return isRefusal(result) || "outcome" in (result as object) ? result : call.reply(result);
}

// biome-ignore lint/suspicious/noExplicitAny: one door for every method.
async function query(method: Method<any, any>, request: object, by: Caller): Promise<any> {
  const call = served().find((one): one is QueryCall => one.act === "query" && one.method === method);
  if (!call) throw new Error(`${method.name} is not served`);
  return await call.answer(request, by);
}

function report(totals: Partial<BillTotals>, change: object = {}) {
  const full = { bills: 0, totalFen: 0n, fundFen: 0n, ...totals };
  return command(methods.reportBills, { institutionId: "TOWNSHIP-1", day: DAY, totals: full, ...change });
}

function page(rows: readonly BillRow[], change: object = {}) {
  const asked = { institutionId: "TOWNSHIP-1", day: DAY, revision: 1, page: 1, pages: 1, rows, ...change };
  return command(methods.reportBillRows, asked);
}

function billed(person: number, change: Partial<Bill> = {}): Claim {
  const personId = `64052100000002${String(person).padStart(2, "0")}`;
  cover(world, personId, [{}], person + 1);
  return submitted(world, visit(DAY, 1_000n, { personId, ...change }), { atMs: NOON });
}

function rowOf({ bill: { claimId, totalFen }, benefit: { fundFen } }: Claim): BillRow {
  return { claimId, totalFen, fundFen, voided: false };
}

function totalsOf(rows: readonly BillRow[]): BillTotals {
  return {
    bills: rows.length,
    totalFen: rows.reduce((sum, row) => sum + row.totalFen, 0n),
    fundFen: rows.reduce((sum, row) => sum + row.fundFen, 0n),
  };
}

function pay(claim: Claim, orderId: string): void {
  const paid = [{ claimId: claim.bill.claimId, payableId: `claim/${claim.bill.claimId}/decision/1`, orderId }];
  world.run(paymentsSettled, { paid, settledAtMs: NOON });
}

/** The timers once; gives how many inputs they found. */
async function turn(afterMs: number): Promise<number> {
  nowMs += afterMs;
  let found = 0;
  for (const timer of timers) {
    for (const { id, decision, input } of await timer.due(nowMs)) {
      found += 1;
      world.run(decision, input, { id, atMs: nowMs });
    }
  }
  return found;
}

function stored(institutionId = "TOWNSHIP-1"): BillReport | undefined {
  return world.get(billReports.key(institutionId, DAY));
}

const kinds = () => stored()?.compared.breaks.map(({ kind, claimId }) => `${kind} ${claimId}`.trim()) ?? [];

beforeEach(() => {
  world = region();
  nowMs = NOON;
  timers = reportTimers({ reader: worldReader(world), settings: {} });
});

describe("a day-end report", () => {
  test("whose sums are those of the claims matches without rows, and closes when the bank has paid", async () => {
    const two = [billed(1), billed(2)];
    const totals = totalsOf(two.map(rowOf));
    const { report: first } = await report(totals);
    expect(first).toMatchObject({ revision: 1, state: "MATCHED", hospital: totals, claims: totals, breaks: [], unpaid: 2 });
    expect(stored()).toMatchObject({ county: ZHONGNING, openSinceMs: NOON });
    for (const [index, claim] of two.entries()) pay(claim, `P${index}`);
    expect(await turn(MINUTE_MS)).toBe(1);
    expect(stored()?.compared).toMatchObject({ state: "MATCHED", unpaid: 0 });
    expect(stored()?.openSinceMs).toBeUndefined();
    expect(await turn(MINUTE_MS)).toBe(0);
  });

  test("of no bills, and none here, matches and is closed", async () => {
    expect((await report({})).report).toMatchObject({ state: "MATCHED", unpaid: 0 });
    expect(stored()?.openSinceMs).toBeUndefined();
  });

  test("counts neither other days' claims, nor other institutions', nor those taken back", async () => {
    const [one, voided] = [billed(1), billed(2)];
    submitted(world, visit("2011-11-23", 1_000n), { atMs: NOON });
    submitted(world, bill({ institutionId: "COUNTY-1", dischargedOn: DAY }), { atMs: NOON });
    world.run(voidClaim, { institutionId: "TOWNSHIP-1", claimId: voided.bill.claimId, reason: "error" }, { atMs: NOON });
    expect((await report(totalsOf([rowOf(one)]))).report.state).toBe("MATCHED");
  });

  test("that differs wants its rows, and names what is lost; it ends when the hospital sends the claim again", async () => {
    const here = billed(1);
    const lost = visit(DAY, 1_000n, { personId: "6405210000000201", claimId: "LOST" });
    const lostRow = { claimId: "LOST", totalFen: 1_000n, fundFen: 800n, voided: false };
    const rows = [rowOf(here), lostRow];
    const { report: first } = await report(totalsOf(rows));
    expect(first).toMatchObject({ state: "ROWS_WANTED", breaks: [{ kind: "TOTALS", owner: "HOSPITAL" }] });
    const { report: second } = await page(rows);
    expect(second).toMatchObject({
      state: "BREAKS",
      breaks: [{ kind: "MISSING_CLAIM", claimId: "LOST", hospitalFen: 800n, claimsFen: 0n, owner: "HOSPITAL" }],
    });
    expect(await turn(MINUTE_MS)).toBe(0);
    cover(world, "6405210000000201", [{}], 9);
    submitted(world, lost, { atMs: NOON });
    expect(await turn(MINUTE_MS)).toBe(1);
    expect(stored()?.compared).toMatchObject({ state: "MATCHED", breaks: [], unpaid: 2 });
  });

  test("names the claim whose answer was lost; it ends when that is revoked, or when the day is reported again with it", async () => {
    const [one, two] = [billed(1), billed(2)];
    await report(totalsOf([rowOf(one)]));
    await page([rowOf(one)]);
    expect(kinds()).toEqual([`MISSING_BILL ${two.bill.claimId}`]);
    world.run(voidClaim, { institutionId: "TOWNSHIP-1", claimId: two.bill.claimId, reason: "unknown outcome" }, { atMs: NOON });
    await turn(MINUTE_MS);
    expect(kinds()).toEqual([]);
    const three = billed(3);
    await turn(MINUTE_MS);
    expect(kinds()).toEqual([`MISSING_BILL ${three.bill.claimId}`]);
    expect((await report(totalsOf([rowOf(one), rowOf(three)]))).report).toMatchObject({ revision: 2, state: "MATCHED", breaks: [] });
  });

  test("shows money that came back until it is paid anew", async () => {
    const one = billed(1);
    pay(one, "P1");
    await report(totalsOf([rowOf(one)]));
    expect(stored()?.openSinceMs).toBeUndefined();
    const two = billed(2);
    pay(two, "P2");
    await report(totalsOf([one, two].map(rowOf)));
    const payableId = `claim/${two.bill.claimId}/decision/1`;
    world.run(paymentsReturned, { returned: [{ claimId: two.bill.claimId, payableId, orderId: "P2" }] });
    expect((await report(totalsOf([one, two].map(rowOf)))).report).toMatchObject({
      state: "BREAKS",
      breaks: [{ kind: "RETURNED", owner: "MAKER" }],
    });
    pay(two, "P3");
    await turn(MINUTE_MS);
    expect(stored()?.compared).toMatchObject({ state: "MATCHED", unpaid: 0 });
  });

  test("is not known of a claim that another institution has under that id", async () => {
    const theirs = submitted(world, bill({ institutionId: "COUNTY-1", dischargedOn: DAY }), { atMs: NOON });
    const rows = [rowOf(theirs)];
    await report(totalsOf(rows));
    await page(rows);
    expect(kinds()).toEqual([`MISSING_CLAIM ${theirs.bill.claimId}`]);
  });
});

describe("rows in pages", () => {
  const pages = (all: readonly Claim[]) => all.map((claim) => [rowOf(claim)]);

  test("come in any order and twice, and are compared with the last of them", async () => {
    const three = [billed(1), billed(2), billed(3)];
    const lost = { claimId: "LOST", totalFen: 5n, fundFen: 5n, voided: false };
    const rows = [...pages(three), [lost]];
    await report(totalsOf(rows.flat()));
    for (const [index, sent] of [2, 0, 2, 3].entries())
      expect((await page(rows[sent] ?? [], { page: sent + 1, pages: 4 })).report.state, String(index)).toBe("ROWS_WANTED");
    expect((await page(rows[1] ?? [], { page: 2, pages: 4 })).report).toMatchObject({ state: "BREAKS", breaks: [{ claimId: "LOST" }] });
    // Once more, when all is compared.
    expect((await page(rows[1] ?? [], { page: 2, pages: 4 })).report).toMatchObject({ state: "BREAKS", breaks: [{ claimId: "LOST" }] });
  });

  test("are refused where they belong to no report, another one, or one that wants none", async () => {
    const one = billed(1);
    const rows = [rowOf(one)];
    expect(await page(rows)).toMatchObject({ code: "UNKNOWN_REPORT", field: "day" });
    await report({ bills: 2, totalFen: 2n, fundFen: 2n });
    expect(await page(rows, { revision: 2 })).toMatchObject({ code: "REPORT_CHANGED", field: "revision" });
    await page(rows, { page: 1, pages: 2 });
    expect(await page(rows, { page: 2, pages: 3 })).toMatchObject({ code: "REPORT_CHANGED", field: "pages" });
    expect(await page([{ claimId: "X", totalFen: 1n, fundFen: 1n, voided: false }], { page: 1, pages: 2 })).toMatchObject({
      code: "REPORT_PAGE_EXISTS",
      field: "page",
    });
    expect(await page(rows, { page: 2, pages: 2 })).toMatchObject({ code: "ROWS_SUM", field: "rows" });
    expect(stored()?.came).toEqual([1]);
    await report(totalsOf(rows));
    expect(await page(rows, { revision: 2 })).toMatchObject({ code: "ROWS_NOT_WANTED" });
  });

  test("that another page joined meanwhile wait for it", () => {
    const report: BillReport = {
      county: ZHONGNING,
      institutionId: "TOWNSHIP-1",
      day: DAY,
      revision: 1,
      hospital: { bills: 1, totalFen: 1n, fundFen: 1n },
      pages: 2,
      came: [1],
      compared: { state: "ROWS_WANTED", claims: { bills: 0, totalFen: 0n, fundFen: 0n }, breaks: [], breaksLeft: 0, unpaid: 0 },
      comparedAtMs: NOON,
      looks: 0,
      openSinceMs: NOON,
    };
    world.put(billReports.key("TOWNSHIP-1", DAY), report);
    const found = { ours: [], others: [], tooMany: false };
    const input = { institutionId: "TOWNSHIP-1", day: DAY, paidWithinDays: 10, revision: 1, page: 2, pages: 2, rows: [], found, seen: [] };
    expect(world.run(reportBillRows, input).result).toMatchObject({ outcome: "unavailable" });
  });
});

describe("at the door", () => {
  test.each([
    ["institution_id", { institutionId: "a/b" }],
    ["day", { day: "2011-11-31" }],
    ["day", { day: "2011-11-26" }],
    ["day", { day: "2010-10-01" }],
    ["totals", { totals: undefined }],
    ["totals.bills", { totals: { bills: -1, totalFen: 0n, fundFen: 0n } }],
    ["totals.bills", { totals: { bills: MAX_BILLS + 1, totalFen: 0n, fundFen: 0n } }],
    ["totals.bills", { totals: { bills: 0, totalFen: 1n, fundFen: 0n } }],
    ["totals.total_fen", { totals: { bills: 1, totalFen: -1n, fundFen: 0n } }],
    ["totals.fund_fen", { totals: { bills: 1, totalFen: 1n, fundFen: 2n ** 62n } }],
  ])("a report names %s", async (field, change) => {
    expect(await report({}, change)).toMatchObject({ code: "BAD_REQUEST", field });
    expect(world.all("billreports")).toEqual([]);
  });

  const good = { claimId: "A", totalFen: 1n, fundFen: 1n, voided: false };
  test.each([
    ["revision", { revision: 0 }],
    ["pages", { pages: 41 }],
    ["page", { page: 2 }],
    ["page", { page: 0 }],
    ["rows", { rows: [], pages: 2 }],
    ["rows", { rows: Array.from({ length: 301 }, () => good) }],
    ["rows[1].claim_id", { rows: [good, { ...good, claimId: "$where" }] }],
    ["rows[0].total_fen", { rows: [{ ...good, totalFen: -1n }] }],
    ["rows[0].fund_fen", { rows: [{ ...good, fundFen: 2n ** 62n }] }],
  ])("a page names %s", async (field, change) => {
    expect(await page([good], change)).toMatchObject({ code: "BAD_REQUEST", field });
  });

  test("an institution that nobody knows is refused", async () => {
    expect(await report({}, { institutionId: "NOBODY" })).toMatchObject({ code: "UNKNOWN_INSTITUTION", field: "institution_id" });
  });

  test("a day with more claims than a report may have is refused", async () => {
    for (let index = 0; index <= MAX_BILLS; index += 1)
      world.put(invoices.key("TOWNSHIP-1", `M${index}`), { county: ZHONGNING, claimId: `M${index}`, dischargedOn: DAY } satisfies Invoice);
    expect(await report({})).toMatchObject({ code: "TOO_MANY_BILLS", field: "day" });
  });
});

describe("who reads", () => {
  test("a hospital its own, a county those of its institutions, the province all", async () => {
    billed(1);
    await report({});
    const supervisor: Caller = { name: "s", role: "SUPERVISOR", scope: "640000" };
    const asked = { institutionId: "TOWNSHIP-1", day: DAY };
    for (const who of [HOSPITAL, REVIEWER, supervisor]) {
      expect(await query(methods.getBillReport, asked, who)).toMatchObject({ report: { state: "ROWS_WANTED" } });
      expect(await query(methods.listBillBreaks, { county: "", institutionId: "", onDay: "2011-11-27" }, who)).toMatchObject({
        breaks: [{ institutionId: "TOWNSHIP-1", day: DAY, ageDays: 3, found: { kind: "TOTALS" } }],
      });
    }
    for (const who of [OTHER, ELSEWHERE]) {
      expect(await query(methods.getBillReport, asked, who)).toMatchObject({ code: "UNKNOWN_REPORT" });
      for (const narrowed of [{}, { county: ZHONGNING }, { institutionId: "TOWNSHIP-1" }])
        expect(await query(methods.listBillBreaks, { county: "", institutionId: "", onDay: DAY, ...narrowed }, who)).toEqual({
          breaks: [],
        });
    }
    expect(await query(methods.listBillBreaks, { county: "640424", institutionId: "", onDay: DAY }, supervisor)).toEqual({ breaks: [] });
    expect(await query(methods.listBillBreaks, { county: "x", institutionId: "", onDay: DAY }, supervisor)).toMatchObject({
      field: "county",
    });
  });
});

describe("a day that nobody reported", () => {
  test("is a task after the hour of the next day, and ends with the report", async () => {
    const one = billed(1);
    await turn(Date.parse("2011-11-25T08:59:00+08:00") - nowMs);
    expect(world.all("billreports")).toEqual([]);
    await turn(MINUTE_MS);
    expect(stored()).toMatchObject({
      revision: 0,
      county: ZHONGNING,
      compared: { state: "NOT_REPORTED", breaks: [{ kind: "NOT_REPORTED" }] },
    });
    expect(await turn(MINUTE_MS)).toBe(0);
    expect((await report(totalsOf([rowOf(one)]))).report).toMatchObject({ revision: 1, state: "MATCHED" });
  });

  test("without claims is none", async () => {
    billed(1);
    await turn(0);
    expect(world.all<BillReport>("billreports").map(({ institutionId }) => institutionId)).toEqual(["TOWNSHIP-1"]);
  });

  test("is opened again where a claim of it comes late", async () => {
    const one = billed(1);
    pay(one, "P1");
    await report(totalsOf([rowOf(one)]));
    expect(stored()?.openSinceMs).toBeUndefined();
    await turn(0);
    expect(stored()?.looks).toBe(0);
    billed(2);
    await turn(24 * 60 * MINUTE_MS);
    expect(stored()?.compared).toMatchObject({ state: "ROWS_WANTED", breaks: [{ kind: "TOTALS" }] });
  });

  test.each([
    ["2011-11-25T08:59:59", "2011-11-23"],
    ["2011-11-25T09:00:00", "2011-11-24"],
    ["2011-11-26T00:00:00", "2011-11-24"],
  ])("at %s the newest such day is %s", (now, wanted) => {
    expect(lastReportable(Date.parse(`${now}+08:00`), "09:00")).toBe(wanted);
  });
});

test("a claim's invoice has its day, also when the claim is taken back", () => {
  const one = billed(1);
  const key = invoices.key("TOWNSHIP-1", one.bill.invoiceNumber);
  expect(world.get(key)).toMatchObject({ claimId: one.bill.claimId, dischargedOn: DAY });
  world.run(voidClaim, { institutionId: "TOWNSHIP-1", claimId: one.bill.claimId, reason: "error" }, { atMs: NOON });
  expect(world.get(key)).toMatchObject({ claimId: "", dischargedOn: DAY });
  expect(world.get(claims.key(one.bill.claimId))?.state).toBe("VOIDED");
});
