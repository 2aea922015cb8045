import { describe, expect, test } from "vitest";
import type { FundSource } from "../../../services/settlement/domain/chart.ts";
import { assertBalanced, newLines, reversed } from "../../../services/settlement/domain/posting.ts";
import { receiveContributions } from "../../../services/settlement/domain/receive-contributions.ts";
import { receiveFunds } from "../../../services/settlement/domain/receive-funds.ts";
import { isAskOwner, isRefusal, isUnavailable } from "../../../services/values/outcome.ts";
import { newWorld } from "../../harness/decide.ts";
import { balance, expectTrueBooks, worldOf, ZHONGNING } from "./ledger-world.ts";

describe("ReceiveFunds", () => {
  test.each<[FundSource, string]>([
    ["INDIVIDUAL", "4001/2011"],
    ["CENTRAL", "4004-CENTRAL/2011"],
    ["PROVINCE", "4004-PROVINCE/2011"],
    ["PREFECTURE", "4004-PREFECTURE/2011"],
    ["COUNTY", "4004-COUNTY/2011"],
    ["COLLECTIVE", "4003/2011"],
    ["ASSISTANCE", "4002/2011"],
  ])("money from %s is credited to %s", (source, account) => {
    const world = worldOf({ [ZHONGNING]: {} });
    const outcome = world.run(receiveFunds, { county: ZHONGNING, source, amountFen: 500n, reference: "R1" });
    expect(outcome.result).toEqual({ entryId: "receipt/640521/R1", bankBalanceFen: 500n });
    expect(balance(world, ZHONGNING, account)).toBe(-500n);
    expectTrueBooks(world);
  });

  test("a reference is booked once; with other content it is refused", () => {
    const world = worldOf({ [ZHONGNING]: {} });
    const receipt = { county: ZHONGNING, source: "CENTRAL" as const, amountFen: 500n, reference: "R1" };
    world.run(receiveFunds, receipt);
    expect(world.run(receiveFunds, receipt).result).toEqual({ entryId: "receipt/640521/R1", bankBalanceFen: 500n });
    for (const other of [
      { ...receipt, amountFen: 501n },
      { ...receipt, source: "COUNTY" as const },
    ])
      expect(world.run(receiveFunds, other).result).toMatchObject({ code: "RECEIPT_EXISTS", field: "reference" });
    expect(balance(world, ZHONGNING, "1003")).toBe(500n);
  });

  test("protocols 15: before a county is refused as not registered its owner is asked, and one that is registered is waited for", () => {
    const receipt = { county: ZHONGNING, source: "CENTRAL", amountFen: 1n, reference: "R1" } as const;
    expect(isAskOwner(newWorld().run(receiveFunds, receipt).result)).toBe(true);
    const known = newWorld().run(receiveFunds, { ...receipt, countyKnown: true }).result;
    expect(isUnavailable(known) && !isAskOwner(known)).toBe(true);
    const { result } = newWorld().run(receiveFunds, { ...receipt, countyKnown: false });
    expect(isRefusal(result) && [result.code, result.field]).toEqual(["UNKNOWN_COUNTY", "county"]);
  });
});

describe("ContributionsReceived", () => {
  const contributions = {
    receiptId: "contributions/640521/r1",
    county: ZHONGNING,
    contributionsFen: 9_000n,
    receivedOn: "2011-01-05",
    source: "INDIVIDUAL",
  } as const;

  test("is booked once, on the day it was received", () => {
    const world = worldOf({ [ZHONGNING]: {} });
    expect(world.run(receiveContributions, contributions).result).toEqual({ posted: true });
    expect(world.run(receiveContributions, contributions).result).toEqual({ posted: false });
    expect(balance(world, ZHONGNING, "4001/2011")).toBe(-9_000n);
    expect(world.all("entries")).toMatchObject([{ day: "2011-01-05" }]);
    expectTrueBooks(world);
  });

  test("with another amount under the same receipt is an alarm", () => {
    const world = worldOf({ [ZHONGNING]: {} });
    world.run(receiveContributions, contributions);
    expect(() => world.run(receiveContributions, { ...contributions, contributionsFen: 1n })).toThrow("another amount");
  });

  test("of another source is income of that source, and one receipt with the treasurer's under the same reference", () => {
    const world = worldOf({ [ZHONGNING]: {} });
    const told = {
      receiptId: "receipt/640521/CZ-9",
      county: ZHONGNING,
      contributionsFen: 7_000n,
      receivedOn: "2011-01-05",
      source: "ASSISTANCE",
    } as const;
    expect(world.run(receiveContributions, told).result).toEqual({ posted: true });
    expect(balance(world, ZHONGNING, "4002/2011")).toBe(-7_000n);
    const byHand = { county: ZHONGNING, source: "ASSISTANCE", amountFen: 7_000n, reference: "CZ-9" } as const;
    const before = world.all("entries").length;
    expect(world.run(receiveFunds, byHand).result).toMatchObject({ entryId: told.receiptId });
    world.run(receiveFunds, { ...byHand, reference: "CZ-10" });
    expect(world.run(receiveContributions, { ...told, receiptId: "receipt/640521/CZ-10" }).result).toEqual({ posted: false });
    expect(world.all("entries")).toHaveLength(before + 1);
    expect(() => world.run(receiveContributions, { ...told, source: "CENTRAL" })).toThrow("another amount or source");
    expectTrueBooks(world);
  });

  test("waits for its county; of 0 fen there is nothing to book", () => {
    const world = newWorld();
    expect(isUnavailable(world.run(receiveContributions, contributions).result)).toBe(true);
    expect(world.run(receiveContributions, { ...contributions, contributionsFen: 0n }).result).toEqual({ posted: false });
  });
});

describe("an entry", () => {
  test("that does not balance in each county's own book is a bug, even where the total does", () => {
    const lines = newLines();
    lines.debit(ZHONGNING, "5001-INPATIENT/2011", 10n);
    lines.credit("640424", "PAYABLE", 10n);
    expect(() => assertBalanced("e1", lines.all())).toThrow("off by");
    expect(() => assertBalanced("e2", [])).toThrow("0 lines");
    expect(() => newLines().debit(ZHONGNING, "5001-INPATIENT/2011", 0n)).toThrow("0 fen");
  });

  test("gathers one line for each side of an account, and its reverse undoes it", () => {
    const lines = newLines();
    lines.debit(ZHONGNING, "PAYABLE", 10n);
    lines.credit(ZHONGNING, "1003", 10n);
    lines.debit(ZHONGNING, "PAYABLE", 5n);
    lines.credit(ZHONGNING, "1003", 5n);
    expect(lines.all()).toEqual([
      { county: ZHONGNING, account: "PAYABLE", debitFen: 15n, creditFen: 0n },
      { county: ZHONGNING, account: "1003", debitFen: 0n, creditFen: 15n },
    ]);
    expect(reversed(reversed(lines.all()))).toEqual(lines.all());
  });
});
