/**
 * Invariant 3: a benefit year holds exactly what the standing claims have drawn on it, and no more than the scheme's caps. A cap may be a person's, a mother's with her newborns,
 * or a household's; and a household's account has paid what its claims say, and no more than was put into it.
 */
import type { Findings } from "./findings.ts";
import type { ClaimView, DrawnView, HouseholdView, Records, SchemeView, YearView } from "./records.ts";
import { joined } from "./streams.ts";

export const YEARS_TITLE = {
  invariant: 3,
  zh: "年度累计等于有效报销之和，且不超过补助方案封顶线",
  en: "A benefit year equals the sum of the standing claims and never exceeds the scheme's cap",
} as const;

/** Of a person's id and of every holder's: a household's members, newborns and the household itself are neighbours in every order. */
const HOUSEHOLD_DIGITS = 14;

type Caps = ReadonlyMap<string, SchemeView["scheme"]["caps"]>;

export async function checkYears(records: Records, findings: Findings): Promise<void> {
  const caps = new Map<string, SchemeView["scheme"]["caps"]>();
  const given = new Map<string, bigint>();
  for await (const { _id, scheme } of records.schemes()) {
    caps.set(_id, scheme.caps);
    const key = `${scheme.county}/${scheme.year}`;
    given.set(key, greatest(given.get(key) ?? 0n, familyFen(scheme)));
  }
  const groups = joined<{ claims: ClaimView; years: YearView; households: HouseholdView }>({
    households: { rows: records.households(), key: ({ _id }) => _id },
    claims: { rows: records.claimsByPerson(), key: ({ bill }) => bill.personId.slice(0, HOUSEHOLD_DIGITS) },
    years: { rows: records.years(), key: ({ holder }) => holder.slice(0, HOUSEHOLD_DIGITS) },
  });
  for await (const { rows } of groups) {
    const standing = rows.claims.filter(({ state }) => state !== "REFUSED" && state !== "VOIDED");
    const years = new Map(rows.years.map((year) => [`${year.holder}/${year.year}`, year]));
    const keys = new Set([...years.keys(), ...standing.flatMap(holdersOf)]);
    for (const key of keys) {
      findings.look();
      checkYear(key, years.get(key), standing, caps, findings);
    }
    checkAccount(rows.households[0], standing, given, findings);
  }
}

function greatest(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}

/** What a scheme puts into a household's account for each head. */
function familyFen({ funds, financing }: SchemeView["scheme"]): bigint {
  const family = funds.find(({ fund }) => fund === "FAMILY");
  const raisedFen = financing.reduce((sum, { fenPerHead, categories }) => (categories.length === 0 ? sum + fenPerHead : sum), 0n);
  return family ? (family.fenPerHead ?? (raisedFen * BigInt(family.shareBp ?? 0)) / 10_000n) : 0n;
}

function checkAccount(
  household: HouseholdView | undefined,
  standing: readonly ClaimView[],
  given: ReadonlyMap<string, bigint>,
  findings: Findings,
): void {
  const claimedFen = standing.reduce((sum, claim) => sum + drawnOf(claim).accountFen, 0n);
  const takenFen = household?.takenFen ?? 0n;
  const id = household?._id ?? standing[0]?.bill.personId.slice(0, HOUSEHOLD_DIGITS) ?? "";
  findings.hold(takenFen === claimedFen, () => `the account of ${id} has paid ${takenFen} fen, its standing claims say ${claimedFen}`);
  if (!household || takenFen === 0n) return;
  // The county is in the household's id; the newest version of a year says what is given, and none gives more than the most generous.
  const county = id.slice(0, 6);
  const mostFen = Object.entries(household.heads).reduce(
    (sum, [year, heads]) => sum + (given.get(`${county}/${year}`) ?? 0n) * BigInt(heads),
    0n,
  );
  findings.hold(takenFen <= mostFen, () => `the account of ${id} has paid ${takenFen} fen, ${mostFen} were put into it`);
}

/** The person's year, or the newborn's under its mother. */
function ownYear({ bill, year }: ClaimView): string {
  return `${bill.personId}${bill.newborn === 0 ? "" : `#${bill.newborn}`}/${year}`;
}

/** What it has in the accumulators: as it was computed, or as its corrections have it. */
function drawnOf({ drawn, corrected }: ClaimView): DrawnView {
  return corrected?.drawn ?? drawn;
}

function holdersOf(claim: ClaimView): string[] {
  return [ownYear(claim), ...drawnOf(claim).caps.map(({ holder }) => `${holder}/${claim.year}`)];
}

function checkYear(key: string, year: YearView | undefined, standing: readonly ClaimView[], caps: Caps, findings: Findings): void {
  const drawn = new Map<string, ClaimView[]>();
  for (const claim of standing)
    for (const { code, holder } of drawnOf(claim).caps)
      if (`${holder}/${claim.year}` === key) drawn.set(code, [...(drawn.get(code) ?? []), claim]);
  for (const code of new Set([...drawn.keys(), ...Object.keys(year?.usedFen ?? {})])) {
    const claims = drawn.get(code) ?? [];
    const claimedFen = claims.reduce((sum, { benefit, corrected }) => sum + benefit.fundFen + (corrected?.fen ?? 0n), 0n);
    const usedFen = year?.usedFen[code] ?? 0n;
    findings.hold(usedFen === claimedFen, () => `year ${key} has used ${usedFen} fen ${code}, its standing claims sum to ${claimedFen}`);
    const capFen = highestCap(code, claims, caps, findings);
    findings.hold(
      capFen === undefined || claimedFen <= capFen,
      () => `year ${key} has used ${claimedFen} fen ${code}, the cap is ${capFen}`,
    );
  }
  const own = standing.filter((claim) => ownYear(claim) === key);
  const stays = own.filter((claim) => drawnOf(claim).stay).length;
  const counted = year?.compensatedStays ?? 0;
  findings.hold(counted === stays, () => `year ${key} counts ${counted} compensated stays, there are ${stays}`);
  const borneFen = own.reduce((sum, claim) => sum + drawnOf(claim).borneFen, 0n);
  const kept = year?.borneFen ?? 0n;
  findings.hold(kept === borneFen, () => `year ${key} has ${kept} fen borne, its standing claims sum to ${borneFen}`);
}

/** The highest cap among the scheme versions that the claims were computed by; undefined where one of them has none, or there is no claim. */
function highestCap(code: string, claims: readonly ClaimView[], caps: Caps, findings: Findings): bigint | undefined {
  let highest = 0n;
  if (claims.length === 0) return undefined;
  for (const { _id, benefit } of claims) {
    const scheme = caps.get(benefit.schemeId);
    findings.hold(scheme !== undefined, () => `claim ${_id} was computed by scheme ${benefit.schemeId}, which is not there`);
    const cap = scheme?.find((one) => one.code === code)?.fen;
    if (cap === undefined) return undefined;
    if (cap > highest) highest = cap;
  }
  return highest;
}
