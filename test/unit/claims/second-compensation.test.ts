/** Second compensation: planned by one, approved by another, granted page after page, once. */
import { describe, expect, it } from "vitest";
import { type Claim, claims } from "../../../services/claims/domain/documents.ts";
import {
  approveSecond,
  grantShares,
  PAGE_SHARES,
  planSecond,
  type Second,
  seconds,
  shares,
} from "../../../services/claims/domain/second-compensation.ts";
import { submit } from "../../../services/claims/domain/submit.ts";
import { voidClaim } from "../../../services/claims/domain/void-claim.ts";
import { sum } from "../../../services/values/money.ts";
import type { Outcome, World } from "../../harness/decide.ts";
import { bill, cover, expectDone, JINGYUAN, line, region, scheme, ZHONGNING } from "./nx-ref.ts";

/** Nobody else in these tests. */
const VISITOR_HERE = "6405210000990001";
const rule = { overFen: 100_000n, shareBp: 8_000 };
const NEW_YEAR = Date.parse("2012-01-20T10:00:00+08:00");
const as = (name: string, role = "TREASURER") => ({ atMs: NEW_YEAR, caller: { name, role, scope: ZHONGNING } });

function counties(secondCompensation: typeof rule | null = rule): World {
  return region([scheme({ secondCompensation: secondCompensation ?? undefined }), scheme({ county: JINGYUAN })]);
}

/** `count` people with a stay each, the nth of n thousand yuan more. */
function stays(world: World, count: number, first = 1): Claim[] {
  return Array.from({ length: count }, (_, index) => {
    const personId = `640521${String(index + first).padStart(8, "0")}01`;
    cover(world, personId, [{}], 2);
    const lines = [line("A", 500_000n + BigInt(index) * 100_000n)];
    return expectDone(world.run(submit, { bill: bill({ personId, lines }) }, { atMs: Date.parse("2011-11-25T10:00:00+08:00") }));
  });
}

const planned = (world: World, found: readonly Claim[] | undefined, potFen = 100_000n, who = as("treasurer")): Outcome<Second> =>
  world.run(planSecond, { county: ZHONGNING, year: 2011, potFen, ...(found ? { found } : {}) }, who);

function approved(world: World, { contentHash }: Second, name = "reviewer"): Outcome<Second> {
  return world.run(approveSecond, { county: ZHONGNING, year: 2011, contentHash }, as(name, "REVIEWER"));
}

const granted = (world: World, plan: number, page: number) =>
  world.run(grantShares, { county: ZHONGNING, year: 2011, plan, page }, as("timer"));
const secondOf = (world: World) => world.get(seconds.key(ZHONGNING, 2011));

describe("second compensation", () => {
  it("splits the pot over what the persons have borne above the threshold", () => {
    const world = counties();
    const found = stays(world, 3);
    // Borne of eligible amounts: 171,000; 201,000; 231,000.
    const second = expectDone(planned(world, found));
    expect(second).toMatchObject({ state: "PLANNED", plan: 1, claims: 3, borneFen: 603_000n, sharedFen: 100_000n, pages: 1 });
    expect(world.get(shares.key(ZHONGNING, 2011, 1, 1))?.shares.map(({ shareFen }) => shareFen)).toEqual([28_358n, 33_333n, 38_309n]);
  });

  it("leaves out who has borne too little, what was taken back, and what is more than the rule's share", () => {
    const world = counties();
    const [first, second, third] = stays(world, 3) as [Claim, Claim, Claim];
    cover(world, VISITOR_HERE, [{}], 2);
    const little = expectDone(world.run(submit, { bill: bill({ personId: VISITOR_HERE, lines: [line("A", 200_000n)] }) }));
    world.run(voidClaim, { institutionId: "COUNTY-1", claimId: third.bill.claimId, reason: "重复" });
    const now = (claim: Claim) => world.get(claims.key(claim.bill.claimId)) ?? claim;
    const plan = expectDone(planned(world, [first, second, third, little].map(now), 10_000_000n));
    expect([plan.claims, plan.sharedFen]).toEqual([2, (171_000n * 8n) / 10n + (201_000n * 8n) / 10n]);
  });

  it("is granted page after page, in their order, and each page once", () => {
    const world = counties();
    const found = stays(world, PAGE_SHARES + 5);
    const plan = expectDone(planned(world, found, 9_999_999n));
    expect(plan.pages).toBe(2);
    expectDone(approved(world, plan));
    expect(granted(world, 1, 2).result).toMatchObject({ outcome: "unavailable" });
    const [first, second] = [granted(world, 1, 1), granted(world, 1, 2)];
    expect(granted(world, 1, 2).told).toEqual([]);
    const told = [...first.told, ...second.told];
    expect(told.map(({ name, body }) => [name, body.grantId, body.shares.length])).toEqual([
      ["SecondCompensationGranted", "second/640521/2011/page/1", 100],
      ["SecondCompensationGranted", "second/640521/2011/page/2", 5],
    ]);
    expect(sum(told.flatMap(({ body }) => body.shares.map(({ shareFen }: { shareFen: bigint }) => shareFen)))).toBe(9_999_999n);
    const [share] = first.told[0]?.body.shares ?? [];
    expect(share).toMatchObject({ payableId: `second/640521/2011/${share.claimId}`, householdId: expect.stringMatching(/^640521\d{8}$/) });
    expect(secondOf(world)).toMatchObject({ state: "GRANTED", granted: 2, grantedFen: 9_999_999n });
    expect(world.get(claims.key(share.claimId))?.sharedFen).toBe(share.shareFen);
  });

  it("grants nothing for a claim that was taken back meanwhile; afterwards it is not taken back any more", () => {
    const world = counties();
    const found = stays(world, 2);
    const [first, second] = found as [Claim, Claim];
    expectDone(approved(world, expectDone(planned(world, found))));
    const takeBack = ({ bill: { claimId } }: Claim) => world.run(voidClaim, { institutionId: "COUNTY-1", claimId, reason: "重复" });
    expectDone(takeBack(first));
    const { told } = granted(world, 1, 1);
    expect(told[0]?.body.shares.map(({ claimId }: { claimId: string }) => claimId)).toEqual([second.bill.claimId]);
    const plan = secondOf(world);
    expect(plan && plan.grantedFen < plan.sharedFen).toBe(true);
    expect(takeBack(second).result).toMatchObject({ code: "HAS_SHARE" });
  });

  it("may be planned anew until it is approved; the approver says which plan was read", () => {
    const world = counties();
    const found = stays(world, 2);
    const first = expectDone(planned(world, found));
    const again = expectDone(planned(world, found, 50_000n));
    expect(again).toMatchObject({ plan: 2, potFen: 50_000n });
    expect(approved(world, first).result).toMatchObject({ code: "SECOND_CHANGED" });
    expect(approved(world, again, "treasurer").result).toMatchObject({ code: "PLANNED_BY_YOU" });
    expectDone(approved(world, again));
    expect(expectDone(approved(world, again)).state).toBe("APPROVED");
    expect(planned(world, found, 60_000n).result).toMatchObject({ code: "SECOND_APPROVED" });
    expect(expectDone(planned(world, found, 50_000n)).state).toBe("APPROVED");
  });

  it("looks for the claims only where there is something to split", () => {
    expect(planned(counties(), undefined).result).toMatchObject({ outcome: "unavailable" });
  });

  it.each<[string, () => Outcome<Second>, string]>([
    [
      "a year that is not over",
      () => planned(counties(), [], 1n, { ...as("t"), atMs: Date.parse("2011-12-31T23:00:00+08:00") }),
      "YEAR_NOT_OVER",
    ],
    ["a scheme without one", () => planned(counties(null), []), "NO_SECOND_COMPENSATION"],
    ["nobody who shares", () => planned(counties(), []), "NOTHING_TO_SHARE"],
    ["a pot that comes to nothing", () => planned(counties({ ...rule, shareBp: 0 }), []), "NOTHING_TO_SHARE"],
    [
      "a plan that is not there",
      () => counties().run(approveSecond, { county: ZHONGNING, year: 2011, contentHash: "" }, as("r")),
      "UNKNOWN_SECOND",
    ],
  ])("refuses %s", (_, act, code) => {
    expect(act().result).toMatchObject({ code });
  });
});
