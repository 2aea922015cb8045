/** A hospital applies, the county decides: approved, the referral or the registration is there in the same commit. */
import { describe, expect, it } from "vitest";
import { apply, decideApplication } from "../../../services/claims/domain/application.ts";
import { type ApplicationForm, applications, referrals, registrations } from "../../../services/claims/domain/documents.ts";
import { submit } from "../../../services/claims/domain/submit.ts";
import type { World } from "../../harness/decide.ts";
import { bill, expectDone, JINGYUAN, line, NO_BODY, PERSON, region, ZHONGNING } from "./nx-ref.ts";

const referral: ApplicationForm = {
  applicationId: "R-77",
  county: ZHONGNING,
  institutionId: "COUNTY-1",
  personId: PERSON,
  kind: "REFERRAL",
  toInstitutionId: "PREFECTURE-1",
  disease: "",
  diagnosis: "C34.1",
  fromDay: "2011-11-01",
  toDay: "2011-12-31",
  note: "本院无放疗设备",
};
const disease: ApplicationForm = { ...referral, applicationId: "D-5", kind: "DISEASE", toInstitutionId: "", disease: "CHRONIC" };
const reviewer = { caller: { name: "reviewer-640521", role: "REVIEWER", scope: ZHONGNING } };

function decide(world: World, applicationId: string, verdict: "APPROVE" | "REJECT" = "APPROVE", county = ZHONGNING) {
  return world.run(decideApplication, { county, applicationId, verdict, reason: verdict === "REJECT" ? "可在本县治疗" : "" }, reviewer);
}

const stay = () => bill({ institutionId: "PREFECTURE-1", referralId: "R-77", lines: [line("A", 1_000_000n)] });

describe("an application", () => {
  it("for a referral opens nothing until the county has approved it, and the stay's rate afterwards", () => {
    const world = region();
    expect(expectDone(world.run(apply, { form: referral }))).toMatchObject({ state: "APPLIED", decidedBy: "" });
    expect(world.run(submit, { bill: stay() }).result).toMatchObject({ code: "UNKNOWN_REFERRAL" });
    expect(expectDone(decide(world, "R-77"))).toMatchObject({ state: "APPROVED", decidedBy: "reviewer-640521" });
    expect(world.get(referrals.key(ZHONGNING, "R-77"))).toMatchObject({ personId: PERSON, toInstitutionId: "PREFECTURE-1" });
    expect(expectDone(world.run(submit, { bill: stay() })).benefit.rateBp).toBe(6_000);
  });

  it("for a chronic disease registers it", () => {
    const world = region();
    expectDone(world.run(apply, { form: disease }));
    expectDone(decide(world, "D-5"));
    expect(world.get(registrations.key(PERSON))?.registered).toEqual([
      { registrationId: "D-5", disease: "CHRONIC", fromDay: "2011-11-01", toDay: "2011-12-31" },
    ]);
  });

  it("that is rejected registers nothing, and says why", () => {
    const world = region();
    expectDone(world.run(apply, { form: referral }));
    expect(expectDone(decide(world, "R-77", "REJECT"))).toMatchObject({ state: "REJECTED", reason: "可在本县治疗" });
    expect(world.get(referrals.key(ZHONGNING, "R-77"))).toBeUndefined();
    expect(decide(world, "R-77").result).toMatchObject({ code: "ALREADY_DECIDED" });
  });

  it("is one however often it is made and decided", () => {
    const world = region();
    expectDone(world.run(apply, { form: referral }));
    const decided = expectDone(decide(world, "R-77"));
    expect(expectDone(decide(world, "R-77"))).toEqual(decided);
    expect(expectDone(world.run(apply, { form: referral }))).toEqual(decided);
    expect(world.run(apply, { form: { ...referral, note: "其他" } }).result).toMatchObject({ code: "APPLICATION_EXISTS" });
  });

  it("is not approved where what it names is in use: nothing changes", () => {
    const world = region();
    expectDone(world.run(apply, { form: referral }));
    world.put(referrals.key(ZHONGNING, "R-77"), {
      county: ZHONGNING,
      referralId: "R-77",
      personId: PERSON,
      toInstitutionId: "COUNTY-2",
      fromDay: "2011-01-01",
      toDay: "2011-01-31",
    });
    expect(decide(world, "R-77").result).toMatchObject({ code: "REFERRAL_EXISTS" });
    expect(world.get(applications.key(ZHONGNING, "R-77"))?.state).toBe("APPLIED");
  });

  const asked = { personKnown: true };
  it.each([
    ["somebody whom nobody has enrolled", { ...referral, personId: NO_BODY }, "UNKNOWN_PERSON"],
    ["another county's patient", { ...referral, county: JINGYUAN }, "UNKNOWN_PERSON"],
    ["an institution that is not there", { ...referral, toInstitutionId: "NOWHERE" }, "UNKNOWN_INSTITUTION"],
  ])("is refused for %s, once the owners were asked", (_, form, code) => {
    const world = region();
    expect(world.run(apply, { form }).result).toMatchObject({ outcome: "unavailable" });
    expect(world.run(apply, { form, asked }).result).toMatchObject({ code });
    expect(world.all("applications")).toEqual([]);
  });

  it("is its county's alone", () => {
    const world = region();
    expectDone(world.run(apply, { form: referral }));
    expect(decide(world, "R-77", "APPROVE", JINGYUAN).result).toMatchObject({ code: "UNKNOWN_APPLICATION" });
  });
});
