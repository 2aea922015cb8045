/**
 * A message that is not believed to be the bank's, or not now: nothing in it is applied. It is kept for the record as it came, and told once, so that
 * somebody asks the bank. Its file or call is answered with why.
 */
import { bankField, bankPart } from "../../values/banks.ts";
import type { Change, Context, Decision, Key, State } from "../../values/decision.ts";
import { PROVINCE } from "../../values/region.ts";
import { type Distrust, type Doubted, doubted, type Original } from "./documents.ts";
import type { PaymentEvents } from "./events.ts";
import { refuse } from "./refusals.ts";

/** How much of a doubted message is kept. */
export const MAX_KEPT = 64 * 1024;

export interface Doubt extends Original {
  /** In whose name it came. */
  readonly bank: string;
  readonly why: Distrust;
}

/** Why a message was not taken, for who brought it. */
export interface Doubts {
  readonly code: string;
  readonly zh: string;
  readonly en: string;
}

export const doubt: Decision<Doubt, Doubts, PaymentEvents> = {
  needs: ({ bank, hash, why }) => [doubtKey(bank, hash, why)],
  decide: (input, state, change, context) => keep(input, state, change, context),
};

export function doubtKey(bank: string, hash: string, why: Distrust): Key<Doubted> {
  return doubted.key(bankPart(bank, hash), why);
}

/** Keeps and tells a doubted message; gives the answer to it. Looks at `doubtKey`. */
export function keep({ bank, why, ...original }: Doubt, state: State, change: Change<PaymentEvents>, context: Context): Doubts {
  const { hash, messageId, from } = original;
  const key = doubtKey(bank, hash, why);
  const before = state.get(key);
  if (before) change.put(key, { ...before, times: before.times + 1 });
  else {
    change.put(key, { county: PROVINCE, ...bankField(bank), ...original, why, firstAtMs: context.atMs, times: 1 });
    change.tell("BankMessageDoubted", PROVINCE, { messageHash: hash, messageId, why, from, bank });
  }
  const { code, zh, en } = refuse("NOT_BELIEVED", { why });
  return { code, zh, en };
}
