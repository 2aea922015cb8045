/** Every way in which a scheme's document can be wrong: the place and the reason, and nothing taken. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { catalogueFaults } from "../../../services/benefit/scheme-check.ts";
import { MAX_DOCUMENT_BYTES, readScheme } from "../../../services/benefit/scheme-file.ts";
import { ITEMS } from "../claims/nx-ref.ts";

const GOOD = readFileSync(join(import.meta.dirname, "schemes", "nx-ref.yaml"), "utf8");

/** The faults of the reference scheme with one thing changed: "line:column field". */
function faultsWith(from: string | RegExp, to: string): string[] {
  const changed = GOOD.replace(from, to);
  if (changed === GOOD) throw new Error(`${from} is not in the reference scheme`);
  return faultsIn(changed).map(({ line, column, field }) => `${line}:${column} ${field}`);
}

function faultsIn(content: string) {
  const read = readScheme(content);
  return "faults" in read ? read.faults : [];
}

const lineOf = (text: string) => GOOD.slice(0, GOOD.indexOf(text)).split("\n").length;

describe("the form", () => {
  test("a good document is read, an unquoted county among it", () => {
    const read = readScheme(GOOD);
    expect("scheme" in read && read.scheme.county).toBe("640521");
    expect("scheme" in read && read.scheme.benefits.map(({ code }) => code)).toEqual(["DELIVERY", "IP", "OP"]);
  });

  test.each<[string, string | RegExp, string, RegExp]>([
    ["a rate above 100 %", "rate_bp: 7000", "rate_bp: 10001", /^44:58 benefits\[1\]\.levels\[1\]\.rate_bp$/],
    ["a negative rate", "rate_bp: 7000", "rate_bp: -1", /benefits\[1\]\.levels\[1\]\.rate_bp$/],
    ["a rate as a fraction", "rate_bp: 7000", "rate_bp: 0.7", /benefits\[1\]\.levels\[1\]\.rate_bp$/],
    ["a scheme without an ending", /to_day: .*\n/, "", /^3:1 to_day$/],
    ["a day that does not exist", "to_day: 2011-12-31", "to_day: 2011-02-29", /^8:9 to_day$/],
    ["another province's county", "county: 640521", "county: 110101", /county$/],
    ["a word that is none", "visit_kind: INPATIENT", "visit_kind: INPATENT", /benefits\[0\]\.visit_kind$/],
    ["a field that is none", "version: 1", "version: 1\nsurplus: 3", /^\d+:\d+ surplus$/],
    ["no benefit", /benefits:[\s\S]*?\ncaps:/, "benefits: []\ncaps:", /benefits$/],
    ["no golden case", /golden:[\s\S]*$/, "golden: []\n", /golden$/],
    ["a golden case that expects nothing", "expect: { fund_fen: 517500 }", "expect: {}", /golden\[6\]\.expect$/],
    ["a diagnosis that is no code", "diagnoses: [O80]", "diagnoses: [birth]", /benefits\[0\]\.diagnoses\[0\]$/],
    ["two rates at one level", "deductible_fen: 10000, rate_bp: 8500", "quota_fen: 5, rate_bp: 8500", /benefits\[1\]\.levels\[0\]$/],
    ["no rate at a level", "deductible_fen: 10000, rate_bp: 8500", "deductible_fen: 10000", /benefits\[1\]\.levels\[0\]$/],
    ["money beyond all bounds", "fen: 5000000", "fen: 5000000000000000", /caps\[0\]\.fen$/],
  ])("%s", (_, from, to, place) => {
    expect(faultsWith(from, to)).toEqual([expect.stringMatching(place)]);
  });

  test("a place is the field's own line and column", () => {
    expect(faultsWith("rate_bp: 8500", "rate_bp: x")).toEqual([`${lineOf("rate_bp: 8500")}:60 benefits[1].levels[0].rate_bp`]);
  });

  test("all faults come at once, at most 50", () => {
    expect(faultsIn(GOOD.replaceAll("rate_bp: 8000", "rate_bp: 80000"))).toHaveLength(3);
    expect(faultsIn(GOOD.replace("diagnoses: [O80]", `diagnoses: [${Array.from({ length: 200 }, () => "x").join(", ")}]`))).toHaveLength(
      50,
    );
  });

  test.each([
    ["no YAML", "county: [1", 1],
    ["a key twice", "county: 1\ncounty: 2\n", 2],
    ["nothing", "", 1],
    ["a list", "- a\n", 1],
  ])("%s", (_, content, line) => {
    expect(faultsIn(content)[0]).toMatchObject({ line });
  });

  test("aliases that multiply, and a document that is too large", () => {
    const bomb = Array.from(
      { length: 12 },
      (_, level) => `a${level}: &a${level} [${level === 0 ? "x" : `*a${level - 1}, `.repeat(9)}]`,
    ).join("\n");
    expect(faultsIn(bomb)[0]?.en).toMatch(/aliases/);
    expect(faultsIn(`# ${"x".repeat(MAX_DOCUMENT_BYTES)}\n${GOOD}`)[0]?.en).toMatch(/larger than/);
  });
});

describe("contradictions", () => {
  const segments = (...rows: string[]) => `{ level: TOWNSHIP, segments: [${rows.join(", ")}] }`;
  const township = "{ level: TOWNSHIP, deductible_fen: 10000, rate_bp: 8500 }";

  test.each<[string, string | RegExp, string, string]>([
    ["an ending before the beginning", "to_day: 2011-12-31", "to_day: 2010-12-31", "to_day"],
    ["days of another year", "from_day: 2011-01-01", "from_day: 2010-12-31", "from_day"],
    ["a code twice", "code: IP", "code: OP", "benefits[2].code"],
    ["a cap by a benefit's name", "code: YEAR_OP", "code: OP", "caps[1].code"],
    ["a class twice", "class: EXAM", "class: B", "classes[2].class"],
    ["a level twice", "level: PREFECTURE", "level: COUNTY", "benefits[1].levels[2].level"],
    ["a modifier twice", "when: TCM", "when: NO_REFERRAL", "benefits[1].modifiers[1].when"],
    ["a cap over what is not there", "includes: [OP]", "includes: [OPD]", "caps[1].includes[0]"],
    ["a cap that includes itself", "includes: [OP]", "includes: [OP, YEAR_OP]", "caps[1].includes"],
    [
      "caps that include each other",
      /includes: \[IP, DELIVERY\] \}\n(.*)includes: \[OP\]/,
      "includes: [IP, YEAR_OP] }\n$1includes: [OP, YEAR_IP]",
      "caps[0].includes",
    ],
    [
      "overlapping segments",
      township,
      segments("{ over_fen: 0, up_to_fen: 200, bp: 1 }", "{ over_fen: 100, bp: 2 }"),
      "benefits[1].levels[0].segments[1].over_fen",
    ],
    [
      "a gap between segments",
      township,
      segments("{ over_fen: 0, up_to_fen: 200, bp: 1 }", "{ over_fen: 300, bp: 2 }"),
      "benefits[1].levels[0].segments[1].over_fen",
    ],
    ["segments that do not begin at nothing", township, segments("{ over_fen: 5, bp: 2 }"), "benefits[1].levels[0].segments[0].over_fen"],
    [
      "a last segment with an end",
      township,
      segments("{ over_fen: 0, up_to_fen: 200, bp: 1 }"),
      "benefits[1].levels[0].segments[0].up_to_fen",
    ],
    [
      "a segment after one without an end",
      township,
      segments("{ over_fen: 0, bp: 1 }", "{ over_fen: 300, bp: 2 }"),
      "benefits[1].levels[0].segments[1].over_fen",
    ],
    [
      "a segment upside down",
      township,
      segments("{ over_fen: 0, up_to_fen: 0, bp: 1 }", "{ over_fen: 0, bp: 2 }"),
      "benefits[1].levels[0].segments[0].up_to_fen",
    ],
    [
      "a quota with a deductible",
      "{ level: TOWNSHIP, quota_fen: 60000 }",
      "{ level: TOWNSHIP, deductible_fen: 5, quota_fen: 60000 }",
      "benefits[0].levels[0]",
    ],
    [
      "stays out of order",
      "nth_stay: [{ from: 2, bp: 5000 }]",
      "nth_stay: [{ from: 3, bp: 1 }, { from: 2, bp: 1 }]",
      "benefits[1].deductible.nth_stay[1].from",
    ],
    ["funds that share more than all", "share_bp: 500 ", "share_bp: 501 ", "funds"],
    ["a fund without a share", "share_bp: 500 ", "min_use_bp: 1 ", "funds[2]"],
    ["a fund twice", "fund: RISK", "fund: POOLED_OUTPATIENT", "funds[2].fund"],
    [
      "a golden case under a cap that is not there",
      "cap: YEAR_OP, fen: 11800",
      "cap: YEAR, fen: 11800",
      "golden[1].before.used_fen[0].cap",
    ],
  ])("%s", (_, from, to, field) => {
    // Others may follow from it.
    expect(faultsWith(from, to)[0]?.split(" ")[1]).toBe(field);
  });

  test("a class of the catalogue without a share", () => {
    const read = readScheme(GOOD.replace(/ {2}- \{ class: OUT.*\n/, ""));
    if ("faults" in read) throw new Error("the form is good");
    expect(catalogueFaults(read.scheme, ITEMS)).toEqual([
      expect.objectContaining({ path: ["classes"], en: expect.stringContaining("class OUT") }),
    ]);
  });
});
