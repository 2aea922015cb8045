/**
 * Households of one to seven as a village has them: couples with children, three generations, old people alone.
 * The first member is the head. Identity numbers are valid (GB 11643) and unique; everyone is made up.
 */

import { addDays, daysBetween } from "../../../services/values/days.ts";
import { checkCharacter } from "../../../services/values/identity.ts";
import { type Family, family, type Sex } from "./names.ts";
import type { Random } from "./random.ts";
import type { SourceCounty, Sources } from "./sources.ts";

export type Category = "ORDINARY" | "FIVE_GUARANTEES" | "MINIMUM_LIVING";

export interface Person {
  readonly personId: string;
  readonly householdId: string;
  readonly county: string;
  readonly township: string;
  readonly village: string;
  readonly memberNo: string;
  readonly name: string;
  readonly identityNumber: string;
  readonly sex: Sex;
  readonly bornOn: string;
  readonly age: number;
  readonly head: boolean;
  readonly category: Category;
}

/** The sample's enrolment year: everyone was born before it. */
export const YEAR = 2011;
const MAX_MEMBERS = 7;
const MAX_SERIALS = 1_000;
const VILLAGES_PER_TOWNSHIP = 4;
/** Families of a few Uyghur traders in and around Yinchuan. */
const UYGHUR_BP = 180;
const MINIMUM_LIVING_BP = 850;

type Shape = "OLD_ALONE" | "OLD_COUPLE" | "NUCLEAR" | "THREE_GENERATIONS" | "ONE_PARENT" | "YOUNG_COUPLE";
/** Weights of household shapes; with the ages below they give about 22 % under 15 and 11 % of 60 and over, as the census of 2010 found. */
const SHAPES: Readonly<Record<Shape, number>> = {
  OLD_ALONE: 4,
  OLD_COUPLE: 6,
  NUCLEAR: 62,
  THREE_GENERATIONS: 18,
  ONE_PARENT: 4,
  YOUNG_COUPLE: 6,
};

interface Draft {
  readonly name: string;
  readonly sex: Sex;
  readonly age: number;
}

const otherSex = (sex: Sex): Sex => (sex === "MALE" ? "FEMALE" : "MALE");

/** A couple, the head first; four heads in five are men. */
function couple(random: Random, names: Family, age: number): Draft[] {
  const sex: Sex = random.chance(8_200) ? "MALE" : "FEMALE";
  const partnerAge = Math.max(19, age + (sex === "MALE" ? random.between(-5, 1) : random.between(-1, 5)));
  return [
    { sex, age, name: names.child(sex, YEAR - age) },
    { sex: otherSex(sex), age: partnerAge, name: names.spouse(otherSex(sex), YEAR - partnerAge) },
  ];
}

function children(random: Random, names: Family, parentAge: number, most: number): Draft[] {
  const wanted = random.weighted([0, 1, 2, 3, 4], (n) => [4, 26, 44, 20, 6][n] ?? 0);
  const drafts: Draft[] = [];
  let age = parentAge - random.between(21, 26);
  for (let index = 0; index < Math.min(wanted, most) && age >= 1; index += 1) {
    const sex: Sex = random.chance(5_250) ? "MALE" : "FEMALE";
    // Grown-up daughters have married out; most grown-up sons have a household of their own.
    if (age < 22 || (sex === "MALE" && random.chance(5_500)) || random.chance(1_500))
      drafts.push({ sex, age, name: names.child(sex, YEAR - age) });
    age -= random.between(1, 4);
  }
  return drafts;
}

function compose(random: Random, names: Family, shape: Shape): Draft[] {
  const middle = () => random.quantile([25, 30, 33, 36, 39, 41, 44, 47, 50, 54, 60]);
  const old = () => random.quantile([60, 62, 64, 66, 68, 70, 72, 74, 77, 81, 95]);
  switch (shape) {
    case "OLD_ALONE": {
      const sex: Sex = random.chance(6_500) ? "MALE" : "FEMALE";
      const age = old();
      return [{ sex, age, name: names.child(sex, YEAR - age) }];
    }
    case "OLD_COUPLE":
      return couple(random, names, old());
    case "YOUNG_COUPLE":
      return couple(random, names, random.between(21, 29));
    case "ONE_PARENT": {
      const sex: Sex = random.chance(3_500) ? "MALE" : "FEMALE";
      const age = middle();
      return [{ sex, age, name: names.child(sex, YEAR - age) }, ...children(random, names, age, 3)];
    }
    case "NUCLEAR": {
      const parents = couple(random, names, middle());
      return [...parents, ...children(random, names, parents[0]?.age ?? 0, MAX_MEMBERS - 2)];
    }
    case "THREE_GENERATIONS": {
      const age = random.between(27, 48);
      const parents = couple(random, names, age);
      const elders = couple(random, names, Math.min(94, age + random.between(21, 30)));
      const living = random.chance(4_500) ? elders : elders.slice(random.below(2)).slice(0, 1);
      return [...parents, ...children(random, names, age, MAX_MEMBERS - 4), ...living];
    }
  }
}

/** Gives out identity numbers: county, birthday, a serial whose parity is the sex, the check character. */
function identities(): (county: string, bornOn: string, sex: Sex, random: Random) => string {
  const used = new Set<string>();
  return (county, bornOn, sex, random) => {
    for (let attempt = 0; attempt < MAX_SERIALS; attempt += 1) {
      const serial = random.below(450) * 2 + 11 + (sex === "MALE" ? 0 : 1);
      const first17 = county + bornOn.replaceAll("-", "") + String(serial).padStart(3, "0");
      if (used.has(first17)) continue;
      used.add(first17);
      return first17 + checkCharacter(first17);
    }
    throw new Error(`${county} has no serial left for ${bornOn}`);
  };
}

/** A day on which someone was born who is of that age at the end of the year; ages begin at 1, so that all were born before it. */
function birthday(random: Random, age: number): string {
  const first = `${YEAR - age - 1}-12-31`;
  return addDays(first, random.between(0, daysBetween(first, `${YEAR - age}-12-30`)));
}

function categoryOf(random: Random, shape: Shape): Category {
  if (shape === "OLD_ALONE" && random.chance(4_500)) return "FIVE_GUARANTEES";
  return random.chance(shape === "OLD_ALONE" || shape === "ONE_PARENT" ? 2_500 : MINIMUM_LIVING_BP) ? "MINIMUM_LIVING" : "ORDINARY";
}

function villagesOf(source: SourceCounty, sources: Sources, random: Random): { township: string; village: string }[] {
  const { villages_first, villages_last } = sources.names;
  return source.townships.flatMap((township) => {
    const named = new Set<string>();
    while (named.size < VILLAGES_PER_TOWNSHIP) named.add(random.pick(villages_first) + random.pick(villages_last));
    return [...named].map((village) => ({ township, village }));
  });
}

/** The sample's members, household by household, each county up to the number that the source names (the last household may go over). */
export function makePeople(sources: Sources, random: Random): Person[] {
  const identity = identities();
  const people: Person[] = [];
  for (const source of sources.counties) {
    const villages = villagesOf(source, sources, random);
    let enrolled = 0;
    for (let serial = 1; enrolled < source.members; serial += 1) {
      const shape = random.weighted(Object.keys(SHAPES) as Shape[], (name) => SHAPES[name]);
      const uyghur = source.prefecture === "640100" && random.chance(UYGHUR_BP);
      const names = family(sources.names, random, uyghur ? "UYGHUR" : random.chance(source.huiBp) ? "HUI" : "HAN");
      const category = categoryOf(random, shape);
      const householdId = `${source.county}${String(serial).padStart(8, "0")}`;
      const home = random.pick(villages);
      const drafts = compose(random, names, shape).slice(0, MAX_MEMBERS);
      for (const [index, draft] of drafts.entries()) {
        const memberNo = String(index + 1).padStart(2, "0");
        const bornOn = birthday(random, draft.age);
        people.push({
          personId: householdId + memberNo,
          householdId,
          county: source.county,
          ...home,
          memberNo,
          name: draft.name,
          identityNumber: identity(source.county, bornOn, draft.sex, random),
          sex: draft.sex,
          bornOn,
          age: draft.age,
          head: index === 0,
          category,
        });
      }
      enrolled += drafts.length;
    }
  }
  return people;
}
