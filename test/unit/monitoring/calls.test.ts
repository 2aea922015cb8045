import { describe, expect, it } from "vitest";
import { readTopology } from "../../../services/mesh/topology.ts";
import { calls, type Sight } from "../../../services/monitoring/calls.ts";
import { expectedTwins } from "../../../services/monitoring/config.ts";
import type { Heard } from "../../../services/monitoring/domain/events.ts";
import { fold } from "../../../services/monitoring/domain/fold.ts";
import { beginAudit, endAudit, watchNights } from "../../../services/monitoring/domain/night.ts";
import type { Caller } from "../../../services/values/decision.ts";
import { newWorld } from "../../harness/decide.ts";
import { beatOf } from "./beats.ts";
import { readerOver } from "./reader.ts";

const NOW = Date.parse("2011-11-25T12:00:00+08:00");
const PROVINCIAL: Caller = { name: "operator", role: "OPERATOR", scope: "640000" };
const ZHONGNING: Caller = { name: "treasurer", role: "TREASURER", scope: "640521" };

function sight(changes: Partial<Sight> = {}): Sight {
  const world = newWorld();
  const tell = (number: number, name: string, body: object) =>
    world.run(fold, { origin: { source: "claims", twin: "a", number }, name, body } as unknown as Heard, { atMs: NOW });
  tell(1, "CountyChanged", { county: { county: "640521" } });
  tell(2, "ClaimApproved", { homeCounty: "640424", treatingCounty: "640521", fundFen: 406_510n });
  tell(3, "HouseholdCovered", {
    householdId: "64052100000017",
    county: "640521",
    version: 1n,
    covers: [
      { county: "640521", fromDay: "2011-01-01", toDay: "2011-12-31" },
      { county: "640521", fromDay: "2011-01-01", toDay: "2011-11-24" },
    ],
  });
  tell(5, "PayableHeld", { county: "640424", amountFen: 1_250n });
  return {
    reader: readerOver(world),
    twins: [],
    presence: () => [],
    nowMs: () => NOW,
    today: () => "2011-11-25",
    audit: async () => [],
    ...changes,
  };
}

// biome-ignore lint/suspicious/noExplicitAny: answers of every method.
async function ask(method: string, request: object, caller: Caller = PROVINCIAL, of: Sight = sight()): Promise<any> {
  const call = calls(of).find((one) => one.method.name === method);
  if (call?.act !== "query") throw new Error(`${method} is no query`);
  return call.answer(request, caller);
}

describe("GetOverview", () => {
  it("shows a provincial caller every county, and who is covered today", async () => {
    const { counties, eventsFolded } = await ask("GetOverview", { county: "" });
    expect(counties.map((county: { county: string }) => county.county)).toEqual(["640424", "640521"]);
    expect(counties[0]).toMatchObject({ approved: 1n, approvedFen: 406_510n, crossRegion: 1n, coveredMembers: 0n });
    expect(counties[1]).toMatchObject({ approved: 0n, coveredMembers: 1n });
    expect(eventsFolded).toBe(4n);
  });

  it.each([
    { asked: "", caller: ZHONGNING, answer: { counties: [expect.objectContaining({ county: "640521" })] } },
    { asked: "640521", caller: ZHONGNING, answer: { counties: [expect.objectContaining({ county: "640521" })] } },
    { asked: "640424", caller: ZHONGNING, answer: { status: "PERMISSION_DENIED", field: "county" } },
    { asked: "640424", caller: PROVINCIAL, answer: { counties: [expect.objectContaining({ county: "640424" })] } },
    { asked: "640299", caller: PROVINCIAL, answer: { code: "UNKNOWN_COUNTY", status: "NOT_FOUND" } },
    { asked: "640000", caller: PROVINCIAL, answer: { code: "BAD_REQUEST", field: "county" } },
    { asked: "中宁", caller: PROVINCIAL, answer: { code: "BAD_REQUEST", field: "county" } },
  ])("$asked asked by $caller.scope", async ({ asked, caller, answer }) => {
    expect(await ask("GetOverview", { county: asked }, caller)).toMatchObject(answer);
  });
});

describe("GetPairs", () => {
  const twins = expectedTwins(readTopology("deploy/topology.yaml"));

  it("shows every pair of the topology, dead where nobody is heard", async () => {
    const presence = () => [beatOf("claims", "a", NOW - 100), beatOf("claims", "b", NOW - 1001), beatOf("stranger", "a", NOW)];
    const { pairs } = await ask("GetPairs", {}, PROVINCIAL, sight({ twins, presence }));
    expect(pairs).toHaveLength(7);
    const claims = pairs.find((pair: { service: string }) => pair.service === "claims");
    expect(claims).toMatchObject({
      mode: "dual-active",
      twins: [
        { twin: "a", server: "server-a", alive: true, active: true, ready: true, fault: "", pid: 4711 },
        { twin: "b", server: "server-b", alive: false, active: false, ready: false },
      ],
    });
    const settlement = pairs.find((pair: { service: string }) => pair.service === "settlement");
    expect(settlement.twins.map((twin: { alive: boolean }) => twin.alive)).toEqual([false, false]);
  });
});

describe("RunAudit", () => {
  const line = { invariant: 1, zh: "账目平衡", en: "Entries balance", checked: 7, breaches: [] as string[], breachCount: 0 };

  it.each([
    { breaches: [], clean: true },
    { breaches: ["ledger entry 4 does not balance"], clean: false },
  ])("is clean only without a breach: $breaches", async ({ breaches, clean }) => {
    const answer = await ask("RunAudit", {}, PROVINCIAL, sight({ audit: async () => [line, { ...line, invariant: 2, breaches }] }));
    expect(answer).toMatchObject({ clean, lines: [{ checked: 7n }, { breaches }] });
  });

  it("who asks while it runs joins it; who asks later starts anew", async () => {
    let runs = 0;
    const waiting = Promise.withResolvers<(typeof line)[]>();
    const of = sight({
      audit: () => {
        runs += 1;
        return waiting.promise;
      },
    });
    const [call] = calls(of).filter((one) => one.method.name === "RunAudit");
    if (call?.act !== "query") throw new Error("RunAudit is no query");
    const both = [call.answer({}, PROVINCIAL), call.answer({}, PROVINCIAL)];
    waiting.resolve([line]);
    await Promise.all(both);
    expect(runs).toBe(1);
    await call.answer({}, PROVINCIAL);
    expect(runs).toBe(2);
  });
});

describe("ListAlarms", () => {
  it("says in both languages what is held back, and how much", async () => {
    const { alarms } = await ask("ListAlarms", {});
    expect(alarms).toEqual([
      {
        alarmId: "FUND_AT_FLOOR/640424/2011-11-25",
        kind: "FUND_AT_FLOOR",
        county: "640424",
        zh: expect.stringMatching(/640424.*2011-11-25.*1 笔.*12\.50 元/),
        en: expect.stringMatching(/640424.*2011-11-25.*12\.50 yuan/),
        raisedAtMs: BigInt(NOW),
        owner: "TREASURER",
      },
    ]);
  });
});

describe("GetNightAudit", () => {
  const ended = (day: string, breaches: string[]) => {
    const world = newWorld();
    world.run(watchNights, { through: "2011-11-23" });
    world.run(beginAudit, { day, number: 1, twin: "b" }, { atMs: NOW });
    const line = { invariant: 1, zh: "账目平衡", en: "Entries balance", checked: 7, breaches, breachCount: breaches.length };
    world.run(endAudit, { day, number: 1, lines: [line], peakResidentBytes: 9 }, { atMs: NOW + 1 });
    return readerOver(world);
  };

  it.each([{ day: "" }, { day: "2011-11-24" }])(
    "says what the audit of a night has found, of the newest where none is named: $day",
    async ({ day }) => {
      const answer = await ask("GetNightAudit", { day }, PROVINCIAL, sight({ reader: ended("2011-11-24", ["one"]) }));
      expect(answer).toMatchObject({ day: "2011-11-24", state: "ENDED", attempts: 1, twin: "b", clean: false, peakResidentBytes: 9n });
      expect(answer.lines).toEqual([{ invariant: 1, zh: "账目平衡", en: "Entries balance", checked: 7n, breaches: ["one"] }]);
    },
  );

  it.each([
    { day: "2011-11-22", answer: { code: "UNKNOWN_AUDIT", status: "NOT_FOUND", field: "day" } },
    { day: "yesterday", answer: { code: "BAD_REQUEST", field: "day" } },
  ])("refuses $day", async ({ day, answer }) => {
    expect(await ask("GetNightAudit", { day }, PROVINCIAL, sight({ reader: ended("2011-11-24", []) }))).toMatchObject(answer);
  });
});
