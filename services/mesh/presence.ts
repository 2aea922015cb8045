/**
 * Beats: each twin says again and again that it is there and how it is. Fast takeover comes from here; safety comes from the lease in the database.
 * The active twin of a hot standby beats every 100 ms, because another waits for its silence; all others have a twin that works already, and beat calmly.
 */
import type { Bus, Subscribed } from "./bus.ts";
import type { TwinBeat } from "./wiring.ts";

export const BEAT_MS = 100;
export const CALM_BEAT_MS = 300;
/** Four missed beats of a twin that beats that often. */
export function missedMs(everyMs: number): number {
  return 4 * everyMs + 20;
}
/** A listener that itself stood still this long has missed beats that were sent: it listens anew before it believes a silence. */
const STALL_MS = 250;
/** A beat that was on its way when its process died does not raise it again. */
const BURIED_MS = 1_000;

export interface Presence {
  /** The newest beat of each twin heard of. */
  beats(): readonly TwinBeat[];
  /** Milliseconds since a twin was last heard; undefined where it never was. */
  silenceMs(service: string, twin: string): number | undefined;
  last(service: string, twin: string): TwinBeat | undefined;
  /** Told dead, said goodbye, or silent for four beats. A twin that was never heard is not known dead. */
  isDead(service: string, twin: string): boolean;
  onDeath(listener: (service: string, twin: string) => void): void;
  close(): void;
}

interface Heard {
  readonly beat: TwinBeat;
  readonly atMs: number;
  /** When a notice of its death came; undefined where none did. */
  deadMs: number | undefined;
}

const coded = new TextEncoder();
const decoded = new TextDecoder();

export function beatSubject(service: string, twin: string): string {
  return `nrcms.beat.${service}.${twin}`;
}

export function sendBeat(bus: Bus, beat: TwinBeat): void {
  bus.tell(beatSubject(beat.service, beat.twin), coded.encode(JSON.stringify(beat)));
}

/** Tells all who listen that a twin has died, as its supervisor does; or that it says goodbye. */
export function sendDeath(bus: Bus, service: string, twin: string, instance: string): void {
  bus.publish(`nrcms.death.${service}.${twin}`, coded.encode(JSON.stringify({ instance })));
}

/** Listens to the beats of one service, or of all (`*`), over both connections: a server that dies or freezes must not look like dead twins. */
export function listen(bus: Bus, service: string): Presence {
  const heard = new Map<string, Heard>();
  const listeners: ((service: string, twin: string) => void)[] = [];
  const name = (of: string, twin: string) => `${of}.${twin}`;
  const subscriptions: Subscribed[] = [
    bus.hear(beatSubject(service, "*"), (message) => {
      const beat = readBeat(message.data);
      if (!beat) return;
      const now = performance.now();
      const known = heard.get(name(beat.service, beat.twin));
      if (known?.deadMs !== undefined && known.beat.instance === beat.instance && now - known.deadMs < BURIED_MS) return;
      heard.set(name(beat.service, beat.twin), { beat: { ...beat, atMs: Date.now() }, atMs: now, deadMs: undefined });
    }),
    bus.hear(`nrcms.death.${service}.*`, (message) => {
      const [, , of = "", twin = ""] = message.subject.split(".");
      const known = heard.get(name(of, twin));
      // A notice about a process that has been replaced since is old news.
      if (!known || known.deadMs !== undefined || isAnother(known.beat, message.data)) return;
      known.deadMs = performance.now();
      for (const listener of listeners) listener(of, twin);
    }),
  ];

  let tickedMs = performance.now();
  let stalledMs = Number.NEGATIVE_INFINITY;
  const ticker = setInterval(() => {
    const now = performance.now();
    if (now - tickedMs > STALL_MS) stalledMs = now;
    tickedMs = now;
  }, BEAT_MS);
  ticker.unref();
  const hearing = (now: number, everyMs: number) => now - tickedMs <= STALL_MS && now - stalledMs > missedMs(everyMs);

  return {
    beats: () => [...heard.values()].map((row) => row.beat),
    last: (of, twin) => heard.get(name(of, twin))?.beat,
    silenceMs(of, twin) {
      const row = heard.get(name(of, twin));
      return row && performance.now() - row.atMs;
    },
    isDead(of, twin) {
      const row = heard.get(name(of, twin));
      if (!row) return false;
      const now = performance.now();
      return row.deadMs !== undefined || (now - row.atMs > missedMs(row.beat.everyMs) && hearing(now, row.beat.everyMs));
    },
    onDeath: (listener) => void listeners.push(listener),
    close() {
      clearInterval(ticker);
      for (const subscription of subscriptions) subscription.stop();
    },
  };
}

/** Not one of ours, or half of one: a beat that cannot be read is a beat that was not heard. */
function readBeat(data: Uint8Array): TwinBeat | undefined {
  try {
    const beat = JSON.parse(decoded.decode(data)) as Partial<TwinBeat> | null;
    const named = typeof beat?.service === "string" && typeof beat.twin === "string";
    const whole = named && typeof beat.epoch === "number" && typeof beat.everyMs === "number";
    return whole ? (beat as TwinBeat) : undefined;
  } catch {
    return undefined;
  }
}

/** Whether a death notice speaks of another process than the one that last beat: by its instance (a goodbye) or its pid (a supervisor's word). */
function isAnother(beat: TwinBeat, data: Uint8Array): boolean {
  try {
    const notice = JSON.parse(decoded.decode(data)) as { instance?: unknown; pid?: unknown };
    return (
      (typeof notice.instance === "string" && notice.instance !== beat.instance) ||
      (typeof notice.pid === "number" && notice.pid !== beat.pid)
    );
  } catch {
    // A notice without a body speaks of whoever has the name.
    return false;
  }
}
