/** An estimate as a person gets it: the progress, the tables, the CSV, and the charts in the portal's data form. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { parse } from "csv-parse/sync";
import { describe, expect, it, test } from "vitest";
import { EstimateReport } from "../../../proto/generated/nrcms/claims/v1/claims.ts";
import { bpOf, estimateText, progressLine } from "../../../services/nrcms/estimate.ts";
import { chartsOf, writeTables } from "../../../services/nrcms/estimate-files.ts";
import { seriesDocument } from "../../../services/values/series.ts";

const COST = {
  claims: 2n,
  unpaid: 0n,
  totalFen: 600_000n,
  eligibleFen: 600_000n,
  inpatientFen: 388_500n,
  outpatientFen: 0n,
  seriousFen: 0n,
};
const NO_COST = { accountFen: 0n, subsidyFen: 0n, assistanceFen: 0n, catastrophicFen: 0n, hospitalFen: 0n };
const SIDE = {
  claims: 2n,
  better: 2n,
  worse: 0n,
  same: 0n,
  currentFundFen: 388_500n,
  draftFundFen: 416_250n,
  gainFen: 27_750n,
  lossFen: 0n,
};

const REPORT: EstimateReport = {
  ...EstimateReport.decode(new Uint8Array()),
  schemeId: "640521/2012/1",
  contentHash: "a".repeat(64),
  counties: ["640521"],
  year: 2011,
  throughDay: "2011-12-31",
  households: 1n,
  heads: 3n,
  claimants: 1n,
  costs: (["PAID", "CURRENT", "DRAFT"] as const).map((scenario) => ({
    scenario,
    ...COST,
    ...NO_COST,
    fundFen: scenario === "DRAFT" ? 416_250n : 388_500n,
    fundFenPerHead: 129_500n,
    patientFen: 211_500n,
  })),
  funds: [
    { scenario: "CURRENT", fund: "UNSPECIFIED", incomeFen: 0n, costFen: 388_500n, costFenPerHead: 129_500n, useBp: 0, exhaustedOn: "" },
    {
      scenario: "DRAFT",
      fund: "UNSPECIFIED",
      incomeFen: 330_000n,
      costFen: 416_250n,
      costFenPerHead: 138_750n,
      useBp: 12_614,
      exhaustedOn: "2011-09-03",
    },
  ],
  sides: [
    { dimension: "COUNTY", value: "640521", ...SIDE },
    { dimension: "AGE", value: "18-44", ...SIDE },
    { dimension: "LEVEL", value: "COUNTY", ...SIDE },
    ...Array.from({ length: 30 }, (_, index) => ({ dimension: "DISEASE" as const, value: `J${10 + index}`, ...SIDE })),
  ],
  margins: [
    { field: "benefits[1].levels[1].rate_bp", unit: "BP", value: 7_500n, step: 100n, claims: 2n, fundFen: 5_550n, patientFen: -5_550n },
    { field: "caps[0].fen", unit: "FEN", value: 5_000_000n, step: 10_000n, claims: 0n, fundFen: 0n, patientFen: 0n },
  ],
  months: (["CURRENT", "DRAFT"] as const).flatMap((scenario) =>
    Array.from({ length: 12 }, (_, index) => ({
      scenario,
      month: index + 1,
      inpatientFen: index === 2 ? 189_000n : index === 8 ? 199_500n : 0n,
      outpatientFen: 1n,
      seriousFen: 0n,
      accountFen: 0n,
    })),
  ),
  refused: [{ code: "NO_BENEFIT", claims: 1n, totalFen: 9_900n }],
};

test.each([
  ["10", 1_000],
  ["-2.5", -250],
  ["0.01", 1],
  ["+7", 700],
  ["1.234", undefined],
  ["ten", undefined],
  ["99999", undefined],
  ["", undefined],
])("%s percent is %s basis points", (text, bp) => expect(bpOf(text)).toBe(bp));

describe("the progress", () => {
  it("says how far, how fast and how long", () => {
    const line = progressLine({ households: 500n, householdsTotal: 2_000n, claims: 9_000n }, 3_000);
    expect(line).toContain("25 %");
    expect(line).toContain("500/2000");
    expect(line).toContain("3000/s");
    expect(line).toContain("9 s");
  });
  it("knows nothing at the start, and never says more than all", () => {
    expect(progressLine({ households: 0n, householdsTotal: 0n, claims: 0n }, 0)).toContain("0 %");
    expect(progressLine({ households: 7n, householdsTotal: 5n, claims: 0n }, 1)).toContain("100 %");
  });
});

describe("the report", () => {
  it("is tables that a person can read", () => {
    const text = estimateText(REPORT);
    for (const words of [
      "4162.50",
      "126.14 %",
      "2011-09-03",
      "benefits[1].levels[1].rate_bp",
      "+1.00 %",
      "+55.50",
      "NO_BENEFIT",
      "另有 15 个病种",
    ])
      expect(text).toContain(words);
    expect(text).toContain("分文不差");
    expect(estimateText({ ...REPORT, differingClaims: 3n, differingFen: -7n, throughDay: "2011-11-25" })).toMatch(
      /截至 until 2011-11-25[\s\S]*3 笔 claims, -0\.07/,
    );
  });

  it("is CSV tables that are read again to the fen", () => {
    const folder = mkdtempSync(join(tmpdir(), "nrcms-estimate-"));
    try {
      const files = writeTables(join(folder, "new"), REPORT);
      expect(files.map((file) => basename(file))).toEqual([
        "costs.csv",
        "funds.csv",
        "sides.csv",
        "margins.csv",
        "months.csv",
        "refused.csv",
        "about.csv",
      ]);
      const read = (name: string) =>
        parse(readFileSync(join(folder, "new", `${name}.csv`)), { columns: true, bom: true }) as Record<string, string>[];
      expect(read("costs")[2]).toMatchObject({ scenario: "DRAFT", claims: "2", fund_yuan: "4162.50", fund_yuan_per_head: "1295.00" });
      expect(read("funds")[1]).toMatchObject({ use_bp: "12614", exhausted_on: "2011-09-03" });
      expect(read("margins")).toMatchObject([
        { field: "benefits[1].levels[1].rate_bp", value: "7500", step: "100", fund_yuan: "55.50" },
        { field: "caps[0].fen", value: "50000.00", step: "100.00" },
      ]);
      expect(read("sides")).toHaveLength(33);
      expect(read("about")[0]).toMatchObject({ scheme: "640521/2012/1", heads: "3" });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("is charts in the portal's data form", () => {
    const { form, charts } = chartsOf(REPORT);
    expect(form).toBe("nrcms-series/1");
    expect(new Set(charts.map(({ id }) => id)).size).toBe(charts.length);
    for (const { x, series, title } of charts) {
      expect(title.zh).toMatch(/\p{Script=Han}/u);
      expect(title.en).toMatch(/^[\x20-\x7e]+$/);
      for (const one of series) expect(one.values).toHaveLength(x.values.length);
    }
    const course = charts.find(({ id }) => id === "cost-by-month")?.series;
    expect(course?.map(({ id }) => id)).toEqual(["CURRENT", "DRAFT", "DRAFT-income"]);
    expect(course?.[1]?.values.at(-1)).toBe(388_512);
    // A fund whose scheme does not say what is raised has no use.
    expect(charts.find(({ id }) => id === "use-of-funds")?.series.map(({ values }) => values)).toEqual([[null], [12_614]]);
    expect(() => JSON.stringify(charts)).not.toThrow();
  });

  it("a series that does not fit its chart is a fault of the program", () => {
    const [chart] = chartsOf(REPORT).charts;
    if (!chart) throw new Error("no chart");
    const broken = (values: (number | null)[]) => () => seriesDocument([{ ...chart, series: [{ id: "x", name: chart.title, values }] }]);
    expect(broken([1])).toThrow("values for 12");
    expect(broken(Array.from({ length: 12 }, () => 0.5))).toThrow("no whole number");
  });
});
