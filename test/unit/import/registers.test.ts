import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { readBills } from "../../../services/nrcms/import/bills.ts";
import { problemText } from "../../../services/nrcms/import/problems.ts";
import {
  readCatalogue,
  readContributions,
  readCounties,
  readInstitutions,
  readReferrals,
} from "../../../services/nrcms/import/registers.ts";
import { readSchemes } from "../../../services/nrcms/import/schemes.ts";
import { fileOf, reading } from "./files.ts";

const REGION = join(import.meta.dirname, "..", "..", "..", "deploy", "sandbox", "region");

describe("counties.csv", () => {
  const header = "county,name_zh,name_en,prefecture,fund_floor_fen,prefund_fen,subsidy_fen_per_head,bank_code,account_number,account_name";
  const right = "640521,中宁县,Zhongning,640500,152000,4560000,20000,103871000249,2987103184187688,中宁县基金";
  const read = (...rows: string[]) => reading((options) => readCounties(fileOf(`${[header, ...rows].join("\n")}\n`), options));

  test("gives the contract's county and the money beside it", async () => {
    expect((await read(right)).result).toEqual([
      {
        county: {
          county: "640521",
          nameZh: "中宁县",
          nameEn: "Zhongning",
          prefecture: "640500",
          fundFloorFen: 152000n,
          account: { bankCode: "103871000249", accountNumber: "2987103184187688", accountName: "中宁县基金" },
        },
        prefundFen: 4560000n,
        subsidyFenPerHead: 20000n,
      },
    ]);
  });

  test.each([
    ["2:1 county", right.replace("640521", "640500")],
    ["2:5 fund_floor_fen", right.replace("152000", "-1")],
    ["2:5 fund_floor_fen", right.replace("152000", "1520.00")],
    ["2:6 prefund_fen", right.replace("4560000", "1000000000001")],
    ["2:8 bank_code", right.replace("103871000249", "10387100024")],
    ["2:9 account_number", right.replace("2987103184187688", "2.98E+15")],
  ])("finds %s", async (place, row) => {
    const { places, result } = await read(row);
    expect([places, result]).toEqual([[place], []]);
  });

  test("finds a county twice", async () => {
    const { problems, result } = await read(right, right.replace("中宁县", "中宁"));
    expect(problems).toMatchObject([{ line: 3, column: 1, field: "county", en: "the same as in line 2" }]);
    expect(result).toHaveLength(1);
  });
});

describe("referrals.csv", () => {
  const header = "referral_id,county,person_id,to_institution_id,from_day,to_day";
  const right = "R640521-2011-0001,640521,6405210000023002,H640424001,2011-11-17,2011-12-17";
  const read = (...rows: string[]) => reading((options) => readReferrals(fileOf(`${[header, ...rows].join("\n")}\n`), options));

  test("gives what RegisterReferral takes", async () => {
    expect((await read(right)).result).toEqual([
      {
        referralId: "R640521-2011-0001",
        county: "640521",
        personId: "6405210000023002",
        toInstitutionId: "H640424001",
        fromDay: "2011-11-17",
        toDay: "2011-12-17",
      },
    ]);
  });

  test.each([
    ["2:6 to_day", right.replace("2011-12-17", "2011-11-16")],
    ["2:2 county", right.replace(",640521,", ",640424,")],
    ["2:3 person_id", right.replace("6405210000023002", "64052100000230")],
    ["2:5 from_day", right.replace("2011-11-17", "2011-11-31")],
  ])("finds %s", async (place, row) => {
    const { places, result } = await read(row);
    expect([places, result]).toEqual([[place], []]);
  });
});

describe("schemes", () => {
  const good = readFileSync(join(REGION, "schemes", "640521-2011-1.yaml"), "utf8");
  const read = (...documents: string[]) =>
    reading((options) => {
      const folder = mkdtempSync(join(tmpdir(), "nrcms-schemes-"));
      for (const [index, document] of documents.entries()) writeFileSync(join(folder, `${index}.yaml`), document);
      return readSchemes(folder, options).finally(() => rmSync(folder, { recursive: true }));
    });

  test("are documents, given with what they say", async () => {
    const { result, problems } = await read(good, good.replace("county: 640521", "county: 640424"));
    expect(problems).toEqual([]);
    expect(result.map(({ scheme }) => scheme.county)).toEqual(["640521", "640424"]);
    expect(result[0]?.document).toBe(good);
  });

  test("one bad document does not hide the others, and its faults have their places", async () => {
    const { result, problems } = await read(good.replace("version: 1", "version: one"), good);
    expect(result).toHaveLength(1);
    expect(problems).toMatchObject([{ file: expect.stringMatching(/\/0\.yaml$/), line: 5, column: 10, field: "version" }]);
  });

  test("a folder without one is told", async () => {
    expect((await read()).problems).toMatchObject([{ en: "has no scheme" }]);
  });

  test("one in another encoding is told by its line", async () => {
    const { problems } = await reading((options) => {
      const folder = mkdtempSync(join(tmpdir(), "nrcms-schemes-"));
      writeFileSync(
        join(folder, "a.yaml"),
        Buffer.concat([Buffer.from("county: 640521\nname: "), Buffer.from([0xd6, 0xd0]), Buffer.from("\n")]),
      );
      return readSchemes(folder, options).finally(() => rmSync(folder, { recursive: true }));
    });
    expect(problems).toMatchObject([{ line: 2 }]);
  });
});

describe("day.jsonl", () => {
  const bill = {
    claim_id: "C-1",
    institution_id: "H640521001",
    person_id: "6405210000000101",
    visit_kind: "OUTPATIENT",
    diagnosis: "J00",
    admitted_on: "2011-11-25",
    discharged_on: "2011-11-25",
    invoice_number: "1",
    lines: [{ item_code: "D0010", day: "2011-11-25", quantity_e4: 15000, unit_price_fen: 333, billed_fen: 500 }],
    total_fen: 500,
  };
  const read = (...lines: string[]) => reading((options) => readBills(fileOf(`${lines.join("\n")}\n`, "day.jsonl"), options));

  test("gives the contract's bills", async () => {
    const { result, problems } = await read(JSON.stringify(bill), "", JSON.stringify({ ...bill, total_fen: "500", tcm: true }));
    expect(problems).toEqual([]);
    expect(result).toMatchObject([
      {
        claimId: "C-1",
        visitKind: "OUTPATIENT",
        referralId: "",
        tcm: false,
        lines: [{ itemCode: "D0010", quantityE4: 15000n, billedFen: 500n }],
        totalFen: 500n,
      },
      { tcm: true, totalFen: 500n },
    ]);
  });

  test.each<[string, object]>([
    ["total_fen", { total_fen: 1.5 }],
    ["total_fen", { total_fen: 2 ** 53 }],
    ["total_fen", { total_fen: "9223372036854775808" }],
    ["tcm", { tcm: "no" }],
    ["visit_kind", { visit_kind: "VISIT_KIND_OUTPATIENT" }],
    ["lines[0].billed_fen", { lines: [{ ...bill.lines[0], billed_fen: null }] }],
    ["lines", { lines: {} }],
    ["claimId", { claimId: "C-1" }],
  ])("finds %s in %o, at its place", async (field, change) => {
    const { problems, result } = await read(JSON.stringify(bill), JSON.stringify({ ...bill, ...change }));
    expect(problems).toMatchObject([{ line: 2, field }]);
    expect(problems[0]?.column).toBeGreaterThan(1);
    expect(result).toHaveLength(1);
  });

  test.each(["{", "not JSON at all", JSON.stringify(bill).slice(0, -20), "[]", "null", '"text"'])(
    "a line that is no bill spoils no other: %s",
    async (line) => {
      const { problems, result } = await read(JSON.stringify(bill), line, JSON.stringify(bill));
      expect(problems).toMatchObject([{ line: 2 }]);
      expect(result).toHaveLength(2);
    },
  );

  test("a file that is cut off says so", async () => {
    const file = fileOf(`${JSON.stringify(bill)}\n${JSON.stringify(bill).slice(0, 30)}`, "cut.jsonl");
    const { problems, result } = await reading((options) => readBills(file, options));
    expect(problems).toMatchObject([{ line: 2, en: expect.stringContaining("cut off") }]);
    expect(result).toHaveLength(1);
  });
});

test("the sample region is read without a problem", async () => {
  const counts = await reading(async (options) => ({
    counties: (await readCounties(join(REGION, "counties.csv"), options)).length,
    contributions: (await readContributions(join(REGION, "contributions.csv"), options)).length,
    institutions: (await readInstitutions(join(REGION, "institutions.csv"), options)).length > 100,
    catalogue: (await readCatalogue(join(REGION, "catalogue.csv"), options)).length > 100,
    referrals: (await readReferrals(join(REGION, "referrals.csv"), options)).length > 0,
    schemes: (await readSchemes(join(REGION, "schemes"), options)).length,
    bills: (await readBills(join(REGION, "day.jsonl"), options)).length >= 2000,
  }));
  expect(counts.problems).toEqual([]);
  expect(counts.result).toEqual({
    counties: 22,
    contributions: 22,
    institutions: true,
    catalogue: true,
    referrals: true,
    schemes: 22,
    bills: true,
  });
});

test("a problem is one line for a person, in both languages", () => {
  const problem = { file: "a.csv", line: 3, column: 7, field: "identity_number", zh: "校验码不对", en: "the check character is wrong" };
  expect(problemText(problem)).toBe("a.csv:3:7 identity_number: 校验码不对 / the check character is wrong");
  expect(problemText({ ...problem, column: 0, field: "" })).toBe("a.csv:3: 校验码不对 / the check character is wrong");
});

test("a file that is not there is the file system's word", async () => {
  await expect(readBills(join(REGION, "none.jsonl"), { onProblem: () => undefined })).rejects.toThrow(/ENOENT/);
});
