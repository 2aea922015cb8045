/** A message that the bank sent by itself: a late status report (pain.002), debits and returns (camt.054), or a statement (camt.053). */
import type { Change, Context, Decision, Key, Loaded, State } from "../../values/decision.ts";
import type { Refusal } from "../../values/outcome.ts";
import { PROVINCE } from "../../values/region.ts";
import { applyReport, reportHash, reportNeeds, type StatusReport } from "./answer.ts";
import { batches, messages, type Unapplied } from "./documents.ts";
import type { PaymentEvents } from "./events.ts";
import { applyEvidence, type Evidence, evidenceNeeds } from "./evidence.ts";
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
      return evidenceNeeds(content.evidence, loaded);
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
      const { known, unapplied } = applyEvidence(content.evidence, state, change, context);
      const [first] = content.evidence;
      if (first && known === 0) return nothingOfOurs("EndToEndId", first.endToEndId);
      return { entries: content.evidence.length, unapplied };
    }
    case "camt.053": {
      const { entries } = book(content.statement, state, change, context);
      return { entries, unapplied: [] };
    }
  }
}

function nothingOfOurs(element: string, value: string): Refusal {
  return refuse("BAD_BANK_MESSAGE", { field: "document", why: `${element} ${value} is not ours` });
}
