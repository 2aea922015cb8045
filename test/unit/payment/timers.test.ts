import { describe, expect, test } from "vitest";
import { accountKey, confirmAccount } from "../../../services/payment/domain/accounts.ts";
import { type Batch, dues } from "../../../services/payment/domain/documents.ts";
import { lastCutOffMs, timers } from "../../../services/payment/timers.ts";
import { PROVINCE } from "../../../services/values/region.ts";
import { newWorld, type World } from "../../harness/decide.ts";
import { accountOf, putDue, putPayee, readerOver } from "./scene.ts";

const SETTINGS = { cutEveryMs: 500, dailyAt: "17:00", weeklyOn: 5, monthlyOn: 31 };
const at = (text: string) => Date.parse(`${text}+08:00`);

describe("the last cut-off", () => {
  // 2011-11-25 is a Friday.
  test.each([
    ["DAILY", "2011-11-25T16:59:59", "2011-11-24T17:00:00"],
    ["DAILY", "2011-11-25T17:00:00", "2011-11-25T17:00:00"],
    ["DAILY", "2011-11-26T00:00:00", "2011-11-25T17:00:00"],
    ["WEEKLY", "2011-11-25T16:59:59", "2011-11-18T17:00:00"],
    ["WEEKLY", "2011-11-25T17:00:00", "2011-11-25T17:00:00"],
    ["WEEKLY", "2011-12-01T23:59:59", "2011-11-25T17:00:00"],
    ["WEEKLY", "2012-01-01T00:00:00", "2011-12-30T17:00:00"],
    ["MONTHLY", "2011-11-30T16:59:59", "2011-10-31T17:00:00"],
    ["MONTHLY", "2011-11-30T17:00:00", "2011-11-30T17:00:00"],
    ["MONTHLY", "2012-01-01T00:00:00", "2011-12-31T17:00:00"],
    ["MONTHLY", "2012-02-29T17:00:00", "2012-02-29T17:00:00"],
    ["MONTHLY", "2011-03-30T23:00:00", "2011-02-28T17:00:00"],
  ] as const)("%s at %s was %s", (schedule, now, cutOff) => {
    expect(lastCutOffMs(schedule, at(now), SETTINGS)).toBe(at(cutOff));
  });

  test("of a month is on its numbered day where the month has it", () => {
    const fifteenth = { ...SETTINGS, monthlyOn: 15 };
    expect(lastCutOffMs("MONTHLY", at("2011-11-15T17:00:00"), fifteenth)).toBe(at("2011-11-15T17:00:00"));
    expect(lastCutOffMs("MONTHLY", at("2011-11-15T16:59:59"), fifteenth)).toBe(at("2011-10-15T17:00:00"));
    expect(lastCutOffMs("MONTHLY", at("2012-01-14T23:00:00"), fifteenth)).toBe(at("2011-12-15T17:00:00"));
    expect(lastCutOffMs("MONTHLY", at("2012-03-01T09:00:00"), { ...SETTINGS, monthlyOn: 30 })).toBe(at("2012-02-29T17:00:00"));
  });

  test("knows Sunday", () => {
    expect(lastCutOffMs("WEEKLY", at("2011-11-28T18:00:00"), { ...SETTINGS, weeklyOn: 7 })).toBe(at("2011-11-27T17:00:00"));
  });
});

/** Decides what is due, except what the journal has already, and gives how many that were. */
async function turn(world: World, name: string, now: string, journal = new Set<string>()): Promise<number> {
  const timer = timers({ countyBanks: {}, reader: readerOver(world), settings: SETTINGS }).find((one) => one.name === name);
  const found = ((await timer?.due(at(now))) ?? []).filter(({ id }) => !journal.has(id));
  for (const { decision, input, id } of found) {
    world.run(decision, input, { id, atMs: at(now) });
    journal.add(id);
  }
  return found.length;
}

describe("a finder", () => {
  test("cuts at once what is to be paid at once, under a named rule, and then finds nothing", async () => {
    const world = newWorld();
    putPayee(world, "H1");
    putPayee(world, "H2", "DAILY");
    putDue(world, { payableId: "a", payeeId: "H1", atMs: at("2011-11-25T09:00:00") });
    putDue(world, { payableId: "b", payeeId: "H2", atMs: at("2011-11-25T09:00:00") });
    expect(await turn(world, "cut-immediate", "2011-11-25T09:00:00")).toBe(1);
    expect(world.all<Batch>("batches")).toMatchObject([{ maker: "rule:cut-immediate/v1", open: 1 }]);
    expect(await turn(world, "cut-immediate", "2011-11-25T09:00:01")).toBe(0);
  });

  test("cuts daily and weekly ones at their cut-off, also when it comes late, and none that fell due after it", async () => {
    const world = newWorld();
    putPayee(world, "D", "DAILY");
    putPayee(world, "W", "WEEKLY");
    putDue(world, { payableId: "d1", payeeId: "D", atMs: at("2011-11-23T16:59:59") });
    putDue(world, { payableId: "d2", payeeId: "D", atMs: at("2011-11-23T17:00:00") });
    putDue(world, { payableId: "w1", payeeId: "W", atMs: at("2011-11-23T10:00:00") });
    expect(await turn(world, "cut-scheduled", "2011-11-23T16:59:59")).toBe(0);
    expect(await turn(world, "cut-scheduled", "2011-11-24T09:00:00")).toBe(1);
    expect(await turn(world, "cut-scheduled", "2011-11-24T09:00:05")).toBe(0);
    expect(await turn(world, "cut-scheduled", "2011-11-25T17:00:00")).toBe(2);
    // Both saw the same serial: the second made nothing and finds it again.
    expect(await turn(world, "cut-scheduled", "2011-11-25T17:00:05")).toBe(1);
    expect(world.all<Batch>("batches").map((batch) => batch.maker)).toEqual([
      "rule:cut-daily/v1",
      "rule:cut-daily/v1",
      "rule:cut-weekly/v1",
    ]);
  });

  test("cuts monthly ones after an outage over the month's end, and none that fell due after it", async () => {
    const world = newWorld();
    putPayee(world, "M", "MONTHLY");
    putDue(world, { payableId: "m1", payeeId: "M", atMs: at("2011-11-02T10:00:00") });
    putDue(world, { payableId: "m2", payeeId: "M", atMs: at("2011-12-01T10:00:00") });
    expect(await turn(world, "cut-scheduled", "2011-11-30T16:59:59")).toBe(0);
    expect(await turn(world, "cut-scheduled", "2011-12-03T09:00:00")).toBe(1);
    expect(await turn(world, "cut-scheduled", "2011-12-03T09:00:05")).toBe(0);
    expect(world.all<Batch>("batches")).toMatchObject([{ maker: "rule:cut-monthly/v1", open: 1 }]);
    expect(await turn(world, "cut-scheduled", "2011-12-31T17:00:00")).toBe(1);
  });

  test("names the same finding by the same id, and another by another", async () => {
    const world = newWorld();
    putPayee(world, "H1");
    putDue(world, { payableId: "a", payeeId: "H1", atMs: at("2011-11-25T09:00:00") });
    const [timer] = timers({ countyBanks: {}, reader: readerOver(world), settings: SETTINGS });
    const ids = async () => (await timer?.due(at("2011-11-25T09:00:01")))?.map(({ id }) => id);
    const first = await ids();
    expect(await ids()).toEqual(first);
    putDue(world, { payableId: "b", payeeId: "H1", atMs: at("2011-11-25T09:00:00") });
    expect(await ids()).not.toEqual(first);
  });

  test("cuts what comes back from the check list, though the cut that put it there made no batch", async () => {
    const world = newWorld();
    const journal = new Set<string>();
    putPayee(world, "H1");
    const { bankCode, accountNumber } = accountOf("H1");
    const account = {
      county: PROVINCE,
      account: accountOf("H1"),
      state: "DISPROVED",
      reason: "AC01",
      by: "E1",
      on: "2011-11-24",
      changes: 1,
    } as const;
    world.put(accountKey("main", accountOf("H1")), account);
    putDue(world, { payableId: "a", payeeId: "H1", atMs: at("2011-11-25T09:00:00") });
    expect(await turn(world, "cut-immediate", "2011-11-25T09:00:00", journal)).toBe(1);
    expect(world.get(dues.key("a"))).toMatchObject({ state: "ON_CHECK", checks: 1 });
    world.run(confirmAccount, { bank: "main", bankCode, accountNumber, reason: "电话核实" });
    expect(await turn(world, "recheck", "2011-11-25T09:00:02", journal)).toBe(1);
    expect(await turn(world, "cut-immediate", "2011-11-25T09:00:03", journal)).toBe(1);
    expect(world.get(dues.key("a"))).toMatchObject({ state: "ORDERED" });
  });
});
