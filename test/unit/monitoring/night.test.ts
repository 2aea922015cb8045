/** A night's audit as it is recorded and led: once a night, tried again when it is killed, told of when it does not come or finds something. */
import { pino } from "pino";
import { describe, expect, it } from "vitest";
import type { Leading } from "../../../services/mesh/wiring.ts";
import { readMonitoringConfig } from "../../../services/monitoring/config.ts";
import { type Alarm, type AuditedLine, audits, NIGHTS } from "../../../services/monitoring/domain/documents.ts";
import { lookAtNight, type NightParts } from "../../../services/monitoring/nightly.ts";
import { newestDayAt } from "../../../services/values/days.ts";
import { newWorld, type World } from "../../harness/decide.ts";
import { readerOver } from "./reader.ts";

const at = (text: string) => Date.parse(`${text}:00+08:00`);
const clean: AuditedLine[] = [1, 2].map((invariant) => ({ invariant, zh: "平", en: "even", checked: 3, breaches: [], breachCount: 0 }));
const broken: AuditedLine[] = [
  ...clean,
  { invariant: 5, zh: "错", en: "wrong", checked: 9, breaches: ["B1", "… and 6 more"], breachCount: 7 },
];

interface Night {
  readonly world: World;
  readonly ids: string[];
  nowMs: number;
  run: NightParts["run"];
  /** One look of a leader of this name. */
  look(twin?: string, signal?: AbortSignal): Promise<void>;
  alarms(): Alarm[];
}

function newNight(now: string): Night {
  const world = newWorld();
  const night: Night = {
    world,
    ids: [],
    nowMs: at(now),
    run: async () => ({ lines: clean, peakRssBytes: 5 }),
    async look(twin = "a", signal = new AbortController().signal) {
      const leading: Leading = {
        epoch: 1,
        signal,
        news: async () => undefined,
        enter: (async (id: string, decision: never, input: never) => {
          night.ids.push(id);
          return world.run(decision, input, { id, atMs: night.nowMs }).result;
        }) as unknown as Leading["enter"],
      };
      const log = pino({ level: "silent" });
      const parts = { reader: readerOver(world), log, twin, auditAt: "02:30", progressEveryMs: 1, nowMs: () => night.nowMs };
      await lookAtNight({ ...parts, run: (onProgress, ended) => night.run(onProgress, ended) }, leading);
    },
    alarms: () => world.all<Alarm>("alarms"),
  };
  return night;
}

const of = ({ world }: Night, day: string) => world.get(audits.key(day));

describe("the hour of an audit", () => {
  it.each([
    { now: "2011-11-25T02:29", day: "2011-11-24" },
    { now: "2011-11-25T02:30", day: "2011-11-25" },
    { now: "2011-11-25T23:59", day: "2011-11-25" },
    { now: "2011-11-26T00:00", day: "2011-11-25" },
  ])("at $now the newest is that of $day", ({ now, day }) => {
    expect(newestDayAt(at(now), "02:30")).toBe(day);
  });

  it("is a setting", () => {
    expect(readMonitoringConfig({})).toEqual({ auditAt: "02:30" });
    expect(readMonitoringConfig({ auditAt: "23:05" })).toEqual({ auditAt: "23:05" });
    for (const auditAt of ["24:00", "2:30", 230, ""]) expect(() => readMonitoringConfig({ auditAt })).toThrow(/settings\.auditAt/);
  });
});

describe("a night's audit", () => {
  it("is not made of the nights before monitoring began, and once in every night after", async () => {
    const night = newNight("2011-11-25T10:00");
    for (let looks = 0; looks < 3; looks += 1) await night.look();
    expect(night.ids).toEqual(["nights/2011-11-25/watch"]);
    night.nowMs = at("2011-11-26T02:29");
    await night.look();
    expect(night.world.all("audits")).toEqual([]);
    night.nowMs = at("2011-11-26T02:30");
    for (let looks = 0; looks < 3; looks += 1) await night.look();
    expect(night.ids.slice(1)).toEqual(["night/2011-11-26/1/begin", "night/2011-11-26/1/end"]);
    expect(of(night, "2011-11-26")).toMatchObject({ state: "ENDED", tries: 1, twin: "a", lines: clean, peakResidentBytes: 5 });
    expect(night.alarms()).toEqual([]);
  });

  const due = async () => {
    const night = newNight("2011-11-25T10:00");
    await night.look();
    night.nowMs = at("2011-11-26T02:30");
    return night;
  };

  it("that finds a breach is an alarm, with the invariants and their number", async () => {
    const night = await due();
    night.run = async () => ({ lines: broken, peakRssBytes: 5 });
    await night.look();
    expect(of(night, "2011-11-26")).toMatchObject({ state: "ENDED", lines: broken });
    expect(night.alarms()).toEqual([
      expect.objectContaining({ alarmId: "AUDIT_BREACH/2011-11-26", kind: "AUDIT_BREACH", count: 7, detail: "5" }),
    ]);
  });

  it("that fails is tried again after a minute, three times in all; then there is an alarm, and the next night is audited", async () => {
    const night = await due();
    night.run = async () => {
      throw new Error("no primary");
    };
    await night.look();
    await night.look();
    expect(of(night, "2011-11-26")).toMatchObject({ state: "FAILED", tries: 1, fault: "no primary" });
    for (let minutes = 0; minutes < 5; minutes += 1) {
      night.nowMs += 60_000;
      await night.look();
    }
    expect(of(night, "2011-11-26")).toMatchObject({ state: "FAILED", tries: 3 });
    expect(night.alarms()).toEqual([expect.objectContaining({ kind: "AUDIT_MISSED", subject: "2011-11-26", detail: "no primary" })]);
    night.run = async () => ({ lines: clean, peakRssBytes: 5 });
    night.nowMs = at("2011-11-27T02:30");
    await night.look();
    expect(of(night, "2011-11-27")).toMatchObject({ state: "ENDED" });
    expect(night.alarms()).toHaveLength(1);
  });

  it("whose twin was killed is begun again by the other, and the killed one's words no longer count", async () => {
    const night = await due();
    const killed = new AbortController();
    night.run = async () => {
      killed.abort();
      throw new Error("nobody waits for it any more");
    };
    await night.look("a", killed.signal);
    expect(of(night, "2011-11-26")).toMatchObject({ state: "RUNNING", tries: 1, twin: "a" });
    night.run = async () => ({ lines: clean, peakRssBytes: 5 });
    await night.look("b");
    expect(of(night, "2011-11-26")).toMatchObject({ state: "FAILED", fault: "a ended before it did" });
    night.nowMs += 60_000;
    await night.look("b");
    expect(of(night, "2011-11-26")).toMatchObject({ state: "ENDED", tries: 2, twin: "b" });
    expect(night.alarms()).toEqual([]);
  });

  it("shows how far it is while it runs", async () => {
    const night = await due();
    const shown: unknown[] = [];
    night.run = async (onProgress) => {
      const progress = { invariant: 3, checked: 5000, breaches: 1 };
      onProgress(progress);
      for (let looks = 0; looks < 500 && night.ids.length < 3; looks += 1) await new Promise((resolve) => setTimeout(resolve, 2));
      shown.push(of(night, "2011-11-26"));
      return { lines: clean, peakRssBytes: 5 };
    };
    await night.look();
    expect(shown).toEqual([expect.objectContaining({ state: "RUNNING", progress: { invariant: 3, checked: 5000, breaches: 1 } })]);
    expect(night.ids.filter((id) => id.includes("progress"))).toHaveLength(1);
    expect(of(night, "2011-11-26")).toMatchObject({ state: "ENDED" });
  });

  it("of a night in which nothing ran is told of, and the newest one is made late", async () => {
    const night = await due();
    await night.look();
    night.nowMs = at("2011-11-30T11:00");
    await night.look();
    expect(night.alarms()).toEqual([
      expect.objectContaining({ kind: "AUDIT_MISSED", subject: "2011-11-29", count: 3, detail: "2011-11-27 – 2011-11-29: not begun" }),
    ]);
    expect(of(night, "2011-11-30")).toMatchObject({ state: "ENDED" });
    expect(night.world.get(NIGHTS)).toMatchObject({ judgedThrough: "2011-11-30" });
  });
});
