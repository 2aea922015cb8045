/**
 * A county's second compensation (二次补偿) for a year that is over: PLANNED (the treasurer names the pot, the shares are computed and written down) → APPROVED (another person, who
 * names the hash of what was read) → GRANTED (page after page, each a fact that settlement posts and payment pays to the household). Once for a county and year.
 */
import { type Part, shareOut } from "../../benefit/second-compensation.ts";
import { yearOf } from "../../values/days.ts";
import { type Decision, type Doc, type Key, kind, type Loaded } from "../../values/decision.ts";
import { BP, greater, lesser, sum } from "../../values/money.ts";
import { askOwner, assert, type Refusal, unavailable } from "../../values/outcome.ts";
import { hashOf } from "./canonical.ts";
import { type Claim, claims } from "./documents.ts";
import type { ClaimsEvents } from "./events.ts";
import { HOUSEHOLD_DIGITS } from "./family-account.ts";
import { refuse } from "./refusals.ts";
import { type SchemeDocument, schemes, type TimetableRow, timetables } from "./scheme.ts";
import { isPromised } from "./standing.ts";
import { drawingOf } from "./year.ts";

/** Shares on one page: what one grant posts. */
export const PAGE_SHARES = 100;
/** Claims in one split; a county with more raises the threshold. */
export const MAX_SHARES = 20_000;

export type SecondState = "PLANNED" | "APPROVED" | "GRANTED";

export interface Second extends Doc {
  readonly year: number;
  readonly state: SecondState;
  /** Planned anew before it is approved, it counts on. */
  readonly plan: number;
  readonly potFen: bigint;
  /** How many claims share, what their persons have borne of them, and what they get together. */
  readonly claims: number;
  readonly borneFen: bigint;
  readonly sharedFen: bigint;
  /** SHA-256 over pot and shares: what the approver has read. */
  readonly contentHash: string;
  readonly plannedBy: string;
  /** Empty before it is approved. */
  readonly approvedBy: string;
  readonly pages: number;
  /** Pages granted until now, and what they came to: less than was shared where a claim was taken back meanwhile. */
  readonly granted: number;
  readonly grantedFen: bigint;
}

export interface SecondShare {
  readonly claimId: string;
  readonly personId: string;
  readonly borneFen: bigint;
  readonly shareFen: bigint;
}

export interface SharePage extends Doc {
  readonly shares: readonly SecondShare[];
  readonly granted: boolean;
}

/** seconds/<county>/<year> */
export const seconds = kind<Second>("seconds");
/** shares/<county>/<year>/<plan>/<page> */
export const shares = kind<SharePage>("shares");

/** The fact that a page was granted; its payables have the claim's id behind the county and year. */
export function grantIdOf(county: string, year: number, page: number): string {
  return `second/${county}/${year}/page/${page}`;
}

export function sharePayableId(county: string, year: number, claimId: string): string {
  return `second/${county}/${year}/${claimId}`;
}

/** What the person has borne of a claim's eligible amounts, after catastrophic insurance. */
export function borneOf(claim: Claim): bigint {
  return greater(0n, drawingOf(claim).drawn.borneFen - claim.benefit.catastrophicFen);
}

export interface PlanInput {
  readonly county: string;
  readonly year: number;
  readonly potFen: bigint;
  /** The county's promised claims of the year of which much was borne; left out until they have been looked for. At most one more than MAX_SHARES. */
  readonly found?: readonly Claim[];
}

/** Replies with the plan. The same pot again, once it is approved, gets what stands. */
export const planSecond: Decision<PlanInput, Second, ClaimsEvents> = {
  needs({ county, year, found = [] }, loaded) {
    const second = seconds.key(county, year);
    const scheme = schemeKey(county, year, loaded);
    const plan = (loaded.get(second)?.plan ?? 0) + 1;
    const pages = Math.ceil(found.length / PAGE_SHARES);
    return [
      second,
      timetables.key(county),
      ...(scheme ? [scheme] : []),
      ...Array.from({ length: pages }, (_, index) => shares.key(county, year, plan, index + 1)),
    ];
  },
  decide({ county, year, potFen, found }, state, change, context) {
    const key = seconds.key(county, year);
    const stored = state.get(key);
    const at = { field: "year", county, year };
    if (stored && stored.state !== "PLANNED") return stored.potFen === potFen ? stored : refuse("SECOND_APPROVED", at);
    if (year >= yearOf(context.day)) return refuse("YEAR_NOT_OVER", { field: "year", year, today: context.day });
    const schemeOf = schemeKey(county, year, state);
    const rule = schemeOf && state.must(schemeOf).scheme.secondCompensation;
    if (!rule) return refuse("NO_SECOND_COMPENSATION", at);
    if (!found) return askOwner();
    if (found.length > MAX_SHARES) return refuse("TOO_MANY_SHARES", { ...at, most: MAX_SHARES });
    const planned = sharesOf(found, potFen, rule);
    if (planned.length === 0) return refuse("NOTHING_TO_SHARE", at);
    const plan = (stored?.plan ?? 0) + 1;
    const pages = Math.ceil(planned.length / PAGE_SHARES);
    for (let page = 1; page <= pages; page += 1) {
      const slice = planned.slice((page - 1) * PAGE_SHARES, page * PAGE_SHARES);
      change.put(shares.key(county, year, plan, page), { county, shares: slice, granted: false });
    }
    const second: Second = {
      county,
      year,
      state: "PLANNED",
      plan,
      potFen,
      claims: planned.length,
      borneFen: sum(planned.map(({ borneFen }) => borneFen)),
      sharedFen: sum(planned.map(({ shareFen }) => shareFen)),
      contentHash: hashOf({ county, year, potFen, planned }),
      plannedBy: context.caller.name,
      approvedBy: "",
      pages,
      granted: 0,
      grantedFen: 0n,
    };
    change.put(key, second);
    change.about(key.id);
    return second;
  },
};

/** By the version of the year that was published last. */
function schemeKey(county: string, year: number, loaded: Loaded): Key<SchemeDocument> | undefined {
  const rows: readonly TimetableRow[] = loaded.get(timetables.key(county))?.rows ?? [];
  const row = rows.findLast((one) => one.year === year);
  return row && schemes.key(county, year, row.version);
}

/** Who has borne more than the threshold shares; nobody gets more than the rule's share of it, nor than was paid at the window. */
function sharesOf(found: readonly Claim[], potFen: bigint, { overFen, shareBp }: { overFen: bigint; shareBp: number }): SecondShare[] {
  const sharing = new Map(
    found.filter((claim) => isPromised(claim) && borneOf(claim) > overFen).map((claim) => [claim.bill.claimId, claim] as const),
  );
  const parts = [...sharing].map(([claimId, claim]): Part => {
    const borneFen = borneOf(claim);
    return { claimId, borneFen, mostFen: lesser((borneFen * BigInt(shareBp)) / BP, claim.benefit.patientFen) };
  });
  return shareOut(potFen, parts).flatMap(({ claimId, fen }) => {
    const claim = sharing.get(claimId);
    return claim && fen > 0n ? [{ claimId, personId: claim.bill.personId, borneFen: borneOf(claim), shareFen: fen }] : [];
  });
}

export interface ApproveSecondInput {
  readonly county: string;
  readonly year: number;
  /** The plan that the approver has read. */
  readonly contentHash: string;
}

export const approveSecond: Decision<ApproveSecondInput, Second, ClaimsEvents> = {
  needs: ({ county, year }) => [seconds.key(county, year)],
  decide({ county, year, contentHash }, state, change, { caller }) {
    const key = seconds.key(county, year);
    const second = state.get(key);
    if (!second) return refuse("UNKNOWN_SECOND", { field: "year", county, year });
    const fault = mayNot(second, contentHash, caller.name);
    if (fault) return fault;
    if (second.state !== "PLANNED") return second;
    const approved: Second = { ...second, state: "APPROVED", approvedBy: caller.name };
    change.put(key, approved);
    change.about(key.id);
    return approved;
  },
};

function mayNot({ contentHash, plannedBy }: Second, seenHash: string, name: string): Refusal | undefined {
  if (contentHash !== seenHash) return refuse("SECOND_CHANGED", { field: "content_hash", hash: contentHash });
  return plannedBy === name ? refuse("PLANNED_BY_YOU", { name }) : undefined;
}

export interface GrantInput {
  readonly county: string;
  readonly year: number;
  readonly plan: number;
  readonly page: number;
}

/** Grants one page of an approved plan. A claim that was taken back since gets nothing, and its share stays in the pot. */
export const grantShares: Decision<GrantInput, void, ClaimsEvents> = {
  needs({ county, year, plan, page }, loaded) {
    const key = shares.key(county, year, plan, page);
    return [seconds.key(county, year), key, ...(loaded.get(key)?.shares ?? []).map(({ claimId }) => claims.key(claimId))];
  },
  decide({ county, year, plan, page }, state, change, context) {
    const key = seconds.key(county, year);
    const second = state.must(key);
    const pageKey = shares.key(county, year, plan, page);
    const stored = state.must(pageKey);
    if (stored.granted) return;
    if (page > second.granted + 1) return unavailable(`page ${page} of ${key.id} comes after page ${second.granted + 1}`);
    assert(second.state === "APPROVED" && second.plan === plan, `plan ${plan} of ${key.id} is approved, not ${second.state}`);
    const granted = stored.shares.filter(({ claimId }) => isPromised(state.must(claims.key(claimId))));
    for (const { claimId, shareFen } of granted) {
      change.put(claims.key(claimId), { ...state.must(claims.key(claimId)), sharedFen: shareFen });
      change.about(claimId);
    }
    change.put(pageKey, { ...stored, granted: true });
    const pages = second.granted + 1;
    const grantedFen = second.grantedFen + sum(granted.map(({ shareFen }) => shareFen));
    change.put(key, { ...second, granted: pages, grantedFen, state: pages === second.pages ? "GRANTED" : "APPROVED" });
    if (granted.length === 0) return;
    change.tell("SecondCompensationGranted", county, {
      grantId: grantIdOf(county, year, page),
      county,
      year,
      grantedOn: context.day,
      shares: granted.map(({ claimId, personId, shareFen }) => ({
        payableId: sharePayableId(county, year, claimId),
        claimId,
        householdId: personId.slice(0, HOUSEHOLD_DIGITS),
        shareFen,
      })),
    });
  },
};
