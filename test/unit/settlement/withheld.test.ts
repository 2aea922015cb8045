import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { adjust } from "../../../services/settlement/domain/adjust.ts";
import { approve } from "../../../services/settlement/domain/approve.ts";
import { approveAssessment, proposeAssessment } from "../../../services/settlement/domain/assess.ts";
import { entries, type Payable, payables, withholdings } from "../../../services/settlement/domain/documents.ts";
import { recallAnswered } from "../../../services/settlement/domain/recall-answered.ts";
import { setWithheld } from "../../../services/settlement/domain/set-withheld.ts";
import { sum } from "../../../services/values/money.ts";
import { isUnavailable } from "../../../services/values/outcome.ts";
import type { World } from "../../harness/decide.ts";
import {
  adjusted,
  approval,
  balance,
  bookOf,
  expectContract,
  expectTrueBooks,
  JINGYUAN,
  paid,
  promised,
  returned,
  tick,
  worldOf,
  ZHONGNING,
} from "./ledger-world.ts";

const FUND = { fundsFen: 1_000_000n, prefundFen: 1_000_000n };
const H = `H-${ZHONGNING}`;
const HOSPITAL = `HOSPITAL/${H}`;
const WITHHELD = `WITHHELD/${H}/INPATIENT`;
const BENEFITS = "5001-INPATIENT/2011";
const C1 = "claim/C1/decision/1";
const at = (name: string) => ({ caller: { name, role: "TREASURER", scope: ZHONGNING }, atMs: Date.parse("2011-11-28T09:00:00+08:00") });

function rate(world: World, withheldBp: bigint, institutionId = H, county = ZHONGNING) {
  return world.run(setWithheld, { county, institutionId, withheldBp, countyKnown: true, institutionKnown: true });
}

function withheldWorld(bp = 1_000n, funds: Parameters<typeof worldOf>[0] = { [ZHONGNING]: FUND, [JINGYUAN]: FUND }): World {
  const world = worldOf(funds);
  rate(world, bp);
  return world;
}

const of = (period: string, scoreBp: bigint) => ({ county: ZHONGNING, institutionId: H, period, scoreBp });

function propose(world: World, period: string, scoreBp: bigint, by = "zhang") {
  return world.run(proposeAssessment, { ...of(period, scoreBp), reason: "年度考核" }, at(by));
}

function assess(world: World, period: string, scoreBp: bigint) {
  propose(world, period, scoreBp);
  const outcome = world.run(approveAssessment, of(period, scoreBp), at("li"));
  expectTrueBooks(world);
  return outcome;
}

describe("the rate", () => {
  test("is the county's word on its own institution; the same again changes nothing", () => {
    const world = worldOf({ [ZHONGNING]: FUND, [JINGYUAN]: FUND });
    expect(rate(world, 500n).result).toMatchObject({ institutionId: H, withheldBp: 500n, round: 1 });
    expect(rate(world, 500n).result).toMatchObject({ withheldBp: 500n });
    expect(world.run(setWithheld, { county: JINGYUAN, institutionId: H, withheldBp: 0n }).result).toMatchObject({
      code: "UNKNOWN_INSTITUTION",
    });
    expect(world.get(withholdings.key(H))?.withheldBp).toBe(500n);
  });

  test("asks administration for what is not known here", () => {
    const world = worldOf({ [ZHONGNING]: FUND });
    const input = { county: ZHONGNING, institutionId: "H-9", withheldBp: 500n };
    expect(isUnavailable(world.run(setWithheld, input).result)).toBe(true);
    expect(world.run(setWithheld, { ...input, countyKnown: true, institutionKnown: false }).result).toMatchObject({
      code: "UNKNOWN_INSTITUTION",
    });
    expect(world.run(setWithheld, { ...input, county: JINGYUAN, countyKnown: false }).result).toMatchObject({ code: "UNKNOWN_COUNTY" });
  });

  test("holds from the next promise on", () => {
    const world = withheldWorld(1_000n);
    promised(world, "C1", ZHONGNING, ZHONGNING, 1_000n);
    rate(world, 0n);
    promised(world, "C2", ZHONGNING, ZHONGNING, 1_000n);
    adjusted(world, "C1", ZHONGNING, ZHONGNING, -500n, "correction/1");
    expect(balance(world, ZHONGNING, WITHHELD)).toBe(-50n);
    expect(world.get(payables.key("claim/C2/decision/1"))).toMatchObject({ amountFen: 1_000n });
    expectTrueBooks(world);
  });
});

describe("a promise", () => {
  test("is the whole expense; a part of the fund's part stands withheld, half-up, and the rest is told to payment", () => {
    const world = withheldWorld();
    const outcome = world.run(approve, { ...approval("C1", ZHONGNING, ZHONGNING, 361_935n), accountFen: 1_500n });
    expect(outcome.told).toMatchObject([{ name: "PayableDue", body: { payableId: C1, amountFen: 327_241n } }]);
    expect([BENEFITS, "5002/2011", "PAYABLE", WITHHELD].map((account) => balance(world, ZHONGNING, account))).toEqual([
      361_935n,
      1_500n,
      -327_241n,
      -36_194n,
    ]);
    expectContract(outcome);
    expectTrueBooks(world);
    // Heard again it is the same promise.
    expect(world.run(approve, { ...approval("C1", ZHONGNING, ZHONGNING, 361_935n), accountFen: 1_500n }).result).toEqual({ posted: false });
  });

  test.each([
    [1n, 1n, 0n],
    [2n, 2n, 0n],
    [3n, 2n, 1n],
    [5n, 4n, 1n],
  ])("of %d fen leaves %d to pay at the highest rate", (fundFen, amountFen, heldFen) => {
    const world = withheldWorld(2_000n);
    promised(world, "C1", ZHONGNING, ZHONGNING, fundFen);
    expect(world.get(payables.key(C1))).toMatchObject({ amountFen, withheld: { heldFen } });
    expectTrueBooks(world);
  });

  test("of a claim from elsewhere is paid whole: what an assessment does not give would be another county's", () => {
    const world = withheldWorld();
    promised(world, "C1", JINGYUAN, ZHONGNING, 1_000n);
    expect(world.get(payables.key(C1))).toMatchObject({ amountFen: 1_000n });
    expect(balance(world, ZHONGNING, WITHHELD)).toBe(0n);
    expectTrueBooks(world);
  });

  test("sets what the institution owes off against what is to be paid, not against what is withheld", () => {
    const world = withheldWorld();
    promised(world, "C1", ZHONGNING, ZHONGNING, 1_000n);
    paid(world, "S1", ZHONGNING, [C1]);
    adjusted(world, "C1", ZHONGNING, ZHONGNING, -1_000n);
    expect(bookOf(world, ZHONGNING).debts).toEqual({ [H]: 900n });
    expect(balance(world, ZHONGNING, WITHHELD)).toBe(0n);
    const { told } = promised(world, "C2", ZHONGNING, ZHONGNING, 500n);
    // Its paid part is paid, and so it is.
    expect(told).toMatchObject([{ name: "PayableSetOff", body: { claimId: "C2", setOffFen: 450n } }]);
    expect(world.get(payables.key("claim/C2/decision/1"))).toMatchObject({ state: "PAID", amountFen: 0n, setOffFen: 450n });
    expect(bookOf(world, ZHONGNING).debts).toEqual({ [H]: 450n });
    expect(balance(world, ZHONGNING, WITHHELD)).toBe(-50n);
    expectTrueBooks(world);
  });

  test("that was paid and comes back is due again by its paid part", () => {
    const world = withheldWorld();
    promised(world, "C1", ZHONGNING, ZHONGNING, 1_000n);
    paid(world, "S1", ZHONGNING, [C1]);
    returned(world, "R1", ZHONGNING, [C1]);
    expect(world.get(payables.key(C1))).toMatchObject({ state: "DUE", amountFen: 900n });
    expect(balance(world, ZHONGNING, WITHHELD)).toBe(-100n);
    expectTrueBooks(world);
  });
});

describe("what follows for a promise", () => {
  test("taken back before it is sent, its payment is called back and nothing stands withheld", () => {
    const world = withheldWorld();
    promised(world, "C1", ZHONGNING, ZHONGNING, 1_000n);
    expect(adjusted(world, "C1", ZHONGNING, ZHONGNING, -1_000n).told).toMatchObject([{ name: "PayableRecalled" }]);
    expect([balance(world, ZHONGNING, WITHHELD), balance(world, ZHONGNING, HOSPITAL)]).toEqual([0n, 900n]);
    expectTrueBooks(world);
    world.run(recallAnswered, { payableId: C1, withdrawn: true });
    expect([BENEFITS, WITHHELD, HOSPITAL, "PAYABLE"].map((account) => balance(world, ZHONGNING, account))).toEqual([0n, 0n, 0n, 0n]);
    expectTrueBooks(world);
  });

  test("taken back while it is held, it is cancelled", () => {
    const world = withheldWorld(1_000n, { [ZHONGNING]: { fundsFen: 0n } });
    promised(world, "C1", ZHONGNING, ZHONGNING, 1_000n);
    expect(world.get(payables.key(C1))?.state).toBe("HELD");
    adjusted(world, "C1", ZHONGNING, ZHONGNING, -1_000n);
    expect(world.get(payables.key(C1))).toMatchObject({ state: "CANCELLED", withheld: { fundFen: 0n, heldFen: 0n } });
    expectTrueBooks(world);
  });

  test("corrected to less and to more, what stands withheld is the rate's part of what is left", () => {
    const world = withheldWorld();
    promised(world, "C1", ZHONGNING, ZHONGNING, 1_000n);
    paid(world, "S1", ZHONGNING, [C1]);
    adjusted(world, "C1", ZHONGNING, ZHONGNING, -405n, "correction/1");
    // 595 are left: 60 are withheld, so that it was paid 365 too much.
    expect(balance(world, ZHONGNING, WITHHELD)).toBe(-60n);
    expect(bookOf(world, ZHONGNING).debts).toEqual({ [H]: 365n });
    expectTrueBooks(world);
    const { told } = adjusted(world, "C1", ZHONGNING, ZHONGNING, 1_405n, "correction/2");
    expect(balance(world, ZHONGNING, WITHHELD)).toBe(-200n);
    expect(told).toMatchObject([{ name: "PayableDue", body: { payableId: "claim/C1/correction/2", amountFen: 900n } }]);
    expect(world.get(payables.key(C1))).toMatchObject({ adjustedFen: 1_000n, withheld: { promisedFen: 100n, heldFen: 200n } });
    expectTrueBooks(world);
  });

  test("corrected after its assessment, the correction is shared as what was withheld was", () => {
    const world = withheldWorld(2_000n);
    promised(world, "C1", ZHONGNING, ZHONGNING, 1_000n);
    paid(world, "S1", ZHONGNING, [C1]);
    assess(world, "2011-11", 7_500n);
    paid(world, "S2", ZHONGNING, [`withheld/${H}/2011-11`]);
    expect(balance(world, ZHONGNING, BENEFITS)).toBe(950n);
    promised(world, "C2", ZHONGNING, ZHONGNING, 100n);
    // It was given 950 of the thousand, and owes just these.
    adjusted(world, "C1", ZHONGNING, ZHONGNING, -1_000n);
    expect(bookOf(world, ZHONGNING).debts).toEqual({ [H]: 950n });
    expect(balance(world, ZHONGNING, BENEFITS)).toBe(100n);
    expect(balance(world, ZHONGNING, WITHHELD)).toBe(-20n);
    expectTrueBooks(world);
  });
});

describe("an assessment", () => {
  test("pays the score's part and gives the rest back to the funds that bore it, to the fen", () => {
    const world = withheldWorld();
    promised(world, "C1", ZHONGNING, ZHONGNING, 1_015n);
    world.run(approve, { ...approval("C2", ZHONGNING, ZHONGNING, 505n), fund: "OUTPATIENT" });
    expect(balance(world, ZHONGNING, `WITHHELD/${H}/OUTPATIENT`)).toBe(-51n);
    const outcome = assess(world, "2011-11", 9_000n);
    expect(outcome.result).toMatchObject({ state: "APPROVED", withheldFen: 153n, releasedFen: 138n, setOffFen: 0n, returnedFen: 15n });
    expect(outcome.told).toMatchObject([
      { name: "PayableDue", body: { payableId: `withheld/${H}/2011-11`, amountFen: 138n, payeeId: H, claimId: "" } },
    ]);
    expect([BENEFITS, "5001-OUTPATIENT/2011"].map((account) => balance(world, ZHONGNING, account))).toEqual([1_005n, 500n]);
    paid(world, "S1", ZHONGNING, [C1, "claim/C2/decision/1", `withheld/${H}/2011-11`]);
    expectTrueBooks(world);
    expectContract(outcome);
  });

  test("wants another person, who names the score that was proposed", () => {
    const world = withheldWorld();
    promised(world, "C1", ZHONGNING, ZHONGNING, 1_000n);
    expect(world.run(approveAssessment, of("2011-11", 9_000n), at("li")).result).toMatchObject({ code: "UNKNOWN_ASSESSMENT" });
    propose(world, "2011-11", 8_000n);
    propose(world, "2011-11", 9_000n);
    expect(world.run(approveAssessment, of("2011-11", 8_000n), at("li")).result).toMatchObject({ code: "ASSESSMENT_CHANGED" });
    expect(world.run(approveAssessment, of("2011-10", 9_000n), at("li")).result).toMatchObject({ code: "UNKNOWN_ASSESSMENT" });
    expect(world.run(approveAssessment, of("2011-11", 9_000n), at("zhang")).result).toMatchObject({ code: "PROPOSED_BY_YOU" });
    expect(world.all("entries")).toHaveLength(3);
    expect(world.run(approveAssessment, of("2011-11", 9_000n), at("li")).result).toMatchObject({
      state: "APPROVED",
      proposedBy: "zhang",
      approvedBy: "li",
      approvedOn: "2011-11-28",
    });
  });

  test("is made once for a period; the same again is the same answer", () => {
    const world = withheldWorld();
    promised(world, "C1", ZHONGNING, ZHONGNING, 1_000n);
    const first = assess(world, "2011-10", 9_000n).result;
    promised(world, "C2", ZHONGNING, ZHONGNING, 1_000n);
    expect(world.run(approveAssessment, of("2011-10", 9_000n), at("li")).result).toEqual(first);
    expect(world.run(approveAssessment, of("2011-10", 8_000n), at("li")).result).toMatchObject({ code: "PERIOD_ASSESSED" });
    expect(propose(world, "2011-10", 9_000n).result).toMatchObject({ code: "PERIOD_ASSESSED" });
    expect(propose(world, "2011-09", 9_000n).result).toMatchObject({ code: "PERIOD_ASSESSED" });
    expect(propose(world, "2011-12", 9_000n).result).toMatchObject({ code: "PERIOD_TO_COME" });
    expect(assess(world, "2011-11", 10_000n).result).toMatchObject({ withheldFen: 100n, releasedFen: 100n, returnedFen: 0n });
  });

  test("is refused where nothing stands withheld, and where nothing ever was", () => {
    const world = withheldWorld();
    expect(propose(world, "2011-11", 9_000n).result).toMatchObject({ code: "NOTHING_WITHHELD" });
    promised(world, "C1", ZHONGNING, ZHONGNING, 1_000n);
    propose(world, "2011-11", 9_000n);
    adjusted(world, "C1", ZHONGNING, ZHONGNING, -1_000n);
    expect(world.run(approveAssessment, of("2011-11", 9_000n), at("li")).result).toMatchObject({ code: "NOTHING_WITHHELD" });
    const elsewhere = { ...of("2011-11", 9_000n), county: JINGYUAN, reason: "x" };
    expect(world.run(proposeAssessment, elsewhere, at("li")).result).toMatchObject({ code: "UNKNOWN_INSTITUTION" });
    expect(world.run(approveAssessment, elsewhere, at("li")).result).toMatchObject({ code: "UNKNOWN_INSTITUTION" });
  });

  test("of no points gives all back, and sets off what the institution owes", () => {
    const world = withheldWorld(2_000n);
    promised(world, "C1", ZHONGNING, ZHONGNING, 1_000n);
    promised(world, "C2", ZHONGNING, ZHONGNING, 500n);
    paid(world, "S1", ZHONGNING, [C1, "claim/C2/decision/1"]);
    adjusted(world, "C2", ZHONGNING, ZHONGNING, -500n);
    expect(bookOf(world, ZHONGNING).debts).toEqual({ [H]: 400n });
    const outcome = assess(world, "2011-10", 10_000n);
    expect(outcome.result).toMatchObject({ withheldFen: 200n, releasedFen: 200n, setOffFen: 200n });
    expect(outcome.told).toEqual([]);
    expect(world.get(payables.key(`withheld/${H}/2011-10`))).toBeUndefined();
    expect(world.get(entries.key(`withheld/${H}/2011-10`))).toBeDefined();
    expect(bookOf(world, ZHONGNING).debts).toEqual({ [H]: 200n });
    promised(world, "C3", ZHONGNING, ZHONGNING, 1_000n);
    expect(assess(world, "2011-11", 0n)).toMatchObject({ told: [], result: { releasedFen: 0n, returnedFen: 200n } });
    expect(balance(world, ZHONGNING, BENEFITS)).toBe(1_800n);
  });
});

test("whatever follows whatever, the books are true, and with full scores the fund bears what the claims now say", async () => {
  const step = fc.record({
    what: fc.constantFrom("promise", "promise", "correct", "void", "assess", "rate", "pay", "answer"),
    n: fc.integer({ min: 0, max: 3 }),
    fen: fc.bigInt({ min: 1n, max: 9_999n }),
    bp: fc.bigInt({ min: 0n, max: 2_000n }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 25 }), fc.boolean(), async (steps, full) => {
      const world = withheldWorld(1_333n, { [ZHONGNING]: { fundsFen: 60_000n } });
      const left = new Map<string, bigint>();
      let [serial, month, returnedFen] = [0, 0, 0n];
      for (const { what, n, fen, bp } of steps) {
        serial += 1;
        const [claim, now] = [...left][n % Math.max(1, left.size)] ?? ["", 0n];
        if (what === "promise") {
          promised(world, `C${serial}`, ZHONGNING, ZHONGNING, fen);
          left.set(`C${serial}`, fen);
        } else if (what === "rate") rate(world, bp);
        else if (what === "assess" && month < 11) {
          month += 1;
          const period = `2011-${String(month).padStart(2, "0")}`;
          const scoreBp = full ? 10_000n : bp * 5n;
          propose(world, period, scoreBp);
          const { result } = world.run(approveAssessment, of(period, scoreBp), at("li"));
          if ("returnedFen" in result) returnedFen += result.returnedFen;
        } else if ((what === "correct" || what === "void") && now > 0n) {
          const deltaFen = what === "void" ? -now : (fen % (2n * now)) - now;
          if (deltaFen === 0n) continue;
          left.set(claim, now + deltaFen);
          adjusted(world, claim, ZHONGNING, ZHONGNING, deltaFen, `correction/${serial}`);
        } else if (what === "answer") {
          const asked = world.all<Payable>("payables").find(({ recall }) => recall === "ASKED");
          if (asked) world.run(recallAnswered, { payableId: asked.payableId, withdrawn: fen % 2n === 0n });
        } else if (what === "pay") {
          await tick(world);
          const due = world.all<Payable>("payables");
          const ids = due.filter(({ state, recall }) => state === "DUE" && recall === undefined).map(({ payableId }) => payableId);
          if (ids.length > 0) paid(world, `S${serial}`, ZHONGNING, ids);
        }
        expectTrueBooks(world);
      }
      const wholeFen = sum(left.values());
      const borneFen = balance(world, ZHONGNING, BENEFITS);
      if (full) expect([borneFen, returnedFen]).toEqual([wholeFen, 0n]);
      else expect(borneFen).toBeLessThanOrEqual(wholeFen + BigInt(steps.length));
    }),
    { numRuns: 60 },
  );
});

test("a correction that arrives twice is one", () => {
  const world = withheldWorld();
  promised(world, "C1", ZHONGNING, ZHONGNING, 1_000n);
  adjusted(world, "C1", ZHONGNING, ZHONGNING, -100n, "correction/1");
  expect(adjusted(world, "C1", ZHONGNING, ZHONGNING, -100n, "correction/1").result).toEqual({ posted: false });
  expect(() =>
    world.run(adjust, {
      ...approval("C1", ZHONGNING, ZHONGNING, 0n),
      adjustmentId: "claim/C1/void",
      deltaFen: -901n,
      accountDeltaFen: 0n,
      adjustedOn: "2011-11-27",
    }),
  ).toThrow("more than was promised");
  expectTrueBooks(world);
});
