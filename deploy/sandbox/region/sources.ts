/** Reads what people wrote by hand (source/*): counties, prefectures, items, diagnoses, names. The generator draws from it. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse as parseCsv } from "csv-parse/sync";
import { parse as parseYaml } from "yaml";

export const LEVELS = ["VILLAGE", "TOWNSHIP", "COUNTY", "PREFECTURE", "PROVINCE"] as const;
export type Level = (typeof LEVELS)[number];

export interface SourceCounty {
  readonly county: string;
  readonly nameZh: string;
  readonly nameEn: string;
  readonly prefecture: string;
  /** How many members the sample is to have there. */
  readonly members: number;
  /** The share of Hui families, basis points. */
  readonly huiBp: number;
  /** The four digits of the place in a CNAPS bank code. */
  readonly area: string;
  readonly townships: readonly string[];
}

export interface SourcePrefecture {
  readonly prefecture: string;
  readonly nameZh: string;
  readonly hospitalCounty: string;
  readonly hospital: string;
}

export interface SourceItem {
  readonly code: string;
  readonly name: string;
  readonly class: string;
  readonly priceFen: number;
  /** True where the price is the catalogue's limit too. */
  readonly limited: boolean;
  readonly lowestLevel: Level;
  readonly kind: string;
}

export interface SourceDiagnosis {
  readonly code: string;
  readonly name: string;
  /** Empty: both. */
  readonly sex: string;
  readonly fromAge: number;
  readonly toAge: number;
  /** Weights among outpatient visits and among stays. */
  readonly outpatient: number;
  readonly inpatient: number;
  /** The item code of the operation that a stay with it has, or empty. */
  readonly operation: string;
}

type ByGeneration = readonly (readonly string[])[];

export interface SourceNames {
  readonly han_surnames: Readonly<Record<string, number>>;
  readonly hui_surnames: Readonly<Record<string, number>>;
  readonly han_male: ByGeneration;
  readonly han_female: ByGeneration;
  readonly hui_male: ByGeneration;
  readonly hui_female: ByGeneration;
  readonly uyghur_male: readonly string[];
  readonly uyghur_female: readonly string[];
  readonly rare: readonly string[];
  readonly villages_first: readonly string[];
  readonly villages_last: readonly string[];
}

export interface Sources {
  readonly counties: readonly SourceCounty[];
  readonly prefectures: readonly SourcePrefecture[];
  readonly items: readonly SourceItem[];
  readonly diagnoses: readonly SourceDiagnosis[];
  readonly names: SourceNames;
}

const FOLDER = join(import.meta.dirname, "source");

function rows<T>(file: string, row: (cell: (column: string) => string) => T): T[] {
  const records: Record<string, string>[] = parseCsv(readFileSync(join(FOLDER, file)), { columns: true });
  return records.map((record, index) =>
    row((column) => {
      const value = record[column];
      if (value === undefined) throw new Error(`${file}, row ${index + 2}: no column ${column}`);
      return value;
    }),
  );
}

function levelOf(text: string): Level {
  const level = LEVELS.find((name) => name === text);
  if (!level) throw new Error(`${text} is no level`);
  return level;
}

/** Everything in source/. Throws where a column or a level is not known. */
export function readSources(): Sources {
  return {
    counties: rows("counties.csv", (cell) => ({
      county: cell("county"),
      nameZh: cell("name_zh"),
      nameEn: cell("name_en"),
      prefecture: cell("prefecture"),
      members: Number(cell("members")),
      huiBp: Number(cell("hui_bp")),
      area: cell("area"),
      townships: cell("townships").split(";"),
    })),
    prefectures: rows("prefectures.csv", (cell) => ({
      prefecture: cell("prefecture"),
      nameZh: cell("name_zh"),
      hospitalCounty: cell("hospital_county"),
      hospital: cell("hospital"),
    })),
    items: rows("items.csv", (cell) => ({
      code: cell("item_code"),
      name: cell("name"),
      class: cell("class"),
      priceFen: Number(cell("price_fen")),
      limited: cell("limited") === "1",
      lowestLevel: levelOf(cell("lowest_level")),
      kind: cell("kind"),
    })),
    diagnoses: rows("diagnoses.csv", (cell) => ({
      code: cell("code"),
      name: cell("name"),
      sex: cell("sex"),
      fromAge: Number(cell("from_age")),
      toAge: Number(cell("to_age")),
      outpatient: Number(cell("outpatient")),
      inpatient: Number(cell("inpatient")),
      operation: cell("operation"),
    })),
    names: parseYaml(readFileSync(join(FOLDER, "names.yaml"), "utf8")) as SourceNames,
  };
}
