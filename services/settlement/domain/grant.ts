/** SecondCompensationGranted (二次补偿): one entry for the page, Dr 5001, Cr PAYABLE-HOUSEHOLD, and a payable for each share, due to the household as its floor allows. */
import type { Decision } from "../../values/decision.ts";
import { sum } from "../../values/money.ts";
import { unavailable } from "../../values/outcome.ts";
import { BENEFITS, PAYABLE_HOUSEHOLD } from "./chart.ts";
import { books, entries, type Line, payables } from "./documents.ts";
import type { SettlementEvents } from "./events.ts";
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

function linesOf({ county, shares }: GrantInput): readonly Line[] {
  const lines = newLines();
  const fen = sum(shares.map(({ shareFen }) => shareFen));
  lines.debit(county, BENEFITS, fen);
  lines.credit(county, PAYABLE_HOUSEHOLD, fen);
  return lines.all();
}

export const grant: Decision<GrantInput, { posted: boolean }, SettlementEvents> = {
  needs: (input) => [
    books.key(input.county),
    ...postingKeys(input.grantId, linesOf(input)),
    ...input.shares.map(({ payableId }) => payables.key(payableId)),
  ],
  decide(input, state, change, context) {
    const { grantId, county, grantedOn: day, shares } = input;
    change.about(grantId);
    for (const { claimId } of shares) change.about(claimId);
    if (state.get(entries.key(grantId))) return { posted: false };
    if (!state.get(books.key(county))) return unavailable(`county ${county} is not known yet`);
    post(state, change, context, { id: grantId, county, day, about: grantId, lines: linesOf(input) });
    // The payable is the household's, not the claim's: what the bank says of it changes no claim.
    for (const { payableId, householdId, shareFen } of shares)
      promise(state, change, { payableId, county, amountFen: shareFen, payee: householdId, claimId: "", day });
    return { posted: true };
  },
};
