/** From when to when a person is insured, and what of it may be told. */
import { yearOf } from "../../values/days.ts";
import type { Cover, Household, Member } from "./documents.ts";
import { coversOf, memberOf, personIdOf } from "./documents.ts";
import type { CoveredPerson } from "./events.ts";
import { firstDayOf, lastDayOf } from "./listing.ts";

/** A member's cover of one enrolment year: the whole year, for one born within it from the day of birth. */
export function coverFor(county: string, householdId: string, member: Member, year: number): Cover {
  return {
    personId: personIdOf(householdId, member.memberNo),
    county,
    householdId,
    fromDay: yearOf(member.bornOn) === year ? member.bornOn : firstDayOf(year),
    toDay: lastDayOf(year),
    category: member.category,
  };
}

/** What is told of a household's members to those who decide on their bills. */
export function personsOf({ householdId, members, former }: Household): CoveredPerson[] {
  return [...members, ...former].map(({ memberNo, sex, bornOn }) => ({ personId: personIdOf(householdId, memberNo), sex, bornOn }));
}

export function isCovered(cover: Cover, day: string): boolean {
  return cover.fromDay <= day && day <= cover.toDay;
}

export interface Eligibility {
  readonly covered: boolean;
  /** The cover of that day, or the newest one where there is none of that day. */
  readonly cover: Cover | undefined;
  readonly maskedName: string;
}

/** Whether a person of the household is covered on a day; undefined where the household has no such person. */
export function eligibilityOf(household: Household, personId: string, day: string): Eligibility | undefined {
  const member = memberOf(household, personId);
  if (!member) return undefined;
  const covers = coversOf(household, personId);
  const ofDay = covers.find((cover) => isCovered(cover, day));
  return { covered: ofDay !== undefined, cover: ofDay ?? covers.at(-1), maskedName: masked(member.name) };
}

/** The first character and an asterisk for each other one, at least one: 马**. */
export function masked(name: string): string {
  const [first = "", ...others] = [...name];
  return first + "*".repeat(Math.max(1, others.length));
}
