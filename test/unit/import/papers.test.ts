/** A bill on paper from a file, as a clerk writes it: YAML or JSON, with every fault at its place; and the sample's. */
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { readPaper, readPaperCases } from "../../../services/nrcms/import/papers.ts";
import { readAssessed } from "../../../services/nrcms/import/registers.ts";
import { REGION } from "../../../services/nrcms/run.ts";
import { fileOf, reading } from "./files.ts";

const GOOD = `claim_id: P-1
person_id: "6405210000000101"
visit_kind: INPATIENT
diagnosis: J18.9
admitted_on: 2011-11-01
discharged_on: 2011-11-08
lines:
  - { item_code: B0020, day: 2011-11-08, quantity_e4: 70000, unit_price_fen: 3000, billed_fen: 21000 }
  - { item_code: O0140, day: 2011-11-02, unit_price_fen: 800000, billed_fen: 800000 }
total_fen: 821000
hospital: { name: 西安某医院, city: 西安, level: OUT_OF_PROVINCE }
issued_on: 2011-11-08
invoices:
  - { invoice_number: "0012345", total_fen: 821000 }
`;

const places = (content: string | Uint8Array) => {
  const read = readPaper(fileOf(content, "paper.yaml"));
  return "problems" in read ? read.problems.map(({ line, field }) => `${line} ${field}`.trim()) : "good";
};

describe("a paper's file", () => {
  test("is the contract's form", () => {
    const read = readPaper(fileOf(GOOD, "paper.yaml"));
    expect(read).toMatchObject({
      paper: {
        bill: { claimId: "P-1", institutionId: "", invoiceNumber: "", totalFen: 821_000n, newborn: 0, tcm: false, referralId: "" },
        paper: { institutionId: "", city: "西安", level: "OUT_OF_PROVINCE", invoices: [{ invoiceNumber: "0012345", totalFen: 821_000n }] },
      },
    });
    expect("paper" in read && read.paper.bill?.lines.map(({ quantityE4 }) => quantityE4)).toEqual([70_000n, 10_000n]);
  });

  test("may be JSON, and name a hospital of the network", () => {
    const { paper } = { paper: GOOD.replace(/hospital: .*/, 'hospital: { "institution_id": "H640104901" }') };
    expect(places(paper)).toBe("good");
    const json = { claim_id: "P", person_id: "1", visit_kind: "OUTPATIENT", diagnosis: "J18", admitted_on: "x", discharged_on: "x" };
    const rest = { lines: [], total_fen: 1, hospital: { institution_id: "H" }, issued_on: "x", invoices: [] };
    expect(places(JSON.stringify({ ...json, ...rest }))).toBe("good");
  });

  test.each<[string, string, readonly string[]]>([
    ["a number that would lose its zeros", GOOD.replace('"0012345"', "0012345"), ["14 invoices[0].invoice_number"]],
    ["an amount in yuan", GOOD.replace("total_fen: 821000\nh", "total_fen: 8210.00\nh"), ["10 total_fen"]],
    ["no hospital", GOOD.replace(/hospital: .*\n/, ""), ["1 hospital"]],
    ["a level that is none", GOOD.replace("OUT_OF_PROVINCE", "FAR"), ["11 hospital.level"]],
    ["two faults and a field too many", GOOD.replace("J18.9", "[]").replace("P-1", "1\nx: 1"), ["2 x", "1 claim_id", "5 diagnosis"]],
  ])("with %s is refused at its place", (_, content, expected) => {
    expect(places(content)).toEqual(expected);
  });

  test.each<[string, string | Uint8Array]>([
    ["nothing", ""],
    ["a list", "- 1\n"],
    ["no YAML", "a: [1\nb: }"],
    ["an alias", `${GOOD.replace("diagnosis: J18.9", "diagnosis: &a J18.9")}referral_id: *a\n`],
    ["no UTF-8", new Uint8Array([0x61, 0x3a, 0xff])],
    ["more than anybody writes", "#".repeat(1_100_000)],
  ])("of %s is refused", (_, content) => {
    expect(places(content)).not.toBe("good");
  });

  test("that is not there is said so", () => {
    expect(readPaper("/nowhere/paper.yaml")).toMatchObject({ problems: [{ file: "paper.yaml", zh: "文件不存在" }] });
  });
});

test("the sample's papers and assessments are read whole", async () => {
  const papers = await reading((options) => readPaperCases(join(REGION, "papers.jsonl"), options));
  expect(papers.problems).toEqual([]);
  expect(papers.result.map(({ says }) => says.denied !== undefined).filter(Boolean)).toHaveLength(1);
  const assessed = await reading((options) => readAssessed(join(REGION, "assessed.csv"), options));
  expect(assessed).toMatchObject({
    problems: [],
    result: [
      { withheldBp: 500, heads: 0 },
      { withheldBp: 0, heads: 180 },
    ],
  });
  const bad = await reading((options) =>
    readAssessed(fileOf("county,institution_id,withheld_bp,heads,score_bp,reason\n640522,H-1,2001,-1,1e4,好\n"), options),
  );
  expect(bad.places).toEqual(["2:3 withheld_bp", "2:4 heads", "2:5 score_bp"]);
});
