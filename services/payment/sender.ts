/**
 * Sends a bank's approved batches while this twin leads, and finds out what became of those without an answer (protocols 17).
 * An attempt is committed under this twin's epoch before a byte goes out, and goes out at once or not at all; the bank's answer is an input of its own.
 * Times are measured by this process's monotonic clock from the moment when it first saw an attempt: later than the attempt itself, never earlier,
 * so that no other clock has to be trusted.
 */

import type { Leading } from "../mesh/wiring.ts";
import type { Decision } from "../values/decision.ts";
import { isRefusal } from "../values/outcome.ts";
import type { AtBank } from "./at-bank.ts";
import type { BankReply } from "./bank/channel.ts";
import { keepDoubted } from "./bank/hear.ts";
import { SOCKET_DEADLINE_MS } from "./bank/https.ts";
import { BadBankMessage } from "./bank/message.ts";
import { type Answer, answer, reportHash } from "./domain/answer.ts";
import { attempt, silence } from "./domain/attempt.ts";
import { type Batch, files } from "./domain/documents.ts";
import type { PaymentEvents } from "./domain/events.ts";
import { batchesIn } from "./store.ts";

/** How long after its commit an attempt may still be sent. */
export const SEND_LIMIT_MS = 2_000;
/** A margin for the change of leaders. Attempts are committed under the epoch, so the two terms below would do for all that a predecessor committed. */
const LEASE_MARGIN_MS = 2_000;
/** A bank that knows nothing of a file is believed only when no attempt can still be under way: lease + send limit + socket deadline. */
export const BELIEVE_ABSENCE_MS = LEASE_MARGIN_MS + SEND_LIMIT_MS + SOCKET_DEADLINE_MS;
/** Sendings and enquiries together, and enquiries alone, so that a deaf bank leaves room for new files. */
const MAX_IN_FLIGHT = 8;
const MAX_ENQUIRIES = 4;
/** Attempts of one batch; after these a person decides. */
export const MAX_ATTEMPTS = 99;
/** Approved batches are looked for after each commit of one's own, and this often: in dual active the peer approves as well. */
const POLL_MS = 250;
/** How often batches without an answer are looked for, and how many at a time. */
const SCAN_MS = 250;
const SCAN_LIMIT = 100;
const ACCEPTED_SCAN_MS = 2_000;
const MAX_UNKNOWN_ENQUIRY_MS = 10_000;
const MAX_ACCEPTED_ENQUIRY_MS = 60_000;
/** Notes on batches that are out of sight are kept so long, against a stale read. */
const NOTE_MS = 60_000;

export interface SenderParts extends AtBank {
  readonly enquireAfterMs: number;
}

/** What this process knows of a batch's newest attempt. */
interface Note {
  readonly attempt: number;
  /** When this process first saw, or began, the attempt. */
  readonly sinceMs: number;
  seenMs: number;
  enquireAtMs: number;
  misses: number;
  /** The attempt was committed, and handed to the channel or given up, by this process: never again. */
  used: boolean;
}

/** Runs until the signal aborts. Throws where the store does. */
export async function sendWhileLeading(parts: SenderParts, leading: Leading): Promise<void> {
  const { bank, reader, monotonicMs } = parts;
  const sender = new Sender(parts, leading);
  let scanAtMs = monotonicMs();
  let acceptedAtMs = scanAtMs;
  try {
    while (!leading.signal.aborted) {
      // From before the look: what is approved during it must not be missed.
      const news = leading.news(POLL_MS);
      for (const batch of await batchesIn(reader, ["APPROVED"], MAX_IN_FLIGHT, bank)) sender.sendFirst(batch);
      if (monotonicMs() >= scanAtMs) {
        for (const batch of await batchesIn(reader, ["SENDING", "UNKNOWN"], SCAN_LIMIT, bank)) sender.enquireWhenDue(batch);
        scanAtMs = monotonicMs() + SCAN_MS;
      }
      if (monotonicMs() >= acceptedAtMs) {
        for (const batch of await batchesIn(reader, ["ACCEPTED"], SCAN_LIMIT, bank)) sender.enquireWhenDue(batch);
        sender.forget();
        acceptedAtMs = monotonicMs() + ACCEPTED_SCAN_MS;
      }
      await news;
    }
  } finally {
    await sender.idle();
  }
}

class Sender {
  readonly #parts: SenderParts;
  readonly #leading: Leading;
  readonly #notes = new Map<string, Note>();
  readonly #inFlight = new Map<string, Promise<void>>();
  #enquiries = 0;

  constructor(parts: SenderParts, leading: Leading) {
    this.#parts = parts;
    this.#leading = leading;
  }

  sendFirst(batch: Batch): void {
    this.#start(batch, () => this.#send(batch));
  }

  enquireWhenDue(batch: Batch): void {
    const note = this.#note(batch.batchId, batch.attempts);
    if (note.enquireAtMs > this.#now() || this.#enquiries >= MAX_ENQUIRIES) return;
    this.#start(batch, async () => {
      this.#enquiries += 1;
      try {
        await this.#enquire(batch, note);
      } finally {
        this.#enquiries -= 1;
      }
    });
  }

  /** Drops notes of batches that have been out of sight for long. */
  forget(): void {
    for (const [batchId, note] of this.#notes)
      if (!this.#inFlight.has(batchId) && this.#now() - note.seenMs > NOTE_MS) this.#notes.delete(batchId);
  }

  async idle(): Promise<void> {
    await Promise.all(this.#inFlight.values());
  }

  #now(): number {
    return this.#parts.monotonicMs();
  }

  /** The note on an attempt, made where it is seen for the first time. A stale read of an older attempt gives the newer one's note. */
  #note(batchId: string, attemptNumber: number): Note {
    const known = this.#notes.get(batchId);
    const now = this.#now();
    if (known && known.attempt >= attemptNumber) {
      known.seenMs = now;
      return known;
    }
    const note: Note = { attempt: attemptNumber, sinceMs: now, seenMs: now, enquireAtMs: now, misses: 0, used: false };
    this.#notes.set(batchId, note);
    return note;
  }

  #start(batch: Batch, work: () => Promise<void>): void {
    if (this.#inFlight.has(batch.batchId) || this.#inFlight.size >= MAX_IN_FLIGHT || this.#leading.signal.aborted) return;
    const run = async () => {
      try {
        await work();
      } catch (error) {
        // Nothing is lost: what was committed is found again by the next look, and asked about before anything is repeated.
        if (!this.#leading.signal.aborted)
          this.#parts.log.warn({ batchId: batch.batchId, error: String(error) }, "work on a batch failed, tried again");
        this.#later(this.#note(batch.batchId, batch.attempts), this.#parts.enquireAfterMs);
      } finally {
        this.#inFlight.delete(batch.batchId);
      }
    };
    this.#inFlight.set(batch.batchId, run());
  }

  #later(note: Note, limitMs: number): void {
    const waitMs = Math.min(this.#parts.enquireAfterMs * 2 ** Math.min(note.misses, 20), Math.max(limitMs, this.#parts.enquireAfterMs));
    note.misses += 1;
    note.enquireAtMs = this.#now() + waitMs;
  }

  async #send(batch: Batch): Promise<void> {
    const number = batch.attempts + 1;
    const { batchId } = batch;
    if (number > MAX_ATTEMPTS) {
      this.#parts.log.error({ batchId }, "the bank has not taken this batch in any attempt: a person must decide");
      this.#later(this.#note(batchId, batch.attempts), MAX_ACCEPTED_ENQUIRY_MS);
      return;
    }
    const note = this.#note(batchId, number);
    if (note.attempt !== number || note.used) return;
    const file = await this.#parts.reader.get(files.key(batchId));
    if (!file) throw new Error(`batch ${batchId} has no file`);
    const allowed = await this.#enter(`batch/${batchId}/attempt/${number}`, attempt, { batchId, attempt: number });
    if (!allowed) return;
    note.used = true;
    this.#later(note, MAX_UNKNOWN_ENQUIRY_MS);
    if (!allowed.send || allowed.epoch !== this.#leading.epoch) return;
    const lateMs = this.#now() - note.sinceMs;
    const reply: BankReply =
      lateMs < SEND_LIMIT_MS
        ? await this.#parts.channel.send(batchId, Buffer.from(file.content, "utf8"), this.#leading.signal)
        : { kind: "silent", why: `not sent: ${Math.round(lateMs)} ms after the attempt began` };
    if (reply.kind === "answer" && (await this.#hear({ ...batch, attempts: number }, reply.document))) return;
    await keepDoubted(this.#leading, this.#parts.bank, reply, `batch:${batchId}`);
    await this.#unknown(batchId, number, whyOf(reply));
  }

  async #enquire(batch: Batch, note: Note): Promise<void> {
    const { batchId } = batch;
    const accepted = batch.state === "ACCEPTED";
    const askedMs = this.#now();
    this.#later(note, accepted ? MAX_ACCEPTED_ENQUIRY_MS : MAX_UNKNOWN_ENQUIRY_MS);
    const reply = await this.#parts.channel.enquire(batchId, this.#leading.signal);
    if (reply.kind === "answer") return void (await this.#hear(batch, reply.document));
    // Its answer will be brought.
    if (reply.kind === "taken") return;
    await keepDoubted(this.#leading, this.#parts.bank, reply, `batch:${batchId}`);
    if (reply.kind !== "absent") return this.#parts.log.warn({ batchId, why: whyOf(reply) }, "the bank did not answer an enquiry");
    if (accepted) return this.#parts.log.error({ batchId }, "the bank does not know a batch that it had accepted");
    if (askedMs - note.sinceMs >= BELIEVE_ABSENCE_MS) return await this.#send(batch);
    note.enquireAtMs = Math.min(note.enquireAtMs, note.sinceMs + BELIEVE_ABSENCE_MS);
  }

  /** Enters the bank's answer; false where it is no status report on this batch. */
  async #hear(batch: Batch, document: Uint8Array): Promise<boolean> {
    const { batchId } = batch;
    try {
      const message = await this.#parts.read(document);
      if (message.kind !== "pain.002" || message.report.originalMessageId !== batchId)
        throw new BadBankMessage(`${message.kind} ${message.messageId} is no status report on this batch`);
      const hash = reportHash(message.report);
      if (batch.state === "ACCEPTED" && batch.answerHash === hash) return true;
      const input: Answer = { bank: this.#parts.bank, batchId, hash, report: message.report };
      const heard = await this.#enter(`batch/${batchId}/answer/${batch.attempts}/${hash.slice(0, 16)}`, answer, input);
      if (heard && heard.unapplied.length > 0)
        this.#parts.log.error({ batchId, unapplied: heard.unapplied }, "the bank's report was not applied in full");
      return true;
    } catch (error) {
      if (!(error instanceof BadBankMessage)) throw error;
      this.#parts.log.error({ batchId, why: error.message }, "the bank's answer cannot be read");
      return false;
    }
  }

  async #unknown(batchId: string, number: number, why: string): Promise<void> {
    this.#parts.log.warn({ batchId, attempt: number, why }, "no answer from the bank: the batch is UNKNOWN");
    await this.#enter(`batch/${batchId}/silence/${number}`, silence, { batchId, attempt: number });
  }

  /** Throws where the lease is lost or the mesh drains; a refusal of one's own input is a bug and is logged as one. */
  async #enter<I, R>(id: string, decision: Decision<I, R, PaymentEvents>, input: I): Promise<R | undefined> {
    const result = await this.#leading.enter(id, decision, input, { fenced: true });
    if (!isRefusal(result)) return result;
    this.#parts.log.error({ id, code: result.code, why: result.en }, "the sender's own input was refused");
    return undefined;
  }
}

function whyOf(reply: BankReply): string {
  switch (reply.kind) {
    case "silent":
    case "distrusted":
      return reply.why;
    case "taken":
      return "its front-end has the file and will say later";
    case "answer":
    case "absent":
      return "no status report on this batch";
  }
}
