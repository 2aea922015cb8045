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
  /** How many events may be handed over at once. */
  room(): number;
  /** Has an event decided. False where it has to wait for what it follows. */
  handOver(source: string, message: EventMessage): Promise<boolean>;
  readonly log: Logger;
}

/** Hears what is told beside the streams that stand still, while the twin leads. */
export async function hearAside(parts: AsideParts, signal: AbortSignal): Promise<void> {
  await Promise.all(waysOf(parts.messages).map((way) => new Aside(parts, way).run(signal)));
}

/** Beside one source's stream: what one of its twins tells. */
export class Aside {
  private readonly parts: AsideParts;
  private readonly way: Way;
  /** Up to this entry of the twin all is heard or waits here; undefined while the stream flows. */
  private entry: number | undefined;
  private waiting: EventsTold["events"] = [];

  constructor(parts: AsideParts, way: Way) {
    this.parts = parts;
    this.way = way;
  }

  async run(signal: AbortSignal): Promise<void> {
    let pauseMs = LOOK_MS;
    while (!signal.aborted) {
      await pause(pauseMs, signal);
      try {
        const found = signal.aborted ? 0 : await this.look();
        pauseMs = found > 0 || this.entry === undefined ? LOOK_MS : Math.min(2 * pauseMs, LOOK_SELDOM_MS);
      } catch (error) {
        pauseMs = LOOK_SELDOM_MS;
        this.parts.log.debug({ err: error, source: this.way.source, twin: this.way.twin }, "what is told aside is asked for again");
      }
    }
  }

  /** Gives how many events it has had decided. What it finds is handed over at the next look, where the stream has not brought it by then. */
  async look(): Promise<number> {
    const { parts } = this;
    const { source, twin } = this.way;
    if (!parts.isStill(source)) {
      this.entry = undefined;
      this.waiting = [];
      return 0;
    }
    const room = parts.room();
    if (room === 0) return 0;
    if (this.entry === undefined) {
      this.entry = await this.heardUpTo();
      parts.log.warn({ source, twin }, "the stream stands still: what is told is asked for beside it");
    }
    const unheard = await this.unheard();
    const now = unheard.slice(0, room);
    const done = await Promise.all(now.map(({ message }) => parts.handOver(source, message)));
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
