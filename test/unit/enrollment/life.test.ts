/** The life of a household: who joins, leaves and moves, what is kept of it, and what always holds. */
import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import { setCampaign } from "../../../services/enrollment/domain/campaign.ts";
import { type DepartureInput, recordDeparture } from "../../../services/enrollment/domain/departure.ts";
import {
  type Cover,
  counties,
  type Household,
  type HouseholdChange,
  households,
  identities,
  type Release,
  type Tally,
} from "../../../services/enrollment/domain/documents.ts";
import { endCover } from "../../../services/enrollment/domain/end-cover.ts";
import { type EnrolInput, type EnrolResult, enrol } from "../../../services/enrollment/domain/enrol.ts";
import { addMember, type JoinInput } from "../../../services/enrollment/domain/join.ts";
import { changeHead, type MoveMemberInput, moveHousehold, moveMember } from "../../../services/enrollment/domain/move.ts";
import { askRelease, decideRelease } from "../../../services/enrollment/domain/release.ts";
import { countsIn, isEmpty, placeIn } from "../../../services/enrollment/domain/tally.ts";
import { yearOf } from "../../../services/values/days.ts";
import { isRefusal } from "../../../services/values/outcome.ts";
import { newWorld, type World } from "../../harness/decide.ts";
import { H1, H2, household, identityNumber, member, request } from "./people.ts";

const ZHONGNING = "640521";
const JINGYUAN = "640424";
const J1 = "64042400000001";
const P = (no: string) => `${H1}${no}`;
let world: World;

beforeEach(() => {
  world = newWorld();
  for (const county of [ZHONGNING, JINGYUAN]) world.put(counties.key(county), { county, revision: 1 });
  world.run(enrol, request([household(H1, [member("01", 1), member("02", 2), member("03", 3)]), household(H2, [member("01", 5)])]));
});

const stored = (id = H1) => world.get(households.key(id)) as Household;
const tallies = () => world.all<Tally>("tallies").filter(({ heads }) => heads > 0);
const history = (id = H1) =>
  world
    .rows<HouseholdChange>("changes")
    .filter(({ householdId }) => householdId === id)
    .map(({ kind, personId, other, day }) => [kind, personId, other, day]);
const depart = (change: Partial<DepartureInput> = {}) =>
  world.run(recordDeparture, {
    county: ZHONGNING,
    personId: P("02"),
    cause: "DIED",
    lastDay: "2011-10-20",
    newHeadNo: "",
    evidence: "火化证 17",
    ...change,
  });
const join = (change: Partial<JoinInput> = {}) =>
  world.run(addMember, {
    requestId: "j-1",
    county: ZHONGNING,
    householdId: H1,
    member: member("04", 8, { bornOn: "2011-09-30" }),
    cause: "BORN",
    year: 2011,
    fromDay: "2011-09-30",
    motherNo: "02",
    contributionFen: 0n,
    evidence: "",
    ...change,
  });
const move = (change: Partial<MoveMemberInput> = {}) =>
  world.run(moveMember, {
    county: ZHONGNING,
    personId: P("03"),
    toHouseholdId: H2,
    toMemberNo: "02",
    fromDay: "2011-11-10",
    newHeadNo: "",
    township: "",
    village: "",
    evidence: "",
    ...change,
  });

describe("a death", () => {
  test("known a month later ends the cover on its day, is told, and is kept with who entered it and when", () => {
    const { result, told } = depart();
    expect(result).toMatchObject({ cover: { personId: P("02"), toDay: "2011-10-20" }, lateDays: 36, dissolved: false });
    expect(told).toHaveLength(1);
    expect(told[0]?.body.covers.find((cover: Cover) => cover.personId === P("02")).toDay).toBe("2011-10-20");
    expect(stored().members.map(({ memberNo }) => memberNo)).toEqual(["01", "03"]);
    expect(stored().former).toMatchObject([{ memberNo: "02", left: { cause: "DIED", lastDay: "2011-10-20", enteredOn: "2011-11-25" } }]);
    expect(world.all<HouseholdChange>("changes")).toMatchObject([{ number: 1, kind: "LEFT", cause: "DIED", enteredBy: "test" }]);
    expect(tallies()).toMatchObject([{ year: 2011, households: 2, heads: 4, paying: 4, assisted: 0 }]);
  });

  test("before the year began takes all of its cover, says so with an empty one, and out of the count", () => {
    const { told } = depart({ lastDay: "2010-12-05" });
    expect(told[0]?.body.covers.find((cover: Cover) => cover.personId === P("02"))).toMatchObject({
      fromDay: "2011-01-01",
      toDay: "2010-12-31",
    });
    expect(tallies()).toMatchObject([{ heads: 3 }]);
  });

  test("of the head wants another, who lives there", () => {
    expect(depart({ personId: P("01") }).result).toMatchObject({ code: "HEAD_WANTED", field: "new_head_no" });
    expect(depart({ personId: P("01"), newHeadNo: "09" }).result).toMatchObject({ code: "NOT_A_MEMBER" });
    expect(depart({ personId: P("01"), newHeadNo: "01" }).result).toMatchObject({ code: "NOT_A_MEMBER" });
    expect(depart({ newHeadNo: "03" }).result).toMatchObject({ code: "BAD_REQUEST", field: "new_head_no" });
    expect(depart({ personId: P("01"), newHeadNo: "03" }).result).toMatchObject({ dissolved: false });
    expect(
      stored()
        .members.filter(({ head }) => head)
        .map(({ memberNo }) => memberNo),
    ).toEqual(["03"]);
  });

  test("of the last one ends the household", () => {
    expect(depart({ personId: `${H2}01` }).result).toMatchObject({ dissolved: true });
    expect(join({ householdId: H2 }).result).toMatchObject({ code: "NOT_ENROLLED" });
  });

  test.each([
    ["in the future", { lastDay: "2011-11-26" }, "BAD_REQUEST", "last_day"],
    ["before the birth", { lastDay: "1969-12-31" }, "BAD_REQUEST", "last_day"],
    ["of nobody", { personId: P("77") }, "UNKNOWN_PERSON", "person_id"],
    ["of another county's", { county: JINGYUAN }, "UNKNOWN_PERSON", "person_id"],
    ["and no other leaving 31 days back", { cause: "MARRIED_OUT", lastDay: "2011-10-25" }, "BACKDATED", "last_day"],
  ] as const)("%s is refused, and nothing changes", (_, change, code, field) => {
    const before = [world.all("households"), world.all("tallies"), world.all("changes")];
    expect(depart(change).result).toMatchObject({ code, field });
    expect([world.all("households"), world.all("tallies"), world.all("changes")]).toEqual(before);
  });

  test("is recorded once, and nobody enrols the dead", () => {
    depart();
    expect(depart().result).toMatchObject({ code: "ALREADY_LEFT" });
    const again = world.run(enrol, request([household(H1, [member("01", 1), member("02", 2)])], { year: 2012, requestId: "r-2" }));
    expect((again.result as EnrolResult).results).toMatchObject([{ code: "DEAD", field: "members[1].identity_number" }]);
    expect(world.run(endCover, { county: ZHONGNING, personId: P("02"), lastDay: "2011-09-01", reason: "x" }).result).toMatchObject({
      code: "COVER_ALREADY_ENDED",
    });
  });

  test("after another leaving is told all the same", () => {
    depart({ cause: "MARRIED_OUT", lastDay: "2011-11-20" });
    expect(depart({ cause: "MOVED_OUT", lastDay: "2011-11-21" }).result).toMatchObject({ code: "ALREADY_LEFT" });
    expect(depart({ lastDay: "2011-11-18" }).result).toMatchObject({ cover: { toDay: "2011-11-18" } });
  });

  test("before a move ends the cover that was left behind as well", () => {
    move();
    depart({ personId: `${H2}02`, lastDay: "2011-11-05" });
    expect(stored().covers.find(({ personId }) => personId === P("03"))?.toDay).toBe("2011-11-05");
    expect(
      stored(H2)
        .covers.filter(({ personId }) => personId === `${H2}02`)
        .every(isEmpty),
    ).toBe(true);
    expect(history()).toEqual([
      ["MOVED_OUT", P("03"), `${H2}02`, "2011-11-09"],
      ["COVER_ENDED", P("03"), "", "2011-11-05"],
    ]);
  });
});

describe("who joins", () => {
  test("by birth is covered from it, under the mother, for nothing", () => {
    expect(join().result).toMatchObject({ personId: P("04"), fromDay: "2011-09-30", toDay: "2011-12-31" });
    expect(history()).toEqual([["JOINED", P("04"), P("02"), "2011-09-30"]]);
    expect(tallies()).toMatchObject([{ heads: 5, paying: 4 }]);
    expect(join({ requestId: "j-2" }).result).toMatchObject({ code: "COVERED_ALREADY" });
  });

  test.each([
    ["a man", { motherNo: "03" }, "MOTHER_NOT_COVERED", "mother_no"],
    ["nobody", { motherNo: "55" }, "MOTHER_NOT_COVERED", "mother_no"],
    ["a day that is not the birth's", { fromDay: "2011-10-01" }, "BAD_REQUEST", "from_day"],
    ["money", { contributionFen: 3000n }, "WRONG_RATE", "contribution_fen"],
    ["another's number", { member: member("03", 8, { bornOn: "2011-09-30" }) }, "MEMBER_EXISTS", "member.member_no"],
    ["another's identity number", { member: member("04", 3) }, "MEMBER_EXISTS", "member.member_no"],
    [
      "a birth date that the identity number denies",
      { member: { ...member("04", 8), bornOn: "2011-09-30" } },
      "BAD_IDENTITY_NUMBER",
      "member.identity_number",
    ],
    ["a year for which nobody is enrolled", { year: 2012, fromDay: "2012-01-01" }, "NOT_ENROLLED", "household_id"],
    ["an unknown household", { householdId: "64052100000099" }, "UNKNOWN_HOUSEHOLD", "household_id"],
  ] as const)("by birth with %s does not", (_, change, code, field) => {
    const before = world.all("households");
    expect(join(change).result).toMatchObject({ code, field });
    expect(world.all("households")).toEqual(before);
  });

  test("whose mother died in childbirth is covered from birth, one born later is not hers", () => {
    depart({ lastDay: "2011-09-30" });
    expect(join().result).toMatchObject({ personId: P("04") });
    expect(join({ member: member("05", 10, { bornOn: "2011-10-02" }), fromDay: "2011-10-02", requestId: "j-2" }).result).toMatchObject({
      code: "MOTHER_NOT_COVERED",
    });
  });

  test("by marriage pays what the household's members paid, from today on", () => {
    const bride = { cause: "MARRIED_IN", member: member("04", 20), motherNo: "", fromDay: "2011-11-25", contributionFen: 3000n } as const;
    expect(join({ ...bride, fromDay: "2011-11-24" }).result).toMatchObject({ code: "BACKDATED" });
    expect(join({ ...bride, contributionFen: 0n }).result).toMatchObject({ code: "WRONG_RATE" });
    const { told } = join(bride);
    expect(told.map(({ name, body }) => [name, body.contributionsFen])).toEqual([
      ["HouseholdCovered", undefined],
      ["ContributionsReceived", 3000n],
    ]);
    expect(tallies()).toMatchObject([{ heads: 5, paying: 5 }]);
  });

  test("whom another household has does not", () => {
    expect(
      join({ cause: "RETURNED", member: member("04", 5), motherNo: "", fromDay: "2011-11-25", contributionFen: 3000n }).result,
    ).toMatchObject({ code: "ENROLLED_ELSEWHERE" });
  });
});

describe("who moves", () => {
  test("takes the rest of the cover along, and counts where the year began", () => {
    const { result, told } = move();
    expect(result).toMatchObject({ personId: `${H2}02`, covers: [{ fromDay: "2011-11-10", toDay: "2011-12-31" }] });
    expect(told.map(({ body }) => body.householdId)).toEqual([H1, H2]);
    expect(world.get(identities.key(identityNumber("1970-05-01", 3)))).toMatchObject({ personId: `${H2}02`, toDay: "2011-12-31" });
    expect(tallies()).toMatchObject([{ heads: 4, households: 2 }]);
    expect(countsIn(stored(), 2011).heads).toBe(3);
    expect(move().result).toMatchObject({ code: "ALREADY_LEFT" });
  });

  test("may found a household, as its head", () => {
    const founded = { toHouseholdId: "64052100000044", toMemberNo: "01", township: "宁安镇", village: "新堡村" };
    expect(move({ ...founded, township: "" }).result).toMatchObject({ code: "BAD_REQUEST", field: "township" });
    expect(move({ ...founded, toHouseholdId: H2 }).result).toMatchObject({ code: "HOUSEHOLD_EXISTS" });
    move(founded);
    expect(stored(founded.toHouseholdId)).toMatchObject({ year: 2011, members: [{ memberNo: "01", head: true, movedFrom: P("03") }] });
  });

  test("and comes back is the person that was there", () => {
    move();
    const back = { personId: `${H2}02`, toHouseholdId: H1, fromDay: "2011-11-20" };
    expect(move({ ...back, toMemberNo: "07" }).result).toMatchObject({ code: "MEMBER_EXISTS" });
    expect(move({ ...back, toMemberNo: "03" }).result).toMatchObject({ personId: P("03") });
    expect(stored().covers.filter(({ personId }) => personId === P("03"))).toMatchObject([
      { fromDay: "2011-01-01", toDay: "2011-11-09" },
      { fromDay: "2011-11-20", toDay: "2011-12-31", moved: true },
    ]);
    expect(tallies()).toMatchObject([{ heads: 4 }]);
  });

  test("in next year's list pays for it like everybody", () => {
    move();
    const next = world.run(enrol, request([household(H2, [member("01", 5), member("02", 3)])], { year: 2012, requestId: "r-2" }));
    expect(next.result).toMatchObject({ contributionsFen: 6000n, results: [{ enrolled: true }] });
  });

  test("is not entered beforehand, nor long after", () => {
    expect(move({ fromDay: "2011-11-26" }).result).toMatchObject({ code: "BAD_REQUEST", field: "from_day" });
    expect(move({ fromDay: "2011-10-25" }).result).toMatchObject({ code: "BACKDATED" });
    expect(move({ toHouseholdId: "64052100000055" }).result).toMatchObject({ code: "UNKNOWN_HOUSEHOLD" });
    expect(move({ toHouseholdId: H1 }).result).toMatchObject({ code: "BAD_REQUEST", field: "to_household_id" });
  });
});

test("a household that moves counts at the new place from that year on, in earlier years where it was", () => {
  world.run(enrol, request([household(H1, [member("01", 1)])], { year: 2012, requestId: "r-2" }));
  const go = (village: string, day: string, atMs?: number) =>
    world.run(
      moveHousehold,
      { county: ZHONGNING, householdId: H1, township: "鸣沙镇", village, day, evidence: "" },
      atMs === undefined ? {} : { atMs },
    );
  expect(go("", "2011-11-20").result).toMatchObject({ code: "BAD_REQUEST" });
  go("长滩村", "2012-02-01", Date.parse("2012-02-02T08:00:00+08:00"));
  expect(tallies().map(({ year, village, heads }) => [year, village, heads])).toEqual([
    [2011, "二道渠村", 4],
    [2012, "长滩村", 1],
  ]);
  expect([2011, 2012].map((year) => placeIn(stored(), year).village)).toEqual(["二道渠村", "长滩村"]);
});

test("a new head takes the place of the old one", () => {
  const head = (headNo: string) => world.run(changeHead, { county: ZHONGNING, householdId: H1, headNo, evidence: "" });
  expect(head("08").result).toMatchObject({ code: "NOT_A_MEMBER", field: "head_no" });
  const { told } = head("02");
  expect(told, "no cover is another").toEqual([]);
  expect(stored().members.map((one) => one.head)).toEqual([false, true, false]);
  head("02");
  expect(history()).toEqual([["HEAD", P("01"), P("02"), "2011-11-25"]]);
});

describe("a person in two counties", () => {
  const wanted = (change: Partial<EnrolInput> = {}) =>
    request([household(J1, [member("01", 3), member("02", 30)])], {
      county: JINGYUAN,
      year: 2012,
      requestId: "j",
      queueDuplicates: true,
      ...change,
    });
  const RELEASE = `${P("03")}-${JINGYUAN}-2012`;
  const next = () => world.run(enrol, request([household(H1, [member("01", 1), member("03", 3)])], { year: 2012, requestId: "r-2" }));

  test("is refused; a case is opened where that is asked for, once", () => {
    next();
    expect((world.run(enrol, wanted({ queueDuplicates: false })).result as EnrolResult).results).toMatchObject([
      { code: "ENROLLED_ELSEWHERE", releaseId: "" },
    ]);
    expect(world.all("releases")).toEqual([]);
    for (let times = 0; times < 2; times += 1)
      expect((world.run(enrol, wanted()).result as EnrolResult).results).toMatchObject([
        { enrolled: false, code: "ENROLLED_ELSEWHERE", field: "members[0].identity_number", releaseId: RELEASE },
      ]);
    expect(world.all<Release>("releases")).toMatchObject([{ county: ZHONGNING, askingCounty: JINGYUAN, state: "OPEN", householdId: J1 }]);
    expect(JSON.stringify(world.all("releases"))).not.toMatch(/马|6405211970/);
  });

  const decide = (released: boolean, change: { lastDay?: string; county?: string } = {}) =>
    world.run(decideRelease, {
      county: ZHONGNING,
      releaseId: RELEASE,
      released,
      lastDay: released ? "2011-12-31" : "",
      newHeadNo: "",
      reason: "户口已迁",
      ...change,
    });

  test("who is let go leaves the year that has not begun, and is then enrolled", () => {
    next();
    world.run(enrol, wanted());
    expect(decide(true, { lastDay: "2012-01-01" }).result).toMatchObject({ code: "BAD_REQUEST", field: "last_day" });
    expect(decide(true, { county: JINGYUAN }).result).toMatchObject({ code: "UNKNOWN_RELEASE" });
    expect(decide(true).result).toMatchObject({ state: "RELEASED", lastDay: "2011-12-31" });
    expect(
      stored()
        .covers.filter(({ personId }) => personId === P("03"))
        .map(({ toDay }) => toDay),
    ).toEqual(["2011-12-31"]);
    expect(decide(false).result).toMatchObject({ code: "RELEASE_DECIDED" });
    expect((world.run(enrol, wanted({ requestId: "j-2" })).result as EnrolResult).results).toMatchObject([{ enrolled: true }]);
  });

  test("who is kept stays refused", () => {
    next();
    world.run(enrol, wanted());
    expect(decide(false).result).toMatchObject({ state: "KEPT" });
    expect((world.run(enrol, wanted({ requestId: "j-2" })).result as EnrolResult).results).toMatchObject([{ code: "ENROLLED_ELSEWHERE" }]);
  });

  test("within a year moves in with the day after, for nothing, and counts where it was paid", () => {
    world.run(enrol, request([household(J1, [member("01", 41)])], { county: JINGYUAN, requestId: "j" }));
    const ask = { county: JINGYUAN, identityNumber: identityNumber("1970-05-01", 3), householdId: J1, year: 2011, reason: "婚入" };
    expect(world.run(askRelease, { ...ask, identityNumber: identityNumber("1990-01-01", 9) }).result).toMatchObject({
      code: "UNKNOWN_IDENTITY",
    });
    expect(world.run(askRelease, { ...ask, county: ZHONGNING }).result).toMatchObject({ code: "NOT_ELSEWHERE" });
    const { result } = world.run(askRelease, ask);
    const releaseId = (result as Release).releaseId;
    world.run(decideRelease, { county: ZHONGNING, releaseId, released: true, lastDay: "2011-11-15", newHeadNo: "", reason: "婚出" });
    const into = {
      county: JINGYUAN,
      householdId: J1,
      member: member("02", 3),
      cause: "MOVED_IN",
      motherNo: "",
      fromDay: "2011-11-16",
    } as const;
    expect(join({ ...into, contributionFen: 3000n }).result).toMatchObject({ code: "WRONG_RATE" });
    expect(join(into).result).toMatchObject({ fromDay: "2011-11-16", moved: true, free: true });
    expect(tallies().map(({ county, heads }) => [county, heads])).toEqual([
      [ZHONGNING, 4],
      [JINGYUAN, 1],
    ]);
  });
});

test("outside of the campaign's days nobody is enrolled anew, and only at its rate", () => {
  const rates = [{ source: "INDIVIDUAL", fenPerHead: 5000n }] as const;
  const campaign = { county: ZHONGNING, year: 2012, opensOn: "2011-10-01", closesOn: "2011-11-24", rates, ownerKnowsCounty: undefined };
  world.run(setCampaign, campaign);
  const list = request([household(H2, [member("01", 5)])], { year: 2012, requestId: "r-2" });
  expect(world.run(enrol, list).result).toMatchObject({ code: "WRONG_RATE", field: "contribution_fen_per_head" });
  const paid = { ...list, contributionFenPerHead: 5000n };
  expect((world.run(enrol, paid).result as EnrolResult).results).toMatchObject([{ code: "CAMPAIGN_CLOSED" }]);
  expect(world.run(setCampaign, { ...campaign, rates: [] }).result).toMatchObject({ code: "CAMPAIGN_STARTED" });
  world.run(setCampaign, { ...campaign, closesOn: "2011-12-31" });
  expect((world.run(enrol, paid).result as EnrolResult).results).toMatchObject([{ enrolled: true }]);
});

/** What a person does at the desk, by chance; most of it is refused. */
const act = fc.record({
  what: fc.constantFrom("die", "leave", "move", "found", "born", "join", "head", "house", "end", "list", "ask", "decide"),
  household: fc.constantFrom(H1, H2, J1),
  no: fc.integer({ min: 1, max: 6 }),
  to: fc.integer({ min: 1, max: 6 }),
  other: fc.constantFrom(H1, H2, J1, "64052100000044"),
  back: fc.integer({ min: 0, max: 60 }),
});

test("whatever happens: one living head a household, nobody in two, nobody covered twice on a day, and the tallies are what counting gives", () => {
  fc.assert(
    fc.property(fc.array(act, { minLength: 1, maxLength: 25 }), (acts) => {
      const province = newWorld();
      for (const county of [ZHONGNING, JINGYUAN]) province.put(counties.key(county), { county, revision: 1 });
      const people = (from: number, count: number) => Array.from({ length: count }, (_, index) => member(`0${index + 1}`, from + index));
      province.run(enrol, request([household(H1, people(1, 4)), household(H2, people(11, 3))]));
      province.run(enrol, request([household(J1, people(21, 3))], { county: JINGYUAN }));
      let now = Date.parse("2011-11-01T08:00:00+08:00");
      let serial = 100;
      for (const { what, household: id, no, to, other, back } of acts) {
        now += 5 * 86_400_000;
        serial += 2;
        const county = id.slice(0, 6);
        const day = new Date(now + 8 * 3_600_000 - back * 86_400_000).toISOString().slice(0, 10);
        const today = new Date(now + 8 * 3_600_000).toISOString().slice(0, 10);
        const personId = `${id}0${no}`;
        const year = yearOf(today);
        const options = { atMs: now };
        const base = { county, evidence: "" };
        const doc = province.get(households.key(id));
        const leave = { ...base, personId, lastDay: day, newHeadNo: to === 6 ? "" : `0${to}` };
        const there = { ...base, personId, toHouseholdId: other, toMemberNo: `0${to}`, fromDay: day, newHeadNo: `0${(no % 3) + 1}` };
        const newcomer = { ...base, requestId: `j-${serial}`, householdId: id, year, contributionFen: 3000n, motherNo: "" };
        const held = doc?.members[no % Math.max(1, doc.members.length)];
        if (what === "die") province.run(recordDeparture, { ...leave, cause: "DIED" }, options);
        if (what === "leave") province.run(recordDeparture, { ...leave, cause: "MARRIED_OUT" }, options);
        if (what === "move") {
          const moved = province.run(moveMember, { ...there, township: "", village: "" }, options);
          if (isRefusal(moved.result)) province.run(moveMember, { ...there, newHeadNo: "", township: "", village: "" }, options);
        }
        if (what === "found") province.run(moveMember, { ...there, newHeadNo: "", township: "宁安镇", village: "新堡村" }, options);
        if (what === "born")
          province.run(
            addMember,
            {
              ...newcomer,
              member: member(`0${to}`, serial, { bornOn: day }),
              cause: "BORN",
              fromDay: day,
              year: yearOf(day),
              motherNo: `0${no}`,
              contributionFen: 0n,
            },
            options,
          );
        if (what === "join")
          province.run(addMember, { ...newcomer, member: member(`0${to}`, to + 10), cause: "RETURNED", fromDay: today }, options);
        if (what === "head") province.run(changeHead, { ...base, householdId: id, headNo: `0${no}` }, options);
        if (what === "house")
          province.run(moveHousehold, { ...base, householdId: id, township: "鸣沙镇", village: `${to}村`, day }, options);
        if (what === "end") province.run(endCover, { county, personId, lastDay: day, reason: "x" }, options);
        if (what === "list" && doc && doc.members.length > 0)
          province.run(
            enrol,
            request([household(id, doc.members, { village: `${to}村` })], { county, year: doc.year + 1, requestId: `l-${serial}` }),
            options,
          );
        if (what === "ask" && held)
          province.run(askRelease, { county: JINGYUAN, identityNumber: held.identityNumber, householdId: J1, year, reason: "" }, options);
        if (what === "decide")
          for (const { releaseId, county: holding } of province.all<Release>("releases"))
            province.run(
              decideRelease,
              { county: holding, releaseId, released: true, lastDay: day, newHeadNo: `0${(no % 3) + 1}`, reason: "x" },
              options,
            );
      }
      holds(province);
    }),
    { numRuns: 300 },
  );
});

function holds(province: World): void {
  const all = province.all<Household>("households");
  const living = new Map<string, string>();
  const counted = new Map<string, number>();
  for (const one of all) {
    const heads = one.members.filter(({ head }) => head).length;
    expect(heads, `${one.householdId} has heads`).toBe(one.members.length > 0 ? 1 : 0);
    expect(one.former.filter(({ head }) => head)).toEqual([]);
    for (const { identityNumber: number, left } of one.members) {
      expect(left).toBeUndefined();
      const other = living.get(number);
      const died = province.get(identities.key(number))?.diedOn;
      expect(died).toBeUndefined();
      // Who is on a list of earlier years may be listed elsewhere meanwhile: then only one of the two has them covered.
      if (other !== undefined) expect(one.householdId).not.toBe(other);
      living.set(number, one.householdId);
    }
    for (const year of new Set(one.covers.map(({ fromDay }) => yearOf(fromDay)))) {
      const { township, village } = placeIn(one, year);
      const key = `${one.county} ${year} ${township} ${village}`;
      counted.set(key, (counted.get(key) ?? 0) + countsIn(one, year).heads);
    }
  }
  const kept = province.all<Tally>("tallies").filter(({ heads }) => heads > 0);
  const shown = kept.map(({ county, year, township, village, heads }) => [`${county} ${year} ${township} ${village}`, heads] as const);
  expect(new Map(shown)).toEqual(new Map([...counted].filter(([, heads]) => heads > 0)));
  const numbers = new Map(
    all.flatMap((one) => [...one.members, ...one.former].map((m) => [one.householdId + m.memberNo, m.identityNumber] as const)),
  );
  const byPerson = Map.groupBy(
    all.flatMap(({ covers }) => covers).filter((cover) => !isEmpty(cover)),
    ({ personId }) => numbers.get(personId),
  );
  for (const year of new Set([...byPerson.values()].flat().map(({ fromDay }) => yearOf(fromDay)))) {
    const persons = [...byPerson.values()].filter((covers) => covers.some(({ fromDay }) => yearOf(fromDay) === year));
    const heads = kept.filter((tally) => tally.year === year).reduce((sum, tally) => sum + tally.heads, 0);
    expect(heads, `each who is covered in ${year} counts once`).toBe(persons.length);
  }
  for (const [number, covers] of byPerson) {
    const sorted = covers.toSorted((a, b) => (a.fromDay < b.fromDay ? -1 : 1));
    for (const [index, cover] of sorted.entries()) {
      const next = sorted[index + 1];
      if (next) expect(cover.toDay < next.fromDay, `${number}: ${cover.toDay} before ${next.fromDay}`).toBe(true);
    }
  }
}
