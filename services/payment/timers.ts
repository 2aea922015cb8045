/**
 * What time brings: dues to be paid at once are cut every few hundred milliseconds; daily, weekly and monthly ones that fell due before the last cut-off,
 * whenever that was, so that an outage at the cut-off delays them and forgets none.
 */
import { createHash } from "node:crypto";
import type { DueInput, Reader, Timer } from "../mesh/wiring.ts";
import { bankOfCounty, type CountyBanks } from "../values/banks.ts";
import { addDays, dayOf, isDay, startOfDayMs } from "../values/days.ts";
import { accountKey, isDisproved, recheck } from "./domain/accounts.ts";
import { type Cut, cut } from "./domain/cut.ts";
import { type Due, payees, type Schedule } from "./domain/documents.ts";
import { duesOnCheck, nextSerial, waitingBefore } from "./store.ts";

/** Rules that make batches; the version counts changes of what they do. */
const RULES: Readonly<Record<Schedule, string>> = {
  IMMEDIATE: "rule:cut-immediate/v1",
  DAILY: "rule:cut-daily/v1",
  WEEKLY: "rule:cut-weekly/v1",
  MONTHLY: "rule:cut-monthly/v1",
};
const SCHEDULED_EVERY_MS = 5_000;
const MINUTE_MS = 60_000;
const RECHECK_EVERY_MS = 2_000;
/** Dues looked at in one recheck. */
const MAX_RECHECKED = 500;

export interface CutSettings {
  readonly cutEveryMs: number;
  readonly dailyAt: string;
  readonly weeklyOn: number;
  readonly monthlyOn: number;
}

export interface TimerParts {
  readonly reader: Reader;
  readonly settings: CutSettings;
  readonly countyBanks: CountyBanks;
}

export function timers(parts: TimerParts): readonly Timer[] {
  const { reader, settings, countyBanks } = parts;
  return [
    { name: "cut-immediate", everyMs: settings.cutEveryMs, due: (nowMs) => cutBefore(parts, "IMMEDIATE", nowMs + 1) },
    { name: "recheck", everyMs: RECHECK_EVERY_MS, due: () => toRecheck(reader, countyBanks) },
    {
      name: "cut-scheduled",
      everyMs: SCHEDULED_EVERY_MS,
      due: async (nowMs) => [
        ...(await cutBefore(parts, "DAILY", lastCutOffMs("DAILY", nowMs, settings))),
        ...(await cutBefore(parts, "WEEKLY", lastCutOffMs("WEEKLY", nowMs, settings))),
        ...(await cutBefore(parts, "MONTHLY", lastCutOffMs("MONTHLY", nowMs, settings))),
      ],
    },
  ];
}

/** Dues on the check list whose payee's account is disproved no more: the register has another, or a person has made sure of it. */
export async function toRecheck(reader: Reader, countyBanks: CountyBanks): Promise<readonly DueInput[]> {
  const held = await duesOnCheck(reader, MAX_RECHECKED);
  if (held.length === 0) return [];
  const payeesOf = await reader.getAll([...new Set(held.map((due) => due.payeeId))].map((id) => payees.key(id)));
  const keyOf = ({ county, payeeId }: Due) => {
    const payee = payeesOf.get(payeeId);
    return payee && accountKey(bankOfCounty(county, countyBanks), payee.account);
  };
  const known = await reader.getAll(held.flatMap((due) => keyOf(due) ?? []));
  const free = held.flatMap((due) => {
    const { payableId, payeeId } = due;
    const payee = payeesOf.get(payeeId);
    const account = known.get(keyOf(due)?.id ?? "");
    if (!payee || isDisproved(account, payee.account)) return [];
    // What has changed since it was put on the list: the same due may come there again.
    return [{ payableId, since: `${payee.stateVersion}/${account?.changes ?? 0}` }];
  });
  if (free.length === 0) return [];
  return [
    { id: `recheck/${digestOf(free)}`, decision: recheck, input: { payableIds: free.map(({ payableId }) => payableId), countyBanks } },
  ];
}

/** The newest instant, not after now, at which this schedule is cut. */
export function lastCutOffMs(schedule: "DAILY" | "WEEKLY" | "MONTHLY", nowMs: number, settings: CutSettings): number {
  const [hours, minutes] = settings.dailyAt.split(":").map(Number);
  const sinceMidnightMs = ((hours ?? 0) * 60 + (minutes ?? 0)) * MINUTE_MS;
  const today = dayOf(nowMs);
  const lastDay = startOfDayMs(today) + sinceMidnightMs <= nowMs ? today : addDays(today, -1);
  return startOfDayMs(cutDay(schedule, lastDay, settings)) + sinceMidnightMs;
}

/** The newest day of the schedule up to and with a day. */
function cutDay(schedule: "DAILY" | "WEEKLY" | "MONTHLY", day: string, { weeklyOn, monthlyOn }: CutSettings): string {
  if (schedule === "DAILY") return day;
  if (schedule === "WEEKLY") return addDays(day, -((weekdayOf(day) - weeklyOn + 7) % 7));
  const thisMonth = dayOfMonth(day, monthlyOn);
  return thisMonth <= day ? thisMonth : dayOfMonth(addDays(`${day.slice(0, 7)}-01`, -1), monthlyOn);
}

/** The numbered day of a day's month; of a shorter month its last. */
function dayOfMonth(day: string, number: number): string {
  const numbered = `${day.slice(0, 7)}-${String(number).padStart(2, "0")}`;
  if (isDay(numbered)) return numbered;
  return addDays(`${addDays(`${day.slice(0, 7)}-28`, 4).slice(0, 7)}-01`, -1);
}

/** 1 Monday … 7 Sunday. */
function weekdayOf(day: string): number {
  return new Date(`${day}T00:00:00Z`).getUTCDay() || 7;
}

/**
 * The id names the serial and what is to be cut: the same finding twice is one input, and another one never finds its id taken. A due that comes from the
 * check list is another finding, for the cut that put it there may have made no batch.
 */
async function cutBefore({ reader, countyBanks }: TimerParts, schedule: Schedule, beforeMs: number): Promise<readonly DueInput[]> {
  const found = await waitingBefore(reader, schedule, beforeMs);
  if (found.length === 0) return [];
  const serial = await nextSerial(reader);
  const payableIds = found.map((due) => due.payableId);
  const input: Cut = { payableIds, schedule, maker: RULES[schedule], serial, countyBanks };
  const finding = found.map(({ payableId, checks = 0 }) => [payableId, checks]);
  return [{ id: `cut/${serial}/${digestOf(finding)}`, decision: cut, input }];
}

function digestOf(what: unknown): string {
  return createHash("sha256").update(JSON.stringify(what)).digest("hex").slice(0, 16);
}
