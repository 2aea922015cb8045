/**
 * A mode is a setting, not a property of the code: the same day on two counties, once with every pair dual-active and once with every pair hot-standby. Their money is kept at
 * two banks, one of which speaks ISO 20022 and the other JSON: what one county owes the other goes from the one account to the other's county.
 */
import { afterEach, expect, test } from "vitest";
import type { Bill } from "../../proto/generated/nrcms/claims/v1/claims.ts";
import { MonitoringServiceDefinition } from "../../proto/generated/nrcms/monitoring/v1/monitoring.ts";
import type { Mode } from "../../services/mesh/topology.ts";
import {
  billAll,
  checkerDesk,
  closeWindow,
  cutScheduled,
  newTally,
  openPayables,
  reconcile,
  reviewDesks,
  reviewOnce,
  waitFor,
} from "../../services/nrcms/day.ts";
import { SAMPLE_DAY } from "../../services/nrcms/run.ts";
import { auditSettled } from "../../services/nrcms/start.ts";
import { MAIN_BANK } from "../../services/values/banks.ts";
import { paidByBank, sumOf } from "../harness/day-books.ts";
import { type DoorMesh, regionFor, sampleBills, startDoorMesh } from "../harness/door-mesh.ts";
import { secondBank } from "../harness/mesh.ts";

const LIMIT_MS = 600_000;
const WAIT_LIMIT_MS = 240_000;
const WIDTH = 16;
const PILOTS = ["640521", "640424"];
/** Fewer patients bring in less than their own bills cost: the fund would stand at its floor, and hold payments back. */
const BILLS_EACH = 60;
const SECOND = secondBank(["640424"]);

let mesh: DoorMesh | undefined;
afterEach(async () => {
  await mesh?.stop();
  mesh = undefined;
}, LIMIT_MS);

/** Bills between and within the two pilot counties: visits and stays at home, stays in the other county, and some for the reviewers. */
async function billsOfPilots(): Promise<Bill[]> {
  const inside = (await sampleBills()).filter(
    (bill) => PILOTS.includes(bill.institutionId.slice(1, 7)) && PILOTS.includes(bill.personId.slice(0, 6)),
  );
  const cross = inside.filter((bill) => bill.institutionId.slice(1, 7) !== bill.personId.slice(0, 6));
  const home = inside.filter((bill) => !cross.includes(bill));
  const held = home.filter((bill) => /^[ST]/.test(bill.diagnosis));
  return [...cross.slice(0, BILLS_EACH), ...held.slice(0, 10), ...home.filter((bill) => !held.includes(bill)).slice(0, BILLS_EACH)];
}

/** Plays the day. Returns the sum that the hospitals were promised for claims that were paid, and of the transfers between counties. */
async function playDay({ people, region, mongo }: DoorMesh, bills: readonly Bill[]): Promise<bigint> {
  const counties = region.counties.map((row) => row.county.county);
  const tally = newTally();
  const desks = new AbortController();
  const working = Promise.all([reviewDesks(counties, people, tally, desks.signal), checkerDesk(people, tally, desks.signal)]);
  try {
    await billAll(bills, people, tally, WIDTH, () => undefined);
    expect(tally.refusals).toEqual(new Map());
    expect(await waitFor(async () => (await reviewOnce(counties, people, tally)) === 0, WAIT_LIMIT_MS)).toBe(true);
    const allPaid = async () => {
      await cutScheduled(people, SAMPLE_DAY);
      return (await openPayables(people)).open === 0;
    };
    // Promises between counties are on their way for a moment after the last bill: an empty ledger is not the end yet.
    const decided = async () =>
      (await mongo
        .db("nrcms_claims")
        .collection("claims")
        .countDocuments({ state: { $in: ["PENDING", "IN_REVIEW"] } })) === 0;
    expect(await waitFor(async () => (await decided()) && (await allPaid()), WAIT_LIMIT_MS)).toBe(true);
    expect(await closeWindow(people, WAIT_LIMIT_MS)).toBe("W1");
    expect(await waitFor(allPaid, WAIT_LIMIT_MS)).toBe(true);
    for (const bank of [MAIN_BANK, SECOND.id])
      expect(await reconcile(people, SAMPLE_DAY, WAIT_LIMIT_MS, bank)).toMatchObject({ bank, breaks: [] });
  } finally {
    desks.abort();
    await working;
  }
  const claims = await mongo
    .db("nrcms_claims")
    .collection<{ _id: string; state: string; benefit: { fundFen: bigint; accountFen: bigint } }>("claims")
    .find()
    .toArray();
  expect(claims.map(({ _id }) => _id).toSorted()).toEqual(bills.map((bill) => bill.claimId).toSorted());
  const paid = claims.filter(({ state }) => state === "PAID");
  expect(paid.length).toBeGreaterThan(2 * BILLS_EACH - 10);
  const windows = await mongo.db("nrcms_settlement").collection("windows").find().toArray();
  const transfers = windows.flatMap((window) => (window.transfers ?? []) as { amountFen: bigint }[]);
  return [...paid.map(({ benefit }) => benefit.fundFen + benefit.accountFen), ...transfers.map(({ amountFen }) => amountFen)].reduce(
    (sum, fen) => sum + fen,
    0n,
  );
}

test.each(["dual-active", "hot-standby"] as const)("a day with every pair %s", { timeout: LIMIT_MS }, async (mode: Mode) => {
  const bills = await billsOfPilots();
  mesh = await startDoorMesh({
    region: await regionFor(bills),
    change: (topology) => {
      for (const pair of Object.values(topology.services)) pair.mode = mode;
      topology.other_banks = [SECOND];
    },
  });
  const promisedFen = await playDay(mesh, bills);
  expect(sumOf(paidByBank(mesh.run)), "the banks' own books").toBe(promisedFen);
  const orders = await mesh.mongo.db("nrcms_payment").collection<{ _id: string; county: string; bank?: string }>("orders").find().toArray();
  expect(new Set(orders.map(({ county, bank }) => `${county} ${bank}`))).toEqual(new Set(["640521 undefined", `640424 ${SECOND.id}`]));
  const lines = await auditSettled(mesh.topology, () => undefined);
  expect(lines.flatMap((line) => line.breaches)).toEqual([]);
  const { pairs } = await mesh.people.as("operator").call(MonitoringServiceDefinition, "getPairs", {});
  expect(pairs.map((pair) => pair.mode)).toEqual(pairs.map(() => mode));
  // Doors have no documents and so no lease: both are always open.
  const active = pairs.filter(({ service }) => service !== "gateway").map(({ twins }) => twins.filter((twin) => twin.active).length);
  expect(active).toEqual(active.map(() => (mode === "dual-active" ? 2 : 1)));
});
