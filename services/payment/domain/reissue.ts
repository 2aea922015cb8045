/**
 * Pays a declined, rejected or returned order again, to a corrected account: a new order in a batch of its own, which the checker must approve like any other.
 * The old order is replaced, so that each payable has exactly one order that counts.
 */
import type { BankAccount } from "../../values/account.ts";
import { bankField, bankOfCounty, type CountyBanks } from "../../values/banks.ts";
import type { Decision } from "../../values/decision.ts";
import { PROVINCE } from "../../values/region.ts";
import { batchCounter, batchIdOf, endToEndIdOf, FIRST_SERIAL, MAX_ATTEMPT, orderIdOf, proposedBatch, putBatch } from "./batch.ts";
import { batches, dues, type Order, orders, TO_REISSUE } from "./documents.ts";
import type { PaymentEvents } from "./events.ts";
import { refuse } from "./refusals.ts";

export interface Reissue {
  readonly orderId: string;
  readonly account: BankAccount;
  readonly countyBanks: CountyBanks;
}

export const reissue: Decision<Reissue, Order, PaymentEvents> = {
  needs(input, loaded, context) {
    const key = orders.key(input.orderId);
    const serial = loaded.get(batchCounter)?.next ?? FIRST_SERIAL;
    const payables = loaded.get(key)?.payables ?? [];
    return [
      key,
      batchCounter,
      orders.key(orderIdOf(context.day, serial, 0)),
      batches.key(batchIdOf(context.day, serial)),
      ...payables.map((payable) => dues.key(payable.payableId)),
    ];
  },
  decide(input, state, change, context) {
    const old = state.get(orders.key(input.orderId));
    if (!old) return refuse("UNKNOWN_ORDER", { field: "order_id", order: input.orderId });
    const no = (why: string) => refuse("NOT_RETURNED", { field: "order_id", order: old.orderId, why });
    if (!TO_REISSUE.includes(old.state)) return no(old.state);
    if (old.contradiction !== "") return no(`the bank contradicted itself: ${old.contradiction}`);
    if (old.attempt >= MAX_ATTEMPT) return no(`attempt ${old.attempt} was the last`);
    const serial = state.get(batchCounter)?.next ?? FIRST_SERIAL;
    const orderId = orderIdOf(context.day, serial, 0);
    const batchId = batchIdOf(context.day, serial);
    const { bank: _, ...kept } = old;
    // Where the county's money is now.
    const bank = bankOfCounty(old.county, input.countyBanks);
    const fresh: Order = {
      ...kept,
      ...bankField(bank),
      orderId,
      batchId,
      account: input.account,
      attempt: old.attempt + 1,
      endToEndId: endToEndIdOf(orderId, old.attempt + 1),
      state: "OPEN",
      reason: "",
      replaces: old.orderId,
      settledOn: "",
      returnedOn: "",
    };
    change.put(orders.key(old.orderId), { ...old, state: "REPLACED", replacedBy: orderId });
    change.put(orders.key(orderId), fresh);
    for (const { payableId } of old.payables) {
      const due = state.must(dues.key(payableId));
      change.put(dues.key(payableId), { ...due, orderId });
    }
    change.put(batchCounter, { county: PROVINCE, next: serial + 1 });
    putBatch(change, undefined, proposedBatch({ batchId, serial, maker: context.caller.name, bank }, [fresh], context));
    change.about(batchId);
    change.about(old.batchId);
    return fresh;
  },
};
