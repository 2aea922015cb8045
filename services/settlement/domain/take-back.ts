/**
 * PaymentsReturned: money that went came back. The entry undoes the payment's, and the payables are due again: payment keeps the order for a corrected
 * account, so PayableDue is not told again. What was paid twice comes back first, and the payable stays paid.
 */
import type { Decision } from "../../values/decision.ts";
import { assert, unavailable } from "../../values/outcome.ts";
import { addPayment, assertSum, type BankInput, bankKeys } from "./bank.ts";
import { books, entries, payables } from "./documents.ts";
import type { SettlementEvents } from "./events.ts";
import { withDue } from "./payables.ts";
import { newLines, post, reversed } from "./posting.ts";
import { markTransfer, readTransfer } from "./windows.ts";

function entryIdOf(input: BankInput): string {
  return `returned/${input.id}`;
}

export const takeBack: Decision<BankInput, { returned: number }, SettlementEvents> = {
  needs: (input, loaded, { day }) => bankKeys(entryIdOf(input), day, input, loaded),
  decide(input, state, change, context) {
    const { county, batchId } = input;
    const entryId = entryIdOf(input);
    change.about(batchId);
    for (const { claimId } of input.payables) if (claimId !== "") change.about(claimId);
    if (state.get(entries.key(entryId))) return { returned: 0 };
    assertSum(input);
    const lines = newLines();
    for (const { payableId, amountFen } of input.payables) {
      const key = payables.key(payableId);
      const payable = state.get(key);
      if (payable?.state !== "PAID") return unavailable(`the payment of ${payableId} is not posted yet`);
      assert(payable.county === county, `${payableId} is ${payable.county}'s, not ${county}'s`);
      assert(payable.amountFen === amountFen, `${payableId} is ${payable.amountFen} fen, ${amountFen} came back`);
      const surplus = payable.surplusFen > 0n;
      addPayment(lines, county, payableId, amountFen, surplus);
      if (surplus) {
        change.put(key, { ...payable, surplusFen: payable.surplusFen - amountFen });
        continue;
      }
      change.put(key, { ...payable, state: "DUE", paidBy: "" });
      change.put(books.key(county), withDue(state.must(books.key(county)), amountFen));
      const transfer = readTransfer(payableId);
      if (transfer) markTransfer(state, change, transfer, false);
    }
    const parts = input.payables.map(({ payableId, amountFen }) => ({ payableId, fen: amountFen }));
    const about = { county, about: batchId, bank: input.bank };
    post(state, change, context, { id: entryId, ...about, day: context.day, lines: reversed(lines.all()), payables: parts });
    return { returned: input.payables.length };
  },
};
