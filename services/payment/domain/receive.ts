/** A message that a bank sent by itself: a late status report (pain.002), debits and returns (camt.054), a statement (camt.053), or its word on a cancellation (camt.029). */
import { bankField, bankPart } from "../../values/banks.ts";
import type { Change, Context, Decision, Key, Loaded, State } from "../../values/decision.ts";
import { assert, type Refusal } from "../../values/outcome.ts";
import { PROVINCE } from "../../values/region.ts";
import { applyReport, reportHash, reportNeeds, type StatusReport } from "./answer.ts";
import { batchAt, orderAt } from "./batch.ts";
import { applyResolution, type Resolution, resolutionNeeds } from "./cancel.ts";
import { type Distrust, messages, type Original, type Unapplied } from "./documents.ts";
import { type Doubt, type Doubts, doubtKey, keep } from "./doubt.ts";
import type { PaymentEvents } from "./events.ts";
import { applyEvidence, type Evidence, evidenceNeeds } from "./evidence.ts";
import { match, matchKeys, referenceKey } from "./match.ts";
import { refuse } from "./refusals.ts";
import { type BookStatement, book, statementNeeds } from "./statement.ts";

export type BankContent =
  | { readonly kind: "pain.002"; readonly report: StatusReport }
  | { readonly kind: "camt.054"; readonly evidence: readonly Evidence[] }
  | { readonly kind: "camt.053"; readonly statement: BookStatement }
  | { readonly kind: "camt.029"; readonly resolution: Resolution };

/** How old a signature of a message that was never seen may be: a bank may be down over a weekend and a holiday. */
export const SIGNATURE_LIFE_MS = 7 * 86_400_000;
/** How far ahead the bank's clock may be: a day off is clumsy, not forged. */
export const CLOCK_AHEAD_MS = 25 * 3_600_000;

export interface Receive {
  readonly bank: string;
  readonly original: Original;
  readonly content: BankContent;
  /** By the bank's clock; left out where its messages are not signed. */
  readonly signedAtMs?: number;
}

export interface Received {
  /** Empty where it was not even read. */
  readonly kind: BankContent["kind"] | "";
  readonly entries: number;
  /** Why nothing of it was applied; absent where it was taken. */
  readonly doubts?: Doubts;
}

/** What a bank brings by itself, or what somebody brings in its name. A message is applied once, and only to what is that bank's. One whose id has come with other bytes, or whose signature is out of time, is kept as doubted. Refuses BAD_BANK_MESSAGE where nothing in it is ours. */
export const hear: Decision<Receive | Doubt, Received, PaymentEvents> = {
  needs(input, loaded) {
    if ("why" in input) return [doubtKey(input.bank, input.hash, input.why)];
    const { bank, original, content } = input;
    const { messageId, hash } = original;
    const doubts = [doubtKey(bank, hash, "ALTERED"), doubtKey(bank, hash, "STALE")];
    return [messages.key(bankPart(bank, messageId)), ...doubts, ...contentNeeds(content, bank, loaded)];
  },
  decide(input, state, change, context) {
    if ("why" in input) return { kind: "", entries: 0, doubts: keep(input, state, change, context) };
    const { bank, original, content, signedAtMs } = input;
    const { messageId, hash } = original;
    const key = messages.key(bankPart(bank, messageId));
    const known = state.get(key);
    if (known?.hash === hash) return { kind: content.kind, entries: known.entries };
    const doubts = (why: Distrust): Received => ({
      kind: content.kind,
      entries: 0,
      doubts: keep({ ...original, bank, why }, state, change, context),
    });
    if (known) return doubts("ALTERED");
    if (signedAtMs !== undefined && isOutOfTime(signedAtMs, context.atMs)) return doubts("STALE");
    const taken = take(content, bank, state, change, context);
    if ("outcome" in taken) return taken;
    const { entries, unapplied } = taken;
    change.put(key, { county: PROVINCE, ...bankField(bank), messageKind: content.kind, hash, entries, unapplied: [...unapplied] });
    return { kind: content.kind, entries };
  },
};

function isOutOfTime(signedAtMs: number, atMs: number): boolean {
  return atMs - signedAtMs > SIGNATURE_LIFE_MS || signedAtMs - atMs > CLOCK_AHEAD_MS;
}

function contentNeeds(content: BankContent, bank: string, loaded: Loaded): Key[] {
  switch (content.kind) {
    case "pain.002":
      return reportNeeds(content.report, loaded);
    case "camt.054":
      return [
        ...matchKeys(content.evidence, bank, loaded),
        ...evidenceNeeds(match(content.evidence, bank, "", loaded).entries, loaded),
        ...content.evidence.flatMap(({ reference }) => (reference ? [referenceKey(bank, reference)] : [])),
      ];
    case "camt.053":
      return statementNeeds(content.statement, loaded);
    case "camt.029":
      return resolutionNeeds(content.resolution, loaded);
  }
}

interface Taken {
  readonly entries: number;
  readonly unapplied: readonly Unapplied[];
}

function take(content: BankContent, bank: string, state: State, change: Change<PaymentEvents>, context: Context): Taken | Refusal {
  switch (content.kind) {
    case "pain.002": {
      const { report } = content;
      if (!batchAt(bank, report.originalMessageId, state)) return nothingOfOurs("OrgnlMsgId", report.originalMessageId);
      const { unapplied } = applyReport(report, reportHash(report), bank, state, change, context);
      return { entries: report.transactions.length, unapplied };
    }
    case "camt.054": {
      const { entries: evidence, unlike } = match(content.evidence, bank, "", state);
      const { known, unapplied } = applyEvidence(
        evidence.filter((piece) => !unlike.has(piece)),
        bank,
        state,
        change,
        context,
      );
      const batches = [...unlike.values()].map(({ batchId }): Unapplied => ({ endToEndId: batchId, why: "AMOUNT" }));
      rememberReferences(content.evidence, bank, state, change);
      const [first] = content.evidence;
      if (first && known + unlike.size === 0) return nothingOfOurs("EndToEndId", first.endToEndId);
      return { entries: content.evidence.length, unapplied: [...unapplied, ...batches] };
    }
    case "camt.053": {
      assert(content.statement.bank === bank, "a statement is its bank's");
      const { entries } = book(content.statement, state, change, context);
      return { entries, unapplied: [] };
    }
    case "camt.029": {
      const { resolution } = content;
      if (!applyResolution(resolution, bank, state, change, context)) return nothingOfOurs("CxlId", resolution.caseId);
      return { entries: 1, unapplied: [] };
    }
  }
}

/** The bank's reference of each order that it names, so that an entry which carries only that is known. The first one stands. */
function rememberReferences(evidence: readonly Evidence[], bank: string, state: State, change: Change<PaymentEvents>): void {
  for (const { endToEndId, reference } of evidence) {
    // One that names a batch only has the batch's reference, which is nobody's alone.
    const order = orderAt(bank, endToEndId, state);
    if (!reference || !order) continue;
    const key = referenceKey(bank, reference);
    if (!state.get(key)) change.put(key, { county: order.county, ...bankField(bank), orderId: order.orderId, endToEndId });
  }
}

function nothingOfOurs(element: string, value: string): Refusal {
  return refuse("BAD_BANK_MESSAGE", { field: "document", why: `${element} ${value} is not ours` });
}
