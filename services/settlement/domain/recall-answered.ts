/**
 * RecallAnswered: payment has withdrawn a payable whose claim was taken back, before anything was sent: then neither owes the other anything any more. Or it was too late: then the
 * institution owes it, and its next promise is less by it.
 */
import type { Decision } from "../../values/decision.ts";
import { assert, unavailable } from "../../values/outcome.ts";
import { owedIn } from "./bank.ts";
import { currentAccount } from "./chart.ts";
import { withDebt } from "./debts.ts";
import { books, type Line, type Payable, payables } from "./documents.ts";
import type { SettlementEvents } from "./events.ts";
import { withoutDue } from "./payables.ts";
import { newLines, post, postingKeys } from "./posting.ts";

export interface RecallAnswer {
  readonly payableId: string;
  readonly withdrawn: boolean;
}

function entryIdOf(payableId: string): string {
  return `recall/${payableId}`;
}

function linesOf({ county, payableId, payee, amountFen }: Payable): readonly Line[] {
  const lines = newLines();
  lines.debit(county, owedIn(payableId), amountFen);
  lines.credit(county, currentAccount(payee), amountFen);
  return lines.all();
}

export const recallAnswered: Decision<RecallAnswer, { posted: boolean }, SettlementEvents> = {
  needs({ payableId }, loaded, { day }) {
    const key = payables.key(payableId);
    const payable = loaded.get(key);
    return payable ? [key, books.key(payable.county), ...postingKeys(entryIdOf(payableId), day, linesOf(payable))] : [key];
  },
  decide({ payableId, withdrawn }, state, change, context) {
    const key = payables.key(payableId);
    const payable = state.get(key);
    if (!payable) return unavailable(`${payableId} is not posted yet`);
    change.about(payable.claimId);
    if (payable.recall !== "ASKED") return { posted: false };
    const { county, payee, amountFen } = payable;
    const book = state.must(books.key(county));
    if (!withdrawn) {
      change.put(key, { ...payable, recall: "LATE" });
      change.put(books.key(county), withDebt(book, payee, amountFen));
      return { posted: false };
    }
    assert(payable.state === "DUE", `${payableId} was withdrawn and is ${payable.state}`);
    const { recall: _, ...rest } = payable;
    change.put(key, { ...rest, state: "CANCELLED" });
    change.put(books.key(county), withoutDue(book, amountFen));
    post(state, change, context, { id: entryIdOf(payableId), county, day: context.day, about: payable.claimId, lines: linesOf(payable) });
    return { posted: true };
  },
};
