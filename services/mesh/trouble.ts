/** What the guardians say of a machine, again and again while it is so: that nothing should rely on it, or that it is alone. Who hears nothing goes on as ever. */
import type { Bus } from "./bus.ts";
import type { Clock } from "./clock.ts";

/** A machine that comes and goes is in trouble as well. */
const TROUBLE_LASTS_MS = 10_000;
const ALARM_LASTS_MS = 3_000;
/** Whoever was alone is asked again as soon as it is not. */
const ALONE_LASTS_MS = 1_500;
const WORDS_LENGTH = 200;

export interface Said {
  /** The reason; empty where all is well. */
  readonly why: string;
  /** Calls `listener` each time that it is said. */
  onSaid(listener: (why: string) => void): void;
  close(): void;
}

const troubleOf = (server: string) => `nrcms.guardian.trouble.${server}`;
const ALARM = "nrcms.guardian.alarm";
const aloneOf = (server: string) => `nrcms.guardian.alone.${server}`;

/** Nothing should rely on this machine: its twins leave their work to their peers for as long as it is said, and a little longer. */
export function tellTrouble(bus: Pick<Bus, "tell">, server: string, why: string): void {
  bus.tell(troubleOf(server), new TextEncoder().encode(why));
}

export function hearTrouble(bus: Pick<Bus, "hear">, server: string, clock: Pick<Clock, "monotonicMs">): Said {
  return hear(bus, troubleOf(server), TROUBLE_LASTS_MS, clock);
}

/** This machine reaches no other: there is no majority here, and no command can be done. */
export function tellAlone(bus: Pick<Bus, "tell">, server: string, why: string): void {
  bus.tell(aloneOf(server), new TextEncoder().encode(why));
}

export function hearAlone(bus: Pick<Bus, "hear">, server: string, clock: Pick<Clock, "monotonicMs">): Said {
  return hear(bus, aloneOf(server), ALONE_LASTS_MS, clock);
}

/** Some machine is in trouble: what comes by it may come late. */
export function tellAlarm(bus: Pick<Bus, "tell">, why: string): void {
  bus.tell(ALARM, new TextEncoder().encode(why));
}

export function hearAlarm(bus: Pick<Bus, "hear">, clock: Pick<Clock, "monotonicMs">): Said {
  return hear(bus, ALARM, ALARM_LASTS_MS, clock);
}

function hear(bus: Pick<Bus, "hear">, subject: string, lastsMs: number, clock: Pick<Clock, "monotonicMs">): Said {
  let said = "";
  let atMs = Number.NEGATIVE_INFINITY;
  const listeners: ((why: string) => void)[] = [];
  const hearing = bus.hear(subject, ({ data }) => {
    said = new TextDecoder().decode(data).slice(0, WORDS_LENGTH) || "its guardian says so";
    atMs = clock.monotonicMs();
    for (const listener of listeners) listener(said);
  });
  return {
    onSaid: (listener) => {
      listeners.push(listener);
    },
    get why() {
      return clock.monotonicMs() - atMs < lastsMs ? said : "";
    },
    close: () => hearing.stop(),
  };
}
