/**
 * Ends a person's cover after its last day (迁出, 死亡). Covers of later years fall away with it. A cover is ended once:
 * bills have been paid on the strength of what was entered.
 */
import type { Decision, Loaded } from "../../values/decision.ts";
import { isCovered, personsOf } from "./covers.ts";
import { type Cover, coversOf, type Household, householdIdOf, households, identities, type Member, memberOf } from "./documents.ts";
import type { EnrollmentEvents } from "./events.ts";
import { refuse } from "./refusals.ts";

export interface EndCoverInput {
  readonly county: string;
  readonly personId: string;
  readonly lastDay: string;
  readonly reason: string;
}

/** Replies with the cover as it now stands. Refuses UNKNOWN_PERSON, COVER_ALREADY_ENDED, DAY_OUTSIDE_COVER. */
export const endCover: Decision<EndCoverInput, Cover, EnrollmentEvents> = {
  needs(input, loaded) {
    const found = personOf(input, loaded);
    const household = households.key(householdIdOf(input.personId));
    return found ? [household, identities.key(found.member.identityNumber)] : [household];
  },
  decide(input, state, change, context) {
    const { county, personId, lastDay, reason } = input;
    const found = personOf(input, state);
    if (!found) return refuse("UNKNOWN_PERSON", { field: "person_id", person: personId });
    const { household, member } = found;
    const covers = coversOf(household, personId);
    const newest = covers.at(-1);
    if (newest && household.endings.some((ending) => ending.personId === personId && ending.lastDay === newest.toDay))
      return refuse("COVER_ALREADY_ENDED", { field: "person_id", day: newest.toDay });
    const cover = covers.find((one) => isCovered(one, lastDay));
    if (!cover) return refuse("DAY_OUTSIDE_COVER", { field: "last_day", day: lastDay });
    const ended: Cover = { ...cover, toDay: lastDay };
    const standing = household.covers
      .filter((one) => one.personId !== personId || one.fromDay <= lastDay)
      .map((one) => (one === cover ? ended : one));
    const revision = household.revision + 1;
    const endings = [...household.endings, { personId, lastDay, reason, enteredOn: context.day }];
    change.put(households.key(household.householdId), { ...household, covers: standing, endings, revision });
    const number = identities.key(member.identityNumber);
    if (state.get(number)?.personId === personId) change.put(number, { county, personId, toDay: lastDay });
    const told = { householdId: household.householdId, county, version: BigInt(revision), covers: standing, persons: personsOf(household) };
    change.tell("HouseholdCovered", county, told);
    change.about(personId);
    return ended;
  },
};

/** Another county's person is unknown here. */
function personOf(input: EndCoverInput, loaded: Loaded): { household: Household; member: Member } | undefined {
  const household = loaded.get(households.key(householdIdOf(input.personId)));
  if (!household || household.county !== input.county) return undefined;
  const member = memberOf(household, input.personId);
  return member && { household, member };
}
