import { Timestamp } from "mongodb";
import { describe, expect, test } from "vitest";
import {
  alone,
  type InTrouble,
  isFirst,
  type KillCase,
  lostPrimary,
  mayEndTwin,
  type RenewCase,
  type Seen,
  type StepUpCase,
  stepUp,
  troubled,
  unheard,
  type View,
  whyNotKill,
  whyNotRenew,
} from "../../../services/guardian/judge.ts";
import { optimeOf } from "../../../services/guardian/members.ts";
import { Pace } from "../../../services/guardian/pace.ts";
import { Trips } from "../../../services/guardian/trips.ts";

const mongo = (name: string, role: Seen["role"], more: Partial<Seen> = {}): Seen => ({
  name: `mongo-${name}`,
  server: name === "w" ? "witness" : `server-${name}`,
  kind: "mongo",
  sign: "well",
  silentMs: 20,
  role,
  optime: 100,
  ...more,
});
const nats = (name: string, more: Partial<Seen> = {}): Seen => ({ ...mongo(name, ""), name: `nats-${name}`, kind: "nats", ...more });

const view = (guardian: string, ...seen: Seen[]): View => ({ guardian, seen, trouble: "", pace: 1, unheard: [] });
const NOBODY: InTrouble = new Set<string>();
const gone = { sign: "gone", silentMs: 120 } as const;
const frozen = { sign: "silent", silentMs: 2_000 } as const;
const members = (primary: Partial<Seen>, more: { b?: Partial<Seen>; w?: Partial<Seen> } = {}) => [
  mongo("a", "PRIMARY", primary),
  mongo("b", "SECONDARY", more.b),
  mongo("w", "SECONDARY", more.w),
];

describe("protocols 20: a step-up", () => {
  const asked = (more: Partial<StepUpCase> = {}) =>
    stepUp({
      own: view("server-b", ...members(gone)),
      others: [view("witness", ...members(gone))],
      inTrouble: NOBODY,
      sinceStepUpMs: Number.POSITIVE_INFINITY,
      lostForMs: 0,
      ...more,
    });

  test("is asked of a secondary as soon as two guardians have lost the primary", () => {
    expect(asked()).toEqual({ ask: ["mongo-b", "mongo-w"] });
  });

  test("is asked of the one that is farthest", () => {
    expect(asked({ own: view("server-b", ...members(gone, { w: { optime: 101 } })) })).toEqual({ ask: ["mongo-w", "mongo-b"] });
  });

  test("knows how far a member is, to the write", () => {
    const at = (seconds: number, count: number) => optimeOf({ lastWrite: { opTime: { ts: new Timestamp({ t: seconds, i: count }) } } });
    expect(at(1_795_748_163, 5)).toBeGreaterThan(at(1_795_748_163, 4));
    expect(at(1_795_748_164, 1)).toBeGreaterThan(at(1_795_748_163, 900_000));
    expect(at(4_294_967_295, 4_294_967_295)).toBeLessThan(Number.MAX_SAFE_INTEGER);
    expect(optimeOf({})).toBe(0);
  });

  test.each<[string, Partial<StepUpCase>, string]>([
    ["the primary answers", { own: view("server-b", ...members({})) }, "the primary is there"],
    ["it is silent for a moment only", { own: view("server-b", ...members({ sign: "silent", silentMs: 600 })) }, "the primary is there"],
    ["nobody else has lost it", { others: [view("witness", ...members({}))] }, "no other guardian has lost it"],
    ["nobody else is heard", { others: [] }, "no other guardian has lost it"],
    ["one was asked within ten seconds", { sinceStepUpMs: 9_000 }, "one was asked a moment ago"],
    ["another member is primary already", { own: view("server-b", ...members(gone, { b: { role: "PRIMARY" } })) }, "the primary is there"],
    ["only one member is left", { own: view("server-b", ...members(gone, { w: gone })) }, "those that are left are no majority"],
    [
      "it is the turn of one that comes before",
      { own: view("witness", ...members(gone)), others: [view("server-b", ...members(gone))] },
      "another guardian's turn",
    ],
  ])("is not asked where %s", (_, more, why) => {
    expect(asked(more)).toEqual({ why });
  });

  test("comes to the next one's turn where the first does nothing", () => {
    const more = { own: view("witness", ...members(gone)), others: [view("server-b", ...members(gone))] };
    expect(asked({ ...more, lostForMs: 299 })).toEqual({ why: "another guardian's turn" });
    expect(asked({ ...more, lostForMs: 300 })).toEqual({ ask: ["mongo-b", "mongo-w"] });
  });

  test("is asked after a longer silence as well", () => {
    expect(asked({ own: view("server-b", ...members(frozen)), others: [view("witness", ...members(frozen))] })).toEqual({
      ask: ["mongo-b", "mongo-w"],
    });
  });

  test("is asked where the primary answers, but its machine is in trouble", () => {
    const more = { own: view("server-b", ...members({})), others: [view("witness", ...members({}))] };
    expect(asked({ ...more, inTrouble: new Set(["server-a"]) })).toEqual({ ask: ["mongo-b", "mongo-w"] });
    expect(asked(more)).toEqual({ why: "the primary is there" });
  });

  test("is not asked of a member whose machine is in trouble", () => {
    expect(asked({ inTrouble: new Set(["server-b"]) })).toEqual({ why: "those that are left are no majority" });
  });

  test("a set that never had a primary has lost none", () => {
    expect(lostPrimary(view("server-b", mongo("a", "", gone), mongo("b", "SECONDARY")), NOBODY)).toBeUndefined();
  });
});

describe("protocols 20: a kill", () => {
  const killing = (more: Partial<KillCase> = {}) =>
    whyNotKill({
      own: view("server-a", ...members(frozen)),
      others: [view("server-b", ...members(frozen)), view("witness", ...members({ ...gone, sign: "silent" }))],
      name: "mongo-a",
      stillMs: 1_600,
      ageMs: 60_000,
      sinceKillMs: Number.POSITIVE_INFINITY,
      ...more,
    });

  test("of one's own machine's daemon, frozen while all others are well and agree", () => {
    expect(killing()).toBe("");
  });

  test("of a nats-server as well", () => {
    const servers = [nats("a", frozen), nats("b"), nats("w")];
    const more = { own: view("server-a", ...servers), others: [view("server-b", ...servers), view("witness", ...servers)], name: "nats-a" };
    expect(killing(more)).toBe("");
  });

  test.each<[string, Partial<KillCase>, string]>([
    ["it answers", { own: view("server-a", ...members({})) }, "it answers, or is gone by itself"],
    ["it is dead already", { own: view("server-a", ...members(gone)) }, "it answers, or is gone by itself"],
    [
      "it is silent for less than 1.5 s",
      { own: view("server-a", ...members({ sign: "silent", silentMs: 1_400 })) },
      "it answers, or is gone by itself",
    ],
    ["it uses CPU or moves bytes", { stillMs: 1_000 }, "it is doing something"],
    ["it has just begun", { ageMs: 14_000 }, "it has just begun"],
    ["it recovers or syncs", { own: view("server-a", ...members({ ...frozen, role: "OTHER" })) }, "it was no settled member"],
    ["another member is not well", { own: view("server-a", ...members(frozen, { w: gone })) }, "the other members are not well"],
    [
      "another guardian sees it well",
      { others: [view("server-b", ...members(frozen)), view("witness", ...members({}))] },
      "the other guardians do not agree",
    ],
    ["a guardian is not heard", { others: [view("server-b", ...members(frozen))] }, "the other guardians do not agree"],
    ["one was killed within a minute", { sinceKillMs: 59_000 }, "one was killed a moment ago"],
    ["it is not known", { name: "mongo-x" }, "it answers, or is gone by itself"],
  ])("is not made where %s", (_, more, why) => {
    expect(killing(more)).toBe(why);
  });
});

test.each([
  ["frozen for three seconds", { silentMs: 3_000, stillMs: 1_500, peerWell: true }, true],
  ["busy and silent for six seconds", { silentMs: 6_000, stillMs: 0, peerWell: true }, true],
  ["busy and silent for five", { silentMs: 5_000, stillMs: 0, peerWell: true }, false],
  ["frozen for a moment", { silentMs: 2_000, stillMs: 2_000, peerWell: true }, false],
  ["frozen, and its peer is not well", { silentMs: 60_000, stillMs: 60_000, peerWell: false }, false],
])("a twin that is %s: ended %s", (_, one, ended) => {
  expect(mayEndTwin(one)).toBe(ended);
});

describe("a nats-server that has given up JetStream", () => {
  const servers = [nats("a"), nats("b"), nats("w")];
  const renewing = (more: Partial<RenewCase> = {}) =>
    whyNotRenew({ own: view("server-a", ...servers), name: "nats-a", withoutMs: 6_000, sinceKillMs: Number.POSITIVE_INFINITY, ...more });

  test("is started anew once its disk is sound and the others are well", () => {
    expect(renewing()).toBe("");
  });

  test.each<[string, Partial<RenewCase>, string]>([
    ["it has it", { withoutMs: 0 }, "it has JetStream, or may have it soon"],
    ["it has just begun", { withoutMs: 4_000 }, "it has JetStream, or may have it soon"],
    [
      "the disk is still full",
      { own: { ...view("server-a", ...servers), trouble: "the disk is full" } },
      "what it lost JetStream by lasts",
    ],
    ["another server is away", { own: view("server-a", nats("a"), nats("b", gone), nats("w")) }, "the other servers are not well"],
    ["one was ended a moment ago", { sinceKillMs: 59_000 }, "one was killed a moment ago"],
  ])("is left alone where %s", (_, more, why) => {
    expect(renewing(more)).toBe(why);
  });
});

describe("a machine in trouble", () => {
  const troubles = (...views: Partial<View>[]) =>
    [...troubled(views.map((more, index) => ({ ...view(["server-a", "server-b", "witness"][index] ?? ""), ...more })))].flat();

  test("says so itself of its disk", () => {
    expect(troubles({ trouble: "12 MB are free" }, {}, {})).toEqual(["server-a", "12 MB are free"]);
    expect(troubles({}, {}, {})).toEqual([]);
  });

  test("has no CPU where the others have theirs", () => {
    expect(troubles({ pace: 0.2 }, {}, { pace: 0.8 })).toEqual(["server-a", "the machine has 20 % of the time that it needs"]);
  });

  test.each([
    ["all are slow: it is a load", [{ pace: 0.2 }, { pace: 0.5 }, { pace: 0.9 }]],
    ["only one other is heard", [{ pace: 0.2 }, {}]],
    ["it is but slow", [{ pace: 0.5 }, {}, {}]],
  ] as [string, Partial<View>[]][])("is none where %s", (_, views) => {
    expect(troubles(...views)).toEqual([]);
  });

  describe("whose guardian is not heard", () => {
    const seenBy = (guardian: string, engine: Partial<Seen>, ...missed: string[]) => ({
      ...view(guardian, ...members({}, { b: engine }), nats("b", engine)),
      unheard: missed,
    });

    test("is in trouble where its engines answer late to both others", () => {
      const views = [seenBy("server-a", frozen, "server-b"), seenBy("witness", frozen, "server-b")];
      expect([...unheard(views).keys()]).toEqual(["server-b"]);
    });

    test.each([
      ["its engines are well: only the guardian is gone", seenBy("server-a", {}, "server-b"), seenBy("witness", {}, "server-b")],
      [
        "a look at its nats-server is not long ago: it is asked less often",
        { ...view("server-a", ...members({}, { b: frozen }), nats("b", { silentMs: 740 })), unheard: ["server-b"] },
        seenBy("witness", frozen, "server-b"),
      ],
      ["they are well to one of them", seenBy("server-a", frozen, "server-b"), seenBy("witness", {}, "server-b")],
      ["one of them hears it", seenBy("server-a", frozen, "server-b"), seenBy("witness", frozen)],
    ])("is not where %s", (_, ...views) => {
      expect(unheard(views)).toEqual(new Map());
    });

    test("is not for one guardian alone to say", () => {
      expect(unheard([seenBy("server-a", frozen, "server-b", "witness")])).toEqual(new Map());
    });
  });

  /** What each of the three measures to each: `ms[from][to]`. */
  const trips = (ms: readonly (readonly (number | undefined)[])[]) =>
    ms.map((row) => ({ seen: ["a", "b", "w"].map((name, to) => mongo(name, "SECONDARY", { tripMs: row[to] })) }));

  test("is slow to both others and they to it, who are quick between themselves", () => {
    const slow = trips([
      [1, 104, 96],
      [110, 1, 4],
      [88, 5, 1],
    ]);
    expect(troubles(...slow)).toEqual(["server-a", "a round trip takes at least 88 ms, between the others 5 ms"]);
  });

  test.each([
    [
      "it is slow to its own member as well: it is a load",
      [
        [60, 104, 96],
        [110, 1, 4],
        [88, 5, 1],
      ],
    ],
    [
      "what it is to its own member is not known",
      [
        [undefined, 104, 96],
        [110, 1, 4],
        [88, 5, 1],
      ],
    ],
    [
      "all are slow: it is a load",
      [
        [60, 90, 90],
        [90, 60, 40],
        [90, 40, 60],
      ],
    ],
    [
      "only its mongod is slow",
      [
        [90, 4, 4],
        [90, 1, 4],
        [90, 4, 1],
      ],
    ],
    [
      "one of the others is quick to it",
      [
        [1, 104, 4],
        [110, 1, 4],
        [4, 4, 1],
      ],
    ],
    [
      "it is slow, but not so much",
      [
        [1, 30, 30],
        [30, 1, 3],
        [30, 3, 1],
      ],
    ],
    [
      "what the others have between them is not known",
      [
        [1, 104, 96],
        [110, 1, undefined],
        [88, 5, 1],
      ],
    ],
    [
      "what one measures is not known",
      [
        [1, undefined, 96],
        [110, 1, 4],
        [88, 5, 1],
      ],
    ],
  ] as [string, (number | undefined)[][]][])("has no bad network where %s", (_, ms) => {
    expect(troubles(...trips(ms))).toEqual([]);
  });

  test("loses the lead of its streams by the first guardian that is in none", () => {
    const guardians = ["witness", "server-b", "server-a"];
    expect(guardians.map((name) => isFirst(name, guardians, new Set(["server-a"])))).toEqual([false, true, false]);
    expect(guardians.map((name) => isFirst(name, guardians, NOBODY))).toEqual([false, false, true]);
  });
});

describe("the pace", () => {
  test("is the share of the ticks that came", () => {
    const pace = new Pace(100, 0);
    for (let now = 100; now <= 3_000; now += 100) pace.tick(now);
    expect(pace.share(3_000)).toBe(1);
    for (let now = 3_500; now <= 6_000; now += 500) pace.tick(now);
    expect(pace.share(6_000)).toBeCloseTo(0.2, 1);
    expect(new Pace(100, 0).share(2_999)).toBe(1);
  });
});

describe("a round trip of late", () => {
  test("is the mean of five seconds without the slowest, where there were enough", () => {
    const trips = new Trips();
    for (const [index, ms] of [4, 900, 6, 5, 5].entries()) trips.add(index * 500, ms);
    expect(trips.usualMs(2_000)).toBeUndefined();
    trips.add(2_500, 5);
    expect(trips.usualMs(2_500)).toBe(5);
    expect(trips.usualMs(5_001)).toBeUndefined();
    for (let at = 0; at < 6; at += 1) trips.add(6_000 + at, 7);
    trips.forget();
    expect(trips.usualMs(6_010)).toBeUndefined();
  });
});

describe("a machine that reaches no other", () => {
  const seenBy = (guardian: string, b: Partial<Seen>, w: Partial<Seen>) =>
    alone(
      view(guardian, mongo("a", "PRIMARY"), nats("a"), mongo("b", "SECONDARY", b), nats("b", b), mongo("w", "SECONDARY", w), nats("w", w)),
    );

  test("says whom it does not reach", () => {
    expect(seenBy("server-a", frozen, gone)).toBe("server-a reaches none of server-b, witness");
  });

  test.each([
    ["the witness answers", "server-a", frozen, {}],
    ["the other server answers", "server-a", {}, gone],
    ["it is another's guardian", "server-b", frozen, gone],
  ])("is not alone where %s", (_, guardian, b, w) => {
    expect(seenBy(guardian, b, w)).toBe("");
  });

  test("is not alone where no other machine has an engine", () => {
    expect(alone(view("server-a", mongo("a", "PRIMARY"), nats("a")))).toBe("");
  });
});
