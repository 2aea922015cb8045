/** How much one checker may approve: of one batch, and of a day's batches together. A person may have limits of their own. */
import type { Change, Key, State } from "../../values/decision.ts";
import { yuan } from "../../values/money.ts";
import type { Refusal } from "../../values/outcome.ts";
import { PROVINCE } from "../../values/region.ts";
import { type Approved, approvedBy, type Batch } from "./documents.ts";
import { refuse } from "./refusals.ts";

export interface Limit {
  readonly batchFen: bigint;
  readonly dayFen: bigint;
}

export interface Limits extends Limit {
  /** By the name in the checker's certificate. */
  readonly checkers: Readonly<Record<string, Limit>>;
}

/** As much as a payment can be. */
const UNLIMITED_FEN = 1_000_000_000_000_000n;
export const NO_LIMITS: Limits = { batchFen: UNLIMITED_FEN, dayFen: UNLIMITED_FEN, checkers: {} };

export function approvedKey(checker: string, day: string): Key<Approved> {
  return approvedBy.key(checker, day);
}

/** Counts the batch against the checker's day, or refuses OVER_LIMIT. Looks at `approvedKey`. */
export function count(batch: Batch, checker: string, day: string, limits: Limits, state: State, change: Change): Refusal | undefined {
  const { batchFen, dayFen } = Object.hasOwn(limits.checkers, checker) ? (limits.checkers[checker] ?? limits) : limits;
  const key = approvedKey(checker, day);
  const before = state.get(key)?.amountFen ?? 0n;
  const amountFen = before + batch.amountFen;
  const over = (limitFen: bigint, askedFen: bigint) =>
    refuse("OVER_LIMIT", { batch: batch.batchId, checker, limit: yuan(limitFen), asked: yuan(askedFen) });
  if (batch.amountFen > batchFen) return over(batchFen, batch.amountFen);
  if (amountFen > dayFen) return over(dayFen, amountFen);
  change.put(key, { county: PROVINCE, checker, day, amountFen });
  return undefined;
}
