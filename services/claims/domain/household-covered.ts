/** Enrollment's word on a household: whom it covers, where and when, and so how many in each year. A state: the newest version wins, an older one changes nothing. */

import { yearOf } from "../../values/days.ts";
import type { Decision } from "../../values/decision.ts";
import { findLosses, lossKeys } from "./cover-loss.ts";
import { type Cover, covers, households, type Stretch } from "./documents.ts";
import type { ClaimsEvents } from "./events.ts";

export interface HouseholdInput {
  readonly householdId: string;
  readonly county: string;
  readonly version: number;
  readonly covers: readonly { readonly personId: string; readonly stretch: Stretch; readonly person?: Cover["person"] }[];
}

export const householdCovered: Decision<HouseholdInput, void, ClaimsEvents> = {
  needs: (household, loaded) => [
    households.key(household.householdId),
    ...[...stretchesByPerson(household)].flatMap(([personId, stretches]) => {
      const key = covers.key(personId);
      return [key, ...lossKeys(personId, loaded.get(key), stretches, loaded)];
    }),
  ],
  decide(household, state, change, context) {
    const { householdId, county, version: householdVersion } = household;
    change.about(householdId);
    for (const [personId, stretches] of stretchesByPerson(household)) {
      const key = covers.key(personId);
      const known = state.get(key);
      if (known && known.householdVersion >= householdVersion) continue;
      findLosses(personId, known, stretches, state, change, context);
      const person = told(household, personId);
      change.put(key, { county, householdId, householdVersion, stretches, ...(person ? { person } : {}) });
    }
    const stored = state.get(households.key(householdId));
    if (stored && stored.householdVersion >= householdVersion) return;
    change.put(households.key(householdId), { county, householdVersion, heads: headsOf(household), takenFen: stored?.takenFen ?? 0n });
  },
};

function told({ covers: all }: HouseholdInput, personId: string): Cover["person"] {
  return all.find((one) => one.personId === personId && one.person)?.person;
}

/** A person who is covered in a year counts in it once, however often the cover began; one whose cover ended before it began is not. */
function headsOf({ covers: told }: HouseholdInput): Record<string, number> {
  const heads: Record<string, number> = {};
  const standing = told.filter(({ stretch }) => stretch.fromDay <= stretch.toDay);
  for (const entry of new Set(standing.map(({ personId, stretch }) => `${yearOf(stretch.fromDay)}/${personId}`))) {
    const [year = ""] = entry.split("/");
    heads[year] = (heads[year] ?? 0) + 1;
  }
  return heads;
}

function stretchesByPerson(household: HouseholdInput): ReadonlyMap<string, readonly Stretch[]> {
  const persons = new Map<string, Stretch[]>();
  for (const { personId, stretch } of household.covers) {
    const stretches = persons.get(personId);
    if (stretches) stretches.push(stretch);
    else persons.set(personId, [stretch]);
  }
  return persons;
}
