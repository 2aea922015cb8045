/** Settlement's word on a county's prefund. A state: the newest version wins. */
import type { Decision } from "../../values/decision.ts";
import { type HeardPrefund, prefunds } from "./documents.ts";

export interface PrefundInput {
  readonly county: string;
  readonly state: HeardPrefund["state"];
  readonly version: number;
}

export const prefundChanged: Decision<PrefundInput, void> = {
  needs: ({ county }) => [prefunds.key(county)],
  decide({ county, state: prefund, version: prefundVersion }, state, change) {
    const key = prefunds.key(county);
    const known = state.get(key);
    if (known && known.prefundVersion >= prefundVersion) return;
    change.put(key, { county, state: prefund, prefundVersion });
  },
};
