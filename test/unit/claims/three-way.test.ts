/** Random losses on each side of a day: hospital, claims, bank. Exactly those are found, each with its kind, its owner and what to do. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { taskOf } from "../../../services/claims/domain/bill-tasks.ts";
import {
  type BillRow,
  type ClaimSide,
  compareDay,
  MAX_BREAKS,
  sameTotals,
  type ToCompare,
  totalsOfRows,
} from "../../../services/claims/domain/three-way.ts";

const DAY = "2011-11-25";
const NEXT = "2011-11-26";

function side(claimId: string, change: Partial<ClaimSide> = {}): ClaimSide {
  return { claimId, day: DAY, standing: "STANDS", totalFen: 1_000n, fundFen: 700n, bank: "PAID", decidedOn: DAY, ...change };
}

function row(claimId: string, change: Partial<BillRow> = {}): BillRow {
  return { claimId, totalFen: 1_000n, fundFen: 700n, voided: false, ...change };
}

function day(change: Partial<ToCompare> & Pick<ToCompare, "ours">): ToCompare {
  return { day: DAY, hospital: totalsOfRows(change.rows ?? []), rows: undefined, others: [], today: NEXT, paidWithinDays: 10, ...change };
}

/** What happened to one bill, and what the comparison must say of it. */
interface Loss {
  readonly rows: (id: string) => BillRow[];
  readonly claim: (id: string) => ClaimSide | undefined;
  readonly kinds: readonly string[];
}

const LOSSES: Readonly<Record<string, Loss>> = {
  nothing: { rows: (id) => [row(id)], claim: (id) => side(id), kinds: [] },
  "the claim never came": { rows: (id) => [row(id)], claim: () => undefined, kinds: ["MISSING_CLAIM"] },
  "the answer never came": { rows: () => [], claim: (id) => side(id), kinds: ["MISSING_BILL"] },
  "the void never came": { rows: (id) => [row(id), row(id, { voided: true })], claim: (id) => side(id), kinds: ["VOID_MISSING"] },
  "the void's answer never came": { rows: (id) => [row(id)], claim: (id) => side(id, { standing: "VOIDED" }), kinds: ["VOIDED_HERE"] },
  "it was voided on both sides": {
    rows: (id) => [row(id), row(id, { voided: true })],
    claim: (id) => side(id, { standing: "VOIDED" }),
    kinds: [],
  },
  "it was refused": { rows: (id) => [row(id)], claim: (id) => side(id, { standing: "REFUSED", bank: "NOTHING" }), kinds: ["REFUSED_HERE"] },
  "it was settled twice": { rows: (id) => [row(id), row(id)], claim: (id) => side(id), kinds: ["SEVERAL_BILLS"] },
  "it was voided twice": {
    rows: (id) => [row(id, { voided: true }), row(id, { voided: true })],
    claim: (id) => side(id, { standing: "VOIDED" }),
    kinds: ["SEVERAL_VOIDS"],
  },
  "a fen of the bill": { rows: (id) => [row(id, { totalFen: 1_001n })], claim: (id) => side(id), kinds: ["TOTAL_AMOUNT"] },
  "a fen of the fund's": { rows: (id) => [row(id, { fundFen: 699n })], claim: (id) => side(id), kinds: ["FUND_AMOUNT"] },
  "both amounts": {
    rows: (id) => [row(id, { totalFen: 1n, fundFen: 1n })],
    claim: (id) => side(id),
    kinds: ["TOTAL_AMOUNT", "FUND_AMOUNT"],
  },
  "another day": { rows: (id) => [row(id)], claim: (id) => side(id, { day: NEXT }), kinds: ["OTHER_DAY"] },
  "the bank sent it back": { rows: (id) => [row(id)], claim: (id) => side(id, { bank: "RETURNED" }), kinds: ["RETURNED"] },
  "the bank paid it twice": { rows: (id) => [row(id)], claim: (id) => side(id, { bank: "TWICE" }), kinds: ["PAID_TWICE"] },
  "the bank is still to pay it": { rows: (id) => [row(id)], claim: (id) => side(id, { bank: "DUE", decidedOn: "2011-11-16" }), kinds: [] },
  "nobody paid it": { rows: (id) => [row(id)], claim: (id) => side(id, { bank: "DUE", decidedOn: "2011-11-15" }), kinds: ["AGEING"] },
  "it waits for a reviewer": { rows: (id) => [row(id)], claim: (id) => side(id, { bank: "UNDECIDED", decidedOn: "" }), kinds: [] },
  "the answer never came, and it is not paid": {
    rows: () => [],
    claim: (id) => side(id, { bank: "RETURNED" }),
    kinds: ["MISSING_BILL", "RETURNED"],
  },
};

const losses = fc.array(fc.constantFrom(...Object.keys(LOSSES)), { maxLength: 30 });

test("exactly what was lost is found", () => {
  fc.assert(
    fc.property(losses, fc.integer({ min: 0, max: 30 }), (names, turn) => {
      const happened = names.map((name, index) => ({ id: `C${index}`, loss: LOSSES[name] as Loss }));
      const rows = happened.flatMap(({ id, loss }) => loss.rows(id));
      const claims = happened.flatMap(({ id, loss }) => loss.claim(id) ?? []);
      const isOurs = (one: ClaimSide) => one.standing === "STANDS" && one.day === DAY;
      const turned = [...rows.slice(turn), ...rows.slice(0, turn)];
      const found = compareDay(day({ rows: turned, ours: claims.filter(isOurs), others: claims.filter((one) => !isOurs(one)) }));
      const wanted = happened.flatMap(({ id, loss }) => loss.kinds.map((kind) => `${id} ${kind}`));
      expect(found.breaks.map(({ claimId, kind }) => `${claimId} ${kind}`).toSorted()).toEqual(wanted.toSorted());
      expect(found.state).toBe(wanted.length === 0 ? "MATCHED" : "BREAKS");
      for (const one of found.breaks) {
        expect(one.zh).toMatch(/\p{Script=Han}/u);
        expect(one.en).toMatch(/^[\x20-\x7e]+$/);
        const task = taskOf(one);
        expect(task.repairZh !== "" && task.repairEn !== "").toBe(true);
      }
    }),
    { numRuns: 400 },
  );
});

test("sums that agree with random losses agree only where the sums of both sides do, and otherwise the rows are wanted", () => {
  fc.assert(
    fc.property(losses, (names) => {
      const happened = names.map((name, index) => ({ id: `C${index}`, loss: LOSSES[name] as Loss }));
      const hospital = totalsOfRows(happened.flatMap(({ id, loss }) => loss.rows(id)));
      const ours = happened.flatMap(({ id, loss }) => loss.claim(id) ?? []).filter((one) => one.standing === "STANDS" && one.day === DAY);
      const found = compareDay(day({ hospital, ours }));
      expect(found.state === "ROWS_WANTED").toBe(!sameTotals(hospital, found.claims));
      expect(found.breaks.some(({ kind }) => kind === "TOTALS")).toBe(found.state === "ROWS_WANTED");
    }),
    { numRuns: 200 },
  );
});

describe("a day", () => {
  test("with equal sums matches without rows, and says how much the bank has still to pay", () => {
    const ours = [side("A"), side("B", { bank: "DUE" }), side("C", { bank: "UNDECIDED" }), side("D", { fundFen: 0n, bank: "NOTHING" })];
    const hospital = { bills: 4, totalFen: 4_000n, fundFen: 2_100n };
    expect(compareDay(day({ hospital, ours }))).toMatchObject({ state: "MATCHED", claims: hospital, breaks: [], unpaid: 2 });
  });

  test("without a report is a task where there are claims, and none where there are not", () => {
    expect(compareDay(day({ hospital: undefined, ours: [side("A")] }))).toMatchObject({
      state: "NOT_REPORTED",
      breaks: [{ kind: "NOT_REPORTED", claimId: "", hospitalFen: 0n, claimsFen: 700n }],
    });
    expect(compareDay(day({ hospital: undefined, ours: [] }))).toMatchObject({ state: "MATCHED", breaks: [] });
  });

  test("of no bills on either side matches", () => {
    expect(compareDay(day({ ours: [] }))).toMatchObject({ state: "MATCHED", breaks: [], unpaid: 0 });
    expect(compareDay(day({ ours: [], rows: [] }))).toMatchObject({ state: "MATCHED" });
  });

  test("with more breaks than are kept counts the others", () => {
    const ours = Array.from({ length: MAX_BREAKS + 3 }, (_, index) => side(`C${index}`));
    const found = compareDay(day({ ours, rows: [] }));
    expect(found.breaks).toHaveLength(MAX_BREAKS);
    expect(found.breaksLeft).toBe(3);
  });
});

describe("whose task it is", () => {
  test.each([
    ["MISSING_CLAIM", false, "HOSPITAL"],
    ["MISSING_BILL", false, "HOSPITAL"],
    ["MISSING_BILL", true, "REVIEWER"],
    ["RETURNED", false, "MAKER"],
    ["AGEING", false, "TREASURER"],
    ["PAID_TWICE", true, "TREASURER"],
  ] as const)("%s, paid %s: %s", (kind, paid, owner) => {
    expect(taskOf({ kind, paid }).owner).toBe(owner);
  });
});
