/** Taking a claim back: what it drew is given back exactly, and later claims that stood on it are found, computed again, and corrected only by somebody's word. */
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import type { Reversal } from "../../../services/benefit/scheme.ts";
import {
  type BenefitYear,
  type Bill,
  type Claim,
  type ClaimState,
  claims,
  corrections,
  invoices,
} from "../../../services/claims/domain/documents.ts";
import { paymentsReturned } from "../../../services/claims/domain/payments-returned.ts";
import { paymentsSettled } from "../../../services/claims/domain/payments-settled.ts";
import { review } from "../../../services/claims/domain/review.ts";
import { submit } from "../../../services/claims/domain/submit.ts";
import { decideCorrection, voidClaim } from "../../../services/claims/domain/void-claim.ts";
import { addDays } from "../../../services/values/days.ts";
import type { Refusal } from "../../../services/values/outcome.ts";
import type { Options, Outcome, World } from "../../harness/decide.ts";
import { bill, expectDone, JINGYUAN, line, PERSON, region, scheme, snapshot, submitted, visit, yearOf, ZHONGNING } from "./nx-ref.ts";

const AT = Date.parse("2011-11-25T10:00:00+08:00");
const at = (minutes: number): Options => ({ atMs: AT + minutes * 60_000 });

function stay(day: string, fen: bigint, overrides: Partial<Bill> = {}): Bill {
  return bill({ admittedOn: day, dischargedOn: addDays(day, 2), lines: [line("A", fen, day)], ...overrides });
}

const take = (world: World, claim: Claim, options: Options = {}): Outcome<Claim> =>
  world.run(voidClaim, { institutionId: claim.bill.institutionId, claimId: claim.bill.claimId, reason: "录入有误" }, options);
const decide = (world: World, claim: Claim, verdict: "POST" | "DISMISS") =>
  world.run(decideCorrection, { county: ZHONGNING, claimId: claim.bill.claimId, verdict });
const codeOf = ({ result }: Outcome<unknown>) => (result as Partial<Refusal>).code;
const stored = (world: World, claim: Claim) => world.get(claims.key(claim.bill.claimId)) as Claim;

/** NX-REF with another rule for reversals, in both counties. */
const reversing = (reversal: Partial<Reversal>) => {
  const rule = { blockAfterDisbursed: false, dayLimit: undefined, resequence: "FLAG", ...reversal } as const;
  return region([scheme({ reversal: rule }), scheme({ county: JINGYUAN, reversal: rule })]);
};

/** Examples 3 and 4: two stays, the second with half the deductible because of the first. */
function twoStays(world: World): { first: Claim; second: Claim } {
  const lines = [line("A", 412_000n, "2011-10-01"), line("B", 150_050n, "2011-10-01"), line("OUT", 72_730n, "2011-10-01")];
  const first = submitted(world, stay("2011-10-01", 0n, { lines }), at(0));
  const second = submitted(world, stay("2011-11-10", 300_000n), at(1));
  expect([first.benefit.fundFen, second.benefit.fundFen]).toEqual([361_932n, 199_500n]);
  return { first, second };
}

describe("a claim that is taken back", () => {
  it("11: gives back what it drew; the later stay is no second one any more, which is flagged and not done", () => {
    const world = region();
    const { first, second } = twoStays(world);
    const { result, told } = take(world, first, at(2));
    expect(result).toMatchObject({ state: "VOIDED", reason: "录入有误" });
    const approvalId = `claim/${first.bill.claimId}/decision/1`;
    expect(told).toEqual([
      {
        name: "ClaimAdjusted",
        county: ZHONGNING,
        body: expect.objectContaining({ adjustmentId: `claim/${first.bill.claimId}/void`, approvalId, deltaFen: -361_932n }),
      },
    ]);
    expect(yearOf(world)).toMatchObject({
      usedFen: { YEAR_IP: 199_500n },
      compensatedStays: 1,
      visits: [{ claimId: second.bill.claimId }],
    });
    expect(world.get(invoices.key("COUNTY-1", first.bill.invoiceNumber))?.claimId).toBe("");
    const correction = { state: "QUEUED", toFen: 189_000n, deltaFen: -10_500n, causedBy: [first.bill.claimId] };
    expect(world.get(corrections.key(second.bill.claimId))).toMatchObject(correction);
    expect(stored(world, second)).toEqual(second);
    // Its invoice and its days are free.
    submitted(world, { ...first.bill, claimId: "C-again" }, at(3));
  });

  it("twice is once", () => {
    const world = region();
    const { first } = twoStays(world);
    take(world, first, at(2));
    const before = snapshot(world);
    const again = take(world, first, at(3));
    expect([again.told, expectDone(again).state]).toEqual([[], "VOIDED"]);
    expect(snapshot(world)).toEqual(before);
  });

  it("posts the correction as an entry of its own, once, and never edits the claim's benefit", () => {
    const world = region();
    const { first, second } = twoStays(world);
    take(world, first, at(2));
    const { result, told } = decide(world, second, "POST");
    expect(result).toMatchObject({ state: "POSTED", posted: 1 });
    expect(told).toMatchObject([
      { name: "ClaimAdjusted", body: { adjustmentId: `claim/${second.bill.claimId}/correction/1`, deltaFen: -10_500n } },
    ]);
    expect(stored(world, second)).toMatchObject({ benefit: second.benefit, corrected: { fen: -10_500n } });
    expect(yearOf(world)).toMatchObject({ usedFen: { YEAR_IP: 189_000n }, compensatedStays: 1, borneFen: 111_000n });
    expect(decide(world, second, "POST").told).toEqual([]);
    expect(codeOf(decide(world, second, "DISMISS"))).toBe("NOT_QUEUED");
    // Taken back itself, it gives back what it has now.
    expect(take(world, second, at(4)).told).toMatchObject([{ body: { deltaFen: -189_000n } }]);
    expect(yearOf(world)).toMatchObject({ usedFen: { YEAR_IP: 0n }, compensatedStays: 0, borneFen: 0n, visits: [] });
  });

  it("leaves the later claim as it is where the county dismisses the correction", () => {
    const world = region();
    const { first, second } = twoStays(world);
    take(world, first, at(2));
    const years = yearOf(world);
    expect(decide(world, second, "DISMISS").told).toEqual([]);
    expect(yearOf(world)).toEqual(years);
    expect(codeOf(decide(world, second, "POST"))).toBe("NOT_QUEUED");
    expect(codeOf(world.run(decideCorrection, { county: JINGYUAN, claimId: second.bill.claimId, verdict: "POST" }))).toBe(
      "UNKNOWN_CORRECTION",
    );
  });

  it.each([
    ["AUTO", 189_000n, "POSTED"],
    ["NONE", 199_500n, undefined],
  ] as const)("resequences %s as the scheme says", (resequence, usedFen, state) => {
    const world = reversing({ resequence });
    const { first, second } = twoStays(world);
    expect(take(world, first, at(2)).told).toHaveLength(resequence === "AUTO" ? 2 : 1);
    expect(yearOf(world)?.usedFen.YEAR_IP).toBe(usedFen);
    expect(world.get(corrections.key(second.bill.claimId))?.state).toBe(state);
  });

  it("frees a cap that later claims ran into, each in its turn", () => {
    const world = region();
    const first = submitted(world, stay("2011-08-01", 7_030_000n), at(0));
    const second = submitted(world, stay("2011-09-01", 1_000_000n), at(1));
    const third = submitted(world, stay("2011-10-01", 1_000_000n), at(2));
    expect([first, second, third].map(({ benefit }) => benefit.fundFen)).toEqual([4_900_000n, 100_000n, 0n]);
    take(world, first, at(3));
    const correctionOf = (claim: Claim) => world.get(corrections.key(claim.bill.claimId));
    // The second is the first compensated stay now, the third the second.
    expect(correctionOf(second)).toMatchObject({ toFen: 679_000n, deltaFen: 579_000n });
    expect(correctionOf(third)).toMatchObject({ toFen: 689_500n, deltaFen: 689_500n });
    expectDone(decide(world, third, "POST"));
    expectDone(decide(world, second, "POST"));
    expect(yearOf(world)).toMatchObject({ usedFen: { YEAR_IP: 679_000n + 689_500n }, compensatedStays: 2 });
  });

  it("never passes a cap with a correction: what was freed and drawn by others meanwhile is gone", () => {
    const world = region();
    const first = submitted(world, stay("2011-08-01", 7_030_000n), at(0));
    const second = submitted(world, stay("2011-09-01", 1_000_000n), at(1));
    take(world, first, at(2));
    submitted(world, stay("2011-10-01", 6_500_000n), at(3));
    const left = 5_000_000n - (yearOf(world)?.usedFen.YEAR_IP ?? 0n);
    expect(left).toBeLessThan(579_000n);
    expect(expectDone(decide(world, second, "POST"))).toMatchObject({ deltaFen: left, toFen: 100_000n + left });
    expect(yearOf(world)?.usedFen.YEAR_IP).toBe(5_000_000n);
  });

  it("corrects nothing that is not promised yet, and nothing that is taken back itself", () => {
    const rule = { blockAfterDisbursed: false, dayLimit: undefined, resequence: "AUTO" } as const;
    const world = region([scheme({ reversal: rule, review: { aboveFundFen: 0n, diagnosisPrefixes: ["S"] } })]);
    const first = submitted(world, stay("2011-08-01", 300_000n), at(0));
    const held = submitted(world, stay("2011-09-01", 300_000n, { diagnosis: "S72" }), at(1));
    const third = submitted(world, stay("2011-10-01", 300_000n), at(2));
    take(world, first, at(3));
    expect(world.get(corrections.key(held.bill.claimId))?.state).toBe("QUEUED");
    expect(codeOf(decide(world, held, "POST"))).toBe("NOT_APPROVED");
    world.run(review, { county: ZHONGNING, claimId: held.bill.claimId, verdict: "APPROVE", reason: "", deductions: [] });
    take(world, held, at(4));
    expect(world.get(corrections.key(held.bill.claimId))?.state).toBe("DISMISSED");
    // Without both it is the first stay of the year: posted at once.
    expect(stored(world, third).corrected?.fen).toBe(-10_500n);
  });

  it("adds to a correction that waits, and takes it away where it comes back to nothing", () => {
    const world = region();
    const one = submitted(world, stay("2011-08-01", 300_000n), at(0));
    const two = submitted(world, stay("2011-09-01", 300_000n), at(1));
    const three = submitted(world, stay("2011-10-01", 300_000n), at(2));
    take(world, one, at(3));
    // The third was a third stay and is a second: the same deductible. The second is a first.
    expect(world.get(corrections.key(three.bill.claimId))).toMatchObject({ state: "EVEN", deltaFen: 0n });
    expect(world.get(corrections.key(two.bill.claimId))).toMatchObject({ deltaFen: -10_500n });
    take(world, two, at(4));
    expect(world.get(corrections.key(three.bill.claimId))).toMatchObject({
      causedBy: [one.bill.claimId, two.bill.claimId],
      deltaFen: -10_500n,
      state: "QUEUED",
    });
  });

  it("of somebody else's household under one cap corrects the others", () => {
    const caps = scheme().caps.map((cap) => (cap.code === "YEAR_OP" ? { ...cap, scope: "HOUSEHOLD" as const } : cap));
    const world = region([scheme({ caps })]);
    const sibling = `${PERSON.slice(0, 14)}02`;
    world.put({ kind: "covers", id: sibling }, { ...world.get({ kind: "covers", id: PERSON }), county: ZHONGNING });
    const first = submitted(world, visit("2011-11-20", 10_000n), at(0));
    const second = submitted(world, visit("2011-11-21", 10_000n, { personId: sibling }), at(1));
    expect(second.benefit.fundFen).toBe(4_000n);
    take(world, first, at(2));
    expect(world.get(corrections.key(second.bill.claimId))).toMatchObject({ toFen: 8_000n, deltaFen: 4_000n });
  });

  it.each<[string, (world: World, claim: Claim) => Outcome<unknown>]>([
    ["UNKNOWN_CLAIM", (world, claim) => world.run(voidClaim, { institutionId: "COUNTY-2", claimId: claim.bill.claimId, reason: "x" })],
    ["UNKNOWN_CLAIM", (world) => world.run(voidClaim, { institutionId: "COUNTY-1", claimId: "none", reason: "x" })],
    ["TOO_LATE", (world, claim) => take(world, claim, at(31 * 24 * 60))],
    ["ALREADY_PAID", (world, claim) => take(world, paid(world, claim), at(5))],
    ["NOT_APPROVED", (world) => take(world, submitted(world, bill({ institutionId: "ELSEWHERE-1" }), at(3)), at(5))],
  ])("%s changes nothing", (code, act) => {
    const world = reversing({ dayLimit: 30, blockAfterDisbursed: true });
    const { first } = twoStays(world);
    const years = yearOf(world);
    expect(codeOf(act(world, first))).toBe(code);
    if (code !== "NOT_APPROVED") expect(yearOf(world)).toEqual(years);
    expect(stored(world, first).state).not.toBe("VOIDED");
  });
});

function pay(world: World, { bill: { claimId } }: Claim, act: "settled" | "returned" = "settled") {
  const payment = { claimId, payableId: `claim/${claimId}/decision/1`, orderId: "O1" };
  return act === "settled"
    ? world.run(paymentsSettled, { paid: [payment], settledAtMs: AT })
    : world.run(paymentsReturned, { returned: [payment] });
}

function paid(world: World, claim: Claim): Claim {
  pay(world, claim);
  return claim;
}

describe("the bank's answers after it", () => {
  test("a payment that was on its way is entered, and tells nobody that the claim is paid; its return leaves the claim taken back", () => {
    const world = region();
    const { first } = twoStays(world);
    take(world, first, at(2));
    expect(pay(world, first).told).toEqual([]);
    expect(stored(world, first)).toMatchObject({ state: "VOIDED", paidBy: "O1", paidAtMs: AT });
    pay(world, first, "returned");
    expect(stored(world, first)).toMatchObject({ state: "VOIDED", paidAtMs: 0, returned: ["O1"] });
  });

  test("a paid claim may be taken back where its scheme lets it, and stays paid by its order", () => {
    const world = region();
    const { first } = twoStays(world);
    pay(world, first);
    expectDone(take(world, first, at(2)));
    expect(stored(world, first)).toMatchObject({ state: "VOIDED", paidBy: "O1" });
  });
});

test("reversing gives back exactly what was taken: whatever is billed and taken back in whatever order, the years are those of what stands", () => {
  const step = fc.record({
    act: fc.constantFrom("stay", "visit", "void", "void", "post"),
    day: fc.nat(300),
    fen: fc.bigInt({ min: 1n, max: 4_000_000n }),
    pick: fc.nat(100),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 25 }), fc.constantFrom("FLAG" as const, "AUTO" as const), (steps, resequence) => {
      const world = reversing({ resequence });
      let minute = 0;
      for (const { act, day, fen, pick } of steps) {
        minute += 1;
        const all = world.all<Claim>("claims");
        const claim = all[pick % Math.max(1, all.length)];
        const from = addDays("2011-01-01", day);
        if (act === "stay") world.run(submit, { bill: stay(from, fen) }, at(minute));
        else if (act === "visit") world.run(submit, { bill: visit(from, fen % 20_000n) }, at(minute));
        else if (claim && act === "void") take(world, claim, at(minute));
        else if (claim) decide(world, claim, "POST");
        expectYears(world);
      }
    }),
    { numRuns: 60 },
  );
});

const STANDING: readonly ClaimState[] = ["APPROVED", "PAID", "IN_REVIEW", "PENDING"];

function expectYears(world: World): void {
  const standing = world.all<Claim>("claims").filter(({ state }) => STANDING.includes(state));
  const drawnOf = ({ corrected, drawn }: Claim) => corrected?.drawn ?? drawn;
  for (const year of world.all<BenefitYear>("years")) {
    const ours = standing.filter((claim) => claim.year === year.year);
    for (const [cap, limit] of [
      ["YEAR_IP", 5_000_000n],
      ["YEAR_OP", 12_000n],
    ] as const) {
      const used = ours
        .filter((claim) => drawnOf(claim).caps.some(({ code }) => code === cap))
        .reduce((sum, { benefit, corrected }) => sum + benefit.fundFen + (corrected?.fen ?? 0n), 0n);
      expect(year.usedFen[cap] ?? 0n).toBe(used);
      expect(used <= limit).toBe(true);
    }
    expect(year.compensatedStays).toBe(ours.filter((claim) => drawnOf(claim).stay).length);
    expect(year.borneFen).toBe(ours.reduce((sum, claim) => sum + drawnOf(claim).borneFen, 0n));
  }
}
