/**
 * What follows for later claims when one draws less than it did: taken back, refused, or deducted by the review desk. Those that stood on it (nth stay, caps) are computed
 * again; each difference is a correction that the county decides, or that is posted at once, or left, as their own scheme says. Nothing is edited: what is posted is an entry
 * of its own.
 */
import type { Change, Context, Key, Loaded, State } from "../../values/decision.ts";
import { greater, lesser } from "../../values/money.ts";
import { type Claim, type Correction, claims, corrections, years } from "./documents.ts";
import type { ClaimsEvents } from "./events.ts";
import { householdKey } from "./family-account.ts";
import { documentKeys, documentsOf } from "./published.ts";
import { type Differing, isWaiting, laterClaims, neighboursOf, resequence } from "./resequence.ts";
import { adjust, factOf, isPromised } from "./standing.ts";
import { type Drawing, drawingOf, drawnKeys, exchange } from "./year.ts";

/** What `laterDiffering` and `correct` look at. */
export function aftermathKeys(claim: Claim, loaded: Loaded): Key[] {
  const later = laterClaims(claim, loaded);
  return [
    ...drawnKeys(claim),
    householdKey(claim.bill),
    ...neighboursOf(claim, loaded),
    ...later.flatMap(drawnKeys),
    ...later.map((one) => householdKey(one.bill)),
    ...[claim, ...later].map((one) => corrections.key(one.bill.claimId)),
    ...[claim, ...later].flatMap((one) => documentKeys(one, loaded)),
  ];
}

/** The later claims that `claim` draws less for, once it draws what it `would`; nothing: undefined. Asked before anything of it changes. */
export function laterDiffering(claim: Claim, would: Drawing | undefined, state: State): Differing[] {
  return resequence(claim, would, laterClaims(claim, state), {
    documentsOf: (one) => documentsOf(one, state),
    correctionOf: (one) => state.get(corrections.key(one.bill.claimId)),
  });
}

/** A later claim's difference: queued for the county, or posted at once, as that claim's own scheme says. */
export function correct(
  { claim, ...difference }: Differing,
  cause: Claim,
  state: State,
  change: Change<ClaimsEvents>,
  context: Context,
): void {
  const { resequence: rule } = documentsOf(claim, state).home.scheme.reversal;
  if (rule === "NONE") return;
  const { claimId } = claim.bill;
  const stored = state.get(corrections.key(claimId));
  const waiting = isWaiting(stored) ? stored.causedBy : [];
  const correction: Correction = {
    county: claim.county,
    claimId,
    causedBy: [...waiting, cause.bill.claimId],
    ...difference,
    state: difference.deltaFen === 0n ? "EVEN" : "QUEUED",
    queuedAtMs: context.atMs,
    posted: stored?.posted ?? 0,
  };
  if (rule === "AUTO" && correction.state === "QUEUED" && isPromised(claim)) postCorrection(correction, claim, state, change, context);
  else change.put(corrections.key(claimId), correction);
}

/** Gives a promised claim what it would have been, by an entry of its own; with `deductions` in the place of those that it had, where they are given. */
export function postCorrection(
  queued: Correction,
  claim: Claim,
  state: State,
  change: Change<ClaimsEvents>,
  context: Context,
  deductions = claim.corrected?.deductions,
): Correction {
  const { claimId, before, drawn } = queued;
  const toFen = withinCaps(claim, queued.toFen, state);
  const deltaFen = toFen - drawingOf(claim).fundFen;
  const posted: Correction = { ...queued, toFen, deltaFen, state: "POSTED", posted: queued.posted + 1 };
  change.put(corrections.key(claimId), posted);
  exchange(claim, { fundFen: toFen, drawn }, state, change);
  const corrected = { fen: toFen - claim.benefit.fundFen, before, drawn, ...(deductions ? { deductions } : {}) };
  change.put(claims.key(claimId), { ...claim, corrected });
  adjust(claim, `${factOf(claim)}/correction/${posted.posted}`, { fundFen: toFen, drawn }, change, context);
  return posted;
}

/** More than a claim has now it gets only where its caps have room left: what was freed may have been drawn by others meanwhile. */
export function withinCaps(claim: Claim, toFen: bigint, state: State): bigint {
  const nowFen = drawingOf(claim).fundFen;
  const { caps } = documentsOf(claim, state).home.scheme;
  return claim.drawn.caps.reduce((most, { code, holder }) => {
    const capFen = caps.find((cap) => cap.code === code)?.fen ?? 0n;
    const usedFen = state.must(years.key(holder, claim.year)).usedFen[code] ?? 0n;
    return toFen <= nowFen ? most : lesser(most, greater(nowFen, nowFen + capFen - usedFen));
  }, toFen);
}
