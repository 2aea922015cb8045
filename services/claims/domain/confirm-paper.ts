/**
 * What the hospital of a paper claim answers when it is asked: papers are forged, and stays are invented. Confirmed by its code, the claim may be approved; denied, it is refused. A code stands for
 * one claim: with one that is known a forger would confirm as many as he likes. Who submitted the claim does not enter the answer.
 */
import type { Decision } from "../../values/decision.ts";
import { type Claim, type Confirmation, claims } from "./documents.ts";
import type { ClaimsEvents } from "./events.ts";
import { codeKey } from "./invoice-keys.ts";
import { reasons } from "./reasons.ts";
import { refuse } from "./refusals.ts";
import { refusalKeys, refuseClaim } from "./refuse-claim.ts";

export type HospitalAnswer = Omit<Confirmation, "enteredBy" | "enteredOn">;

export interface ConfirmInput {
  /** The home county. */
  readonly county: string;
  readonly claimId: string;
  readonly answer: HospitalAnswer;
  /** What the hospital says where it denies; empty otherwise. */
  readonly reason: string;
}

/** Replies with the claim as it then stands; the same answer again changes nothing. */
export const confirmPaper: Decision<ConfirmInput, Claim, ClaimsEvents> = {
  needs({ claimId, answer }, loaded) {
    const key = claims.key(claimId);
    const claim = loaded.get(key);
    if (!answer.confirmed) return [key, ...refusalKeys(claim, loaded)];
    return claim?.paper ? [key, codeKey(claim.paper, answer.code)] : [key];
  },
  decide({ county, claimId, answer, reason }, state, change, context) {
    const claim = state.get(claims.key(claimId));
    if (claim?.county !== county || !claim.paper) return refuse("UNKNOWN_CLAIM", { field: "claim_id", claim: claimId });
    change.about(claimId);
    const { name } = context.caller;
    if (name === claim.paper.submittedBy) return refuse("SUBMITTED_BY_YOU", { field: "claim_id", name });
    const known = claim.paper.confirmation;
    if (known) {
      const by = known.enteredBy;
      return isSame(known, answer) ? claim : refuse("ALREADY_CONFIRMED", { field: "confirmation", claim: claimId, by });
    }
    if (claim.state !== "IN_REVIEW") return refuse("NOT_IN_REVIEW", { field: "claim_id", claim: claimId, state: claim.state });
    const answered: Claim = { ...claim, paper: { ...claim.paper, confirmation: { ...answer, enteredBy: name, enteredOn: context.day } } };
    if (!answer.confirmed) return refuseClaim(answered, reasons.denied(answer.answeredBy, reason), state, change, context);
    const code = codeKey(claim.paper, answer.code);
    const used = state.get(code);
    if (used?.claimId) return refuse("CODE_USED", { field: "confirmation.code", code: answer.code, claim: used.claimId });
    change.put(code, { ...used, county, claimId });
    const confirmed: Claim = { ...answered, reason: answered.reason.replace(reasons.unconfirmed, reasons.confirmed) };
    change.put(claims.key(claimId), confirmed);
    return confirmed;
  },
};

function isSame(known: Confirmation, { confirmed, askedBy, answeredBy, code }: HospitalAnswer): boolean {
  return known.confirmed === confirmed && known.askedBy === askedBy && known.answeredBy === answeredBy && known.code === code;
}
