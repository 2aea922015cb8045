/** An estimate as files: a folder of CSV tables (UTF-8 with a mark that spreadsheets know it by, amounts in yuan), and charts in the portal's data form (services/values/series.ts). */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { EstimateReport } from "../../proto/generated/nrcms/claims/v1/claims.ts";
import { yuan } from "../values/money.ts";
import { type Chart, type Label, type SeriesDocument, seriesDocument } from "../values/series.ts";
import { FUND_WORDS, SCENARIO_WORDS } from "./estimate.ts";

const MARK = "\ufeff";
const SHOWN_DISEASES = 20;

type Cell = string | number | bigint;

/** Writes the tables into a folder, which is made; gives the names of the files. Throws what the file system says. */
export function writeTables(folder: string, report: EstimateReport): readonly string[] {
  mkdirSync(folder, { recursive: true });
  return Object.entries(tablesOf(report)).map(([name, rows]) => {
    const file = join(folder, `${name}.csv`);
    writeFileSync(file, `${MARK}${rows.map((row) => row.map(cell).join(",")).join("\r\n")}\r\n`);
    return file;
  });
}

function cell(value: Cell): string {
  const text = String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Rates in basis points, amounts in yuan; the first row names the columns. */
export function tablesOf(report: EstimateReport): Readonly<Record<string, readonly (readonly Cell[])[]>> {
  const { costs, funds, sides, margins, months, refused } = report;
  return {
    costs: table(costs, "Fen"),
    funds: table(funds, "Fen"),
    sides: table(sides, "Fen"),
    margins: table(
      margins.map(({ value, step, ...row }) => ({ ...row, value: inUnit(row.unit, value), step: inUnit(row.unit, step) })),
      "Fen",
    ),
    months: table(months, "Fen"),
    refused: table(refused, "Fen"),
    about: [
      ["scheme", "hash", "counties", "year", "through_day", "households", "heads", "claimants", "differing_claims", "differing_yuan"],
      [
        report.schemeId,
        report.contentHash,
        report.counties.join(" "),
        report.year,
        report.throughDay,
        report.households,
        report.heads,
        report.claimants,
        report.differingClaims,
        yuan(report.differingFen),
      ],
    ],
  };
}

function inUnit(unit: string, value: bigint): string {
  return unit === "FEN" ? yuan(value) : String(value);
}

/** Columns are the fields' names in snake_case, those of amounts in yuan. */
function table(rows: readonly object[], amount: "Fen"): readonly (readonly Cell[])[] {
  const names = Object.keys(rows[0] ?? {});
  const column = (name: string) => name.replace(amount, "Yuan").replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return [
    names.map(column),
    ...rows.map((row) =>
      names.map((name) => {
        const value = (row as Record<string, Cell>)[name] ?? "";
        return name.includes(amount) && typeof value === "bigint" ? yuan(value) : value;
      }),
    ),
  ];
}

function label(words: string): Label {
  const space = words.indexOf(" ");
  return space < 0 ? { zh: words, en: words } : { zh: words.slice(0, space), en: words.slice(space + 1) };
}

const number = (fen: bigint) => Number(fen);

export function chartsOf(report: EstimateReport): SeriesDocument {
  return seriesDocument([
    byMonth(report),
    useOfFunds(report),
    winners(report, "AGE"),
    winners(report, "LEVEL"),
    winners(report, "DISEASE"),
    margins(report),
  ]);
}

/** Cost until each month, and what is raised in the year: where they meet, the money is gone. */
function byMonth({ months, funds, year }: EstimateReport): Chart {
  const scenarios = [...new Set(months.map(({ scenario }) => scenario))];
  const values = Array.from({ length: 12 }, (_, index) => `${year}-${String(index + 1).padStart(2, "0")}`);
  return {
    id: "cost-by-month",
    kind: "line",
    unit: "fen",
    title: label("累计支出 cost until the month"),
    x: { label: label("月 month"), values },
    series: scenarios.flatMap((scenario) => {
      let spent = 0n;
      const course = months
        .filter((row) => row.scenario === scenario)
        .toSorted((a, b) => a.month - b.month)
        .map((row) => {
          spent += row.inpatientFen + row.outpatientFen + row.seriousFen + row.accountFen;
          return number(spent);
        });
      const income = funds.find((row) => row.scenario === scenario && row.fund === "UNSPECIFIED")?.incomeFen ?? 0n;
      const { zh, en } = label(SCENARIO_WORDS[scenario]);
      const raised = {
        id: `${scenario}-income`,
        name: { zh: `${zh}年收入`, en: `${en}: the year's income` },
        values: values.map(() => number(income)),
      };
      return [{ id: scenario, name: { zh, en }, values: course }, ...(income > 0n ? [raised] : [])];
    }),
  };
}

function useOfFunds({ funds }: EstimateReport): Chart {
  const names = [...new Set(funds.map(({ fund }) => fund))];
  const scenarios = [...new Set(funds.map(({ scenario }) => scenario))];
  return {
    id: "use-of-funds",
    kind: "bar",
    unit: "bp",
    title: label("基金使用率 use of the funds"),
    x: { label: label("基金 fund"), values: names.map((name) => FUND_WORDS[name]) },
    series: scenarios.map((scenario) => ({
      id: scenario,
      name: label(SCENARIO_WORDS[scenario]),
      values: names.map((name) => {
        const row = funds.find((one) => one.scenario === scenario && one.fund === name);
        return row && row.incomeFen > 0n ? row.useBp : null;
      }),
    })),
  };
}

function winners({ sides }: EstimateReport, dimension: "AGE" | "LEVEL" | "DISEASE"): Chart {
  const rows = sides.filter((side) => side.dimension === dimension).slice(0, SHOWN_DISEASES);
  const words = { AGE: "年龄 age", LEVEL: "级别 level", DISEASE: "病种 disease" }[dimension];
  return {
    id: `winners-by-${dimension.toLowerCase()}`,
    kind: "bar",
    unit: "fen",
    title: { zh: `按${label(words).zh}：少付与多付`, en: `by ${label(words).en}: who bears less and who more` },
    x: { label: label(words), values: rows.map(({ value }) => value) },
    series: [
      { id: "gain", name: label("少付 less"), values: rows.map(({ gainFen }) => number(gainFen)) },
      { id: "loss", name: label("多付 more"), values: rows.map(({ lossFen }) => number(-lossFen)) },
    ],
  };
}

function margins({ margins: rows }: EstimateReport): Chart {
  return {
    id: "cost-of-a-step",
    kind: "bar",
    unit: "fen",
    title: label("参数各进一步的基金支出 what each parameter costs a step further"),
    x: { label: label("参数 parameter"), values: rows.map(({ field }) => field) },
    series: [
      { id: "funds", name: label("基金 funds"), values: rows.map(({ fundFen }) => number(fundFen)) },
      { id: "patients", name: label("患者 patients"), values: rows.map(({ patientFen }) => number(patientFen)) },
    ],
  };
}
