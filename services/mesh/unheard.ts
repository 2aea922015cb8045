/**
 * What was told and is not heard (protocols 14). A stream may lose a message in silence: nats-server skips one whose checksum does not fit, and a consumer
 * never learns that it was there. So no server is asked whether all has come, but both ends are: the source's journal says what it told, one's own what was heard.
 * What lies between is asked for again. Each event is looked for until it has been heard, and never again: what its copy in the stream is afterwards concerns nobody.
 */
import { pause } from "./clock.ts";
import { eventId } from "./journal.ts";
import type { Logger } from "./log.ts";
import type { AskTold } from "./republish.ts";
import type { Store } from "./store.ts";
import type { Progress } from "./stream.ts";
import type { Message, Republish, Wiring } from "./wiring.ts";

const LOOK_MS = 5_000;
/** Pages of a thousand entries at one look: all that is there while nothing else is to be done, else what costs little. */
const PAGES_IDLE = 10;
const PAGES_BUSY = 2;
/** With more missing than this the search waits for them before it goes on. */
const MISSING_LIMIT = 5_000;
/** Stretches of numbers that are asked for at one look. */
const STRETCHES = 50;
const WARN_EVERY = 4;
const TWINS = ["a", "b"] as const;

/** Where it stands what a service has heard. */
export interface Heard {
  readonly store: Pick<Store, "mark" | "setMark" | "heardAmong">;
  readonly heard: Wiring["heard"];
}

/** What one twin of a source tells this service. */
export interface Way {
  readonly source: string;
  readonly twin: string;
  readonly rules: readonly Message[];
}

/** Every source's two twins. */
export function waysOf(messages: readonly Message[]): Way[] {
  const bySource = Map.groupBy(messages, (message) => message.source);
  return [...bySource].flatMap(([source, rules]) => TWINS.map((twin) => ({ source, twin, rules })));
}

/** The mark of how far a way was searched. */
export function heardMark({ source, twin }: Way): string {
  return `heard.${source}.${twin}`;
}

/** Which of a source's twin's numbers have not been heard. */
export async function notHeard(
  { store, heard }: Heard,
  { source, twin, rules }: Way,
  numbers: readonly number[],
): Promise<readonly number[]> {
  if (numbers.length === 0) return numbers;
  const idOf = (number: number) => eventId(source, twin, number);
  const known = await store.heardAmong(numbers.map(idOf));
  const rest = numbers.filter((number) => !known.has(idOf(number)));
  const isOwn = rules.some((rule) => rule.record === "own");
  if (!isOwn || !heard || rest.length === 0) return rest;
  const own = await heard(source, twin, rest);
  return rest.filter((number) => !own.has(number));
}

export interface SearchParts extends Heard {
  readonly messages: readonly Message[];
  readonly told: AskTold;
  readonly republish: Republish;
  /** Where a source's stream ends, and how far this service's durable has come on it. */
  progress(source: string): Promise<Progress>;
  /** Whether it was handed back of late: it has been heard, and waits for what it follows. */
  isWaiting(id: string): boolean;
  isBusy(): boolean;
  onUnheard(count: number): void;
  readonly log: Logger;
}

/** A number that is missed: at how many looks, at which it is asked for next, and where the stream ended at the first of them. */
interface Missed {
  readonly number: number;
  readonly looks: number;
  readonly askAt: number;
  readonly sequence: number;
}

/** Up to `entry` of the source's twin everything was heard, beside what is missing; and how far the durable had come then. Kept as a mark, so that a new leader goes on with it. */
interface Reached {
  readonly entry: number;
  readonly missing: readonly Missed[];
  readonly delivered: number;
}

/** Searches while the twin leads. A new leader goes on where the marks say. */
export async function searchUnheard(parts: SearchParts, signal: AbortSignal): Promise<void> {
  const searches = waysOf(parts.messages).map((way) => new Search(parts, way));
  // Each by itself: a source that does not answer holds no other up.
  await Promise.all(searches.map((search) => search.run(signal)));
}

/** What one twin of a source told, in what one service heard. */
export class Search {
  private readonly parts: SearchParts;
  private readonly way: Way;

  constructor(parts: SearchParts, way: Way) {
    this.parts = parts;
    this.way = way;
  }

  async run(signal: AbortSignal): Promise<void> {
    let failures = 0;
    while (!signal.aborted) {
      await pause(LOOK_MS, signal);
      try {
        if (!signal.aborted) await this.look(signal);
        failures = 0;
      } catch (error) {
        failures += 1;
        const said = { err: error, source: this.way.source, twin: this.way.twin, failures };
        if (failures % WARN_EVERY === 0) this.parts.log.warn(said, "what was not heard cannot be searched for");
        else this.parts.log.debug(said, "searched for again at the next look");
      }
    }
  }

  async look(signal: AbortSignal): Promise<void> {
    const { store } = this.parts;
    const mark = heardMark(this.way);
    const { entry = 0, missing = [], delivered = 0 } = ((await store.mark(mark)) ?? {}) as Partial<Reached>;
    const { entry: reached, numbers } = await this.advance(
      entry,
      missing.map((one) => one.number),
    );
    if (numbers.length === 0) {
      if (reached !== entry || missing.length > 0) await store.setMark(mark, { entry: reached, missing: [], delivered: 0 });
      return;
    }
    // After it is known what is missing: what was told before stands below the stream's end.
    const now = await this.parts.progress(this.way.source);
    const before = new Map(missing.map((one) => [one.number, one]));
    const missed = numbers.map((number) => this.missedAgain(number, before.get(number), now));
    // The durable has not come to where the stream ended when a number was first missed, has more to give, and gives it: the number is on its way.
    const moves = now.pending > 0 && missing.length > 0 && now.delivered > delivered;
    const lost = missed.filter(({ looks, askAt, sequence }) => looks >= askAt && !(moves && now.delivered < sequence));
    const asked = new Set<number>();
    try {
      for (const stretch of stretches(lost.map((one) => one.number)).slice(0, STRETCHES)) {
        if (signal.aborted) break;
        await this.askFor(stretch);
        for (let number = stretch.from; number <= stretch.to; number += 1) asked.add(number);
      }
    } finally {
      // What was had and does not come is asked for ever more rarely; what could not be had, at the next look.
      const after = missed.map((one) => (asked.has(one.number) ? { ...one, askAt: 2 * one.looks } : one));
      await store.setMark(mark, { entry: reached, missing: after, delivered: now.delivered });
    }
  }

  private missedAgain(number: number, known: Missed | undefined, now: Progress): Missed {
    if (!known) return { number, looks: 0, askAt: 1, sequence: now.last };
    if (this.parts.isWaiting(eventId(this.way.source, this.way.twin, number))) return { ...known, looks: 0, askAt: 1 };
    return { ...known, looks: known.looks + 1 };
  }

  /** Looks for what has been told since, and again for what was missing. */
  private async advance(entry: number, missing: readonly number[]): Promise<{ entry: number; numbers: readonly number[] }> {
    let reached = { entry, numbers: await this.without(missing) };
    const names = this.way.rules.map((rule) => rule.event);
    const pages = this.parts.isBusy() ? PAGES_BUSY : PAGES_IDLE;
    for (let page = 0; page < pages && reached.numbers.length < MISSING_LIMIT; page += 1) {
      const told = await this.parts.told(this.way.source, this.way.twin, reached.entry, names);
      if (told.entry === reached.entry) break;
      reached = { entry: told.entry, numbers: [...reached.numbers, ...(await this.without(told.events))] };
    }
    return reached;
  }

  private without(numbers: readonly number[]): Promise<readonly number[]> {
    return notHeard(this.parts, this.way, numbers);
  }

  private async askFor({ from, to }: Stretch): Promise<void> {
    const { source, twin } = this.way;
    const events = await this.parts.republish(source, twin, from, to);
    this.parts.onUnheard(to - from + 1);
    this.parts.log.error({ source, twin, from, to, events }, "events were told and not heard: published again");
  }
}

interface Stretch {
  readonly from: number;
  readonly to: number;
}

/** Numbers that follow each other, as stretches. */
export function stretches(numbers: readonly number[]): Stretch[] {
  const found: { from: number; to: number }[] = [];
  for (const number of numbers.toSorted((one, other) => one - other)) {
    const last = found.at(-1);
    if (last?.to === number - 1) last.to = number;
    else found.push({ from: number, to: number });
  }
  return found;
}
