/** What all changes in a household have in common: who is the head, which covers end, what is kept of it, and whom it is told. */
import { addDays } from "../../values/days.ts";
import type { Change, Context, Key, State } from "../../values/decision.ts";
import { badRequest, isRefusal, type Refusal } from "../../values/outcome.ts";
import { personsOf } from "./covers.ts";
import { type Cover, changes, type Departure, type Household, type HouseholdChange, households, type Member } from "./documents.ts";
import type { EnrollmentEvents } from "./events.ts";
import { refuse } from "./refusals.ts";
import { isEmpty, recount } from "./tally.ts";

/** A household's changes that are kept; so many are no household's. */
const MAX_CHANGES = 500;
/** How far back somebody may be said to have left, except by death. */
export const BACKDATE_DAYS = 30;

export type Happened = Pick<HouseholdChange, "kind" | "cause" | "personId" | "other" | "day" | "evidence">;

/** The key of the change that is next. */
export function changeKeys(household: Household | undefined, householdId: string): Key[] {
  return [changes.key(householdId, (household?.changes ?? 0) + 1)];
}

/** Stores a household as it has become, with what happened, its tallies and, where its covers are others now, the word of them. Refuses TOO_MANY_CHANGES. */
export function keep(
  before: Household | undefined,
  after: Household,
  happened: Happened,
  state: State,
  change: Change<EnrollmentEvents>,
  context: Context,
): Household | Refusal {
  const { county, householdId, covers } = after;
  const number = (before?.changes ?? 0) + 1;
  if (number > MAX_CHANGES) return refuse("TOO_MANY_CHANGES", { household: householdId, most: MAX_CHANGES });
  const fresh = before?.covers !== covers;
  const revision = (before?.revision ?? 0) + (fresh ? 1 : 0);
  const household: Household = { ...after, revision, changes: number, tallied: true };
  change.put(households.key(householdId), household);
  change.put(changes.key(householdId, number), {
    county,
    householdId,
    number,
    ...happened,
    enteredOn: context.day,
    enteredBy: context.caller.name,
  });
  recount(before, household, state, change);
  const told = { householdId, county, version: BigInt(revision), covers: [...covers], persons: personsOf(household) };
  if (fresh) change.tell("HouseholdCovered", county, told);
  change.about(householdId);
  return household;
}

/** The household without a member who has left. Refuses HEAD_WANTED, NOT_A_MEMBER; BAD_REQUEST where a head is named and none is wanted. */
export function without(household: Household, member: Member, left: Departure, newHeadNo: string): Household | Refusal {
  const personId = household.householdId + member.memberNo;
  const others = household.members.filter(({ memberNo }) => memberNo !== member.memberNo);
  const living = household.members.some(({ memberNo }) => memberNo === member.memberNo);
  const wanted = living && member.head && others.length > 0;
  if (!wanted && newHeadNo !== "") return badRequest("new_head_no", "无须指定新户主，须为空", "must be empty: no new head is wanted");
  if (wanted && newHeadNo === "") return refuse("HEAD_WANTED", { field: "new_head_no" });
  const members = wanted ? withHead(others, newHeadNo, "new_head_no") : others;
  if (isRefusal(members)) return members;
  const former = household.former.filter(({ memberNo }) => memberNo !== member.memberNo);
  return {
    ...household,
    members,
    former: [...former, { ...member, head: false, left }],
    covers: cutAfter(household.covers, personId, left.lastDay),
  };
}

/** The members with another head. Refuses NOT_A_MEMBER. */
export function withHead(members: readonly Member[], headNo: string, field: string): readonly Member[] | Refusal {
  if (!members.some(({ memberNo }) => memberNo === headNo)) return refuse("NOT_A_MEMBER", { field, zh: "户主", en: "head" });
  return members.map((member) => ({ ...member, head: member.memberNo === headNo }));
}

/** The covers with a person's cut after a last day. Where none would be left, an empty one says that there is none: nobody would be told otherwise. */
export function cutAfter(covers: readonly Cover[], personId: string, lastDay: string): readonly Cover[] {
  const own = covers.filter((cover) => cover.personId === personId);
  if (own.every(({ toDay }) => toDay <= lastDay)) return covers;
  const [first] = own;
  const none = own.every(({ fromDay }) => fromDay > lastDay);
  return covers.flatMap((cover) => {
    if (cover.personId !== personId) return [cover];
    if (none) return cover === first ? [{ ...cover, toDay: addDays(cover.fromDay, -1) }] : [];
    if (cover.fromDay > lastDay) return [];
    return [cover.toDay > lastDay ? { ...cover, toDay: lastDay } : cover];
  });
}

/** A person's covers with one more, oldest first; an empty one of the same person has said its word. */
export function withCovers(covers: readonly Cover[], added: readonly Cover[]): readonly Cover[] {
  const theirs = new Set(added.map(({ personId }) => personId));
  const standing = covers.filter((cover) => !(theirs.has(cover.personId) && isEmpty(cover)));
  return [...standing, ...added].sort((a, b) => (a.fromDay < b.fromDay ? -1 : a.fromDay > b.fromDay ? 1 : 0));
}

/** Whether the number is that person's, or nobody's, among all whom the household has had. Refuses MEMBER_EXISTS. */
export function numberFault(household: Household | undefined, { memberNo, identityNumber }: Member, field: string): Refusal | undefined {
  const all = household ? [...household.members, ...household.former] : [];
  const other = all.find((one) => (one.memberNo === memberNo) !== (one.identityNumber === identityNumber));
  return other && refuse("MEMBER_EXISTS", { field, number: other.memberNo });
}

/** In the order of their numbers, as they are kept. */
export function byNumber(members: readonly Member[]): readonly Member[] {
  return members.toSorted((a, b) => (a.memberNo < b.memberNo ? -1 : 1));
}
