import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type HouseholdOptions, readHouseholds, requestsOf } from "../../../services/nrcms/import/households.ts";
import { csv, fileOf, HEADER, identityNumber, reading, row } from "./files.ts";

const REGION = join(import.meta.dirname, "..", "..", "..", "deploy", "sandbox", "region");

async function read(content: string | Uint8Array, options: Partial<HouseholdOptions> = {}) {
  const { result, problems, places } = await reading(({ onProblem }) => readHouseholds(fileOf(content), { onProblem, ...options }));
  const good = result.flatMap(({ households }) =>
    households.map(({ householdId, members }) => `${Number(householdId.slice(6))}:${members.length}`),
  );
  return { result, problems, places, good };
}

const GOOD = [row(1, "01", 1), row(1, "02", 2)];

test("rows become households of the contract's shape", async () => {
  const { result, problems } = await read(csv(...GOOD, row(2, "01", 3, { county: "640424", category: "FIVE_GUARANTEES" })));
  expect(problems).toEqual([]);
  expect(result.map(({ county }) => county)).toEqual(["640521", "640424"]);
  expect(result[0]?.households).toEqual([
    {
      householdId: "64052100000001",
      township: "鸣沙镇",
      village: "二道渠村",
      members: [
        {
          memberNo: "01",
          name: "马小山",
          identityNumber: identityNumber(1),
          sex: "MALE",
          bornOn: "1970-05-01",
          head: true,
          category: "ORDINARY",
        },
        {
          memberNo: "02",
          name: "马小山",
          identityNumber: identityNumber(2),
          sex: "FEMALE",
          bornOn: "1970-05-01",
          head: false,
          category: "ORDINARY",
        },
      ],
    },
  ]);
});

test("what a spreadsheet does to a file is no problem: a mark, CRLF, quotation marks, columns in another order, empty rows, Chinese words", async () => {
  const chinese = row(1, "02", 2, { sex: "女", head: "否", category: "低保" });
  const quoted = row(2, "01", 3).replace("二道渠村", '"二道渠村"');
  const rows = [...[HEADER, row(1, "01", 1), chinese, quoted].map((line) => line.split(",").toReversed().join(",")), "", ",,,,,,,,,,"];
  const { good, problems, result } = await read(`\ufeff${rows.join("\r\n")}\r\n`);
  expect(problems).toEqual([]);
  expect(good).toEqual(["1:2", "2:1"]);
  expect(result[0]?.households[0]?.members[1]).toMatchObject({ sex: "FEMALE", head: false, category: "MINIMUM_LIVING" });
});

describe("a bad row spoils its household and no other", () => {
  test.each<[string, Partial<Record<string, string>>]>([
    ["3:2 county", { county: "640500" }],
    ["3:2 county", { county: "640399" }],
    ["3:3 township", { township: "" }],
    ["3:5 member_no", { member_no: "1" }],
    ["3:5 member_no", { member_no: "00" }],
    ["3:6 name", { name: "" }],
    ["3:6 name", { name: "<b>" }],
    ["3:7 identity_number", { identity_number: `${identityNumber(1).slice(0, 17)}${identityNumber(1).endsWith("0") ? "1" : "0"}` }],
    ["3:7 identity_number", { identity_number: "6.40521E+17" }],
    ["3:7 identity_number", { identity_number: "640521700501001" }],
    ["3:8 sex", { sex: "M" }],
    ["3:8 sex", { sex: "FEMALE" }],
    ["3:9 born_on", { born_on: "1970-02-30" }],
    ["3:9 born_on", { born_on: "1970-05-02" }],
    ["3:9 born_on", { born_on: "2011-11-26", identity_number: identityNumber(1, "2011-11-26") }],
    ["3:10 head", { head: "yes" }],
    ["3:11 category", { category: "ORDINAR" }],
  ])("%s %o", async (place, change) => {
    const options = { counties: new Set(["640521", "640424"]), today: "2011-11-25" };
    const { good, places } = await read(csv(row(1, "01", 3), row(2, "01", 1, change), row(3, "01", 5)), options);
    expect(places).toEqual([place]);
    expect(good).toEqual(["1:1", "3:1"]);
  });

  test("every problem of a row is reported", async () => {
    const { places } = await read(csv(row(1, "01", 1, { name: "", born_on: "x", category: "" })));
    expect(places).toEqual(["2:6 name", "2:9 born_on", "2:11 category"]);
  });

  test("a household id of another county than the row's", async () => {
    const { places, good } = await read(csv(row(1, "01", 1).replace(",640521,", ",640424,")));
    expect([places, good]).toEqual([["2:2 county"], []]);
  });

  test("a row whose household cannot be read spoils the households beside it, which may lack a member", async () => {
    const stray = row(2, "02", 7).replace("64052100000002", "6405210000002");
    const { places, good } = await read(csv(row(1, "01", 1), row(2, "01", 3), stray, row(3, "01", 5), row(4, "01", 9)));
    expect(places).toEqual(["4:1 household_id"]);
    expect(good).toEqual(["1:1", "4:1"]);
  });
});

describe("a household as a whole", () => {
  test("without a head, and with two", async () => {
    const { places, good } = await read(
      csv(row(1, "01", 1, { head: "false" }), row(1, "02", 3), row(2, "01", 5), row(2, "02", 7, { head: "true" }), row(3, "01", 9)),
    );
    expect(places).toEqual(["2:10 head", "5:10 head"]);
    expect(good).toEqual(["3:1"]);
  });

  test("with an unreadable head is not blamed for having none", async () => {
    expect((await read(csv(row(1, "01", 1, { head: "?" }), row(1, "02", 3)))).places).toEqual(["2:10 head"]);
    expect((await read(csv(row(1, "01", 1, { name: "" }), row(1, "02", 3)))).places).toEqual(["2:6 name"]);
  });

  test("with a member number twice, and with two villages", async () => {
    const { places, good } = await read(
      csv(row(1, "01", 1), row(1, "01", 3, { head: "false" }), row(2, "01", 5), row(2, "02", 7, { village: "别村" })),
    );
    expect(places).toEqual(["3:5 member_no", "5:4 village"]);
    expect(good).toEqual([]);
  });

  test("whose rows do not stand together is still one", async () => {
    expect((await read(csv(row(1, "01", 1), row(2, "01", 3), row(1, "02", 5)))).good).toEqual(["1:2", "2:1"]);
  });

  test("with a person who is in another household, in another county too: the second is reported, with the first's line", async () => {
    const { places, problems, good } = await read(csv(row(1, "01", 1), row(2, "01", 1, { county: "640424" }), row(3, "01", 3)));
    expect(places).toEqual(["3:7 identity_number"]);
    expect(problems[0]).toMatchObject({ zh: expect.stringContaining("第 2 行"), en: expect.stringContaining("line 2") });
    expect(good).toEqual(["1:1", "3:1"]);
  });
});

describe("a damaged file", () => {
  test("cut off in its last line: the household that the line belongs to is not given", async () => {
    const whole = csv(row(1, "01", 1), row(2, "01", 3), row(2, "02", 5));
    const { places, problems, good } = await read(whole.slice(0, -40));
    expect(places).toEqual(["4:7 identity_number"]);
    expect(problems[0]?.en).toContain("cut off");
    expect(good).toEqual(["1:1"]);
  });

  test("that ends without a line break may be cut off", async () => {
    const { problems, good } = await read(csv(row(1, "01", 1), row(2, "01", 3)).trimEnd());
    expect(problems).toMatchObject([{ line: 3, en: expect.stringContaining("line break") }]);
    expect(good).toEqual(["1:1"]);
  });

  test("cut off within a character", async () => {
    const bytes = Buffer.from(csv(row(1, "01", 1), row(2, "01", 3)));
    const { places, good } = await read(bytes.subarray(0, bytes.lastIndexOf(Buffer.from("渠")) + 1));
    expect(places).toEqual(["3:4 village"]);
    expect(good).toEqual(["1:1"]);
  });

  test("with bytes that are no UTF-8 in one line", async () => {
    const bytes = Buffer.from(csv(row(1, "01", 1), row(2, "01", 3), row(3, "01", 5)));
    const at = bytes.indexOf(Buffer.from("马小山"), bytes.indexOf("64052100000002"));
    bytes[at + 4] = 0xff;
    const { places, good } = await read(bytes);
    expect(places).toEqual(["3:6 name"]);
    expect(good).toEqual(["1:1", "3:1"]);
  });

  test("with a quotation mark that is never closed loses no other row", async () => {
    const { places, problems, good } = await read(csv(row(1, "01", 1), row(2, "01", 3).replace("马小山", '"马小山'), row(3, "01", 5)));
    expect(places).toEqual(["3:0 "]);
    expect(problems[0]?.en).toContain("quotation mark");
    // Whose row it is cannot be read, so its neighbours are in doubt.
    expect(good).toEqual([]);
  });

  test.each<[string, number, string]>([
    ["", 1, "empty"],
    [`${GOOD.join("\n")}\n`, 1, "header"],
    [`${HEADER.replace("identity_number", "id_card")}\n${GOOD[0]}\n`, 2, "not known"],
    [`${HEADER},name\n${GOOD[0]},x\n`, 1, "twice"],
  ])("with a wrong header %# gives nothing", async (content, count, reason) => {
    const { problems, good } = await read(content);
    expect(problems).toHaveLength(count);
    expect(problems[0]).toMatchObject({ line: 1, en: expect.stringContaining(reason) });
    expect(good).toEqual([]);
  });

  test("in UTF-16 is named", async () => {
    const { problems } = await read(Buffer.from(`\ufeff${csv(...GOOD)}`, "utf16le"));
    expect(problems).toMatchObject([{ en: expect.stringContaining("UTF-16") }]);
  });
});

test("no problem repeats a name or an identity number", async () => {
  const rows = [
    row(1, "01", 1),
    row(2, "01", 1),
    row(3, "01", 3, { name: "马小山<" }),
    row(4, "01", 5, { identity_number: "640521197005010051" }),
  ];
  const { problems } = await read(csv(...rows));
  expect(problems).toHaveLength(3);
  expect(JSON.stringify(problems)).not.toMatch(/马|\d{17}/);
});

test("what enrolment refuses is found again in the file", async () => {
  const { result } = await read(csv(row(1, "01", 1), row(2, "01", 3), row(2, "02", 5)));
  expect(result[0]?.placeOf("64052100000002", "members[1].identity_number")).toEqual({
    file: "file.csv",
    line: 4,
    column: 7,
    field: "identity_number",
  });
  expect(result[0]?.placeOf("64052100000002", "household_id")).toMatchObject({ line: 3, column: 1 });
  expect(result[0]?.placeOf("64052100000002", "members")).toMatchObject({ line: 3, column: 0, field: "members" });
  expect(result[0]?.placeOf("64052100000002", "")).toMatchObject({ line: 3, column: 0, field: "" });
});

test("a request carries at most 500 households and 3000 members", () => {
  const member = { memberNo: "01", name: "马", identityNumber: "", sex: "MALE", bornOn: "", head: true, category: "ORDINARY" } as const;
  const households = (count: number, members: number) =>
    Array.from({ length: count }, () => ({ householdId: "", township: "", village: "", members: Array(members).fill(member) }));
  const sizes = (count: number, members: number) => requestsOf(households(count, members)).map((piece) => piece.length);
  expect(sizes(0, 1)).toEqual([]);
  expect(sizes(500, 6)).toEqual([500]);
  expect(sizes(501, 3)).toEqual([500, 1]);
  expect(sizes(500, 7)).toEqual([428, 72]);
});

describe("the sample region", () => {
  const open = (name: string) => reading(({ onProblem }) => readHouseholds(join(REGION, name), { onProblem, today: "2011-11-25" }));

  test("is read without a problem", async () => {
    const { result, problems } = await open("households.csv");
    expect(problems).toEqual([]);
    expect(result).toHaveLength(22);
    expect(result.flatMap(({ households }) => households.flatMap(({ members }) => members)).length).toBeGreaterThanOrEqual(10_000);
  });

  test("in GB18030 is named, and nothing of it is given", async () => {
    const { result, problems } = await open("bad/households-gb18030.csv");
    expect(problems).toMatchObject([
      { file: "households-gb18030.csv", en: expect.stringContaining("GB18030, not UTF-8; convert it, e.g. iconv") },
    ]);
    expect(result).toEqual([]);
  });

  test.each([
    ["bad/households-truncated.csv", ["identity_number"]],
    ["bad/households-no-header.csv", [""]],
    ["bad/households-bad-rows.csv", ["identity_number", "head", "head", "born_on", "name", "sex", "member_no"]],
  ])("%s is found out", async (name, fields) => {
    expect((await open(name)).problems.map(({ field }) => field)).toEqual(fields);
  });
});
