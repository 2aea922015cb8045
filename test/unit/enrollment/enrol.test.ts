import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { counties, households, identities } from "../../../services/enrollment/domain/documents.ts";
import { endCover } from "../../../services/enrollment/domain/end-cover.ts";
import { type EnrolInput, type EnrolResult, enrol } from "../../../services/enrollment/domain/enrol.ts";
import { isAskOwner, isRefusal, isUnavailable } from "../../../services/values/outcome.ts";
import { newWorld, type World } from "../../harness/decide.ts";
import { H1, H2, household, identityNumber, member, request } from "./people.ts";

function known(...codes: string[]): World {
  const world = newWorld();
  for (const county of ["640521", ...codes]) world.put(counties.key(county), { county, revision: 1 });
  return world;
}

function run(world: World, input: EnrolInput, options: Parameters<World["run"]>[2] = {}) {
  const { result, told } = world.run(enrol, input, options);
  if (isRefusal(result) || isUnavailable(result)) throw new Error(`not decided: ${JSON.stringify(result)}`);
  return { ...(result as EnrolResult), told };
}

const codes = (results: EnrolResult["results"]) => results.map(({ enrolled, code }) => (enrolled ? "" : code));
const ONE = household(H1, [member("01", 1), member("02", 2, { category: "MINIMUM_LIVING" }), member("03", 3)]);

describe("a household that is enrolled", () => {
  test("is covered for the whole year, and its ordinary members' money is booked once", () => {
    const world = known();
    const { results, membersEnrolled, contributionsFen, told } = run(world, request([ONE]));
    expect(results).toEqual([{ householdId: H1, enrolled: true, code: "", field: "", zh: "", en: "", releaseId: "" }]);
    expect([membersEnrolled, contributionsFen]).toEqual([3, 6000n]);
    const cover = { county: "640521", householdId: H1, fromDay: "2011-01-01", toDay: "2011-12-31" };
    expect(told).toEqual([
      {
        name: "HouseholdCovered",
        county: "640521",
        body: {
          householdId: H1,
          county: "640521",
          version: 1n,
          covers: [
            { ...cover, personId: `${H1}01`, category: "ORDINARY" },
            { ...cover, personId: `${H1}02`, category: "MINIMUM_LIVING" },
            { ...cover, personId: `${H1}03`, category: "ORDINARY" },
          ],
          persons: [
            { personId: `${H1}01`, sex: "MALE", bornOn: "1970-05-01" },
            { personId: `${H1}02`, sex: "FEMALE", bornOn: "1970-05-01" },
            { personId: `${H1}03`, sex: "MALE", bornOn: "1970-05-01" },
          ],
        },
      },
      {
        name: "ContributionsReceived",
        county: "640521",
        body: {
          receiptId: "contributions/640521/r-1",
          county: "640521",
          year: 2011,
          heads: 2,
          contributionsFen: 6000n,
          receivedOn: "2011-11-25",
          source: "INDIVIDUAL",
        },
      },
    ]);
  });

  test("tells no name and no identity number", () => {
    const { told } = run(known(), request([ONE]));
    const text = JSON.stringify(
      told.map((event) => event.body),
      (_, value) => (typeof value === "bigint" ? String(value) : value),
    );
    expect(text).not.toMatch(/马|identity|name|6405211970/i);
  });

  test("covers one born within the year from the day of birth", () => {
    const { told } = run(known(), request([household(H1, [member("01", 1), member("02", 2, { bornOn: "2011-06-15" })])]));
    expect(told[0]?.body.covers.map((cover: { fromDay: string }) => cover.fromDay)).toEqual(["2011-01-01", "2011-06-15"]);
  });

  test("pays nothing where assistance pays for all, and tells of no money", () => {
    const { contributionsFen, told } = run(known(), request([household(H1, [member("01", 1, { category: "FIVE_GUARANTEES" })])]));
    expect(contributionsFen).toBe(0n);
    expect(told.map((event) => event.name)).toEqual(["HouseholdCovered"]);
  });

  test("enrolled again with the same content is answered so, without effect, whatever the order of its members", () => {
    const world = known();
    run(world, request([ONE]));
    const again = run(world, request([{ ...ONE, members: ONE.members.toReversed() }], { requestId: "r-2" }));
    expect(again).toMatchObject({ membersEnrolled: 3, contributionsFen: 0n, told: [] });
    expect(codes(again.results)).toEqual([""]);
  });

  test.each([
    { ...ONE, village: "别村" },
    { ...ONE, members: ONE.members.slice(0, 2) },
    { ...ONE, members: ONE.members.map((one) => (one.memberNo === "03" ? { ...one, name: "马大山" } : one)) },
    { ...ONE, members: ONE.members.map((one) => (one.memberNo === "03" ? { ...one, category: "MINIMUM_LIVING" as const } : one)) },
    { ...ONE, members: ONE.members.map((one) => ({ ...one, head: one.memberNo === "03" })) },
    { ...ONE, members: [...ONE.members, member("04", 5)] },
  ])("with other content in the same year exists already (%#)", (form) => {
    const world = known();
    run(world, request([ONE]));
    const before = world.get(households.key(H1));
    const again = run(world, request([form], { requestId: "r-2" }));
    expect(codes(again.results)).toEqual(["HOUSEHOLD_EXISTS"]);
    expect(again.told).toEqual([]);
    expect(world.get(households.key(H1))).toEqual(before);
  });

  test("sent again with another contribution per head is refused, not passed over", () => {
    const world = known();
    run(world, request([ONE]));
    expect(codes(run(world, request([ONE], { requestId: "r-2", contributionFenPerHead: 3001n })).results)).toEqual(["WRONG_CONTRIBUTION"]);
  });
});

describe("one request with many households", () => {
  test("a bad household stops no other and leaves nothing behind", () => {
    const world = known();
    const bad = household(H2, [member("01", 11), member("02", 13, { identityNumber: "1" })]);
    const { results, contributionsFen, told } = run(world, request([bad, ONE]));
    expect(codes(results)).toEqual(["BAD_IDENTITY_NUMBER", ""]);
    expect(results[0]?.field).toBe("members[1].identity_number");
    expect(contributionsFen).toBe(6000n);
    expect(told).toHaveLength(2);
    expect(world.get(households.key(H2))).toBeUndefined();
    expect(world.get(identities.key(identityNumber("1970-05-01", 11)))).toBeUndefined();
  });

  test("a person in two of them is enrolled in the first only", () => {
    const { results } = run(known(), request([ONE, household(H2, [member("01", 3)])]));
    expect(codes(results)).toEqual(["", "ENROLLED_ELSEWHERE"]);
    expect(results[1]).toMatchObject({ field: "members[0].identity_number" });
  });

  test("a person of a refused household may be enrolled in a later one", () => {
    const { results } = run(
      known(),
      request([household(H1, [member("01", 1), member("02", 3, { head: true })]), household(H2, [member("01", 1)])]),
    );
    expect(codes(results)).toEqual(["TWO_HEADS", ""]);
  });

  test("the same household twice is booked once", () => {
    const { results, contributionsFen, told } = run(known(), request([ONE, ONE]));
    expect(codes(results)).toEqual(["", ""]);
    expect(contributionsFen).toBe(6000n);
    expect(told.filter((event) => event.name === "HouseholdCovered")).toHaveLength(1);
  });

  test("whatever the households, the money told is the heads newly covered times the amount, and nobody is covered twice", () => {
    const person = fc.record({ serial: fc.integer({ min: 1, max: 12 }), ordinary: fc.boolean() });
    const list = fc.array(fc.record({ id: fc.integer({ min: 1, max: 4 }), people: fc.array(person, { minLength: 1, maxLength: 4 }) }), {
      maxLength: 6,
    });
    fc.assert(
      fc.property(list, list, (first, second) => {
        const world = known();
        let money = 0n;
        let heads = 0;
        for (const [index, forms] of [first, second].entries()) {
          const inputs = forms.map(({ id, people }) =>
            household(
              `640521${String(id).padStart(8, "0")}`,
              people.map(({ serial, ordinary }, at) =>
                member(String(at + 1).padStart(2, "0"), serial, { head: at === 0, category: ordinary ? "ORDINARY" : "MINIMUM_LIVING" }),
              ),
            ),
          );
          for (const { name, body } of run(world, request(inputs, { requestId: `r-${index}` })).told) {
            if (name === "ContributionsReceived") money += body.contributionsFen;
            else heads += body.covers.filter((cover: { category: string }) => cover.category === "ORDINARY").length;
          }
        }
        expect(money).toBe(BigInt(heads) * 3000n);
        const numbers = world.all<{ county: string; members: { identityNumber: string }[] }>("households").flatMap((one) => one.members);
        expect(new Set(numbers.map((one) => one.identityNumber)).size).toBe(numbers.length);
        expect(world.all("identities")).toHaveLength(numbers.length);
      }),
      { numRuns: 200 },
    );
  });
});

describe("between households", () => {
  test("the same person in another county is refused, with the county that has it", () => {
    const world = known("640424");
    run(world, request([ONE]));
    const other = household("64042400000001", [member("01", 1)]);
    const { results } = run(world, request([other], { requestId: "r-2", county: "640424" }));
    expect(results[0]).toMatchObject({ code: "ENROLLED_ELSEWHERE", field: "members[0].identity_number" });
    expect(results[0]?.zh).toContain("640521");
  });

  test("who has moved away is enrolled anew once the old cover is over", () => {
    const world = known("640424");
    run(world, request([ONE]));
    world.run(endCover, { county: "640521", personId: `${H1}01`, lastDay: "2011-10-31", reason: "迁出" });
    const other = household("64042400000001", [member("01", 1)]);
    const into = (year: number, requestId: string) => codes(run(world, request([other], { requestId, county: "640424", year })).results);
    expect(into(2011, "r-2")).toEqual(["ENROLLED_ELSEWHERE"]);
    expect(into(2012, "r-3")).toEqual([""]);
  });
});

describe("the next year", () => {
  const next = (members = ONE.members) => request([{ ...ONE, members }], { requestId: "r-2012", year: 2012 });

  test("adds a cover to the covers that stand, and books that year's money", () => {
    const world = known();
    run(world, request([ONE]));
    const { told, contributionsFen } = run(world, next());
    expect(contributionsFen).toBe(6000n);
    expect(told[0]?.body.version).toBe(2n);
    expect(told[0]?.body.covers.map((cover: { fromDay: string }) => cover.fromDay)).toEqual([
      ...Array(3).fill("2011-01-01"),
      ...Array(3).fill("2012-01-01"),
    ]);
  });

  test("the list may have changed: who is gone is not covered, who is new is", () => {
    const world = known();
    run(world, request([ONE]));
    const { told } = run(world, next([...ONE.members.slice(0, 2), member("04", 5)]));
    const covered = told[0]?.body.covers.slice(3).map((cover: { personId: string }) => cover.personId.slice(-2));
    expect(covered).toEqual(["01", "02", "04"]);
  });

  test("a number stays the same person's for ever, also after that person has left the list", () => {
    const world = known();
    run(world, request([ONE]));
    expect(codes(run(world, next([...ONE.members.slice(0, 2), member("03", 5)])).results)).toEqual(["HOUSEHOLD_EXISTS"]);
    run(world, next(ONE.members.slice(0, 2)));
    const later = request([{ ...ONE, members: [...ONE.members.slice(0, 2), member("03", 5)] }], { requestId: "r-2013", year: 2013 });
    const { results } = run(world, later);
    expect(results[0]).toMatchObject({ code: "HOUSEHOLD_EXISTS", field: "members[2].member_no" });
  });

  test("a year before the newest is not enrolled again", () => {
    const world = known();
    run(world, next());
    expect(codes(run(world, request([ONE], { requestId: "r-2011" })).results)).toEqual(["HOUSEHOLD_EXISTS"]);
  });
});

describe("the county", () => {
  test("that the projection lacks is asked of its owner before the answer is no", () => {
    const world = newWorld();
    expect(isAskOwner(world.run(enrol, request([ONE])).result)).toBe(true);
    expect(world.run(enrol, request([ONE], { ownerKnowsCounty: false })).result).toMatchObject({
      code: "UNKNOWN_COUNTY",
      status: "FAILED_PRECONDITION",
      field: "county",
    });
    expect(codes(run(world, request([ONE], { ownerKnowsCounty: true })).results)).toEqual([""]);
  });
});

test("another clerk's request of the same id does not lose its money: it is refused", () => {
  const world = known();
  run(world, request([ONE]));
  const other = request([household(H2, [member("01", 5)])]);
  expect(world.run(enrol, other).result).toMatchObject({ code: "BAD_REQUEST", field: "request_id" });
  expect(world.get(households.key(H2))).toBeUndefined();
});
