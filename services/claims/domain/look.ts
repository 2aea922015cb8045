/**
 * Claims that are looked at after they have passed (复查): flagged by a rule, found by the nightly rules, or in the sample. Right or at fault, in a reviewer's word; what is then taken off its lines is
 * a correction of the claim, by an entry of its own.
 */
import type { Finding } from "../../rules/rule.ts";
import type { Change, Context, Decision } from "../../values/decision.ts";
import { aftermathKeys } from "./aftermath.ts";
import { amend, deductionsOf } from "./appeal.ts";
import { type Claim, claims } from "./documents.ts";
import type { ClaimsEvents } from "./events.ts";
import { refuse } from "./refusals.ts";
import { deductionFault, merged } from "./review.ts";
import type { Deduction } from "./review-documents.ts";
import { type Look, looks, rulesets, SAMPLE, score, scoreKeys } from "./rulebook.ts";
import { isSampled, type Ruled } from "./ruled.ts";
import { taskOf } from "./task.ts";

/** Notes a claim that has passed and is to be looked at. */
export function lookLater({ bill, county }: Claim, { book, findings }: Ruled, change: Change, { atMs }: Context): void {
  const { claimId } = bill;
  const flagged = findings.filter(({ action }) => action === "FLAG");
  const sampled = isSampled(claimId, book.sampleBp);
  if (!sampled && flagged.length === 0) return;
  change.put(looks.key(claimId), newLook(county, claimId, sampled, book.version, flagged, atMs));
}

function newLook(
  county: string,
  claimId: string,
  sampled: boolean,
  bookVersion: number,
  findings: readonly Finding[],
  sinceMs: number,
): Look {
  return { county, claimId, sampled, bookVersion, findings, state: "OPEN", sinceMs, closedBy: "", note: "", deltaFen: 0n };
}

export interface ReportInput {
  readonly version: number;
  readonly found: readonly { readonly claimId: string; readonly findings: readonly Finding[] }[];
}

/** Replies with how many claims are to be looked at that were not before for this. */
export const reportFindings: Decision<ReportInput, number> = {
  needs: ({ version, found }) => [rulesets.key(version), ...found.flatMap(({ claimId }) => [claims.key(claimId), looks.key(claimId)])],
  decide({ version, found }, state, change, { atMs }) {
    const book = state.get(rulesets.key(version))?.book;
    if (!book) return refuse("UNKNOWN_RULES", { field: "version", rules: version });
    let news = 0;
    for (const [index, { claimId, findings }] of found.entries()) {
      const claim = state.get(claims.key(claimId));
      if (!claim) return refuse("UNKNOWN_CLAIM", { field: `found[${index}].claim_id`, claim: claimId });
      for (const [place, { ruleId, version: of }] of findings.entries())
        if (!book.rules.some((rule) => rule.id === ruleId && rule.version === of && rule.stage === "NIGHTLY"))
          return refuse("UNKNOWN_RULE", { field: `found[${index}].findings[${place}].rule_id`, rule: ruleId });
      const stored = state.get(looks.key(claimId));
      const known = stored?.findings ?? [];
      const fresh = findings.filter((one) => !known.some(({ ruleId, version: of }) => ruleId === one.ruleId && of === one.version));
      if (fresh.length === 0) continue;
      news += 1;
      change.about(claimId);
      const base = stored ?? newLook(claim.county, claimId, false, version, [], atMs);
      // What was found right is looked at again for what is found now.
      const since = base.state === "OPEN" ? {} : { state: "OPEN" as const, sinceMs: atMs, closedBy: "", note: "" };
      change.put(looks.key(claimId), { ...base, ...since, findings: [...known, ...fresh] });
    }
    return news;
  },
};

export interface CloseInput {
  /** The home county. */
  readonly county: string;
  readonly claimId: string;
  readonly verdict: "RIGHT" | "FAULTY";
  readonly note: string;
  /** In the place of those that the lines have; none with RIGHT. */
  readonly deductions: readonly Deduction[];
}

/** Replies with the look as it then stands. */
export const closeLook: Decision<CloseInput, Look, ClaimsEvents> = {
  needs({ county, claimId, deductions }, loaded) {
    const keys = [claims.key(claimId), looks.key(claimId)];
    const claim = loaded.get(claims.key(claimId));
    const look = loaded.get(looks.key(claimId));
    const scores = look ? scoreKeys(county, scoredOf(look)) : [];
    return claim && deductions.length > 0 ? [...keys, ...scores, ...aftermathKeys(claim, loaded)] : [...keys, ...scores];
  },
  decide({ county, claimId, verdict, note, deductions }, state, change, context) {
    const look = state.get(looks.key(claimId));
    if (look?.county !== county) return refuse("UNKNOWN_LOOK", { field: "claim_id", claim: claimId });
    change.about(claimId);
    const { name } = context.caller;
    if (look.state === verdict && look.closedBy === name && look.note === note) return look;
    if (look.state !== "OPEN") return refuse("LOOK_CLOSED", { field: "claim_id", claim: claimId, by: look.closedBy });
    const claim = state.must(claims.key(claimId));
    const { first, decidedBy } = taskOf(claim);
    if (first?.by === name || decidedBy === name) return refuse("PASSED_BY_YOU", { field: "claim_id", claim: claimId, name });
    let deltaFen = 0n;
    if (deductions.length > 0) {
      const fault = deductionFault(claim, deductions);
      if (fault) return fault;
      const posted = amend(claim, merged(deductionsOf(claim), deductions), state, change, context);
      if (typeof posted !== "bigint") return posted;
      deltaFen = posted;
    }
    for (const one of scoredOf(look)) score(county, one, bearingOf(one, verdict), state, change);
    const closed: Look = { ...look, state: verdict, closedBy: name, note, deltaFen: look.deltaFen + deltaFen };
    change.put(looks.key(claimId), closed);
    return closed;
  },
};

/** What a word on a look says something of: its findings, and the sample. */
function scoredOf({ findings, sampled, bookVersion }: Look): Pick<Finding, "ruleId" | "version">[] {
  return [...findings, ...(sampled ? [{ ruleId: SAMPLE, version: bookVersion }] : [])];
}

/** A rule that has found something is right where the claim is at fault; the sample counts the claims that are right. */
function bearingOf({ ruleId }: Pick<Finding, "ruleId">, verdict: "RIGHT" | "FAULTY") {
  return (ruleId === SAMPLE) === (verdict === "RIGHT") ? "RIGHT" : "WRONG";
}
