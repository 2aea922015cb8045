import { describe, expect, it } from "vitest";
import { claims } from "../../../services/claims/domain/documents.ts";
import { paymentsReturned } from "../../../services/claims/domain/payments-returned.ts";
import { type PaidClaim, paymentsSettled } from "../../../services/claims/domain/payments-settled.ts";
import { prefundRefused } from "../../../services/claims/domain/prefund-refused.ts";
import { isUnavailable } from "../../../services/values/outcome.ts";
import type { World } from "../../harness/decide.ts";
import { bill, region, snapshot, submitted, visit, yearOf, ZHONGNING } from "./nx-ref.ts";

const PAID_AT = Date.parse("2011-11-25T11:00:00+08:00");

function payment(claimId: string, orderId = "O1"): PaidClaim {
  return { claimId, payableId: `claim/${claimId}/decision/1`, orderId };
}

function settle(world: World, ...paid: PaidClaim[]) {
  return world.run(paymentsSettled, { paid, settledAtMs: PAID_AT });
}

function bringBack(world: World, ...returned: PaidClaim[]) {
  return world.run(paymentsReturned, { returned });
}

describe("PaymentsSettled", () => {
  it("closes every claim of the batch and tells them together under their county", () => {
    const world = region();
    const stay = submitted(world, bill());
    const other = submitted(world, visit("2011-11-01", 1_000n));
    const { told, about } = settle(world, payment(stay.bill.claimId), payment(other.bill.claimId));
    expect(told.map(({ name, county }) => [name, county])).toEqual([["ClaimsPaid", ZHONGNING]]);
    const closed = (claim: typeof stay, fundFen: bigint, dischargedOn: string) => ({
      claimId: claim.bill.claimId,
      treatingCounty: ZHONGNING,
      fundFen,
      dischargedOn,
      submittedAtMs: BigInt(claim.submittedAtMs),
    });
    expect(told[0]?.body).toEqual({
      homeCounty: ZHONGNING,
      paidAtMs: BigInt(PAID_AT),
      claims: [closed(stay, 49_000n, "2011-11-22"), closed(other, other.benefit.fundFen, "2011-11-01")],
    });
    expect(about).toEqual([stay.bill.claimId, other.bill.claimId]);
    expect(world.get(claims.key(stay.bill.claimId))).toMatchObject({ state: "PAID", paidAtMs: PAID_AT, paidBy: "O1" });
    expect(yearOf(world)?.usedFen.YEAR_IP).toBe(49_000n);
  });

  it("told twice under another id does nothing twice", () => {
    const world = region();
    const { claimId } = submitted(world, bill()).bill;
    settle(world, payment(claimId));
    const before = snapshot(world);
    expect(settle(world, payment(claimId)).told).toEqual([]);
    expect(snapshot(world)).toEqual(before);
  });

  it("waits as a whole while one of its claims is not approved, and changes none of them", () => {
    const world = region();
    const { claimId } = submitted(world, bill()).bill;
    const pending = submitted(world, bill({ institutionId: "ELSEWHERE-1", admittedOn: "2011-10-01", dischargedOn: "2011-10-02" })).bill;
    const before = snapshot(world);
    for (const second of [payment(pending.claimId), payment("C-none")]) {
      expect(isUnavailable(settle(world, payment(claimId), second).result)).toBe(true);
      expect(snapshot(world)).toEqual(before);
    }
  });

  it("of a refused claim, or under an id that was never approved, is a bug", () => {
    const world = region();
    const { claimId } = submitted(world, bill()).bill;
    expect(() => settle(world, { ...payment(claimId), payableId: `claim/${claimId}/decision/2` })).toThrow(/decision\/2/);
    const elsewhere = submitted(world, bill({ institutionId: "ELSEWHERE-1", admittedOn: "2011-10-01", dischargedOn: "2011-10-02" })).bill;
    world.run(prefundRefused, { claimId: elsewhere.claimId });
    expect(() => settle(world, payment(elsewhere.claimId))).toThrow(/refused/);
  });

  it("without a claim (a transfer between counties) is nothing to claims", () => {
    expect(settle(region()).told).toEqual([]);
  });
});

describe("PaymentsReturned", () => {
  it("opens the claim again, once, until another order pays it; that is told to nobody a second time", () => {
    const world = region();
    const { claimId } = submitted(world, bill()).bill;
    settle(world, payment(claimId, "O1"));
    bringBack(world, payment(claimId, "O1"));
    expect(world.get(claims.key(claimId))).toMatchObject({ state: "APPROVED", paidAtMs: 0, returned: ["O1"] });
    expect(world.get(claims.key(claimId))).not.toHaveProperty("paidBy");
    settle(world, payment(claimId, "O1"));
    expect(world.get(claims.key(claimId))?.state).toBe("APPROVED");
    const { told } = settle(world, payment(claimId, "O2"));
    expect(told).toEqual([]);
    expect(world.get(claims.key(claimId))).toMatchObject({ state: "PAID", paidBy: "O2" });
    const before = snapshot(world);
    bringBack(world, payment(claimId, "O1"));
    settle(world, payment(claimId, "O1"));
    expect(snapshot(world)).toEqual(before);
  });

  it("waits for the payment that it takes back", () => {
    const world = region();
    const { claimId } = submitted(world, bill()).bill;
    expect(isUnavailable(bringBack(world, payment(claimId)).result)).toBe(true);
    settle(world, payment(claimId, "O1"));
    expect(isUnavailable(bringBack(world, payment(claimId, "O2")).result)).toBe(true);
    expect(isUnavailable(bringBack(world, payment("C-none")).result)).toBe(true);
  });

  it.each([["S1 R1 S2"], ["S1 S2 R1"], ["S2 S1 R1"], ["S2 S1 R1 S1 R1 S2"]])(
    "a claim that was paid, returned and paid again is paid by the second order, and told once, in whatever order that is heard: %s",
    (order) => {
      const world = region();
      const { claimId } = submitted(world, bill()).bill;
      const told = order.split(" ").flatMap((word) => {
        const heard = payment(claimId, `O${word[1]}`);
        const outcome = word[0] === "S" ? settle(world, heard) : bringBack(world, heard);
        expect(isUnavailable(outcome.result)).toBe(false);
        return outcome.told;
      });
      expect(told.map(({ name }) => name)).toEqual(["ClaimsPaid"]);
      expect(world.get(claims.key(claimId))).toMatchObject({ state: "PAID", paidBy: "O2", paidAtMs: PAID_AT, returned: ["O1"] });
      expect(world.get(claims.key(claimId))).not.toHaveProperty("alsoPaidBy");
    },
  );
});
