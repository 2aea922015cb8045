/**
 * How an institution has done (考核) decides what it gets of what was withheld: a treasurer proposes a score with a reason, another person approves it, and all that stands withheld then is shared by it:
 * the score's part is a payable to the institution, less what it owes; the rest goes back to the funds that bore it, each its own part, by largest remainder. Once for an institution and period.
 * What is approved is the score, not a sum: claims go on being promised and corrected between the two, and each belongs to the round that is open when it is posted.
 */
import type { Decision, Key, Loaded } from "../../values/decision.ts";
import { BP, halfUp, splitByWeight, sum } from "../../values/money.ts";
import { benefitsOf, hospitalAccount, PAYABLE, WITHHELD_PURPOSES, withheldAccount } from "./chart.ts";
import { setOff, withDebt } from "./debts.ts";
import { type Assessment, accounts, assessments, books, type Line, payables, type Withholding, withholdings } from "./documents.ts";
import type { SettlementEvents } from "./events.ts";
import { bookedYear } from "./nominal.ts";
import { promise } from "./payables.ts";
import { newLines, post, postingKeys } from "./posting.ts";
import { refuse } from "./refusals.ts";

export interface AssessmentOf {
  readonly county: string;
  readonly institutionId: string;
  /** YYYY-MM. */
  readonly period: string;
  readonly scoreBp: bigint;
}

export interface ProposeInput extends AssessmentOf {
  readonly reason: string;
}

/** The entry's id, and the payable's. */
function releaseIdOf({ institutionId, period }: AssessmentOf): string {
  return `withheld/${institutionId}/${period}`;
}

function withheldKeys({ county, institutionId }: AssessmentOf): Key[] {
  return WITHHELD_PURPOSES.map((purpose) => accounts.key(county, withheldAccount(institutionId, purpose)));
}

/** What stands withheld, by purpose. */
function withheldFen({ county, institutionId }: AssessmentOf, documents: Loaded): bigint[] {
  return WITHHELD_PURPOSES.map(
    (purpose) => -(documents.get(accounts.key(county, withheldAccount(institutionId, purpose)))?.balanceFen ?? 0n),
  );
}

/** The institution's withholding, where this county has one with it. */
function withholdingOf({ county, institutionId }: AssessmentOf, documents: Loaded): Withholding | undefined {
  const known = documents.get(withholdings.key(institutionId));
  return known?.county === county ? known : undefined;
}

/** Proposed anew, before it is approved, the newest counts. */
export const proposeAssessment: Decision<ProposeInput, Assessment, SettlementEvents> = {
  needs(input, loaded) {
    const known = withholdingOf(input, loaded);
    const round = known ? [assessments.key(input.institutionId, known.round)] : [];
    return [withholdings.key(input.institutionId), ...round, ...withheldKeys(input)];
  },
  decide(input, state, change, { caller, day }) {
    const { county, institutionId: institution, period, scoreBp, reason } = input;
    change.about(institution);
    const known = withholdingOf(input, state);
    if (!known) return refuse("UNKNOWN_INSTITUTION", { field: "institution_id", county, institution });
    if (period > day.slice(0, 7)) return refuse("PERIOD_TO_COME", { field: "period", period, today: day });
    if (period <= known.assessedPeriod)
      return refuse("PERIOD_ASSESSED", { field: "period", institution, period, assessed: known.assessedPeriod });
    if (sum(withheldFen(input, state)) === 0n) return refuse("NOTHING_WITHHELD", { field: "institution_id", institution });
    const proposed: Assessment = {
      county,
      institutionId: institution,
      period,
      state: "PROPOSED",
      scoreBp,
      reason,
      proposedBy: caller.name,
      approvedBy: "",
      approvedOn: "",
      withheldFen: 0n,
      releasedFen: 0n,
      setOffFen: 0n,
      returnedFen: 0n,
    };
    change.guard(withholdings.key(institution));
    change.put(assessments.key(institution, known.round), proposed);
    return proposed;
  },
};

interface Shared {
  readonly withheldFen: bigint;
  readonly releasedFen: bigint;
  readonly setOffFen: bigint;
  readonly returnedFen: bigint;
  readonly lines: readonly Line[];
}

/** Rounds half-up, once for the whole. */
function sharedBy(input: AssessmentOf, day: string, documents: Loaded): Shared {
  const { county, institutionId, scoreBp } = input;
  const held = withheldFen(input, documents);
  const wholeFen = sum(held);
  if (wholeFen === 0n) return { withheldFen: 0n, releasedFen: 0n, setOffFen: 0n, returnedFen: 0n, lines: [] };
  const releasedFen = halfUp(wholeFen * scoreBp, BP);
  const returned = splitByWeight(wholeFen - releasedFen, held);
  const book = documents.get(books.key(county));
  const setOffFen = book ? setOff(book, institutionId, releasedFen) : 0n;
  const year = bookedYear(book, day);
  const lines = newLines();
  for (const [index, purpose] of WITHHELD_PURPOSES.entries()) {
    lines.move(county, withheldAccount(institutionId, purpose), held[index] ?? 0n);
    lines.move(county, benefitsOf(purpose, year), -(returned[index] ?? 0n));
  }
  lines.move(county, PAYABLE, setOffFen - releasedFen);
  lines.move(county, hospitalAccount(institutionId), -setOffFen);
  return { withheldFen: wholeFen, releasedFen, setOffFen, returnedFen: wholeFen - releasedFen, lines: lines.all() };
}

export const approveAssessment: Decision<AssessmentOf, Assessment, SettlementEvents> = {
  needs(input, loaded, { day }) {
    const { county, institutionId } = input;
    const keys: Key[] = [withholdings.key(institutionId), books.key(county)];
    const known = withholdingOf(input, loaded);
    if (!known) return keys;
    keys.push(assessments.key(institutionId, known.round));
    if (known.round > 1) keys.push(assessments.key(institutionId, known.round - 1));
    const id = releaseIdOf(input);
    return [...keys, ...withheldKeys(input), payables.key(id), ...postingKeys(id, day, sharedBy(input, day, loaded).lines)];
  },
  decide(input, state, change, context) {
    const { county, institutionId: institution, period, scoreBp } = input;
    const { caller, day } = context;
    change.about(institution);
    const known = withholdingOf(input, state);
    if (!known) return refuse("UNKNOWN_INSTITUTION", { field: "institution_id", county, institution });
    if (period <= known.assessedPeriod) {
      const last = state.get(assessments.key(institution, known.round - 1));
      if (last?.period === period && last.scoreBp === scoreBp) return last;
      return refuse("PERIOD_ASSESSED", { field: "period", institution, period, assessed: known.assessedPeriod });
    }
    const key = assessments.key(institution, known.round);
    const proposed = state.get(key);
    if (proposed?.period !== period) return refuse("UNKNOWN_ASSESSMENT", { field: "period", institution, period });
    if (proposed.scoreBp !== scoreBp) return refuse("ASSESSMENT_CHANGED", { field: "score_bp", institution, score: proposed.scoreBp });
    if (proposed.proposedBy === caller.name) return refuse("PROPOSED_BY_YOU", { name: caller.name });
    const { lines, ...sums } = sharedBy(input, day, state);
    if (sums.withheldFen === 0n) return refuse("NOTHING_WITHHELD", { field: "institution_id", institution });
    const id = releaseIdOf(input);
    post(state, change, context, { id, county, day, about: id, lines });
    change.put(books.key(county), withDebt(state.must(books.key(county)), institution, -sums.setOffFen));
    const amountFen = sums.releasedFen - sums.setOffFen;
    // Of no claim: what the bank says of it changes none.
    if (amountFen > 0n) promise(state, change, { payableId: id, county, amountFen, payee: institution, claimId: "", day });
    const approved: Assessment = { ...proposed, ...sums, state: "APPROVED", approvedBy: caller.name, approvedOn: day };
    change.put(key, approved);
    change.put(withholdings.key(institution), { ...known, round: known.round + 1, assessedPeriod: period });
    return approved;
  },
};
