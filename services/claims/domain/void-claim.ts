/**
 * Takes an approved claim back (冲销): it is VOIDED, its invoice and its days are free, what it drew is given back exactly, and its fund part becomes what the
 * institution owes. Later claims that stood on it (nth stay, caps) are computed again; each difference is a correction that the county decides, or that is
 * posted at once, or left, as their scheme says. A claim is never edited: every amount that changes is an entry of its own.
 */
import { dayOf, daysBetween } from "../../values/days.ts";
import type { Change, Context, Decision, Key, Loaded, State } from "../../values/decision.ts";
import { greater, lesser } from "../../values/money.ts";
import { assert, type Refusal } from "../../values/outcome.ts";
import { type Claim, type Correction, claims, corrections, invoices, years } from "./documents.ts";
import type { ClaimsEvents } from "./events.ts";
import { refuse } from "./refusals.ts";
import { type Differing, laterClaims, neighboursOf, resequence } from "./resequence.ts";
import { catalogues, type SchemeDocument, schemes, versionOf } from "./scheme.ts";
import { adjust, assertPath } from "./standing.ts";
import { drawingOf, drawnKeys, exchange, leaveYears } from "./year.ts";

export interface VoidInput {
  readonly institutionId: string;
  readonly claimId: string;
  readonly reason: string;
}

export const voidClaim: Decision<VoidInput, Claim, ClaimsEvents> = {
  needs({ claimId }, loaded) {
    const key = claims.key(claimId);
    const claim = loaded.get(key);
    if (!claim) return [key];
    const own = drawnKeys(claim);
    const later = laterClaims(claim, loaded);
    return [
      key,
      invoices.key(claim.bill.institutionId, claim.bill.invoiceNumber),
      ...own,
      ...neighboursOf(claim, loaded),
      ...later.flatMap(drawnKeys),
      ...[claim, ...later].map((one) => corrections.key(one.bill.claimId)),
      ...[claim, ...later].flatMap((one) => documentKeys(one, loaded)),
    ];
  },
  decide({ institutionId, claimId, reason }, state, change, context) {
    const claim = state.get(claims.key(claimId));
    if (claim?.bill.institutionId !== institutionId) return refuse("UNKNOWN_CLAIM", { field: "claim_id", claim: claimId });
    if (claim.state === "VOIDED") return claim;
    const fault = mayNot(claim, state, context);
    if (fault) return fault;
    const later = laterClaims(claim, state);
    const differing = resequence(claim, later, {
      documentsOf: (one) => documentsOf(one, state),
      correctionOf: (one) => state.get(corrections.key(one.bill.claimId)),
    });
    const voided = takeBack(claim, reason, state, change, context);
    for (const one of differing) correct(one, claim, state, change, context);
    return voided;
  },
};

/** Why the claim may not be taken back. */
function mayNot(claim: Claim, state: State, context: Context): Refusal | undefined {
  const { claimId } = claim.bill;
  if (!isPromised(claim)) return refuse("NOT_APPROVED", { field: "claim_id", claim: claimId, state: claim.state });
  const { blockAfterDisbursed, dayLimit } = documentsOf(claim, state).home.scheme.reversal;
  if (claim.state === "PAID" && blockAfterDisbursed) return refuse("ALREADY_PAID", { field: "claim_id", claim: claimId });
  const days = daysBetween(dayOf(claim.decidedAtMs), context.day);
  return dayLimit !== undefined && days > dayLimit ? refuse("TOO_LATE", { field: "claim_id", claim: claimId, days: dayLimit }) : undefined;
}

function isPromised({ state }: Claim): boolean {
  return state === "APPROVED" || state === "PAID";
}

function takeBack(claim: Claim, reason: string, state: State, change: Change<ClaimsEvents>, context: Context): Claim {
  assertPath(claim, "VOIDED");
  const { bill } = claim;
  const invoice = invoices.key(bill.institutionId, bill.invoiceNumber);
  leaveYears(claim, state, change);
  change.put(invoice, { ...state.must(invoice), claimId: "" });
  const voided: Claim = { ...claim, state: "VOIDED", reason };
  change.put(claims.key(bill.claimId), voided);
  change.about(bill.claimId);
  const waiting = state.get(corrections.key(bill.claimId));
  if (waiting?.state === "QUEUED") change.put(corrections.key(bill.claimId), { ...waiting, state: "DISMISSED" });
  adjust(claim, `claim/${bill.claimId}/void`, -drawingOf(claim).fundFen, change, context);
  return voided;
}

/** A later claim's difference: queued for the county, or posted at once, as that claim's own scheme says. */
function correct({ claim, ...difference }: Differing, cause: Claim, state: State, change: Change<ClaimsEvents>, context: Context): void {
  const { resequence: rule } = documentsOf(claim, state).home.scheme.reversal;
  if (rule === "NONE") return;
  const { claimId } = claim.bill;
  const stored = state.get(corrections.key(claimId));
  const waiting = stored?.state === "QUEUED" || stored?.state === "EVEN" ? stored.causedBy : [];
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

export interface CorrectionInput {
  /** The home county. */
  readonly county: string;
  readonly claimId: string;
  readonly verdict: "POST" | "DISMISS";
}

/** The county's word on a claim's correction. */
export const decideCorrection: Decision<CorrectionInput, Correction, ClaimsEvents> = {
  needs({ claimId }, loaded) {
    const key = claims.key(claimId);
    const claim = loaded.get(key);
    return [key, corrections.key(claimId), ...(claim ? [...drawnKeys(claim), ...schemeKey(claim.benefit.schemeId)] : [])];
  },
  decide({ county, claimId, verdict }, state, change, context) {
    const key = corrections.key(claimId);
    const correction = state.get(key);
    if (correction?.county !== county) return refuse("UNKNOWN_CORRECTION", { field: "claim_id", claim: claimId });
    const wanted = verdict === "POST" ? "POSTED" : "DISMISSED";
    if (correction.state === wanted) return correction;
    if (correction.state !== "QUEUED") return refuse("NOT_QUEUED", { field: "claim_id", claim: claimId, state: correction.state });
    const claim = state.must(claims.key(claimId));
    change.about(claimId);
    if (verdict === "POST" && isPromised(claim)) return postCorrection(correction, claim, state, change, context);
    // Nothing is promised yet that could be corrected; where it has been refused or taken back meanwhile, there is nothing left to correct.
    if (verdict === "POST" && (claim.state === "IN_REVIEW" || claim.state === "PENDING"))
      return refuse("NOT_APPROVED", { field: "claim_id", claim: claimId, state: claim.state });
    const dismissed: Correction = { ...correction, state: "DISMISSED" };
    change.put(key, dismissed);
    return dismissed;
  },
};

function postCorrection(queued: Correction, claim: Claim, state: State, change: Change<ClaimsEvents>, context: Context): Correction {
  const { claimId, before, drawn } = queued;
  const toFen = withinCaps(claim, queued.toFen, state);
  const deltaFen = toFen - drawingOf(claim).fundFen;
  const posted: Correction = { ...queued, toFen, deltaFen, state: "POSTED", posted: queued.posted + 1 };
  change.put(corrections.key(claimId), posted);
  exchange(claim, { fundFen: toFen, drawn }, state, change);
  change.put(claims.key(claimId), { ...claim, corrected: { fen: toFen - claim.benefit.fundFen, before, drawn } });
  adjust(claim, `claim/${claimId}/correction/${posted.posted}`, deltaFen, change, context);
  return posted;
}

/** More than a claim has now it gets only where its caps have room left: what was freed may have been drawn by others meanwhile. */
function withinCaps(claim: Claim, toFen: bigint, state: State): bigint {
  const nowFen = drawingOf(claim).fundFen;
  const { caps } = schemeOf(claim.benefit.schemeId, state).scheme;
  return claim.drawn.caps.reduce((most, { code, holder }) => {
    const capFen = caps.find((cap) => cap.code === code)?.fen ?? 0n;
    const usedFen = state.must(years.key(holder, claim.year)).usedFen[code] ?? 0n;
    return toFen <= nowFen ? most : lesser(most, greater(nowFen, nowFen + capFen - usedFen));
  }, toFen);
}

function schemeKey(schemeId: string) {
  const version = versionOf(schemeId);
  return version ? [schemes.key(version.county, version.year, version.version)] : [];
}

/** The published documents that a claim was computed by. */
function documentKeys({ benefit, basis }: Claim, loaded: Loaded): Key[] {
  const [treatingKey] = schemeKey(basis.treatingSchemeId);
  const treating = treatingKey && loaded.get(treatingKey);
  return [
    ...schemeKey(benefit.schemeId),
    ...(treatingKey ? [treatingKey] : []),
    ...(treating ? [catalogues.key(treating.scheme.catalogueVersion)] : []),
  ];
}

function documentsOf({ benefit, basis }: Claim, state: State) {
  const treating = schemeOf(basis.treatingSchemeId, state);
  return {
    home: schemeOf(benefit.schemeId, state),
    treating,
    catalogue: state.must(catalogues.key(treating.scheme.catalogueVersion)),
  };
}

function schemeOf(schemeId: string, state: State): SchemeDocument {
  const [key] = schemeKey(schemeId);
  assert(key, `${schemeId} is a scheme's id`);
  return state.must(key);
}
