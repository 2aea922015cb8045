/** Finds the claims whose reservation is over its due time (protocols 18), and the pages of second compensations that are to be granted. */
import type { Parts, Timer } from "../mesh/wiring.ts";
import { claimsConfig } from "./config.ts";
import { expire, expiryIdOf } from "./domain/expire.ts";
import { grantIdOf, grantShares } from "./domain/second-compensation.ts";
import { approvedSeconds, pendingSince } from "./store.ts";

const EXPIRE_EVERY_MS = 5_000;
const GRANT_EVERY_MS = 2_000;
/** Granted at once: a page is a transaction of a hundred claims. */
const MAX_PAGES = 10;

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
  const grants: Timer = {
    name: "grant",
    everyMs: GRANT_EVERY_MS,
    async due() {
      const approved = await approvedSeconds(reader);
      return approved.flatMap(({ county, year, plan, pages, granted }) =>
        pagesLeft(pages, granted).map((page) => ({
          id: `${grantIdOf(county, year, page)}/${plan}`,
          decision: grantShares,
          input: { county, year, plan, page },
        })),
      );
    },
  };
  return [expiry, grants];
}

/** The next pages, in their order: what is granted already is found so by its input's id. */
function pagesLeft(pages: number, granted: number): number[] {
  return Array.from({ length: Math.min(MAX_PAGES, pages - granted) }, (_, index) => granted + index + 1);
}
