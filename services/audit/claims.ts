/**
 * Invariant 7: every claim is in exactly one state, its fields say the same as its state, and the events that its decisions told are those of a legal path.
 * Events are counted, not put in order: the twins' clocks may differ by a second, and a claim may be decided by both within one.
 */
import type { Findings } from "./findings.ts";
import type { ClaimEventView, ClaimView, Records } from "./records.ts";
import { joined } from "./streams.ts";

export const CLAIMS_TITLE = {
  invariant: 7,
  zh: "每笔报销只处于一种状态，且经合法路径到达",
  en: "Every claim is in exactly one state, and got there by a legal path",
} as const;

const APPROVED = "ClaimApproved";
const HELD = "ClaimHeld";
const REFUSED = "ClaimRefused";
const REQUESTED = "PrefundRequested";
const PAID = "ClaimsPaid";
const EVENTS = [APPROVED, HELD, REFUSED, REQUESTED, PAID] as const;

type Told = (name: (typeof EVENTS)[number]) => number;

export async function checkClaims(records: Records, findings: Findings): Promise<void> {
  const groups = joined<{ claims: ClaimView; events: ClaimEventView }>({
    claims: { rows: records.claims(), key: (claim) => claim._id },
    events: { rows: records.claimEvents(EVENTS), key: (event) => event.claimId },
  });
  for await (const { key, rows } of groups) {
    findings.look();
    const told: Told = (name) => rows.events.filter((event) => event.name === name).length;
    const [claim] = rows.claims;
    if (!claim) {
      findings.hold(false, () => `claim ${key} is not there, and ${rows.events.map(({ name }) => name).join(", ")} was told of it`);
      continue;
    }
    checkAmounts(claim, findings);
    checkFields(claim, findings);
    checkPath(claim, told, findings);
    checkPaper(claim, findings);
  }
}

/** Only the hospital's part may be below nothing: what it keeps of a price. */
function checkAmounts({ _id, bill, benefit }: ClaimView, findings: Findings): void {
  const { totalFen, fundFen, patientFen, hospitalFen, subsidyFen, accountFen, assistanceFen, catastrophicFen } = benefit;
  const parts = [subsidyFen, fundFen, accountFen, assistanceFen, catastrophicFen, patientFen];
  const sum = parts.reduce((total, fen) => total + fen, hospitalFen);
  const sums = bill.totalFen === totalFen && sum === totalFen && parts.every((fen) => fen >= 0n);
  findings.hold(
    sums,
    () => `claim ${_id} bills ${bill.totalFen} fen: fund ${fundFen} + patient ${patientFen}, all parts ${sum}, total ${totalFen}`,
  );
}

/** A bill on paper is paid from home, and only after its hospital has confirmed it by a code, which another person than its clerk entered. */
function checkPaper({ _id, paper, state, county, treatingCounty, bill }: ClaimView, findings: Findings): void {
  if (!paper) return;
  const { submittedBy, confirmation } = paper;
  const says = () =>
    `paper claim ${_id} is ${state}, paid by ${treatingCounty}; ${submittedBy} submitted it, ${confirmation?.enteredBy ?? "nobody"} entered the code ${confirmation?.code ?? ""}`;
  findings.hold(county === treatingCounty && bill.institutionId === "" && state !== "PENDING", says);
  findings.hold(confirmation?.enteredBy !== submittedBy, says);
  const promised = state === "APPROVED" || state === "PAID" || state === "VOIDED";
  findings.hold(!promised || (confirmation?.confirmed === true && confirmation.code !== ""), says);
}

/** What each state asks of a claim's fields. */
const FIELDS: Readonly<Record<string, (claim: ClaimView) => boolean>> = {
  IN_REVIEW: (claim) => claim.waitingSinceMs !== undefined && claim.reason !== "" && claim.paidAtMs === 0,
  PENDING: (claim) => claim.waitingSinceMs !== undefined && claim.paidAtMs === 0 && claim.county !== claim.treatingCounty,
  APPROVED: (claim) => claim.waitingSinceMs === undefined && isDecided(claim),
  PAID: (claim) => claim.waitingSinceMs === undefined && isDecided(claim) && claim.paidAtMs > 0,
  VOIDED: (claim) => claim.waitingSinceMs === undefined && isDecided(claim) && claim.reason !== "",
  REFUSED: (claim) => claim.waitingSinceMs === undefined && isDecided(claim) && claim.reason !== "" && claim.paidAtMs === 0,
};

function isDecided({ decision, decidedAtMs }: ClaimView): boolean {
  return decision >= 1 && decidedAtMs > 0;
}

function checkFields(claim: ClaimView, findings: Findings): void {
  const { _id, state, decision, submittedAtMs, decidedAtMs, paidAtMs } = claim;
  const fits = FIELDS[state];
  const says = () =>
    `decision ${decision}, submitted ${submittedAtMs}, decided ${decidedAtMs}, paid ${paidAtMs}, waiting since ${claim.waitingSinceMs ?? "never"}`;
  findings.hold(fits !== undefined, () => `claim ${_id} is ${state}, which is no state`);
  findings.hold(fits === undefined || fits(claim), () => `claim ${_id} is ${state}, with ${says()}`);
}

/**
 * nothing → APPROVED | IN_REVIEW | PENDING · IN_REVIEW → APPROVED | PENDING | REFUSED · PENDING → APPROVED | REFUSED · APPROVED → PAID → APPROVED (the money came back) · APPROVED | PAID → VOIDED.
 */
function checkPath(claim: ClaimView, told: Told, findings: Findings): void {
  const { _id, state, decision, county, treatingCounty, benefit } = claim;
  const path = () => EVENTS.map((name) => `${told(name)} ${name}`).join(", ");
  const hold = (holds: boolean) =>
    findings.hold(holds, () => `claim ${_id} is ${state} by decision ${decision}, and was told by ${path()}`);
  const approvals = told(APPROVED);
  const refusals = told(REFUSED);
  const approved = state === "APPROVED" || state === "PAID" || state === "VOIDED";
  hold(approvals + refusals === decision && approvals === (approved ? 1 : 0));
  if (state === "IN_REVIEW") hold(told(HELD) > refusals);
  if (state === "PENDING" || (approved && county !== treatingCounty && benefit.fundFen + benefit.accountFen > 0n))
    hold(told(REQUESTED) >= 1);
  if (state === "REFUSED") hold(refusals >= 1 && told(HELD) + told(REQUESTED) >= 1);
  const paid = told(PAID) >= 1;
  hold(approved || !paid);
  if (state === "PAID") hold(paid);
  if (state === "APPROVED" && paid) hold((claim.returned?.length ?? 0) >= 1);
}
