/**
 * Gathers waiting dues into orders and batches for the checker, each batch of the bank that keeps its counties' money. Who found the dues guarantees nothing: each is looked at again here by its key,
 * so that two finders, or a finder and a person, never order one payable twice.
 */
import { bankField, bankOfCounty, type CountyBanks } from "../../values/banks.ts";
import type { Change, Decision, Key, Loaded } from "../../values/decision.ts";
import { sum } from "../../values/money.ts";
import { assert } from "../../values/outcome.ts";
import { PROVINCE } from "../../values/region.ts";
import { accountKey, isDisproved } from "./accounts.ts";
import { batchCounter, batchIdOf, endToEndIdOf, FIRST_SERIAL, orderIdOf, proposedBatch, putBatch, viewOf } from "./batch.ts";
import { batches, type Due, dues, type Order, orders, type Payee, payees, type Schedule } from "./documents.ts";
import type { BatchView, PaymentEvents } from "./events.ts";
import { isHousehold } from "./payable-due.ts";

/** Dues looked at in one cut. */
export const MAX_DUES = 2000;
/** Payables in one order: as many as one PaymentsSettled carries. */
export const MAX_PAYABLES = 500;
export const MAX_ORDERS = 200;
/** Keeps one cut's transaction short; what is left waits for the next cut. */
export const MAX_BATCHES = 2;

export interface Cut {
  readonly payableIds: readonly string[];
  readonly schedule: Schedule;
  /** The rule or person, named and versioned. */
  readonly maker: string;
  /** The counter's number that the finder saw: if it has moved, another has cut meanwhile. 0 for a person's cut, which takes what is next. */
  readonly serial: number;
  readonly countyBanks: CountyBanks;
}

export interface CutResult {
  /** Empty where nothing was waiting any more. */
  readonly batches: readonly BatchView[];
}

export const cut: Decision<Cut, CutResult, PaymentEvents> = {
  needs(input, loaded, context) {
    const serial = loaded.get(batchCounter)?.next ?? FIRST_SERIAL;
    const keys: Key[] = [batchCounter, ...input.payableIds.map((id) => dues.key(id))];
    for (const [index, { groups }] of batchesOf(toOrder(input, loaded), input.countyBanks).entries()) {
      keys.push(batches.key(batchIdOf(context.day, serial + index)));
      for (const place of groups.keys()) keys.push(orders.key(orderIdOf(context.day, serial + index, place)));
    }
    for (const due of waiting(input, loaded)) {
      const key = payees.key(due.payeeId);
      const payee = loaded.get(key);
      keys.push(key, ...(payee ? [accountKey(bankOfCounty(due.county, input.countyBanks), payee.account)] : []));
    }
    return keys;
  },
  decide(input, state, change, context) {
    assert(input.payableIds.length <= MAX_DUES, `a cut looks at no more than ${MAX_DUES} dues`);
    const serial = state.get(batchCounter)?.next ?? FIRST_SERIAL;
    if (input.serial !== 0 && input.serial !== serial) return { batches: [] };
    for (const due of waiting(input, state))
      if (isOnCheck(due, input, state)) change.put(dues.key(due.payableId), { ...due, state: "ON_CHECK", checks: (due.checks ?? 0) + 1 });
    const proposed = batchesOf(toOrder(input, state), input.countyBanks).map(({ bank, groups }, index) => {
      const batchId = batchIdOf(context.day, serial + index);
      const ordered = groups.map((group, place) => {
        const payeeKey = payees.key(group.payeeId);
        const order = {
          ...orderOf(group, state.must(payeeKey), batchId, orderIdOf(context.day, serial + index, place)),
          ...bankField(bank),
        };
        change.guard(payeeKey);
        putOrder(change, order, group);
        return order;
      });
      change.about(batchId);
      const batch = proposedBatch({ batchId, serial: serial + index, maker: input.maker, bank }, ordered, context);
      return viewOf(putBatch(change, undefined, batch));
    });
    if (proposed.length > 0) change.put(batchCounter, { county: PROVINCE, next: serial + proposed.length });
    return { batches: proposed };
  },
};

/** The dues of one county to one payee: one order. */
interface Group {
  readonly payeeId: string;
  readonly dues: Due[];
}

function waiting(input: Cut, documents: Loaded): Due[] {
  return input.payableIds
    .map((id) => documents.get(dues.key(id)))
    .filter((due) => due !== undefined)
    .filter((due) => due.state === "WAITING" && due.schedule === input.schedule);
}

/** What waits and can be ordered: the bank has not disproved its payee's account. */
function toOrder(input: Cut, documents: Loaded): Due[] {
  return waiting(input, documents).filter((due) => !isOnCheck(due, input, documents));
}

function isOnCheck(due: Due, { countyBanks }: Cut, documents: Loaded): boolean {
  const payee = documents.get(payees.key(due.payeeId));
  if (!payee) return false;
  return isDisproved(documents.get(accountKey(bankOfCounty(due.county, countyBanks), payee.account)), payee.account);
}

interface BatchGroups {
  readonly bank: string;
  readonly groups: readonly Group[];
}

/** One group an order, oldest first, as many as the batches hold; the banks take turns. */
function batchesOf(found: readonly Due[], countyBanks: CountyBanks): BatchGroups[] {
  const groups: Group[] = [];
  const filling = new Map<string, Group>();
  for (const due of found) {
    // An order pays many payables of one institution, and one of a household, so that each stands by itself in the statement that its members get.
    const name = isHousehold(due.payeeId) ? due.payableId : `${due.county} ${due.payeeId}`;
    const group = filling.get(name);
    if (group && group.dues.length < MAX_PAYABLES) {
      group.dues.push(due);
    } else {
      const fresh = { payeeId: due.payeeId, dues: [due] };
      filling.set(name, fresh);
      groups.push(fresh);
    }
  }
  const ofBanks = [...Map.groupBy(groups, (group) => bankOfCounty(countyOf(group), countyBanks))];
  const parts: BatchGroups[] = [];
  for (let from = 0; parts.length < MAX_BATCHES && from < groups.length; from += MAX_ORDERS)
    for (const [bank, all] of ofBanks) if (from < all.length) parts.push({ bank, groups: all.slice(from, from + MAX_ORDERS) });
  return parts.slice(0, MAX_BATCHES);
}

function countyOf({ dues: [first] }: Group): string {
  assert(first, "an order has a due");
  return first.county;
}

function orderOf(group: Group, payee: Payee, batchId: string, orderId: string): Order {
  const payables = group.dues.map(({ payableId, claimId, amountFen }) => ({ payableId, claimId, amountFen }));
  return {
    county: countyOf(group),
    orderId,
    batchId,
    payeeId: group.payeeId,
    account: payee.account,
    amountFen: sum(payables.map((payable) => payable.amountFen)),
    attempt: 1,
    endToEndId: endToEndIdOf(orderId, 1),
    state: "OPEN",
    reason: "",
    payables,
    replaces: "",
    replacedBy: "",
    settledOn: "",
    returnedOn: "",
    contradiction: "",
  };
}

function putOrder(change: Change<PaymentEvents>, order: Order, group: Group): void {
  change.put(orders.key(order.orderId), order);
  for (const due of group.dues) change.put(dues.key(due.payableId), { ...due, state: "ORDERED", orderId: order.orderId });
}
