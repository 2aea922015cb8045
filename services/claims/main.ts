import { serve } from "../mesh/twin.ts";
import type { Parts, Service, Timer } from "../mesh/wiring.ts";
import { calls } from "./calls.ts";
import { claimsConfig } from "./config.ts";
import { expire, expiryIdOf } from "./domain/expire.ts";
import { messages, tells } from "./messages.ts";
import { indexes, pendingSince } from "./store.ts";

const EXPIRE_EVERY_MS = 5_000;

const service: Service = {
  name: "claims",
  indexes,
  tells,
  wire: (parts) => ({ calls: calls(parts), messages, timers: [expiry(parts)] }),
};

/** Finds the claims whose reservation is over its due time (protocols 18). */
function expiry({ reader, settings }: Parts): Timer {
  const { pendingLimitMs: limitMs } = claimsConfig(settings);
  return {
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
}

await serve(service);
