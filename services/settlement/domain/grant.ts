/** SecondCompensationGranted (二次补偿): one entry for the page, Dr 5001-SECOND, Cr PAYABLE-HOUSEHOLD, and a payable for each share, due to the household as its floor allows. */
import type { Decision, Loaded } from "../../values/decision.ts";
import { sum } from "../../values/money.ts";
import { unavailable } from "../../values/outcome.ts";
import { benefitsOf, PAYABLE_HOUSEHOLD } from "./chart.ts";
import { books, entries, type Line, payables } from "./documents.ts";
import type { SettlementEvents } from "./events.ts";
import { bookedYear } from "./nominal.ts";
import { promise } from "./payables.ts";
import { newLines, post, postingKeys } from "./posting.ts";

export interface GrantInput {
  /** second/<county>/<year>/page/<n>; the entry's id as well. */
  readonly grantId: string;
  readonly county: string;
  readonly grantedOn: string;
  readonly shares: readonly {
    readonly payableId: string;
    readonly claimId: string;
    readonly householdId: string;
    readonly shareFen: bigint;
  }[];
}

function linesOf({ county, grantedOn, shares }: GrantInput, documents: Loaded): readonly Line[] {
  const lines = newLines();
  const fen = sum(shares.map(({ shareFen }) => shareFen));
  lines.debit(county, benefitsOf("SECOND", bookedYear(documents.get(books.key(county)), grantedOn)), fen);
  lines.credit(county, PAYABLE_HOUSEHOLD, fen);
  return lines.all();
}

export const grant: Decision<GrantInput, { posted: boolean }, SettlementEvents> = {
  needs: (input, loaded) => [
    books.key(input.county),
    ...postingKeys(input.grantId, input.grantedOn, linesOf(input, loaded)),
    ...input.shares.map(({ payableId }) => payables.key(payableId)),
  ],
  decide(input, state, change, context) {
    const { grantId, county, grantedOn: day, shares } = input;
    change.about(grantId);
    for (const { claimId } of shares) change.about(claimId);
    if (state.get(entries.key(grantId))) return { posted: false };
    if (!state.get(books.key(county))) return unavailable(`county ${county} is not known yet`);
    post(state, change, context, { id: grantId, county, day, about: grantId, lines: linesOf(input, state) });
    // The payable is the household's, not the claim's: what the bank says of it changes no claim.
    for (const { payableId, householdId, shareFen } of shares)
      promise(state, change, { payableId, county, amountFen: shareFen, payee: householdId, claimId: "", day });
    return { posted: true };
  },
};
