/** On which day the bank is asked to execute (ReqdExctnDt): a banking day, and the next one after the cut-off. */
import { addDays, dayOf, startOfDayMs } from "../../values/days.ts";

export interface Calendar {
  /** HH:MM in Asia/Shanghai: what is approved from then on is executed on the next banking day. "24:00": no cut-off. */
  readonly cutOff: string;
  /** Whether banks are closed on Saturdays and Sundays. */
  readonly weekends: boolean;
  /** Days on which banks are closed besides (法定节假日). */
  readonly holidays: readonly string[];
  /** Saturdays and Sundays on which banks work (调休). */
  readonly workdays: readonly string[];
}

/** Every day is a banking day, from midnight to midnight. */
export const ALWAYS_OPEN: Calendar = { cutOff: "24:00", weekends: false, holidays: [], workdays: [] };

/** The longest that banks are closed in a row; more is a mistake in the calendar. */
const MOST_CLOSED_DAYS = 30;
const MINUTE_MS = 60_000;

export function isBankingDay(day: string, { weekends, holidays, workdays }: Calendar): boolean {
  if (holidays.includes(day)) return false;
  if (workdays.includes(day) || !weekends) return true;
  const weekday = new Date(`${day}T00:00:00Z`).getUTCDay();
  return weekday !== 0 && weekday !== 6;
}

/** The day on which what is approved at an instant is executed. Throws where the calendar has no banking day in a month. */
export function executionDay(atMs: number, calendar: Calendar): string {
  const today = dayOf(atMs);
  const [hours = 0, minutes = 0] = calendar.cutOff.split(":").map(Number);
  const late = atMs >= startOfDayMs(today) + (hours * 60 + minutes) * MINUTE_MS;
  for (let after = late ? 1 : 0; after <= MOST_CLOSED_DAYS; after += 1) {
    const day = addDays(today, after);
    if (isBankingDay(day, calendar)) return day;
  }
  throw new Error(`banks are closed for ${MOST_CLOSED_DAYS} days from ${today} on, says the calendar`);
}
