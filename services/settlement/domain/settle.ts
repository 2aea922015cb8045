/**
 * PaymentsSettled: the bank has paid these payables of one county. One entry for all of them, with the part of each; every payable is PAID once.
 * The bank's word is a fact and is always posted: what it pays twice stands in 1101 and on the payable (`surplusFen`) until it comes back, so that the bank
 * account stays true and the audit sees it.
 */
import type { Decision } from "../../values/decision.ts";
import { assert, unavailable } from "../../values/outcome.ts";
import { addPayment, assertSum, type BankInput, bankKeys } from "./bank.ts";
import { books, entries, payables } from "./documents.ts";
import type { SettlementEvents } from "./events.ts";
import { withoutDue } from "./payables.ts";
import { newLines, post } from "./posting.ts";
import { markTransfer, readTransfer } from "./windows.ts";

export interface SettleInput extends BankInput {
  readonly settledOn: string;
}

export interface SettleResult {
  /** How many payables it paid; 0 where it was posted before. */
  readonly paid: number;
  /** How many of its payments were of what is paid already. */
  readonly doubled: number;
}

function entryIdOf(input: SettleInput): string {
  return `settled/${input.id}`;
}

export const settle: Decision<SettleInput, SettleResult, SettlementEvents> = {
  needs: (input, loaded) => bankKeys(entryIdOf(input), input.settledOn, input, loaded),
  decide(input, state, change, context) {
    const { county, batchId } = input;
    const entryId = entryIdOf(input);
    change.about(batchId);
    for (const { claimId } of input.payables) if (claimId !== "") change.about(claimId);
    if (state.get(entries.key(entryId))) return { paid: 0, doubled: 0 };
    assertSum(input);
    const lines = newLines();
    let doubled = 0;
    for (const { payableId, amountFen } of input.payables) {
      const key = payables.key(payableId);
      const payable = state.get(key);
      if (!payable) return unavailable(`payable ${payableId} is not there yet`);
      assert(payable.county === county, `${payableId} is ${payable.county}'s, not ${county}'s`);
      assert(payable.state === "DUE" || payable.state === "PAID", `${payableId} is ${payable.state}, and paid`);
      assert(payable.amountFen === amountFen, `${payableId} is ${payable.amountFen} fen, the bank paid ${amountFen}`);
      const surplus = payable.state === "PAID";
      addPayment(lines, county, payableId, amountFen, surplus);
      if (surplus) {
        doubled += 1;
        change.put(key, { ...payable, surplusFen: payable.surplusFen + amountFen });
        continue;
      }
      change.put(key, { ...payable, state: "PAID", paidBy: entryId });
      change.put(books.key(county), withoutDue(state.must(books.key(county)), amountFen));
      const transfer = readTransfer(payableId);
      if (transfer) markTransfer(state, change, transfer, true);
    }
    const parts = input.payables.map(({ payableId, amountFen }) => ({ payableId, fen: amountFen }));
    const { bank, settledOn: day } = input;
    post(state, change, context, { id: entryId, county, day, about: batchId, lines: lines.all(), payables: parts, bank });
    change.tell("PaymentsPosted", county, {
      batchId,
      county,
      payables: input.payables.length,
      amountFen: input.amountFen,
      bankBalanceFen: state.must(books.key(county)).bankFen,
    });
    return { paid: input.payables.length - doubled, doubled };
  },
};
