import { pino } from "pino";
import { describe, expect, it } from "vitest";
import type { Republish, TwinBeat } from "../../../services/mesh/wiring.ts";
import { type Alarm, seens } from "../../../services/monitoring/domain/documents.ts";
import { nothingSeen } from "../../../services/monitoring/domain/seen.ts";
import { timers } from "../../../services/monitoring/timers.ts";
import { newWorld, type World } from "../../harness/decide.ts";
import { beatOf } from "./beats.ts";
import { readerOver } from "./reader.ts";

const NOW = 1_000_000;

const log = pino({ level: "silent" });

function watching(world: World, beats: TwinBeat[] = [], republish: Republish = async () => 0) {
  const all = timers({ reader: readerOver(world), presence: () => beats, nowMs: () => NOW, republish, log });
  return async (name: string) => {
    const timer = all.find((one) => one.name === name);
    const due = (await timer?.due(NOW)) ?? [];
    for (const { decision, input } of due) world.run(decision, input);
    return due.map(({ id }) => id);
  };
}

describe("holes", () => {
  const hole = (reached: number) => ({ ...nothingSeen({ source: "claims", twin: "b" }), reached, early: [{ from: 9, to: 12 }] });

  it("an event that is missing at two looks is an alarm, raised once", async () => {
    const world = newWorld();
    const look = watching(world);
    world.put(seens.key("claims.b"), hole(3));
    expect(await look("holes")).toEqual([]);
    expect(await look("holes")).toEqual(["events-missing/claims.b/4"]);
    await look("holes");
    expect(world.all("alarms")).toEqual([
      expect.objectContaining({ alarmId: "EVENTS_MISSING/claims.b/4", subject: "claims.b", detail: "4" }),
    ]);
  });

  it("what is missing is asked for, at once and then ever more rarely, also where nobody answers", async () => {
    const world = newWorld();
    const asked: string[] = [];
    const look = watching(world, [], async (service, twin, from, to) => {
      asked.push(`${service}.${twin} ${from} to ${to}`);
      throw new Error("neither twin answers");
    });
    world.put(seens.key("claims.b"), hole(3));
    const after: number[] = [];
    for (let looks = 0; looks < 10; looks += 1) {
      await look("holes");
      after.push(asked.length);
    }
    expect(after).toEqual([0, 1, 2, 2, 3, 3, 3, 3, 4, 4]);
    expect(new Set(asked)).toEqual(new Set(["claims.b 4 to 8"]));
  });

  it("a hole that moves is late, not lost", async () => {
    const world = newWorld();
    const look = watching(world);
    for (const reached of [3, 4, 5]) {
      world.put(seens.key("claims.b"), hole(reached));
      expect(await look("holes")).toEqual([]);
    }
  });

  it("what closed before the alarm is decided raises none", async () => {
    const world = newWorld();
    world.put(seens.key("claims.b"), hole(3));
    const [holes] = timers({ reader: readerOver(world), presence: () => [], nowMs: () => NOW, republish: async () => 0, log });
    await holes?.due(NOW);
    const [due] = (await holes?.due(NOW)) ?? [];
    world.put(seens.key("claims.b"), { ...hole(12), early: [] });
    if (due) world.run(due.decision, due.input);
    expect(due).toBeDefined();
    expect(world.all("alarms")).toEqual([]);
  });
});

describe("parked inputs", () => {
  it("each growth is one alarm, whichever twin says so; a fall is none", async () => {
    const world = newWorld();
    const beats: TwinBeat[] = [];
    const look = watching(world, beats);
    const say = (parked: number) => beats.splice(0, 2, beatOf("claims", "a", NOW, { parked }), beatOf("claims", "b", NOW, { parked }));
    const alarmsAfter = async (parked: number) => {
      say(parked);
      await look("parked-inputs");
      await look("parked-inputs");
      return world.all("alarms").length;
    };
    expect(await alarmsAfter(0)).toBe(0);
    expect(await alarmsAfter(1)).toBe(1);
    expect(await alarmsAfter(0)).toBe(1);
    expect(await alarmsAfter(1)).toBe(2);
    expect(await alarmsAfter(3)).toBe(3);
  });

  it("a dead twin's last words do not count", async () => {
    const world = newWorld();
    const look = watching(world, [beatOf("claims", "a", NOW - 1001, { parked: 2 })]);
    expect(await look("parked-inputs")).toEqual([]);
  });
});

describe("faults of the bus", () => {
  it("each growth of a process's number is one alarm; a dead twin's last words and a former release's beats are none", async () => {
    const world = newWorld();
    const beats: TwinBeat[] = [];
    const look = watching(world, beats);
    const alarmsAfter = async (...said: TwinBeat[]) => {
      beats.splice(0, beats.length, ...said);
      await look("bus-faults");
      await look("bus-faults");
      return world.all("alarms").map((alarm) => (alarm as Alarm).alarmId);
    };
    const { unheard: _, damaged: __, ...former } = beatOf("claims", "b", NOW);
    expect(await alarmsAfter(beatOf("claims", "a", NOW), former as TwinBeat)).toEqual([]);
    expect(await alarmsAfter(beatOf("claims", "a", NOW - 1001, { unheard: 2 }))).toEqual([]);
    expect(await alarmsAfter(beatOf("claims", "a", NOW, { unheard: 2 }))).toEqual(["EVENTS_UNHEARD/i1/2"]);
    expect(await alarmsAfter(beatOf("claims", "a", NOW, { unheard: 3, damaged: 1 }))).toHaveLength(3);
    expect(world.all("alarms")).toContainEqual(expect.objectContaining({ kind: "MESSAGES_DAMAGED", subject: "claims.a", count: 1 }));
  });
});
