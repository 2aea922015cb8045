import { describe, expect, test } from "vitest";
import type { HouseholdForm, MemberForm } from "../../../services/enrollment/domain/listing.ts";
import { readListing } from "../../../services/enrollment/domain/listing.ts";
import { H1, household, identityNumber, member } from "./people.ts";

const TODAY = "2011-11-25";
const two = (change: Partial<MemberForm>, form: Partial<HouseholdForm> = {}) =>
  household(H1, [member("01", 1), member("02", 2, change)], form);
const read = (form: HouseholdForm) => readListing(form, "640521", 2011, TODAY);

test("a household that is right is read as it was sent", () => {
  const form = two({});
  expect(read(form)).toEqual(form);
});

describe("a name", () => {
  test.each(["马", "阿不都拉·买买提", "古丽 买买提", "Smith John", "䶮", "𠮷田", "字".repeat(50), "𠮷".repeat(50), "José"])(
    "may be %s",
    (name) => {
      expect(read(two({ name }))).not.toHaveProperty("code");
    },
  );

  test.each([
    "",
    " ",
    " 马",
    "马 ",
    "马  山",
    "马\u3000山",
    "<马>",
    "马1",
    "马*",
    "马\n山",
    "·马",
    "字".repeat(51),
    "𠮷".repeat(51),
    "Jose\u0301",
    "马\u200b山",
    "=马()",
  ])("may not be %j", (name) => {
    expect(read(two({ name }))).toMatchObject({ code: "BAD_REQUEST", field: "members[1].name" });
  });
});

describe("what is wrong with a member is named by its field", () => {
  test.each<[string, string, Partial<MemberForm>]>([
    ["BAD_REQUEST", "members[1].member_no", { memberNo: "00" }],
    ["BAD_REQUEST", "members[1].member_no", { memberNo: "2" }],
    ["BAD_REQUEST", "members[1].member_no", { memberNo: "100" }],
    ["BAD_REQUEST", "members[1].sex", { sex: "UNSPECIFIED" }],
    ["BAD_REQUEST", "members[1].category", { category: "UNSPECIFIED" }],
    ["BAD_REQUEST", "members[1].born_on", { bornOn: "1970-02-30" }],
    ["BAD_REQUEST", "members[1].born_on", { bornOn: "19700501" }],
    ["BAD_REQUEST", "members[1].born_on", { bornOn: "2011-11-26", identityNumber: identityNumber("2011-11-26", 2) }],
    ["BAD_IDENTITY_NUMBER", "members[1].identity_number", { identityNumber: "" }],
    ["BAD_IDENTITY_NUMBER", "members[1].identity_number", { identityNumber: "640521700501002" }],
    ["BAD_IDENTITY_NUMBER", "members[1].identity_number", { identityNumber: identityNumber("1970-05-02", 2) }],
    ["BAD_IDENTITY_NUMBER", "members[1].identity_number", { sex: "MALE" }],
    ["DUPLICATE_MEMBER", "members[1].member_no", { memberNo: "01", head: false }],
    ["DUPLICATE_MEMBER", "members[1].identity_number", { identityNumber: identityNumber("1970-05-01", 1), sex: "MALE" }],
    ["TWO_HEADS", "members[1].head", { head: true }],
  ])("%s %s %o", (code, field, change) => {
    expect(read(two(change))).toMatchObject({ code, field });
  });

  test("every wrong check character is found", () => {
    const right = identityNumber("1970-05-01", 2);
    for (const check of "0123456789X".replace(right.slice(17), ""))
      expect(read(two({ identityNumber: right.slice(0, 17) + check }))).toMatchObject({ code: "BAD_IDENTITY_NUMBER" });
  });

  test("born today is no future", () => {
    expect(read(two({ bornOn: TODAY }))).not.toHaveProperty("code");
  });

  test("born after the enrolment year is not of that year", () => {
    const form = two({ bornOn: "2011-03-01" });
    expect(readListing(form, "640521", 2010, TODAY)).toMatchObject({ code: "BAD_REQUEST", field: "members[1].born_on" });
  });
});

describe("what is wrong with a household", () => {
  test.each<[string, string, HouseholdForm]>([
    ["BAD_REQUEST", "household_id", household("6405210000001", [member("01", 1)])],
    ["BAD_REQUEST", "household_id", household("64042400000001", [member("01", 1)])],
    ["BAD_REQUEST", "township", two({}, { township: "" })],
    ["BAD_REQUEST", "village", two({}, { village: "村<" })],
    ["BAD_REQUEST", "village", two({}, { village: "村".repeat(51) })],
    ["NO_HEAD", "members", household(H1, [])],
    ["NO_HEAD", "members", household(H1, [member("02", 2)])],
    [
      "BAD_REQUEST",
      "members",
      household(
        H1,
        Array.from({ length: 100 }, (_, at) => member(String(at + 1), 2 * at + 1)),
      ),
    ],
  ])("%s %s", (code, field, form) => {
    expect(read(form)).toMatchObject({ code, field });
  });
});

test("no refusal holds a name or an identity number", () => {
  const named = member("02", 2, { name: "古丽巴哈尔", identityNumber: "640521197005010020" });
  for (const change of [{}, { head: true }, { memberNo: "01", head: false }, { sex: "MALE" as const }]) {
    const refusal = read(household(H1, [member("01", 1), { ...named, ...change }]));
    expect(refusal).toHaveProperty("code");
    expect(JSON.stringify(refusal)).not.toMatch(/古丽|\d{17}/);
  }
});
