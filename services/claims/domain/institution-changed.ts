/** Administration's word on an institution. A state: the newest version wins. */

import type { Level } from "../../benefit/words.ts";
import type { Decision } from "../../values/decision.ts";
import { institutions } from "./documents.ts";

export interface InstitutionInput {
  readonly institutionId: string;
  readonly county: string;
  readonly level: Level;
  readonly version: number;
}

export const institutionChanged: Decision<InstitutionInput, void> = {
  needs: ({ institutionId }) => [institutions.key(institutionId)],
  decide({ institutionId, county, level, version: institutionVersion }, state, change) {
    const key = institutions.key(institutionId);
    const known = state.get(key);
    if (known && known.institutionVersion >= institutionVersion) return;
    change.put(key, { county, institutionId, level, institutionVersion });
  },
};
