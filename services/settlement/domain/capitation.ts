/**
 * Pay by head (按人头付费): a county pays an institution its scheme's sum for each person who is signed up with it, once a period, before anybody falls ill; a part is withheld until the institution is assessed
 * (Ningxia's pilot of 2010 paid 70 % and withheld 30 %). A treasurer proposes the number of heads, another person approves it. Dr 5001 (outpatient), Cr WITHHELD, Cr PAYABLE, less what the institution owes.
 */
import type { Decision, Key, Loaded } from "../../values/decision.ts";
import { benefitsOf, hospitalAccount, PAYABLE, withheldAccount } from "./chart.ts";
import { setOff, withDebt } from "./debts.ts";
import {
  books,
  type Capitation,
  type CapitationTerms,
  capitations,
  type Line,
  payables,
  splits,
  type Withheld,
  type Withholding,
  withholdings,
} from "./documents.ts";
import type { SettlementEvents } from "./events.ts";
import { bookedYear } from "./nominal.ts";
import { promise } from "./payables.ts";
import { newLines, post, postingKeys } from "./posting.ts";
import { refuse } from "./refusals.ts";
import { guardRound, partOf } from "./withholding.ts";

const PURPOSE = "OUTPATIENT";

export interface CapitationOf {
  readonly county: string;
  readonly institutionId: string;
  /** YYYY-MM: the month for which it is. */
  readonly period: string;
  /** Persons who are signed up with the institution. */
  readonly heads: number;
}

/** The entry's id, and the payable's. */
export function capitationIdOf({ institutionId, period }: CapitationOf): string {
  return `capitation/${institutionId}/${period}`;
}

function keyOf({ institutionId, period }: CapitationOf): Key<Capitation> {
  return capitations.key(institutionId, period);
}

/** What the county's scheme of the period's year pays the institution for a head. */
function termsOf({ county, institutionId, period }: CapitationOf, documents: Loaded): CapitationTerms | undefined {
  const split = documents.get(splits.key(county, period.slice(0, 4)));
  return split?.capitation?.find((terms) => terms.institutionId === institutionId);
}

function termsKey({ county, period }: CapitationOf): Key {
  return splits.key(county, period.slice(0, 4));
}

/** Proposed anew, before it is approved, the newest number counts. */
export const proposeCapitation: Decision<CapitationOf, Capitation, SettlementEvents> = {
  needs: (input) => [keyOf(input), termsKey(input)],
  decide(input, state, change, { caller, day }) {
    const { county, institutionId: institution, period, heads } = input;
    change.about(capitationIdOf(input));
    if (period > day.slice(0, 7)) return refuse("PERIOD_TO_COME", { field: "period", period, today: day });
    const stored = state.get(keyOf(input));
    if (stored?.state === "PAID") return refuse("CAPITATION_PAID", { field: "period", institution, period });
    const terms = termsOf(input, state);
    if (!terms) return refuse("NO_CAPITATION", { field: "institution_id", county, institution, year: period.slice(0, 4) });
    const { fenPerHead, withheldBp } = terms;
    const amountFen = fenPerHead * BigInt(heads);
    const proposed: Capitation = {
      county,
      institutionId: institution,
      period,
      state: "PROPOSED",
      heads,
      fenPerHead,
      withheldBp,
      amountFen,
      withheldFen: partOf(amountFen, withheldBp),
      setOffFen: 0n,
      proposedBy: caller.name,
      approvedBy: "",
      approvedOn: "",
    };
    change.guard(termsKey(input));
    change.put(keyOf(input), proposed);
    return proposed;
  },
};

/** What of the part that is not withheld is set off against what the institution owes. */
function setOffOf({ county, institutionId, amountFen, withheldFen }: Capitation, documents: Loaded): bigint {
  const book = documents.get(books.key(county));
  return book ? setOff(book, institutionId, amountFen - withheldFen) : 0n;
}

function linesOf(proposed: Capitation, day: string, documents: Loaded): readonly Line[] {
  const { county, institutionId, amountFen, withheldFen } = proposed;
  const setOffFen = setOffOf(proposed, documents);
  const lines = newLines();
  lines.move(county, benefitsOf(PURPOSE, bookedYear(documents.get(books.key(county)), day)), amountFen);
  lines.move(county, withheldAccount(institutionId, PURPOSE), -withheldFen);
  lines.move(county, hospitalAccount(institutionId), -setOffFen);
  lines.move(county, PAYABLE, setOffFen + withheldFen - amountFen);
  return lines.all();
}

/** The number of heads that the approver has read must be the one that is proposed. The same again is the same answer. */
export const approveCapitation: Decision<CapitationOf, Capitation, SettlementEvents> = {
  needs(input, loaded, { day }) {
    const { county, institutionId } = input;
    const id = capitationIdOf(input);
    const keys = [keyOf(input), books.key(county), withholdings.key(institutionId), payables.key(id)];
    const proposed = loaded.get(keyOf(input));
    return proposed?.state === "PROPOSED" ? [...keys, ...postingKeys(id, day, linesOf(proposed, day, loaded))] : keys;
  },
  decide(input, state, change, context) {
    const { county, institutionId: institution, period, heads } = input;
    const { caller, day } = context;
    const id = capitationIdOf(input);
    change.about(id);
    const proposed = state.get(keyOf(input));
    if (proposed?.county !== county) return refuse("UNKNOWN_CAPITATION", { field: "period", institution, period });
    if (proposed.heads !== heads) return refuse("CAPITATION_CHANGED", { field: "heads", institution, heads: proposed.heads });
    if (proposed.state === "PAID") return proposed;
    if (proposed.proposedBy === caller.name) return refuse("PROPOSED_BY_YOU", { name: caller.name });
    const { amountFen, withheldFen, withheldBp: bp, fenPerHead } = proposed;
    const setOffFen = setOffOf(proposed, state);
    post(state, change, context, { id, county, day, about: id, lines: linesOf(proposed, day, state) });
    change.put(books.key(county), withDebt(state.must(books.key(county)), institution, -setOffFen));
    const withholding = withholdingFor(proposed, state.get(withholdings.key(institution)));
    if (withholding.isNew) change.put(withholdings.key(institution), withholding.known);
    else guardRound(institution, state, change);
    const { round } = withholding.known;
    const withheld: Withheld = { purpose: PURPOSE, bp, round, promisedFen: withheldFen, fundFen: amountFen, heldFen: withheldFen };
    const payFen = amountFen - withheldFen - setOffFen;
    const besides = { setOffFen, ...(withheldFen > 0n ? { withheld } : {}) };
    // Of no claim: what the bank says of it changes none.
    const promised = { payableId: id, county, payee: institution, claimId: "", ...besides };
    if (payFen > 0n) promise(state, change, { ...promised, amountFen: payFen, day });
    else change.put(payables.key(id), { ...promised, amountFen: 0n, state: "PAID", dueOn: "", paidBy: id, surplusFen: 0n });
    const paid: Capitation = { ...proposed, fenPerHead, setOffFen, state: "PAID", approvedBy: caller.name, approvedOn: day };
    change.put(keyOf(input), paid);
    return paid;
  },
};

/** Where nothing was withheld of the institution before, its first round of assessment begins with this. */
function withholdingFor({ county, institutionId }: Capitation, known: Withholding | undefined): { known: Withholding; isNew: boolean } {
  if (known) return { known, isNew: false };
  return { known: { county, institutionId, withheldBp: 0n, round: 1, assessedPeriod: "" }, isNew: true };
}
