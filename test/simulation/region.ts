/** Two small counties that treat each other's members: who lives there, who treats them, by which scheme. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Caller } from "../../services/values/decision.ts";
import { checkCharacter } from "../../services/values/identity.ts";
import { PROVINCE } from "../../services/values/region.ts";

export const COUNTIES = ["640521", "640424"] as const;
export const YEAR = 2011;
export const TODAY = "2011-11-25";
export const STARTED_AT_MS = Date.parse(`${TODAY}T09:00:00+08:00`);
export const CATALOGUE = "NX";
export const REVIEW_ABOVE_FEN = 60_000n;
const HOUSEHOLDS = 4;

export interface Hospital {
  readonly institutionId: string;
  readonly county: string;
  readonly level: "TOWNSHIP" | "COUNTY";
  readonly accountNumber: string;
}

/** One account is closed in the middle of a payment: the bank sends the money back. Another does not exist. */
export const HOSPITALS: readonly Hospital[] = [
  { institutionId: "H-521-1", county: "640521", level: "COUNTY", accountNumber: "6222000000000001" },
  { institutionId: "H-521-2", county: "640521", level: "TOWNSHIP", accountNumber: "6222000000009977" },
  { institutionId: "H-424-1", county: "640424", level: "COUNTY", accountNumber: "6222000000000003" },
  { institutionId: "H-424-2", county: "640424", level: "TOWNSHIP", accountNumber: "6222000000009901" },
];
/** Where such an order is paid when it is ordered anew. */
export const CORRECTED_ACCOUNT = "6222000000000009";

export function accountOf(accountNumber: string) {
  return { bankCode: "105871000019", accountNumber, accountName: "账户" };
}

/** The households of a county with two members each. */
export function householdsOf(county: string) {
  return Array.from({ length: HOUSEHOLDS }, (_, index) => {
    const householdId = `${county}${String(index + 1).padStart(8, "0")}`;
    return { householdId, township: "镇", village: "村", members: [member(county, index, 1), member(county, index, 2)] };
  });
}

function member(county: string, household: number, number: number) {
  const first = `${county}19700101${String(household * 10 + number).padStart(3, "0")}`;
  const sex = Number(first[16]) % 2 === 1 ? ("MALE" as const) : ("FEMALE" as const);
  const memberNo = String(number).padStart(2, "0");
  return {
    memberNo,
    name: "某某",
    identityNumber: `${first}${checkCharacter(first)}`,
    sex,
    bornOn: "1970-01-01",
    head: number === 1,
    category: "ORDINARY" as const,
  };
}

export const PERSONS: readonly string[] = COUNTIES.flatMap((county) =>
  householdsOf(county).flatMap(({ householdId, members }) => members.map(({ memberNo }) => householdId + memberNo)),
);

export const caller = (role: string, scope: string = PROVINCE): Caller => ({ name: `${role.toLowerCase()}-${scope}`, role, scope });

/** A county's township hospital is paid by head, too. */
export function paidByHead(county: string): string {
  const hospital = HOSPITALS.find((one) => one.county === county && one.level === "TOWNSHIP");
  if (!hospital) throw new Error(`${county} has no township hospital`);
  return hospital.institutionId;
}

/** The reference scheme as that county's document, with family accounts: 23 yuan a head. */
export function schemeText(county: string): string {
  const text = readFileSync(join(import.meta.dirname, "..", "unit", "benefit", "schemes", "nx-ref.yaml"), "utf8");
  return text
    .replace("county: 640521", `county: ${county}`)
    .replace("catalogue_version: NX", `catalogue_version: ${CATALOGUE}`)
    .replace("POOLED_OUTPATIENT, share_bp: 3000 }", "POOLED_OUTPATIENT, share_bp: 2000 }\n  - { fund: FAMILY, share_bp: 1000 }")
    .replace("caps:", "outpatient_order: POOL_THEN_ACCOUNT\ncaps:")
    .replace("golden:", `capitation:\n  - { institution_id: ${paidByHead(county)}, fen_per_head: 1250, withheld_bp: 3000 }\ngolden:`)
    .replace("golden:", `review: { above_fund_fen: ${REVIEW_ABOVE_FEN}, diagnosis_prefixes: [S] }\ngolden:`);
}
