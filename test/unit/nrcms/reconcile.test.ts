import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { BillRow } from "../../../proto/generated/nrcms/claims/v1/claims.ts";
import type { GatewayClient } from "../../../services/nrcms/gateway-client.ts";
import { billBreaksText, billReportText, readBillRows, reportDay, totalsOf } from "../../../services/nrcms/reconcile.ts";

function row(claimId: string, change: Partial<BillRow> = {}): BillRow {
  return { claimId, totalFen: 100n, fundFen: 70n, voided: false, ...change };
}

const NOTHING = { bills: 0, totalFen: 0n, fundFen: 0n };

function reportIn(state: string) {
  const base = { institutionId: "H1", day: "2011-11-25", revision: 3, state, hospital: NOTHING, claims: NOTHING };
  return { ...base, breaks: [], breaksLeft: 0, unpaid: 0, comparedAtMs: 0n };
}

/** A gateway that wants rows until their last page, and what it was asked; `known` is the report that it has. */
function gateway(known: object = reportIn("NOT_REPORTED")) {
  const asked: { method: string; request: Record<string, unknown> }[] = [];
  const who = {
    call: async (_: unknown, method: string, request: Record<string, unknown>) => {
      asked.push({ method, request });
      if (method === "getBillReport") return { report: known };
      return { report: reportIn(request.page !== undefined && request.page === request.pages ? "BREAKS" : "ROWS_WANTED") };
    },
  };
  return { who: who as unknown as GatewayClient, asked };
}

test("a day is reported with its sums, and its rows follow in pages of three hundred, under ids of their content", async () => {
  const rows = Array.from({ length: 301 }, (_, index) => row(`C${index}`));
  const once = gateway();
  expect(await reportDay(once.who, { institutionId: "H1", day: "2011-11-25", rows })).toMatchObject({ state: "BREAKS" });
  expect(once.asked.map(({ method }) => method)).toEqual(["getBillReport", "reportBills", "reportBillRows", "reportBillRows"]);
  expect(once.asked[1]?.request).toMatchObject({ totals: { bills: 301, totalFen: 30_100n, fundFen: 21_070n } });
  expect(once.asked[3]?.request).toMatchObject({ revision: 3, page: 2, pages: 2, rows: [row("C300")] });
  const twice = gateway();
  await reportDay(twice.who, { institutionId: "H1", day: "2011-11-25", rows });
  expect(twice.asked).toEqual(once.asked);
  const other = gateway();
  await reportDay(other.who, { institutionId: "H1", day: "2011-11-25", rows: [...rows.slice(1), row("X")] });
  expect(other.asked[1]?.request.requestId).not.toBe(once.asked[1]?.request.requestId);
  const later = gateway({ ...reportIn("BREAKS"), revision: 4 });
  await reportDay(later.who, { institutionId: "H1", day: "2011-11-25", rows });
  expect(later.asked[1]?.request.requestId).not.toBe(once.asked[1]?.request.requestId);
});

test("a day that stands and agrees is not reported again; one with other sums is", async () => {
  const matched = { ...reportIn("MATCHED"), hospital: { bills: 1, totalFen: 100n, fundFen: 70n } };
  const stands = gateway(matched);
  expect(await reportDay(stands.who, { institutionId: "H1", day: "2011-11-25", rows: [row("A")] })).toEqual(matched);
  expect(stands.asked.map(({ method }) => method)).toEqual(["getBillReport"]);
  const differs = gateway(matched);
  await reportDay(differs.who, { institutionId: "H1", day: "2011-11-25", rows: [row("A", { fundFen: 71n })] });
  expect(differs.asked.map(({ method }) => method)).toContain("reportBills");
});

test("a bill that was taken back counts in no sum, whichever rows it has", () => {
  expect(totalsOf([row("A"), row("B"), row("B", { voided: true }), row("C", { voided: true })])).toEqual({
    bills: 1,
    totalFen: 100n,
    fundFen: 70n,
  });
});

test("rows are read from a table, and what is wrong is named by its place", async () => {
  const folder = mkdtempSync(join(tmpdir(), "nrcms-rows-"));
  try {
    const file = join(folder, "day.csv");
    writeFileSync(file, "claim_id,total_fen,fund_fen,voided\nA,100,70,\nB,5,0,true\nx y,1,1,\nC,1.5,0,maybe\n");
    const problems: string[] = [];
    const rows = await readBillRows(file, { onProblem: ({ line, field }) => void problems.push(`${line} ${field}`) });
    expect(rows).toEqual([row("A"), row("B", { totalFen: 5n, fundFen: 0n, voided: true })]);
    expect(problems).toEqual(["4 claim_id", "5 total_fen", "5 voided"]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("what differs is shown with its age, its owner and what to do", () => {
  const found = {
    kind: "MISSING_CLAIM" as const,
    claimId: "C1",
    hospitalFen: 7_000n,
    claimsFen: 0n,
    zh: "无此单",
    en: "no claim",
    owner: "HOSPITAL" as const,
    repairZh: "重新提交",
    repairEn: "submit it again",
  };
  const text = billBreaksText([{ institutionId: "H1", day: "2011-11-25", ageDays: 2, found }]);
  for (const part of ["H1 2011-11-25 (2 天 days) MISSING_CLAIM C1", "70.00", "owner HOSPITAL", "→ 重新提交 · submit it again"])
    expect(text).toContain(part);
  expect(billBreaksText([])).toContain("no breaks");
  const shown = billReportText({ ...reportIn("BREAKS"), state: "BREAKS", breaks: [found], breaksLeft: 4, hospital: undefined });
  expect(shown).toContain("hospital —");
  expect(shown).toContain("4 more");
});
