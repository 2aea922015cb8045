import { describe, expect, it } from "vitest";
import type { Scheme } from "../../../services/benefit/scheme.ts";
import { claims, invoices } from "../../../services/claims/domain/documents.ts";
import { expire, expiryIdOf } from "../../../services/claims/domain/expire.ts";
import { prefundRefused } from "../../../services/claims/domain/prefund-refused.ts";
import { prefundReserved } from "../../../services/claims/domain/prefund-reserved.ts";
import { publishCatalogue } from "../../../services/claims/domain/publish-catalogue.ts";
import { review } from "../../../services/claims/domain/review.ts";
import { submit } from "../../../services/claims/domain/submit.ts";
import { isRefusal, isUnavailable } from "../../../services/values/outcome.ts";
import type { World } from "../../harness/decide.ts";
import {
  bill,
  expectDone,
  ITEMS,
  JINGYUAN,
  line,
  publish,
  region,
  scheme,
  snapshot,
  submitted,
  VISITOR,
  withCountyRate,
  yearOf,
  ZHONGNING,
} from "./nx-ref.ts";

const LIMIT_MS = 600_000;
const AT = Date.parse("2011-11-25T10:00:00+08:00");

/** A stay of Zhongning's person in Jingyuan, pending. */
function pending(world: World) {
  const claim = submitted(world, bill({ institutionId: "ELSEWHERE-1" }));
  expect(claim.state).toBe("PENDING");
  return claim.bill;
}

describe("a stay outside the home county", () => {
  it("reserves the cap at once and asks for the home county's prefund", () => {
    const world = region();
    const stay = bill({ institutionId: "ELSEWHERE-1" });
    const { result, told } = world.run(submit, { bill: stay });
    expect(result).toMatchObject({ state: "PENDING", county: ZHONGNING, treatingCounty: JINGYUAN, decision: 0, waitingSinceMs: AT });
    const reservationId = `claim/${stay.claimId}/reservation`;
    const body = {
      reservationId,
      claimId: stay.claimId,
      homeCounty: ZHONGNING,
      treatingCounty: JINGYUAN,
      fundFen: 49_000n,
      admitted: false,
    };
    expect(told).toEqual([{ name: "PrefundRequested", county: ZHONGNING, body }]);
    expect(yearOf(world)?.usedFen.YEAR_IP).toBe(49_000n);
  });

  /** Jingyuan's own terms: everything is class A, of which half is the patient's before all else; 65 % at county level. */
  function withJingyuan(terms: Partial<Scheme>, elsewhere: readonly Scheme[]) {
    const dear = scheme().classes.map((entry) => (entry.class === "A" ? { ...entry, selfFirstBp: 5_000 } : entry));
    const world = region(elsewhere);
    world.run(publishCatalogue, {
      catalogueVersion: "JY",
      items: ITEMS.map((item) => ({ ...item, class: "A" })),
      diagnoses: [],
      contentHash: "jy",
    });
    const jingyuan = scheme({ county: JINGYUAN, catalogueVersion: "JY", classes: dear, ...terms });
    expectDone(publish(world, withCountyRate(jingyuan, 6_500)));
    return submitted(world, bill({ personId: VISITOR, lines: [line("A", 655_400n), line("OUT", 64_600n)] }));
  }

  it("example 8: catalogue and classes of the treatment place, deductible, rate and cap of the insured place", () => {
    const claim = withJingyuan({}, [scheme()]);
    expect(claim).toMatchObject({ county: JINGYUAN, treatingCounty: ZHONGNING, state: "PENDING" });
    expect(claim.benefit).toMatchObject({ eligibleFen: 655_400n, fundFen: 406_510n, patientFen: 313_490n, schemeId: `${JINGYUAN}/2011/1` });
  });

  it.each([
    ["has a scheme", [scheme()]],
    ["has none", []],
  ])("catalogue and classes are the insured place's where its scheme says so and the treatment place %s", (_, elsewhere) => {
    const claim = withJingyuan({ crossRegionCatalogue: "INSURED_PLACE" }, elsewhere);
    expect(claim).toMatchObject({ county: JINGYUAN, treatingCounty: ZHONGNING, state: "PENDING" });
    expect(claim.benefit).toMatchObject({ eligibleFen: 360_000n, fundFen: 214_500n, patientFen: 505_500n });
    expect(claim.basis.treatingSchemeId).toBe(`${JINGYUAN}/2011/1`);
  });

  it("needs no prefund where the fund pays nothing", () => {
    const { result, told } = region().run(submit, { bill: bill({ institutionId: "ELSEWHERE-1", lines: [line("A", 100n)] }) });
    expect(result).toMatchObject({ state: "APPROVED" });
    expect(told.map(({ name }) => name)).toEqual(["ClaimApproved"]);
  });

  it("that a rule holds back asks for the prefund only after the reviewer", () => {
    const world = region([scheme({ review: { aboveFundFen: 1n, diagnosisPrefixes: [] } }), scheme({ county: JINGYUAN })]);
    const { claimId } = submitted(world, bill({ institutionId: "ELSEWHERE-1" })).bill;
    const { result, told } = world.run(review, { county: ZHONGNING, claimId, verdict: "APPROVE", reason: "", deductions: [] });
    expect(result).toMatchObject({ state: "PENDING", reviewed: true, decision: 0, reason: "" });
    expect(told.map(({ name }) => name)).toEqual(["PrefundRequested"]);
    const approved = world.run(prefundReserved, { claimId });
    expect(approved.told).toMatchObject([{ name: "ClaimApproved", body: { reviewed: true, decision: 1 } }]);
  });
});

describe("PrefundReserved", () => {
  it("promises the claim once, however often it is told", () => {
    const world = region();
    const { claimId } = pending(world);
    const first = world.run(prefundReserved, { claimId }, { atMs: AT + 300 });
    expect(first.told).toMatchObject([{ name: "ClaimApproved", county: ZHONGNING, body: { approvalId: `claim/${claimId}/decision/1` } }]);
    expect(world.get(claims.key(claimId))).toMatchObject({ state: "APPROVED", decidedAtMs: AT + 300 });
    expect(world.get(claims.key(claimId))).not.toHaveProperty("waitingSinceMs");
    const before = snapshot(world);
    expect(world.run(prefundReserved, { claimId }).told).toEqual([]);
    expect(snapshot(world)).toEqual(before);
  });

  it("waits for a claim that is not there yet", () => {
    expect(isUnavailable(region().run(prefundReserved, { claimId: "C-none" }).result)).toBe(true);
  });

  it("for a claim that never asked is a bug", () => {
    const world = region([scheme({ review: { aboveFundFen: 1n, diagnosisPrefixes: [] } })]);
    const { claimId } = submitted(world, bill()).bill;
    expect(() => world.run(prefundReserved, { claimId })).toThrow(/asked for none/);
  });
});

describe("PrefundRefused", () => {
  it("ends the claim, once: cap and invoice are free again", () => {
    const world = region();
    const stay = pending(world);
    const { told } = world.run(prefundRefused, { claimId: stay.claimId });
    expect(told).toMatchObject([
      { name: "ClaimRefused", county: ZHONGNING, body: { reason: expect.stringContaining("PREFUND_EXHAUSTED") } },
    ]);
    expect(world.get(claims.key(stay.claimId))).toMatchObject({ state: "REFUSED", decision: 1 });
    expect(yearOf(world)).toMatchObject({ usedFen: { YEAR_IP: 0n }, compensatedStays: 0, visits: [] });
    expect(world.get(invoices.key(stay.institutionId, stay.invoiceNumber))?.claimId).toBe("");
    const before = snapshot(world);
    expect(world.run(prefundRefused, { claimId: stay.claimId }).told).toEqual([]);
    expect(snapshot(world)).toEqual(before);
    expect(submitted(world, { ...stay, claimId: "C-again" }).state).toBe("PENDING");
  });

  it("after the reservation was confirmed is a bug", () => {
    const world = region();
    const { claimId } = pending(world);
    world.run(prefundReserved, { claimId });
    expect(() => world.run(prefundRefused, { claimId })).toThrow(/APPROVED/);
  });
});

describe("a claim that waits too long", () => {
  it("ends on its due time, not before, and gives its reservation back", () => {
    const world = region();
    const stay = pending(world);
    const { claimId } = stay;
    expect(isUnavailable(world.run(expire, { claimId, limitMs: LIMIT_MS }, { atMs: AT + LIMIT_MS - 1 }).result)).toBe(true);
    const { told } = world.run(expire, { claimId, limitMs: LIMIT_MS }, { atMs: AT + LIMIT_MS });
    expect(told.map(({ name }) => name)).toEqual(["ClaimRefused", "PrefundReleased"]);
    expect(told[1]?.body).toEqual({ reservationId: `claim/${claimId}/reservation`, claimId, homeCounty: ZHONGNING, fundFen: 49_000n });
    expect(yearOf(world)?.usedFen.YEAR_IP).toBe(0n);
    expect(world.get(invoices.key(stay.institutionId, stay.invoiceNumber))?.claimId).toBe("");
  });

  it("does not come back when the reservation is confirmed afterwards, and is released once in all", () => {
    const world = region();
    const { claimId } = pending(world);
    world.run(expire, { claimId, limitMs: LIMIT_MS }, { atMs: AT + LIMIT_MS });
    const before = snapshot(world);
    expect(world.run(prefundReserved, { claimId }).told).toEqual([]);
    expect(world.run(prefundRefused, { claimId }).told).toEqual([]);
    expect(world.run(expire, { claimId, limitMs: LIMIT_MS }, { atMs: AT + 2 * LIMIT_MS }).told).toEqual([]);
    expect(snapshot(world)).toEqual(before);
  });

  it("that was refused without a release gives back what is confirmed later, once", () => {
    const world = region();
    const { claimId } = pending(world);
    world.run(prefundRefused, { claimId });
    expect(world.run(prefundReserved, { claimId }).told.map(({ name }) => name)).toEqual(["PrefundReleased"]);
    expect(world.run(prefundReserved, { claimId }).told).toEqual([]);
  });

  it("is left alone once it is decided, and its expiry is named by its decision", () => {
    const world = region();
    const { claimId } = pending(world);
    world.run(prefundReserved, { claimId });
    const { result, told } = world.run(expire, { claimId, limitMs: LIMIT_MS }, { atMs: AT + LIMIT_MS });
    expect([result, told]).toEqual([undefined, []]);
    expect(expiryIdOf("C-1", 0)).toBe("claim/C-1/expire/0");
  });
});

describe("the review desk", () => {
  const desk = () => {
    const world = region([scheme({ review: { aboveFundFen: 1n, diagnosisPrefixes: [] } })]);
    return { world, stay: submitted(world, bill()).bill };
  };

  it("approves: the claim is promised as reviewed", () => {
    const { world, stay } = desk();
    const { result, told } = world.run(review, {
      county: ZHONGNING,
      claimId: stay.claimId,
      verdict: "APPROVE",
      reason: "",
      deductions: [],
    });
    expect(result).toMatchObject({ state: "APPROVED", decision: 1, reviewed: true, reason: "" });
    expect(told).toMatchObject([{ name: "ClaimApproved", body: { reviewed: true } }]);
    expect(yearOf(world)?.usedFen.YEAR_IP).toBe(49_000n);
  });

  it("refuses: the reason stays, the cap and the invoice are free again", () => {
    const { world, stay } = desk();
    const { result, told } = world.run(review, {
      county: ZHONGNING,
      claimId: stay.claimId,
      verdict: "REFUSE",
      reason: "第三方责任",
      deductions: [],
    });
    expect(result).toMatchObject({ state: "REFUSED", decision: 1, reason: "第三方责任" });
    expect(told).toMatchObject([{ name: "ClaimRefused", county: ZHONGNING, body: { reason: "第三方责任" } }]);
    expect(yearOf(world)).toMatchObject({ usedFen: { YEAR_IP: 0n }, compensatedStays: 0, visits: [] });
    const second = world.run(review, { county: ZHONGNING, claimId: stay.claimId, verdict: "APPROVE", reason: "", deductions: [] });
    expect(second.result).toMatchObject({ code: "NOT_IN_REVIEW", field: "claim_id" });
  });

  it("does not know another county's claims, and decides only what waits", () => {
    const { world, stay } = desk();
    for (const [county, claimId] of [
      [JINGYUAN, stay.claimId],
      [ZHONGNING, "C-none"],
    ] as const) {
      const { result } = world.run(review, { county, claimId, verdict: "APPROVE", reason: "", deductions: [] });
      expect(isRefusal(result) && result.code).toBe("UNKNOWN_CLAIM");
    }
  });
});
