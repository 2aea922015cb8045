/**
 * What a county's office does with two people, to the bank's books and back. The end of a year: what another scheme would have cost in it; a pot is split over those who bore much and paid to the households' own accounts. Bills on paper: handed in,
 * confirmed by their hospital's code, paid to the household, taken back. What is withheld of a hospital until it is assessed. Pay by head.
 */
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openAuthority } from "../../deploy/local/authority.ts";
import { PaySchedule } from "../../proto/generated/nrcms/administration/v1/administration.ts";
import type { Bill } from "../../proto/generated/nrcms/claims/v1/claims.ts";
import { EnrollmentServiceDefinition } from "../../proto/generated/nrcms/enrollment/v1/enrollment.ts";
import { FundSource, SettlementServiceDefinition } from "../../proto/generated/nrcms/settlement/v1/settlement.ts";
import { mongoUri } from "../../services/mesh/topology.ts";
import { billAll, checkerDesk, cutScheduled, newTally, openPayables, reviewOnce, waitFor } from "../../services/nrcms/day.ts";
import { approveHeads, approveScore, balances, proposeHeads, proposeScore, withheld, withhold } from "../../services/nrcms/fund.ts";
import { type GatewayClient, GatewayError, gatewayAddresses, openGateway } from "../../services/nrcms/gateway-client.ts";
import { readPaper } from "../../services/nrcms/import/papers.ts";
import { confirmPaper, decidePaper, listPapers, nameAccount, submitPaper, voidPaper } from "../../services/nrcms/papers.ts";
import { dayShown, reportDay } from "../../services/nrcms/reconcile.ts";
import { readRegion } from "../../services/nrcms/region.ts";
import { REGION } from "../../services/nrcms/run.ts";
import { approveSecond, planSecond, secondText, showSecond } from "../../services/nrcms/second.ts";
import { auditSettled } from "../../services/nrcms/start.ts";
import { addDays, startOfDayMs } from "../../services/values/days.ts";
import { halfUp, sum } from "../../services/values/money.ts";
import { paidToAccounts } from "../harness/day-books.ts";
import { type DoorMesh, regionFor, sampleBills, startDoorMesh } from "../harness/door-mesh.ts";
import { estimatesApart, estimatesAtDoor } from "../harness/estimates.ts";
import { nrcms } from "../harness/nrcms.ts";
import { throughTheDesk } from "../harness/review-desk.ts";

const LIMIT_MS = 400_000;
const WAIT_LIMIT_MS = 120_000;
const COUNTY = "640521";
const NEW_YEAR = "2012-01-20";
const POT_FEN = 300_000n;
const MORNING_MS = 10 * 3_600_000;

/** Of the county: its hospital, of which a part is withheld, and a township's, which is paid by head, once a month. */
const HOSPITAL = `H${COUNTY}001`;
const BY_HEAD = `H${COUNTY}011`;
const VISITS = 8;
const BILLED_VISITS = 4;
const WITHHELD_BP = 1_000;
const SCORE_BP = 9_000;
const CAPITATION = `capitation:
  - { institution_id: ${BY_HEAD}, fen_per_head: 300, withheld_bp: 3000 }
`;

let mesh: DoorMesh;
let stays: readonly Bill[] = [];
/** Visits at the county's hospital: some are billed, of the people of others papers are handed in. */
let visits: readonly Bill[] = [];
const twoPeople = new Map<string, GatewayClient>();

beforeAll(async () => {
  const own = (await sampleBills()).filter((bill) => bill.personId.startsWith(COUNTY) && bill.institutionId.startsWith(`H${COUNTY}`));
  stays = own.filter(({ visitKind }) => visitKind === "INPATIENT");
  visits = own.filter(({ visitKind, institutionId }) => visitKind === "OUTPATIENT" && institutionId === HOSPITAL).slice(0, VISITS);
  const region = await regionFor([...stays, ...visits]);
  const schemes = region.schemes.map((one) => (one.scheme.county === COUNTY ? { ...one, document: one.document + CAPITATION } : one));
  const byHead = (await readRegion(REGION)).institutions.filter(({ institutionId }) => institutionId === BY_HEAD);
  const monthly = byHead.map((one) => ({ ...one, paySchedule: PaySchedule.MONTHLY }));
  mesh = await startDoorMesh({
    region: { ...region, schemes, institutions: [...region.institutions, ...monthly] },
    change: (topology) => {
      topology.clock_offset_ms = Math.round(startOfDayMs(NEW_YEAR) + MORNING_MS - Date.now());
    },
  });
  // The fund of a few households would hold back so many stays.
  const receipt = { county: COUNTY, source: FundSource.PROVINCE, amountFen: 100_000_000n, reference: "subsidy-of-the-test" };
  await mesh.people.as("treasurer").call(SettlementServiceDefinition, "receiveFunds", { requestId: "more-money", ...receipt });
}, LIMIT_MS);

afterAll(async () => {
  for (const client of twoPeople.values()) client.close();
  await mesh?.stop();
}, LIMIT_MS);

/** A reviewer's certificate in the name of another of the office: one person with two roles is still one person. */
async function reviewerNamed(name: string): Promise<GatewayClient> {
  const known = twoPeople.get(name);
  if (known) return known;
  const folder = join(mesh.run, "second-certificates");
  mkdirSync(folder, { recursive: true });
  for (const file of ["authority.pem", "authority.key"]) copyFileSync(join(mesh.run, "certs", file), join(folder, file));
  (await openAuthority(folder)).issueClient({ name, role: "REVIEWER", scope: COUNTY });
  const client = openGateway(gatewayAddresses(mesh.topology), folder, name);
  twoPeople.set(name, client);
  return client;
}

/** The payment centre and the review desk at work while `work` is done. */
async function withDesks(work: (settled: (left?: number) => Promise<boolean>) => Promise<void>): Promise<void> {
  const desks = new AbortController();
  const checker = checkerDesk(mesh.people, newTally(), desks.signal);
  const open = async () => {
    await cutScheduled(mesh.people, NEW_YEAR);
    return (await openPayables(mesh.people)).open;
  };
  try {
    await work((left = 0) => waitFor(async () => (await open()) === left, WAIT_LIMIT_MS));
  } finally {
    desks.abort();
    await checker;
  }
}

/** A stay is billed and decided at once or at the desk. */
async function billed(bills: readonly Bill[]): Promise<void> {
  const tally = newTally();
  await billAll(bills, mesh.people, tally, 8, () => undefined);
  expect(await waitFor(async () => (await reviewOnce([COUNTY], mesh.people, tally)) === 0, WAIT_LIMIT_MS)).toBe(true);
}

const HOUSEHOLD_DIGITS = 14;

/** An account that the household's head names. */
function accountOf(householdId: string) {
  const household = mesh.region.households.flatMap((row) => row.households).find((one) => one.householdId === householdId);
  return { bankCode: "103871000027", accountNumber: `62${householdId}`, accountName: household?.members[0]?.name ?? "" };
}

test("second compensation, from the pot to the households' accounts", { timeout: LIMIT_MS, retry: 0 }, async () => {
  const { people, run } = mesh;
  await withDesks(async (settled) => {
    await billed(stays);
    expect(await settled()).toBe(true);

    const treasurer = people.as("treasurer");
    const reviewer = people.as(`reviewer-${COUNTY}`);
    const plan = await planSecond(treasurer, COUNTY, 2011, POT_FEN);
    const shown = await showSecond(reviewer, COUNTY, 2011);
    const { shares } = shown;
    expect(shares.length).toBe(plan.claims);
    expect(shares.length).toBeGreaterThan(3);
    expect(shares.reduce((sum, { shareFen }) => sum + shareFen, 0n)).toBe(plan.sharedFen);
    expect(plan.sharedFen).toBeLessThanOrEqual(POT_FEN);
    expect(secondText(shown)).toContain(plan.contentHash);
    // Who has planned it is not who approves it; and what is approved is what was read.
    await expect(approveSecond(treasurer, COUNTY, 2011, plan.contentHash)).rejects.toThrow(GatewayError);
    await expect(approveSecond(reviewer, COUNTY, 2011, "0".repeat(64))).rejects.toMatchObject({ code: "SECOND_CHANGED" });
    await approveSecond(reviewer, COUNTY, 2011, plan.contentHash);
    const granted = async () => (await showSecond(treasurer, COUNTY, 2011)).second?.state === "GRANTED";
    expect(await waitFor(granted, WAIT_LIMIT_MS)).toBe(true);

    // All but one household name their account, before or after something is due to them.
    const households = [...new Set(shares.map(({ personId }) => personId.slice(0, HOUSEHOLD_DIGITS)))];
    const [forgetful = "", ...others] = households;
    const clerk = people.as(`clerk-${COUNTY}`);
    for (const householdId of others) {
      const account = accountOf(householdId);
      await clerk.call(EnrollmentServiceDefinition, "registerAccount", {
        requestId: `a-${householdId}`,
        county: COUNTY,
        householdId,
        account,
      });
    }
    const waiting = shares.filter(({ personId }) => personId.startsWith(forgetful)).length;
    expect(await settled(waiting)).toBe(true);
    const paid = paidToAccounts(run);
    for (const householdId of others) {
      const owed = shares.filter(({ personId }) => personId.startsWith(householdId)).reduce((sum, { shareFen }) => sum + shareFen, 0n);
      expect(paid.get(accountOf(householdId).accountNumber), householdId).toBe(owed);
    }
    const last = { requestId: "a-last", county: COUNTY, householdId: forgetful, account: accountOf(forgetful) };
    await clerk.call(EnrollmentServiceDefinition, "registerAccount", last);
    expect(await settled()).toBe(true);
  });
});

test("what another scheme would have cost in the year", { timeout: LIMIT_MS, retry: 0 }, async () => {
  await estimatesAtDoor(mesh.people, stays);
  await estimatesApart(mongoUri(mesh.topology));
});

/** A file as a clerk writes it: a stay outside of the province, without a referral. Deductible 1,000 yuan, then 45 % less 10 points. */
function paperOf(claimId: string, personId: string, day: string, boxes: number): string {
  const totalFen = boxes * BOX_FEN;
  const file = join(mesh.run, `${claimId}.yaml`);
  writeFileSync(
    file,
    `claim_id: ${claimId}
person_id: "${personId}"
visit_kind: INPATIENT
diagnosis: J18.9
admitted_on: ${day}
discharged_on: ${day}
lines:
  - { item_code: D0010, day: ${day}, quantity_e4: ${boxes * 10_000}, unit_price_fen: ${BOX_FEN}, billed_fen: ${totalFen} }
total_fen: ${totalFen}
hospital: { name: 西安某医院, city: 西安, level: OUT_OF_PROVINCE }
issued_on: ${day}
invoices: [{ invoice_number: "${claimId}-0012345", total_fen: ${totalFen} }]
`,
  );
  return file;
}

const BOX_FEN = 300;
const fundOf = (boxes: number) => (BigInt(boxes * BOX_FEN - 100_000) * 35n) / 100n;
const YES = { askedBy: "PHONE", answeredBy: "医保办" } as const;

test("bills on paper: confirmed by another and by a code of their own, paid to the household, taken back before and after", {
  timeout: LIMIT_MS,
  retry: 0,
}, async () => {
  const { people, run, mongo } = mesh;
  const [clerk, reviewer] = [people.as(`clerk-${COUNTY}`), people.as(`reviewer-${COUNTY}`)];
  const [one = "", other = "", third = ""] = visits.slice(BILLED_VISITS).map(({ personId }) => personId);
  const of = (claimId: string) => ({ county: COUNTY, claimId });
  const claim = (...words: string[]) => nrcms(run, "claim", "paper", ...words);
  const handIn = async (claimId: string, personId: string, day: string, boxes: number) => {
    const read = readPaper(paperOf(claimId, personId, day, boxes));
    if ("problems" in read) throw new Error(JSON.stringify(read.problems));
    return await submitPaper(clerk, COUNTY, read.paper);
  };
  const refusal = (code: string) => expect.objectContaining({ code });
  await withDesks(async (settled) => {
    const handed = await claim("submit", COUNTY, paperOf("P1", one, "2011-12-20", 3_000));
    expect(handed).toMatchObject({ code: 0, stderr: "", stdout: expect.stringMatching(/IN_REVIEW.*2800\.00.*待核实/) });
    await expect(handIn("P-LATE", third, "2011-07-20", 3_000)).rejects.toEqual(refusal("HANDED_IN_LATE"));
    await expect(decidePaper(reviewer, of("P1"), undefined)).rejects.toEqual(refusal("NOT_CONFIRMED"));
    const sameClerk = await reviewerNamed(`clerk-${COUNTY}`);
    await expect(confirmPaper(sameClerk, of("P1"), { ...YES, code: "XA-1" })).rejects.toEqual(refusal("SUBMITTED_BY_YOU"));
    const asked = ["confirm", COUNTY, "P1", "--by", "phone", "--answered-by", "医保办", "--code"] as const;
    expect(await claim(...asked, "XA-1")).toMatchObject({ code: 0, stderr: "" });
    expect(await claim(...asked, "XA-2")).toMatchObject({ code: 1, stderr: expect.stringMatching(/\p{Script=Han}.*another|other words/u) });
    await decidePaper(reviewer, of("P1"), undefined);

    // The same code for another stay; refused, and asked again too late.
    await handIn("P2", other, "2011-12-10", 3_000);
    await expect(confirmPaper(reviewer, of("P2"), { ...YES, code: "xa 1".replace(" ", "-") })).rejects.toEqual(refusal("CODE_USED"));
    await confirmPaper(reviewer, of("P2"), { ...YES, code: "XA-2" });
    await decidePaper(reviewer, of("P2"), undefined);
    await handIn("P3", third, "2011-12-10", 3_000);
    await decidePaper(reviewer, of("P3"), "材料不全");
    await expect(confirmPaper(reviewer, of("P3"), { ...YES, code: "XA-3" })).rejects.toEqual(refusal("NOT_IN_REVIEW"));
    expect(
      await confirmPaper(
        reviewer,
        { ...of((await handIn("P4", third, "2011-12-10", 3_000)).bill?.claimId ?? "") },
        { ...YES, code: "", denied: "查无此人" },
      ),
    ).toMatchObject({ state: "REFUSED" });

    // Nobody has said where the second is paid: taken back before it was, nobody owes anything.
    const household = one.slice(0, HOUSEHOLD_DIGITS);
    await nameAccount(clerk, { county: COUNTY, householdId: household, account: accountOf(household) });
    expect(await settled(1)).toBe(true);
    expect(await voidPaper(reviewer, of("P2"), "重复报销")).toMatchObject({ state: "VOIDED" });
    expect(await settled()).toBe(true);
    const paidOut = () => paidToAccounts(run).get(accountOf(household).accountNumber) ?? 0n;
    expect(paidOut()).toBe(fundOf(3_000));
    const order = await mongo.db("nrcms_payment").collection("orders").findOne({ payeeId: household });
    expect(order).toMatchObject({ state: "SETTLED", settledOn: NEW_YEAR, amountFen: fundOf(3_000) });
    const owed = async () =>
      (await balances(people.as("treasurer"), COUNTY, "")).accounts.filter(
        ({ account, balanceFen }) => account.startsWith("HOUSEHOLD/") && balanceFen !== 0n,
      );
    expect(await owed()).toEqual([]);

    // Taken back after it was paid, the household owes it, and its next paper is paid less by it.
    expect(await voidPaper(reviewer, of("P1"), "发票系伪造")).toMatchObject({ state: "VOIDED" });
    expect(await waitFor(async () => (await owed()).length === 1, WAIT_LIMIT_MS)).toBe(true);
    expect(await owed()).toMatchObject([{ account: `HOUSEHOLD/${household}`, balanceFen: fundOf(3_000) }]);
    await handIn("P5", one, "2011-12-01", 4_000);
    // The first one's code is free again.
    await confirmPaper(reviewer, of("P5"), { ...YES, code: "XA-1" });
    await decidePaper(reviewer, of("P5"), undefined);
    const isPaid = async () => (await listPapers(clerk, COUNTY, "PAID")).some(({ bill }) => bill?.claimId === "P5");
    expect(await waitFor(async () => (await settled()) && (await isPaid()), WAIT_LIMIT_MS)).toBe(true);
    expect(paidOut()).toBe(fundOf(4_000));
    expect(await owed()).toEqual([]);
    const listed = await claim("list", COUNTY, "--json");
    const states = (JSON.parse(listed.stdout) as { bill: { claimId: string }; state: string }[]).map(
      ({ bill, state }) => `${bill.claimId} ${state}`,
    );
    expect(states).toEqual(["P5 PAID", "P4 REFUSED", "P3 REFUSED", "P2 VOIDED", "P1 VOIDED"]);
  });
});

test("a stay through the review desk by the province's rules: two levels, a question, a picture, an appeal", {
  timeout: LIMIT_MS,
  retry: 0,
}, async () => {
  const [stay] = stays;
  if (!stay) throw new Error("the county has no stay");
  // Two months before the stay that was billed.
  const day = (text: string) => addDays(text, -60);
  const bill: Bill = {
    ...stay,
    claimId: `${stay.claimId}-R`.slice(-40),
    invoiceNumber: "DESK-1",
    referralId: "",
    admittedOn: day(stay.admittedOn),
    dischargedOn: day(stay.dischargedOn),
    lines: stay.lines.map((line) => ({ ...line, day: day(line.day) })),
  };
  await throughTheDesk(mesh, COUNTY, bill, NEW_YEAR);
});

test("a part is withheld of a hospital until two people have assessed it; another is paid by head, by two people too", {
  timeout: LIMIT_MS,
  retry: 0,
}, async () => {
  const { people, run, mongo, region } = mesh;
  const [treasurer, reviewer] = [people.as(`treasurer-${COUNTY}`), people.as(`reviewer-${COUNTY}`)];
  const sameTreasurer = await reviewerNamed(`treasurer-${COUNTY}`);
  const refusal = (code: string) => expect.objectContaining({ code });
  const paidOut = (institutionId: string) => {
    const account = region.institutions.find((one) => one.institutionId === institutionId)?.account?.accountNumber ?? "";
    return paidToAccounts(run).get(account) ?? 0n;
  };
  await withDesks(async (settled) => {
    await withhold(treasurer, COUNTY, HOSPITAL, WITHHELD_BP);
    const before = paidOut(HOSPITAL);
    const bills = visits.slice(0, BILLED_VISITS);
    await billed(bills);
    const promised = await mongo
      .db("nrcms_claims")
      .collection<{ _id: string; benefit: { fundFen: bigint } }>("claims")
      .find({ _id: { $in: bills.map(({ claimId }) => claimId) }, state: { $ne: "REFUSED" } })
      .toArray();
    const funds = promised.map(({ benefit }) => benefit.fundFen).filter((fen) => fen > 0n);
    expect(funds.length).toBeGreaterThan(1);
    const held = sum(funds.map((fen) => halfUp(fen * BigInt(WITHHELD_BP), 10_000n)));
    const stands = async () => (await withheld(treasurer, COUNTY)).find(({ institutionId }) => institutionId === HOSPITAL)?.withheldFen;
    expect(await waitFor(async () => (await settled()) && (await stands()) === held, WAIT_LIMIT_MS)).toBe(true);
    expect(paidOut(HOSPITAL) - before).toBe(sum(funds) - held);
    const day = bills[0]?.dischargedOn ?? "";
    await reportDay(people.as(`hospital-${HOSPITAL}`), { institutionId: HOSPITAL, day, rows: [] });
    expect(await dayShown(treasurer, HOSPITAL, day)).toMatchObject({ withheldFen: held, assessedFen: 0n });

    const score = { county: COUNTY, institutionId: HOSPITAL, period: "2012-01", scoreBp: SCORE_BP };
    await proposeScore(treasurer, score, "次均费用超标");
    await expect(approveScore(sameTreasurer, score)).rejects.toEqual(refusal("PROPOSED_BY_YOU"));
    await expect(approveScore(reviewer, { ...score, scoreBp: 10_000 })).rejects.toEqual(refusal("ASSESSMENT_CHANGED"));
    const approved = await nrcms(run, "fund", "approve-assessment", COUNTY, HOSPITAL, score.period, `${SCORE_BP}`, "--json");
    expect(approved).toMatchObject({ code: 0, stderr: "" });
    const released = halfUp(held * BigInt(SCORE_BP), 10_000n);
    const shared = { withheldFen: `${held}`, releasedFen: `${released}`, returnedFen: `${held - released}` };
    expect(JSON.parse(approved.stdout)).toMatchObject({ state: "APPROVED", ...shared });
    const after = before + sum(funds) - held + released;
    expect(await waitFor(async () => (await settled()) && paidOut(HOSPITAL) === after, WAIT_LIMIT_MS)).toBe(true);
    expect(await stands()).toBe(0n);
    expect(await dayShown(treasurer, HOSPITAL, day)).toMatchObject({ withheldFen: 0n, assessedFen: held });

    const heads = { county: COUNTY, institutionId: BY_HEAD, period: "2011-12", heads: 200 };
    await expect(proposeHeads(treasurer, { ...heads, institutionId: HOSPITAL })).rejects.toEqual(refusal("NO_CAPITATION"));
    await proposeHeads(treasurer, heads);
    await expect(approveHeads(sameTreasurer, heads)).rejects.toEqual(refusal("PROPOSED_BY_YOU"));
    await expect(approveHeads(reviewer, { ...heads, heads: 201 })).rejects.toEqual(refusal("CAPITATION_CHANGED"));
    expect(await approveHeads(reviewer, heads)).toMatchObject([{ amountFen: 60_000n, withheldFen: 18_000n, state: "PAID" }]);
    expect(await waitFor(async () => (await settled()) && paidOut(BY_HEAD) === 42_000n, WAIT_LIMIT_MS)).toBe(true);
    const due = await mongo.db("nrcms_payment").collection("dues").findOne({ payeeId: BY_HEAD });
    expect(due).toMatchObject({ schedule: "MONTHLY", amountFen: 42_000n });
  });
  const lines = await auditSettled(mesh.topology, () => undefined);
  expect(lines.flatMap((line) => line.breaches)).toEqual([]);
});
