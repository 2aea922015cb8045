/** What a county director wants to see at the end of a day, and what an auditor wants: tables on the terminal, wide Chinese characters aligned. */
import Table from "cli-table3";
import colours from "picocolors";
import type { GetOverviewResponse } from "../../proto/generated/nrcms/monitoring/v1/monitoring.ts";
import type { Window } from "../../proto/generated/nrcms/settlement/v1/settlement.ts";
import type { AuditLine } from "../audit/findings.ts";
import { yuan } from "../values/money.ts";

const PLAIN = { head: [], border: [], compact: true } as const;

function table(head: readonly string[], rightFrom: number): Table.Table {
  return new Table({
    head: [...head],
    style: PLAIN as unknown as Table.TableInstanceOptions["style"],
    colAligns: head.map((_, index) => (index >= rightFrom ? "right" : "left")),
  });
}

/** 1,234,567.89 from fen. */
export function money(fen: bigint): string {
  const [whole = "", part = ""] = yuan(fen).split(".");
  return `${whole.replace(/\B(?=(\d{3})+$)/g, ",")}.${part}`;
}

/**
 * Claims, benefit and time to payment by county, with the sum below; `open` is how many payables have not been paid yet.
 * Hospitals bill at discharge, so that the time from the bill to the bank's word is the time from discharge to payment.
 */
export function overviewTable(overview: GetOverviewResponse, names: ReadonlyMap<string, string>, open: number): string {
  const made = table(
    [
      "县区 county",
      "核准 approved",
      "补助 benefit (元)",
      "已付 paid",
      "已付 paid (元)",
      "不予补助 refused",
      "异地 elsewhere",
      "出院到账 to payment (s)",
    ],
    1,
  );
  const sum = { approved: 0n, approvedFen: 0n, paid: 0n, paidFen: 0n, refused: 0n, crossRegion: 0n, ms: 0n };
  for (const row of overview.counties) {
    if (row.approved + row.refused + row.held === 0n) continue;
    made.push(
      [
        `${names.get(row.county) ?? row.county}`,
        row.approved,
        money(row.approvedFen),
        row.paid,
        money(row.paidFen),
        row.refused,
        row.crossRegion,
        seconds(row.submitToPaidMs, row.paid),
      ].map(String),
    );
    sum.approved += row.approved;
    sum.approvedFen += row.approvedFen;
    sum.paid += row.paid;
    sum.paidFen += row.paidFen;
    sum.refused += row.refused;
    sum.crossRegion += row.crossRegion;
    sum.ms += row.submitToPaidMs;
  }
  made.push(
    [
      "合计 total",
      sum.approved,
      money(sum.approvedFen),
      sum.paid,
      money(sum.paidFen),
      sum.refused,
      sum.crossRegion,
      seconds(sum.ms, sum.paid),
    ].map((cell) => colours.bold(String(cell))),
  );
  const nothing = Number(sum.approved - sum.paid) - open;
  const notes = [
    ...(nothing > 0
      ? [`${nothing} 笔低于起付线，补助为零，无需支付 · ${nothing} are below the deductible: the benefit is 0, nothing to pay`]
      : []),
    ...(open > 0 ? [`${open} 笔尚未支付 · ${open} are not paid yet`] : []),
  ];
  return [made.toString(), ...notes].join("\n");
}

function seconds(totalMs: bigint, count: bigint): string {
  return count === 0n ? "–" : (Number(totalMs / count) / 1000).toFixed(1);
}

const WINDOW_STATES: Readonly<Record<string, string>> = { OPEN: "开放 open", PAYING: "支付中 paying", SETTLED: "已结清 settled" };

/** The net positions of a clearing window and the transfers that settle them. */
export function windowTable(window: Window, names: ReadonlyMap<string, string>): string {
  const nameOf = (county: string) => names.get(county) ?? county;
  const made = table(["县区 county", "轧差 net (元): + 应收 receives, − 应付 owes"], 1);
  for (const position of window.positions) made.push([nameOf(position.county), money(position.netFen)]);
  const transfers = window.transfers.map(
    (row) =>
      `  ${nameOf(row.fromCounty)} → ${nameOf(row.toCounty)}  ${money(row.amountFen)} 元  ${row.settled ? "已到账 settled" : "在途 on its way"}`,
  );
  return [
    `${window.windowId} ${WINDOW_STATES[window.state] ?? window.state}: ${window.obligations} 笔债务 obligations, 总额 gross ${money(window.grossFen)} 元, 校验值 hash ${window.hash.slice(0, 16)}…`,
    made.toString(),
    `${transfers.length} 笔划拨 transfers:`,
    ...transfers,
  ].join("\n");
}

type ShownLine = Pick<AuditLine, "invariant" | "zh" | "en" | "breaches"> & { readonly checked: number | bigint };

/** One line for each invariant, its breaches below. */
export function auditTable(lines: readonly ShownLine[]): string {
  const made = table(["#", "不变式 invariant", "检查 checked", "结果 result"], 2);
  for (const line of lines) {
    const result = line.breaches.length === 0 ? colours.green("✓ 无差错 clean") : colours.red(`✗ ${line.breaches.length}`);
    made.push([String(line.invariant), `${line.zh}\n${line.en}`, String(line.checked), result]);
  }
  const breaches = lines.flatMap((line) => line.breaches.map((breach) => `  ${line.invariant}: ${breach}`));
  return [made.toString(), ...breaches].join("\n");
}

export function isClean(lines: readonly ShownLine[]): boolean {
  return lines.every((line) => line.breaches.length === 0);
}
