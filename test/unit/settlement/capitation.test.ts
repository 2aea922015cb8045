import { describe, expect, test } from "vitest";
import { adjust } from "../../../services/settlement/domain/adjust.ts";
import { approve } from "../../../services/settlement/domain/approve.ts";
import { approveAssessment, proposeAssessment } from "../../../services/settlement/domain/assess.ts";
import { approveCapitation, proposeCapitation } from "../../../services/settlement/domain/capitation.ts";
import { accounts, payables } from "../../../services/settlement/domain/documents.ts";
import { knowSplit } from "../../../services/settlement/domain/know-split.ts";
import type { World } from "../../harness/decide.ts";
import { approval, expectTrueBooks, JINGYUAN, worldOf, ZHONGNING } from "./ledger-world.ts";

const H = `H-${ZHONGNING}`;
const NOVEMBER = Date.parse("2011-11-28T09:00:00+08:00");
const at = (name: string) => ({ caller: { name, role: "TREASURER", scope: ZHONGNING }, atMs: NOVEMBER });
const heads = (count: number, period = "2011-11") => ({ county: ZHONGNING, institutionId: H, period, heads: count });

/** A county whose scheme pays the institution 12.50 a head, 30 % of it after its assessment: as Haiyuan and Yanchi did in 2010. */
function pilot(withheldBp = 3_000n): World {
  const world = worldOf({ [ZHONGNING]: { fundsFen: 10_000_000n }, [JINGYUAN]: { fundsFen: 1_000_000n } });
  const capitation = [{ institutionId: H, fenPerHead: 1_250n, withheldBp }];
  world.run(knowSplit, { county: ZHONGNING, year: 2011, version: 1, funds: [], capitation });
  return world;
}

const balance = (world: World, account: string) => world.get(accounts.key(ZHONGNING, account))?.balanceFen ?? 0n;
const propose = (world: World, count: number, by = "zhang") => world.run(proposeCapitation, heads(count), at(by)).result;
const agree = (world: World, count: number, by = "li") => world.run(approveCapitation, heads(count), at(by)).result;

describe("pay by head", () => {
  test("promises the heads' sum less what is withheld, by two people, once a month", () => {
    const world = pilot();
    expect(propose(world, 1_001)).toMatchObject({ state: "PROPOSED", amountFen: 1_251_250n, withheldFen: 375_375n });
    expect(agree(world, 1_001, "zhang")).toMatchObject({ code: "PROPOSED_BY_YOU" });
    expect(agree(world, 1_000)).toMatchObject({ code: "CAPITATION_CHANGED", field: "heads" });
    const paid = agree(world, 1_001);
    expect(paid).toMatchObject({ state: "PAID", approvedBy: "li", approvedOn: "2011-11-28" });
    expect(agree(world, 1_001, "wang")).toEqual(paid);
    expect(propose(world, 2_000)).toMatchObject({ code: "CAPITATION_PAID" });
    expectTrueBooks(world);
    expect(balance(world, "5001-OUTPATIENT/2011")).toBe(1_251_250n);
    expect(balance(world, `WITHHELD/${H}/OUTPATIENT`)).toBe(-375_375n);
    expect(world.get(payables.key(`capitation/${H}/2011-11`))).toMatchObject({ payee: H, amountFen: 875_875n, state: "DUE", claimId: "" });
  });

  test("the newest number counts until it is approved", () => {
    const world = pilot();
    propose(world, 900);
    propose(world, 1_000, "wang");
    expect(agree(world, 900)).toMatchObject({ code: "CAPITATION_CHANGED" });
    expect(agree(world, 1_000)).toMatchObject({ heads: 1_000, amountFen: 1_250_000n });
  });

  test("what is withheld is shared by the assessment with that of the claims", () => {
    const world = pilot();
    propose(world, 1_000);
    agree(world, 1_000);
    const score = { county: ZHONGNING, institutionId: H, period: "2011-11", scoreBp: 8_000n };
    world.run(proposeAssessment, { ...score, reason: "年度考核" }, at("zhang"));
    const { result } = world.run(approveAssessment, score, at("li"));
    expect(result).toMatchObject({ state: "APPROVED", withheldFen: 375_000n, releasedFen: 300_000n, returnedFen: 75_000n });
    expectTrueBooks(world);
    expect(balance(world, `WITHHELD/${H}/OUTPATIENT`)).toBe(0n);
    expect(balance(world, "5001-OUTPATIENT/2011")).toBe(1_175_000n);
  });

  test("is less by what the institution owes, to the point where nothing is left for the bank", () => {
    const world = pilot(0n);
    world.run(approve, approval("C1", ZHONGNING, ZHONGNING, 20_000n));
    world.run(approve, approval("C2", ZHONGNING, ZHONGNING, 5_000n));
    const taken = {
      homeCounty: ZHONGNING,
      treatingCounty: ZHONGNING,
      institutionId: H,
      accountDeltaFen: 0n,
      fund: "INPATIENT",
      adjustedOn: "2011-11-27",
    } as const;
    world.run(adjust, {
      ...taken,
      adjustmentId: "claim/C1/correction/1",
      approvalId: "claim/C1/decision/1",
      claimId: "C1",
      deltaFen: -2_000n,
    });
    propose(world, 1);
    expect(agree(world, 1)).toMatchObject({ amountFen: 1_250n, setOffFen: 1_250n, withheldFen: 0n });
    expect(world.get(payables.key(`capitation/${H}/2011-11`))).toMatchObject({ state: "PAID", amountFen: 0n, setOffFen: 1_250n });
    expect(balance(world, `HOSPITAL/${H}`)).toBe(750n);
    expectTrueBooks(world);
  });

  test("needs a scheme that says so, of that year, and a month that has begun", () => {
    const world = pilot();
    const proposed = (input: ReturnType<typeof heads>) => world.run(proposeCapitation, input, at("zhang")).result;
    expect(proposed(heads(1, "2011-12"))).toMatchObject({ code: "PERIOD_TO_COME" });
    expect(proposed(heads(1, "2010-12"))).toMatchObject({ code: "NO_CAPITATION" });
    expect(proposed({ ...heads(1), institutionId: "H-1" })).toMatchObject({ code: "NO_CAPITATION", field: "institution_id" });
    expect(proposed({ ...heads(1), county: JINGYUAN })).toMatchObject({ code: "NO_CAPITATION" });
    expect(agree(world, 1)).toMatchObject({ code: "UNKNOWN_CAPITATION" });
    propose(world, 1);
    const other = world.run(approveCapitation, { ...heads(1), county: JINGYUAN }, at("li")).result;
    expect(other).toMatchObject({ code: "UNKNOWN_CAPITATION" });
  });
});
