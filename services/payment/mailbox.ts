/** Takes in what the bank's front-end leaves in its folder while this twin leads: each file once, whatever it is called, then puts it aside. */
import { pause } from "../mesh/clock.ts";
import type { Logger } from "../mesh/log.ts";
import type { Leading } from "../mesh/wiring.ts";
import { bankPart } from "../values/banks.ts";
import { isRefusal } from "../values/outcome.ts";
import type { Arrival, Mailbox } from "./bank/channel.ts";
import { type Hearing, hearingOf } from "./bank/hear.ts";
import { BadBankMessage, type BankMessage, NotReadNow } from "./bank/message.ts";
import { HalfWritten } from "./bank/text.ts";
import { hear } from "./domain/receive.ts";

const LOOK_MS = 500;
/** A file that is not whole, or whose signature is not there, may still be being written for so long; one that could not be read is tried for so long. */
export const WRITING_MS = 600_000;

export interface MailboxParts {
  readonly mailbox: Mailbox;
  readonly hearing: Hearing;
  readonly log: Logger;
  /** Monotonic milliseconds. */
  readonly monotonicMs: () => number;
}

/** Runs until the signal aborts. Throws where the store does. */
export async function readMailboxWhileLeading(parts: MailboxParts, leading: Leading): Promise<void> {
  const { mailbox, log, monotonicMs } = parts;
  /** Since when files have been seen unfinished, by name. */
  const unfinished = new Map<string, number>();
  while (!leading.signal.aborted) {
    const arrivals = await looked(mailbox, log);
    for (const name of unfinished.keys()) if (!arrivals.some((arrival) => arrival.name === name)) unfinished.delete(name);
    for (const arrival of arrivals) {
      if (leading.signal.aborted) return;
      const since = unfinished.get(arrival.name) ?? monotonicMs();
      const outcome = await take(parts, leading, arrival, monotonicMs() - since > WRITING_MS);
      if (outcome === "unfinished") {
        unfinished.set(arrival.name, since);
        continue;
      }
      if (outcome !== "taken") log.error({ file: arrival.name, why: outcome }, "a file of the bank was refused");
      await putAside(parts, arrival.name, outcome === "taken" ? undefined : outcome);
    }
    await pause(LOOK_MS, leading.signal);
  }
}

async function looked(mailbox: Mailbox, log: Logger): Promise<readonly Arrival[]> {
  try {
    return await mailbox.look();
  } catch (error) {
    log.error({ err: error }, "the bank's folder cannot be read, tried again");
    return [];
  }
}

async function putAside({ mailbox, log }: MailboxParts, name: string, refused: string | undefined): Promise<void> {
  try {
    await mailbox.putAside(name, refused);
  } catch (error) {
    // It is found again, and taken in again to the same answer.
    log.error({ err: error, file: name }, "a file of the bank could not be put aside");
  }
}

/** `taken`, `unfinished`, or why it was refused. */
async function take({ hearing }: MailboxParts, leading: Leading, arrival: Arrival, late: boolean): Promise<string> {
  const { name, document, signature, oversize } = arrival;
  if (oversize !== undefined) return oversize;
  let found: Promise<BankMessage> | undefined;
  // A long file takes seconds.
  const readOnce = () => (found ??= hearing.read(document));
  try {
    const unsigned = hearing.signing !== undefined && signature === "";
    if (!late && (unsigned || (await mayBeReadLater(readOnce)))) return "unfinished";
    const input = await hearingOf({ ...hearing, read: readOnce }, { from: `folder:${name}`, document, signature });
    const original = "why" in input ? input : input.original;
    const id = `arrival/${bankPart(hearing.bank, original.hash.slice(0, 32))}/${"why" in input ? input.why : "read"}`;
    const result = await leading.enter(id, hear, input, { fenced: true });
    if (isRefusal(result)) return result.en;
    return result.doubts?.en ?? "taken";
  } catch (error) {
    if (error instanceof BadBankMessage) return error.message;
    throw error;
  }
}

async function mayBeReadLater(read: () => Promise<unknown>): Promise<boolean> {
  try {
    await read();
    return false;
  } catch (error) {
    if (error instanceof HalfWritten || error instanceof NotReadNow) return true;
    if (error instanceof BadBankMessage) return false;
    throw error;
  }
}
