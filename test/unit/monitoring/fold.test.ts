import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Alarm, alarms, covertides, overviews, seens } from "../../../services/monitoring/domain/documents.ts";
import type { EventName, Heard, HeardBodies } from "../../../services/monitoring/domain/events.ts";
import { fold } from "../../../services/monitoring/domain/fold.ts";
import { MAX_STRETCHES } from "../../../services/monitoring/domain/seen.ts";
import { sentencesOf } from "../../../services/monitoring/domain/sentences.ts";
import { isUnavailable } from "../../../services/values/outcome.ts";
import { newWorld } from "../../harness/decide.ts";

const HOME = "640424";
const AWAY = "640521";

function heard<N extends EventName>(name: N, number: number, body: HeardBodies[N], twin = "a"): Heard {
  return { origin: { source: "claims", twin, number }, name, body } as unknown as Heard;
}

const approved = (number: number, treatingCounty = HOME) =>
  heard("ClaimApproved", number, { homeCounty: HOME, treatingCounty, fundFen: 36_193n });
const paid = (number: number) =>
  heard("ClaimsPaid", number, { homeCounty: HOME, paidAtMs: 4_500n, claims: [{ fundFen: 36_193n, submittedAtMs: 1_000n }] });
const covered = (number: number, version: bigint, toDay: string) =>
  heard("HouseholdCovered", number, {
    householdId: "64042400000017",
    county: HOME,
    version,
    covers: [{ county: HOME, fromDay: "2011-01-01", toDay }],
  });

it("raises an alarm for a difference between the bank and the ledger that is open, and none for one that is not", () => {
  const world = newWorld();
  const compared = (number: number, version: bigint, isOpen: boolean) =>
    heard("BankCompared", number, { bank: "main", day: "2011-11-25", version, isOpen, differenceFen: -700n });
  for (const event of [compared(1, 1n, false), compared(2, 2n, true), compared(3, 3n, false)]) world.run(fold, event);
  expect(world.all<Alarm>("alarms")).toMatchObject([
    { kind: "LEDGER_BALANCE", county: "640000", subject: "2011-11-25/2", amountFen: -700n, detail: "2011-11-25" },
  ]);
  const [alarm] = world.all<Alarm>("alarms");
  expect(alarm && sentencesOf(alarm)).toMatchObject({ zh: expect.stringContaining("-7.00"), en: expect.stringContaining("-7.00") });
});

describe("each event changes its county's overview by exactly", () => {
  const nothing = {
    approved: 0,
    approvedFen: 0n,
    held: 0,
    refused: 0,
    paid: 0,
    paidFen: 0n,
    submitToPaidMs: 0n,
    contributionsFen: 0n,
    crossRegion: 0,
  };
  it.each<{ what: string; event: Heard; changes: object }>([
    { what: "an approval at home", event: approved(1), changes: { approved: 1, approvedFen: 36_193n } },
    { what: "an approval elsewhere", event: approved(1, AWAY), changes: { approved: 1, approvedFen: 36_193n, crossRegion: 1 } },
    { what: "a hold", event: heard("ClaimHeld", 1, { homeCounty: HOME }), changes: { held: 1 } },
    { what: "a refusal", event: heard("ClaimRefused", 1, { homeCounty: HOME }), changes: { refused: 1 } },
    { what: "a payment", event: paid(1), changes: { paid: 1, paidFen: 36_193n, submitToPaidMs: 3_500n } },
    {
      what: "contributions",
      event: heard("ContributionsReceived", 1, { county: HOME, contributionsFen: 12_000n }),
      changes: { contributionsFen: 12_000n },
    },
    { what: "a county's registration", event: heard("CountyChanged", 1, { county: { county: HOME } }), changes: {} },
    { what: "a household's cover", event: covered(1, 1n, "2011-12-31"), changes: {} },
  ])("$what", ({ event, changes }) => {
    const world = newWorld();
    world.run(fold, event);
    expect(world.get(overviews.key(HOME))).toEqual({ county: HOME, ...nothing, ...changes });
    expect(world.all("overviews")).toHaveLength(1);
  });
});

describe("folding", () => {
  it("tells two twins' events of the same number apart", () => {
    const world = newWorld();
    world.run(fold, approved(1));
    world.run(fold, { ...approved(1), origin: { source: "claims", twin: "b", number: 1 } } as Heard);
    expect(world.get(overviews.key(HOME))?.approved).toBe(2);
  });

  it("ends the same in whatever order and however often the events come", () => {
    const events = [
      approved(1),
      paid(2),
      covered(3, 1n, "2011-12-31"),
      approved(4, AWAY),
      covered(5, 2n, "2011-06-30"),
      heard("PayableDue", 6, {}),
    ];
    const inOrder = newWorld();
    for (const event of events) inOrder.run(fold, event);
    fc.assert(
      fc.property(fc.shuffledSubarray([...events, ...events], { minLength: 12 }), (shuffled) => {
        const world = newWorld();
        for (const event of shuffled) world.run(fold, event);
        expect(world.get(overviews.key(HOME))).toEqual(inOrder.get(overviews.key(HOME)));
        expect(world.get(covertides.key(HOME, 2011))).toEqual(inOrder.get(covertides.key(HOME, 2011)));
        expect(world.get(seens.key("claims.a"))).toMatchObject({ reached: 6, early: [] });
      }),
    );
  });

  it("an older version of a household's covers changes nothing", () => {
    const world = newWorld();
    world.run(fold, covered(1, 2n, "2011-06-30"));
    const before = world.get(covertides.key(HOME, 2011));
    world.run(fold, covered(2, 1n, "2011-12-31"));
    expect(world.get(covertides.key(HOME, 2011))).toEqual(before);
    expect(before?.days).toEqual({ "2011-01-01": 1, "2011-07-01": -1 });
  });

  it("a number that would open one hole too many waits, unfolded", () => {
    const world = newWorld();
    for (let index = 1; index <= MAX_STRETCHES; index += 1) world.run(fold, heard("PayableDue", 2 * index, {}));
    const outcome = world.run(fold, approved(2 * MAX_STRETCHES + 2));
    expect(isUnavailable(outcome.result)).toBe(true);
    expect(world.get(overviews.key(HOME))).toBeUndefined();
  });

  it("an event that names no county is a bug, not a county", () => {
    expect(() => newWorld().run(fold, heard("ClaimHeld", 1, { homeCounty: "" }))).toThrow("ClaimHeld names no county");
  });
});

describe("alarms", () => {
  const NOON = Date.parse("2011-11-25T12:00:00+08:00");
  const held = (number: number) => heard("PayableHeld", number, { county: HOME, amountFen: 500n });

  it("a fund at its floor is one alarm a day, with what it holds back", () => {
    const world = newWorld();
    world.run(fold, held(1), { atMs: NOON });
    world.run(fold, held(2), { atMs: NOON + 60_000 });
    world.run(fold, held(2), { atMs: NOON + 60_000 });
    world.run(fold, held(3), { atMs: NOON + 86_400_000 });
    expect(world.all("alarms")).toEqual([
      expect.objectContaining({
        alarmId: `FUND_AT_FLOOR/${HOME}/2011-11-25`,
        subject: "2011-11-25",
        count: 2,
        amountFen: 1000n,
        raisedAtMs: NOON,
      }),
      expect.objectContaining({ alarmId: `FUND_AT_FLOOR/${HOME}/2011-11-26`, subject: "2011-11-26", count: 1, amountFen: 500n }),
    ]);
  });

  it("a returned payment is an alarm of its own, with the bank's reason", () => {
    const world = newWorld();
    const body = { returnId: "return/B1/AC04", county: HOME, payables: [{}, {}], amountFen: 900n, reason: "AC04" };
    world.run(fold, heard("PaymentsReturned", 1, body));
    expect(world.get(alarms.key("PAYMENT_RETURNED", "return/B1/AC04"))).toMatchObject({
      county: HOME,
      count: 2,
      amountFen: 900n,
      detail: "AC04",
    });
  });

  it("a county that did not answer its window is an alarm with the rule that stood for it; pages of one window are one alarm", () => {
    const world = newWorld();
    const page = { windowId: "W3", county: HOME, silence: "DISPUTE", rows: 100, owedFen: 500n };
    world.run(fold, heard("WindowUnanswered", 1, page));
    world.run(fold, heard("WindowUnanswered", 2, { ...page, rows: 7, owedFen: 30n }));
    expect(world.all("alarms")).toEqual([
      expect.objectContaining({ alarmId: `WINDOW_UNANSWERED/W3/${HOME}`, county: HOME, count: 107, amountFen: 530n, detail: "DISPUTE" }),
    ]);
  });

  it("of disputes only one that was upheld is an alarm, of the county where it is to be reversed", () => {
    const world = newWorld();
    const row = { rowId: "claim/C1/decision/1", debtor: HOME, creditor: AWAY, owedFen: 60n, reason: "依据充分" };
    for (const [index, state] of ["DISPUTED", "WITHDRAWN", "OVERRULED", "UPHELD", "CORRECTED"].entries())
      world.run(fold, heard("DisputeChanged", index + 1, { ...row, state }));
    expect(world.all("alarms")).toEqual([
      expect.objectContaining({ alarmId: "ROW_UPHELD/claim/C1/decision/1", county: AWAY, amountFen: 60n, detail: "依据充分" }),
    ]);
  });

  it("each change of a prefund's state is an alarm, with the call that is proposed; ACTIVE is none", () => {
    const world = newWorld();
    const states = [
      ["YELLOW", 100n, 0n],
      ["BLOCKED_NEW", 156_510n, 36_510n],
      ["ACTIVE", 0n, 0n],
    ] as const;
    for (const [index, [state, proposedCallFen, openCallFen]] of states.entries())
      world.run(
        fold,
        heard("PrefundChanged", index + 1, { county: HOME, state, proposedCallFen, openCallFen, version: BigInt(index + 1) }),
      );
    const raised = world.all<Alarm>("alarms");
    expect(raised.map(({ alarmId, amountFen }) => [alarmId, amountFen])).toEqual([
      [`PREFUND_LOW/${HOME}/1`, 100n],
      [`PREFUND_LOW/${HOME}/2`, 156_510n],
    ]);
    expect(raised[1] && sentencesOf(raised[1])).toEqual({
      zh: `${HOME} 异地周转金已用尽，暂停新的异地即时结算：已超限额 365.10 元，建议追加 1565.10 元；责任人：${HOME} 基金会计`,
      en: `The prefund of ${HOME} is used up: nobody new is settled at once elsewhere: 365.10 yuan beyond its limit; proposed call 1565.10 yuan; owner: the treasurer of ${HOME}`,
    });
  });

  it("a refused prefund is an alarm of the home county", () => {
    const world = newWorld();
    world.run(fold, heard("PrefundRefused", 1, { homeCounty: HOME, fundFen: 700n }), { atMs: NOON });
    expect(world.get(alarms.key("PREFUND_EXHAUSTED", HOME, "2011-11-25"))).toMatchObject({ county: HOME, count: 1, amountFen: 700n });
  });
});
