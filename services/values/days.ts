/** Days are `YYYY-MM-DD` strings in Asia/Shanghai (UTC+8, no summer time since 1991), so that they sort and compare as text. */

const SHANGHAI_MS = 8 * 3_600_000;
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/** The day in Asia/Shanghai of an instant. */
export function dayOf(atMs: number): string {
  return new Date(atMs + SHANGHAI_MS).toISOString().slice(0, 10);
}

/** True for a day that exists in the calendar, 1900 to 2199. */
export function isDay(text: string): boolean {
  if (!/^(19|20|21)\d\d-\d\d-\d\d$/.test(text)) return false;
  const at = Date.parse(`${text}T00:00:00Z`);
  return Number.isFinite(at) && new Date(at).toISOString().startsWith(text);
}

export function addDays(day: string, days: number): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + days * DAY_MS).toISOString().slice(0, 10);
}

/** Days from a to b; negative where b is before a. */
export function daysBetween(a: string, b: string): number {
  return Math.round((Date.parse(`${b}T00:00:00Z`) - Date.parse(`${a}T00:00:00Z`)) / DAY_MS);
}

export function yearOf(day: string): number {
  return Number(day.slice(0, 4));
}

/** The instant at which a day begins in Asia/Shanghai. */
export function startOfDayMs(day: string): number {
  return Date.parse(`${day}T00:00:00Z`) - SHANGHAI_MS;
}

/** The newest day whose hour, HH:MM in Asia/Shanghai, has come. */
export function newestDayAt(nowMs: number, hour: string): string {
  const [hours = 0, minutes = 0] = hour.split(":").map(Number);
  const today = dayOf(nowMs);
  return nowMs >= startOfDayMs(today) + (hours * 60 + minutes) * MINUTE_MS ? today : addDays(today, -1);
}

/** The years that schemes and enrolments may be of: from the first pilots on. */
export const FIRST_YEAR = 2003;
export const LAST_YEAR = 2199;
