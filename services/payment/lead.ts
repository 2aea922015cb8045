/** What the leading twin does by itself: it sends, and it fetches statements. When one of the two ends, the other is ended and waited for. */
import type { Leading } from "../mesh/wiring.ts";
import { type SenderParts, sendWhileLeading } from "./sender.ts";
import { fetchWhileLeading } from "./statements.ts";

export async function leadPayment(parts: SenderParts, leading: Leading): Promise<void> {
  const ended = new AbortController();
  const aborted = new Promise<void>((resolve) => ended.signal.addEventListener("abort", () => resolve(), { once: true }));
  const both: Leading = {
    epoch: leading.epoch,
    signal: AbortSignal.any([leading.signal, ended.signal]),
    enter: (id, decision, input, options) => leading.enter(id, decision, input, options),
    news: (limitMs) => Promise.race([leading.news(limitMs), aborted]),
  };
  const works = [sendWhileLeading(parts, both), fetchWhileLeading(parts, both)].map(async (work) => {
    try {
      await work;
    } finally {
      ended.abort();
    }
  });
  const outcomes = await Promise.allSettled(works);
  for (const outcome of outcomes) if (outcome.status === "rejected") throw outcome.reason;
}
