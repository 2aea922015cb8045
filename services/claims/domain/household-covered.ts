/** Enrollment's word on a household: whom it covers, where and when. A state: the newest version wins, an older one changes nothing. */
import type { Decision } from "../../values/decision.ts";
import { covers, type Stretch } from "./documents.ts";

export interface HouseholdInput {
  readonly householdId: string;
  readonly county: string;
  readonly version: number;
  readonly covers: readonly { readonly personId: string; readonly stretch: Stretch }[];
}

export const householdCovered: Decision<HouseholdInput, void> = {
  needs: (household) => household.covers.map(({ personId }) => covers.key(personId)),
  decide(household, state, change) {
    const { householdId, county, version: householdVersion } = household;
    change.about(householdId);
    for (const [personId, stretches] of stretchesByPerson(household)) {
      const key = covers.key(personId);
      const known = state.get(key);
      if (known && known.householdVersion >= householdVersion) continue;
      change.put(key, { county, householdId, householdVersion, stretches });
    }
  },
};

function stretchesByPerson(household: HouseholdInput): ReadonlyMap<string, readonly Stretch[]> {
  const persons = new Map<string, Stretch[]>();
  for (const { personId, stretch } of household.covers) {
    const stretches = persons.get(personId);
    if (stretches) stretches.push(stretch);
    else persons.set(personId, [stretch]);
  }
  return persons;
}
