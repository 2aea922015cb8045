/** Who is settled at once in another county: by the rollout, and by what is left of the home county's prefund. */
import { describe, expect, it } from "vitest";
import { admit, settleAdmission, uploadFees } from "../../../services/claims/domain/admission.ts";
import type { CrossRegion } from "../../../services/claims/domain/cross-region.ts";
import { admissions, claims, prefunds } from "../../../services/claims/domain/documents.ts";
import { prefundChanged } from "../../../services/claims/domain/prefund-changed.ts";
import { submit } from "../../../services/claims/domain/submit.ts";
import type { World } from "../../harness/decide.ts";
import { bill, expectDone, JINGYUAN, line, PERSON, region, submitted, visit, ZHONGNING } from "./nx-ref.ts";

const ID = { institutionId: "ELSEWHERE-1", admissionId: "S-1" };
const FORM = {
  ...ID,
  personId: PERSON,
  newborn: 0,
  admittedOn: "2011-11-20",
  diagnosis: "J18.9",
  referralId: "",
  tcm: false,
  procedures: [],
};
const OTHER = "640522";

const register = (world: World, crossRegion: CrossRegion = "ALL", change = {}) =>
  world.run(admit, { form: { ...FORM, ...change }, crossRegion });
const prefund = (world: World, state: "ACTIVE" | "YELLOW" | "RED" | "BLOCKED_NEW", version = 1) =>
  world.run(prefundChanged, { county: ZHONGNING, state, version });

/** A stay in Jingyuan to its bill. */
function settled(world: World) {
  world.run(uploadFees, { ...ID, page: 1, lines: [line("A", 100_000n, "2011-11-20")] });
  return world.run(settleAdmission, { ...ID, dischargedOn: "2011-11-24", invoiceNumber: "N-1", totalFen: 100_000n });
}

describe("the rollout", () => {
  /** Ningxia has 22 counties. */
  const third = [ZHONGNING, JINGYUAN, OTHER, "640104", "640105", "640106", "640121"];
  it.each<{ what: string; crossRegion: CrossRegion; open: boolean }>([
    { what: "two pilot counties, neither of them these", crossRegion: [OTHER, "640104"], open: false },
    { what: "two pilot counties, one of them the home county", crossRegion: [ZHONGNING, OTHER], open: false },
    { what: "two pilot counties, one of them the treating county", crossRegion: [JINGYUAN, OTHER], open: false },
    { what: "two pilot counties, these two", crossRegion: [JINGYUAN, ZHONGNING], open: true },
    { what: "a third of the region", crossRegion: third, open: true },
    { what: "all", crossRegion: "ALL", open: true },
  ])("with $what", ({ crossRegion, open }) => {
    const world = region();
    const claim = world.run(submit, { bill: bill({ institutionId: "ELSEWHERE-1" }), crossRegion });
    const outpatient = world.run(submit, {
      bill: visit("2011-11-12", 4_000n, { claimId: "C-2", invoiceNumber: "N-2", institutionId: "ELSEWHERE-1" }),
      crossRegion,
    });
    const admission = register(region(), crossRegion);
    if (open) {
      expect(claim.result).toMatchObject({ state: "PENDING", treatingCounty: JINGYUAN });
      expect(admission.result).toMatchObject({ state: "OPEN" });
      return;
    }
    const closed = [ZHONGNING, JINGYUAN].find((county) => !crossRegion.includes(county));
    for (const { result } of [claim, outpatient])
      expect(result).toMatchObject({ code: "CROSS_REGION_CLOSED", status: "FAILED_PRECONDITION", field: "bill.institution_id" });
    expect(admission.result).toMatchObject({
      code: "CROSS_REGION_CLOSED",
      field: "admission.institution_id",
      zh: `${closed} 尚未开通异地即时结算；请先结清费用，持发票与费用清单回参合县 ${ZHONGNING} 经办机构报销`,
      en: expect.stringContaining(`hands it in at the agency of ${ZHONGNING}`),
    });
  });

  it("is none of a county's business at home", () => {
    expect(region().run(submit, { bill: bill(), crossRegion: [OTHER] }).result).toMatchObject({ state: "APPROVED" });
    expect(register(region(), [OTHER], { institutionId: "COUNTY-1" }).result).toMatchObject({ state: "OPEN" });
  });

  it("taken back while somebody is in hospital settles that stay all the same", () => {
    const world = region();
    expectDone(register(world, "ALL"));
    expect(settled(world).result).toMatchObject({ state: "PENDING" });
  });
});

describe("a county whose prefund is used up", () => {
  it.each([
    { state: "ACTIVE", open: true },
    { state: "YELLOW", open: true },
    { state: "RED", open: true },
    { state: "BLOCKED_NEW", open: false },
  ] as const)("$state: somebody new is admitted elsewhere: $open", ({ state, open }) => {
    const world = region();
    prefund(world, state);
    const outcome = register(world);
    if (open) {
      expect(outcome.result).toMatchObject({ state: "OPEN" });
      expect(outcome.guarded).toEqual([`prefunds:${ZHONGNING}`]);
      return;
    }
    expect(outcome.result).toMatchObject({
      code: "PREFUND_BLOCKED",
      field: "admission.institution_id",
      zh: expect.stringContaining("回参合县经办机构报销"),
      en: expect.stringContaining("hands it in at the agency at home"),
    });
    expect(world.get(admissions.key(ID.admissionId))).toBeUndefined();
    // At home it is no matter.
    expect(register(world, "ALL", { institutionId: "COUNTY-1" }).result).toMatchObject({ state: "OPEN" });
  });

  it("of which nothing was heard yet blocks nobody: settlement says in the end", () => {
    expect(register(region()).result).toMatchObject({ state: "OPEN" });
  });

  it("settles who was admitted before: the request says so, and so does its claim after the review desk", () => {
    const world = region();
    expectDone(register(world));
    prefund(world, "BLOCKED_NEW");
    const { result, told } = settled(world);
    expect(result).toMatchObject({ state: "PENDING", admitted: true });
    expect(told).toEqual([
      expect.objectContaining({ name: "PrefundRequested", body: expect.objectContaining({ claimId: "S-1", admitted: true }) }),
    ]);
    expect(world.get(claims.key("S-1"))?.admitted).toBe(true);
  });

  it("asks for a stay that nobody registered, and for a visit, as for somebody new", () => {
    const world = region();
    const stay = submitted(world, bill({ institutionId: "ELSEWHERE-1" }));
    expect(stay).not.toHaveProperty("admitted");
    const { told } = world.run(submit, {
      bill: visit("2011-11-12", 4_000n, { claimId: "C-2", invoiceNumber: "N-2", institutionId: "ELSEWHERE-1" }),
    });
    for (const { body } of told) expect(body).toMatchObject({ admitted: false });
  });

  it("is what was told last, in whatever order it is heard", () => {
    const world = region();
    prefund(world, "BLOCKED_NEW", 5);
    prefund(world, "ACTIVE", 4);
    expect(world.get(prefunds.key(ZHONGNING))).toMatchObject({ state: "BLOCKED_NEW", prefundVersion: 5 });
    prefund(world, "RED", 6);
    expect(register(world).result).toMatchObject({ state: "OPEN" });
  });
});
