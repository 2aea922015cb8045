import { describe, expect, it } from "vitest";
import { countyChanged } from "../../../services/claims/domain/county-changed.ts";
import { counties, covers, institutions, referrals } from "../../../services/claims/domain/documents.ts";
import { groundOf } from "../../../services/claims/domain/ground.ts";
import { householdCovered } from "../../../services/claims/domain/household-covered.ts";
import { institutionChanged } from "../../../services/claims/domain/institution-changed.ts";
import { registerReferral } from "../../../services/claims/domain/register-referral.ts";
import { isAskOwner, isRefusal } from "../../../services/values/outcome.ts";
import { newWorld } from "../../harness/decide.ts";
import { bill, expectDone, JINGYUAN, NO_BODY, PERSON, region, VISITOR, ZHONGNING } from "./nx-ref.ts";

const whole = { county: ZHONGNING, fromDay: "2011-01-01", toDay: "2011-12-31", category: "ORDINARY" } as const;
const ended = { ...whole, toDay: "2011-06-30" } as const;

describe("what is told as a state: the newest version wins, an older or equal one changes nothing", () => {
  const household = (version: number, stretch: typeof whole | typeof ended) => ({
    householdId: PERSON.slice(0, 14),
    county: ZHONGNING,
    version,
    covers: [{ personId: PERSON, stretch }],
  });

  it.each([
    [[1, 2], "2011-06-30"],
    [[2, 1], "2011-06-30"],
    [[2, 2], "2011-06-30"],
  ])("covers in the order %j", (order, toDay) => {
    const world = newWorld();
    for (const version of order) world.run(householdCovered, household(version, version === 2 ? ended : whole));
    expect(world.get(covers.key(PERSON))).toMatchObject({ county: ZHONGNING, householdVersion: 2, stretches: [{ toDay }] });
  });

  it("keeps all the years of each person apart", () => {
    const world = newWorld();
    const earlier = { ...whole, fromDay: "2010-01-01", toDay: "2010-12-31" };
    const second = `${PERSON.slice(0, 14)}02`;
    world.run(householdCovered, {
      ...household(3, whole),
      covers: [
        { personId: PERSON, stretch: earlier },
        { personId: second, stretch: whole },
        { personId: PERSON, stretch: whole },
      ],
    });
    expect(world.get(covers.key(PERSON))?.stretches).toEqual([earlier, whole]);
    expect(world.get(covers.key(second))?.stretches).toEqual([whole]);
  });

  it("institutions and counties", () => {
    const world = newWorld();
    const institution = { institutionId: "H-1", county: ZHONGNING };
    world.run(institutionChanged, { ...institution, level: "COUNTY", version: 2 });
    world.run(institutionChanged, { ...institution, level: "TOWNSHIP", version: 1 });
    world.run(institutionChanged, { ...institution, level: "TOWNSHIP", version: 2 });
    expect(world.get(institutions.key("H-1"))).toMatchObject({ level: "COUNTY", institutionVersion: 2 });
    world.run(institutionChanged, { ...institution, level: "PREFECTURE", version: 3 });
    expect(world.get(institutions.key("H-1"))?.level).toBe("PREFECTURE");
    world.run(countyChanged, { county: ZHONGNING, version: 2 });
    world.run(countyChanged, { county: ZHONGNING, version: 1 });
    expect(world.get(counties.key(ZHONGNING))?.countyVersion).toBe(2);
  });
});

describe("the ground of a stay from 20 to 22 November", () => {
  const days = (fromDay: string, toDay: string, county = ZHONGNING) => ({ ...whole, county, fromDay, toDay });
  const stay = bill();

  it.each([
    ["covered throughout", [whole], "2011-11-22"],
    ["covered on the day of discharge only", [days("2011-11-22", "2011-12-31")], "2011-11-22"],
    ["ended during the stay", [days("2011-01-01", "2011-11-21")], "2011-11-21"],
    ["ended on the day of admission", [days("2011-01-01", "2011-11-20")], "2011-11-20"],
    ["ended the day before", [days("2011-01-01", "2011-11-19")], undefined],
    ["begun the day after", [days("2011-11-23", "2011-12-31")], undefined],
    ["ended before it began", [days("2011-11-22", "2011-11-21")], undefined],
    ["nothing known", [], undefined],
  ])("%s", (_, stretches, day) => {
    expect(groundOf(stay, stretches)?.day).toBe(day);
  });

  it("is the county that covers its last covered day; each line is judged by its own day", () => {
    const ground = groundOf(stay, [days("2011-11-22", "2011-12-31", JINGYUAN), days("2011-01-01", "2011-11-20")]);
    expect(ground?.stretch.county).toBe(JINGYUAN);
    expect(["2011-11-20", "2011-11-21", "2011-11-22"].map((day) => ground?.covers(day))).toEqual([true, false, true]);
  });
});

describe("a referral", () => {
  const referral = {
    county: ZHONGNING,
    referralId: "R1",
    personId: PERSON,
    toInstitutionId: "PREFECTURE-1",
    fromDay: "2011-11-01",
    toDay: "2011-11-30",
  };

  it("is registered once; again the same is answered, other content refused", () => {
    const world = region();
    expect(expectDone(world.run(registerReferral, { referral }))).toEqual(referral);
    expect(expectDone(world.run(registerReferral, { referral }))).toEqual(referral);
    const { result } = world.run(registerReferral, { referral: { ...referral, toDay: "2011-12-31" } });
    expect(result).toMatchObject({ code: "REFERRAL_EXISTS", field: "referral_id" });
    expect(world.get(referrals.key(ZHONGNING, "R1"))).toEqual(referral);
  });

  it.each([
    ["UNKNOWN_PERSON", { personId: NO_BODY }],
    ["UNKNOWN_PERSON", { personId: VISITOR }],
    ["UNKNOWN_INSTITUTION", { toInstitutionId: "NOWHERE-1" }],
  ])("%s only after the owner was asked", (code, change) => {
    const world = region();
    const wrong = { ...referral, ...change };
    expect(isAskOwner(world.run(registerReferral, { referral: wrong }).result)).toBe(true);
    const { result } = world.run(registerReferral, { referral: wrong, asked: { personKnown: false } });
    expect(isRefusal(result) && result.code).toBe(code);
    expect(world.all("referrals")).toEqual([]);
  });
});
