/** The end of a year: a pot is split over those who bore much, approved by another person, granted, and paid by the bank to the households' own accounts. */
import { afterEach, expect, test } from "vitest";
import type { Bill } from "../../proto/generated/nrcms/claims/v1/claims.ts";
import { EnrollmentServiceDefinition } from "../../proto/generated/nrcms/enrollment/v1/enrollment.ts";
import { FundSource, SettlementServiceDefinition } from "../../proto/generated/nrcms/settlement/v1/settlement.ts";
import { billAll, checkerDesk, cutScheduled, newTally, openPayables, reviewOnce, waitFor } from "../../services/nrcms/day.ts";
import { GatewayError } from "../../services/nrcms/gateway-client.ts";
import { approveSecond, planSecond, secondText, showSecond } from "../../services/nrcms/second.ts";
import { auditSettled } from "../../services/nrcms/start.ts";
import { startOfDayMs } from "../../services/values/days.ts";
import { paidToAccounts } from "../harness/day-books.ts";
import { type DoorMesh, regionFor, sampleBills, startDoorMesh } from "../harness/door-mesh.ts";
import { throughTheDesk } from "../harness/review-desk.ts";

const LIMIT_MS = 400_000;
const WAIT_LIMIT_MS = 120_000;
const COUNTY = "640521";
const NEW_YEAR = "2012-01-20";
const POT_FEN = 300_000n;
const MORNING_MS = 10 * 3_600_000;

let mesh: DoorMesh | undefined;
afterEach(async () => {
  await mesh?.stop();
  mesh = undefined;
}, LIMIT_MS);

/** Stays of the county's people in its own hospitals. */
async function homeStays(): Promise<Bill[]> {
  const atHome = (bill: Bill) => bill.personId.startsWith(COUNTY) && bill.institutionId.startsWith(`H${COUNTY}`);
  return (await sampleBills()).filter((bill) => bill.visitKind === "INPATIENT" && atHome(bill)).slice(0, 40);
}

test("second compensation, from the pot to the households' accounts", { timeout: LIMIT_MS }, async () => {
  const bills = await homeStays();
  mesh = await startDoorMesh({
    region: await regionFor(bills),
    change: (topology) => {
      topology.clock_offset_ms = Math.round(startOfDayMs(NEW_YEAR) + MORNING_MS - Date.now());
    },
  });
  const { people, region, run } = mesh;
  // The fund of a few households would hold back so many stays.
  const receipt = { county: COUNTY, source: FundSource.PROVINCE, amountFen: 100_000_000n, reference: "subsidy-of-the-test" };
  await people.as("treasurer").call(SettlementServiceDefinition, "receiveFunds", { requestId: "more-money", ...receipt });
  const tally = newTally();
  const desks = new AbortController();
  const checker = checkerDesk(people, tally, desks.signal);
  try {
    const last = bills.at(-1);
    await billAll(bills.slice(0, -1), people, tally, 8, () => undefined);
    expect(await waitFor(async () => (await reviewOnce([COUNTY], people, tally)) === 0, WAIT_LIMIT_MS)).toBe(true);
    const open = async () => {
      await cutScheduled(people, NEW_YEAR);
      return (await openPayables(people)).open;
    };
    expect(await waitFor(async () => (await open()) === 0, WAIT_LIMIT_MS)).toBe(true);

    // One more stay, through the review desk by the province's rules; it is paid as well.
    expect(await throughTheDesk(mesh, COUNTY, last as Bill, NEW_YEAR)).toBeGreaterThanOrEqual(0n);
    expect(await waitFor(async () => (await open()) === 0, WAIT_LIMIT_MS)).toBe(true);

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
    const households = [...new Set(shares.map(({ personId }) => personId.slice(0, 14)))];
    const [forgetful = "", ...others] = households;
    const clerk = people.as(`clerk-${COUNTY}`);
    const rows = new Map(region.households.flatMap((row) => row.households).map((one) => [one.householdId, one]));
    const accountOf = (householdId: string) => ({
      bankCode: "103871000027",
      accountNumber: `62${householdId}`,
      accountName: rows.get(householdId)?.members[0]?.name ?? "",
    });
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
    expect(await waitFor(async () => (await open()) === waiting, WAIT_LIMIT_MS)).toBe(true);
    const paid = paidToAccounts(run);
    for (const householdId of others) {
      const owed = shares.filter(({ personId }) => personId.startsWith(householdId)).reduce((sum, { shareFen }) => sum + shareFen, 0n);
      expect(paid.get(accountOf(householdId).accountNumber), householdId).toBe(owed);
    }
    const late = { requestId: "a-last", county: COUNTY, householdId: forgetful, account: accountOf(forgetful) };
    await clerk.call(EnrollmentServiceDefinition, "registerAccount", late);
    expect(await waitFor(async () => (await open()) === 0, WAIT_LIMIT_MS)).toBe(true);
  } finally {
    desks.abort();
    await checker;
  }
  const lines = await auditSettled(mesh.topology, () => undefined);
  expect(lines.flatMap((line) => line.breaches)).toEqual([]);
});
