/**
 * The way beside a stream that stands still. A stream or a consumer without a leader takes four to nine seconds to find another; what was told meanwhile is in its teller's journal.
 * So whoever tells says that its stream takes no events (still.ts), whoever hears knows that its consumer does not answer, and while either is so the hearer asks the teller for the events themselves.
 * The stream stays the promise: it brings every one of them, then as a repeat (protocols 8, 13).
 */
import { pause } from "./clock.ts";
import type { Logger } from "./log.ts";
import type { AskEvents, EventsTold } from "./republish.ts";
import type { EventMessage } from "./stream.ts";
import { type Heard, heardMark, notHeard, type Way, waysOf } from "./unheard.ts";
import type { Message } from "./wiring.ts";

/** Looks follow each other so soon, and ever less soon where they find nothing. */
const LOOK_MS = 200;
const LOOK_SELDOM_MS = 1_000;
/** With more that waits for what it follows, nothing else is asked for. */
const WAITING_LIMIT = 200;

export interface AsideParts extends Heard {
  readonly messages: readonly Message[];
  readonly events: AskEvents;
  /** Whether a source's events do not come by its stream just now. */
  isStill(source: string): boolean;
  /** Whether there is work enough without these: what is slow then is this service, not the stream. */
  isBusy(): boolean;
  /** How many events may be handed over at once. */
  room(): number;
  /** Has an event decided. False where it has to wait for what it follows. */
  handOver(source: string, message: EventMessage): Promise<boolean>;
  readonly log: Logger;
}

/** Hears what is told beside the streams that stand still, while the twin leads. */
export async function hearAside(parts: AsideParts, signal: AbortSignal): Promise<void> {
  const open = new Map<Way, Promise<void>>();
  const ways = waysOf(parts.messages);
  while (!signal.aborted) {
    await pause(LOOK_MS, signal);
    for (const way of ways) {
      if (signal.aborted || open.has(way) || !parts.isStill(way.source)) continue;
      const walk = new Aside(parts, way).run(signal).finally(() => open.delete(way));
      open.set(way, walk);
    }
  }
  await Promise.all(open.values());
}

/** Once round one source's stream: what one of its twins tells while it stands still. */
export class Aside {
  private readonly parts: AsideParts;
  private readonly way: Way;
  /** Up to this entry of the twin all is heard or waits here; undefined before the first look. */
  private entry: number | undefined;
  private waiting: EventsTold["events"] = [];

  constructor(parts: AsideParts, way: Way) {
    this.parts = parts;
    this.way = way;
  }

  /** Until the stream flows again or the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { source, twin } = this.way;
    this.parts.log.warn({ source, twin }, "the stream stands still: what is told is asked for beside it");
    let pauseMs = LOOK_MS;
    while (!signal.aborted && this.parts.isStill(source)) {
      try {
        const found = await this.look();
        pauseMs = found > 0 ? LOOK_MS : Math.min(2 * pauseMs, LOOK_SELDOM_MS);
      } catch (error) {
        pauseMs = LOOK_SELDOM_MS;
        this.parts.log.debug({ err: error, source, twin }, "what is told aside is asked for again");
      }
      await pause(pauseMs, signal);
    }
  }

  /** Gives how many events it has had decided. What it finds is handed over at the next look, where the stream has not brought it by then. */
  async look(): Promise<number> {
    const { parts, way } = this;
    if (parts.isBusy()) return 0;
    this.entry ??= await this.heardUpTo();
    const unheard = await this.unheard();
    const now = unheard.slice(0, parts.room());
    const done = await Promise.all(now.map(({ message }) => parts.handOver(way.source, message)));
    // What waits for something else lets the others pass: it may be what they bring.
    const left = [...unheard.slice(now.length), ...now.filter((_, index) => !done[index])];
    this.waiting = left.length < WAITING_LIMIT ? [...left, ...(await this.told(this.entry))] : left;
    return unheard.length - left.length;
  }

  /** Where the search for what was not heard has come to. What is missing before that, it asks for itself. */
  private async heardUpTo(): Promise<number> {
    const mark = (await this.parts.store.mark(heardMark(this.way))) as { readonly entry?: number } | undefined;
    return mark?.entry ?? 0;
  }

  /** Of those that wait. */
  private async unheard(): Promise<EventsTold["events"]> {
    const { parts, way, waiting } = this;
    const numbers = waiting.map(({ number }) => number);
    const unheard = new Set(await notHeard(parts, way, numbers));
    return waiting.filter(({ number }) => unheard.has(number));
  }

  private async told(after: number): Promise<EventsTold["events"]> {
    const { source, twin, rules } = this.way;
    const names = rules.map((rule) => rule.event);
    const { entry, events } = await this.parts.events(source, twin, after, names);
    this.entry = entry;
    return events;
  }
}
