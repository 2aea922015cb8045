/** A message that the bank sent by itself: a late status report (pain.002), debits and returns (camt.054), or a statement (camt.053). */
import type { Change, Context, Decision, Key, Loaded, State } from "../../values/decision.ts";
import type { Refusal } from "../../values/outcome.ts";
import { PROVINCE } from "../../values/region.ts";
import { applyReport, reportHash, reportNeeds, type StatusReport } from "./answer.ts";
import { orderIdIn } from "./batch.ts";
import { batches, messages, orders, references, type Unapplied } from "./documents.ts";
import type { PaymentEvents } from "./events.ts";
import { applyEvidence, type Evidence, evidenceNeeds } from "./evidence.ts";
import { match, matchKeys } from "./match.ts";
import { refuse } from "./refusals.ts";
import { type BookStatement, book, statementNeeds } from "./statement.ts";

export type BankContent =
  | { readonly kind: "pain.002"; readonly report: StatusReport }
  | { readonly kind: "camt.054"; readonly evidence: readonly Evidence[] }
  | { readonly kind: "camt.053"; readonly statement: BookStatement };

export interface Receive {
  /** The bank's MsgId. */
  readonly messageId: string;
  /** SHA-256 of the bytes. */
  readonly hash: string;
  readonly content: BankContent;
}

export interface Received {
  readonly kind: BankContent["kind"];
  readonly entries: number;
}

/** Refuses BAD_BANK_MESSAGE where the MsgId has come with other bytes, or where nothing in it is ours. */
export const receive: Decision<Receive, Received, PaymentEvents> = {
  needs: (input, loaded) => [messages.key(input.messageId), ...contentNeeds(input.content, loaded)],
  decide(input, state, change, context) {
    const { messageId, hash, content } = input;
    const key = messages.key(messageId);
    const known = state.get(key);
    if (known) {
      if (known.hash === hash) return { kind: content.kind, entries: known.entries };
      return refuse("BAD_BANK_MESSAGE", { field: "request_id", why: `MsgId ${messageId} has come before with other content` });
    }
    const taken = take(content, state, change, context);
    if ("outcome" in taken) return taken;
    const { entries, unapplied } = taken;
    change.put(key, { county: PROVINCE, messageKind: content.kind, hash, entries, unapplied: [...unapplied] });
    return { kind: content.kind, entries };
  },
};

function contentNeeds(content: BankContent, loaded: Loaded): Key[] {
  switch (content.kind) {
    case "pain.002":
      return reportNeeds(content.report, loaded);
    case "camt.054":
      return [
        ...matchKeys(content.evidence, loaded),
        ...evidenceNeeds(match(content.evidence, "", loaded).entries, loaded),
        ...content.evidence.flatMap(({ reference }) => (reference ? [references.key(reference)] : [])),
      ];
    case "camt.053":
      return statementNeeds(content.statement, loaded);
  }
}

interface Taken {
  readonly entries: number;
  readonly unapplied: readonly Unapplied[];
}

function take(content: BankContent, state: State, change: Change<PaymentEvents>, context: Context): Taken | Refusal {
  switch (content.kind) {
    case "pain.002": {
      const { report } = content;
      const batch = state.get(batches.key(report.originalMessageId));
      if (!batch) return nothingOfOurs("OrgnlMsgId", report.originalMessageId);
      const { unapplied } = applyReport(report, reportHash(report), state, change, context);
      return { entries: report.transactions.length, unapplied };
    }
    case "camt.054": {
      const { entries: evidence, unlike } = match(content.evidence, "", state);
      const { known, unapplied } = applyEvidence(
        evidence.filter((piece) => !unlike.has(piece)),
        state,
        change,
        context,
      );
      const batches = [...unlike.values()].map(({ batchId }): Unapplied => ({ endToEndId: batchId, why: "AMOUNT" }));
      rememberReferences(content.evidence, state, change);
      const [first] = content.evidence;
      if (first && known + unlike.size === 0) return nothingOfOurs("EndToEndId", first.endToEndId);
      return { entries: content.evidence.length, unapplied: [...unapplied, ...batches] };
    }
    case "camt.053": {
      const { entries } = book(content.statement, state, change, context);
      return { entries, unapplied: [] };
    }
  }
}

/** The bank's reference of each order that it names, so that an entry which carries only that is known. The first one stands. */
function rememberReferences(evidence: readonly Evidence[], state: State, change: Change<PaymentEvents>): void {
  for (const { endToEndId, reference } of evidence) {
    // One that names a batch only has the batch's reference, which is nobody's alone.
    const order = endToEndId === "" ? undefined : state.get(orders.key(orderIdIn(endToEndId)));
    if (!reference || order?.endToEndId !== endToEndId) continue;
    const key = references.key(reference);
    if (!state.get(key)) change.put(key, { county: order.county, orderId: order.orderId, endToEndId });
  }
}

function nothingOfOurs(element: string, value: string): Refusal {
  return refuse("BAD_BANK_MESSAGE", { field: "document", why: `${element} ${value} is not ours` });
}
