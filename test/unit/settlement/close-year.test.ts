/** The end of a year: income and expenditure go to the funds, and what comes later is booked in the next. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { approve } from "../../../services/settlement/domain/approve.ts";
import { fundOf } from "../../../services/settlement/domain/chart.ts";
import { closeYear, type YearResult } from "../../../services/settlement/domain/close-year.ts";
import type { Account, Split } from "../../../services/settlement/domain/documents.ts";
import { grant } from "../../../services/settlement/domain/grant.ts";
import { knowSplit } from "../../../services/settlement/domain/know-split.ts";
import { receiveContributions } from "../../../services/settlement/domain/receive-contributions.ts";
import { receiveFunds } from "../../../services/settlement/domain/receive-funds.ts";
import { splitByWeight, sum } from "../../../services/values/money.ts";
import { isRefusal } from "../../../services/values/outcome.ts";
import type { World } from "../../harness/decide.ts";
import { adjusted, approval, balance, bookOf, expectTrueBooks, worldOf, ZHONGNING } from "./ledger-world.ts";

const at = (day: string) => ({ atMs: Date.parse(`${day}T10:00:00+08:00`) });
const FUNDS: Split["funds"] = [
  { fund: "POOLED_INPATIENT", weight: 6_000n },
  { fund: "POOLED_OUTPATIENT", weight: 3_000n },
  { fund: "FAMILY", weight: 700n },
  { fund: "RISK", weight: 300n },
];

function close(world: World, year = 2011, day = "2012-01-10"): YearResult {
  const { result } = world.run(closeYear, { county: ZHONGNING, year }, at(day));
  if (isRefusal(result) || "outcome" in result) throw new Error(JSON.stringify(result));
  return result;
}

/** Contributions and a subsidy of 1,000.01 yuan, and what benefits took. */
function aYear(): World {
  const world = worldOf({ [ZHONGNING]: { fundsFen: 60_001n } });
  world.run(receiveContributions, {
    receiptId: "contributions/1",
    county: ZHONGNING,
    source: "INDIVIDUAL",
    contributionsFen: 40_000n,
    receivedOn: "2011-03-01",
  });
  world.run(knowSplit, { county: ZHONGNING, year: 2011, version: 1, funds: FUNDS, capitation: [] });
  world.run(approve, approval("C1", ZHONGNING, ZHONGNING, 20_000n));
  world.run(approve, { ...approval("C2", ZHONGNING, ZHONGNING, 5_000n), fund: "OUTPATIENT", accountFen: 900n });
  return world;
}

describe("closing a year", () => {
  test("shares the income by funds, each bearing what was paid for it, and leaves the year at zero", () => {
    const world = aYear();
    expectTrueBooks(world);
    const { incomeFen, paidFen, funds } = close(world);
    expect([incomeFen, paidFen]).toEqual([100_001n, 25_900n]);
    expect(funds.map(({ fund, incomeFen: income, paidFen: paid, balanceFen }) => [fund, income, paid, balanceFen])).toEqual([
      ["POOLED_INPATIENT", 60_001n, 20_000n, 40_001n],
      ["POOLED_OUTPATIENT", 30_000n, 5_000n, 25_000n],
      ["SERIOUS", 0n, 0n, 0n],
      ["FAMILY", 7_000n, 900n, 6_100n],
      ["RISK", 3_000n, 0n, 3_000n],
    ]);
    const ofYear = world.all<Account>("accounts").filter(({ account }) => account.endsWith("/2011"));
    expect(ofYear.map(({ balanceFen }) => balanceFen)).toEqual(ofYear.map(() => 0n));
    expectTrueBooks(world);
  });

  test("twice is once", () => {
    const world = aYear();
    const first = close(world);
    const entries = world.all("entries").length;
    expect(close(world)).toEqual(first);
    expect(world.all("entries")).toHaveLength(entries);
  });

  test("what comes later is booked in the next year, though its day is in the closed one", () => {
    const world = aYear();
    close(world);
    world.run(approve, approval("C3", ZHONGNING, ZHONGNING, 700n));
    adjusted(world, "C1", ZHONGNING, ZHONGNING, -20_000n);
    expect([balance(world, ZHONGNING, "5001-INPATIENT/2011"), balance(world, ZHONGNING, "5001-INPATIENT/2012")]).toEqual([0n, -19_300n]);
    world.run(grant, {
      grantId: `second/${ZHONGNING}/2011/page/1`,
      county: ZHONGNING,
      grantedOn: "2012-02-01",
      shares: [{ payableId: `second/${ZHONGNING}/2011/C1`, claimId: "C1", householdId: "64052100000001", shareFen: 50n }],
    });
    expect(balance(world, ZHONGNING, "5001-SECOND/2012")).toBe(50n);
    expectTrueBooks(world);
    // The second compensation is borne by the fund of stays.
    const { funds } = close(world, 2012, "2013-01-05");
    expect(funds[0]).toMatchObject({ paidFen: -19_250n, balanceFen: 40_001n + 19_250n });
    expectTrueBooks(world);
  });

  test("without a word on funds all of it is one pool", () => {
    const world = worldOf({ [ZHONGNING]: { fundsFen: 500n } });
    expect(close(world).funds.filter(({ incomeFen }) => incomeFen !== 0n)).toEqual([
      { fund: "POOLED_INPATIENT", incomeFen: 500n, paidFen: 0n, balanceFen: 500n },
    ]);
  });

  test("a year without an entry is closed as well", () => {
    const world = worldOf({ [ZHONGNING]: {} });
    expect(close(world)).toMatchObject({ incomeFen: 0n, paidFen: 0n });
    expect(bookOf(world, ZHONGNING).closedThrough).toBe(2011);
    expect(world.all("entries")).toEqual([]);
  });

  test("money that is received again in the next year is the receipt that it was", () => {
    const world = worldOf({ [ZHONGNING]: { fundsFen: 500n } });
    const again = { county: ZHONGNING, source: "CENTRAL", amountFen: 500n, reference: "opening" } as const;
    expect(world.run(receiveFunds, again, at("2012-03-01")).result).toMatchObject({ bankBalanceFen: 500n });
    expect(world.run(receiveFunds, { ...again, source: "COUNTY" }, at("2012-03-01")).result).toMatchObject({ code: "RECEIPT_EXISTS" });
  });

  test.each([
    ["a year that is not over", 2011, "2011-12-31", "YEAR_NOT_OVER"],
    ["a year before one that is closed", 2010, "2012-01-10", "YEAR_CLOSED"],
    ["a year after one that is open", 2013, "2014-01-10", "YEARS_IN_ORDER"],
  ])("refuses %s", (_, year, day, code) => {
    const world = aYear();
    if (code !== "YEAR_NOT_OVER") close(world);
    expect(world.run(closeYear, { county: ZHONGNING, year }, at(day)).result).toMatchObject({ code });
  });

  test("refuses a county that is not there", () => {
    const world = worldOf({});
    expect(world.run(closeYear, { county: ZHONGNING, year: 2011, countyKnown: false }, at("2012-01-10")).result).toMatchObject({
      code: "UNKNOWN_COUNTY",
    });
  });
});

test("a split is exact, whatever the weights, and the opposite's is the opposite", () => {
  const weights = fc.array(fc.bigInt({ min: 0n, max: 100_000n }), { minLength: 1, maxLength: 12 }).filter((all) => sum(all) > 0n);
  fc.assert(
    fc.property(weights, fc.bigInt({ min: -10_000_000n, max: 10_000_000n }), (all, total) => {
      const parts = splitByWeight(total, all);
      expect(sum(parts)).toBe(total);
      expect(splitByWeight(-total, all)).toEqual(parts.map((part) => -part));
    }),
  );
});

test("funds of closed years have accounts of their own", () => {
  expect([fundOf("POOLED_INPATIENT"), fundOf("FAMILY")]).toEqual(["3001-POOLED_INPATIENT", "3002"]);
});
