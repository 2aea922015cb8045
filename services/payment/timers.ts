/**
 * What time brings: dues to be paid at once are cut every few hundred milliseconds; daily and weekly ones that fell due before the last cut-off,
 * whenever that was, so that an outage at the cut-off delays them and forgets none.
 */
import { createHash } from "node:crypto";
import type { DueInput, Reader, Timer } from "../mesh/wiring.ts";
import { addDays, dayOf, startOfDayMs } from "../values/days.ts";
import { type Cut, cut } from "./domain/cut.ts";
import type { Schedule } from "./domain/documents.ts";
import { nextSerial, waitingBefore } from "./store.ts";

/** Rules that make batches; the version counts changes of what they do. */
const RULES: Readonly<Record<Schedule, string>> = {
  IMMEDIATE: "rule:cut-immediate/v1",
  DAILY: "rule:cut-daily/v1",
  WEEKLY: "rule:cut-weekly/v1",
};
const SCHEDULED_EVERY_MS = 5_000;
const MINUTE_MS = 60_000;

export interface CutSettings {
  readonly cutEveryMs: number;
  readonly dailyAt: string;
  readonly weeklyOn: number;
}

export function timers({ reader, settings }: { readonly reader: Reader; readonly settings: CutSettings }): readonly Timer[] {
  return [
    { name: "cut-immediate", everyMs: settings.cutEveryMs, due: (nowMs) => cutBefore(reader, "IMMEDIATE", nowMs + 1) },
    {
      name: "cut-scheduled",
      everyMs: SCHEDULED_EVERY_MS,
      due: async (nowMs) => [
        ...(await cutBefore(reader, "DAILY", lastCutOffMs("DAILY", nowMs, settings))),
        ...(await cutBefore(reader, "WEEKLY", lastCutOffMs("WEEKLY", nowMs, settings))),
      ],
    },
  ];
}

/** The newest instant, not after now, at which this schedule is cut. */
export function lastCutOffMs(schedule: "DAILY" | "WEEKLY", nowMs: number, settings: CutSettings): number {
  const [hours, minutes] = settings.dailyAt.split(":").map(Number);
  const sinceMidnightMs = ((hours ?? 0) * 60 + (minutes ?? 0)) * MINUTE_MS;
  const today = dayOf(nowMs);
  const lastDay = startOfDayMs(today) + sinceMidnightMs <= nowMs ? today : addDays(today, -1);
  const daysBack = schedule === "DAILY" ? 0 : (weekdayOf(lastDay) - settings.weeklyOn + 7) % 7;
  return startOfDayMs(addDays(lastDay, -daysBack)) + sinceMidnightMs;
}

/** 1 Monday … 7 Sunday. */
function weekdayOf(day: string): number {
  return new Date(`${day}T00:00:00Z`).getUTCDay() || 7;
}

/** The id names the serial and what is to be cut: the same finding twice is one input, and another one never finds its id taken. */
async function cutBefore(reader: Reader, schedule: Schedule, beforeMs: number): Promise<readonly DueInput[]> {
  const found = await waitingBefore(reader, schedule, beforeMs);
  if (found.length === 0) return [];
  const serial = await nextSerial(reader);
  const payableIds = found.map((due) => due.payableId);
  const input: Cut = { payableIds, schedule, maker: RULES[schedule], serial };
  const what = createHash("sha256").update(JSON.stringify(payableIds)).digest("hex").slice(0, 16);
  return [{ id: `cut/${serial}/${what}`, decision: cut, input }];
}
