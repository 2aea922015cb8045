import { describe, expect, test } from "vitest";
import type { EnrolHouseholdsRequest } from "../../../proto/generated/nrcms/enrollment/v1/enrollment.ts";
import { calls } from "../../../services/enrollment/calls.ts";
import type { Household } from "../../../services/enrollment/domain/documents.ts";
import type { Ask, Reader } from "../../../services/mesh/wiring.ts";
import { H1, household, member, request } from "./people.ts";

const caller = { name: "clerk", role: "CLERK", scope: "640521" };
const stored: Household = {
  county: "640521",
  householdId: H1,
  township: "鸣沙镇",
  village: "二道渠村",
  year: 2011,
  contributionFenPerHead: 3000n,
  members: household(H1, [member("01", 1)]).members as Household["members"],
  former: [],
  covers: [{ personId: `${H1}01`, county: "640521", householdId: H1, fromDay: "2011-01-01", toDay: "2011-12-31", category: "ORDINARY" }],
  endings: [],
  revision: 1,
};
/** One household is stored. */
const reader: Reader = {
  get: async (key) => (key.id === H1 ? (stored as never) : undefined),
  getAll: async () => new Map(),
  find: async () => [],
  count: async () => 0,
};
const ask: Ask = async () => ({ counties: [{ county: "640521" }] }) as never;

function callOf(name: string) {
  const call = calls({ reader, ask }).find((one) => one.method.name === name);
  if (!call) throw new Error(`no ${name}`);
  return call;
}

function fieldOf(name: string, input: object): string | undefined {
  const call = callOf(name);
  if (call.act !== "command") throw new Error(`${name} is no command`);
  const refusal = call.check(input, caller);
  if (refusal) expect(refusal).toMatchObject({ code: "BAD_REQUEST", status: "INVALID_ARGUMENT" });
  return refusal?.field;
}

async function answer(name: string, input: object): Promise<unknown> {
  const call = callOf(name);
  if (call.act !== "query") throw new Error(`${name} is no query`);
  return await call.answer(input, caller);
}

const one = household(H1, [member("01", 1)]);
const crowd = (members: number) =>
  household(
    H1,
    Array.from({ length: members }, () => member("01", 1)),
  );

describe("EnrolHouseholds at the door", () => {
  test.each<[string | undefined, Partial<EnrolHouseholdsRequest> | object]>([
    [undefined, {}],
    ["county", { county: "640000" }],
    ["county", { county: "" }],
    ["year", { year: 2002 }],
    ["year", { year: 2200 }],
    ["households", { households: [] }],
    [undefined, { households: Array(500).fill(one) }],
    ["households", { households: Array(501).fill(one) }],
    [undefined, { households: [crowd(3000)] }],
    ["households", { households: [crowd(3000), one] }],
    ["contribution_fen_per_head", { contributionFenPerHead: -1n }],
    [undefined, { contributionFenPerHead: 0n }],
    [undefined, { contributionFenPerHead: 1_000_000_000_000n }],
    ["contribution_fen_per_head", { contributionFenPerHead: 1_000_000_000_001n }],
    ["contribution_fen_per_head", { contributionFenPerHead: 500_000_000_001n, households: [one, one] }],
  ])("finds %s", (field, change) => {
    expect(fieldOf("EnrolHouseholds", { ...request([one]), ...change })).toBe(field);
  });

  test("the owner's answer on the county becomes part of the input", async () => {
    const call = callOf("EnrolHouseholds");
    if (call.act !== "command") throw new Error("no command");
    expect(await call.ask?.(request([one]), caller)).toMatchObject({ ownerKnowsCounty: true });
    expect(await call.ask?.(request([one], { county: "640424" }), caller)).toMatchObject({ ownerKnowsCounty: false });
  });
});

describe("EndCover at the door", () => {
  const right = { requestId: "r", county: "640521", personId: `${H1}01`, lastDay: "2011-08-31", reason: "迁出" };
  test.each<[string | undefined, object]>([
    [undefined, {}],
    ["county", { county: "64052" }],
    ["person_id", { personId: H1 }],
    ["last_day", { lastDay: "2011-8-31" }],
    ["reason", { reason: " " }],
    ["reason", { reason: "迁".repeat(201) }],
    ["reason", { reason: "迁\n出" }],
  ])("finds %s in %o", (field, change) => {
    expect(fieldOf("EndCover", { ...right, ...change })).toBe(field);
  });
});

describe("queries", () => {
  test("eligibility is answered with a masked name and nothing else of the person", async () => {
    const { covers, ...rest } = stored;
    expect(rest.members).toHaveLength(1);
    expect(await answer("CheckEligibility", { personId: `${H1}01`, day: "2011-05-01" })).toEqual({
      covered: true,
      cover: covers[0],
      maskedName: "马**",
    });
  });

  test.each([
    ["CheckEligibility", { personId: "6405219999999901", day: "2011-05-01" }, "UNKNOWN_PERSON", "person_id"],
    ["CheckEligibility", { personId: `${H1}02`, day: "2011-05-01" }, "UNKNOWN_PERSON", "person_id"],
    ["CheckEligibility", { personId: "马", day: "2011-05-01" }, "BAD_REQUEST", "person_id"],
    ["CheckEligibility", { personId: `${H1}01`, day: "" }, "BAD_REQUEST", "day"],
    ["GetHousehold", { county: "640424", householdId: H1 }, "UNKNOWN_HOUSEHOLD", "household_id"],
    ["GetHousehold", { county: "640521", householdId: "64052199999999" }, "UNKNOWN_HOUSEHOLD", "household_id"],
    ["GetHousehold", { county: "640521", householdId: "1" }, "BAD_REQUEST", "household_id"],
  ])("%s %o is refused with %s", async (name, input, code, field) => {
    expect(await answer(name, input)).toMatchObject({ code, field });
  });

  test("a household is given whole to its own county", async () => {
    expect(await answer("GetHousehold", { county: "640521", householdId: H1 })).toEqual({
      household: { householdId: H1, township: "鸣沙镇", village: "二道渠村", members: stored.members },
      year: 2011,
    });
  });
});
