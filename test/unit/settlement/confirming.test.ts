import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { CommandCall, QueryCall } from "../../../services/mesh/wiring.ts";
import { settlementConfig } from "../../../services/settlement/config.ts";
import { closeWindow } from "../../../services/settlement/domain/close-window.ts";
import { confirmRows } from "../../../services/settlement/domain/confirm-rows.ts";
import { disputeRows } from "../../../services/settlement/domain/dispute-rows.ts";
import { disputeSilent } from "../../../services/settlement/domain/dispute-silent.ts";
import { type ClearingWindow, type Dispute, disputes, entries, windows } from "../../../services/settlement/domain/documents.ts";
import type { WindowView } from "../../../services/settlement/domain/events.ts";
import { hashOf, pairsOf, positionsOf, transfersOf } from "../../../services/settlement/domain/netting.ts";
import { retractAnswer } from "../../../services/settlement/domain/retract-answer.ts";
import { ruleDispute } from "../../../services/settlement/domain/rule-dispute.ts";
import { owedOf } from "../../../services/settlement/domain/windows.ts";
import { windowCalls } from "../../../services/settlement/window-calls.ts";
import type { Caller } from "../../../services/values/decision.ts";
import { isUnavailable } from "../../../services/values/outcome.ts";
import { newWorld, type Options, type World } from "../../harness/decide.ts";
import {
  adjusted,
  balance,
  bookOf,
  CONFIG,
  closed,
  expectContract,
  expectTrueBooks,
  HAIYUAN,
  JINGYUAN,
  paid,
  promised,
  readerOf,
  tick,
  worldOf,
  ZHONGNING,
} from "./ledger-world.ts";

const A = JINGYUAN;
const B = ZHONGNING;
const C = HAIYUAN;
const DAYS = 5;
const TODAY = "2011-11-25";
const at = (day: string) => Date.parse(`${day}T10:00:00+08:00`);
/** The deadline is 2011-11-30. */
const LATE = at("2011-12-01");
const row = (claimId: string) => `claim/${claimId}/decision/1`;
const officer = (county: string): Caller => ({ name: `treasurer-${county}`, role: "TREASURER", scope: county });

/** The example of the domain notes, A→B 406,510 in two rows of which one is in doubt, cut and not netted. */
function confirming(silence: "CONFIRM" | "DISPUTE" = "CONFIRM") {
  const fund = { fundsFen: 1_000_000n, prefundFen: 1_000_000n };
  const world = worldOf({ [A]: fund, [B]: fund, [C]: fund });
  promised(world, "C1", A, B, 400_000n);
  promised(world, "C5", A, B, 6_510n);
  promised(world, "C2", B, A, 120_000n);
  promised(world, "C3", A, C, 50_000n);
  promised(world, "C4", C, B, 210_300n);
  closed(world, "W1", DAYS, silence);
  return world;
}

function dispute(
  world: World,
  county: string,
  claimIds: readonly string[],
  reason = "不是我县参合人",
  options: Options & { windowId?: string; limit?: number } = {},
) {
  const { windowId = "W1", limit = 2, ...rest } = options;
  const rows = claimIds.map((claimId) => ({ rowId: row(claimId), reason }));
  return world.run(disputeRows, { windowId, county, rows, limit }, { caller: officer(county), ...rest });
}

function confirm(world: World, county: string, rows: number, fen: bigint, options: Options & { windowId?: string } = {}) {
  const { windowId = "W1", ...rest } = options;
  return world.run(confirmRows, { windowId, county, rows, fen }, { caller: officer(county), ...rest });
}

function retract(world: World, county: string, claimIds: readonly string[] = [], options: Options = {}) {
  return world.run(retractAnswer, { windowId: "W1", county, rowIds: claimIds.map(row) }, { caller: officer(county), ...options });
}

const rule = (world: World, claimId: string, ruling: "UPHELD" | "OVERRULED", reason = "依据充分") =>
  world.run(ruleDispute, { rowId: row(claimId), ruling, reason });

function windowOf(world: World, id: string): ClearingWindow {
  const window = world.get(windows.key(id));
  if (!window) throw new Error(`${id} is not there`);
  return window;
}

const disputeOf = (world: World, claimId: string): Dispute | undefined => world.get(disputes.key(row(claimId)));

/** Everybody confirms what is left to it. */
function confirmAll(world: World, windowId = "W1") {
  for (const [county, { rows, fen }] of owedOf(windowOf(world, windowId))) confirm(world, county, rows, fen, { windowId });
}

describe("a window that is cut with days to answer", () => {
  test("is confirmed row by row: nothing is netted, nothing is paid, and the next window is open", () => {
    const world = confirming();
    expect(windowOf(world, "W1")).toMatchObject({ state: "CONFIRMING", toSequence: 8n, closedOn: TODAY, deadlineOn: "2011-11-30" });
    expect(windowOf(world, "W2")).toMatchObject({ state: "OPEN", fromSequence: 8n });
    expect(world.all("payables").filter((payable) => (payable as { claimId?: string }).claimId === "")).toEqual([]);
    expect(world.get(entries.key("window/W1/close"))).toBeUndefined();
    expectTrueBooks(world);
  });

  test("is netted as the example when every debtor has confirmed: 786,810 gross, 496,810 to move", async () => {
    const world = confirming();
    confirm(world, A, 3, 456_510n);
    confirm(world, B, 1, 120_000n);
    expect(await tick(world)).toEqual([]);
    const last = confirm(world, C, 1, 210_300n);
    expect(last.result).toMatchObject({ state: "CONFIRMING" });
    expectContract(last);
    const [netting] = await tick(world);
    expect(netting?.result).toMatchObject({
      state: "PAYING",
      nettedOn: TODAY,
      grossFen: 786_810n,
      positions: [
        { county: A, netFen: -336_510n },
        { county: B, netFen: 496_810n },
        { county: C, netFen: -160_300n },
      ],
      parties: [
        { county: A, rows: 3, owedFen: 456_510n, answer: "CONFIRMED", answeredBy: `treasurer-${A}`, answeredOn: TODAY },
        { county: B, rows: 1, owedFen: 120_000n, answer: "CONFIRMED" },
        { county: C, rows: 1, owedFen: 210_300n, answer: "CONFIRMED" },
      ],
    });
    if (netting) expectContract(netting);
    expectTrueBooks(world);
  });

  test("the example with a dispute, to the fen: the row goes to the window that is open, in the same commit", async () => {
    const world = confirming();
    const outcome = dispute(world, A, ["C5"]);
    expect(outcome.told.map(({ name, county, body }) => [name, county, body.state ?? body.window.windowId])).toEqual([
      ["DisputeChanged", A, "DISPUTED"],
      ["WindowChanged", "640000", "W2"],
      ["WindowChanged", "640000", "W1"],
    ]);
    expectContract(outcome);
    expect(windowOf(world, "W2").pairs).toEqual({ [`${A}/${B}`]: { fen: 6_510n, obligations: 1 } });
    expectTrueBooks(world);
    confirmAll(world);
    const [netting] = await tick(world);
    expect(netting?.result).toMatchObject({
      grossFen: 780_300n,
      positions: [
        { county: A, netFen: -330_000n },
        { county: B, netFen: 490_300n },
        { county: C, netFen: -160_300n },
      ],
      parties: [{ county: A, rows: 2, owedFen: 450_000n, disputedRows: 1, disputedFen: 6_510n, answer: "CONFIRMED" }, {}, {}],
    });
    expect(balance(world, A, `DUE_TO/${B}`)).toBe(-6_510n);
    expectTrueBooks(world);
    for (const [id, county] of [
      ["S1", A],
      ["S2", C],
    ] as const)
      paid(world, id, county, [`window/W1/transfer/${county}/${B}`]);
    expect(windowOf(world, "W1").state).toBe("SETTLED");
    // What was disputed holds the prefund until its own window is settled.
    expect(bookOf(world, A).prefund).toMatchObject({ limitFen: 1_000_000n, reservedFen: 0n, committedFen: 6_510n });
    expect(bookOf(world, B).prefund).toMatchObject({ committedFen: 0n, incomingFen: 6_510n });
    closed(world, "W2", DAYS);
    confirm(world, A, 1, 6_510n, { windowId: "W2" });
    await tick(world);
    paid(world, "S3", A, [`window/W2/transfer/${A}/${B}`]);
    expect(windowOf(world, "W2").state).toBe("SETTLED");
    expect([A, B, C].map((county) => balance(world, county, "CLEARING"))).toEqual([0n, 0n, 0n]);
    expectTrueBooks(world);
  });

  test("of which a county disputes everything has no debtor left in it, and settles by itself", async () => {
    const world = worldOf({ [A]: { fundsFen: 100n, prefundFen: 100n }, [B]: { fundsFen: 100n } });
    promised(world, "C1", A, B, 60n);
    closed(world, "W1", DAYS);
    dispute(world, A, ["C1"]);
    const [netting] = await tick(world);
    expect(netting?.result).toMatchObject({ state: "SETTLED", obligations: 0, transfers: [] });
    expect(windowOf(world, "W2").pairs).toEqual({ [`${A}/${B}`]: { fen: 60n, obligations: 1 } });
    expectTrueBooks(world);
  });
});

describe("what a debtor says", () => {
  test("is refused for a list that has moved, naming what it is now", () => {
    const world = confirming();
    dispute(world, A, ["C5"]);
    expect(confirm(world, A, 3, 456_510n).result).toMatchObject({ code: "LIST_MOVED", field: "rows" });
    expect(confirm(world, A, 2, 456_510n).result).toMatchObject({
      code: "LIST_MOVED",
      field: "owed_fen",
      en: "the list of window W1 is now 2 rows of 450000 fen, not what was confirmed: look at it again",
    });
    expect(confirm(world, A, 2, 450_000n).result).toMatchObject({ windowId: "W1" });
  });

  test("again is the same answer, also when the window is netted; otherwise it is refused", async () => {
    const world = confirming();
    confirm(world, A, 3, 456_510n);
    const again = confirm(world, A, 3, 456_510n);
    expect([again.told, (again.result as WindowView).windowId]).toEqual([[], "W1"]);
    expect(confirm(world, A, 3, 456_511n).result).toMatchObject({ code: "ANSWERED" });
    expect(dispute(world, A, ["C5"]).result).toMatchObject({ code: "ANSWERED" });
    confirmAll(world);
    await tick(world);
    expect(confirm(world, A, 3, 456_510n).result).toMatchObject({ state: "PAYING" });
    expect(confirm(world, A, 3, 1n).result).toMatchObject({ code: "ANSWERED" });
  });

  test("the same dispute again changes nothing; with another reason the row is not there any more", () => {
    const world = confirming();
    dispute(world, A, ["C5"]);
    const before = windowOf(world, "W2");
    const again = dispute(world, A, ["C5"]);
    expect([again.told, windowOf(world, "W2")]).toEqual([[], before]);
    expect(dispute(world, A, ["C5"], "金额有误").result).toMatchObject({ code: "ROW_ELSEWHERE", field: "rows[0].row_id" });
  });

  test("is all or nothing", () => {
    const world = confirming();
    expect(dispute(world, A, ["C5", "C4"]).result).toMatchObject({ code: "UNKNOWN_ROW", field: "rows[1].row_id" });
    expect(disputeOf(world, "C5")).toBeUndefined();
    expect(windowOf(world, "W2").pairs).toEqual({});
  });

  test.each<[string, (world: World) => unknown, string]>([
    ["a county that is no party", (world) => confirm(world, "640121", 0, 0n).result, "NO_PARTY"],
    ["a county that is no party disputes", (world) => dispute(world, "640121", ["C1"]).result, "NO_PARTY"],
    ["an unknown window", (world) => confirm(world, A, 3, 456_510n, { windowId: "W9" }).result, "UNKNOWN_WINDOW"],
    ["an unknown row", (world) => dispute(world, A, ["C99"]).result, "UNKNOWN_ROW"],
    ["another county's row", (world) => dispute(world, A, ["C2"]).result, "UNKNOWN_ROW"],
    ["after the deadline", (world) => confirm(world, A, 3, 456_510n, { atMs: LATE }).result, "AFTER_DEADLINE"],
    ["a dispute after the deadline", (world) => dispute(world, A, ["C5"], "x", { atMs: LATE }).result, "AFTER_DEADLINE"],
    ["a retraction after the deadline", (world) => retract(world, A, [], { atMs: LATE }).result, "AFTER_DEADLINE"],
    ["taking back what was not said", (world) => retract(world, A).result, "NOT_ANSWERED"],
    ["taking back a dispute that is none", (world) => retract(world, A, ["C5"]).result, "NOT_DISPUTED"],
    ["a ruling on a row that nobody disputes", (world) => rule(world, "C5", "UPHELD").result, "NOT_DISPUTED"],
  ])("%s", (_what, ask, code) => {
    const world = confirming();
    expect(ask(world)).toMatchObject({ outcome: "refused", code });
    expectTrueBooks(world);
  });

  test("a row of another window, and a window that is not confirmed", () => {
    const world = confirming();
    promised(world, "C6", A, B, 77n);
    expect(dispute(world, A, ["C6"]).result).toMatchObject({ code: "ROW_ELSEWHERE" });
    expect(dispute(world, A, ["C6"], "x", { windowId: "W2" }).result).toMatchObject({ code: "NOT_CONFIRMING" });
    closed(world, "W2", DAYS);
    expect(dispute(world, A, ["C1"], "x", { windowId: "W2" }).result).toMatchObject({ code: "ROW_ELSEWHERE" });
    expect(dispute(world, A, ["C6"], "x", { windowId: "W2" }).result).toMatchObject({ windowId: "W2" });
    expect(windowOf(world, "W3").pairs).toEqual({ [`${A}/${B}`]: { fen: 77n, obligations: 1 } });
    expectTrueBooks(world);
  });

  test("on the deadline's own day counts", () => {
    expect(confirm(confirming(), A, 3, 456_510n, { atMs: at("2011-11-30") }).result).toMatchObject({ windowId: "W1" });
  });
});

describe("taking back", () => {
  test("a confirmation: the window waits again", async () => {
    const world = confirming();
    confirmAll(world);
    retract(world, A);
    expect(windowOf(world, "W1").answers?.[A]).toBeUndefined();
    expect(await tick(world)).toEqual([]);
    confirm(world, A, 3, 456_510n);
    expect(await tick(world)).toHaveLength(1);
    expect(retract(world, A).result).toMatchObject({ code: "NOT_CONFIRMING" });
  });

  test("disputes: the rows come back in the same commit, and the dispute does not count", () => {
    const world = confirming();
    const before = windowOf(world, "W1");
    dispute(world, A, ["C5", "C3"]);
    const back = retract(world, A, ["C5", "C3"]);
    expectContract(back);
    expect(windowOf(world, "W1").pairs).toEqual(before.pairs);
    expect(windowOf(world, "W2").pairs).toEqual({});
    expect(disputeOf(world, "C5")).toMatchObject({ state: "WITHDRAWN", window: 1, times: [] });
    expectTrueBooks(world);
    expect(dispute(world, A, ["C5"], "又有疑问").result).toMatchObject({ windowId: "W1" });
    expectTrueBooks(world);
  });

  test("not from a window that was closed meanwhile, nor after confirming", () => {
    const world = confirming();
    dispute(world, A, ["C5"]);
    closed(world, "W2", DAYS);
    expect(retract(world, A, ["C5"]).result).toMatchObject({ code: "ROW_MOVED_ON" });
    confirm(world, A, 2, 450_000n);
    expect(retract(world, A, ["C5"]).result).toMatchObject({ code: "ANSWERED" });
  });
});

describe("how often a row is disputed", () => {
  test("is bounded; then only the province's centre takes it out", () => {
    const world = confirming();
    dispute(world, A, ["C5"]);
    closed(world, "W2", DAYS);
    dispute(world, A, ["C5"], "仍有疑问", { windowId: "W2" });
    closed(world, "W3", DAYS);
    expect(disputeOf(world, "C5")).toMatchObject({ window: 3, origin: 1, times: [{ window: 1 }, { window: 2 }] });
    const third = dispute(world, A, ["C5"], "x", { windowId: "W3" });
    expect(third.result).toMatchObject({
      code: "DISPUTED_OFTEN",
      en: `row ${row("C5")} was disputed 2 times; ask the province's centre to rule on it`,
    });
    expectTrueBooks(world);
  });

  test("overruled it is owed where it is, and disputed no more", async () => {
    const world = confirming();
    dispute(world, A, ["C5"]);
    const ruled = rule(world, "C5", "OVERRULED");
    expectContract(ruled);
    expect([rule(world, "C5", "OVERRULED").told, rule(world, "C5", "UPHELD").result]).toEqual([
      [],
      expect.objectContaining({ code: "NOT_DISPUTED" }),
    ]);
    closed(world, "W2", DAYS);
    expect(dispute(world, A, ["C5"], "x", { windowId: "W2" }).result).toMatchObject({ code: "ROW_OVERRULED" });
    confirm(world, A, 1, 6_510n, { windowId: "W2" });
    await tick(world);
    expect(windowOf(world, "W2")).toMatchObject({ state: "PAYING", transfers: [{ fromCounty: A, toCounty: B, amountFen: 6_510n }] });
    expectTrueBooks(world);
  });

  test("upheld it is in no window and holds no prefund, until its claim is reversed: then both meet in the open window", async () => {
    const world = confirming();
    dispute(world, A, ["C5"]);
    expectContract(rule(world, "C5", "UPHELD"));
    expect(windowOf(world, "W2").pairs).toEqual({});
    expect(bookOf(world, A).prefund.committedFen).toBe(450_000n);
    expect(balance(world, A, `DUE_TO/${B}`)).toBe(-456_510n + 50_000n);
    expectTrueBooks(world);
    closed(world, "W2");
    expect(windowOf(world, "W2").state).toBe("SETTLED");
    adjusted(world, "C5", A, B, -6_510n);
    expect(windowOf(world, "W3").pairs).toEqual({
      [`${A}/${B}`]: { fen: 6_510n, obligations: 1 },
      [`${B}/${A}`]: { fen: 6_510n, obligations: 1 },
    });
    expect(disputeOf(world, "C5")).toMatchObject({ state: "CORRECTED", window: 3 });
    expectTrueBooks(world);
    closed(world, "W3");
    expect(windowOf(world, "W3")).toMatchObject({ state: "SETTLED", transfers: [] });
    expectTrueBooks(world);
  });

  test("upheld after its county had confirmed the window that it was in, it is one less of what was confirmed", async () => {
    const world = confirming();
    dispute(world, A, ["C5"]);
    promised(world, "C6", A, B, 90n);
    closed(world, "W2", DAYS);
    confirm(world, A, 2, 6_600n, { windowId: "W2" });
    rule(world, "C5", "UPHELD");
    expect(windowOf(world, "W2").answers?.[A]).toMatchObject({ rows: 1, fen: 90n });
    await tick(world);
    expect(windowOf(world, "W2")).toMatchObject({ state: "PAYING", transfers: [{ amountFen: 90n }] });
    expect(rule(world, "C6", "UPHELD").result).toMatchObject({ code: "NOT_DISPUTED" });
    expectTrueBooks(world);
  });

  test("is not upheld where nothing is left to reverse: a correction, or a claim that was taken back meanwhile", () => {
    const world = confirming();
    dispute(world, A, ["C5"]);
    adjusted(world, "C5", A, B, -6_510n);
    expect(rule(world, "C5", "UPHELD").result).toMatchObject({ code: "ROW_NOT_REVERSIBLE", field: "row_id" });
    closed(world, "W2", DAYS);
    const rowId = "claim/C5/void";
    world.run(disputeRows, { windowId: "W2", county: B, rows: [{ rowId, reason: "x" }], limit: 2 }, { caller: officer(B) });
    const ruling = { rowId, reason: "x" };
    expect(world.run(ruleDispute, { ...ruling, ruling: "UPHELD" }).result).toMatchObject({ code: "ROW_NOT_REVERSIBLE" });
    expect(world.run(ruleDispute, { ...ruling, ruling: "OVERRULED" }).result).toMatchObject({ state: "OVERRULED" });
    expectTrueBooks(world);
  });

  test("is not ruled on once its window is netted", async () => {
    const world = confirming();
    dispute(world, A, ["C5"]);
    closed(world, "W2");
    expect(rule(world, "C5", "UPHELD").result).toMatchObject({ code: "ROW_NETTED" });
  });
});

describe("a county that never answers", () => {
  test("is waited for until the deadline, and then taken to have confirmed", async () => {
    const world = confirming();
    confirm(world, A, 3, 456_510n);
    expect(await tick(world, at("2011-11-30"))).toEqual([]);
    const [netting] = await tick(world, LATE);
    expect(netting?.told.filter(({ name }) => name === "WindowUnanswered").map(({ county, body }) => [county, body])).toEqual(
      [
        [B, 1, 120_000n],
        [C, 1, 210_300n],
      ].map(([county, rows, owedFen]) => [county, { windowId: "W1", county, silence: "CONFIRM", rows, owedFen, deadlineOn: "2011-11-30" }]),
    );
    expect(windowOf(world, "W1")).toMatchObject({ state: "PAYING", nettedOn: "2011-12-01", answers: { [B]: { by: "" } } });
    if (netting) expectContract(netting);
    expectTrueBooks(world);
  });

  test("or, by the settings, to have disputed all that can be disputed", async () => {
    const world = confirming("DISPUTE");
    confirm(world, B, 1, 120_000n);
    confirm(world, C, 1, 210_300n);
    const early = { windowId: "W1", county: A, rowIds: [row("C1")], limit: 2 };
    expect(isUnavailable(world.run(disputeSilent, early, { atMs: at("2011-11-30") }).result)).toBe(true);
    const moved = await tick(world, LATE);
    expect(moved.map(({ result }) => result)).toEqual([{ moved: 3 }]);
    for (const outcome of moved) expectContract(outcome);
    expect(windowOf(world, "W1").pairs).toEqual({
      [`${B}/${A}`]: { fen: 120_000n, obligations: 1 },
      [`${C}/${B}`]: { fen: 210_300n, obligations: 1 },
    });
    expectTrueBooks(world);
    await tick(world, LATE);
    expect(windowOf(world, "W1").state).toBe("PAYING");
    expect(owedOf(windowOf(world, "W2")).get(A)).toEqual({ rows: 3, fen: 456_510n });
    // Again, and again: what has been disputed as often as the settings allow is netted.
    for (const [id, day] of [
      ["W2", "2011-12-01"],
      ["W3", "2011-12-10"],
    ] as const) {
      world.run(closeWindow, { windowId: id, confirmDays: DAYS, silence: "DISPUTE" }, { atMs: at(day) });
      for (let look = 0; look < 2; look += 1) await tick(world, at("2011-12-20"));
    }
    expect(windowOf(world, "W2").state).toBe("SETTLED");
    expect(windowOf(world, "W3")).toMatchObject({ state: "PAYING", transfers: [{ fromCounty: A }, { fromCounty: A }] });
    expectTrueBooks(world);
  });
});

describe("the rows of a window", () => {
  const pages = async (world: World, windowId: string, county: string) => {
    const call = windowCalls({ reader: readerOf(world), config: CONFIG }).find(
      ({ method }) => method.name === "ListWindowRows",
    ) as QueryCall;
    const rows: { rowId: string; windowId: string; dispute: string; owedFen: bigint }[] = [];
    for (let after = ""; ; ) {
      const page = (await call.answer({ windowId, county, after }, officer(county))) as { rows: typeof rows; next: string };
      expect(page.rows.length).toBeLessThanOrEqual(100);
      rows.push(...page.rows);
      if (page.next === "") return rows;
      after = page.next;
    }
  };

  test("say the claim, the place, the days and the money, and nothing of the person", async () => {
    const world = confirming();
    dispute(world, A, ["C5"]);
    const [first, disputed] = await pages(world, "W1", A);
    expect(first).toEqual({
      rowId: row("C1"),
      sequence: 4n,
      claimId: "C1",
      creditor: B,
      institutionId: `H-${B}`,
      day: TODAY,
      dischargedOn: "2011-11-24",
      totalFen: 800_000n,
      owedFen: 400_000n,
      windowId: "W1",
      dispute: "UNSPECIFIED",
      disputes: 0,
      reason: "",
    });
    expect(disputed).toMatchObject({ rowId: row("C5"), windowId: "W2", dispute: "DISPUTED", disputes: 1, reason: "不是我县参合人" });
    expect(await pages(world, "W1", B)).toMatchObject([{ rowId: row("C2"), creditor: A }]);
    expect(await pages(world, "W2", A)).toMatchObject([{ rowId: row("C5"), windowId: "W2" }]);
  });

  test("come in pages of 100, those that were disputed into the window first", async () => {
    const world = worldOf({ [A]: { fundsFen: 100n, prefundFen: 100_000n }, [B]: { fundsFen: 100_000n } });
    for (let claim = 1; claim <= 150; claim += 1) promised(world, `C${claim}`, A, B, 10n);
    closed(world, "W1", DAYS);
    const moved = Array.from({ length: 100 }, (_, index) => `C${index + 1}`);
    dispute(world, A, moved);
    for (let claim = 151; claim <= 260; claim += 1) promised(world, `C${claim}`, A, B, 10n);
    closed(world, "W2", DAYS);
    const rows = await pages(world, "W2", A);
    expect(rows.map(({ rowId }) => rowId)).toEqual([...moved, ...Array.from({ length: 110 }, (_, index) => `C${index + 151}`)].map(row));
    expect(confirm(world, A, rows.length, 10n * BigInt(rows.length), { windowId: "W2" }).result).toMatchObject({ windowId: "W2" });
  });
});

describe("the netting's hash", () => {
  test("is that of its canonical bytes, and computing it twice from the stored pairs gives the same bytes", async () => {
    const world = confirming();
    dispute(world, A, ["C5"]);
    confirmAll(world);
    await tick(world);
    const window = windowOf(world, "W1");
    const bytes = [
      "nrcms-netting-1 W1 0 8",
      `pair ${A} ${B} 1 400000`,
      `pair ${A} ${C} 1 50000`,
      `pair ${B} ${A} 1 120000`,
      `pair ${C} ${B} 1 210300`,
      `net ${A} -330000`,
      `net ${B} 490300`,
      `net ${C} -160300`,
      `transfer ${A} ${B} 330000`,
      `transfer ${C} ${B} 160300`,
      "",
    ].join("\n");
    expect(window.hash).toBe(createHash("sha256").update(bytes, "utf8").digest("hex"));
    const call = windowCalls({ reader: readerOf(world), config: CONFIG }).find(({ method }) => method.name === "GetWindow") as QueryCall;
    for (let time = 0; time < 2; time += 1)
      expect(await call.answer({ windowId: "W1" }, officer(A))).toMatchObject({
        window: { hash: window.hash },
        recomputedHash: window.hash,
        pairs: [{ fromCounty: A, toCounty: B, obligations: 1, owedFen: 400_000n }, {}, {}, {}],
      });
  });
});

describe("whatever is disputed, taken back, ruled and closed, in whatever order", () => {
  const counties = [A, B, C];
  const step = fc.oneof(
    fc.record({ do: fc.constant("approve" as const), who: fc.nat(2), whom: fc.nat(1), fen: fc.bigInt(1n, 5_000n) }),
    fc.record({
      do: fc.constantFrom("dispute" as const, "retract" as const, "uphold" as const, "overrule" as const, "void" as const),
      nth: fc.nat(30),
    }),
    fc.record({ do: fc.constantFrom("close" as const, "confirm" as const, "late" as const) }),
  );
  test("every row is in exactly one window, nets sum to zero, multilateral is the sum of bilateral, and prefunds hold what is owed", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 5, maxLength: 40 }),
        fc.constantFrom("CONFIRM" as const, "DISPUTE" as const),
        async (steps, silence) => {
          const fund = { fundsFen: 1_000_000n, prefundFen: 1_000_000n };
          const world = worldOf({ [A]: fund, [B]: fund, [C]: fund });
          const rows: { claimId: string; home: string; treating: string; fen: bigint; voided: boolean }[] = [];
          for (const one of steps) {
            const all = world.all<ClearingWindow>("windows");
            const cut = all.filter(({ state }) => state === "CONFIRMING");
            if (one.do === "approve") {
              const home = counties[one.who] as string;
              const treating = counties.filter((county) => county !== home)[one.whom] as string;
              const claimId = `C${rows.length + 1}`;
              promised(world, claimId, home, treating, one.fen);
              rows.push({ claimId, home, treating, fen: one.fen, voided: false });
            } else if ("nth" in one) {
              const chosen = rows[one.nth % Math.max(1, rows.length)];
              if (!chosen) continue;
              for (const { number } of cut) {
                const windowId = `W${number}`;
                if (one.do === "dispute") dispute(world, chosen.home, [chosen.claimId], "x", { windowId });
                if (one.do === "retract") world.run(retractAnswer, { windowId, county: chosen.home, rowIds: [row(chosen.claimId)] });
              }
              if (one.do === "uphold") rule(world, chosen.claimId, "UPHELD");
              if (one.do === "overrule") rule(world, chosen.claimId, "OVERRULED");
              if (one.do === "void" && !chosen.voided) {
                adjusted(world, chosen.claimId, chosen.home, chosen.treating, -chosen.fen);
                chosen.voided = true;
              }
            } else if (one.do === "close") {
              const open = all.find(({ state }) => state === "OPEN")?.number ?? 1;
              closed(world, `W${open}`, DAYS, silence);
            } else if (one.do === "confirm") for (const { number } of cut) confirmAll(world, `W${number}`);
            await tick(world, one.do === "late" ? LATE : undefined);
            expectTrueBooks(world);
          }
          for (const window of world.all<ClearingWindow>("windows")) {
            const pairs = pairsOf(window.pairs);
            const positions = positionsOf(pairs);
            const bilateral = counties.map((county) =>
              pairs.reduce((net, { from, to, fen }) => net + (to === county ? fen : 0n) - (from === county ? fen : 0n), 0n),
            );
            expect(counties.map((county) => positions.find((one) => one.county === county)?.netFen ?? 0n)).toEqual(bilateral);
            if (window.hash !== "") expect(window.hash).toBe(hashOf({ ...window, positions, transfers: transfersOf(positions) }));
          }
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe("the contract at the door", () => {
  const check = (method: string, request: object, caller = officer(A)) =>
    (windowCalls({ reader: readerOf(newWorld()), config: CONFIG }).find((one) => one.method.name === method) as CommandCall).check(
      { requestId: "r", ...request },
      caller,
    );
  const good = { windowId: "W1", county: A, rows: [{ rowId: row("C1"), reason: "理由" }] };

  test.each<[string, object, string]>([
    ["DisputeRows", { ...good, windowId: "1" }, "window_id"],
    ["DisputeRows", { ...good, county: "640000" }, "county"],
    ["DisputeRows", { ...good, rows: [] }, "rows"],
    ["DisputeRows", { ...good, rows: Array.from({ length: 101 }, (_, index) => ({ rowId: row(`C${index}`), reason: "x" })) }, "rows"],
    ["DisputeRows", { ...good, rows: [...good.rows, ...good.rows] }, "rows"],
    ["DisputeRows", { ...good, rows: [{ rowId: "x", reason: "x" }] }, "rows[0].row_id"],
    ["DisputeRows", { ...good, rows: [{ rowId: row("C1"), reason: " " }] }, "rows[0].reason"],
    ["DisputeRows", { ...good, rows: [{ rowId: row("C1"), reason: "长".repeat(201) }] }, "rows[0].reason"],
    ["ConfirmRows", { windowId: "W1", county: A, rows: -1, owedFen: 0n }, "rows"],
    ["ConfirmRows", { windowId: "W1", county: A, rows: 1, owedFen: -1n }, "owed_fen"],
    ["ConfirmRows", { windowId: "W1", county: "x", rows: 1, owedFen: 1n }, "county"],
    ["RetractAnswer", { windowId: "W1", county: A, rowIds: ["x"] }, "row_ids[0]"],
    ["RetractAnswer", { windowId: "W1", county: A, rowIds: [row("C1"), row("C1")] }, "row_ids"],
    ["RetractAnswer", { windowId: "W1", county: A, rowIds: Array.from({ length: 101 }, (_, index) => row(`C${index}`)) }, "row_ids"],
  ])("%s refuses what is wrong (%#)", (method, request, field) => {
    expect(check(method, request)).toMatchObject({ code: "BAD_REQUEST", field });
  });

  test("good requests pass", () => {
    expect(check("DisputeRows", good)).toBeUndefined();
    expect(check("ConfirmRows", { windowId: "W1", county: A, rows: 0, owedFen: 0n })).toBeUndefined();
    expect(check("RetractAnswer", { windowId: "W1", county: A, rowIds: [] })).toBeUndefined();
  });

  test("only the province's centre closes and rules", () => {
    const centre: Caller = { name: "treasurer", role: "TREASURER", scope: "640000" };
    const ruling = { rowId: row("C1"), ruling: "UPHELD", reason: "依据充分" };
    expect(check("CloseWindow", { windowId: "W1" })).toMatchObject({ code: "WRONG_SCOPE", status: "PERMISSION_DENIED" });
    expect(check("CloseWindow", { windowId: "W1" }, centre)).toBeUndefined();
    expect(check("RuleDispute", ruling)).toMatchObject({ code: "WRONG_SCOPE", status: "PERMISSION_DENIED" });
    expect(check("RuleDispute", ruling, centre)).toBeUndefined();
    expect(check("RuleDispute", { ...ruling, ruling: "DISPUTED" }, centre)).toMatchObject({ field: "ruling" });
    expect(check("RuleDispute", { ...ruling, reason: "" }, centre)).toMatchObject({ field: "reason" });
    expect(check("RuleDispute", { ...ruling, rowId: "" }, centre)).toMatchObject({ field: "row_id" });
  });
});

test("the settings: none are today's, bad ones are all named", () => {
  const usual = { prefundYellowBp: 7_000, prefundRedBp: 9_000, forecastDays: 30 };
  expect(settlementConfig({})).toEqual({ confirmDays: 0, silence: "CONFIRM", disputesPerRow: 2, ...usual });
  expect(() => settlementConfig({ confirmDays: -1, silence: "WAIT", x: 1 })).toThrow(/confirmDays[\s\S]*silence[\s\S]*x/);
  expect(() => settlementConfig({ prefundYellowBp: 9_000 })).toThrow(/prefundRedBp: must be above prefundYellowBp/);
});
