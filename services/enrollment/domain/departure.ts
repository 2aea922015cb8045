/**
 * A member leaves for good (死亡, 婚出, 迁出, 转入其他保险). The cover ends with the last day; a death is told whenever it is known, the rest 30 days back at most:
 * cover that was relied on is not taken away at will. What was paid on later days, claims finds and gives to the county's reviewers.
 */
import { daysBetween } from "../../values/days.ts";
import type { Change, Context, Decision, Key, Loaded, State } from "../../values/decision.ts";
import { badRequest, isRefusal, type Refusal } from "../../values/outcome.ts";
import { isCovered } from "./covers.ts";
import {
  type Cover,
  coversOf,
  type Departure,
  type Household,
  householdIdOf,
  households,
  identities,
  type LeaveCause,
  type Member,
  memberOf,
} from "./documents.ts";
import type { EnrollmentEvents } from "./events.ts";
import { BACKDATE_DAYS, changeKeys, cutAfter, keep, without } from "./household-change.ts";
import { refuse } from "./refusals.ts";
import { tallyKeys } from "./tally.ts";

export interface DepartureInput {
  readonly county: string;
  readonly personId: string;
  readonly cause: LeaveCause;
  readonly lastDay: string;
  readonly newHeadNo: string;
  readonly evidence: string;
}

export interface Departed {
  readonly cover: Cover | undefined;
  readonly lateDays: number;
  readonly dissolved: boolean;
}

/** Moves that are followed back from where a person died: each at the price of one more round of reads. */
const MAX_MOVES = 3;

export const recordDeparture: Decision<DepartureInput, Departed, EnrollmentEvents> = {
  needs: ({ personId }, loaded) => leavingKeys(personId, loaded),
  decide(input, state, change, context) {
    const { county, personId, cause, lastDay, newHeadNo, evidence } = input;
    const household = state.get(households.key(householdIdOf(personId)));
    const member = household?.county === county ? memberOf(household, personId) : undefined;
    if (!household || !member) return refuse("UNKNOWN_PERSON", { field: "person_id", person: personId });
    if (lastDay > context.day) return badRequest("last_day", "不得晚于今天", "must not be in the future");
    const left: Departure = { cause, lastDay, enteredOn: context.day, toPersonId: "" };
    const after = leave(household, member, left, newHeadNo, evidence, state, change, context);
    if (isRefusal(after)) return after;
    const covers = coversOf(after, personId);
    return {
      cover: covers.find((one) => isCovered(one, lastDay)) ?? covers.at(-1),
      lateDays: Math.max(0, daysBetween(lastDay, context.day)),
      dissolved: after.members.length === 0,
    };
  },
};

/** What `leave` looks at. */
export function leavingKeys(personId: string, loaded: Loaded): Key[] {
  const householdId = householdIdOf(personId);
  const household = loaded.get(households.key(householdId));
  const member = household && memberOf(household, personId);
  if (!household || !member) return [households.key(householdId)];
  const before = earlierOf(householdId, member, loaded);
  return [
    households.key(householdId),
    identities.key(member.identityNumber),
    ...changeKeys(household, householdId),
    ...tallyKeys(household, 0),
    ...before.flatMap((id) => {
      const other = loaded.get(households.key(householdIdOf(id)));
      return [households.key(householdIdOf(id)), ...changeKeys(other, householdIdOf(id)), ...tallyKeys(other, 0)];
    }),
  ];
}

/** Takes a member out. Refuses ALREADY_LEFT, BACKDATED, and what `without` and `keep` refuse. */
export function leave(
  household: Household,
  member: Member,
  left: Departure,
  newHeadNo: string,
  evidence: string,
  state: State,
  change: Change<EnrollmentEvents>,
  context: Context,
): Household | Refusal {
  const { county, householdId } = household;
  const { cause, lastDay } = left;
  const personId = householdId + member.memberNo;
  if (member.left && (cause !== "DIED" || member.left.cause === "DIED" || member.left.cause === "MOVED"))
    return refuse("ALREADY_LEFT", { field: "person_id", day: member.left.lastDay });
  if (lastDay < member.bornOn) return badRequest("last_day", "早于出生日期", "is before the day of birth");
  if (cause !== "DIED" && daysBetween(lastDay, context.day) > BACKDATE_DAYS)
    return refuse("BACKDATED", { field: "last_day", days: BACKDATE_DAYS });
  const without_ = without(household, member, left, newHeadNo);
  if (isRefusal(without_)) return without_;
  const happened = { kind: "LEFT", cause, personId, other: newHeadNo && householdId + newHeadNo, day: lastDay, evidence } as const;
  const after = keep(household, without_, happened, state, change, context);
  if (isRefusal(after)) return after;
  if (cause === "DIED") {
    const fault = endEarlier(householdId, member, lastDay, evidence, state, change, context);
    if (fault) return fault;
  }
  const key = identities.key(member.identityNumber);
  const identity = state.get(key);
  if (identity?.personId === personId) {
    const ended = coversOf(after, personId).at(-1)?.toDay ?? lastDay;
    change.put(key, { county, personId, toDay: ended, ...(cause === "DIED" ? { diedOn: lastDay } : {}) });
  }
  change.about(personId);
  return after;
}

/** Who a person was in the households before, the newest first. */
function earlierOf(householdId: string, member: Member, loaded: Loaded): string[] {
  const ids: string[] = [];
  const seen = new Set([householdId]);
  let from = member.movedFrom;
  while (from !== undefined && ids.length < MAX_MOVES && !seen.has(householdIdOf(from))) {
    ids.push(from);
    seen.add(householdIdOf(from));
    const household = loaded.get(households.key(householdIdOf(from)));
    from = household && memberOf(household, from)?.movedFrom;
  }
  return ids;
}

/** Who died before a move has not moved: the cover that was left behind ends with the death as well. */
function endEarlier(
  householdId: string,
  member: Member,
  lastDay: string,
  evidence: string,
  state: State,
  change: Change<EnrollmentEvents>,
  context: Context,
): Refusal | undefined {
  for (const personId of earlierOf(householdId, member, state)) {
    const household = state.must(households.key(householdIdOf(personId)));
    const covers = cutAfter(household.covers, personId, lastDay);
    if (covers === household.covers) continue;
    const happened = { kind: "COVER_ENDED", cause: "DIED", personId, other: "", day: lastDay, evidence } as const;
    const kept = keep(household, { ...household, covers }, happened, state, change, context);
    if (isRefusal(kept)) return kept;
  }
  return undefined;
}
