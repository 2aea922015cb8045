/**
 * What the bank says of an order, whatever message said it, and what follows. Money booked outweighs a status word; what contradicts
 * an outcome is never applied but kept for a person. Evidence is weighed by what is stored, so that a repeat, in any order, changes nothing.
 */
import { bankOf } from "../../values/banks.ts";
import type { Change, Context, Key, Loaded, State } from "../../values/decision.ts";
import { sum } from "../../values/money.ts";
import { accountKey, learn } from "./accounts.ts";
import { orderAt, orderIdIn, putBatch } from "./batch.ts";
import { type Batch, batches, type Order, orders, type Statement, statementKey, type Unapplied } from "./documents.ts";
import type { PaymentEvents, SettledPayable } from "./events.ts";
import type { EntryKeys } from "./match.ts";

/** Payables in one PaymentsSettled. */
export const MAX_SETTLED = 500;

export interface Evidence extends EntryKeys {
  readonly says: "SETTLED" | "REJECTED" | "PENDING" | "RETURNED";
  /** The bank's reason code, or empty. */
  readonly reason: string;
  /** The bank's day of it; empty where it gives none. */
  readonly on: string;
}

export interface Weighed {
  readonly verdict: "applied" | "nothing" | "contradiction" | "amount";
  readonly order: Order;
  /** The debit is new. */
  readonly settles: boolean;
  /** The return is new. */
  readonly returns: boolean;
}

/** The state machine of one order. */
export function weigh(order: Order, evidence: Evidence, day: string): Weighed {
  const unchanged = (verdict: Weighed["verdict"], kept = order): Weighed => ({ verdict, order: kept, settles: false, returns: false });
  if (evidence.amountFen !== undefined && evidence.amountFen !== order.amountFen) return unchanged("amount");
  const on = evidence.on === "" ? day : evidence.on;
  const live = order.state === "OPEN" || order.state === "REJECTED";
  const contradicted = () => unchanged("contradiction", { ...order, contradiction: `${evidence.says} ${on}` });
  switch (evidence.says) {
    case "PENDING":
      return unchanged("nothing");
    case "SETTLED":
      if (order.settledOn !== "") return unchanged("nothing");
      // Paid although it was called rejected, and ordered anew meanwhile: the new order must not go out.
      if (!live) return contradicted();
      return { verdict: "applied", order: { ...order, state: "SETTLED", reason: "", settledOn: on }, settles: true, returns: false };
    case "REJECTED":
      if (order.returnedOn !== "" || order.state === "REJECTED") return unchanged("nothing");
      if (order.settledOn !== "") return contradicted();
      // Replaced, declined or withdrawn: what never leaves cannot be rejected.
      if (order.state !== "OPEN") return unchanged("nothing");
      return { verdict: "applied", order: { ...order, state: "REJECTED", reason: evidence.reason }, settles: false, returns: false };
    case "RETURNED": {
      if (order.returnedOn !== "") return unchanged("nothing");
      if (!live && order.state !== "SETTLED") return contradicted();
      const settledOn = order.settledOn === "" ? on : order.settledOn;
      const returned: Order = { ...order, state: "RETURNED", reason: evidence.reason, settledOn, returnedOn: on };
      return { verdict: "applied", order: returned, settles: live, returns: true };
    }
  }
}

/** The orders that are named, then their batches. */
export function evidenceNeeds(evidence: readonly { readonly endToEndId: string }[], loaded: Loaded): Key[] {
  const keys = new Map<string, Key>();
  for (const { endToEndId } of evidence) {
    const key = orders.key(orderIdIn(endToEndId));
    keys.set(`order ${key.id}`, key);
    const order = loaded.get(key);
    if (!order) continue;
    const account = accountKey(bankOf(order), order.account);
    keys.set(`account ${account.id}`, account);
    keys.set(`batch ${order.batchId}`, batches.key(order.batchId));
    for (const statement of unlikeKeys(loaded.get(batches.key(order.batchId)))) keys.set(`statement ${statement.id}`, statement);
  }
  return [...keys.values()];
}

/** The statement that a change of the batch's orders may explain. */
export function unlikeKeys(batch: Batch | undefined): Key<Statement>[] {
  return batch?.unlikeOn === undefined ? [] : [statementKey(bankOf(batch), batch.unlikeOn)];
}

export interface Applied {
  /** Pieces of evidence that were ours. */
  readonly known: number;
  readonly unapplied: readonly Unapplied[];
}

/** What one message changed in one batch. */
interface Tally {
  readonly settled: Order[];
  readonly returned: Order[];
  closed: number;
  heard: boolean;
}

/** Applies a bank's evidence to its orders and batches and tells what follows: one PaymentsSettled a county, one PaymentsReturned an order. Of another bank's order it is not believed. */
export function applyEvidence(
  evidence: readonly Evidence[],
  bank: string,
  state: State,
  change: Change<PaymentEvents>,
  context: Context,
): Applied {
  const tallies = new Map<string, Tally>();
  const unapplied: Unapplied[] = [];
  let known = 0;
  for (const piece of evidence) {
    const { endToEndId } = piece;
    const order = orderAt(bank, endToEndId, state);
    if (!order) {
      unapplied.push({ endToEndId, why: "UNKNOWN" });
      continue;
    }
    known += 1;
    const batch = state.must(batches.key(order.batchId));
    if (batch.state === "PROPOSED" || batch.state === "APPROVED") {
      unapplied.push({ endToEndId, why: "NEVER_SENT" });
      continue;
    }
    const tally = tallies.get(order.batchId) ?? { settled: [], returned: [], closed: 0, heard: false };
    tallies.set(order.batchId, tally);
    const weighed = weigh(order, piece, context.day);
    if (weighed.order !== order) change.put(orders.key(order.orderId), weighed.order);
    if (weighed.verdict === "applied") learn(order, { paid: weighed.settles, reason: piece.reason }, state, change, context.day);
    if (weighed.verdict === "contradiction") unapplied.push({ endToEndId, why: "CONTRADICTION" });
    else if (weighed.verdict === "amount") unapplied.push({ endToEndId, why: "AMOUNT" });
    else tally.heard = true;
    if (order.state === "OPEN" && weighed.order.state !== "OPEN") tally.closed += 1;
    if (weighed.settles) tally.settled.push(weighed.order);
    if (weighed.returns) tally.returned.push(weighed.order);
  }
  for (const [batchId, tally] of tallies) conclude(state.must(batches.key(batchId)), tally, state, change, context);
  return { known, unapplied };
}

function conclude(before: Batch, tally: Tally, state: State, change: Change<PaymentEvents>, context: Context): void {
  const batch = tally.closed > 0 ? fetchedAgain(before, state, change) : before;
  const told = tellSettled(batch, tally.settled, change, context);
  tellReturned(batch, tally.returned, change);
  change.about(batch.batchId);
  if (!tally.heard) return;
  // Evidence of one order proves that the bank has the file; DONE when every order has its outcome.
  const open = batch.open - tally.closed;
  const next = open === 0 ? "DONE" : "ACCEPTED";
  if (next === batch.state && tally.closed === 0 && told === 0) return;
  putBatch(change, batch, { ...batch, open, state: next, settlements: batch.settlements + told });
}

/** What the batch's orders come to has changed: the statement that had it as another sum is asked for again, and compared anew. */
function fetchedAgain(batch: Batch, state: State, change: Change<PaymentEvents>): Batch {
  for (const key of unlikeKeys(batch)) {
    const statement = state.get(key);
    if (statement) change.put(key, { ...statement, state: "WANTED", wanted: statement.wanted + 1 });
  }
  const { unlikeOn: _, ...rest } = batch;
  return rest;
}

/** Gives how many events were told. */
function tellSettled(batch: Batch, settled: readonly Order[], change: Change<PaymentEvents>, context: Context): number {
  let told = 0;
  for (const [county, ofCounty] of Map.groupBy(settled, (order) => order.county)) {
    for (const [settledOn, ofDay] of Map.groupBy(ofCounty, (order) => order.settledOn)) {
      const payables = ofDay.flatMap(payablesOf);
      for (let from = 0; from < payables.length; from += MAX_SETTLED) {
        const part = payables.slice(from, from + MAX_SETTLED);
        told += 1;
        change.tell("PaymentsSettled", county, {
          settlementId: `settled/${batch.batchId}/${county}/${batch.settlements + told}`,
          batchId: batch.batchId,
          bank: bankOf(batch),
          county,
          payables: part,
          amountFen: sum(part.map((payable) => payable.amountFen)),
          settledAtMs: BigInt(context.atMs),
          settledOn,
        });
      }
    }
  }
  return told;
}

function tellReturned(batch: Batch, returned: readonly Order[], change: Change<PaymentEvents>): void {
  for (const order of returned) {
    change.tell("PaymentsReturned", order.county, {
      returnId: `returned/${order.endToEndId}`,
      batchId: batch.batchId,
      bank: bankOf(batch),
      county: order.county,
      payables: payablesOf(order),
      amountFen: order.amountFen,
      reason: order.reason,
    });
  }
}

function payablesOf(order: Order): SettledPayable[] {
  return order.payables.map(({ payableId, claimId, amountFen }) => ({ payableId, claimId, orderId: order.orderId, amountFen }));
}
