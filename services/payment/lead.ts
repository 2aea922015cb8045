/**
 * What the leading twin does by itself at each bank: it sends, fetches statements, tells of cancellations, and empties the bank's mailbox where there is one. Each bank has its own of these, so that
 * one that is down holds back no other's payments. When one of them ends, all are ended and waited for.
 */
import type { Leading } from "../mesh/wiring.ts";
import type { Hearing } from "./bank/hear.ts";
import { cancelWhileLeading } from "./cancellations.ts";
import { readMailboxWhileLeading } from "./mailbox.ts";
import { type SenderParts, sendWhileLeading } from "./sender.ts";
import { fetchWhileLeading } from "./statements.ts";
import { strandedBatches } from "./store.ts";

export interface LeadParts extends SenderParts {
  readonly hearing: Hearing;
}

export async function leadPayment(banks: readonly LeadParts[], leading: Leading): Promise<void> {
  const ended = new AbortController();
  const aborted = new Promise<void>((resolve) => ended.signal.addEventListener("abort", () => resolve(), { once: true }));
  const own: Leading = {
    epoch: leading.epoch,
    signal: AbortSignal.any([leading.signal, ended.signal]),
    enter: (id, decision, input, options) => leading.enter(id, decision, input, options),
    news: (limitMs) => Promise.race([leading.news(limitMs), aborted]),
  };
  await tellStranded(banks);
  const works = banks
    .flatMap((parts) => {
      const { mailbox } = parts.channel;
      return [
        sendWhileLeading(parts, own),
        fetchWhileLeading(parts, own),
        cancelWhileLeading(parts, own),
        ...(mailbox ? [readMailboxWhileLeading({ ...parts, mailbox }, own)] : []),
      ];
    })
    .map(async (work) => {
      try {
        await work;
      } finally {
        ended.abort();
      }
    });
  const outcomes = await Promise.allSettled(works);
  for (const outcome of outcomes) if (outcome.status === "rejected") throw outcome.reason;
}

const MAX_STRANDED = 20;

/** A bank that was taken out of the topology too early: nobody sends or asks for what was under way there. */
async function tellStranded(banks: readonly LeadParts[]): Promise<void> {
  const [first] = banks;
  if (!first) return;
  const names = banks.map(({ bank }) => bank);
  for (const { batchId, bank, state } of await strandedBatches(first.reader, names, MAX_STRANDED))
    first.log.error({ batchId, bank, state }, "the topology names no such bank any more: put it back until its batches are done");
}
