/** What the leading twin does beside pulling so that every event is heard: it goes round streams that stand still (aside.ts), and looks for what no stream has brought (unheard.ts). */
import type { Caller } from "../values/decision.ts";
import { type AsideParts, hearAside } from "./aside.ts";
import type { Batcher } from "./batcher.ts";
import type { Bus } from "./bus.ts";
import type { Clock } from "./clock.ts";
import type { Logger } from "./log.ts";
import { eventsOver, toldOver } from "./republish.ts";
import type { MessageServer } from "./serve-messages.ts";
import { hearStill } from "./still.ts";
import type { Store } from "./store.ts";
import { progressOf } from "./stream.ts";
import { hearAlarm } from "./trouble.ts";
import { type SearchParts, searchUnheard } from "./unheard.ts";
import type { Republish, Wiring } from "./wiring.ts";

export interface Hearing {
  /** Until the signal aborts. */
  lead(signal: AbortSignal): Promise<void>;
  /** Events that were not heard and were asked for again, since the start. */
  readonly unheard: number;
  close(): void;
}

export function openHearing(parts: {
  bus: Bus;
  service: string;
  self: Caller;
  isDead: (service: string, twin: string) => boolean;
  republish: Republish;
  store: Store;
  wiring: Wiring;
  messages: MessageServer;
  batcher: Batcher;
  clock: Clock;
  log: Logger;
}): Hearing {
  const { bus, service, self, isDead, republish, store, wiring, messages, batcher, clock, log } = parts;
  const alarm = hearAlarm(bus, clock);
  const still = hearStill(bus, [...new Set(wiring.messages.map(({ source }) => source))], clock);
  let unheard = 0;
  const heard = { store, messages: wiring.messages, heard: wiring.heard?.bind(wiring), log };
  const search: SearchParts = {
    ...heard,
    told: toldOver(bus, self, isDead),
    republish,
    progress: (source) => progressOf(bus, source, service),
    isWaiting: (id) => messages.isWaiting(id),
    isBusy: () => batcher.queued > 0,
    onUnheard: (count) => {
      unheard += count;
    },
  };
  const aside: AsideParts = {
    ...heard,
    events: eventsOver(bus, self, isDead),
    isStill: (source) => messages.isAway(source) || still.is(source) || alarm.why !== "",
    isBusy: () => batcher.queued >= batcher.room,
    room: () => batcher.room,
    handOver: messages.handOver,
  };
  return {
    async lead(signal) {
      await Promise.all([searchUnheard(search, signal), hearAside(aside, signal)]);
    },
    get unheard() {
      return unheard;
    },
    close() {
      still.close();
      alarm.close();
    },
  };
}
