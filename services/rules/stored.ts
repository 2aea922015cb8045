/** Stored claims looked through by rules: for a back-test, and every night by those in force. Reads a secondary, writes nothing. */
import { addDays } from "../values/days.ts";
import { type Backtest, openBacktest } from "./backtest.ts";
import type { Case, Finding, Rule, Rulebook } from "./rule.ts";
import type { Codes } from "./rules-check.ts";
import type { Read, RuleStore } from "./store.ts";

/** Claims before the wanted days that theirs are compared with: two years, for an invoice of the year before. */
const BEFORE_DAYS = 731;
const LIMIT_MS = 3 * 3_600_000;
const SAID_EACH = 2_000;

export interface LookOptions {
  /** Of this insured county; empty: of all. */
  readonly county: string;
  /** Discharged on these days, both inclusive. */
  readonly fromDay: string;
  readonly toDay: string;
  /** At most so many claims are read. */
  readonly most: number;
  /** Told how many claims are read of how many. */
  onProgress?(read: number, all: number): void;
  /** Told of each standing claim in which something was found. */
  onFound?(claimId: string, findings: readonly Finding[]): void;
}

export interface LookedThrough {
  readonly backtest: Backtest;
  readonly read: Read;
}

export async function lookThrough(
  store: RuleStore,
  rules: readonly Rule[],
  priceLimitFen: Case["priceLimitFen"],
  { county, fromDay, toDay, most, onProgress, onFound }: LookOptions,
): Promise<LookedThrough> {
  const wanted = { county, fromDay, toDay, beforeDay: addDays(fromDay, -BEFORE_DAYS), most, limitMs: LIMIT_MS };
  const all = onProgress ? await store.count(wanted) : 0;
  const backtest = openBacktest(rules, priceLimitFen);
  let claims = 0;
  let said = 0;
  const read = await store.each(wanted, (holder) => {
    backtest.add(holder, ({ bill, stands }, findings) => {
      if (stands) onFound?.(bill.claimId, findings);
    });
    claims += holder.claims.length;
    if (claims - said < SAID_EACH) return;
    said = claims;
    onProgress?.(claims, all);
  });
  return { backtest, read };
}

/** What a book's catalogue knows. Throws where it is not stored. */
export async function catalogueOf(
  store: RuleStore,
  { catalogueVersion }: Rulebook,
): Promise<{ readonly codes: Codes; readonly priceLimitFen: Case["priceLimitFen"] }> {
  const catalogue = await store.catalogue(catalogueVersion);
  if (!catalogue) throw new Error(`没有目录 ${catalogueVersion} / there is no catalogue ${catalogueVersion}`);
  const limits = new Map(catalogue.items.map(({ itemCode, priceLimitFen }) => [itemCode, priceLimitFen]));
  const { diagnoses } = catalogue;
  const hasDiagnosis = (prefix: string) => diagnoses.length === 0 || diagnoses.some((code) => code.startsWith(prefix));
  return { codes: { hasItem: (item) => limits.has(item), hasDiagnosis }, priceLimitFen: (item) => limits.get(item) ?? 0n };
}

/** What the nightly rules of the book in force on a day find. Throws where there is no book. */
export async function lookByNight(
  store: RuleStore,
  day: string,
  options: LookOptions,
): Promise<LookedThrough & { readonly version: number }> {
  const book = await store.book(day);
  if (!book) throw new Error(`${day} 没有生效的审核规则 / no review rules are in force`);
  const { priceLimitFen } = await catalogueOf(store, book);
  const nightly = book.rules.filter(({ stage }) => stage === "NIGHTLY");
  return { version: book.version, ...(await lookThrough(store, nightly, priceLimitFen, options)) };
}
