/** Administration's word on a county: that there is one. A state: the newest version wins. */
import type { Decision } from "../../values/decision.ts";
import { counties } from "./documents.ts";

export interface CountyInput {
  readonly county: string;
  readonly version: number;
}

export const countyChanged: Decision<CountyInput, void> = {
  needs: ({ county }) => [counties.key(county)],
  decide({ county, version: countyVersion }, state, change) {
    const key = counties.key(county);
    const known = state.get(key);
    if (known && known.countyVersion >= countyVersion) return;
    change.put(key, { county, countyVersion });
  },
};
