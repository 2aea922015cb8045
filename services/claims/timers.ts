/** Finds the claims whose reservation is over its due time (protocols 18). */
import type { Parts, Timer } from "../mesh/wiring.ts";
import { claimsConfig } from "./config.ts";
import { expire, expiryIdOf } from "./domain/expire.ts";
import { pendingSince } from "./store.ts";

const EXPIRE_EVERY_MS = 5_000;

export function timers({ reader, settings }: Pick<Parts, "reader" | "settings">): readonly Timer[] {
  const { pendingLimitMs: limitMs } = claimsConfig(settings);
  const expiry: Timer = {
    name: "expire",
    everyMs: EXPIRE_EVERY_MS,
    async due(nowMs) {
      const waiting = await pendingSince(reader, nowMs - limitMs);
      return waiting.map(({ bill: { claimId }, decision }) => ({
        id: expiryIdOf(claimId, decision),
        decision: expire,
        input: { claimId, limitMs },
      }));
    },
  };
  return [expiry];
}
