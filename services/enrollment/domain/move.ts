/** Moves within a county: a member to another household, or to a new one; a household to another village; and a household's new head (户主变更). */
import { addDays, daysBetween, yearOf } from "../../values/days.ts";
import type { Decision } from "../../values/decision.ts";
import { badRequest, isRefusal, type Refusal } from "../../values/outcome.ts";
import {
  type Cover,
  coversOf,
  type Departure,
  type Household,
  householdIdOf,
  households,
  identities,
  type Member,
  memberOf,
  tallyKey,
} from "./documents.ts";
import type { EnrollmentEvents } from "./events.ts";
import { BACKDATE_DAYS, byNumber, changeKeys, keep, numberFault, withCovers, withHead, without } from "./household-change.ts";
import { badPlace } from "./listing.ts";
import { refuse } from "./refusals.ts";
import { isEmpty, placeIn, tallyKeys } from "./tally.ts";

export interface MoveMemberInput {
  readonly county: string;
  readonly personId: string;
  readonly toHouseholdId: string;
  readonly toMemberNo: string;
  readonly fromDay: string;
  readonly newHeadNo: string;
  /** Both empty where the household is there. */
  readonly township: string;
  readonly village: string;
  readonly evidence: string;
}

export interface Moved {
  readonly personId: string;
  readonly covers: readonly Cover[];
}

/** Not in the future, and not further back than anybody may be said to have left. */
function dayFault(field: string, day: string, today: string): Refusal | undefined {
  if (day > today) return badRequest(field, "不得晚于今天", "must not be in the future");
  return daysBetween(day, today) > BACKDATE_DAYS ? refuse("BACKDATED", { field, days: BACKDATE_DAYS }) : undefined;
}

export const moveMember: Decision<MoveMemberInput, Moved, EnrollmentEvents> = {
  needs({ personId, toHouseholdId, fromDay, township, village }, loaded) {
    const fromKey = households.key(householdIdOf(personId));
    const toKey = households.key(toHouseholdId);
    const from = loaded.get(fromKey);
    const member = from && memberOf(from, personId);
    if (!from || !member) return [fromKey, toKey];
    const to = loaded.get(toKey);
    const years = [...new Set(coversOf(from, personId).map((cover) => yearOf(cover.fromDay)))];
    const place = to ? undefined : { township, village };
    return [
      fromKey,
      toKey,
      identities.key(member.identityNumber),
      ...changeKeys(from, from.householdId),
      ...changeKeys(to, toHouseholdId),
      ...tallyKeys(from, yearOf(fromDay)),
      ...tallyKeys(to, 0),
      ...years.map((year) => tallyKey(from.county, year, to ? placeIn(to, year) : (place ?? from))),
    ];
  },
  decide(input, state, change, context) {
    const { county, personId, toHouseholdId, toMemberNo, fromDay, newHeadNo, evidence } = input;
    const from = state.get(households.key(householdIdOf(personId)));
    const member = from?.county === county ? memberOf(from, personId) : undefined;
    if (!from || !member) return refuse("UNKNOWN_PERSON", { field: "person_id", person: personId });
    if (!from.members.includes(member)) return refuse("ALREADY_LEFT", { field: "person_id", day: member.left?.lastDay ?? "" });
    const wrong = dayFault("from_day", fromDay, context.day);
    if (wrong) return wrong;
    if (fromDay <= member.bornOn) return badRequest("from_day", "须晚于出生日期", "must be after the day of birth");
    const to = goal(input, from, state.get(households.key(toHouseholdId)));
    if (isRefusal(to)) return to;
    const arriving: Member = { ...member, memberNo: toMemberNo, head: to.members.length === 0, movedFrom: personId };
    const taken = numberFault(to, arriving, "to_member_no");
    if (taken) return taken;
    const lastDay = addDays(fromDay, -1);
    const left: Departure = { cause: "MOVED", lastDay, enteredOn: context.day, toPersonId: toHouseholdId + toMemberNo };
    const remaining = without(from, member, left, newHeadNo);
    if (isRefusal(remaining)) return remaining;
    const covers = goingAlong(coversOf(from, personId), left, toHouseholdId);
    const out = { kind: "MOVED_OUT", cause: "MOVED", personId, other: left.toPersonId, day: lastDay, evidence } as const;
    const kept = keep(from, remaining, out, state, change, context);
    if (isRefusal(kept)) return kept;
    const joined: Household = {
      ...to,
      members: byNumber([...to.members, arriving]),
      former: to.former.filter(({ memberNo }) => memberNo !== toMemberNo),
      covers: covers.length > 0 ? withCovers(to.covers, covers) : to.covers,
    };
    const arrived = { kind: "MOVED_IN", cause: "MOVED", personId: left.toPersonId, other: personId, day: fromDay, evidence } as const;
    const there = keep(state.get(households.key(toHouseholdId)), joined, arrived, state, change, context);
    if (isRefusal(there)) return there;
    const key = identities.key(member.identityNumber);
    const identity = state.get(key);
    if (identity?.personId === personId) change.put(key, { ...identity, personId: left.toPersonId });
    change.about(personId);
    change.about(left.toPersonId);
    return { personId: left.toPersonId, covers };
  },
};

/** Where the member goes: a household that is there, or one that begins. */
function goal(input: MoveMemberInput, from: Household, stored: Household | undefined): Household | Refusal {
  const { county, toHouseholdId, township, village } = input;
  const founded = township !== "" || village !== "";
  if (toHouseholdId === from.householdId) return badRequest("to_household_id", "与现所在户相同", "is the household where the member is");
  if (stored && (stored.county !== county || stored.members.length === 0))
    return refuse("UNKNOWN_HOUSEHOLD", { field: "to_household_id", household: toHouseholdId });
  if (stored && founded)
    return refuse("HOUSEHOLD_EXISTS", { field: "to_household_id", year: stored.year, zh: "户号已用", en: "the id is in use" });
  if (stored) return stored;
  if (!founded) return refuse("UNKNOWN_HOUSEHOLD", { field: "to_household_id", household: toHouseholdId });
  const fault = badPlace("township", township) ?? badPlace("village", village);
  if (fault) return fault;
  const { year, contributionFenPerHead } = from;
  return {
    county,
    householdId: toHouseholdId,
    township,
    village,
    year,
    contributionFenPerHead,
    members: [],
    former: [],
    covers: [],
    endings: [],
    revision: 0,
  };
}

/** What is left of a person's covers after the last day, as it goes on in another household. */
function goingAlong(covers: readonly Cover[], { lastDay, toPersonId }: Departure, householdId: string): Cover[] {
  return covers
    .filter((cover) => cover.toDay > lastDay && !isEmpty(cover))
    .map((cover) => {
      const { moved, ...rest } = cover;
      const split = cover.fromDay <= lastDay;
      const flag = split || moved ? ({ moved: true } as const) : {};
      return { ...rest, ...flag, personId: toPersonId, householdId, fromDay: split ? addDays(lastDay, 1) : cover.fromDay };
    });
}

export interface MoveHouseholdInput {
  readonly county: string;
  readonly householdId: string;
  readonly township: string;
  readonly village: string;
  readonly day: string;
  readonly evidence: string;
}

/** Replies with the household as it then is; where it is already, nothing changes. */
export const moveHousehold: Decision<MoveHouseholdInput, Household, EnrollmentEvents> = {
  needs({ county, householdId, day, township, village }, loaded) {
    const key = households.key(householdId);
    const household = loaded.get(key);
    if (!household) return [key];
    const fromYear = yearOf(day);
    const years = new Set(household.covers.map((cover) => yearOf(cover.fromDay)));
    const there = [...years].map((year) => tallyKey(county, year, { township, village }));
    return [key, ...changeKeys(household, householdId), ...tallyKeys(household, fromYear), ...there];
  },
  decide({ county, householdId, township, village, day, evidence }, state, change, context) {
    const household = state.get(households.key(householdId));
    if (household?.county !== county || household.members.length === 0)
      return refuse("UNKNOWN_HOUSEHOLD", { field: "household_id", household: householdId });
    const wrong = badPlace("township", township) ?? badPlace("village", village) ?? dayFault("day", day, context.day);
    if (wrong) return wrong;
    if (household.township === township && household.village === village) return household;
    const after = movedTo(household, { township, village }, yearOf(day));
    const other = `${household.township} ${household.village}`;
    const happened = { kind: "MOVED_HOUSE", cause: "", personId: "", other, day, evidence } as const;
    return keep(household, after, happened, state, change, context);
  },
};

/** The household at another place from a year on; it goes on counting at the former ones in the years before. */
export function movedTo(household: Household, place: { readonly township: string; readonly village: string }, fromYear: number): Household {
  const { township, village, places = [] } = household;
  if (township === place.township && village === place.village) return household;
  const known = places.filter(({ untilYear }) => untilYear < fromYear - 1);
  const last = places.find(({ untilYear }) => untilYear >= fromYear - 1);
  const until = { untilYear: fromYear - 1, township: last?.township ?? township, village: last?.village ?? village };
  return { ...household, ...place, places: [...known, until] };
}

export interface ChangeHeadInput {
  readonly county: string;
  readonly householdId: string;
  readonly headNo: string;
  readonly evidence: string;
}

/** Replies with the household as it then is; who is the head already changes nothing. */
export const changeHead: Decision<ChangeHeadInput, Household, EnrollmentEvents> = {
  needs({ householdId }, loaded) {
    const key = households.key(householdId);
    const household = loaded.get(key);
    return household ? [key, ...changeKeys(household, householdId), ...tallyKeys(household, 0)] : [key];
  },
  decide({ county, householdId, headNo, evidence }, state, change, context) {
    const household = state.get(households.key(householdId));
    if (household?.county !== county || household.members.length === 0)
      return refuse("UNKNOWN_HOUSEHOLD", { field: "household_id", household: householdId });
    const head = household.members.find((member) => member.head);
    if (head?.memberNo === headNo) return household;
    const members = withHead(household.members, headNo, "head_no");
    if (isRefusal(members)) return members;
    const personId = householdId + (head?.memberNo ?? "");
    const happened = { kind: "HEAD", cause: "", personId, other: householdId + headNo, day: context.day, evidence } as const;
    return keep(household, { ...household, members }, happened, state, change, context);
  },
};
