/**
 * An institution's objection to what the desk or a rule has taken off its claim (申诉), and the word of a second-level reviewer who had no part in the claim. What is given back is a correction of
 * the claim, by an entry of its own: the claim is computed once more without those deductions, with all that it saw, and later claims that stood on it are computed again.
 */
import { dayOf, daysBetween } from "../../values/days.ts";
import type { Change, Context, Decision, State } from "../../values/decision.ts";
import { assert, isRefusal, type Refusal } from "../../values/outcome.ts";
import { aftermathKeys, correct, laterDiffering, postCorrection, withinCaps } from "./aftermath.ts";
import { compute, inputOf } from "./compute.ts";
import { type Claim, type Correction, claims, corrections } from "./documents.ts";
import type { ClaimsEvents } from "./events.ts";
import { documentsOf } from "./published.ts";
import { refuse } from "./refusals.ts";
import { isWaiting } from "./resequence.ts";
import { type Appeal, appeals, type Deduction, reviewers } from "./review-documents.ts";
import { isPromised } from "./standing.ts";
import { levelOf, taskOf } from "./task.ts";
import { drawingOf } from "./year.ts";

/** From the decision on. */
const APPEAL_DAYS = 30;

/** What is taken off a claim now. */
export function deductionsOf({ deductions, corrected }: Pick<Claim, "deductions" | "corrected">): readonly Deduction[] {
  return corrected?.deductions ?? deductions ?? [];
}

export interface AppealInput {
  readonly institutionId: string;
  readonly claimId: string;
  readonly reason: string;
}

/** Replies with the appeal. */
export const appealClaim: Decision<AppealInput, Appeal> = {
  needs: ({ claimId }) => [claims.key(claimId), appeals.key(claimId)],
  decide({ institutionId, claimId, reason }, state, change, context) {
    const claim = state.get(claims.key(claimId));
    if (!claim || claim.paper || claim.bill.institutionId !== institutionId)
      return refuse("UNKNOWN_CLAIM", { field: "claim_id", claim: claimId });
    change.about(claimId);
    const { state: found } = claim;
    if (!isPromised(claim)) return refuse("NOT_APPROVED", { field: "claim_id", claim: claimId, state: found });
    if (state.get(appeals.key(claimId))) return refuse("APPEAL_EXISTS", { field: "claim_id", claim: claimId });
    const deductions = deductionsOf(claim);
    if (deductions.length === 0) return refuse("NOTHING_DEDUCTED", { field: "claim_id", claim: claimId });
    if (daysBetween(dayOf(claim.decidedAtMs), context.day) > APPEAL_DAYS)
      return refuse("APPEAL_TOO_LATE", { field: "claim_id", claim: claimId, days: APPEAL_DAYS });
    const appeal: Appeal = {
      county: claim.county,
      claimId,
      institutionId,
      reason,
      state: "OPEN",
      appealedAtMs: context.atMs,
      deductions,
      decidedBy: "",
      ruling: "",
      deltaFen: 0n,
    };
    change.put(appeals.key(claimId), appeal);
    change.guard(claims.key(claimId));
    return appeal;
  },
};

export interface DecideAppealInput {
  /** The home county. */
  readonly county: string;
  readonly claimId: string;
  readonly verdict: "GRANT" | "DISMISS";
  readonly reason: string;
  /** Whose deductions are given back; none: all of them. */
  readonly lines: readonly number[];
}

/** Replies with the appeal as it then stands. */
export const decideAppeal: Decision<DecideAppealInput, Appeal, ClaimsEvents> = {
  needs({ county, claimId, verdict }, loaded, { caller }) {
    const claim = loaded.get(claims.key(claimId));
    const keys = [claims.key(claimId), appeals.key(claimId), reviewers.key(county, caller.name)];
    return claim && verdict === "GRANT" ? [...keys, ...aftermathKeys(claim, loaded)] : keys;
  },
  decide({ county, claimId, verdict, reason, lines }, state, change, context) {
    const appeal = state.get(appeals.key(claimId));
    if (appeal?.county !== county) return refuse("UNKNOWN_APPEAL", { field: "claim_id", claim: claimId });
    change.about(claimId);
    if (appeal.state !== "OPEN") return refuse("APPEAL_DECIDED", { field: "claim_id", claim: claimId, by: appeal.decidedBy });
    const claim = state.must(claims.key(claimId));
    const fault = mayNotDecide(claim, state, context);
    if (fault) return fault;
    const decided: Appeal = { ...appeal, decidedBy: context.caller.name, ruling: reason };
    if (verdict === "DISMISS") {
      const dismissed: Appeal = { ...decided, state: "DISMISSED" };
      change.put(appeals.key(claimId), dismissed);
      return dismissed;
    }
    const [unknown] = lines.filter((line) => !appeal.deductions.some((one) => one.line === line));
    if (unknown !== undefined) return refuse("UNKNOWN_LINE", { field: "lines", line: unknown, lines: claim.bill.lines.length });
    const kept = lines.length === 0 ? [] : appeal.deductions.filter(({ line }) => !lines.includes(line));
    const deltaFen = amend(claim, kept, state, change, context);
    if (typeof deltaFen !== "bigint") return deltaFen;
    const granted: Appeal = { ...decided, state: "GRANTED", deductions: kept, deltaFen };
    change.put(appeals.key(claimId), granted);
    return granted;
  },
};

/** Who decides has a second level, and had no part in the claim. */
function mayNotDecide(claim: Claim, state: State, { caller }: Context): Refusal | undefined {
  const { name } = caller;
  const { claimId } = claim.bill;
  const { first, decidedBy } = taskOf(claim);
  if (levelOf(claim.county, caller, state) !== "SECOND") return refuse("ABOVE_YOUR_LEVEL", { field: "claim_id", claim: claimId, name });
  return first?.by === name || decidedBy === name ? refuse("PASSED_BY_YOU", { field: "claim_id", claim: claimId, name }) : undefined;
}

/**
 * Gives a promised claim what it is with these deductions in the place of those that it has, by an entry of its own; more only where its caps have room left.
 * Returns what the fund pays more. Refuses NOT_APPROVED and CORRECTION_WAITS. What it needs: `aftermathKeys`.
 */
export function amend(
  claim: Claim,
  deductions: readonly Deduction[],
  state: State,
  change: Change<ClaimsEvents>,
  context: Context,
): bigint | Refusal {
  const { claimId } = claim.bill;
  if (!isPromised(claim)) return refuse("NOT_APPROVED", { field: "claim_id", claim: claimId, state: claim.state });
  const stored = state.get(corrections.key(claimId));
  const posted = stored?.posted ?? 0;
  if (isWaiting(stored)) return refuse("CORRECTION_WAITS", { field: "claim_id", claim: claimId });
  const was = drawingOf(claim);
  const seen = claim.corrected?.before ?? claim.basis.before;
  // What its account has paid stays paid.
  const before = { ...seen, accountFen: was.drawn.accountFen };
  const computed = compute({ ...inputOf(claim, documentsOf(claim, state), before), deductions });
  assert(!isRefusal(computed), `${claimId} was computed and cannot be computed again`);
  const { drawn, benefit } = computed;
  const toFen = withinCaps(claim, benefit.fundFen, state);
  const deltaFen = toFen - was.fundFen;
  const differing = laterDiffering(claim, { fundFen: toFen, drawn }, state);
  const correction: Correction = {
    county: claim.county,
    claimId,
    causedBy: [claimId],
    toFen,
    deltaFen,
    before,
    drawn,
    state: "QUEUED",
    queuedAtMs: context.atMs,
    posted,
  };
  postCorrection(correction, claim, state, change, context, deductions);
  for (const one of differing) correct(one, claim, state, change, context);
  return deltaFen;
}
