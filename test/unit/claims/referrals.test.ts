/** A referral's life: requested, approved or rejected (applications.test.ts), then used, expired or revoked. */
import { describe, expect, it } from "vitest";
import { apply, decideApplication } from "../../../services/claims/domain/application.ts";
import { type ApplicationForm, type Referral, referrals } from "../../../services/claims/domain/documents.ts";
import { referralState, revokeReferral } from "../../../services/claims/domain/referral-life.ts";
import { submit } from "../../../services/claims/domain/submit.ts";
import type { World } from "../../harness/decide.ts";
import { bill, expectDone, line, PERSON, region, ZHONGNING } from "./nx-ref.ts";

const FORM: ApplicationForm = {
  applicationId: "R-77",
  county: ZHONGNING,
  institutionId: "COUNTY-1",
  personId: PERSON,
  kind: "REFERRAL",
  toInstitutionId: "PREFECTURE-1",
  disease: "",
  diagnosis: "C34.1",
  fromDay: "2011-10-01",
  toDay: "2011-12-31",
  note: "本院无放疗设备",
};
const reviewer = { caller: { name: "reviewer-640521", role: "REVIEWER", scope: ZHONGNING } };
const at = (day: string) => ({ ...reviewer, atMs: Date.parse(`${day}T10:00:00+08:00`) });

function approved() {
  const world = region();
  expectDone(world.run(apply, { form: FORM }));
  expectDone(world.run(decideApplication, { county: ZHONGNING, applicationId: "R-77", verdict: "APPROVE", reason: "" }, reviewer));
  return world;
}
const revoke = (world: World, day: string, reason = "病情变化") =>
  world.run(revokeReferral, { county: ZHONGNING, referralId: "R-77", reason }, at(day));
const referralOf = (world: World) => world.get(referrals.key(ZHONGNING, "R-77")) as Referral;
const stay = (admittedOn: string, dischargedOn: string, change = {}) =>
  bill({
    institutionId: "PREFECTURE-1",
    referralId: "R-77",
    admittedOn,
    dischargedOn,
    lines: [line("A", 1_000_000n, admittedOn)],
    ...change,
  });

describe("a referral", () => {
  it("is APPROVED until its last day has passed, and EXPIRED then", () => {
    const referral = referralOf(approved());
    expect(referralState(referral, "2011-12-31")).toBe("APPROVED");
    expect(referralState(referral, "2012-01-01")).toBe("EXPIRED");
  });

  it("is USED by the first claim that stands on it, which a later one does not change, and which keeps it from being revoked", () => {
    const world = approved();
    expectDone(world.run(submit, { bill: stay("2011-11-01", "2011-11-05") }));
    expectDone(world.run(submit, { bill: stay("2011-11-10", "2011-11-12", { claimId: "C-2", invoiceNumber: "N-2" }) }));
    expect(referralOf(world).usedBy).toBe("C-1");
    expect(referralState(referralOf(world), "2012-02-01")).toBe("USED");
    expect(revoke(world, "2011-11-20").result).toMatchObject({
      code: "REFERRAL_CLOSED",
      en: "referral R-77 is USED and cannot be revoked",
    });
  });

  it("REVOKED serves no stay that begins on that day or later, and those that began before", () => {
    const world = approved();
    expect(expectDone(revoke(world, "2011-11-10"))).toMatchObject({ revoked: { day: "2011-11-10", by: "reviewer-640521" } });
    expect(referralState(referralOf(world), "2011-11-10")).toBe("REVOKED");
    expect(world.run(submit, { bill: stay("2011-11-10", "2011-11-12") }).result).toMatchObject({
      code: "REFERRAL_REVOKED",
      field: "bill.referral_id",
      en: "referral R-77 was revoked on 2011-11-10",
    });
    expect(expectDone(world.run(submit, { bill: stay("2011-11-09", "2011-11-12") })).benefit.rateBp).toBe(6_000);
  });

  it("is revoked once: the same again is answered, another reason is refused; an expired or unknown one is not revoked", () => {
    const world = approved();
    const first = expectDone(revoke(world, "2011-11-10"));
    expect(expectDone(revoke(world, "2011-11-11"))).toEqual(first);
    expect(revoke(world, "2011-11-11", "另有原因").result).toMatchObject({
      code: "REFERRAL_CLOSED",
      en: expect.stringContaining("REVOKED"),
    });
    expect(revoke(approved(), "2012-01-01").result).toMatchObject({ code: "REFERRAL_CLOSED", en: expect.stringContaining("EXPIRED") });
    expect(revoke(region(), "2011-11-10").result).toMatchObject({ code: "UNKNOWN_REFERRAL", field: "referral_id" });
  });
});
