/**
 * Ends the cover of somebody who stays in the household (insured elsewhere; who dies or leaves: `departure.ts`). Covers of later years fall away with it. A cover is ended once:
 * bills have been paid on the strength of what was entered.
 */
import { yearOf } from "../../values/days.ts";
import type { Decision, Loaded } from "../../values/decision.ts";
import { isRefusal } from "../../values/outcome.ts";
import { isCovered } from "./covers.ts";
import { type Cover, coversOf, type Household, householdIdOf, households, identities, type Member, memberOf } from "./documents.ts";
import type { EnrollmentEvents } from "./events.ts";
import { changeKeys, keep } from "./household-change.ts";
import { refuse } from "./refusals.ts";
import { tallyKeys } from "./tally.ts";

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
    if (!found) return [household];
    const { householdId } = found.household;
    return [
      household,
      identities.key(found.member.identityNumber),
      ...changeKeys(found.household, householdId),
      ...tallyKeys(found.household, yearOf(input.lastDay)),
    ];
  },
  decide(input, state, change, context) {
    const { county, personId, lastDay, reason } = input;
    const found = personOf(input, state);
    if (!found) return refuse("UNKNOWN_PERSON", { field: "person_id", person: personId });
    const { household, member } = found;
    if (member.left) return refuse("COVER_ALREADY_ENDED", { field: "person_id", day: member.left.lastDay });
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
    const endings = [...household.endings, { personId, lastDay, reason, enteredOn: context.day }];
    const happened = { kind: "COVER_ENDED", cause: reason, personId, other: "", day: lastDay, evidence: "" } as const;
    const kept = keep(household, { ...household, covers: standing, endings }, happened, state, change, context);
    if (isRefusal(kept)) return kept;
    const number = identities.key(member.identityNumber);
    if (state.get(number)?.personId === personId) change.put(number, { county, personId, toDay: lastDay });
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
