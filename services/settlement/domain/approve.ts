/**
 * ClaimApproved: what has been promised is posted, always (protocols 18). The approval's id is the entry's and the payable's, so that a repeat finds them.
 * Treated at home: Dr 5001 (and 5002, what the family account pays), Cr PAYABLE. Treated elsewhere (异地): the home book owes the treating county, whose book owes the institution and advances;
 * A part is withheld until the institution is assessed (Cr WITHHELD), and of the rest what it owes is set off first. Handed in on paper (手工报销), the household is paid by the home book, which then is the treating one. The obligation joins the open clearing window and the prefund's reserved part becomes committed. A claim of which nothing is promised has a payable of 0, PAID, without an entry.
 */
import type { Change, Decision, Key, Loaded, State } from "../../values/decision.ts";
import { assert, unavailable } from "../../values/outcome.ts";
import { owedIn } from "./bank.ts";
import { benefitsOf, currentAccount, dueFrom, dueTo, familyBenefitsOf, type Purpose, withheldAccount } from "./chart.ts";
import { setOff, withDebt } from "./debts.ts";
import {
  books,
  EMPTY_LEDGER,
  LEDGER,
  type Line,
  type Obligation,
  payables,
  type Reservation,
  reservations,
  withholdings,
} from "./documents.ts";
import type { SettlementEvents } from "./events.ts";
import { bookedYear } from "./nominal.ts";
import { isHouseholds, type Promised, promise, promisedFen } from "./payables.ts";
import { newLines, post, postingKeys } from "./posting.ts";
import { putPrefund, reservationIdOf } from "./prefund.ts";
import { FIRST_WINDOW, openWindowKey, withObligation } from "./windows.ts";
import { guardRound, mayWithhold, withheldOf } from "./withholding.ts";

export interface ApproveInput {
  /** claim/<claim id>/decision/<n>; paper/<claim id>/decision/<n> where a household is paid. */
  readonly approvalId: string;
  readonly claimId: string;
  readonly homeCounty: string;
  readonly treatingCounty: string;
  readonly institutionId: string;
  /** Who is paid instead of the institution. */
  readonly householdId?: string;
  readonly fundFen: bigint;
  /** From the household's account (家庭账户). */
  readonly accountFen: bigint;
  readonly fund: Exclude<Purpose, "SECOND">;
  readonly approvedOn: string;
  /** What the debtor's row says of the claim, where it is treated elsewhere. */
  readonly dischargedOn: string;
  readonly totalFen: bigint;
}

function isElsewhere(input: ApproveInput): boolean {
  return input.homeCounty !== input.treatingCounty;
}

function payeeOf({ householdId, institutionId }: ApproveInput): string {
  return householdId ?? institutionId;
}

/** What the payee is promised. */
function amountOf({ fundFen, accountFen }: ApproveInput): bigint {
  return fundFen + accountFen;
}

/** What of it is not withheld. */
function toPayOf(input: ApproveInput, documents: Loaded): bigint {
  return amountOf(input) - (withheldOf(input, documents)?.heldFen ?? 0n);
}

/** What of that is set off against what the payee owes the treating county's book. */
function setOffOf(input: ApproveInput, documents: Loaded): bigint {
  const book = documents.get(books.key(input.treatingCounty));
  return book ? setOff(book, payeeOf(input), toPayOf(input, documents)) : 0n;
}

function linesOf(input: ApproveInput, documents: Loaded): readonly Line[] {
  const { homeCounty: home, treatingCounty: treating, fundFen, accountFen } = input;
  const setOffFen = setOffOf(input, documents);
  const year = bookedYear(documents.get(books.key(home)), input.approvedOn);
  const amountFen = amountOf(input);
  if (amountFen === 0n) return [];
  const lines = newLines();
  lines.move(home, benefitsOf(input.fund, year), fundFen);
  lines.move(home, familyBenefitsOf(year), accountFen);
  if (isElsewhere(input)) {
    lines.credit(home, dueTo(treating), amountFen);
    lines.debit(treating, dueFrom(home), amountFen);
  }
  const withheld = withheldOf(input, documents);
  if (withheld) lines.move(treating, withheldAccount(input.institutionId, withheld.purpose), -withheld.heldFen);
  lines.move(treating, owedIn(input.approvalId), setOffFen - toPayOf(input, documents));
  lines.move(treating, currentAccount(payeeOf(input)), -setOffFen);
  return lines.all();
}

/** The row that the home county will look at. */
function obligationOf(input: ApproveInput): Obligation {
  const { approvalId: rowId, homeCounty: debtor, treatingCounty: creditor, institutionId, dischargedOn, totalFen } = input;
  return { rowId, debtor, creditor, fen: amountOf(input), institutionId, dischargedOn, totalFen };
}

/** Turns what was reserved into what is owed. An appeal may approve what was refused or released before: then nothing is reserved, and it is owed all the same. */
function commitPrefund(state: State, change: Change<SettlementEvents>, input: ApproveInput, reservation: Reservation): void {
  const reserved = reservation.state === "RESERVED";
  const book = state.must(books.key(input.homeCounty));
  const reservedFen = reserved ? -reservation.amountFen : 0n;
  putPrefund(book, { reservedFen, committedFen: amountOf(input) }, change);
  change.put(reservations.key(reservationIdOf(input.claimId)), { ...reservation, state: "COMMITTED" });
}

/** All of it is set off: nothing is left for the bank, and the claim is paid. */
function settleBySetOff(change: Change<SettlementEvents>, { day, ...payable }: Omit<Promised, "amountFen"> & { setOffFen: bigint }): void {
  const { payableId, county, claimId, setOffFen } = payable;
  change.put(payables.key(payableId), { ...payable, amountFen: 0n, state: "PAID", dueOn: "", paidBy: payableId, surplusFen: 0n });
  change.tell("PayableSetOff", county, { payableId, county, claimId, setOffFen, setOffOn: day });
}

export const approve: Decision<ApproveInput, { posted: boolean }, SettlementEvents> = {
  needs(input, loaded) {
    const keys: Key[] = [payables.key(input.approvalId), books.key(input.homeCounty)];
    if (amountOf(input) > 0n)
      keys.push(books.key(input.treatingCounty), ...postingKeys(input.approvalId, input.approvedOn, linesOf(input, loaded)));
    if (mayWithhold(input)) keys.push(withholdings.key(input.institutionId));
    if (isElsewhere(input))
      keys.push(reservations.key(reservationIdOf(input.claimId)), LEDGER, openWindowKey(loaded.get(LEDGER) ?? EMPTY_LEDGER));
    return keys;
  },
  decide(input, state, change, context) {
    const { approvalId, claimId, homeCounty: home, treatingCounty: treating, approvedOn } = input;
    const payee = payeeOf(input);
    assert((input.householdId !== undefined) === isHouseholds(approvalId), `${approvalId} is to be paid to ${payee}`);
    const amountFen = amountOf(input);
    change.about(claimId);
    const stored = state.get(payables.key(approvalId));
    if (stored) {
      const storedFen = promisedFen(stored);
      const same = storedFen === amountFen && stored.county === treating && stored.payee === payee;
      assert(same, `${approvalId} was posted with ${storedFen} fen to ${stored.payee}, now told with ${amountFen} to ${payee}`);
      return { posted: false };
    }
    for (const county of [home, ...(amountFen > 0n ? [treating] : [])])
      if (!state.get(books.key(county))) return unavailable(`county ${county} is not known yet`);
    if (isElsewhere(input)) {
      const reservation = state.get(reservations.key(reservationIdOf(claimId)));
      if (reservation) commitPrefund(state, change, input, reservation);
      else if (amountFen > 0n) return unavailable(`${reservationIdOf(claimId)} is not there yet`);
    }
    if (amountFen === 0n) {
      change.put(payables.key(approvalId), {
        county: treating,
        payableId: approvalId,
        amountFen: 0n,
        payee,
        claimId,
        state: "PAID",
        dueOn: "",
        paidBy: "",
        surplusFen: 0n,
      });
      return { posted: false };
    }
    if (isElsewhere(input)) {
      const ledger = state.get(LEDGER) ?? EMPTY_LEDGER;
      const window = state.get(openWindowKey(ledger)) ?? FIRST_WINDOW;
      change.put(openWindowKey(ledger), withObligation(window, { from: home, to: treating, fen: amountFen }));
      putPrefund(state.must(books.key(treating)), { incomingFen: amountFen }, change);
    }
    const setOffFen = setOffOf(input, state);
    post(state, change, context, {
      id: approvalId,
      county: home,
      day: approvedOn,
      about: claimId,
      lines: linesOf(input, state),
      ...(isElsewhere(input) ? { obligation: obligationOf(input) } : {}),
    });
    const book = state.must(books.key(treating));
    change.put(books.key(treating), withDebt(book, payee, -setOffFen));
    const withheld = withheldOf(input, state);
    if (withheld) guardRound(input.institutionId, state, change);
    const toPayFen = toPayOf(input, state);
    const promised = {
      payableId: approvalId,
      county: treating,
      setOffFen,
      payee,
      claimId,
      day: approvedOn,
      ...(withheld ? { withheld } : {}),
    };
    if (setOffFen < toPayFen) promise(state, change, { ...promised, amountFen: toPayFen - setOffFen });
    else settleBySetOff(change, promised);
    return { posted: true };
  },
};
