/**
 * Claims whose ground has gone: enrollment tells late that somebody died, left or moved, and a standing claim has its day after the last covered one. Nothing is taken back by
 * itself, for the institution may have relied on what it was told: each becomes a task of the county that pays, and a reviewer takes the claim back or lets it stand.
 */
import { yearOf } from "../../values/days.ts";
import { type Change, type Context, type Decision, type Doc, type Key, kind, type Loaded, type State } from "../../values/decision.ts";
import { aftermathKeys } from "./aftermath.ts";
import { type Claim, type Cover, claims, type Stretch, type Visit, years } from "./documents.ts";
import type { ClaimsEvents } from "./events.ts";
import { invoiceKeys } from "./invoice-keys.ts";
import { refuse } from "./refusals.ts";
import { isPromised } from "./standing.ts";
import { takeBackWhole } from "./void-claim.ts";

export interface CoverLoss extends Doc {
  readonly claimId: string;
  readonly personId: string;
  /** The bill's days. */
  readonly fromDay: string;
  readonly toDay: string;
  /** The last day of the bill that is still covered; empty where none is. */
  readonly lastCoveredDay: string;
  readonly state: "OPEN" | "TAKEN_BACK" | "STANDS";
  readonly foundAtMs: number;
  readonly decidedBy: string;
  readonly reason: string;
}

/** coverlosses/<claim> */
export const coverLosses = kind<CoverLoss>("coverlosses");

/** The last day of a bill that some stretch covers, and whose it is; undefined where there is none. */
function groundDay({ from, to }: Visit, stretches: readonly Stretch[]): { readonly day: string; readonly county: string } | undefined {
  let found: { day: string; county: string } | undefined;
  for (const { county, fromDay, toDay } of stretches) {
    if (fromDay > to || toDay < from || toDay < fromDay) continue;
    const day = toDay < to ? toDay : to;
    if (!found || day > found.day) found = { day, county };
  }
  return found;
}

/** The years in which a person has lost a day: those of covers that end earlier than they did, or are no more. */
function yearsOfLoss(was: readonly Stretch[], is: readonly Stretch[]): number[] {
  const lost = was.filter(
    ({ county, fromDay, toDay }) => !is.some((now) => now.county === county && now.fromDay <= fromDay && now.toDay >= toDay),
  );
  return [...new Set(lost.flatMap(({ fromDay, toDay }) => [yearOf(fromDay), yearOf(toDay)]))];
}

/** What `findLosses` looks at: nothing, where nothing was lost. */
export function lossKeys(personId: string, was: Cover | undefined, is: readonly Stretch[], loaded: Loaded): Key[] {
  if (!was) return [];
  const found = yearsOfLoss(was.stretches, is).map((year) => years.key(personId, year));
  const visits = found.flatMap((key) => loaded.get(key)?.visits ?? []);
  return [...found, ...visits.flatMap(({ claimId }) => [claims.key(claimId), coverLosses.key(claimId)])];
}

/** Makes a task of each standing claim of a person whose last covered day is another one now, or whose county. Its cover is changed in the same commit, so that no claim comes in between. */
export function findLosses(
  personId: string,
  was: Cover | undefined,
  is: readonly Stretch[],
  state: State,
  change: Change<ClaimsEvents>,
  context: Context,
): void {
  if (!was) return;
  const seen = new Set<string>();
  for (const year of yearsOfLoss(was.stretches, is)) {
    const key = years.key(personId, year);
    for (const visit of state.get(key)?.visits ?? []) {
      const [before, now] = [groundDay(visit, was.stretches), groundDay(visit, is)];
      const same = before?.day === now?.day && before?.county === now?.county;
      const claim = state.get(claims.key(visit.claimId));
      if (same || !before || seen.has(visit.claimId) || !claim) continue;
      seen.add(visit.claimId);
      change.put(coverLosses.key(visit.claimId), {
        county: claim.county,
        claimId: visit.claimId,
        personId,
        fromDay: visit.from,
        toDay: visit.to,
        lastCoveredDay: now?.county === claim.county ? now.day : "",
        state: "OPEN",
        foundAtMs: context.atMs,
        decidedBy: "",
        reason: "",
      });
      change.about(visit.claimId);
    }
  }
}

export interface DecideLossInput {
  /** The home county. */
  readonly county: string;
  readonly claimId: string;
  readonly verdict: "TAKE_BACK" | "LET_STAND";
  readonly reason: string;
}

/** Replies with the task as it is then. What waits at the review desk is decided there: its task closes with LET_STAND. */
export const decideLoss: Decision<DecideLossInput, CoverLoss, ClaimsEvents> = {
  needs({ claimId, verdict }, loaded) {
    const keys = [coverLosses.key(claimId), claims.key(claimId)];
    const claim = loaded.get(claims.key(claimId));
    return claim && verdict === "TAKE_BACK" ? [...keys, ...invoiceKeys(claim), ...aftermathKeys(claim, loaded)] : keys;
  },
  decide({ county, claimId, verdict, reason }, state, change, context) {
    const key = coverLosses.key(claimId);
    const loss = state.get(key);
    if (loss?.county !== county) return refuse("UNKNOWN_COVER_LOSS", { field: "claim_id", claim: claimId });
    const wanted = verdict === "TAKE_BACK" ? "TAKEN_BACK" : "STANDS";
    if (loss.state === wanted) return loss;
    if (loss.state !== "OPEN") return refuse("COVER_LOSS_DECIDED", { field: "claim_id", claim: claimId, state: loss.state });
    const claim = state.must(claims.key(claimId));
    if (verdict === "TAKE_BACK") {
      const fault = mayNot(claim);
      if (fault) return fault;
      if (isPromised(claim)) takeBackWhole(claim, reason, state, change, context);
    }
    const decided: CoverLoss = { ...loss, state: wanted, decidedBy: context.caller.name, reason };
    change.put(key, decided);
    change.about(claimId);
    return decided;
  },
};

/** One that was refused or taken back meanwhile has nothing left to take back. */
function mayNot(claim: Claim) {
  const { claimId } = claim.bill;
  if (claim.state === "IN_REVIEW" || claim.state === "PENDING")
    return refuse("NOT_APPROVED", { field: "claim_id", claim: claimId, state: claim.state });
  return claim.sharedFen !== undefined && isPromised(claim)
    ? refuse("HAS_SHARE", { field: "claim_id", claim: claimId, fen: claim.sharedFen })
    : undefined;
}
