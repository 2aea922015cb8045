/**
 * What an account has seen: a statement of some days with a running balance, and a book's balances of any evening. Both start from the present balance and take off what came after, by the
 * totals that every posting keeps of its day. Read without a lock: what a commit tore apart meanwhile is read again.
 */
import type { Reader } from "../mesh/wiring.ts";
import { daysBetween, isDay } from "../values/days.ts";
import { sum } from "../values/money.ts";
import { badRequest, type Refusal } from "../values/outcome.ts";
import type { DayTotal, Entry } from "./domain/documents.ts";
import { refuse } from "./domain/refusals.ts";
import { accountOf, accountsOf, entriesOf, ledgerOf, totalsAfter, totalsOf } from "./store.ts";

/** An account as it stood. */
export interface Standing {
  readonly county: string;
  readonly account: string;
  /** Debit less credit. */
  readonly balanceFen: bigint;
  readonly entries: bigint;
}

export interface StatementPage {
  readonly county: string;
  readonly account: string;
  /** Before the first day and after the last. */
  readonly openingFen: bigint;
  readonly closingFen: bigint;
  readonly rows: StatementRow[];
  /** Where the next page begins; empty where there is none. */
  readonly next: string;
}

export interface StatementRow {
  readonly sequence: bigint;
  readonly day: string;
  readonly about: string;
  readonly debitFen: bigint;
  readonly creditFen: bigint;
}

const PAGE_ROWS = 500;
const MOST_DAYS = 366;
/** Totals that one answer sums up: an account's of ten years; a county's of a year and a half, all counties' of a month. */
const MOST_TOTALS = 40_000;
const MOST_READS = 5;

export interface StatementAsked {
  readonly county: string;
  readonly account: string;
  readonly fromDay: string;
  readonly toDay: string;
  /** Where the page before ended; empty for the first. */
  readonly after: string;
}

export async function statement(reader: Reader, asked: StatementAsked): Promise<StatementPage | Refusal> {
  const { county, account, fromDay, toDay } = asked;
  const wrong = badDays(fromDay, toDay);
  if (wrong) return wrong;
  const after = placeOf(asked.after);
  if (after === "bad") return badRequest("after", "不是上一页给出的位置", "is not a place that a page gave");
  for (let read = 1; ; read += 1) {
    const before = await accountOf(reader, county, account);
    if (!before) return refuse("UNKNOWN_ACCOUNT", { field: "account", county, account });
    const moved = await totalsOf(reader, county, account, fromDay, MOST_TOTALS);
    if (moved.length > MOST_TOTALS) return refuse("TOO_LONG_AGO", { field: "from_day", day: fromDay });
    const rows = await entriesOf(reader, { county, account, fromDay, toDay, after }, PAGE_ROWS);
    const now = await accountOf(reader, county, account);
    if (now?.entries !== before.entries && read < MOST_READS) continue;
    const openingFen = before.balanceFen - netOf(moved);
    const closingFen = before.balanceFen - netOf(moved.filter(({ day }) => day > toDay));
    const shown = rows.map((entry) => rowOf(entry, county, account));
    const last = rows.length === PAGE_ROWS ? rows.at(-1) : undefined;
    return { county, account, openingFen, closingFen, rows: shown, next: last ? `${last.day}/${last.sequence}` : "" };
  }
}

/** Every account of a book as it stood in the evening of a day. */
export async function balancesOn(
  reader: Reader,
  county: string,
  day: string,
): Promise<{ accounts: Standing[]; sequence: bigint } | Refusal> {
  if (!isDay(day)) return badRequest("day", "须为 YYYY-MM-DD 的日期", "must be a day YYYY-MM-DD");
  for (let read = 1; ; read += 1) {
    const { sequence } = await ledgerOf(reader);
    const [accounts, moved] = await Promise.all([accountsOf(reader, county), totalsAfter(reader, county, day, MOST_TOTALS)]);
    if (moved.length > MOST_TOTALS) return refuse("TOO_LONG_AGO", { field: "day", day });
    if ((await ledgerOf(reader)).sequence !== sequence && read < MOST_READS) continue;
    const later = Map.groupBy(moved, (total) => `${total.county}/${total.account}`);
    return {
      sequence,
      accounts: accounts.map((row) => {
        const after = later.get(`${row.county}/${row.account}`) ?? [];
        const entries = row.entries - after.reduce((many, total) => many + total.entries, 0);
        return { county: row.county, account: row.account, balanceFen: row.balanceFen - netOf(after), entries: BigInt(entries) };
      }),
    };
  }
}

function netOf(moved: readonly DayTotal[]): bigint {
  return sum(moved.map(({ debitFen, creditFen }) => debitFen - creditFen));
}

function rowOf({ sequence, day, about, lines }: Entry, county: string, account: string): StatementRow {
  const own = lines.filter((line) => line.county === county && line.account === account);
  return {
    sequence,
    day,
    about,
    debitFen: sum(own.map((line) => line.debitFen)),
    creditFen: sum(own.map((line) => line.creditFen)),
  };
}

/** `2011-11-25/1234`; undefined for the first page. */
function placeOf(after: string): { day: string; sequence: bigint } | undefined | "bad" {
  if (after === "") return undefined;
  const [, day = "", sequence = ""] = /^(\d{4}-\d\d-\d\d)\/(\d{1,18})$/.exec(after) ?? [];
  return isDay(day) ? { day, sequence: BigInt(sequence) } : "bad";
}

function badDays(fromDay: string, toDay: string): Refusal | undefined {
  for (const [field, day] of [
    ["from_day", fromDay],
    ["to_day", toDay],
  ] as const)
    if (!isDay(day)) return badRequest(field, "须为 YYYY-MM-DD 的日期", "must be a day YYYY-MM-DD");
  if (toDay < fromDay) return badRequest("to_day", "不得早于首日", "must not be before the first day");
  if (daysBetween(fromDay, toDay) >= MOST_DAYS)
    return badRequest("to_day", `不得超过 ${MOST_DAYS} 天`, `must not be more than ${MOST_DAYS} days`);
  return undefined;
}
