/** What the review desk takes off a line: the fund pays less, the hospital bears it, the patient's part stays what the window said. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Claim, claims, corrections, years } from "../../../services/claims/domain/documents.ts";
import { explain } from "../../../services/claims/domain/explain.ts";
import { review } from "../../../services/claims/domain/review.ts";
import type { Deduction } from "../../../services/claims/domain/review-documents.ts";
import { catalogues, schemes } from "../../../services/claims/domain/scheme.ts";
import { submit } from "../../../services/claims/domain/submit.ts";
import { voidClaim } from "../../../services/claims/domain/void-claim.ts";
import type { World } from "../../harness/decide.ts";
import { bill, expectDone, JINGYUAN, line, PERSON, region, scheme, ZHONGNING } from "./nx-ref.ts";

/** A scheme whose stays with J18 always wait for a reviewer. */
const reviewed = scheme({ review: { aboveFundFen: 0n, diagnosisPrefixes: ["J18"] } });
const at = (minute: number) => ({ atMs: Date.parse("2011-11-25T10:00:00+08:00") + minute * 60_000 });

function waiting(world: World, lines = [line("A", 412_000n), line("B", 150_050n), line("OUT", 72_730n)]): Claim {
  return expectDone(world.run(submit, { bill: bill({ diagnosis: "J18.9", lines }) }, at(0)));
}

function decide(world: World, claim: Claim, deductions: readonly Deduction[], verdict: "APPROVE" | "REFUSE" = "APPROVE") {
  return world.run(review, { county: ZHONGNING, claimId: claim.bill.claimId, verdict, reason: "", deductions }, at(9));
}

const off = (row: number, fen: bigint): Deduction => ({ line: row, deductedFen: fen, reason: "OVER_QUANTITY", note: "" });

function explained(world: World, claim: Claim) {
  const document = world.get(schemes.key(ZHONGNING, 2011, 1));
  const catalogue = world.get(catalogues.key("NX"));
  if (!document || !catalogue) throw new Error("not published");
  return explain(claim, { home: document, treating: document, catalogue });
}

const yearOf = (world: World) => world.get(years.key(PERSON, 2011));

describe("deductions", () => {
  it("takes them off what counts, and the hospital bears what the fund pays less", () => {
    const world = region([reviewed]);
    const claim = waiting(world);
    expect(claim.benefit).toMatchObject({ eligibleFen: 547_045n, fundFen: 361_932n, patientFen: 272_848n, hospitalFen: 0n });
    const { result, told } = decide(world, claim, [off(2, 50_050n), off(1, 12_000n)]);
    // E = 400,000 + 100,000 × 90 % = 490,000; − 30,000; × 70 %.
    expect(result).toMatchObject({
      state: "APPROVED",
      reviewed: true,
      deductions: [off(1, 12_000n), off(2, 50_050n)],
      benefit: { totalFen: 634_780n, eligibleFen: 490_000n, fundFen: 322_000n, patientFen: 272_848n, hospitalFen: 39_932n },
    });
    expect(told).toMatchObject([{ name: "ClaimApproved", body: { fundFen: 322_000n, totalFen: 634_780n } }]);
    expect(yearOf(world)).toMatchObject({ usedFen: { YEAR_IP: 322_000n }, compensatedStays: 1, borneFen: 185_113n });
  });

  it("shrinks what counts in proportion where a price limit has cut the line already", () => {
    const world = region([reviewed]);
    const claim = waiting(world, [{ ...line("CT", 300_000n), quantityE4: 100_000n, unitPriceFen: 30_000n }, line("A", 100_000n)]);
    // Ten at a limit of 24,000 less 20 %: 192,000; three of ten taken off: 134,400.
    expect(claim.benefit.eligibleFen).toBe(292_000n);
    expect(expectDone(decide(world, claim, [off(1, 90_000n)])).benefit.eligibleFen).toBe(234_400n);
  });

  it("explains the claim with each deduction, byte for byte", () => {
    const world = region([reviewed]);
    const claim = expectDone(decide(world, waiting(world), [off(1, 12_000n)]));
    const steps = explained(world, claim);
    expect(steps.filter(({ step }) => step === "DEDUCTION").map(({ zh }) => zh)).toEqual([
      "甲类药 4120.00 元，审核扣减 120.00 元，可补偿 4000.00 元",
    ]);
    expect(steps.at(-1)?.zh).toContain("个人支付仍为 2728.48 元");
  });

  it("gives back exactly what it has when it is taken back afterwards", () => {
    const world = region([reviewed]);
    const claim = expectDone(decide(world, waiting(world), [off(1, 12_000n)]));
    const { institutionId, claimId } = claim.bill;
    const { told } = world.run(voidClaim, { institutionId, claimId, reason: "重新结算" }, at(10));
    expect(told).toMatchObject([{ name: "ClaimAdjusted", body: { deltaFen: -claim.benefit.fundFen, accountDeltaFen: 0n } }]);
    expect(yearOf(world)).toMatchObject({ usedFen: { YEAR_IP: 0n }, compensatedStays: 0, borneFen: 0n });
  });

  it("computes later claims again that ran into a cap which is free now", () => {
    const capped = { ...reviewed, caps: reviewed.caps.map((cap) => (cap.code === "YEAR_IP" ? { ...cap, fen: 400_000n } : cap)) };
    const world = region([capped]);
    const first = waiting(world);
    const later = bill({ admittedOn: "2011-10-01", dischargedOn: "2011-10-05", lines: [line("A", 300_000n, "2011-10-02")] });
    const second = expectDone(world.run(submit, { bill: later }, at(1)));
    expect(second.benefit).toMatchObject({ fundFen: 38_068n, overCapFen: 161_432n });
    decide(world, first, [off(1, 100_000n)]);
    // 70,000 are free for it.
    expect(world.get(corrections.key(second.bill.claimId))).toMatchObject({ state: "QUEUED", toFen: 108_068n, deltaFen: 70_000n });
  });

  it("computes later claims again where a claim that they stood on is refused", () => {
    const world = region([reviewed]);
    const first = waiting(world);
    const later = bill({ admittedOn: "2011-10-01", dischargedOn: "2011-10-05", lines: [line("A", 300_000n, "2011-10-02")] });
    const second = expectDone(world.run(submit, { bill: later }, at(1)));
    expect(second.benefit.fundFen).toBe(199_500n);
    expectDone(
      world.run(review, { county: ZHONGNING, claimId: first.bill.claimId, verdict: "REFUSE", reason: "不符", deductions: [] }, at(2)),
    );
    expect(world.get(corrections.key(second.bill.claimId))).toMatchObject({ state: "QUEUED", deltaFen: -10_500n });
  });

  it.each([
    ["a line that is not there", [off(4, 1n)], "UNKNOWN_LINE", "deductions[0].line"],
    ["more than the line", [off(1, 1n), off(3, 72_731n)], "DEDUCTION_TOO_LARGE", "deductions[1].deducted_fen"],
  ])("refuses %s, and changes nothing", (_, deductions, code, field) => {
    const world = region([reviewed]);
    const claim = waiting(world);
    const outcome = decide(world, claim, deductions);
    expect(outcome.result).toMatchObject({ code, field });
    expect(world.get(claims.key(claim.bill.claimId))).toEqual(claim);
  });

  it("all parts sum to the bill, the patient's stays, and no payer pays more", () => {
    const fen = fc.bigInt({ min: 1n, max: 900_000n });
    const rows = fc.array(
      fc.record({ item: fc.constantFrom("A", "B", "CT", "IMPORT", "OUT"), fen, offBp: fc.integer({ min: 0, max: 10_000 }) }),
      {
        minLength: 1,
        maxLength: 6,
      },
    );
    fc.assert(
      fc.property(rows, (drawn) => {
        const world = region([reviewed, scheme({ county: JINGYUAN })]);
        const claim = waiting(
          world,
          drawn.map((row) => line(row.item, row.fen)),
        );
        const deductions = drawn.flatMap(({ fen: billed, offBp }, index) => {
          const taken = (billed * BigInt(offBp)) / 10_000n;
          return taken > 0n ? [off(index + 1, taken)] : [];
        });
        const { benefit } = expectDone(decide(world, claim, deductions));
        const { totalFen, fundFen, patientFen, hospitalFen } = benefit;
        expect(fundFen + patientFen + hospitalFen).toBe(totalFen);
        expect(patientFen).toBe(claim.benefit.patientFen);
        expect(fundFen <= claim.benefit.fundFen && hospitalFen >= 0n).toBe(true);
      }),
      { numRuns: 40 },
    );
  });
});
