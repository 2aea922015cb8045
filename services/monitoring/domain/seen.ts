/** Exactly once without an entry per event: per source twin, the number up to which all is folded, and what came early. */
import { PROVINCE } from "../../values/region.ts";
import type { Seen, Stretch } from "./documents.ts";
import type { Origin } from "./events.ts";

/** More holes than this at once and the event waits: the document stays small, and so many holes are no weather. */
export const MAX_STRETCHES = 1000;

export function nothingSeen({ source, twin }: Pick<Origin, "source" | "twin">): Seen {
  return { county: PROVINCE, source, twin, reached: 0, early: [] };
}

/** What has been seen once `number` is; "known" where it was already, "full" where it would open one hole too many. */
export function marked(seen: Seen, number: number): Seen | "known" | "full" {
  if (number <= seen.reached) return "known";
  const after = withNumber(seen.early, number);
  if (after === undefined) return "known";
  const [first, ...rest] = after;
  if (first !== undefined && first.from === seen.reached + 1) return { ...seen, reached: first.to, early: rest };
  if (after.length > MAX_STRETCHES) return "full";
  return { ...seen, early: after };
}

/** The number of events folded. */
export function foldedCount(seen: Seen): number {
  return seen.early.reduce((count, { from, to }) => count + to - from + 1, seen.reached);
}

/** The first number that is missing below one that came; undefined where there is no hole. */
export function firstMissing(seen: Seen): number | undefined {
  return seen.early.length === 0 ? undefined : seen.reached + 1;
}

/** The stretches with one number more, joined where they touch; undefined where one holds it already. */
function withNumber(early: readonly Stretch[], number: number): readonly Stretch[] | undefined {
  const above = early.findIndex((stretch) => stretch.to >= number);
  const at = above === -1 ? early.length : above;
  const next = early[at];
  if (next !== undefined && next.from <= number) return undefined;
  const before = early[at - 1];
  const joinsBefore = before !== undefined && before.to === number - 1;
  const joinsNext = next !== undefined && next.from === number + 1;
  const joined = { from: joinsBefore ? before.from : number, to: joinsNext ? next.to : number };
  return [...early.slice(0, joinsBefore ? at - 1 : at), joined, ...early.slice(joinsNext ? at + 1 : at)];
}
