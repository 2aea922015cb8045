/** Files that are wrong on purpose, for the tests of the importers and of the doors: what is wrong in each line is said in README.md. */
import { addDays } from "../../../services/values/days.ts";
import { checkCharacter } from "../../../services/values/identity.ts";
import type { Bill, Referral } from "./day.ts";
import { DAY } from "./day.ts";
import { type Person, YEAR } from "./people.ts";
import { householdRow, householdsCsv, jsonLines } from "./tables.ts";

const GOOD_HOUSEHOLDS = 5;
const GB_HOUSEHOLDS = 12;
const TRUNCATED_HOUSEHOLDS = 8;
/** Within the identity number of the last row. */
const TRUNCATED_AFTER = 48;
/** The county that the bad files name, and household numbers there that the good file never reaches. */
const COUNTY = "640521";
const FREE_SERIAL = 90_000_000;

function must<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new Error(`the region has no ${what}`);
  return value;
}

function identityNumber(county: string, bornOn: string, serial: number): string {
  const first17 = `${county}${bornOn.replaceAll("-", "")}${String(serial).padStart(3, "0")}`;
  return first17 + checkCharacter(first17);
}

function newcomer(serial: number, memberNo: number, differences: Partial<Person> = {}): Person {
  const bornOn = differences.bornOn ?? `19${60 + (serial % 30)}-0${1 + (serial % 9)}-1${memberNo}`;
  const county = differences.county ?? COUNTY;
  const householdId = `${county}${FREE_SERIAL + serial}`;
  return {
    personId: `${householdId}0${memberNo}`,
    householdId,
    county,
    township: "宁安镇",
    village: "新堡村",
    memberNo: `0${memberNo}`,
    name: memberNo === 1 ? "张建国" : "李秀英",
    identityNumber: identityNumber(COUNTY, bornOn, 920 + memberNo),
    sex: memberNo % 2 === 1 ? "MALE" : "FEMALE",
    bornOn,
    age: YEAR - Number(bornOn.slice(0, 4)),
    head: memberNo === 1,
    category: "ORDINARY",
    ...differences,
  };
}

/** Good households with bad ones between them. */
function badRows(people: readonly Person[]): string {
  const good = (serial: number) => [newcomer(serial, 1), newcomer(serial, 2)].map(householdRow);
  const pair = (serial: number, first: Partial<Person>, second: Partial<Person> = {}) => [
    householdRow(newcomer(serial, 1, first)),
    householdRow(newcomer(serial, 2, second)),
  ];
  const wrongCheck = (text: string) => text.slice(0, 17) + (text.endsWith("0") ? "1" : "0");
  const elsewhere = must(
    people.find((person) => person.county === "640424"),
    "member in Jingyuan",
  );
  const rows = [
    ...good(1),
    ...pair(2, { county: "649999" }, { county: "649999" }),
    ...good(3),
    ...pair(4, { identityNumber: wrongCheck(newcomer(4, 1).identityNumber) }),
    ...pair(5, {}, { head: true }),
    ...pair(6, { head: false }),
    ...good(7),
    // The same person as in Jingyuan.
    ...pair(8, { name: elsewhere.name, identityNumber: elsewhere.identityNumber, sex: elsewhere.sex, bornOn: elsewhere.bornOn }),
    ...pair(9, {}).map((row, index) => (index === 1 ? row.replace(/\d{4}-\d\d-\d\d/, "1969-02-30") : row)),
    ...pair(10, { name: "" }),
    ...pair(11, {}).map((row, index) => (index === 0 ? row.split(",").slice(0, 8).join(",") : row)),
    ...pair(12, {}, { memberNo: "01" }),
    ...good(13),
  ];
  return householdsCsv(rows);
}

/** GB18030 from text: the two-byte part is turned round from what the platform decodes; a character outside it is an error here. */
function gb18030(text: string): Uint8Array {
  const decoder = new TextDecoder("gb18030");
  const bytes = new Map<string, readonly number[]>();
  for (let lead = 0x81; lead <= 0xfe; lead += 1)
    for (let trail = 0x40; trail <= 0xfe; trail += 1) {
      if (trail === 0x7f) continue;
      const character = decoder.decode(Uint8Array.of(lead, trail));
      if (!bytes.has(character)) bytes.set(character, [lead, trail]);
    }
  return Uint8Array.from(
    [...text].flatMap((character) =>
      character.charCodeAt(0) < 0x80 ? [character.charCodeAt(0)] : must(bytes.get(character), `two bytes for ${character}`),
    ),
  );
}

interface BadBill {
  /** What is wrong. */
  readonly case: string;
  /** The refusal that is expected: a ClaimsRefusal without its prefix, or BAD_REQUEST at the door. */
  readonly refusal: string;
  readonly bill: object;
}

function badBills(bills: readonly Bill[], referrals: readonly Referral[]): BadBill[] {
  const stay = must(
    bills.find((bill) => bill.visit_kind === "INPATIENT" && bill.referral_id === ""),
    "stay without a referral",
  );
  const visit = must(
    bills.find((bill) => bill.visit_kind === "OUTPATIENT" && bill.institution_id.endsWith("101")),
    "visit to a village clinic",
  );
  const referral = must(
    referrals.find((one) => one.person_id !== stay.person_id),
    "referral",
  );
  let serial = 0;
  const bad = (name: string, refusal: string, bill: Bill, changes: object): BadBill => {
    serial += 1;
    const own = {
      claim_id: `${bill.institution_id}-20111125-9${String(serial).padStart(3, "0")}`,
      invoice_number: `BAD${String(serial).padStart(10, "0")}`,
    };
    return { case: name, refusal, bill: { ...bill, ...own, ...changes } };
  };
  const withLine = (bill: Bill, changes: object) => ({
    lines: bill.lines.map((line, index) => (index === 0 ? { ...line, ...changes } : line)),
  });
  const first = must(stay.lines[0], "line");
  return [
    bad("unknown person", "UNKNOWN_PERSON", stay, { person_id: "6405219999999901" }),
    bad("unknown institution", "UNKNOWN_INSTITUTION", stay, { institution_id: "H640521999", claim_id: "H640521999-20111125-0001" }),
    bad("a stay of the year before, when nobody was covered", "NOT_COVERED", stay, {
      admitted_on: "2010-03-01",
      discharged_on: "2010-03-08",
      lines: stay.lines.map((line) => ({ ...line, day: "2010-03-05" })),
    }),
    bad("inpatient at a village clinic", "NO_BENEFIT", visit, { visit_kind: "INPATIENT" }),
    bad("an item that is not in the catalogue", "UNKNOWN_ITEM", stay, withLine(stay, { item_code: "Z9999" })),
    bad("a line that is not quantity times price", "LINE_SUM", stay, {
      ...withLine(stay, { billed_fen: first.billed_fen + 1 }),
      total_fen: stay.total_fen + 1,
    }),
    bad("a total that is not the sum of the lines", "BILL_SUM", stay, { total_fen: stay.total_fen - 1 }),
    bad("a line of the day before the admission", "LINE_OUTSIDE_STAY", stay, withLine(stay, { day: addDays(stay.admitted_on, -1) })),
    bad("discharged before admitted", "DISCHARGE_BEFORE_ADMISSION", stay, { admitted_on: DAY, discharged_on: addDays(DAY, -1) }),
    bad("discharged in the future", "FUTURE_DAY", stay, { discharged_on: addDays(DAY, 3) }),
    bad("the invoice of another claim of the day", "DUPLICATE_INVOICE", stay, { invoice_number: visit.invoice_number }),
    bad("a referral that nobody registered", "UNKNOWN_REFERRAL", stay, { referral_id: "R640521-2011-9999" }),
    bad("another person's referral", "REFERRAL_MISMATCH", stay, { referral_id: referral.referral_id }),
    bad("negative money", "BAD_REQUEST", stay, withLine(stay, { billed_fen: -first.billed_fen })),
    bad("more money than a bill may carry", "BAD_REQUEST", stay, { total_fen: Number.MAX_SAFE_INTEGER }),
    bad("no lines", "BAD_REQUEST", visit, { lines: [], total_fen: 0 }),
    bad("a day that the calendar does not have", "BAD_REQUEST", stay, { admitted_on: "2011-02-30" }),
    bad("no claim id", "BAD_REQUEST", stay, { claim_id: "" }),
  ];
}

/** bad/*: name and bytes. */
export function makeBad(
  people: readonly Person[],
  bills: readonly Bill[],
  referrals: readonly Referral[],
): [string, Uint8Array | string][] {
  const fresh = (count: number, from: number) =>
    Array.from({ length: count }, (_, index) => [newcomer(from + index, 1), newcomer(from + index, 2)].map(householdRow)).flat();
  const whole = householdsCsv(fresh(TRUNCATED_HOUSEHOLDS, 100));
  return [
    ["bad/households-bad-rows.csv", badRows(people)],
    ["bad/households-gb18030.csv", gb18030(householdsCsv(fresh(GB_HOUSEHOLDS, 200)))],
    ["bad/households-truncated.csv", whole.slice(0, whole.lastIndexOf("\n", whole.length - 2) + TRUNCATED_AFTER)],
    ["bad/households-no-header.csv", `${fresh(GOOD_HOUSEHOLDS, 300).join("\n")}\n`],
    ["bad/bills-bad.jsonl", jsonLines(badBills(bills, referrals))],
    [
      "bad/bills-malformed.jsonl",
      `${JSON.stringify(must(bills[0], "bill"))}\n{"claim_id": "H640521001-20111125-9999", "lines": [\nnot JSON at all\n`,
    ],
  ];
}
