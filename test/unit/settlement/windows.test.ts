import { describe, expect, test } from "vitest";
import { approve } from "../../../services/settlement/domain/approve.ts";
import { type ClearingWindow, payables, windows } from "../../../services/settlement/domain/documents.ts";
import type { WindowView } from "../../../services/settlement/domain/events.ts";
import { viewOf } from "../../../services/settlement/domain/windows.ts";
import { newWorld } from "../../harness/decide.ts";
import {
  approval,
  balance,
  bookOf,
  closed,
  expectContract,
  expectTrueBooks,
  HAIYUAN,
  JINGYUAN,
  paid,
  promised,
  reserve,
  returned,
  tick,
  worldOf,
  ZHONGNING,
} from "./ledger-world.ts";

const A = JINGYUAN;
const B = ZHONGNING;
const C = HAIYUAN;
const transfer = (from: string, to: string, id = "W1") => `window/${id}/transfer/${from}/${to}`;

/** The verified example of the domain notes: A→B 406,510; B→A 120,000; A→C 50,000; C→B 210,300. */
function exampleDay() {
  const fund = { fundsFen: 1_000_000n, prefundFen: 1_000_000n };
  const world = worldOf({ [A]: fund, [B]: fund, [C]: fund });
  promised(world, "C1", A, B, 406_510n);
  promised(world, "C2", B, A, 120_000n);
  promised(world, "C3", A, C, 50_000n);
  promised(world, "C4", C, B, 210_300n);
  return world;
}

function windowOf(world: ReturnType<typeof newWorld>, id: string): ClearingWindow {
  const window = world.get(windows.key(id));
  if (!window) throw new Error(`${id} is not there`);
  return window;
}

describe("closing a window", () => {
  test("nets the example: 786,810 gross, 496,810 to move, both payers told to pay", () => {
    const world = exampleDay();
    const outcome = closed(world, "W1");
    expect(outcome.result).toMatchObject({
      windowId: "W1",
      state: "PAYING",
      fromSequence: 0n,
      toSequence: 7n,
      obligations: 4,
      grossFen: 786_810n,
      positions: [
        { county: A, netFen: -336_510n },
        { county: B, netFen: 496_810n },
        { county: C, netFen: -160_300n },
      ],
    });
    expect(
      outcome.told.map(({ name, county, body }) => [
        name,
        county,
        body.payableId ?? body.version,
        body.amountFen,
        body.payeeId,
        body.claimId,
      ]),
    ).toEqual([
      ["PayableDue", A, transfer(A, B), 336_510n, B, ""],
      ["PayableDue", C, transfer(C, B), 160_300n, B, ""],
      ["WindowChanged", "640000", 1n, undefined, undefined, undefined],
    ]);
    expect([A, B, C].map((county) => balance(world, county, "CLEARING"))).toEqual([0n, 496_810n, 0n]);
    expect(balance(world, A, `DUE_TO/${B}`)).toBe(0n);
    expect(balance(world, A, "PAYABLE-COUNTY")).toBe(-336_510n);
    expectContract(outcome);
    expectTrueBooks(world);
  });

  test("is settled when every transfer is paid: control accounts zero, prefunds free again", () => {
    const world = exampleDay();
    closed(world, "W1");
    const first = paid(world, "S1", A, [transfer(A, B)]);
    expect(first.told.map(({ name }) => name)).toEqual(["WindowChanged", "PaymentsPosted"]);
    expect(windowOf(world, "W1").state).toBe("PAYING");
    expect(bookOf(world, A).prefund.committedFen).toBe(456_510n);
    const bankBefore = bookOf(world, B).bankFen;
    const last = paid(world, "S2", C, [transfer(C, B)]);
    expect(last.told[0]?.body).toMatchObject({ version: 3n, window: { state: "SETTLED", hash: windowOf(world, "W1").hash } });
    expect(bookOf(world, B).bankFen).toBe(bankBefore + 160_300n);
    for (const county of [A, B, C]) {
      expect(balance(world, county, "CLEARING")).toBe(0n);
      expect(bookOf(world, county).prefund.committedFen).toBe(0n);
    }
    expectContract(last);
    expectTrueBooks(world);
  });

  test("a transfer that comes back opens the payment, never the netting; paid again it settles again", () => {
    const world = exampleDay();
    closed(world, "W1");
    paid(world, "S1", A, [transfer(A, B)]);
    paid(world, "S2", C, [transfer(C, B)]);
    const settled = windowOf(world, "W1");
    returned(world, "R1", C, [transfer(C, B)]);
    expect(windowOf(world, "W1")).toMatchObject({
      state: "PAYING",
      hash: settled.hash,
      positions: settled.positions,
      toSequence: settled.toSequence,
    });
    expect(bookOf(world, A).prefund.committedFen).toBe(456_510n);
    expectTrueBooks(world);
    paid(world, "S3", C, [transfer(C, B)]);
    expect(windowOf(world, "W1").state).toBe("SETTLED");
    expectTrueBooks(world);
  });

  test("a transfer that the bank paid twice stands in suspense in both books", () => {
    const world = exampleDay();
    closed(world, "W1");
    paid(world, "S1", A, [transfer(A, B)]);
    expect(paid(world, "S2", A, [transfer(A, B)]).result).toEqual({ paid: 0, doubled: 1 });
    expect([balance(world, A, "1101"), balance(world, B, "1101")]).toEqual([336_510n, -336_510n]);
    expectTrueBooks(world);
    returned(world, "R1", A, [transfer(A, B)]);
    expect([balance(world, A, "1101"), balance(world, B, "1101")]).toEqual([0n, 0n]);
    expectTrueBooks(world);
  });

  test("the fund's floor holds a transfer back like any payable", async () => {
    const world = worldOf({ [A]: { prefundFen: 500n }, [B]: { fundsFen: 1_000n } });
    promised(world, "C1", A, B, 500n);
    expect(closed(world, "W1").told.map(({ name }) => name)).toEqual(["PayableHeld", "WindowChanged"]);
    expect(await tick(world)).toEqual([]);
    expect(world.get(payables.key(transfer(A, B)))?.state).toBe("HELD");
    expectTrueBooks(world);
  });
});

describe("the window's bounds", () => {
  test("an empty window settles at once, and the next begins where it ended", () => {
    const world = newWorld();
    const first = closed(world, "W1");
    expect(first.result).toMatchObject({
      windowId: "W1",
      state: "SETTLED",
      fromSequence: 0n,
      toSequence: 0n,
      obligations: 0,
      transfers: [],
    });
    expect((first.result as WindowView).hash).toMatch(/^[0-9a-f]{64}$/);
    expect(world.all("entries")).toEqual([]);
    expect(closed(world, "W2").result).toMatchObject({ windowId: "W2", state: "SETTLED", fromSequence: 0n });
  });

  test("nets that are all zero settle at once, and free the prefunds", () => {
    const world = worldOf({ [A]: { fundsFen: 100n, prefundFen: 10n }, [B]: { fundsFen: 100n, prefundFen: 10n } });
    promised(world, "C1", A, B, 10n);
    promised(world, "C2", B, A, 10n);
    const outcome = closed(world, "W1");
    expect(outcome.result).toMatchObject({ state: "SETTLED", grossFen: 20n, transfers: [] });
    expect(outcome.told.map(({ name }) => name)).toEqual(["WindowChanged"]);
    expect([A, B].map((county) => bookOf(world, county).prefund.committedFen)).toEqual([0n, 0n]);
    expectTrueBooks(world);
  });

  test("a repeat answers the closed window and changes nothing; another id is refused", () => {
    const world = exampleDay();
    const first = closed(world, "W1");
    paid(world, "S1", A, [transfer(A, B)]);
    const again = closed(world, "W1");
    expect(again.told).toEqual([]);
    expect(again.result).toMatchObject({ windowId: "W1", hash: (first.result as WindowView).hash, state: "PAYING" });
    expect(closed(world, "W3").result).toMatchObject({
      code: "NO_OPEN_WINDOW",
      field: "window_id",
      en: "clearing window W3 is not open; the open one is W2",
    });
  });

  test("an approval after the close joins the next window; the closed one never grows", () => {
    const world = exampleDay();
    closed(world, "W1");
    const before = windowOf(world, "W1");
    promised(world, "C5", A, B, 77n);
    expect(windowOf(world, "W1")).toEqual(before);
    expect(windowOf(world, "W2")).toMatchObject({
      state: "OPEN",
      fromSequence: 7n,
      pairs: { [`${A}/${B}`]: { fen: 77n, obligations: 1 } },
    });
    expect(viewOf(windowOf(world, "W2")).positions).toEqual([
      { county: A, netFen: -77n },
      { county: B, netFen: 77n },
    ]);
    expect(closed(world, "W2").result).toMatchObject({ fromSequence: 7n, toSequence: 9n });
    expectTrueBooks(world);
  });

  test("an obligation told twice is in one window once", () => {
    const world = exampleDay();
    closed(world, "W1");
    const again = world.run(approve, approval("C1", A, B, 406_510n));
    expect(again.result).toEqual({ posted: false });
    expect(windowOf(world, "W2").pairs).toEqual({});
  });

  test("the first window is named before anything is stored, and takes what came before the first obligation", () => {
    const world = worldOf({ [A]: { prefundFen: 10n }, [B]: { fundsFen: 10n } });
    reserve(world, "C1", A, 10n);
    world.run(approve, approval("C1", A, B, 10n));
    expect(windowOf(world, "W1")).toMatchObject({ fromSequence: 0n, state: "OPEN" });
  });
});
