/** The region's files as rows and as text: CSV (UTF-8, LF, quoted only where needed) and JSON lines. */

import type { Referral } from "./day.ts";
import type { County, Institution } from "./institutions.ts";
import type { Person } from "./people.ts";
import type { SourceDiagnosis, SourceItem } from "./sources.ts";

export const HOUSEHOLD_COLUMNS = "household_id,county,township,village,member_no,name,identity_number,sex,born_on,head,category";

type Cell = string | number | bigint | boolean;

export function csvRow(cells: readonly Cell[]): string {
  return cells
    .map(String)
    .map((text) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text))
    .join(",");
}

function csv(header: string, rows: readonly (readonly Cell[])[]): string {
  return `${[header, ...rows.map(csvRow)].join("\n")}\n`;
}

export function countiesCsv(counties: readonly County[]): string {
  return csv(
    "county,name_zh,name_en,prefecture,fund_floor_fen,prefund_fen,subsidy_fen_per_head,bank_code,account_number,account_name",
    counties.map(({ source, ...one }) => [
      source.county,
      source.nameZh,
      source.nameEn,
      source.prefecture,
      one.fundFloorFen,
      one.prefundFen,
      one.subsidyFenPerHead,
      one.bankCode,
      one.accountNumber,
      one.accountName,
    ]),
  );
}

export function contributionsCsv(counties: readonly County[], year: number): string {
  return csv(
    "county,year,contribution_fen_per_head",
    counties.map((one) => [one.source.county, year, one.contributionFenPerHead]),
  );
}

export function institutionsCsv(institutions: readonly Institution[]): string {
  return csv(
    "institution_id,county,name,level,pay_schedule,bank_code,account_number,account_name",
    institutions.map((one) => [
      one.institutionId,
      one.county,
      one.name,
      one.level,
      one.paySchedule,
      one.bankCode,
      one.accountNumber,
      one.accountName,
    ]),
  );
}

export function catalogueCsv(items: readonly SourceItem[]): string {
  return csv(
    "item_code,name,class,price_limit_fen,lowest_level",
    items.map((item) => [item.code, item.name, item.class, item.limited ? item.priceFen : 0, item.lowestLevel]),
  );
}

export function diagnosesCsv(diagnoses: readonly SourceDiagnosis[]): string {
  return csv(
    "code,name",
    diagnoses.map(({ code, name }) => [code, name]),
  );
}

export function householdRow(person: Person): string {
  return csvRow([
    person.householdId,
    person.county,
    person.township,
    person.village,
    person.memberNo,
    person.name,
    person.identityNumber,
    person.sex,
    person.bornOn,
    person.head,
    person.category,
  ]);
}

export function householdsCsv(rows: readonly string[]): string {
  return `${[HOUSEHOLD_COLUMNS, ...rows].join("\n")}\n`;
}

export function referralsCsv(referrals: readonly Referral[]): string {
  return csv(
    "referral_id,county,person_id,to_institution_id,from_day,to_day",
    referrals.map((one) => [one.referral_id, one.county, one.person_id, one.to_institution_id, one.from_day, one.to_day]),
  );
}

export function assessedCsv(rows: readonly (readonly Cell[])[]): string {
  return csv("county,institution_id,withheld_bp,heads,score_bp,reason", rows);
}

export function jsonLines(values: readonly object[]): string {
  return `${values.map((value) => JSON.stringify(value)).join("\n")}\n`;
}
