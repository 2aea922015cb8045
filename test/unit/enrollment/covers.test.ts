import { beforeEach, describe, expect, test } from "vitest";
import { eligibilityOf, masked } from "../../../services/enrollment/domain/covers.ts";
import { counties, type Household, households, identities } from "../../../services/enrollment/domain/documents.ts";
import { endCover } from "../../../services/enrollment/domain/end-cover.ts";
import { enrol } from "../../../services/enrollment/domain/enrol.ts";
import { hearCounty } from "../../../services/enrollment/domain/hear-county.ts";
import { newWorld, type World } from "../../harness/decide.ts";
import { H1, household, identityNumber, member, request } from "./people.ts";

let world: World;
const P1 = `${H1}01`;
const P2 = `${H1}02`;
const end = (lastDay: string, personId = P2, county = "640521") => world.run(endCover, { county, personId, lastDay, reason: "迁出" });
const stored = () => world.get(households.key(H1)) as Household;

beforeEach(() => {
  world = newWorld();
  world.put(counties.key("640521"), { county: "640521", revision: 1 });
  world.run(enrol, request([household(H1, [member("01", 1), member("02", 2, { bornOn: "2011-03-10" })])]));
});

describe("ending a cover", () => {
  test("shortens it, tells the household's covers with the next version, and frees the identity number from then on", () => {
    const { result, told } = end("2011-08-31");
    expect(result).toMatchObject({ personId: P2, fromDay: "2011-03-10", toDay: "2011-08-31" });
    expect(told).toHaveLength(1);
    expect(told[0]).toMatchObject({ name: "HouseholdCovered", county: "640521", body: { version: 2n } });
    expect(told[0]?.body.covers.map((cover: { toDay: string }) => cover.toDay)).toEqual(["2011-12-31", "2011-08-31"]);
    expect(stored().endings).toEqual([{ personId: P2, lastDay: "2011-08-31", reason: "迁出", enteredOn: "2011-11-25" }]);
    expect(world.get(identities.key(identityNumber("2011-03-10", 2)))?.toDay).toBe("2011-08-31");
  });

  test.each([
    ["2011-03-09", "DAY_OUTSIDE_COVER"],
    ["2011-03-10", ""],
    ["2011-12-31", ""],
    ["2012-01-01", "DAY_OUTSIDE_COVER"],
  ])("on %s gives %s", (day, code) => {
    const { result } = end(day);
    if (code === "") expect(result).toMatchObject({ toDay: day });
    else expect(result).toMatchObject({ code, field: "last_day" });
  });

  test("twice is refused", () => {
    end("2011-08-31");
    expect(end("2011-08-31").result).toMatchObject({ code: "COVER_ALREADY_ENDED" });
    expect(end("2011-07-31").result).toMatchObject({ code: "COVER_ALREADY_ENDED" });
    expect(stored().revision).toBe(2);
  });

  test("takes the covers of later years with it, of that person only", () => {
    world.run(
      enrol,
      request([household(H1, [member("01", 1), member("02", 2, { bornOn: "2011-03-10" })])], { requestId: "r-2", year: 2012 }),
    );
    end("2011-11-20");
    expect(stored().covers.map((cover) => [cover.personId, cover.toDay])).toEqual([
      [P1, "2011-12-31"],
      [P2, "2011-11-20"],
      [P1, "2012-12-31"],
    ]);
    expect(end("2011-11-20").result).toMatchObject({ code: "COVER_ALREADY_ENDED" });
  });

  test.each([
    [`${H1}03`, "640521"],
    ["6405219999999901", "640521"],
    [P1, "640424"],
  ])("of %s asked by %s is refused: no such person there", (personId, county) => {
    expect(end("2011-08-31", personId, county).result).toMatchObject({ code: "UNKNOWN_PERSON", status: "NOT_FOUND", field: "person_id" });
  });

  test("leaves alone an identity number that is enrolled elsewhere by now", () => {
    const number = identities.key(identityNumber("2011-03-10", 2));
    world.put(number, { county: "640424", personId: "6404240000000101", toDay: "2012-12-31" });
    end("2011-08-31");
    expect(world.get(number)?.county).toBe("640424");
  });
});

describe("eligibility", () => {
  test.each([
    ["2011-03-09", false],
    ["2011-03-10", true],
    ["2011-12-31", true],
    ["2012-01-01", false],
  ])("on %s is %s, with the cover and a masked name", (day, covered) => {
    expect(eligibilityOf(stored(), P2, day)).toEqual({ covered, cover: stored().covers[1], maskedName: "马**" });
  });

  test("of a person that the household does not have is not answered", () => {
    expect(eligibilityOf(stored(), `${H1}99`, "2011-05-01")).toBeUndefined();
  });

  test("names the cover of the day, also an older one", () => {
    world.run(enrol, request([household(H1, [member("01", 1)])], { requestId: "r-2", year: 2012 }));
    expect(eligibilityOf(stored(), P1, "2011-05-01")).toMatchObject({ covered: true, cover: { toDay: "2011-12-31" } });
    expect(eligibilityOf(stored(), P1, "2013-05-01")).toMatchObject({ covered: false, cover: { toDay: "2012-12-31" } });
    expect(eligibilityOf(stored(), P2, "2011-05-01")).toMatchObject({ covered: true });
  });

  test.each([
    ["马", "马*"],
    ["马山", "马*"],
    ["𠮷田一", "𠮷**"],
  ])("masks %s as %s", (name, shown) => expect(masked(name)).toBe(shown));
});

test("the newest version of a county wins; an older or equal one has no effect", () => {
  const hear = (version: bigint) => world.run(hearCounty, { county: "640424", version }).result;
  expect([hear(2n), hear(1n), hear(2n), hear(3n)]).toEqual([true, false, false, true]);
  expect(world.get(counties.key("640424"))).toEqual({ county: "640424", revision: 3 });
});
