/** An alarm that no event brings: found by looking (timers.ts), and raised once under its subject. */
import type { Decision } from "../../values/decision.ts";
import { PROVINCE } from "../../values/region.ts";
import { alarms, parkedcounts, seens } from "./documents.ts";
import { firstMissing } from "./seen.ts";

/** A number of a source twin's events that did not come though later ones did. */
export interface EventsMissing {
  readonly source: string;
  readonly twin: string;
  readonly number: number;
}

/** A service's parked inputs, as its twins' beats say; `change` counts how often that number has changed. */
export interface InputsParked {
  readonly service: string;
  readonly parked: number;
  readonly change: number;
}

/** A twin whose peer is gone and that may not take over the lease of this epoch without an operator's word. */
export interface TakeoverWaits {
  readonly service: string;
  readonly twin: string;
  readonly epoch: number;
}

/** What a twin has met on the bus since its process began, as its beat says. */
export interface BusFault {
  readonly kind: "EVENTS_UNHEARD" | "MESSAGES_DAMAGED";
  readonly service: string;
  readonly twin: string;
  readonly instance: string;
  readonly count: number;
}

/** What an alarm answers: whether it is a new one. */
export interface RaisedOnce {
  readonly raised: boolean;
}

export const raiseEventsMissing: Decision<EventsMissing, RaisedOnce> = {
  needs: ({ source, twin, number }) => [seens.key(`${source}.${twin}`), alarms.key("EVENTS_MISSING", `${source}.${twin}`, number)],
  decide({ source, twin, number }, state, change, { atMs }) {
    const subject = `${source}.${twin}`;
    const key = alarms.key("EVENTS_MISSING", subject, number);
    const seen = state.get(seens.key(subject));
    if (state.get(key) || !seen || firstMissing(seen) !== number) return { raised: false };
    change.put(key, {
      alarmId: key.id,
      county: PROVINCE,
      kind: "EVENTS_MISSING",
      subject,
      count: 1,
      amountFen: 0n,
      detail: `${number}`,
      raisedAtMs: atMs,
    });
    return { raised: true };
  },
};

export const raiseTakeoverWaits: Decision<TakeoverWaits, RaisedOnce> = {
  needs: ({ service, epoch }) => [alarms.key("TAKEOVER_WAITS", service, epoch)],
  decide({ service, twin, epoch }, state, change, { atMs }) {
    const key = alarms.key("TAKEOVER_WAITS", service, epoch);
    if (state.get(key)) return { raised: false };
    const alarm = {
      alarmId: key.id,
      county: PROVINCE,
      kind: "TAKEOVER_WAITS",
      subject: `${service}.${twin}`,
      count: 1,
      amountFen: 0n,
    } as const;
    change.put(key, { ...alarm, detail: `${epoch}`, raisedAtMs: atMs });
    return { raised: true };
  },
};

/** One alarm for each process and each growth of its number. */
export const raiseBusFault: Decision<BusFault, RaisedOnce> = {
  needs: ({ kind, instance, count }) => [alarms.key(kind, instance, count)],
  decide({ kind, service, twin, instance, count }, state, change, { atMs }) {
    const key = alarms.key(kind, instance, count);
    if (state.get(key)) return { raised: false };
    const alarm = { alarmId: key.id, county: PROVINCE, kind, subject: `${service}.${twin}`, count, amountFen: 0n } as const;
    change.put(key, { ...alarm, detail: "", raisedAtMs: atMs });
    return { raised: true };
  },
};

/** Raises an alarm when the number has grown; keeps it, so that it may fall and grow again. */
export const raiseInputsParked: Decision<InputsParked, RaisedOnce> = {
  needs: ({ service, change }) => [parkedcounts.key(service), alarms.key("INPUT_PARKED", service, change)],
  decide({ service, parked, change: nth }, state, change, { atMs }) {
    const before = state.get(parkedcounts.key(service)) ?? { parked: 0, changes: 0 };
    if (nth !== before.changes + 1 || parked === before.parked) return { raised: false };
    change.put(parkedcounts.key(service), { county: PROVINCE, service, parked, changes: nth });
    if (parked < before.parked) return { raised: false };
    const key = alarms.key("INPUT_PARKED", service, nth);
    const alarm = {
      alarmId: key.id,
      county: PROVINCE,
      kind: "INPUT_PARKED",
      subject: service,
      count: parked,
      amountFen: 0n,
      detail: "",
      raisedAtMs: atMs,
    } as const;
    change.put(key, alarm);
    return { raised: true };
  },
};
