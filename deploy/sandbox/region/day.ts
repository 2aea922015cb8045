/**
 * One working day, 2011-11-25: who went where, with what, and who had been referred. Distributions follow the domain facts:
 * a fund part of about 118.60 yuan a claim, four fifths of the money for stays, stays compensated at about 55 % of the bill.
 * Sixty stays cross between Zhongning and Jingyuan, the pilot of 2010. Everyone appears once, so no stays overlap.
 */
import { addDays } from "../../../services/values/days.ts";
import { type Line, type Pharmacy, stayLines, stock, visitLines } from "./bills.ts";
import type { Institution, Places } from "./institutions.ts";
import type { Person } from "./people.ts";
import type { Random } from "./random.ts";
import { LEVELS, type Level, type SourceDiagnosis, type Sources } from "./sources.ts";

export const DAY = "2011-11-25";

/** One bill as nrcms.claims.v1.Bill, in snake_case, amounts in whole fen. */
export interface Bill {
  readonly claim_id: string;
  readonly institution_id: string;
  readonly person_id: string;
  readonly visit_kind: "INPATIENT" | "OUTPATIENT";
  readonly diagnosis: string;
  readonly admitted_on: string;
  readonly discharged_on: string;
  readonly invoice_number: string;
  readonly referral_id: string;
  readonly tcm: boolean;
  readonly lines: readonly Line[];
  readonly total_fen: number;
}

export interface Referral {
  readonly referral_id: string;
  readonly county: string;
  readonly person_id: string;
  readonly to_institution_id: string;
  readonly from_day: string;
  readonly to_day: string;
}

/** How many of each the day has. */
const PLAN = { outpatient: 2_240, small: 2, township: 64, county: 38, prefecture: 10, province: 4, pilotEachWay: 30 };
const OUTPATIENT_LEVELS: Readonly<Record<string, number>> = { VILLAGE: 48, TOWNSHIP: 45, COUNTY: 7 };
const REFERRED_BP = { pilot: 5_500, large: 6_500 };
const PILOTS = ["640521", "640424"] as const;
const REFERRAL_DAYS = 30;
const TCM_BP = { outpatient: 700, inpatient: 600 };
/** Outpatient amounts in fen, and stays' amounts in yuan and their days, at even steps from the smallest to the largest. */
const VISIT_FEN: Readonly<Record<string, readonly number[]>> = {
  VILLAGE: [500, 800, 1_000, 1_200, 1_400, 1_650, 1_950, 2_300, 2_800, 3_800, 8_000],
  TOWNSHIP: [800, 1_200, 1_500, 1_800, 2_100, 2_500, 2_900, 3_500, 4_300, 6_000, 14_000],
  COUNTY: [1_800, 2_800, 3_600, 4_400, 5_200, 6_200, 7_400, 9_000, 11_500, 16_000, 34_000],
};
const STAY_YUAN: Readonly<Record<string, readonly number[]>> = {
  TOWNSHIP: [50, 400, 640, 780, 900, 1_010, 1_130, 1_280, 1_480, 1_780, 2_700],
  COUNTY: [800, 1_200, 1_500, 1_800, 2_100, 2_400, 2_700, 3_150, 3_800, 5_000, 9_800],
  PREFECTURE: [2_300, 3_200, 3_900, 4_500, 5_200, 6_000, 6_900, 8_100, 9_900, 13_000, 26_000],
  PROVINCE: [3_600, 5_000, 6_200, 7_300, 8_500, 9_800, 11_400, 13_500, 16_500, 22_000, 44_000],
};
const STAY_DAYS: Readonly<Record<string, readonly number[]>> = {
  TOWNSHIP: [2, 3, 4, 5, 5, 6, 7, 7, 8, 10, 14],
  COUNTY: [3, 4, 5, 6, 7, 8, 9, 10, 11, 14, 22],
  PREFECTURE: [4, 6, 7, 8, 9, 10, 11, 13, 15, 18, 28],
  PROVINCE: [5, 7, 8, 10, 11, 12, 14, 15, 18, 22, 34],
};

interface Going {
  readonly person: Person;
  readonly institution: Institution;
  readonly inpatient: boolean;
  readonly referredBp: number;
  /** A night's observation whose bill stays below the deductible: a claim that pays nothing. */
  readonly small: boolean;
}

const SMALL_STAY_FEN = 5_500;

/** The very young and the old go to the doctor more often. */
function frequencyBp(age: number): number {
  if (age < 6 || age >= 60) return 10_000;
  if (age < 15) return 4_500;
  return age < 45 ? 5_000 : 7_000;
}

/** Gives out each county's people, no one twice. */
function queues(people: readonly Person[], random: Random): (county: string) => Person {
  const waiting = new Map<string, Person[]>();
  for (const [county, members] of Map.groupBy(people, (person) => person.county)) {
    const often = random.shuffle(members).map((person) => ({ person, now: random.chance(frequencyBp(person.age)) }));
    waiting.set(county, [...often.filter(({ now }) => now), ...often.filter(({ now }) => !now)].map(({ person }) => person).reverse());
  }
  return (county) => {
    const person = waiting.get(county)?.pop();
    if (!person) throw new Error(`${county} has no one left who could be ill`);
    return person;
  };
}

function whoGoesWhere(sources: Sources, places: Places, people: readonly Person[], random: Random): Going[] {
  const next = queues(people, random);
  const at = (county: string, level: Level) => places.institutions.filter((one) => one.county === county && one.level === level);
  const county = () => random.weighted(sources.counties, (one) => one.members);
  const going: Going[] = [];
  const go = (home: string, choice: readonly Institution[], inpatient: boolean, referredBp = 0, small = false) =>
    going.push({ person: next(home), institution: random.pick(choice), inpatient, referredBp, small });

  for (const [from, to] of [PILOTS, PILOTS.toReversed()] as [string, string][])
    for (let index = 0; index < PLAN.pilotEachWay; index += 1)
      go(from, at(to, random.chance(8_000) ? "COUNTY" : "TOWNSHIP"), true, REFERRED_BP.pilot);
  for (let index = 0; index < PLAN.prefecture; index += 1) {
    const home = county();
    const city = sources.prefectures.find((prefecture) => prefecture.prefecture === home.prefecture)?.hospitalCounty ?? home.county;
    go(home.county, at(city, "PREFECTURE"), true, REFERRED_BP.large);
  }
  for (let index = 0; index < PLAN.province; index += 1) go(county().county, at("640104", "PROVINCE"), true, REFERRED_BP.large);
  for (let index = 0; index < PLAN.county; index += 1) {
    const home = county().county;
    go(home, at(home, "COUNTY"), true);
  }
  for (let index = 0; index < PLAN.township + PLAN.small; index += 1) {
    const home = county().county;
    go(home, at(home, "TOWNSHIP"), true, 0, index < PLAN.small);
  }
  for (let index = 0; index < PLAN.outpatient; index += 1) {
    const home = county().county;
    go(
      home,
      at(
        home,
        random.weighted(["VILLAGE", "TOWNSHIP", "COUNTY"] as const, (level) => OUTPATIENT_LEVELS[level] ?? 0),
      ),
      false,
    );
  }
  return random.shuffle(going);
}

function diagnose(sources: Sources, pharmacy: Pharmacy, going: Going, random: Random): SourceDiagnosis {
  const { person, institution, inpatient } = going;
  const canOperate = (code: string) =>
    LEVELS.indexOf(pharmacy.byCode.get(code)?.lowestLevel ?? "VILLAGE") <= LEVELS.indexOf(institution.level);
  const possible = sources.diagnoses.filter(
    (one) =>
      one.fromAge <= person.age &&
      person.age <= one.toAge &&
      (one.sex === "" || one.sex === person.sex) &&
      !(inpatient && one.operation && !canOperate(one.operation)),
  );
  return random.weighted(possible, (one) => (inpatient ? one.inpatient : one.outpatient));
}

/** The day's bills in the order of submission, and the referrals that the home counties had registered before. */
export function makeDay(
  sources: Sources,
  places: Places,
  people: readonly Person[],
  random: Random,
): { bills: Bill[]; referrals: Referral[] } {
  const pharmacy = stock(sources.items);
  const referrals: Referral[] = [];
  const serials = new Map<string, number>();
  const firstInvoice = new Map(places.institutions.map((one) => [one.institutionId, random.between(1_000, 900_000)]));

  const refer = (person: Person, institution: Institution, admittedOn: string): string => {
    const referralId = `R${person.county}-2011-${String(referrals.length + 1).padStart(4, "0")}`;
    const fromDay = addDays(admittedOn, -random.between(0, 5));
    referrals.push({
      referral_id: referralId,
      county: person.county,
      person_id: person.personId,
      to_institution_id: institution.institutionId,
      from_day: fromDay,
      to_day: addDays(fromDay, REFERRAL_DAYS),
    });
    return referralId;
  };

  const bills = whoGoesWhere(sources, places, people, random).map((going): Bill => {
    const { person, institution, inpatient, small } = going;
    const { institutionId, level } = institution;
    const serial = (serials.get(institutionId) ?? 0) + 1;
    serials.set(institutionId, serial);
    const diagnosis = diagnose(sources, pharmacy, going, random);
    const admittedOn = inpatient ? addDays(DAY, small ? -1 : -random.quantile(STAY_DAYS[level] ?? [])) : DAY;
    const tcm = random.chance(inpatient ? TCM_BP.inpatient : TCM_BP.outpatient) && level !== "VILLAGE";
    const stayFen = () => (small ? SMALL_STAY_FEN : random.quantile((STAY_YUAN[level] ?? []).map((yuan) => yuan * 100)));
    const budgetFen = inpatient ? stayFen() : random.quantile(VISIT_FEN[level] ?? []);
    const visit = { level, from: admittedOn, to: DAY, tcm, operation: inpatient && !small ? diagnosis.operation : "", budgetFen };
    const lines = inpatient ? stayLines(random, pharmacy, visit) : visitLines(random, pharmacy, visit);
    return {
      claim_id: `${institutionId}-${DAY.replaceAll("-", "")}-${String(serial).padStart(4, "0")}`,
      institution_id: institutionId,
      person_id: person.personId,
      visit_kind: inpatient ? "INPATIENT" : "OUTPATIENT",
      diagnosis: diagnosis.code,
      admitted_on: admittedOn,
      discharged_on: DAY,
      invoice_number: `${institutionId.slice(1)}${String((firstInvoice.get(institutionId) ?? 0) + serial).padStart(7, "0")}`,
      referral_id: random.chance(going.referredBp) ? refer(person, institution, admittedOn) : "",
      tcm,
      lines,
      total_fen: lines.reduce((sum, line) => sum + line.billed_fen, 0),
    };
  });
  return { bills, referrals };
}
