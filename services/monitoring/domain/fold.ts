/**
 * Every event of every service goes through here, once: the number is marked as seen in the same commit as what the event changes,
 * so that a repeat changes nothing and no entry per event is needed (protocols 11).
 */

import { yearOf } from "../../values/days.ts";
import type { Change, Context, Decision, Key, Loaded, State } from "../../values/decision.ts";
import { assert, unavailable } from "../../values/outcome.ts";
import { type Step, stepsBetween, withSteps } from "./covers.ts";
import { alarms, type CoverSpan, covertides, type HouseholdCover, householdcovers, overviews, seens } from "./documents.ts";
import { type Effect, effects, emptyOverview, type Raised } from "./effects.ts";
import type { EventName, Heard, HeardBodies, Origin } from "./events.ts";
import { MAX_STRETCHES, marked, nothingSeen } from "./seen.ts";

/** How long an event waits whose source has too many holes. */
const FULL_RETRY_MS = 1000;

export interface Folded {
  /** False where the event had been seen before. */
  readonly folded: boolean;
}

export const fold: Decision<Heard, Folded> = {
  needs(heard, loaded, context) {
    const { overview, alarm } = planOf(heard);
    const keys: Key[] = [seenKey(heard.origin)];
    if (overview) keys.push(overviews.key(overview.county));
    if (alarm) keys.push(alarmKey(alarm, context));
    if (heard.name === "HouseholdCovered") keys.push(...coverKeys(heard.body, loaded));
    return keys;
  },

  decide(heard, state, change, context) {
    const seen = marked(state.get(seenKey(heard.origin)) ?? nothingSeen(heard.origin), heard.origin.number);
    if (seen === "known") return { folded: false };
    if (seen === "full")
      return unavailable(`more than ${MAX_STRETCHES} holes among the events of ${heard.origin.source}.${heard.origin.twin}`, FULL_RETRY_MS);
    change.put(seenKey(heard.origin), seen);

    const { overview, alarm } = planOf(heard);
    if (overview) {
      const key = overviews.key(overview.county);
      const before = state.get(key);
      const after = overview.fold(before ?? emptyOverview(overview.county));
      if (after !== before) change.put(key, after);
    }
    if (alarm) raise(alarm, state, change, context);
    if (heard.name === "HouseholdCovered") foldCovers(heard.body, state, change);
    return { folded: true };
  },
};

/** Counts an alarm up where the day has one already. */
function raise(alarm: Raised, state: State, change: Change, context: Context): void {
  const key = alarmKey(alarm, context);
  const before = state.get(key);
  const first = { ...alarm, alarmId: key.id, subject: alarm.subject || context.day, raisedAtMs: context.atMs };
  change.put(key, before ? { ...before, count: before.count + alarm.count, amountFen: before.amountFen + alarm.amountFen } : first);
}

function foldCovers(body: HeardBodies["HouseholdCovered"], state: State, change: Change): void {
  const key = householdcovers.key(body.householdId);
  const before = state.get(key);
  if (before && before.heardVersion >= body.version) return;
  const covers = spansOf(body);
  change.put(key, { county: body.county, heardVersion: body.version, covers });
  const steps = stepsBetween(before?.covers ?? [], covers);
  for (const { county, year } of yearsOf(steps)) {
    const tide = covertides.key(county, year);
    change.put(tide, withSteps(state.get(tide), county, year, steps));
  }
}

/** The household's own document first; what it says tells which years' tides move. */
function coverKeys(body: HeardBodies["HouseholdCovered"], loaded: Loaded): readonly Key[] {
  const key = householdcovers.key(body.householdId);
  const before: HouseholdCover | undefined = loaded.get(key);
  const steps = [...stepsBetween([], spansOf(body)), ...stepsBetween(before?.covers ?? [], [])];
  return [key, ...yearsOf(steps).map(({ county, year }) => covertides.key(county, year))];
}

function spansOf({ covers }: HeardBodies["HouseholdCovered"]): readonly CoverSpan[] {
  return covers.map(({ county, fromDay, toDay }) => ({ county, fromDay, toDay }));
}

/** Each county and year that the steps fall into, once. */
function yearsOf(steps: readonly Step[]): readonly { county: string; year: number }[] {
  const years = new Map(steps.map(({ county, day }) => [`${county}/${yearOf(day)}`, { county, year: yearOf(day) }]));
  return [...years.values()];
}

function seenKey({ source, twin }: Origin) {
  return seens.key(`${source}.${twin}`);
}

function alarmKey(alarm: Raised, { day }: Context) {
  return alarm.subject ? alarms.key(alarm.kind, alarm.subject) : alarms.key(alarm.kind, alarm.county, day);
}

/** The event's effect with its body closed over. */
function planOf(heard: Heard) {
  return plan(heard.name, heard.body, effects[heard.name] as Effect<HeardBodies[EventName]>);
}

function plan<N extends EventName>(name: N, body: HeardBodies[N], { overview, alarm }: Effect<HeardBodies[N]>) {
  if (!overview) return { alarm: alarm?.(body) };
  const county = overview.county(body);
  assert(county !== "", `${name} names no county`);
  return {
    overview: { county, fold: (before: ReturnType<typeof emptyOverview>) => overview.fold(before, body) },
    alarm: alarm?.(body),
  };
}
