/**
 * Beats: each twin says again and again that it is there and how it is. Fast takeover comes from here; safety comes from the lease in the database.
 * All beat calmly, for everybody who listens. The active twin of a hot standby also sends a pulse every 100 ms, for its peer alone, which waits for its silence:
 * a beat that fourteen processes hear over two connections each costs a hundred times what it costs to send.
 */
import type { Bus, Subscribed } from "./bus.ts";
import type { TwinBeat } from "./wiring.ts";

export const PULSE_MS = 100;
export const BEAT_MS = 300;
/** Four missed beats, or pulses, of a twin that sends them that often. */
export function missedMs(everyMs: number): number {
  return 4 * everyMs + 20;
}
/** A listener that itself stood still this long has missed beats that were sent: it listens anew before it believes a silence. */
const STALL_MS = 250;
/** A beat that was on its way when its process died does not raise it again. */
const BURIED_MS = 1_000;
const ID_LENGTH = 1_000;

type DeathListener = (service: string, twin: string, atHand: string | undefined) => void;

export interface Presence {
  /** The newest beat of each twin heard of. */
  beats(): readonly TwinBeat[];
  /** Milliseconds since a twin was last heard; undefined where it never was. */
  silenceMs(service: string, twin: string): number | undefined;
  last(service: string, twin: string): TwinBeat | undefined;
  /** Told dead, said goodbye, or silent for four beats. A twin that was never heard is not known dead. */
  isDead(service: string, twin: string): boolean;
  /** `atHand`: the input that it was deciding, where its supervisor knows. */
  onDeath(listener: DeathListener): void;
  /** A twin that led says that it leads no more: it has handed over. */
  onFollow(listener: (service: string, twin: string) => void): void;
  close(): void;
}

/** A twin that is heard, is ready, and says of no fault. */
export function isWell(presence: Pick<Presence, "last" | "isDead">, service: string, twin: string): boolean {
  const beat = presence.last(service, twin);
  return beat?.ready === true && beat.fault === "" && !presence.isDead(service, twin);
}

interface Heard {
  readonly beat: TwinBeat;
  /** When its newest beat came. */
  readonly atMs: number;
  /** When its newest pulse came; undefined where it sends none. */
  pulsedMs: number | undefined;
  /** When a notice of its death came; undefined where none did. */
  deadMs: number | undefined;
}

const coded = new TextEncoder();
const decoded = new TextDecoder();

export function sendBeat(bus: Bus, beat: TwinBeat): void {
  bus.tell(`nrcms.beat.${beat.service}.${beat.twin}`, coded.encode(JSON.stringify(beat)));
}

/** Tells the peer that the process is there and leads. */
export function sendPulse(bus: Bus, { service, twin, instance }: Pick<TwinBeat, "service" | "twin" | "instance">): void {
  bus.tell(`nrcms.pulse.${service}.${twin}`, coded.encode(instance));
}

/** Tells all who listen that a twin has died, as its supervisor does; or that it says goodbye. */
export function sendDeath(bus: Bus, service: string, twin: string, instance: string): void {
  bus.publish(`nrcms.death.${service}.${twin}`, coded.encode(JSON.stringify({ instance })));
}

export interface Listened {
  /** Whose beats and death notices: `<service>.<twin>`, either of which may be `*`. */
  readonly beats: string;
  /** Whose pulses: one twin, the listener's own peer. */
  readonly pulses?: string;
}

/** Listens over both connections: a server that dies or freezes must not look like dead twins. */
export function listen(bus: Bus, { beats, pulses }: Listened): Presence {
  const heard = new Map<string, Heard>();
  const listeners: DeathListener[] = [];
  const followed: ((service: string, twin: string) => void)[] = [];
  const name = (of: string, twin: string) => `${of}.${twin}`;
  const subscriptions: Subscribed[] = [
    bus.hear(`nrcms.beat.${beats}`, (message) => {
      const beat = readBeat(message.data);
      if (!beat) return;
      const now = performance.now();
      const known = heard.get(name(beat.service, beat.twin));
      if (known?.deadMs !== undefined && known.beat.instance === beat.instance && now - known.deadMs < BURIED_MS) return;
      // It leads no more, or its pair is no hot standby any more: it sends no pulses either.
      const pulses = known?.beat.instance === beat.instance && beat.epoch > 0 && beat.mode === "hot-standby";
      const pulsedMs = pulses ? known.pulsedMs : undefined;
      heard.set(name(beat.service, beat.twin), { beat: { ...beat, atMs: Date.now() }, atMs: now, pulsedMs, deadMs: undefined });
      if (known && known.beat.epoch > 0 && beat.epoch === 0) for (const listener of followed) listener(beat.service, beat.twin);
    }),
    bus.hear(`nrcms.death.${beats}`, (message) => {
      const [, , of = "", twin = ""] = message.subject.split(".");
      const known = heard.get(name(of, twin));
      // A notice about a process that has been replaced since is old news.
      const notice = readNotice(message.data);
      if (!known || known.deadMs !== undefined || isAnother(known.beat, notice)) return;
      known.deadMs = performance.now();
      for (const listener of listeners) listener(of, twin, atHandOf(notice));
    }),
  ];
  if (pulses)
    subscriptions.push(
      bus.hear(`nrcms.pulse.${pulses}`, (message) => {
        const known = heard.get(pulses);
        if (known?.beat.instance === decoded.decode(message.data)) known.pulsedMs = performance.now();
      }),
    );

  let tickedMs = performance.now();
  let stalledMs = Number.NEGATIVE_INFINITY;
  const ticker = setInterval(() => {
    const now = performance.now();
    if (now - tickedMs > STALL_MS) stalledMs = now;
    tickedMs = now;
  }, PULSE_MS);
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
      if (row.deadMs !== undefined) return true;
      const now = performance.now();
      const silent = (sinceMs: number, everyMs: number) => now - sinceMs > missedMs(everyMs) && hearing(now, everyMs);
      if (silent(row.atMs, row.beat.everyMs) || (row.pulsedMs !== undefined && silent(row.pulsedMs, PULSE_MS))) return true;
      // Its peer has taken over, and it has not heard of it: whoever asks it waits for a process that stands still.
      const successor = heard.get(name(of, twin === "a" ? "b" : "a"));
      return row.beat.epoch > 0 && successor !== undefined && successor.beat.epoch > row.beat.epoch && successor.deadMs === undefined;
    },
    onDeath: (listener) => void listeners.push(listener),
    onFollow: (listener) => void followed.push(listener),
    close() {
      clearInterval(ticker);
      for (const subscription of subscriptions) subscription.stop();
    },
  };
}

/** Not one of ours, or half of one: a beat that cannot be read is a beat that was not heard. */
export function readBeat(data: Uint8Array): TwinBeat | undefined {
  try {
    const beat = JSON.parse(decoded.decode(data)) as Partial<TwinBeat> | null;
    const named = typeof beat?.service === "string" && typeof beat.twin === "string";
    const whole = named && typeof beat.epoch === "number" && typeof beat.everyMs === "number";
    return whole ? (beat as TwinBeat) : undefined;
  } catch {
    return undefined;
  }
}

/** A notice without a body speaks of whoever has the name. */
function readNotice(data: Uint8Array): Readonly<Record<string, unknown>> {
  try {
    return (JSON.parse(decoded.decode(data)) as Readonly<Record<string, unknown>> | null) ?? {};
  } catch {
    return {};
  }
}

/** Whoever may publish a notice may write anything. */
function atHandOf({ atHand }: Readonly<Record<string, unknown>>): string | undefined {
  return typeof atHand === "string" && atHand.length <= ID_LENGTH ? atHand : undefined;
}

/** Whether a death notice speaks of another process than the one that last beat: by its instance (a goodbye) or its pid (a supervisor's word). */
function isAnother(beat: TwinBeat, { instance, pid }: Readonly<Record<string, unknown>>): boolean {
  return (typeof instance === "string" && instance !== beat.instance) || (typeof pid === "number" && pid !== beat.pid);
}
