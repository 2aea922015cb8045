/** The review desk: taking and releasing tasks, two levels, questions to the hospital, appeals. Who may not is refused by name, and nothing changes. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { appealClaim, decideAppeal } from "../../../services/claims/domain/appeal.ts";
import { type Claim, claims, corrections, years } from "../../../services/claims/domain/documents.ts";
import { explain } from "../../../services/claims/domain/explain.ts";
import { answerQuestion, returnClaim } from "../../../services/claims/domain/question.ts";
import { review } from "../../../services/claims/domain/review.ts";
import type { Deduction, ReviewLevel } from "../../../services/claims/domain/review-documents.ts";
import { catalogues, schemes } from "../../../services/claims/domain/scheme.ts";
import { submit } from "../../../services/claims/domain/submit.ts";
import { appointReviewer, HOLD_LIMIT_MS, releaseTask, takeTask } from "../../../services/claims/domain/task.ts";
import { voidClaim } from "../../../services/claims/domain/void-claim.ts";
import type { Options, World } from "../../harness/decide.ts";
import { bill, expectDone, line, PERSON, region, scheme, snapshot, submitted, ZHONGNING } from "./nx-ref.ts";

const reviewed = scheme({ review: { aboveFundFen: 0n, diagnosisPrefixes: ["J18"] } });
const START = Date.parse("2011-11-25T10:00:00+08:00");
const by = (name: string, afterMs = 0): Options => ({ atMs: START + afterMs, caller: { name, role: "REVIEWER", scope: ZHONGNING } });
const hospital: Options = { atMs: START, caller: { name: "COUNTY-1", role: "HOSPITAL", scope: "COUNTY-1" } };
const off = (row: number, fen: bigint): Deduction => ({ line: row, deductedFen: fen, reason: "OVER_QUANTITY", note: "" });

function waiting(world: World, lines = [line("A", 412_000n), line("B", 150_050n), line("OUT", 72_730n)]): Claim {
  return expectDone(world.run(submit, { bill: bill({ diagnosis: "J18.9", lines }) }, { atMs: START }));
}

/** A claim that takes both levels. */
function twice(world: World): Claim {
  const claim = waiting(world);
  const both: Claim = { ...claim, task: { level: "FIRST", twice: true } };
  world.put(claims.key(claim.bill.claimId), both);
  return both;
}

const of = ({ bill: { claimId } }: Claim) => ({ county: ZHONGNING, claimId });
const take = (world: World, claim: Claim, who: Options) => world.run(takeTask, of(claim), who);
const release = (world: World, claim: Claim, who: Options) => world.run(releaseTask, of(claim), who);
const decide = (
  world: World,
  claim: Claim,
  who: Options,
  deductions: readonly Deduction[] = [],
  verdict: "APPROVE" | "REFUSE" = "APPROVE",
) => world.run(review, { ...of(claim), verdict, reason: verdict === "REFUSE" ? "不符" : "", deductions }, who);
const appoint = (world: World, name: string, level: ReviewLevel = "SECOND") =>
  expectDone(world.run(appointReviewer, { county: ZHONGNING, name, level }));
const stored = (world: World, claim: Claim) => world.get(claims.key(claim.bill.claimId)) as Claim;

/** Runs what must be refused, and sees that nothing has changed. */
function refused(world: World, run: () => { readonly result: unknown }, code: string): void {
  const before = snapshot(world);
  expect(run().result).toMatchObject({ outcome: "refused", code, field: "claim_id" });
  expect(snapshot(world)).toEqual(before);
}

describe("taking and releasing", () => {
  it("gives a task to one person at a time, until it is released, decided, or held too long", () => {
    const world = region([reviewed]);
    const claim = waiting(world);
    expect(take(world, claim, by("ma")).result).toMatchObject({ state: "IN_REVIEW", task: { heldBy: "ma", heldSinceMs: START } });
    expect(take(world, claim, by("ma", 60_000)).result).toMatchObject({ task: { heldSinceMs: START } });
    refused(world, () => take(world, claim, by("li")), "TASK_HELD");
    refused(world, () => release(world, claim, by("li")), "TASK_HELD");
    refused(world, () => decide(world, claim, by("li")), "TASK_HELD");
    refused(world, () => world.run(returnClaim, { ...of(claim), question: "?" }, by("li")), "TASK_HELD");
    expect(take(world, claim, by("li", HOLD_LIMIT_MS)).result).toMatchObject({ task: { heldBy: "li" } });
    expectDone(release(world, claim, by("li", HOLD_LIMIT_MS)));
    expect(stored(world, claim).task).toEqual({ level: "FIRST", twice: false });
    expect(release(world, claim, by("ma")).result).toMatchObject({ task: { level: "FIRST" } });
  });

  it("a verdict on a free task takes it, and one on a claim that has moved on is refused", () => {
    const world = region([reviewed]);
    const claim = waiting(world);
    expect(decide(world, claim, by("ma")).result).toMatchObject({ state: "APPROVED", task: { decidedBy: "ma" } });
    for (const run of [
      () => decide(world, claim, by("li")),
      () => take(world, claim, by("li")),
      () => release(world, claim, by("ma")),
      () => world.run(returnClaim, { ...of(claim), question: "?" }, by("ma")),
    ])
      refused(world, run, "NOT_IN_REVIEW");
  });

  it("another county's claim is not known", () => {
    const world = region([reviewed]);
    const claim = waiting(world);
    refused(world, () => world.run(takeTask, { ...of(claim), county: "640424" }, by("ma")), "UNKNOWN_CLAIM");
  });

  it("nobody reviews what they handed in", () => {
    const world = region([reviewed]);
    const claim = waiting(world);
    const paper = { institutionId: "", name: "西安", city: "西安", invoices: [], issuedOn: "2011-11-22", submittedBy: "ma" };
    world.put(claims.key(claim.bill.claimId), { ...claim, paper });
    for (const run of [
      () => take(world, claim, by("ma")),
      () => decide(world, claim, by("ma")),
      () => decide(world, claim, by("ma"), [], "REFUSE"),
    ])
      refused(world, run, "ENTERED_BY_YOU");
    refused(world, () => world.run(returnClaim, { ...of(claim), question: "?" }, by("li")), "NO_HOSPITAL");
  });
});

describe("two levels", () => {
  it("the first passes it on, the second approves it with what the first took off", () => {
    const world = region([reviewed]);
    appoint(world, "wang");
    const claim = twice(world);
    const passed = decide(world, claim, by("ma"), [off(1, 12_000n)]);
    expect(passed.told).toEqual([]);
    expect(passed.result).toMatchObject({ state: "IN_REVIEW", benefit: claim.benefit, task: { level: "SECOND", first: { by: "ma" } } });
    const { result, told } = decide(world, claim, by("wang"));
    expect(result).toMatchObject({ state: "APPROVED", deductions: [off(1, 12_000n)], task: { decidedBy: "wang" } });
    expect(told.map(({ name }) => name)).toEqual(["ClaimApproved"]);
  });

  it("the second's own deductions stand in the place of the first's", () => {
    const world = region([reviewed]);
    appoint(world, "wang");
    const claim = twice(world);
    expectDone(decide(world, claim, by("ma"), [off(1, 12_000n)]));
    expect(decide(world, claim, by("wang"), [off(2, 50n)]).result).toMatchObject({ deductions: [off(2, 50n)] });
  });

  it("refuses who passed it at the first, and who is of the first", () => {
    const world = region([reviewed]);
    appoint(world, "ma");
    const claim = twice(world);
    expectDone(decide(world, claim, by("ma")));
    refused(world, () => decide(world, claim, by("ma")), "PASSED_BY_YOU");
    refused(world, () => take(world, claim, by("li")), "ABOVE_YOUR_LEVEL");
    refused(world, () => decide(world, claim, by("li"), [], "REFUSE"), "ABOVE_YOUR_LEVEL");
    appoint(world, "li");
    expectDone(take(world, claim, by("li")));
    appoint(world, "li", "FIRST");
    refused(world, () => decide(world, claim, by("li")), "ABOVE_YOUR_LEVEL");
  });

  it("a refusal stands at the first level", () => {
    const world = region([reviewed]);
    const claim = twice(world);
    expect(decide(world, claim, by("ma"), [], "REFUSE").result).toMatchObject({ state: "REFUSED", task: { decidedBy: "ma" } });
  });
});

describe("questions", () => {
  const ask = (world: World, claim: Claim, question = "请补充病历") => world.run(returnClaim, { ...of(claim), question }, by("ma"));
  const reply = (world: World, claim: Claim, answer: string, institutionId = "COUNTY-1") =>
    world.run(answerQuestion, { institutionId, claimId: claim.bill.claimId, answer }, hospital);

  it("returns a claim, which is refused or waits until its hospital has answered", () => {
    const world = region([reviewed]);
    const claim = waiting(world);
    expectDone(take(world, claim, by("ma")));
    const { task } = expectDone(ask(world, claim));
    expect(task).toEqual({ level: "FIRST", twice: false, question: { text: "请补充病历", askedBy: "ma", askedAtMs: START } });
    refused(world, () => decide(world, claim, by("ma")), "WITH_HOSPITAL");
    refused(world, () => ask(world, claim, "再问"), "WITH_HOSPITAL");
    refused(world, () => reply(world, claim, "见附件", "COUNTY-2"), "UNKNOWN_CLAIM");
    expect(reply(world, claim, "见附件").result).toMatchObject({ task: { question: { answer: "见附件" } } });
    expect(reply(world, claim, "见附件").result).toMatchObject({ task: { question: { answer: "见附件" } } });
    refused(world, () => reply(world, claim, "另一答复"), "NOT_ASKED");
    expect(decide(world, claim, by("ma")).result).toMatchObject({ state: "APPROVED" });
  });

  it("may be refused without the answer, which then comes too late", () => {
    const world = region([reviewed]);
    const claim = waiting(world);
    expectDone(ask(world, claim));
    expectDone(decide(world, claim, by("ma"), [], "REFUSE"));
    refused(world, () => reply(world, claim, "见附件"), "NOT_IN_REVIEW");
  });
});

describe("appeals", () => {
  const appeal = (world: World, claim: Claim, afterMs = 0, institutionId = "COUNTY-1") =>
    world.run(appealClaim, { institutionId, claimId: claim.bill.claimId, reason: "用药有指征" }, { ...hospital, atMs: START + afterMs });
  const rule = (world: World, claim: Claim, who: Options, lines: readonly number[] = [], verdict: "GRANT" | "DISMISS" = "GRANT") =>
    world.run(decideAppeal, { ...of(claim), verdict, reason: "复核", lines }, who);

  function deducted(): { world: World; claim: Claim; whole: Claim } {
    const world = region([reviewed]);
    appoint(world, "wang");
    const whole = waiting(world);
    const claim = expectDone(decide(world, whole, by("ma"), [off(1, 12_000n), off(2, 50_050n)]));
    return { world, claim, whole };
  }

  it("gives back all, by an entry of its own, and the claim stands as if nothing had been taken off", () => {
    const { world, claim, whole } = deducted();
    expectDone(appeal(world, claim));
    const { result, told } = rule(world, claim, by("wang"));
    const deltaFen = whole.benefit.fundFen - claim.benefit.fundFen;
    expect(result).toMatchObject({ state: "GRANTED", decidedBy: "wang", deductions: [], deltaFen });
    const id = `claim/${claim.bill.claimId}/correction/1`;
    expect(told).toMatchObject([{ name: "ClaimAdjusted", body: { adjustmentId: id, deltaFen, accountDeltaFen: 0n } }]);
    const now = stored(world, claim);
    expect(now).toMatchObject({ state: "APPROVED", benefit: claim.benefit, corrected: { fen: deltaFen, deductions: [] } });
    expect(world.get(years.key(PERSON, 2011))).toMatchObject({ usedFen: { YEAR_IP: whole.benefit.fundFen } });
    // What was decided is still explained as it was decided.
    const document = world.get(schemes.key(ZHONGNING, 2011, 1));
    const catalogue = world.get(catalogues.key("NX"));
    if (!document || !catalogue) throw new Error("not published");
    expect(explain(now, { home: document, treating: document, catalogue }).length).toBeGreaterThan(0);
  });

  it("gives back one line, and taken back afterwards the claim gives back exactly what it has", () => {
    const { world, claim } = deducted();
    expectDone(appeal(world, claim));
    const { deltaFen } = expectDone(rule(world, claim, by("wang"), [2]));
    expect(deltaFen > 0n).toBe(true);
    expect(stored(world, claim).corrected?.deductions).toEqual([off(1, 12_000n)]);
    const { institutionId, claimId } = claim.bill;
    const { told } = world.run(voidClaim, { institutionId, claimId, reason: "重新结算" }, by("x"));
    expect(told).toMatchObject([{ body: { deltaFen: -(claim.benefit.fundFen + deltaFen) } }]);
    expect(world.get(years.key(PERSON, 2011))).toMatchObject({ usedFen: { YEAR_IP: 0n }, compensatedStays: 0, borneFen: 0n });
  });

  it("computes a later claim again that has drawn on what is given back", () => {
    const capped = { ...reviewed, caps: reviewed.caps.map((cap) => (cap.code === "YEAR_IP" ? { ...cap, fen: 400_000n } : cap)) };
    const world = region([capped]);
    appoint(world, "wang");
    const claim = expectDone(decide(world, waiting(world), by("ma"), [off(1, 100_000n)]));
    const later = bill({ admittedOn: "2011-10-01", dischargedOn: "2011-10-05", lines: [line("A", 300_000n, "2011-10-02")] });
    const second = submitted(world, later, { atMs: START + 1 });
    expectDone(appeal(world, claim));
    const { deltaFen } = expectDone(rule(world, claim, by("wang")));
    // The later one has used the cap up: no more is given back than it has left.
    const { usedFen = {} } = world.get(years.key(PERSON, 2011)) ?? {};
    expect((usedFen.YEAR_IP ?? 0n) <= 400_000n).toBe(true);
    expect(deltaFen).toBe(400_000n - claim.benefit.fundFen - second.benefit.fundFen);
  });

  it("is dismissed with nothing told", () => {
    const { world, claim } = deducted();
    expectDone(appeal(world, claim));
    const { result, told } = rule(world, claim, by("wang"), [], "DISMISS");
    expect(result).toMatchObject({ state: "DISMISSED", ruling: "复核" });
    expect(told).toEqual([]);
    expect(stored(world, claim)).toEqual(claim);
  });

  it("refuses who may not, twice, too late, of nothing, and with a correction waiting", () => {
    const { world, claim } = deducted();
    refused(world, () => appeal(world, claim, 0, "COUNTY-2"), "UNKNOWN_CLAIM");
    refused(world, () => appeal(world, claim, 31 * 86_400_000), "APPEAL_TOO_LATE");
    refused(world, () => rule(world, claim, by("wang")), "UNKNOWN_APPEAL");
    expectDone(appeal(world, claim));
    refused(world, () => appeal(world, claim), "APPEAL_EXISTS");
    refused(world, () => rule(world, claim, by("li")), "ABOVE_YOUR_LEVEL");
    appoint(world, "ma");
    refused(world, () => rule(world, claim, by("ma")), "PASSED_BY_YOU");
    expect(rule(world, claim, by("wang"), [3]).result).toMatchObject({ code: "UNKNOWN_LINE", field: "lines" });
    const { benefit, basis, drawn } = claim;
    const key = corrections.key(claim.bill.claimId);
    const queued = {
      county: ZHONGNING,
      claimId: claim.bill.claimId,
      causedBy: ["X"],
      toFen: benefit.fundFen,
      deltaFen: 0n,
      before: basis.before,
      drawn,
    };
    world.put(key, { ...queued, state: "QUEUED", queuedAtMs: START, posted: 0 });
    refused(world, () => rule(world, claim, by("wang")), "CORRECTION_WAITS");
    world.put(key, { ...queued, state: "DISMISSED", queuedAtMs: START, posted: 0 });
    expectDone(rule(world, claim, by("wang")));
    refused(world, () => rule(world, claim, by("wang")), "APPEAL_DECIDED");
    const bare = submitted(world, bill({ admittedOn: "2011-10-01", dischargedOn: "2011-10-05" }), { atMs: START });
    refused(world, () => appeal(world, bare), "NOTHING_DEDUCTED");
    const held = waitingElse(world);
    refused(world, () => appeal(world, held), "NOT_APPROVED");
  });

  const waitingElse = (world: World) =>
    submitted(world, bill({ diagnosis: "J18.9", admittedOn: "2011-09-01", dischargedOn: "2011-09-05" }), { atMs: START });

  it("whatever is taken off and given back, the year has what the claims have", () => {
    const fen = fc.bigInt({ min: 1n, max: 400_000n });
    fc.assert(
      fc.property(fen, fen, fc.constantFrom<readonly number[]>([], [1], [2]), (one, two, back) => {
        const world = region([reviewed]);
        appoint(world, "wang");
        const whole = waiting(world, [line("A", 400_000n), line("B", 400_000n)]);
        const claim = expectDone(decide(world, whole, by("ma"), [off(1, one), off(2, two)]));
        expectDone(appeal(world, claim));
        const { deltaFen } = expectDone(rule(world, claim, by("wang"), back));
        const now = stored(world, claim);
        const nowFen = now.benefit.fundFen + (now.corrected?.fen ?? 0n);
        expect(nowFen).toBe(claim.benefit.fundFen + deltaFen);
        expect(nowFen <= whole.benefit.fundFen && deltaFen >= 0n).toBe(true);
        expect(world.get(years.key(PERSON, 2011))?.usedFen.YEAR_IP).toBe(nowFen);
      }),
      { numRuns: 30 },
    );
  });
});
