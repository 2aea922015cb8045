/** What monitoring looks for by itself, while it leads: events that do not come, and inputs that somebody must replay. */
import type { Logger } from "../mesh/log.ts";
import type { DueInput, Reader, Republish, Timer, TwinBeat } from "../mesh/wiring.ts";
import { alarms } from "./domain/documents.ts";
import {
  type BusFault,
  type InputsParked,
  raiseBusFault,
  raiseEventsMissing,
  raiseInputsParked,
  raiseTakeoverWaits,
} from "./domain/raise.ts";
import { firstMissing } from "./domain/seen.ts";
import { allParkedCounts, allSeen } from "./store.ts";

/** A hole that is the same at two looks has stood open for this long: longer than any redelivery (protocols 10). */
const HOLE_MS = 5000;
const PARKED_MS = 1000;
const TAKEOVER_MS = 500;
const BUS_MS = 1000;
/** A twin whose last beat is older than this has missed ten. */
export const ALIVE_MS = 1000;

export interface Watch {
  readonly reader: Reader;
  readonly log: Logger;
  /** Asks a service for a twin's events from a number to another. */
  readonly republish: Republish;
  presence(): readonly TwinBeat[];
  /** The clock by which beats were heard. */
  nowMs(): number;
}

export function timers(watch: Watch): readonly Timer[] {
  return [holes(watch), parkedInputs(watch), takeovers(watch), busFaults(watch)];
}

/** A hole, and at how many looks it was the same. */
interface Hole {
  readonly number: number;
  readonly looks: number;
}

function holes({ reader, republish, log }: Watch): Timer {
  /** The first missing number of each source twin. A new leader begins anew, and only waits once more. */
  let before = new Map<string, Hole>();
  return {
    name: "holes",
    everyMs: HOLE_MS,
    async due() {
      const now = new Map<string, Hole>();
      const due: DueInput[] = [];
      for (const seen of await allSeen(reader)) {
        const number = firstMissing(seen);
        if (number === undefined) continue;
        const { source, twin } = seen;
        const last = before.get(`${source}.${twin}`);
        const looks = last?.number === number ? last.looks + 1 : 0;
        now.set(`${source}.${twin}`, { number, looks });
        if (looks === 0) continue;
        const to = (seen.early[0]?.from ?? number + 1) - 1;
        // Asked for at once, then ever more rarely.
        if (Number.isInteger(Math.log2(looks)))
          republish(source, twin, number, to).catch((error: unknown) =>
            log.warn({ err: error, source, twin, number }, "missing events are asked for again later"),
          );
        due.push({ id: `events-missing/${source}.${twin}/${number}`, decision: raiseEventsMissing, input: { source, twin, number } });
      }
      before = now;
      return due;
    },
  };
}

function parkedInputs({ reader, presence, nowMs }: Watch): Timer {
  return {
    name: "parked-inputs",
    everyMs: PARKED_MS,
    async due() {
      const parked = new Map<string, number>();
      const oldestMs = nowMs() - ALIVE_MS;
      for (const beat of presence())
        if (beat.atMs >= oldestMs) parked.set(beat.service, Math.max(beat.parked, parked.get(beat.service) ?? 0));
      const known = new Map((await allParkedCounts(reader)).map((count) => [count.service, count]));
      return [...parked].flatMap(([service, count]): DueInput[] => {
        const { parked: before, changes } = known.get(service) ?? { parked: 0, changes: 0 };
        if (count === before) return [];
        const input: InputsParked = { service, parked: count, change: changes + 1 };
        return [{ id: `inputs-parked/${service}/${input.change}`, decision: raiseInputsParked, input }];
      });
    },
  };
}

/** Twins whose peer is gone and that wait for an operator's word: each is told of once for each lease. */
function takeovers({ presence, nowMs }: Watch): Timer {
  return {
    name: "takeovers",
    everyMs: TAKEOVER_MS,
    async due() {
      const waiting = presence().filter((beat) => beat.waiting > 0 && nowMs() - beat.atMs <= ALIVE_MS);
      return waiting.map(({ service, twin, waiting: epoch }) => ({
        id: `takeover-waits/${service}/${epoch}`,
        decision: raiseTakeoverWaits,
        input: { service, twin, epoch },
      }));
    },
  };
}

/** Events that a service had to ask for again, and messages that somebody had changed: each growth of a process's number is told of once. */
function busFaults({ reader, presence, nowMs }: Watch): Timer {
  return {
    name: "bus-faults",
    everyMs: BUS_MS,
    async due() {
      const faults = presence()
        .filter((beat) => nowMs() - beat.atMs <= ALIVE_MS)
        .flatMap(({ service, twin, instance, unheard, damaged }): BusFault[] => [
          { kind: "EVENTS_UNHEARD", service, twin, instance, count: unheard },
          { kind: "MESSAGES_DAMAGED", service, twin, instance, count: damaged },
        ])
        .filter(({ count }) => count > 0);
      const keyOf = ({ kind, instance, count }: BusFault) => alarms.key(kind, instance, count);
      const known = faults.length > 0 ? await reader.getAll(faults.map(keyOf)) : new Map();
      return faults
        .filter((fault) => !known.has(keyOf(fault).id))
        .map((fault) => ({
          id: `bus-fault/${fault.kind}/${fault.instance}/${fault.count}`,
          decision: raiseBusFault,
          input: fault,
        }));
    },
  };
}
