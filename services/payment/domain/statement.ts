/**
 * A bank's statement of a day (camt.053): asked for, fetched by the leading twin, then booked here. What it shows is evidence like any other, so that
 * an order whose answer was lost settles by it; what still does not agree afterwards becomes a break. A report of that moment: orders are not guarded.
 */
import { createHash } from "node:crypto";
import { bankField, bankOf, bankPart } from "../../values/banks.ts";
import type { Change, Context, Decision, Key, Loaded, State } from "../../values/decision.ts";
import { sum } from "../../values/money.ts";
import { badRequest } from "../../values/outcome.ts";
import { PROVINCE } from "../../values/region.ts";
import { orderAt } from "./batch.ts";
import { batches, type Order, orders, type Statement, type StatementSums, statementKey } from "./documents.ts";
import type { PaymentEvents } from "./events.ts";
import { applyEvidence, type Evidence, evidenceNeeds } from "./evidence.ts";
import { match, matchKeys } from "./match.ts";
import { continuity, type ReconciledOrders, reconcile, type StatementContent, type StatementEntry } from "./reconcile.ts";

export interface WantStatement {
  readonly bank: string;
  readonly day: string;
}

export const wantStatement: Decision<WantStatement, WantStatement, PaymentEvents> = {
  needs: ({ bank, day }) => [statementKey(bank, day)],
  decide({ bank, day }, state, change, context) {
    if (day > context.day) return badRequest("day", `${day} 尚未到来，今天是 ${context.day}`, `${day} is not yet; today is ${context.day}`);
    const key = statementKey(bank, day);
    const known = state.get(key) ?? emptyStatement(bank, day);
    change.put(key, { ...known, state: "WANTED", wanted: known.wanted + 1 });
    return { bank, day };
  },
};

/** RECONCILED (已对账): its bank's statement of the order's day was booked and no break of it names the order. */
export function isReconciled(order: Order, statement: Statement): boolean {
  const { settledOn, endToEndId } = order;
  const { day, messageId, breaks } = statement;
  return (
    bankOf(order) === bankOf(statement) && settledOn === day && messageId !== "" && !breaks.some((found) => found.endToEndId === endToEndId)
  );
}

export interface BookStatement {
  readonly bank: string;
  readonly content: StatementContent;
  /** The bank's orders that were settled, or returned, on that day as the store's query found them; looked at again by their keys. */
  readonly expectedOrderIds: readonly string[];
  /** The day of the statement that was booked before this one, as the query found it; empty where there is none. */
  readonly previousDay: string;
  /** The day of the one booked after it, where this day is booked once more; left out or empty where there is none. */
  readonly nextDay?: string;
  /** Orders without an outcome, as the query found them, that an entry which names none could be of; left out where every entry names one. */
  readonly openOrderIds?: readonly string[];
}

export interface Booked {
  readonly day: string;
  readonly entries: number;
  readonly breaks: number;
}

export const bookStatement: Decision<BookStatement, Booked, PaymentEvents> = {
  needs: statementNeeds,
  decide: book,
};

export function statementNeeds(
  { bank, content, expectedOrderIds, previousDay, nextDay = "", openOrderIds = [] }: BookStatement,
  loaded: Loaded,
): Key[] {
  const { entries } = match(content.entries, bank, content.day, loaded);
  const days = new Set([content.day, previousDay, nextDay].filter((day) => day !== ""));
  for (const entry of entries) for (const day of bookedOn(orderOf(entry, bank, loaded))) days.add(day);
  return [
    ...[...days].map((day) => statementKey(bank, day)),
    ...[...expectedOrderIds, ...openOrderIds].map((id) => orders.key(id)),
    ...matchKeys(content.entries, bank, loaded),
    ...evidenceNeeds(evidenceOf(entries, content.day), loaded),
  ];
}

function bookedOn(order: Order | undefined): string[] {
  return order ? [order.settledOn, order.returnedOn].filter((day) => day !== "") : [];
}

export function book(input: BookStatement, state: State, change: Change<PaymentEvents>, context: Context): Booked {
  const { bank, content } = input;
  // Before anything of it is applied: a batch's orders are those that could have been debited until now.
  const { entries, unlike } = match(content.entries, bank, content.day, state);
  applyEvidence(evidenceOf(entries, content.day), bank, state, change, context);
  const redated = dateByStatement(entries, { bank, day: content.day }, state, change);
  const expected = input.expectedOrderIds.map((id) => state.must(orders.key(id)));
  const named = entries.map((entry) => orderOf(entry, bank, state)).filter((order) => order !== undefined);
  const found: ReconciledOrders = {
    byEndToEndId: new Map(named.map((order) => [order.endToEndId, order])),
    settled: expected.filter((order) => order.settledOn === content.day),
    returned: expected.filter((order) => order.returnedOn === content.day),
    unlike,
    open: (input.openOrderIds ?? []).map((id) => state.must(orders.key(id))).filter(({ state: now }) => now === "OPEN"),
  };
  const before = input.previousDay === "" ? undefined : state.get(statementKey(bank, input.previousDay));
  const breaks = reconcile({ ...content, entries }, found, before?.messageId ? before : undefined);
  const known = state.get(statementKey(bank, content.day)) ?? emptyStatement(bank, content.day);
  const of = (direction: StatementEntry["direction"]) => content.entries.filter((entry) => entry.direction === direction);
  const booked: Statement = {
    ...known,
    state: "BOOKED",
    messageId: content.messageId,
    entries: content.entries.length,
    debitsFen: sum(of("DEBIT").map((entry) => entry.amountFen)),
    creditsFen: sum(of("CREDIT").map((entry) => entry.amountFen)),
    openingFen: content.openingFen,
    closingFen: content.closingFen,
    breaks,
    sums: sumsOf(entries, found, content.day),
  };
  putStatement(booked, change);
  for (const { batchId } of unlike.values()) {
    const key = batches.key(batchId);
    const batch = state.must(key);
    if (batch.unlikeOn !== content.day) change.put(key, { ...batch, unlikeOn: content.day });
  }
  for (const day of redated) putStatement(state.must(statementKey(bank, day)), change);
  continueNext(input, state, change);
  change.about(`statement/${bankPart(bank, content.day)}`);
  return { day: content.day, entries: content.entries.length, breaks: breaks.length };
}

/** A day that is booked once more may close otherwise: whether the one after it begins there is seen anew. */
function continueNext({ bank, content, nextDay = "" }: BookStatement, state: State, change: Change<PaymentEvents>): void {
  const key = statementKey(bank, nextDay);
  const next = nextDay === "" ? undefined : state.get(key);
  if (!next?.messageId) return;
  const gap = continuity(next, content);
  const before = next.breaks.find(({ kind }) => kind === "BALANCE_GAP");
  if (before?.oursFen === gap[0]?.oursFen) return;
  change.put(key, { ...next, breaks: [...gap, ...next.breaks.filter((one) => one !== before)] });
}

/** Puts a statement and tells what it comes to, for the ledger to be compared with. */
function putStatement(statement: Statement, change: Change<PaymentEvents>): void {
  const { day, openingFen, closingFen, debitsFen, creditsFen, sums = NO_SUMS } = statement;
  const told = (statement.told ?? 0) + 1;
  const bank = bankOf(statement);
  change.put(statementKey(bank, day), { ...statement, told });
  const others = { otherDebitsFen: debitsFen - sums.ordersFen, otherCreditsFen: creditsFen - sums.returnsFen };
  change.tell("StatementBooked", PROVINCE, { day, bank, openingFen, closingFen, ...sums, ...others, version: BigInt(told) });
}

const NO_SUMS: StatementSums = { ordersFen: 0n, returnsFen: 0n, missingDebitsFen: 0n, missingReturnsFen: 0n };

/** What of the entries is an order's of the day, each once and with its amount; and what of the orders of the day is in no such entry. */
function sumsOf(entries: readonly StatementEntry[], { byEndToEndId, settled, returned }: ReconciledOrders, day: string): StatementSums {
  const side = (direction: StatementEntry["direction"], dayIn: (order: Order) => string, expected: readonly Order[]) => {
    const own = new Map<string, bigint>();
    for (const entry of entries) {
      const order = entry.direction === direction ? byEndToEndId.get(entry.endToEndId) : undefined;
      if (order?.amountFen === entry.amountFen && dayIn(order) === day) own.set(order.orderId, order.amountFen);
    }
    return {
      ownFen: sum(own.values()),
      missingFen: sum(expected.filter(({ orderId }) => !own.has(orderId)).map((order) => order.amountFen)),
    };
  };
  const debits = side("DEBIT", (order) => order.settledOn, settled);
  const returns = side("CREDIT", (order) => order.returnedOn, returned);
  return {
    ordersFen: debits.ownFen,
    returnsFen: returns.ownFen,
    missingDebitsFen: debits.missingFen,
    missingReturnsFen: returns.missingFen,
  };
}

/** SHA-256 over a statement's content. */
export function statementHash(content: StatementContent): string {
  return createHash("sha256")
    .update(JSON.stringify(content, (_, value) => (typeof value === "bigint" ? value.toString() : value)))
    .digest("hex");
}

/** Debits before returns, because a return follows its debit. Other credits are no payment of ours. */
function evidenceOf(entries: readonly StatementEntry[], on: string): Evidence[] {
  const evidence = ({ endToEndId, reason, amountFen }: StatementEntry, says: Evidence["says"]): Evidence => {
    return { endToEndId, says, reason, on, amountFen };
  };
  return [
    ...entries.filter((entry) => entry.direction === "DEBIT").map((entry) => evidence(entry, "SETTLED")),
    ...entries.filter((entry) => entry.direction === "CREDIT" && entry.returned).map((entry) => evidence(entry, "RETURNED")),
  ];
}

/**
 * The statement's day is the booking day: an order settled on another by our reading is moved to it, so that no day lacks or doubles it. That the other day's statement lacked it is then
 * explained, and no break any more: gives those days. Where that statement is booked and has it, this one has it a second time: nothing is moved.
 */
function dateByStatement(
  entries: readonly StatementEntry[],
  { bank, day }: WantStatement,
  state: State,
  change: Change<PaymentEvents>,
): ReadonlySet<string> {
  const redated = new Set<string>();
  for (const entry of entries) {
    const order = orderOf(entry, bank, state);
    if (!order || order.amountFen !== entry.amountFen) continue;
    const field = entry.direction === "DEBIT" ? "settledOn" : "returnedOn";
    const was = order[field];
    if (was === "" || was === day) continue;
    const other = state.get(statementKey(bank, was));
    const shown = other?.breaks ?? [];
    const breaks = shown.filter((found) => found.kind !== "MISSING_AT_BANK" || found.endToEndId !== order.endToEndId);
    const lacked = breaks.length < shown.length;
    if (other && other.messageId !== "" && !lacked) continue;
    change.put(orders.key(order.orderId), { ...order, [field]: day });
    if (!other || !lacked) continue;
    const { sums = NO_SUMS } = other;
    const missing = field === "settledOn" ? "missingDebitsFen" : "missingReturnsFen";
    change.put(statementKey(bank, was), { ...other, breaks, sums: { ...sums, [missing]: sums[missing] - order.amountFen } });
    redated.add(was);
  }
  return redated;
}

function orderOf(entry: StatementEntry, bank: string, from: Loaded): Order | undefined {
  return entry.direction === "CREDIT" && !entry.returned ? undefined : orderAt(bank, entry.endToEndId, from);
}

function emptyStatement(bank: string, day: string): Statement {
  const nothing = { messageId: "", entries: 0, debitsFen: 0n, creditsFen: 0n, openingFen: 0n, closingFen: 0n, breaks: [] };
  return { county: PROVINCE, ...bankField(bank), day, state: "WANTED", wanted: 0, ...nothing };
}
