/** The record of the last night's rules: what they came to, or why they did not end. The looks themselves are `look.ts`'s. */
import { type Decision, type Doc, kind } from "../../values/decision.ts";
import { PROVINCE } from "../../values/region.ts";

export interface RuleNight extends Doc {
  /** YYYY-MM-DD: the night in which the day begins. */
  readonly day: string;
  readonly version: number;
  /** Read, and of them to be looked at that were not before; beyond the most that a night reports. */
  readonly claims: number;
  readonly found: number;
  readonly left: number;
  /** Why the last try did not end; empty where it did. */
  readonly fault: string;
  readonly endedAtMs: number;
  readonly times: number;
}

const ruleNights = kind<RuleNight>("rulenights");
export const LAST_NIGHT = ruleNights.key(PROVINCE);

export type RuleNightEnded = Omit<RuleNight, "county" | "endedAtMs">;

/** Replies whether it is news: a later night, or a later try of the same one. */
export const endRuleNight: Decision<RuleNightEnded, boolean> = {
  needs: () => [LAST_NIGHT],
  decide(ended, state, change, { atMs }) {
    const before = state.get(LAST_NIGHT);
    if (before && (before.day > ended.day || (before.day === ended.day && before.times >= ended.times))) return false;
    change.put(LAST_NIGHT, { ...ended, county: PROVINCE, endedAtMs: atMs });
    return true;
  },
};
