/** Sets what part of its promises a county withholds from one of its institutions. It holds from the next promise on; those before keep the rate of their day. */
import type { Decision } from "../../values/decision.ts";
import { askOwner } from "../../values/outcome.ts";
import { books, type Withholding, withholdings } from "./documents.ts";
import type { SettlementEvents } from "./events.ts";
import { withoutBook } from "./know-county.ts";
import { refuse } from "./refusals.ts";

/** A fifth: more would be a loan that the institution gives the fund. */
export const MOST_WITHHELD_BP = 2_000n;

export interface SetWithheldInput {
  readonly county: string;
  readonly institutionId: string;
  readonly withheldBp: bigint;
  /** What administration says, where something is not known here. */
  readonly countyKnown?: boolean;
  readonly institutionKnown?: boolean;
}

export const setWithheld: Decision<SetWithheldInput, Withholding, SettlementEvents> = {
  needs: ({ county, institutionId }) => [books.key(county), withholdings.key(institutionId)],
  decide(input, state, change) {
    const { county, institutionId, withheldBp, institutionKnown } = input;
    change.about(institutionId);
    if (!state.get(books.key(county))) return withoutBook(input);
    const key = withholdings.key(institutionId);
    const stored = state.get(key);
    if (!stored && institutionKnown === undefined) return askOwner();
    if (stored ? stored.county !== county : !institutionKnown)
      return refuse("UNKNOWN_INSTITUTION", { field: "institution_id", county, institution: institutionId });
    const after: Withholding = { ...(stored ?? { county, institutionId, round: 1, assessedPeriod: "" }), withheldBp };
    if (stored?.withheldBp !== withheldBp) change.put(key, after);
    return after;
  },
};
