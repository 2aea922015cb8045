/**
 * Asks the bank to cancel an order that it has (撤销, camt.056), and takes its answer (camt.029). Asking changes nothing: the order stays what the bank last said of it.
 * Granted before the booking, the order is rejected and waits for its maker; granted after it, the money comes back as a return, which is told as any other.
 */
import { bankField, bankOf } from "../../values/banks.ts";
import type { Change, Context, Decision, Key, Loaded, State } from "../../values/decision.ts";
import { assert } from "../../values/outcome.ts";
import { type Terms, termsOf } from "./banks.ts";
import { batches, type Cancellation, type CancellationState, cancellations, type Order, orders } from "./documents.ts";
import type { PaymentEvents } from "./events.ts";
import { applyEvidence, evidenceNeeds } from "./evidence.ts";
import { cancellationOf } from "./file.ts";
import { refuse } from "./refusals.ts";

export interface Cancel {
  readonly orderId: string;
  readonly reason: string;
  readonly terms: Terms;
}

/** Where the bank's word of it is final. */
const FINAL: readonly CancellationState[] = ["GRANTED", "REFUSED"];
/** The bank's reason for a payment that was cancelled on its customer's word. */
const ON_REQUEST = "CUST";

/** At most 35 characters at the bank; one case an attempt. */
export function caseIdOf(order: Pick<Order, "endToEndId">): string {
  return `C${order.endToEndId}`;
}

export const cancel: Decision<Cancel, Cancellation, PaymentEvents> = {
  needs({ orderId }, loaded) {
    const key = orders.key(orderId);
    const order = loaded.get(key);
    return order ? [key, batches.key(order.batchId), cancellations.key(caseIdOf(order))] : [key];
  },
  decide({ orderId, reason, terms }, state, change, context) {
    const order = state.get(orders.key(orderId));
    if (!order) return refuse("UNKNOWN_ORDER", { field: "order_id", order: orderId });
    const caseId = caseIdOf(order);
    const key = cancellations.key(caseId);
    const known = state.get(key);
    if (known) return known;
    const batch = state.must(batches.key(order.batchId));
    const no = (why: string) => refuse("NOT_AT_BANK", { field: "order_id", order: orderId, why });
    // What the bank may not have yet is not cancelled there: it could come after the answer.
    if (batch.state !== "ACCEPTED" && batch.state !== "DONE") return no(`batch ${batch.batchId} ${batch.state}`);
    if (order.state !== "OPEN" && order.state !== "SETTLED") return no(order.state);
    const bank = bankOf(order);
    const its = termsOf(bank, terms);
    if (!its) return refuse("UNKNOWN_BANK", { bank });
    const asked: Cancellation = {
      county: order.county,
      ...bankField(bank),
      caseId,
      orderId,
      endToEndId: order.endToEndId,
      state: "ASKED",
      reason,
      by: context.caller.name,
      askedOn: context.day,
      answer: "",
      content: cancellationOf(its.format, { caseId, order, debtor: its.debtor, reason, createdAtMs: context.atMs }),
    };
    change.guard(orders.key(orderId));
    change.put(key, asked);
    change.about(order.batchId);
    return asked;
  },
};

/** A bank's answer to a case. */
export interface Resolution {
  readonly caseId: string;
  readonly endToEndId: string;
  readonly says: "GRANTED" | "REFUSED" | "PENDING";
  /** The bank's code, or empty. */
  readonly reason: string;
}

export interface Resolve {
  readonly bank: string;
  readonly resolution: Resolution;
}

export const resolve: Decision<Resolve, { known: boolean }, PaymentEvents> = {
  needs: ({ resolution }, loaded) => resolutionNeeds(resolution, loaded),
  decide: ({ bank, resolution }, state, change, context) => ({ known: applyResolution(resolution, bank, state, change, context) }),
};

export function resolutionNeeds({ caseId, endToEndId }: Resolution, loaded: Loaded): Key[] {
  return [cancellations.key(caseId), ...evidenceNeeds([{ endToEndId }], loaded)];
}

/** False where it answers no case of ours at that bank. A second answer changes nothing but a PENDING one. */
export function applyResolution(
  resolution: Resolution,
  bank: string,
  state: State,
  change: Change<PaymentEvents>,
  context: Context,
): boolean {
  const { caseId, endToEndId, says, reason } = resolution;
  const key = cancellations.key(caseId);
  const before = state.get(key);
  if (!before || bankOf(before) !== bank || before.endToEndId !== endToEndId) return false;
  if (FINAL.includes(before.state) || (before.state === says && before.answer === reason)) return true;
  change.put(key, { ...before, state: says, answer: reason });
  const order = state.must(orders.key(before.orderId));
  change.about(order.batchId);
  // Booked meanwhile: its money comes back by itself, and until it does it is paid.
  if (says !== "GRANTED" || order.state !== "OPEN") return true;
  const { unapplied } = applyEvidence([{ endToEndId, says: "REJECTED", reason: ON_REQUEST, on: "" }], bank, state, change, context);
  assert(unapplied.length === 0, `${endToEndId} was open and could not be rejected`);
  return true;
}
