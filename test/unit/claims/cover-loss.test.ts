/** A death that is told late: what was decided on the strength of the cover becomes a task, and nothing happens in silence. */
import { beforeEach, describe, expect, test } from "vitest";
import { type CoverLoss, coverLosses, type DecideLossInput, decideLoss } from "../../../services/claims/domain/cover-loss.ts";
import { claims, type Household, households, invoices } from "../../../services/claims/domain/documents.ts";
import type { World } from "../../harness/decide.ts";
import { bill, cover, expectDone, JINGYUAN, line, PERSON, region, snapshot, submitted, visit, yearOf, ZHONGNING } from "./nx-ref.ts";

const STAY = bill();
const LATER = visit("2011-11-23", 5_000n, { claimId: "C-later", invoiceNumber: "I-later" });
let world: World;

beforeEach(() => {
  world = region();
  submitted(world, STAY);
  submitted(world, LATER);
});

const losses = () => world.all<CoverLoss>("coverlosses").map(({ claimId, lastCoveredDay, state }) => [claimId, lastCoveredDay, state]);
const decide = (change: Partial<DecideLossInput> = {}) =>
  world.run(decideLoss, { county: ZHONGNING, claimId: LATER.claimId, verdict: "TAKE_BACK", reason: "死亡后就诊", ...change });
const until = (toDay: string, version = 9) => cover(world, PERSON, [{ fromDay: "2011-01-01", toDay }], version);

describe("a death that is told late", () => {
  test("makes a task of each claim with later days, and leaves the claims as they are", () => {
    until("2011-11-21");
    expect(losses()).toEqual([
      [STAY.claimId, "2011-11-21", "OPEN"],
      [LATER.claimId, "", "OPEN"],
    ]);
    expect(world.get(claims.key(LATER.claimId))?.state).toBe("APPROVED");
  });

  test.each([
    ["on the day of discharge", "2011-11-22", [LATER.claimId]],
    ["on the day of the last visit", "2011-11-23", []],
    ["long after", "2011-11-30", []],
  ] as const)("%s concerns only what came after", (_, day, ids) => {
    until(day);
    expect(losses().map(([id]) => id)).toEqual(ids);
  });

  test("before the year began takes all of it", () => {
    until("2010-12-31");
    expect(losses()).toEqual([
      [STAY.claimId, "", "OPEN"],
      [LATER.claimId, "", "OPEN"],
    ]);
    const household = world.get(households.key(PERSON.slice(0, 14))) as Household;
    expect(household.heads).toEqual({});
  });

  test("told twice, or told before by an older word, makes no second task", () => {
    until("2011-11-21");
    decide({ verdict: "LET_STAND" });
    until("2011-11-21", 9);
    until("2011-11-21", 10);
    until("2011-11-10", 3);
    expect(losses().map(([, , state]) => state)).toEqual(["OPEN", "STANDS"]);
  });

  test("one who is covered elsewhere from then on has a task as well: another county pays", () => {
    cover(world, PERSON, [{ toDay: "2011-11-21" }, { county: JINGYUAN, fromDay: "2011-11-22" }], 9);
    expect(losses()).toEqual([
      [STAY.claimId, "", "OPEN"],
      [LATER.claimId, "", "OPEN"],
    ]);
  });
});

describe("the reviewer's word", () => {
  beforeEach(() => until("2011-11-21"));

  test("takes the claim back, to the fen, and what it had drawn", () => {
    const before = yearOf(world);
    const { result, told } = decide();
    expect(result).toMatchObject({ state: "TAKEN_BACK", decidedBy: "test" });
    expect(told.map(({ name }) => name)).toEqual(["ClaimAdjusted"]);
    const claim = world.get(claims.key(LATER.claimId));
    expect(claim?.state).toBe("VOIDED");
    expect(told[0]?.body.deltaFen).toBe(-(claim?.benefit.fundFen ?? 0n));
    expect(yearOf(world)?.visits.length).toBe((before?.visits.length ?? 0) - 1);
    expect(world.get(invoices.key(LATER.institutionId, LATER.invoiceNumber))?.claimId).toBe("");
    expect(decide().told, "again it is the same").toEqual([]);
    expect(decide({ verdict: "LET_STAND" }).result).toMatchObject({ code: "COVER_LOSS_DECIDED" });
  });

  test("lets it stand", () => {
    const { told } = decide({ verdict: "LET_STAND" });
    expect(told).toEqual([]);
    expect(world.get(claims.key(LATER.claimId))?.state).toBe("APPROVED");
    expect(world.get(coverLosses.key(LATER.claimId))).toMatchObject({ state: "STANDS", reason: "死亡后就诊" });
  });

  test.each([
    ["another county's", { county: JINGYUAN }, "UNKNOWN_COVER_LOSS"],
    ["one that has lost nothing", { claimId: "C-none" }, "UNKNOWN_COVER_LOSS"],
  ] as const)("on %s is refused, and nothing changes", (_, change, code) => {
    const before = snapshot(world);
    expect(decide(change).result).toMatchObject({ code, field: "claim_id" });
    expect(snapshot(world)).toEqual(before);
  });

  test("on a claim that waits at the desk belongs there", () => {
    const trauma = bill({
      claimId: "C-t",
      invoiceNumber: "I-t",
      diagnosis: "S72.001",
      admittedOn: "2011-11-24",
      dischargedOn: "2011-11-25",
      lines: [line(STAY.lines[0]?.itemCode ?? "", 900_000n, "2011-11-24")],
      totalFen: 900_000n,
    });
    cover(world, PERSON, [{}], 11);
    const claim = submitted(world, trauma);
    if (claim.state !== "IN_REVIEW") world.put(claims.key("C-t"), { ...claim, state: "IN_REVIEW" });
    until("2011-11-21", 12);
    expect(decide({ claimId: "C-t" }).result).toMatchObject({ code: "NOT_APPROVED" });
    expect(expectDone(decide({ claimId: "C-t", verdict: "LET_STAND" }))).toMatchObject({ state: "STANDS" });
  });
});
