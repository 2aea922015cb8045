/**
 * Attempts to reach the bank (protocols 17). `attempt` is committed before a byte is sent, under the epoch of the twin that will send it;
 * `silence` says that no answer came. Silence never means failure: the bank may have executed what it did not answer.
 */
import type { Decision } from "../../values/decision.ts";
import { putBatch } from "./batch.ts";
import { batches } from "./documents.ts";
import type { PaymentEvents } from "./events.ts";

export interface Attempt {
  readonly batchId: string;
  /** 1 for the first; one more than the batch's attempts so far. */
  readonly attempt: number;
}

export interface Attempted {
  /** Whether this commit allows sending. */
  readonly send: boolean;
  /** Only the twin that leads under this epoch may send. */
  readonly epoch: number;
}

export const attempt: Decision<Attempt, Attempted, PaymentEvents> = {
  needs: (input) => [batches.key(input.batchId)],
  decide(input, state, change, context) {
    const batch = state.must(batches.key(input.batchId));
    const unanswered = batch.state === "APPROVED" || batch.state === "SENDING" || batch.state === "UNKNOWN";
    if (!unanswered || input.attempt !== batch.attempts + 1) return { send: false, epoch: context.epoch };
    putBatch(change, batch, { ...batch, state: "SENDING", attempts: input.attempt, attemptEpoch: context.epoch });
    change.about(batch.batchId);
    return { send: true, epoch: context.epoch };
  },
};

export const silence: Decision<Attempt, { unknown: boolean }, PaymentEvents> = {
  needs: (input) => [batches.key(input.batchId)],
  decide(input, state, change) {
    const batch = state.must(batches.key(input.batchId));
    if (batch.state !== "SENDING" || input.attempt !== batch.attempts) return { unknown: false };
    putBatch(change, batch, { ...batch, state: "UNKNOWN" });
    change.about(batch.batchId);
    return { unknown: true };
  },
};
