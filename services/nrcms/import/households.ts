/**
 * Households from CSV, a row a member. Everything that can be seen in the file alone is found here, before anything is sent:
 * a household with one bad row is not given, because it could not be completed later in the same year.
 */
import { basename } from "node:path";
import type { Household, Member } from "../../../proto/generated/nrcms/enrollment/v1/enrollment.ts";
import { readIdentityNumber } from "../../values/identity.ts";
import type { Reason } from "../../values/shape.ts";
import { column, countyCode, day, flag, identityNumber, matching, oneOf, personName, words } from "./columns.ts";
import type { Place, Problem, ReadOptions } from "./problems.ts";
import { type Row, readTable, type ValueOf } from "./table.ts";

/** What one EnrolHouseholds request may carry (enrollment.proto). */
const MAX_HOUSEHOLDS = 500;
const MAX_MEMBERS = 3000;

export interface HouseholdOptions extends ReadOptions {
  /** The registered counties, where they are known: others are reported. */
  readonly counties?: ReadonlySet<string>;
  /** YYYY-MM-DD; where it is given, who is born after it is reported. */
  readonly today?: string;
}

/** The good households of one county, in the file's order. */
export interface CountyHouseholds {
  readonly county: string;
  readonly households: readonly Household[];
  /** Where the field of a household stands that enrolment has refused: `members[1].identity_number` of an EnrolmentResult. */
  placeOf(householdId: string, field: string): Place;
}

const SEX = oneOf(["FEMALE", "MALE"], { 女: "FEMALE", 男: "MALE" });
const CATEGORY = oneOf(["ORDINARY", "FIVE_GUARANTEES", "MINIMUM_LIVING"], {
  普通: "ORDINARY",
  五保: "FIVE_GUARANTEES",
  低保: "MINIMUM_LIVING",
});

/** The columns of a households table. */
export function columnsFor({ counties, today }: HouseholdOptions) {
  return {
    household_id: matching(/^\d{14}$/, "须为县代码加 8 位数字", "must be the county code and eight digits"),
    county: countyCode(counties),
    township: words(50),
    village: words(50),
    member_no: column("须为 01 至 99", "must be 01 to 99", (text) => (/^\d\d$/.test(text) && text !== "00" ? text : undefined)),
    name: personName,
    identity_number: identityNumber,
    sex: SEX,
    born_on:
      today === undefined
        ? day
        : (text: string) => (day(text) && text > today ? { wrong: { zh: "晚于今天", en: "is in the future" } } : day(text)),
    head: flag,
    category: CATEGORY,
  };
}

export type HouseholdColumns = ReturnType<typeof columnsFor>;

/** A household while its rows come in. */
export interface Gathering {
  readonly first: Row<HouseholdColumns>;
  readonly members: Member[];
  /** Each member's line. */
  readonly lines: number[];
  readonly numbers: Map<string, number>;
  readonly heads: Row<HouseholdColumns>[];
  /** A row could not be read so far as to say who is the head. */
  headUnknown: boolean;
  bad: boolean;
}

/** The good households of the file; each problem is reported, in the order of lines. Throws what the file system says. */
export async function readHouseholds(file: string, options: HouseholdOptions): Promise<CountyHouseholds[]> {
  const problems: Problem[] = [];
  const report = (place: Place, { zh, en }: Reason) => void problems.push({ ...place, zh, en });
  const gathered = new Map<string, Gathering>();
  const people = new Map<string, number>();
  let previous: Gathering | undefined;
  let strayBefore = false;

  const usable = await readTable(
    file,
    columnsFor(options),
    (problem) => void problems.push(problem),
    (row) => {
      const id = row.text("household_id") ?? "";
      if (!/^\d{14}$/.test(id)) {
        // Whose row this is cannot be known: its neighbours may lack a member.
        if (previous) previous.bad = true;
        strayBefore = true;
        return;
      }
      const household = gathered.get(id) ?? {
        first: row,
        members: [],
        lines: [],
        numbers: new Map(),
        heads: [],
        headUnknown: false,
        bad: false,
      };
      gathered.set(id, household);
      previous = household;
      if (strayBefore) household.bad = true;
      strayBefore = false;
      gather(row, household, people, report);
    },
  );

  const byCounty = new Map<string, Household[]>();
  for (const [householdId, household] of gathered) {
    householdFault(household, report);
    const { county, township, village } = household.first.value ?? { county: "", township: "", village: "" };
    if (household.bad || !usable) continue;
    const { members } = household;
    const list = byCounty.get(county) ?? [];
    byCounty.set(county, list);
    list.push({ householdId, township, village, members });
  }
  for (const problem of problems.toSorted((a, b) => a.line - b.line)) options.onProblem(problem);
  const placeOf = (householdId: string, field: string): Place =>
    placeIn(gathered.get(householdId), field) ?? { file: basename(file), line: 0, column: 0, field };
  return [...byCounty].map(([county, households]) => ({ county, households, placeOf }));
}

/** Takes a row into its household, which is bad where anything is wrong with it. */
export function gather(
  row: Row<HouseholdColumns>,
  household: Gathering,
  people: Map<string, number>,
  report: (place: Place, reason: Reason) => void,
): void {
  if (!addRow(row, household, people, report)) household.bad = true;
}

/** Takes a row in; false where anything is wrong with it. */
function addRow(
  row: Row<HouseholdColumns>,
  household: Gathering,
  people: Map<string, number>,
  report: (place: Place, reason: Reason) => void,
): boolean {
  if (!row.whole) {
    household.headUnknown = true;
    return false;
  }
  let right = row.value !== undefined;
  const wrong = (name: keyof HouseholdColumns, zh: string, en: string) => {
    right = false;
    report(row.place(name), { zh, en });
  };
  const head = flag(row.text("head") ?? "");
  if (!("value" in head)) household.headUnknown = true;
  else if (head.value) household.heads.push(row);

  const number = row.text("identity_number") ?? "";
  const said = readIdentityNumber(number);
  if (said) {
    const before = people.get(number);
    if (before === undefined) people.set(number, row.line);
    else
      wrong(
        "identity_number",
        `与第 ${before} 行是同一人；一人只能参合一次`,
        `the same person as in line ${before}; nobody is enrolled twice`,
      );
  }
  const memberNo = row.text("member_no") ?? "";
  const sameNumber = memberNo === "" ? undefined : household.numbers.get(memberNo);
  if (sameNumber === undefined) household.numbers.set(memberNo, row.line);
  else wrong("member_no", `与第 ${sameNumber} 行的成员号重复`, `the same member number as in line ${sameNumber}`);

  const { value } = row;
  if (!value) return false;
  if (!value.householdId.startsWith(value.county)) wrong("county", "与户号的县代码不符", "does not match the household_id");
  for (const name of ["township", "village"] as const)
    if (row.text(name) !== household.first.text(name))
      wrong(name, `与该户第 ${household.first.line} 行不同`, `differs from line ${household.first.line} of the household`);
  if (said && said.bornOn !== value.bornOn) wrong("born_on", "与身份证号不符", "does not match the identity_number");
  if (said && said.sex !== value.sex) wrong("sex", "与身份证号不符", "does not match the identity_number");
  household.members.push(memberOf(value));
  household.lines.push(row.line);
  return right;
}

function memberOf(value: ValueOf<HouseholdColumns>): Member {
  const { memberNo, name, identityNumber, sex, bornOn, head, category } = value;
  return { memberNo, name, identityNumber, sex, bornOn, head, category };
}

/** Where a field of an enrolment result stands; undefined where the household has no such row. */
export function placeIn(household: Gathering | undefined, field: string): Place | undefined {
  const [, index, name] = /^(?:members\[(\d+)\]\.)?(\w+)$/.exec(field) ?? [];
  const line = household?.lines[Number(index ?? 0)];
  if (!household || line === undefined) return undefined;
  const place = household.first.place((name ?? "") as keyof HouseholdColumns);
  return { ...place, line, field: place.column > 0 ? place.field : field };
}

/** Whether anything is wrong with a household whose rows are all there. */
export function householdFault(household: Gathering, report: (place: Place, reason: Reason) => void): boolean {
  const [, ...others] = household.heads;
  for (const row of others) report(row.place("head"), { zh: "该户有两名户主", en: "the household has two heads" });
  const none = household.heads.length === 0 && !household.headUnknown;
  if (none) report(household.first.place("head"), { zh: "该户没有户主", en: "the household has no head" });
  if (none || others.length > 0) household.bad = true;
  return household.bad;
}

/** The households in pieces that one EnrolHouseholds request can carry, in their order: the same list gives the same pieces. */
export function requestsOf(households: readonly Household[]): Household[][] {
  const pieces: Household[][] = [];
  let piece: Household[] = [];
  let members = 0;
  for (const household of households) {
    if (piece.length === MAX_HOUSEHOLDS || (piece.length > 0 && members + household.members.length > MAX_MEMBERS)) {
      pieces.push(piece);
      piece = [];
      members = 0;
    }
    piece.push(household);
    members += household.members.length;
  }
  return piece.length > 0 ? [...pieces, piece] : pieces;
}
