/**
 * As many valid bills as wanted for a small region, from a seed: visits at home, stays at home, stays in the other pilot county, and one in twenty-five that a reviewer must see.
 * Amounts are small, so that neither the members' yearly caps nor the funds' floors are reached by a test.
 */
import { type Random, random } from "../../deploy/sandbox/region/random.ts";
import type { Bill } from "../../proto/generated/nrcms/claims/v1/claims.ts";
import type { Region } from "../../services/nrcms/region.ts";
import { addDays } from "../../services/values/days.ts";
import { PILOTS } from "./region-cut.ts";

export interface BillMaker {
  /** The next bill of this institution. */
  next(institutionId: string): Bill;
  /** All that were made, by claim. */
  readonly made: ReadonlyMap<string, Bill>;
  /** These people are covered from now on: they are the next of their county to see a doctor. */
  admit(county: string, people: readonly string[]): void;
}

const UNIT_E4 = 10_000n;
const CROSS_BP = 500;
const STAY_BP = 150;
const REVIEW_BP = 400;
/** Trauma: somebody else may be liable, so the scheme holds it for review. */
const TRAUMA = "S01.8";
const COLD = "J06.903";
const PNEUMONIA = "J18.9";
const STAY_NIGHTS = 3;
/** Stays of one person do not overlap: each further one lies so many days before the last. */
const STAY_EVERY_DAYS = 5;
const MOST_STAYS = 40;

interface Item {
  readonly code: string;
  readonly priceFen: bigint;
}

/** The persons of one county in a seeded order, over and over. */
class Waiting {
  readonly #people: readonly string[];
  readonly #stays = new Map<string, number>();
  readonly #newcomers: string[] = [];
  #next = 0;

  constructor(people: readonly string[]) {
    if (people.length === 0) throw new Error("a county without members cannot be ill");
    this.#people = people;
  }

  admit(people: readonly string[]): void {
    this.#newcomers.push(...people);
  }

  visitor(): string {
    const newcomer = this.#newcomers.shift();
    if (newcomer) return newcomer;
    const person = this.#people[this.#next % this.#people.length] as string;
    this.#next += 1;
    return person;
  }

  /** Somebody for a stay, and the day of that stay's discharge, not after `day`. */
  inpatient(day: string): { person: string; dischargedOn: string } {
    const person = this.#people[this.#next % this.#people.length] as string;
    this.#next += 1;
    const before = this.#stays.get(person) ?? 0;
    if (before >= MOST_STAYS) throw new Error(`${person} has had ${before} stays: the test is larger than its region`);
    this.#stays.set(person, before + 1);
    return { person, dischargedOn: addDays(day, -STAY_EVERY_DAYS * before) };
  }
}

export function billMaker(region: Region, seed: number, day: string): BillMaker {
  const chance = random(seed, "bills");
  const levels = new Map(region.institutions.map((one) => [one.institutionId, one]));
  const waiting = new Map(
    region.households.map(({ county, households }) => {
      const people = households.flatMap(({ householdId, members }) => members.map(({ memberNo }) => householdId + memberNo));
      return [county, new Waiting(chance.shuffle(people))];
    }),
  );
  const medicines = region.catalogue
    .filter((item) => item.class === "A" && item.lowestLevel === "VILLAGE" && item.priceLimitFen >= 200n && item.priceLimitFen <= 900n)
    .map((item): Item => ({ code: item.itemCode, priceFen: item.priceLimitFen }));
  let serial = 0;
  const made = new Map<string, Bill>();

  const at = (county: string): Waiting => {
    const found = waiting.get(county);
    if (!found) throw new Error(`nobody of ${county} is enrolled in this region`);
    return found;
  };

  return {
    made,
    admit: (county, people) => at(county).admit(people),
    next(institutionId) {
      const institution = levels.get(institutionId);
      if (!institution) throw new Error(`${institutionId} is not of this region`);
      serial += 1;
      const { county, level } = institution;
      const hospital = level === "COUNTY" || level === "TOWNSHIP";
      const [one, other] = PILOTS;
      const elsewhere = county === one ? other : county === other ? one : undefined;
      const cross = hospital && elsewhere !== undefined && chance.chance(CROSS_BP);
      const stay = cross || (hospital && chance.chance(STAY_BP));
      const trauma = chance.chance(REVIEW_BP);
      const from = at(cross && elsewhere !== undefined ? elsewhere : county);
      const { person, dischargedOn } = stay ? from.inpatient(day) : { person: from.visitor(), dischargedOn: day };
      const lines = stay ? stayLines(chance, medicines, dischargedOn) : visitLines(chance, medicines, dischargedOn);
      const bill: Bill = {
        claimId: `${institutionId}-${seed.toString(36)}-${String(serial).padStart(6, "0")}`,
        institutionId,
        personId: person,
        visitKind: stay ? "INPATIENT" : "OUTPATIENT",
        diagnosis: trauma ? TRAUMA : stay ? PNEUMONIA : COLD,
        admittedOn: stay ? addDays(dischargedOn, -STAY_NIGHTS) : dischargedOn,
        dischargedOn,
        invoiceNumber: `${seed.toString(36)}-${serial}`,
        referralId: "",
        tcm: false,
        procedures: [],
        newborn: 0,
        lines,
        totalFen: lines.reduce((sum, line) => sum + line.billedFen, 0n),
      };
      made.set(bill.claimId, bill);
      return bill;
    },
  };
}

function line({ code, priceFen }: Item, day: string, count: number): Bill["lines"][number] {
  return { itemCode: code, day, quantityE4: BigInt(count) * UNIT_E4, unitPriceFen: priceFen, billedFen: BigInt(count) * priceFen };
}

/** A fee and one or two boxes: 5 to 20 yuan. */
function visitLines(chance: Random, medicines: readonly Item[], day: string): Bill["lines"] {
  const fee = { code: "V0010", priceFen: 300n };
  return [line(fee, day, 1), line(chance.pick(medicines), day, chance.between(1, 2))];
}

/** Two or three days in bed, a small operation and medicine: 600 to 900 yuan, above every deductible of township and county. */
function stayLines(chance: Random, medicines: readonly Item[], dischargedOn: string): Bill["lines"] {
  const admittedOn = addDays(dischargedOn, -STAY_NIGHTS);
  return [
    line({ code: "B0020", priceFen: 1_000n }, dischargedOn, STAY_NIGHTS),
    line({ code: "O0140", priceFen: 30_000n }, addDays(admittedOn, 1), 1),
    line({ code: "O0180", priceFen: 24_000n }, addDays(admittedOn, 1), 1),
    line(chance.pick(medicines), admittedOn, chance.between(3, 20)),
    line(chance.pick(medicines), dischargedOn, chance.between(3, 20)),
  ];
}
