/** Covered members by day: a household's covers become steps up and down in the tide of its county, and a newer version replaces the older one's steps. */
import { addDays, yearOf } from "../../values/days.ts";
import type { CoverSpan, CoverTide } from "./documents.ts";

/** A change of the number of covered members from a day on. */
export interface Step {
  readonly county: string;
  readonly day: string;
  readonly by: number;
}

/** The steps from the covers that were to those that are; what stays the same leaves no step. */
export function stepsBetween(were: readonly CoverSpan[], are: readonly CoverSpan[]): readonly Step[] {
  const steps = new Map<string, Step>();
  const add = (county: string, day: string, by: number) => {
    const name = `${county}/${day}`;
    steps.set(name, { county, day, by: (steps.get(name)?.by ?? 0) + by });
  };
  for (const [covers, sign] of [[were, -1] as const, [are, 1] as const]) {
    for (const { county, fromDay, toDay } of covers) {
      if (toDay < fromDay) continue; // ended before it began: covers no day
      add(county, fromDay, sign);
      add(county, addDays(toDay, 1), -sign);
    }
  }
  return [...steps.values()].filter(({ by }) => by !== 0);
}

/** A county's tide of one year with the steps that fall into it. */
export function withSteps(tide: CoverTide | undefined, county: string, year: number, steps: readonly Step[]): CoverTide {
  const days: Record<string, number> = { ...tide?.days };
  for (const step of steps) {
    if (step.county !== county || yearOf(step.day) !== year) continue;
    const by = (days[step.day] ?? 0) + step.by;
    if (by === 0) delete days[step.day];
    else days[step.day] = by;
  }
  return { county, year, days };
}

/** The members covered on a day, from all tides of a county. */
export function coveredOn(day: string, tides: readonly CoverTide[]): number {
  let covered = 0;
  for (const tide of tides) for (const [from, by] of Object.entries(tide.days)) if (from <= day) covered += by;
  return covered;
}
