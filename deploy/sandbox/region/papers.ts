/**
 * What counties' desks have on the day beside the hospitals' bills: a few stays that households have paid themselves, outside of the province or at a hospital of the network, with what the hospitals say when
 * they are asked, one denying; and the institutions that are assessed. Whoever is in a paper is in no bill of the day, so no stays overlap.
 */
import { addDays } from "../../../services/values/days.ts";
import { type Line, type Pharmacy, stayLines, stock } from "./bills.ts";
import { type Bill, DAY } from "./day.ts";
import { bankCheckDigit, MAGIC } from "./institutions.ts";
import type { Person } from "./people.ts";
import type { Random } from "./random.ts";
import type { Sources } from "./sources.ts";

/** A paper as `nrcms claim paper submit` reads it, with its county, its household's account and its hospital's answer. */
export interface PaperCase {
  readonly county: string;
  readonly account: { readonly bank_code: string; readonly account_number: string; readonly account_name: string };
  readonly hospital_says: { readonly asked_by: string; readonly answered_by: string; readonly code: string; readonly denied: string };
  readonly paper: {
    readonly claim_id: string;
    readonly person_id: string;
    readonly visit_kind: "INPATIENT";
    readonly diagnosis: string;
    readonly admitted_on: string;
    readonly discharged_on: string;
    readonly lines: readonly Line[];
    readonly total_fen: number;
    readonly hospital: Readonly<Record<string, string>>;
    readonly issued_on: string;
    readonly invoices: readonly { readonly invoice_number: string; readonly total_fen: number }[];
  };
}

/** Where people of Ningxia go beyond the province; the last is one of the network, where the bill could not be settled at once. */
const XIAN = { name: "西安交通大学第一附属医院", city: "西安", level: "OUT_OF_PROVINCE" };
const LANZHOU = { name: "兰州大学第二医院", city: "兰州", level: "OUT_OF_PROVINCE" };
const PLAN: readonly { county: string; hospital: Readonly<Record<string, string>>; yuan: number; asked: string; denied?: string }[] = [
  { county: "640522", hospital: LANZHOU, yuan: 9_600, asked: "PHONE" },
  { county: "640522", hospital: XIAN, yuan: 14_300, asked: "FAX" },
  { county: "640521", hospital: XIAN, yuan: 7_800, asked: "PHONE" },
  { county: "640424", hospital: LANZHOU, yuan: 11_200, asked: "FAX" },
  { county: "640104", hospital: { institution_id: "H640104901" }, yuan: 6_400, asked: "NETWORK" },
  { county: "640324", hospital: XIAN, yuan: 23_500, asked: "PHONE", denied: "查无此住院记录 no such stay is on record" },
];
const BANK_FIRST_7 = "1038710";
const DIAGNOSIS = "J18.9";
/** Discharged some days or weeks ago: well within the days that schemes give. */
const DISCHARGED_DAYS_AGO = [6, 40] as const;
const STAY_DAYS = [5, 12] as const;

function accountOf(random: Random, accountName: string): PaperCase["account"] {
  const first11 = `${BANK_FIRST_7}${String(random.between(1, 40)).padStart(4, "0")}`;
  let number: string;
  do number = `622848${String(random.below(100_000)).padStart(5, "0")}${String(random.below(100_000)).padStart(5, "0")}`;
  while (MAGIC.some((ending) => number.endsWith(ending)));
  return { bank_code: first11 + bankCheckDigit(first11), account_number: number, account_name: accountName };
}

export function makePapers(sources: Sources, people: readonly Person[], bills: readonly Bill[], random: Random): PaperCase[] {
  const pharmacy: Pharmacy = stock(sources.items);
  const ill = new Set(bills.map((bill) => bill.person_id));
  const taken = new Set<string>();
  return PLAN.map(({ county, hospital, yuan, asked, denied = "" }, index): PaperCase => {
    const free = people.filter((one) => one.county === county && one.age >= 18 && !ill.has(one.personId) && !taken.has(one.householdId));
    const person = random.pick(free);
    taken.add(person.householdId);
    const dischargedOn = addDays(DAY, -random.between(...DISCHARGED_DAYS_AGO));
    const admittedOn = addDays(dischargedOn, -random.between(...STAY_DAYS));
    const lines = stayLines(random, pharmacy, {
      level: "PROVINCE",
      from: admittedOn,
      to: dischargedOn,
      tcm: false,
      operation: "",
      budgetFen: yuan * 100,
    });
    const totalFen = lines.reduce((sum, line) => sum + line.billed_fen, 0);
    const serial = String(index + 1).padStart(4, "0");
    const head = people.find((one) => one.householdId === person.householdId && one.head) ?? person;
    return {
      county,
      account: accountOf(random, head.name),
      hospital_says: {
        asked_by: asked,
        answered_by: "医保办公室",
        code: denied === "" ? `Y2011-${random.between(10_000, 99_999)}` : "",
        denied,
      },
      paper: {
        claim_id: `P${county}-${DAY.replaceAll("-", "")}-${serial}`,
        person_id: person.personId,
        visit_kind: "INPATIENT",
        diagnosis: DIAGNOSIS,
        admitted_on: admittedOn,
        discharged_on: dischargedOn,
        lines,
        total_fen: totalFen,
        hospital,
        issued_on: dischargedOn,
        invoices: [{ invoice_number: `${random.between(1_000_000, 9_999_999)}`, total_fen: totalFen }],
      },
    };
  });
}

/** Haiyuan, where Ningxia's pilot of 2010 paid by head and withheld a part until an assessment: its county hospital and one township's. */
const ASSESSED = [
  { institution: "H640522001", withheldBp: 500, heads: 0, scoreBp: 9_000, reason: "次均费用超出控制指标 cost per case above its target" },
  {
    institution: "H640522011",
    withheldBp: 0,
    heads: 180,
    scoreBp: 9_600,
    reason: "随访与合理用药良好 follow-up visits and prescribing are good",
  },
];

export function assessedRows(): (string | number)[][] {
  return ASSESSED.map(({ institution, withheldBp, heads, scoreBp, reason }) => [
    institution.slice(1, 7),
    institution,
    withheldBp,
    heads,
    scoreBp,
    reason,
  ]);
}
