/** The province's registers from CSV: counties with their funds and contributions, institutions, the catalogue, referrals. */
import type { County, Institution } from "../../../proto/generated/nrcms/administration/v1/administration.ts";
import type { CatalogueItem, RegisterReferralRequest } from "../../../proto/generated/nrcms/claims/v1/claims.ts";
import { type Column, column, countyCode, day, fen, matching, oneOf, words, year } from "./columns.ts";
import type { ReadOptions } from "./problems.ts";
import { readUnique } from "./table.ts";

/** A county as administration takes it, and the money that settlement is told of. */
export interface CountyFund {
  readonly county: County;
  readonly prefundFen: bigint;
  readonly subsidyFenPerHead: bigint;
}

/** What an ordinary member of a county pays in a year. */
export interface Contribution {
  readonly county: string;
  readonly year: number;
  readonly contributionFenPerHead: bigint;
}

const LEVELS = ["VILLAGE", "TOWNSHIP", "COUNTY", "PREFECTURE", "PROVINCE", "OUT_OF_PROVINCE"] as const;
const SCHEDULES = ["IMMEDIATE", "DAILY", "WEEKLY", "MONTHLY"] as const;

const account = {
  bank_code: matching(/^\d{12}$/, "须为 12 位数字的联行号", "must be a 12-digit CNAPS code"),
  account_number: matching(/^[0-9A-Za-z]{6,34}$/, "须为 6 至 34 位字母或数字", "must be 6 to 34 letters or digits"),
  account_name: words(100),
};
const institutionId = matching(/^[A-Z0-9-]{3,20}$/, "须为 3 至 20 位大写字母、数字或连字符", "must be 3 to 20 characters A–Z, 0–9 or -");
const identifier = matching(
  /^[A-Za-z0-9_-]{1,40}$/,
  "须为 1 至 40 位字母、数字、- 或 _",
  "must be 1 to 40 characters A–Z, a–z, 0–9, - or _",
);

/** counties.csv. */
export async function readCounties(file: string, options: ReadOptions): Promise<CountyFund[]> {
  const columns = {
    county: countyCode(),
    name_zh: words(100),
    name_en: words(100),
    prefecture: words(100),
    fund_floor_fen: fen,
    prefund_fen: fen,
    subsidy_fen_per_head: fen,
    ...account,
  };
  const rows = await readUnique(file, columns, ["county"], options);
  return rows.map(
    ({ county, nameZh, nameEn, prefecture, fundFloorFen, prefundFen, subsidyFenPerHead, bankCode, accountNumber, accountName }) => ({
      county: { county, nameZh, nameEn, prefecture, fundFloorFen, account: { bankCode, accountNumber, accountName } },
      prefundFen,
      subsidyFenPerHead,
    }),
  );
}

/** contributions.csv. */
export function readContributions(file: string, options: ReadOptions): Promise<Contribution[]> {
  return readUnique(file, { county: countyCode(), year, contribution_fen_per_head: fen }, ["county", "year"], options);
}

/** institutions.csv. */
export async function readInstitutions(file: string, options: ReadOptions): Promise<Institution[]> {
  const columns = {
    institution_id: institutionId,
    county: countyCode(),
    name: words(100),
    level: oneOf(LEVELS),
    pay_schedule: oneOf(SCHEDULES),
    ...account,
  };
  const rows = await readUnique(file, columns, ["institution_id"], options);
  return rows.map(({ bankCode, accountNumber, accountName, ...institution }) => ({
    ...institution,
    account: { bankCode, accountNumber, accountName },
  }));
}

/** catalogue.csv. */
export function readCatalogue(file: string, options: ReadOptions): Promise<CatalogueItem[]> {
  const columns = {
    item_code: identifier,
    name: words(200),
    class: matching(/^[A-Z0-9_]{1,20}$/, "须为大写字母代号", "must be a code in capitals"),
    price_limit_fen: fen,
    lowest_level: oneOf(LEVELS),
  };
  return readUnique(file, columns, ["item_code"], options);
}

/** diagnoses.csv: the ICD-10 codes that a bill may name. */
export async function readDiagnoses(file: string, options: ReadOptions): Promise<string[]> {
  const code = matching(/^[A-Z]\d\d[0-9A-Za-z.+*]{0,12}$/, "须为 ICD-10 编码", "must be an ICD-10 code");
  const rows = await readUnique(file, { code, name: words(200) }, ["code"], options);
  return rows.map((row) => row.code);
}

export interface Assessed {
  readonly county: string;
  readonly institutionId: string;
  /** What is withheld of what it bills; 0: nothing. */
  readonly withheldBp: number;
  /** Persons for whom it is paid by head; 0: it is not. */
  readonly heads: number;
  readonly scoreBp: number;
  readonly reason: string;
}

/** assessed.csv: institutions of which something is withheld or that are paid by head, and how they will be assessed. */
export function readAssessed(file: string, options: ReadOptions): Promise<Assessed[]> {
  const columns = {
    county: countyCode(),
    institution_id: institutionId,
    withheld_bp: whole(2_000),
    heads: whole(2_000_000),
    score_bp: whole(10_000),
    reason: words(200),
  };
  return readUnique(file, columns, ["institution_id"], options);
}

function whole(most: number): Column<number> {
  return column(`须为 0 至 ${most} 的整数`, `must be a whole number, 0 to ${most}`, (text) =>
    /^\d{1,9}$/.test(text) && Number(text) <= most ? Number(text) : undefined,
  );
}

/** referrals.csv; each is a RegisterReferral request but for its request id. */
export function readReferrals(file: string, options: ReadOptions): Promise<Omit<RegisterReferralRequest, "requestId">[]> {
  const columns = {
    referral_id: identifier,
    county: countyCode(),
    person_id: matching(/^\d{16}$/, "须为 16 位数字", "must be 16 digits"),
    to_institution_id: institutionId,
    from_day: day,
    to_day: day,
  };
  return readUnique(file, columns, ["referral_id"], options, ({ fromDay, toDay, county, personId }) => {
    if (toDay < fromDay) return { at: "to_day", zh: "早于起始日", en: "is before from_day" };
    return personId.startsWith(county) ? undefined : { at: "county", zh: "与人员所属县不符", en: "is not the person's county" };
  });
}
