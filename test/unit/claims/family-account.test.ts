/** Family accounts: what the years put in, what claims take, and that it comes back. */
import { describe, expect, it } from "vitest";
import type { Scheme } from "../../../services/benefit/scheme.ts";
import { type Claim, households } from "../../../services/claims/domain/documents.ts";
import { householdCovered } from "../../../services/claims/domain/household-covered.ts";
import { submit } from "../../../services/claims/domain/submit.ts";
import { voidClaim } from "../../../services/claims/domain/void-claim.ts";
import type { World } from "../../harness/decide.ts";
import { bill, expectDone, JINGYUAN, line, PERSON, region, scheme, ZHONGNING } from "./nx-ref.ts";

const HOUSEHOLD = PERSON.slice(0, 14);
const at = (minute: number) => ({ atMs: Date.parse("2011-11-25T10:00:00+08:00") + minute * 60_000 });

/** 15 yuan a head and year; the account pays what the pool leaves open. */
function withAccounts(year: number, fenPerHead = 1_500n): Scheme {
  return scheme({
    year,
    outpatientOrder: "POOL_THEN_ACCOUNT",
    financing: [{ source: "INDIVIDUAL", fenPerHead: 3_000n, categories: [] }],
    funds: [
      { fund: "POOLED_INPATIENT", fenPerHead: 3_000n - fenPerHead, shareBp: undefined, minUseBp: 0, maxUseBp: 10_000 },
      { fund: "FAMILY", fenPerHead, shareBp: undefined, minUseBp: 0, maxUseBp: 10_000 },
    ],
  });
}

function enrolled(world: World, years: readonly number[], members: readonly string[], version: number): void {
  const covers = years.flatMap((year) =>
    members.map((member) => ({
      personId: `${HOUSEHOLD}${member}`,
      stretch: { county: ZHONGNING, fromDay: `${year}-01-01`, toDay: `${year}-12-31`, category: "ORDINARY" as const },
    })),
  );
  world.run(householdCovered, { householdId: HOUSEHOLD, county: ZHONGNING, version, covers });
}

function visit(world: World, fen: bigint, minute: number, institutionId = "COUNTY-1"): Claim {
  const lines = [line("A", fen)];
  const form = bill({ visitKind: "OUTPATIENT", admittedOn: "2011-11-20", dischargedOn: "2011-11-20", institutionId, lines });
  return expectDone(world.run(submit, { bill: form }, at(minute)));
}

const taken = (world: World) => world.get(households.key(HOUSEHOLD))?.takenFen;

function accounts(): World {
  return region([withAccounts(2010), withAccounts(2011), scheme({ county: JINGYUAN })]);
}

describe("family accounts", () => {
  it("hold what each year puts in for each head, and carry over what is left", () => {
    const world = accounts();
    enrolled(world, [2010], ["01", "02"], 2);
    enrolled(world, [2010, 2011], ["01", "02"], 3);
    const claim = visit(world, 20_000n, 0);
    // 80 % of 20,000 is cut by the year's cap of 12,000; four heads have brought 6,000.
    expect(claim).toMatchObject({
      basis: { before: { accountFen: 6_000n } },
      benefit: { fundFen: 12_000n, accountFen: 6_000n, patientFen: 2_000n },
      drawn: { accountFen: 6_000n },
    });
    expect(taken(world)).toBe(6_000n);
    expect(visit(world, 1_000n, 1).benefit).toMatchObject({ fundFen: 0n, accountFen: 0n, patientFen: 1_000n });
  });

  it("are the household's: what one has taken another has not", () => {
    const world = accounts();
    enrolled(world, [2011], ["01", "02"], 2);
    visit(world, 10_000n, 0);
    expect(taken(world)).toBe(2_000n);
    const lines = [line("A", 10_000n)];
    const form = bill({ visitKind: "OUTPATIENT", dischargedOn: "2011-11-20", personId: `${HOUSEHOLD}02`, lines });
    expect(expectDone(world.run(submit, { bill: form }, at(1))).benefit).toMatchObject({ fundFen: 8_000n, accountFen: 1_000n });
    expect(taken(world)).toBe(3_000n);
  });

  it("get it back when the claim is taken back, and the institution owes both parts", () => {
    const world = accounts();
    enrolled(world, [2011], ["01"], 2);
    const claim = visit(world, 10_000n, 0);
    const { institutionId, claimId } = claim.bill;
    const { told } = world.run(voidClaim, { institutionId, claimId, reason: "重复" }, at(1));
    expect(told).toMatchObject([{ body: { deltaFen: -8_000n, accountDeltaFen: -1_500n } }]);
    expect(taken(world)).toBe(0n);
  });

  it("are promised to the institution with the fund's part, elsewhere by the prefund", () => {
    const world = accounts();
    enrolled(world, [2011], ["01"], 2);
    const form = bill({
      visitKind: "OUTPATIENT",
      dischargedOn: "2011-11-20",
      institutionId: "ELSEWHERE-1",
      lines: [line("A", 10_000n)],
    });
    const { told } = world.run(submit, { bill: form }, at(0));
    expect(told).toMatchObject([{ name: "PrefundRequested", body: { fundFen: 9_500n } }]);
  });

  it("pay nothing for stays, and nothing where a scheme gives nothing", () => {
    const world = accounts();
    enrolled(world, [2011], ["01"], 2);
    const stay = expectDone(world.run(submit, { bill: bill() }, at(0)));
    expect([stay.benefit.accountFen, taken(world)]).toEqual([0n, 0n]);
    const without = region([scheme({ outpatientOrder: "POOL_THEN_ACCOUNT" })]);
    expect(visit(without, 10_000n, 0).benefit).toMatchObject({ fundFen: 8_000n, accountFen: 0n, patientFen: 2_000n });
  });

  it("wait for a household that is not heard of yet", () => {
    const world = accounts();
    const { result } = world.run(
      submit,
      {
        bill: bill({ visitKind: "OUTPATIENT", dischargedOn: "2011-11-20", personId: "6405210000007701", lines: [line("A", 100n)] }),
        asked: {
          institution: { county: ZHONGNING, level: "COUNTY" },
          personKnown: true,
          cover: { county: ZHONGNING, fromDay: "2011-01-01", toDay: "2011-12-31", category: "ORDINARY" },
        },
      },
      at(0),
    );
    expect(result).toMatchObject({ outcome: "unavailable", reason: expect.stringContaining("64052100000077") });
  });

  it("count a person who joined twice in a year once", () => {
    const world = accounts();
    const stretch = (fromDay: string, toDay: string) => ({ county: ZHONGNING, fromDay, toDay, category: "ORDINARY" as const });
    const covers = [
      { personId: PERSON, stretch: stretch("2011-01-01", "2011-03-31") },
      { personId: PERSON, stretch: stretch("2011-06-01", "2011-12-31") },
    ];
    world.run(householdCovered, { householdId: HOUSEHOLD, county: ZHONGNING, version: 2, covers });
    expect(world.get(households.key(HOUSEHOLD))?.heads).toEqual({ "2011": 1 });
  });
});
