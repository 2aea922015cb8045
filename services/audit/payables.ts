/**
 * Invariant 2: approval ↔ payable ↔ due ↔ order, one to one, with the same payer, payee and amount. What was decided a moment ago may still be on its way
 * to the next service; what is there twice, or differs, is a breach at any time.
 */
import { dayOf } from "../values/days.ts";
import type { Findings } from "./findings.ts";
import {
  type ClaimView,
  type DueView,
  type Flight,
  type GrantedView,
  isLate,
  type OrderPartView,
  type PayableView,
  type Records,
} from "./records.ts";
import { checkShared, checkShares, type Dropped } from "./shares.ts";
import { joined } from "./streams.ts";

const HOUSEHOLD_DIGITS = 14;

export const PAYABLES_TITLE = {
  invariant: 2,
  zh: "每笔审核通过的报销恰有一笔应付款，每笔应付款恰有一张有效支付单；无重付，无漏付",
  en: "Every approved claim has exactly one payable, every payable exactly one standing order; nobody is paid twice, nobody is forgotten",
} as const;

export async function checkPayables(records: Records, flight: Flight, findings: Findings): Promise<void> {
  const dropped: Dropped = new Set();
  await checkClaims(records, dropped, flight, findings);
  await checkOrders(records, flight, findings);
  await checkShares(records, dropped, flight, findings);
}

async function checkClaims(records: Records, dropped: Dropped, flight: Flight, findings: Findings): Promise<void> {
  const groups = joined<{ claims: ClaimView; payables: PayableView; shares: GrantedView }>({
    claims: { rows: records.claims(), key: (claim) => claim._id },
    payables: { rows: records.payablesByClaim(), key: (payable) => payable.claimId },
    shares: { rows: records.granted("claimId"), key: ({ claimId }) => claimId },
  });
  for await (const { key, rows } of groups) {
    findings.look();
    const [claim] = rows.claims;
    checkShared(claim, rows.shares, dropped, findings);
    if (claim) checkClaim(claim, rows.payables, flight, findings);
    else for (const { _id } of rows.payables) findings.hold(false, () => `payable ${_id} is of claim ${key}, which is not there`);
  }
}

function checkClaim(claim: ClaimView, payables: readonly PayableView[], flight: Flight, findings: Findings): void {
  const approved = claim.state === "APPROVED" || claim.state === "PAID" || claim.state === "VOIDED";
  const id = `${claim.paper ? "paper" : "claim"}/${claim._id}/decision/${claim.decision}`;
  for (const { _id } of payables)
    findings.hold(
      approved && _id === id,
      () => `payable ${_id} is of claim ${claim._id}, which is ${claim.state} by decision ${claim.decision}`,
    );
  if (!approved) return;
  const payable = payables.find(({ _id }) => _id === id);
  if (!payable) {
    findings.hold(!isLate(flight, claim.decidedAtMs), () => `claim ${claim._id} is ${claim.state} and has no payable ${id}`);
    return;
  }
  const { fundFen, accountFen } = claim.benefit;
  const promised = `${claim.treatingCounty} pays ${fundFen + accountFen} fen to ${payeeOf(claim)}`;
  const postedFen = payable.amountFen + (payable.setOffFen ?? 0n) + (payable.withheld?.promisedFen ?? 0n);
  const posted = `${payable.county} pays ${postedFen} fen to ${payable.payee}`;
  findings.hold(promised === posted, () => `payable ${id}: ${posted}; the claim says ${promised}`);
  // Every change after the approval is an entry of its own, which the payable counts.
  const corrected = claim.corrected && claim.corrected.fen + claim.corrected.drawn.accountFen - accountFen;
  const changedFen = claim.state === "VOIDED" ? -(fundFen + accountFen) : (corrected ?? 0n);
  const adjustedFen = payable.adjustedFen ?? 0n;
  const says = () => `payable ${id} was adjusted by ${adjustedFen} fen, its claim, ${claim.state}, by ${changedFen}`;
  findings.hold(changedFen === adjustedFen || !flight.settled, says);
  if (payable.amountFen + (payable.setOffFen ?? 0n) === 0n) return;
  const called = () => `payable ${id} of claim ${claim._id}, which is ${claim.state}, is ${payable.state}`;
  findings.hold(payable.state !== "CANCELLED" || changedFen === -(fundFen + accountFen), called);
  const paid = claim.state === "VOIDED" ? claim.paidAtMs > 0 : claim.state === "PAID";
  const agree = paid === (payable.state === "PAID");
  findings.hold(agree || !flight.settled, () => `claim ${claim._id} is ${claim.state}, its payable ${payable.state}`);
}

/** Who handed a bill in on paper has paid it: the household is paid. */
function payeeOf({ bill, paper }: ClaimView): string {
  return paper ? bill.personId.slice(0, HOUSEHOLD_DIGITS) : bill.institutionId;
}

async function checkOrders(records: Records, flight: Flight, findings: Findings): Promise<void> {
  const groups = joined<{ payables: PayableView; dues: DueView; parts: OrderPartView }>({
    payables: { rows: records.payables(), key: (payable) => payable._id },
    dues: { rows: records.dues(), key: (due) => due._id },
    parts: { rows: records.orderParts(), key: (part) => part.payableId },
  });
  const lateDay = dayOf(flight.nowMs - flight.graceMs);
  for await (const { key, rows } of groups) {
    findings.look();
    const [payable] = rows.payables;
    const [due] = rows.dues;
    if (!payable) findings.hold(false, () => `${key} is with payment, and settlement has no such payable`);
    else checkDue(payable, due, flight.settled || payable.dueOn < lateDay, findings);
    if (payable) checkRecall(payable, due, flight, findings);
    checkParts(key, due, rows.parts, findings);
    if (payable && due) checkOutcome(payable, rows.parts, flight.settled, lateDay, findings);
  }
}

function checkDue(payable: PayableView, due: DueView | undefined, late: boolean, findings: Findings): void {
  const { _id, amountFen } = payable;
  findings.hold(payable.surplusFen === 0n, () => `payable ${_id} was paid twice: ${payable.surplusFen} fen too much`);
  if (!due) {
    const mayLack = amountFen === 0n || payable.state === "HELD" || payable.state === "CANCELLED" || (payable.state === "DUE" && !late);
    findings.hold(mayLack, () => `payable ${_id} of ${amountFen} fen is ${payable.state}, and payment does not know it`);
    return;
  }
  findings.hold(payable.state !== "HELD", () => `payable ${_id} is held back, and with payment`);
  const posted = `${payable.county} pays ${amountFen} fen to ${payable.payee}`;
  const heard = `${due.county} pays ${due.amountFen} fen to ${due.payeeId}`;
  findings.hold(posted === heard, () => `due ${_id}: ${heard}; the payable says ${posted}`);
}

/** What was called back was withdrawn or is paid; nothing waits for ever for an answer. */
function checkRecall({ _id, state, recall }: PayableView, due: DueView | undefined, { settled }: Flight, findings: Findings): void {
  findings.hold(recall !== "ASKED" || !settled, () => `payable ${_id} was called back from payment, which has not answered`);
  const withdrawn = due?.state === "WITHDRAWN";
  const cancelled = due !== undefined && state === "CANCELLED";
  findings.hold(withdrawn === cancelled || (withdrawn && !settled), () => `payable ${_id} is ${state}, and with payment ${due?.state}`);
}

/** Among the orders of one payable all but one were replaced, each by another of them. */
function checkParts(id: string, due: DueView | undefined, parts: readonly OrderPartView[], findings: Findings): void {
  const standing = parts.filter(({ order }) => order.state !== "REPLACED");
  const names = () => parts.map(({ order }) => `${order._id} ${order.state}`).join(", ");
  if (!due) findings.hold(parts.length === 0, () => `${id} has orders (${names()}) and was never due`);
  else if (due.state !== "ORDERED") findings.hold(parts.length === 0, () => `${id} is ${due.state} and has orders: ${names()}`);
  else {
    findings.hold(standing.length === 1, () => `${id} has ${standing.length} standing orders: ${names() || "none at all"}`);
    const settled = parts.filter(({ order }) => order.state === "SETTLED");
    findings.hold(settled.length <= 1, () => `${id} is paid ${settled.length} times: ${names()}`);
    for (const part of parts) checkPart(id, due, part, parts, findings);
  }
}

function checkPart(id: string, due: DueView, { partFen, order }: OrderPartView, parts: readonly OrderPartView[], findings: Findings): void {
  const fits = partFen === due.amountFen && order.county === due.county && order.payeeId === due.payeeId;
  const paid = () => `${order.county} pays ${partFen} fen to ${order.payeeId}`;
  findings.hold(fits, () => `order ${order._id}: for ${id} ${paid()}; due are ${due.amountFen} from ${due.county} to ${due.payeeId}`);
  const isThere = (orderId: string) => parts.some((other) => other.order._id === orderId);
  if (order.state === "REPLACED")
    findings.hold(
      isThere(order.replacedBy),
      () => `order ${order._id} is replaced by ${order.replacedBy || "none"}, which does not pay ${id}`,
    );
  if (order.replaces !== "")
    findings.hold(isThere(order.replaces), () => `order ${order._id} replaces ${order.replaces}, which did not pay ${id}`);
}

/** A payable is paid where its order is. While events are on their way: where its order was settled on a day that is over. */
function checkOutcome(payable: PayableView, parts: readonly OrderPartView[], settled: boolean, lateDay: string, findings: Findings): void {
  const [paid] = parts.filter(({ order }) => order.state === "SETTLED");
  const agree = (paid !== undefined) === (payable.state === "PAID");
  const onItsWay = !settled && (paid === undefined || paid.order.settledOn >= lateDay);
  findings.hold(agree || onItsWay, () => `payable ${payable._id} is ${payable.state}, its order is ${paid ? "" : "not "}settled`);
}
