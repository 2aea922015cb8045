/** Tells the bank of the orders that it is to cancel while this twin leads, again and again until it has answered. Telling twice is telling once. */
import { pause } from "../mesh/clock.ts";
import type { Leading } from "../mesh/wiring.ts";
import { isRefusal } from "../values/outcome.ts";
import type { AtBank } from "./at-bank.ts";
import { keepDoubted } from "./bank/hear.ts";
import { BadBankMessage } from "./bank/message.ts";
import { resolve } from "./domain/cancel.ts";
import type { Cancellation } from "./domain/documents.ts";
import { openCancellations } from "./store.ts";
import { newWaits } from "./waits.ts";

const LOOK_MS = 1_000;

/** Runs until the signal aborts. Throws where the store does. */
export async function cancelWhileLeading(parts: AtBank, leading: Leading): Promise<void> {
  const waits = newWaits(parts.monotonicMs);
  while (!leading.signal.aborted) {
    const open = await openCancellations(parts.reader, parts.bank);
    waits.keep(open.map(({ caseId }) => caseId));
    for (const cancellation of open) {
      if (!waits.isDue(cancellation.caseId)) continue;
      await tell(parts, leading, cancellation);
      waits.later(cancellation.caseId);
    }
    await pause(LOOK_MS, leading.signal);
  }
}

async function tell({ bank, channel, read, log }: AtBank, leading: Leading, { caseId, content }: Cancellation): Promise<void> {
  const reply = await channel.cancel(caseId, Buffer.from(content, "utf8"), leading.signal);
  await keepDoubted(leading, bank, reply, `cancellation:${caseId}`);
  if (reply.kind === "taken") return;
  if (reply.kind !== "answer") {
    log.warn({ caseId, why: reply.kind === "absent" ? reply.kind : reply.why }, "the bank did not answer a cancellation, asked again");
    return;
  }
  try {
    const message = await read(reply.document);
    if (message.kind !== "camt.029" || message.resolution.caseId !== caseId)
      throw new BadBankMessage(`${message.kind} ${message.messageId} is no answer to ${caseId}`);
    const { resolution } = message;
    const id = `cancellation/${caseId}/${resolution.says}/${resolution.reason}`;
    const result = await leading.enter(id, resolve, { bank, resolution }, { fenced: true });
    if (isRefusal(result) || !result.known) throw new BadBankMessage(`its answer to ${caseId} names another order`);
  } catch (error) {
    if (!(error instanceof BadBankMessage)) throw error;
    log.error({ caseId, why: error.message }, "the bank's answer cannot be read");
  }
}
