/**
 * A message that is not believed to be the bank's, or not now: nothing in it is applied. It is kept for the record as it came, and told once, so that
 * somebody asks the bank. Its file or call is answered with why.
 */
import type { Change, Context, Decision, Key, State } from "../../values/decision.ts";
import { PROVINCE } from "../../values/region.ts";
import { type Distrust, type Doubted, doubted, type Original } from "./documents.ts";
import type { PaymentEvents } from "./events.ts";
import { refuse } from "./refusals.ts";

/** How much of a doubted message is kept. */
export const MAX_KEPT = 64 * 1024;

export interface Doubt extends Original {
  readonly why: Distrust;
}

/** Why a message was not taken, for who brought it. */
export interface Doubts {
  readonly code: string;
  readonly zh: string;
  readonly en: string;
}

export const doubt: Decision<Doubt, Doubts, PaymentEvents> = {
  needs: ({ hash, why }) => [doubtKey(hash, why)],
  decide: ({ why, ...original }, state, change, context) => keep(original, why, state, change, context),
};

export function doubtKey(hash: string, why: Distrust): Key<Doubted> {
  return doubted.key(hash, why);
}

/** Keeps and tells a doubted message; gives the answer to it. Looks at `doubtKey`. */
export function keep(original: Original, why: Distrust, state: State, change: Change<PaymentEvents>, context: Context): Doubts {
  const key = doubtKey(original.hash, why);
  const before = state.get(key);
  if (before) change.put(key, { ...before, times: before.times + 1 });
  else {
    change.put(key, { county: PROVINCE, ...original, why, firstAtMs: context.atMs, times: 1 });
    change.tell("BankMessageDoubted", PROVINCE, { messageHash: original.hash, messageId: original.messageId, why, from: original.from });
  }
  const { code, zh, en } = refuse("NOT_BELIEVED", { why });
  return { code, zh, en };
}
