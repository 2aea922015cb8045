/** Keeps the projection of administration's counties. A state: the newest version wins, an older or equal one has no effect. */
import type { Decision } from "../../values/decision.ts";
import { counties } from "./documents.ts";
import type { EnrollmentEvents } from "./events.ts";

export interface CountyHeard {
  readonly county: string;
  readonly version: bigint;
}

/** Replies whether it was news. */
export const hearCounty: Decision<CountyHeard, boolean, EnrollmentEvents> = {
  needs: ({ county }) => [counties.key(county)],
  decide({ county, version }, state, change) {
    const key = counties.key(county);
    const revision = Number(version);
    if (revision <= (state.get(key)?.revision ?? 0)) return false;
    change.put(key, { county, revision });
    return true;
  },
};
