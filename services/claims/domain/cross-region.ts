/**
 * Who may be treated in another county with immediate settlement (异地即时结算). Not everybody is at once: the rollout begins with pilot counties and takes in more by a setting. And a county whose prefund
 * is used up sends nobody new. Either way the patient is told the indirect way: to pay, and to hand the bill in at home. Who was admitted before is settled in any case.
 */
import type { Change, Key, State } from "../../values/decision.ts";
import type { Refusal } from "../../values/outcome.ts";
import { prefunds } from "./documents.ts";
import { refuse } from "./refusals.ts";

/** The counties that take part. */
export type CrossRegion = "ALL" | readonly string[];

export interface Away {
  readonly home: string;
  readonly treating: string;
}

/** One of the two counties does not take part. */
export function rolloutFault(field: string, { home, treating }: Away, taking: CrossRegion): Refusal | undefined {
  if (home === treating || taking === "ALL") return undefined;
  const county = [home, treating].find((one) => !taking.includes(one));
  return county === undefined ? undefined : refuse("CROSS_REGION_CLOSED", { field, county, home });
}

export function prefundKeys({ home, treating }: Away): Key[] {
  return home === treating ? [] : [prefunds.key(home)];
}

/** The home county's prefund is used up. What was heard may be a moment old: the answer holds for the word that it stands on. */
export function blockedFault(field: string, away: Away, state: State, change: Change): Refusal | undefined {
  for (const key of prefundKeys(away)) {
    const heard = state.get(prefunds.key(away.home));
    if (!heard) continue;
    change.guard(key);
    if (heard.state === "BLOCKED_NEW") return refuse("PREFUND_BLOCKED", { field, home: away.home });
  }
  return undefined;
}
