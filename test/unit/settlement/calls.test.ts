import { describe, expect, test } from "vitest";
import type { GetTrialBalanceResponse, ListWindowsResponse } from "../../../proto/generated/nrcms/settlement/v1/settlement.ts";
import type { Ask, CommandCall, QueryCall } from "../../../services/mesh/wiring.ts";
import { calls } from "../../../services/settlement/calls.ts";
import { approveAssessment, proposeAssessment } from "../../../services/settlement/domain/assess.ts";
import { setWithheld } from "../../../services/settlement/domain/set-withheld.ts";
import { indexes } from "../../../services/settlement/store.ts";
import { windowCalls } from "../../../services/settlement/window-calls.ts";
import { withheldCalls } from "../../../services/settlement/withheld-calls.ts";
import type { Caller } from "../../../services/values/decision.ts";
import { MAX_FEN } from "../../../services/values/money.ts";
import { newWorld, type World } from "../../harness/decide.ts";
import { CONFIG, closed, HAIYUAN, JINGYUAN, promised, readerOf, worldOf, ZHONGNING } from "./ledger-world.ts";

const treasurer: Caller = { name: "treasurer", role: "TREASURER", scope: "640000" };
const ofZhongning: Caller = { name: "zhongning", role: "TREASURER", scope: ZHONGNING };

const ADMINISTRATION = (async () => ({
  counties: [{ county: ZHONGNING }],
  institutions: [{ institutionId: "H-1" }],
})) as unknown as Ask;

function callOf(world: World, method: string) {
  const reader = readerOf(world);
  const all = [
    ...calls({ reader, ask: ADMINISTRATION, config: CONFIG }),
    ...windowCalls({ reader, config: CONFIG }),
    ...withheldCalls({ reader, ask: ADMINISTRATION }),
  ];
  const call = all.find((each) => each.method.name === method);
  if (!call) throw new Error(`${method} is not answered`);
  return call;
}

const check = (method: string, request: object) => (callOf(newWorld(), method) as CommandCall).check(request, treasurer);
const ask = (world: World, method: string, request: object, caller = treasurer) =>
  (callOf(world, method) as QueryCall).answer(request, caller);

describe("protocols 15: where the book of a county is not there", () => {
  test.each([
    ["ReceiveFunds", { source: "CENTRAL", amountFen: 100n, reference: "R1" }],
    ["SetPrefund", { limitFen: 1n }],
  ])("%s asks administration for the county", async (method, rest) => {
    const asked = async (county: string) =>
      await (callOf(newWorld(), method) as CommandCall).ask?.({ requestId: "r", county, ...rest }, treasurer);
    expect(await asked(ZHONGNING)).toMatchObject({ county: ZHONGNING, countyKnown: true });
    expect(await asked(JINGYUAN)).toMatchObject({ county: JINGYUAN, countyKnown: false });
  });
});

describe("the contract at the door", () => {
  const receipt = { requestId: "r", county: ZHONGNING, source: "CENTRAL", amountFen: 100n, reference: "2011-11.25_R1" };
  test("good requests pass", () => {
    expect(check("ReceiveFunds", receipt)).toBeUndefined();
    expect(check("ReceiveFunds", { ...receipt, amountFen: MAX_FEN })).toBeUndefined();
    expect(check("SetPrefund", { requestId: "r", county: ZHONGNING, limitFen: 0n })).toBeUndefined();
    expect(check("CloseWindow", { requestId: "r", windowId: "W12" })).toBeUndefined();
  });

  test.each([
    { field: "county", change: { county: "" } },
    { field: "county", change: { county: "640000" } },
    { field: "county", change: { county: "110101" } },
    { field: "source", change: { source: "UNSPECIFIED" } },
    { field: "source", change: { source: "constructor" } },
    { field: "amount_fen", change: { amountFen: 0n } },
    { field: "amount_fen", change: { amountFen: -1n } },
    { field: "amount_fen", change: { amountFen: MAX_FEN + 1n } },
    { field: "reference", change: { reference: "" } },
    { field: "reference", change: { reference: "a/b" } },
    { field: "reference", change: { reference: "x".repeat(41) } },
  ])("ReceiveFunds names $field in $change", ({ field, change }) => {
    expect(check("ReceiveFunds", { ...receipt, ...change })).toMatchObject({ code: "BAD_REQUEST", field });
  });

  test.each([
    { field: "county", change: { county: "x" } },
    { field: "limit_fen", change: { limitFen: -1n } },
    { field: "limit_fen", change: { limitFen: MAX_FEN + 1n } },
  ])("SetPrefund names $field in $change", ({ field, change }) => {
    expect(check("SetPrefund", { requestId: "r", county: ZHONGNING, limitFen: 1n, ...change })).toMatchObject({
      code: "BAD_REQUEST",
      field,
    });
  });

  test.each(["", "W0", "W", "1", "W01", "w1", "W1 ", "W1234567890"])("CloseWindow refuses the window id %j", (windowId) => {
    expect(check("CloseWindow", { requestId: "r", windowId })).toMatchObject({ code: "BAD_REQUEST", field: "window_id" });
  });
});

describe("what is withheld of institutions, at the door", () => {
  const rate = { requestId: "r", county: ZHONGNING, institutionId: "H-1", withheldBp: 2_000 };
  const score = { requestId: "r", county: ZHONGNING, institutionId: "H-1", period: "2011-11", scoreBp: 10_000 };

  test("good requests pass, and administration is asked for the institution", async () => {
    expect(check("SetWithheld", rate)).toBeUndefined();
    expect(check("ProposeAssessment", { ...score, reason: "年度考核" })).toBeUndefined();
    expect(check("ApproveAssessment", { ...score, scoreBp: 0 })).toBeUndefined();
    const asked = async (change: object) =>
      await (callOf(newWorld(), "SetWithheld") as CommandCall).ask?.({ ...rate, ...change }, treasurer);
    expect(await asked({})).toMatchObject({ countyKnown: true, institutionKnown: true, withheldBp: 2_000n });
    expect(await asked({ county: JINGYUAN, institutionId: "H-2" })).toMatchObject({ countyKnown: false, institutionKnown: false });
  });

  test.each([
    ["SetWithheld", "county", { county: "x" }],
    ["SetWithheld", "institution_id", { institutionId: "h 1" }],
    ["SetWithheld", "withheld_bp", { withheldBp: -1 }],
    ["SetWithheld", "withheld_bp", { withheldBp: 2_001 }],
    ["ProposeAssessment", "institution_id", { institutionId: "" }],
    ["ProposeAssessment", "period", { period: "2011-13" }],
    ["ProposeAssessment", "period", { period: "2011" }],
    ["ProposeAssessment", "score_bp", { scoreBp: 10_001 }],
    ["ProposeAssessment", "reason", { reason: " " }],
    ["ProposeAssessment", "reason", { reason: "x".repeat(201) }],
    ["ApproveAssessment", "score_bp", { scoreBp: -1 }],
    ["ApproveAssessment", "county", { county: "640000" }],
  ])("%s names %s in %j", (method, field, change) => {
    expect(check(method, { ...rate, ...score, reason: "考核", ...change })).toMatchObject({ code: "BAD_REQUEST", field });
  });

  test("the list shows the rate, what stands, what is proposed and what was last", async () => {
    const world = worldOf({ [ZHONGNING]: { fundsFen: 100_000n } });
    const institutionId = `H-${ZHONGNING}`;
    const of = { county: ZHONGNING, institutionId };
    const by = (name: string) => ({ caller: { ...treasurer, name }, atMs: Date.parse("2011-11-28T09:00:00+08:00") });
    const judge = (period: string, reason: string) => world.run(proposeAssessment, { ...of, period, scoreBp: 9_000n, reason }, by("zhang"));
    world.run(setWithheld, { ...of, withheldBp: 1_000n, institutionKnown: true });
    promised(world, "C1", ZHONGNING, ZHONGNING, 1_000n);
    judge("2011-10", "十月");
    world.run(approveAssessment, { ...of, period: "2011-10", scoreBp: 9_000n }, by("li"));
    promised(world, "C2", ZHONGNING, ZHONGNING, 500n);
    judge("2011-11", "十一月");
    expect(await ask(world, "ListWithheld", { county: ZHONGNING })).toMatchObject({
      withholdings: [
        {
          institutionId,
          withheldBp: 1_000,
          withheldFen: 50n,
          proposed: { period: "2011-11", state: "PROPOSED", scoreBp: 9_000, proposedBy: "zhang" },
          last: { period: "2011-10", state: "APPROVED", releasedFen: 90n, returnedFen: 10n, approvedBy: "li" },
        },
      ],
    });
    expect(await ask(world, "ListWithheld", { county: JINGYUAN })).toEqual({ withholdings: [] });
    expect(await ask(world, "ListWithheld", { county: "" })).toMatchObject({ code: "BAD_REQUEST", field: "county" });
  });
});

describe("GetTrialBalance", () => {
  const start = () => {
    const world = worldOf({ [ZHONGNING]: { fundsFen: 1_000n }, [JINGYUAN]: { fundsFen: 50n, prefundFen: 500n } });
    promised(world, "C1", JINGYUAN, ZHONGNING, 300n);
    promised(world, "C2", JINGYUAN, JINGYUAN, 51n);
    return world;
  };

  test("shows the province every book, summing to zero, with what is open and what is held", async () => {
    const all = (await ask(start(), "GetTrialBalance", { county: "", day: "" })) as GetTrialBalanceResponse;
    expect(all).toMatchObject({ sumFen: 0n, sequence: 4n, payablesOpen: 2n, payablesHeld: 1n });
    expect(all.accounts.map((row) => `${row.county} ${row.account} ${row.balanceFen} ${row.entries}`)).toEqual([
      "640424 1003 50 1",
      "640424 4004-CENTRAL/2011 -50 1",
      "640424 5001-INPATIENT/2011 351 2",
      "640424 DUE_TO/640521 -300 1",
      "640424 PAYABLE -51 1",
      "640521 1003 1000 1",
      "640521 4004-CENTRAL/2011 -1000 1",
      "640521 DUE_FROM/640424 300 1",
      "640521 PAYABLE -300 1",
    ]);
  });

  test("shows a county's caller its own book only", async () => {
    const world = start();
    for (const county of ["", ZHONGNING]) {
      const own = (await ask(world, "GetTrialBalance", { county, day: "" }, ofZhongning)) as GetTrialBalanceResponse;
      expect(new Set(own.accounts.map((row) => row.county))).toEqual(new Set([ZHONGNING]));
      expect(own).toMatchObject({ sumFen: 0n, payablesOpen: 1n, payablesHeld: 0n });
    }
    for (const county of [JINGYUAN, "640000"])
      expect(await ask(world, "GetTrialBalance", { county, day: "" }, ofZhongning)).toMatchObject({
        status: "PERMISSION_DENIED",
        field: "county",
      });
    expect(await ask(world, "GetTrialBalance", { county: "", day: "" }, { ...ofZhongning, scope: "H-1" })).toMatchObject({
      status: "PERMISSION_DENIED",
    });
    expect(await ask(world, "GetTrialBalance", { county: "64052", day: "" })).toMatchObject({ code: "BAD_REQUEST", field: "county" });
  });

  test("reads again what a commit tore apart", async () => {
    const world = start();
    const whole = readerOf(world);
    let torn = 1;
    const reader: typeof whole = {
      ...whole,
      async find(kind, filter, options) {
        const rows = await whole.find(kind, filter, options);
        if (kind.name !== "accounts" || torn === 0) return rows;
        torn -= 1;
        promised(world, "C9", ZHONGNING, ZHONGNING, 1n);
        return rows.slice(1);
      },
    };
    const call = calls({ reader, ask: ADMINISTRATION, config: CONFIG }).find((each) => each.method.name === "GetTrialBalance") as QueryCall;
    expect(await call.answer({ county: "", day: "" }, treasurer)).toMatchObject({ sumFen: 0n, sequence: 5n });
  });
});

test("ListWindows shows the window to close even before anything was stored, and then newest first", async () => {
  const world = worldOf({ [HAIYUAN]: {} });
  const before = (await ask(world, "ListWindows", {})) as ListWindowsResponse;
  expect(before.windows).toMatchObject([{ windowId: "W1", state: "OPEN" }]);
  closed(world, "W1");
  const after = (await ask(world, "ListWindows", {})) as ListWindowsResponse;
  expect(after.windows.map((window) => `${window.windowId} ${window.state}`)).toEqual(["W2 OPEN", "W1 SETTLED"]);
});

test("every kind of document that is stored is listed for the store", () => {
  const world = worldOf({ [ZHONGNING]: { fundsFen: 1_000n }, [JINGYUAN]: { fundsFen: 50n, prefundFen: 500n } });
  promised(world, "C1", JINGYUAN, ZHONGNING, 300n);
  closed(world, "W1");
  const stored = Object.keys(indexes).filter((name) => world.all(name).length > 0);
  expect(stored.sort()).toEqual(["accounts", "books", "entries", "payables", "reservations", "sequences", "totals", "windows"]);
});

test("what is withheld of some payables is summed by its round; of others' and of what is not there nothing", async () => {
  const world = worldOf({ [ZHONGNING]: { fundsFen: 100_000n } });
  const H = `H-${ZHONGNING}`;
  const payableIds = ["claim/C1/decision/1", "claim/C2/decision/1", "claim/C2/decision/1", "claim/NONE/decision/1"];
  const summed = (institutionId = H) => ask(world, "SumWithheld", { institutionId, payableIds });
  expect(await summed()).toEqual({ withheldFen: 0n, assessedFen: 0n });
  world.run(setWithheld, { county: ZHONGNING, institutionId: H, withheldBp: 1_000n, countyKnown: true, institutionKnown: true });
  promised(world, "C1", ZHONGNING, ZHONGNING, 1_000n);
  const score = { county: ZHONGNING, institutionId: H, period: "2011-11", scoreBp: 9_000n };
  world.run(proposeAssessment, { ...score, reason: "季度考核" }, { caller: { ...treasurer, name: "zhang" } });
  world.run(approveAssessment, score, { caller: { ...treasurer, name: "li" } });
  promised(world, "C2", ZHONGNING, ZHONGNING, 505n);
  expect(await summed()).toEqual({ withheldFen: 51n, assessedFen: 100n });
  expect(await summed("H-OTHER")).toEqual({ withheldFen: 0n, assessedFen: 0n });
  expect(await ask(world, "SumWithheld", { institutionId: "h", payableIds: [] })).toMatchObject({ field: "institution_id" });
  const many = Array.from({ length: 6_001 }, () => "x");
  expect(await ask(world, "SumWithheld", { institutionId: H, payableIds: many })).toMatchObject({ field: "payable_ids" });
});
