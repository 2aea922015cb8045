/** SchemePublished: how a county's income of a year is shared by funds, and which institutions it pays by head. A state: the newest version of the year wins. */
import type { Decision } from "../../values/decision.ts";
import { type CapitationTerms, type Split, splits } from "./documents.ts";
import type { SettlementEvents } from "./events.ts";

export interface KnowSplitInput {
  readonly county: string;
  readonly year: number;
  readonly version: number;
  readonly funds: Split["funds"];
  readonly capitation: readonly CapitationTerms[];
}

export const knowSplit: Decision<KnowSplitInput, { taken: boolean }, SettlementEvents> = {
  needs: ({ county, year }) => [splits.key(county, year)],
  decide({ county, year, version, funds, capitation }, state, change) {
    const key = splits.key(county, year);
    const stored = state.get(key);
    if (stored && stored.schemeVersion >= version) return { taken: false };
    change.put(key, { county, schemeVersion: version, funds, ...(capitation.length > 0 ? { capitation } : {}) });
    return { taken: true };
  },
};
