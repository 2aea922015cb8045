/** Invariant 3: a person's benefit year holds exactly what that person's standing claims use, and no more than the scheme's caps. */
import type { Findings } from "./findings.ts";
import type { ClaimView, Records, SchemeView, YearView } from "./records.ts";
import { joined } from "./streams.ts";

export const YEARS_TITLE = {
  invariant: 3,
  zh: "个人年度累计等于其有效报销之和，且不超过补助方案封顶线",
  en: "A person's benefit year equals the sum of that person's standing claims and never exceeds the scheme's cap",
} as const;

const KINDS = ["INPATIENT", "OUTPATIENT"] as const;

type Caps = ReadonlyMap<string, SchemeView["scheme"]["caps"]>;

export async function checkYears(records: Records, findings: Findings): Promise<void> {
  const caps = new Map<string, SchemeView["scheme"]["caps"]>();
  for await (const { _id, scheme } of records.schemes()) caps.set(_id, scheme.caps);
  const groups = joined<{ claims: ClaimView; years: YearView }>({
    claims: { rows: records.claimsByPerson(), key: (claim) => `${claim.bill.personId}/${claim.year}` },
    years: { rows: records.years(), key: (year) => `${year.personId}/${year.year}` },
  });
  for await (const { key, rows } of groups) {
    findings.look();
    checkYear(
      key,
      rows.years[0],
      rows.claims.filter(({ state }) => state !== "REFUSED"),
      caps,
      findings,
    );
  }
}

function checkYear(key: string, year: YearView | undefined, standing: readonly ClaimView[], caps: Caps, findings: Findings): void {
  for (const kind of KINDS) {
    const claims = standing.filter(({ bill }) => bill.visitKind === kind);
    const claimedFen = claims.reduce((sum, { benefit }) => sum + benefit.fundFen, 0n);
    const usedFen = year?.usedFen[kind] ?? 0n;
    findings.hold(usedFen === claimedFen, () => `year ${key} has used ${usedFen} fen ${kind}, its standing claims sum to ${claimedFen}`);
    const capFen = highestCap(kind, claims, caps, findings);
    findings.hold(
      capFen === undefined || claimedFen <= capFen,
      () => `year ${key} has used ${claimedFen} fen ${kind}, the cap is ${capFen}`,
    );
  }
  const stays = standing.filter(({ bill, benefit }) => bill.visitKind === "INPATIENT" && benefit.fundFen > 0n).length;
  findings.hold(
    (year?.compensatedStays ?? 0) === stays,
    () => `year ${key} counts ${year?.compensatedStays ?? 0} compensated stays, there are ${stays}`,
  );
}

/** The highest cap among the scheme versions that the claims were computed by; undefined where one of them has none, or there is no claim. */
function highestCap(kind: string, claims: readonly ClaimView[], caps: Caps, findings: Findings): bigint | undefined {
  let highest = 0n;
  if (claims.length === 0) return undefined;
  for (const { _id, benefit } of claims) {
    const scheme = caps.get(benefit.schemeId);
    findings.hold(scheme !== undefined, () => `claim ${_id} was computed by scheme ${benefit.schemeId}, which is not there`);
    const cap = scheme?.find(({ visitKind }) => visitKind === kind)?.capFen;
    if (cap === undefined) return undefined;
    if (cap > highest) highest = cap;
  }
  return highest;
}
