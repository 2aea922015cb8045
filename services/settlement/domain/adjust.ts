/**
 * ClaimAdjusted: what was promised has changed after its approval, by an entry of its own. Less: the institution, or the household that was paid for a paper, owes the difference (医疗机构往来), and its next promise is less by it;
 * where nothing is left of the claim and nothing was sent, the payment is called back instead. More: it pays what the institution owes, and the rest is a payable.
 * Where a part is withheld of the claim, it is the same part of what is left of it; once it was assessed, the correction is shared as that was.
 * Treated elsewhere, the counties owe each other the difference, in the window that is open now (a reversed row goes to a later window than the row); a row that was disputed and upheld comes back with it.
 */
import type { Decision, Key, Loaded } from "../../values/decision.ts";
import { assert, unavailable } from "../../values/outcome.ts";
import { owedIn } from "./bank.ts";
import { benefitsOf, currentAccount, dueFrom, dueTo, familyBenefitsOf, type Purpose, withheldAccount } from "./chart.ts";
import { debtOf, setOff, withDebt } from "./debts.ts";
import { type Book, books, EMPTY_LEDGER, entries, LEDGER, type Line, type Payable, payables } from "./documents.ts";
import type { SettlementEvents } from "./events.ts";
import { bookedYear } from "./nominal.ts";
import { promise, promisedFen, withoutHeld } from "./payables.ts";
import { newLines, post, postingKeys } from "./posting.ts";
import { owe } from "./prefund.ts";
import { upheldKeys, withUpheld } from "./rule-dispute.ts";
import { FIRST_WINDOW, openWindowKey, withObligation } from "./windows.ts";
import { guardMove, moveKeys, moveOf, type WithheldMove } from "./withholding.ts";

export interface AdjustInput {
  /** claim/<claim id>/void, claim/<claim id>/correction/<n> */
  readonly adjustmentId: string;
  /** The approval that it changes. */
  readonly approvalId: string;
  readonly claimId: string;
  readonly homeCounty: string;
  readonly treatingCounty: string;
  readonly institutionId: string;
  /** Who was promised it instead of the institution. */
  readonly householdId?: string;
  /** Of the pooled fund's part, and of what the family account pays; not both 0. */
  readonly deltaFen: bigint;
  readonly accountDeltaFen: bigint;
  readonly fund: Exclude<Purpose, "SECOND">;
  readonly adjustedOn: string;
}

function payeeOf({ householdId, institutionId }: AdjustInput): string {
  return householdId ?? institutionId;
}

/** Of what the payee is promised. */
function amountOf({ deltaFen, accountDeltaFen }: AdjustInput): bigint {
  return deltaFen + accountDeltaFen;
}

/** What is left of the promise after this correction and those before it. */
function leftOf(payable: Payable, input: AdjustInput): bigint {
  return promisedFen(payable) + (payable.adjustedFen ?? 0n) + amountOf(input);
}

/** Who owes whom the difference, where they are two: what comes back is a new debt of the treating county, for the old one may be settled already. */
function debtBetween(input: AdjustInput) {
  const { homeCounty: home, treatingCounty: treating } = input;
  const fen = amountOf(input);
  return fen > 0n ? { debtor: home, creditor: treating, fen } : { debtor: treating, creditor: home, fen: -fen };
}

function movesBetween(input: AdjustInput): boolean {
  return input.homeCounty !== input.treatingCounty && amountOf(input) !== 0n;
}

const NOTHING_WITHHELD: WithheldMove = { after: undefined, heldFen: 0n, keptFen: 0n };

/** What the correction does to what is withheld. */
function withheldMove(input: AdjustInput, payable: Payable | undefined, documents: Loaded): WithheldMove {
  return payable ? moveOf(payable, input.deltaFen, documents) : NOTHING_WITHHELD;
}

/** What the institution is to get more now, or gave too much of. */
function toPayOf(input: AdjustInput, { heldFen, keptFen }: WithheldMove): bigint {
  return amountOf(input) - heldFen - keptFen;
}

/** The account lines, `dueFen` of it being owed by a payable and not by, or to, the institution's current account. */
function linesOf(input: AdjustInput, dueFen: bigint, move: WithheldMove, documents: Loaded): readonly Line[] {
  const { homeCounty: home, treatingCounty: treating, institutionId, deltaFen, accountDeltaFen } = input;
  const lines = newLines();
  const year = bookedYear(documents.get(books.key(home)), input.adjustedOn);
  lines.move(home, benefitsOf(input.fund, year), deltaFen - move.keptFen);
  lines.move(home, familyBenefitsOf(year), accountDeltaFen);
  if (move.after) lines.move(treating, withheldAccount(institutionId, move.after.purpose), -move.heldFen);
  lines.move(treating, currentAccount(payeeOf(input)), dueFen - toPayOf(input, move));
  lines.move(treating, owedIn(input.approvalId), -dueFen);
  if (movesBetween(input)) {
    const { debtor, creditor, fen } = debtBetween(input);
    lines.credit(debtor, dueTo(creditor), fen);
    lines.debit(creditor, dueFrom(debtor), fen);
  }
  return lines.all();
}

/** What follows for the treating county's payables and for what the institution owes. */
interface Consequence {
  /** Owed by a new payable (above 0), or no longer owed by the claim's own (below 0). */
  readonly dueFen: bigint;
  /** What the institution owes more, to be set off. */
  readonly debtFen: bigint;
  /** The claim's own payable is called back from payment; until the answer that part of the debt waits. */
  readonly recalled: boolean;
}

function consequenceOf(input: AdjustInput, payable: Payable | undefined, move: WithheldMove, book: Book | undefined): Consequence {
  const fen = toPayOf(input, move);
  if (!payable || !book) return { dueFen: 0n, debtFen: 0n, recalled: false };
  if (fen > 0n) {
    const paidFen = setOff(book, payeeOf(input), fen);
    return { dueFen: fen - paidFen, debtFen: -paidFen, recalled: false };
  }
  const owed: Consequence = { dueFen: 0n, debtFen: -fen, recalled: false };
  const leftFen = leftOf(payable, input);
  // Called back once, it is answered once: what a later correction gave and this one takes again is owed.
  if (leftFen !== 0n || payable.amountFen === 0n || payable.recall) return owed;
  // Without the payment the institution owes so much more, or less where corrections had lowered the claim before; unless that has been set off since: then it is paid and owed.
  const debtFen = -fen - payable.amountFen;
  if (debtOf(book, payeeOf(input)) + debtFen < 0n) return owed;
  if (payable.state === "HELD") return { dueFen: -payable.amountFen, debtFen, recalled: false };
  return payable.state === "DUE" ? { dueFen: 0n, debtFen, recalled: true } : owed;
}

export const adjust: Decision<AdjustInput, { posted: boolean }, SettlementEvents> = {
  needs(input, loaded) {
    const { adjustmentId, approvalId, treatingCounty: treating } = input;
    const payable = loaded.get(payables.key(approvalId));
    const move = withheldMove(input, payable, loaded);
    const { dueFen } = consequenceOf(input, payable, move, loaded.get(books.key(treating)));
    const keys: Key[] = [
      payables.key(approvalId),
      payables.key(adjustmentId),
      books.key(treating),
      books.key(input.homeCounty),
      entries.key(adjustmentId),
      ...moveKeys(payable),
      ...postingKeys(adjustmentId, input.adjustedOn, linesOf(input, dueFen, move, loaded)),
    ];
    if (!movesBetween(input)) return keys;
    return [...keys, openWindowKey(loaded.get(LEDGER) ?? EMPTY_LEDGER), ...upheldKeys(input.claimId, loaded)];
  },
  decide(input, state, change, context) {
    const { adjustmentId, approvalId, claimId, homeCounty: home, treatingCounty: treating, institutionId, adjustedOn } = input;
    change.about(claimId);
    assert(input.deltaFen !== 0n || input.accountDeltaFen !== 0n, `${adjustmentId} changes nothing`);
    if (state.get(entries.key(adjustmentId))) return { posted: false };
    const payable = state.get(payables.key(approvalId));
    if (!payable) return unavailable(`${approvalId} is not posted yet`);
    if (movesBetween(input)) {
      const ledger = state.get(LEDGER) ?? EMPTY_LEDGER;
      const window = state.get(openWindowKey(ledger)) ?? FIRST_WINDOW;
      for (const county of [home, treating]) if (!state.get(books.key(county))) return unavailable(`county ${county} is not known yet`);
      const { debtor, creditor, fen } = debtBetween(input);
      const corrected = withObligation(window, { from: debtor, to: creditor, fen });
      owe(debtor, creditor, fen, state, change);
      change.put(openWindowKey(ledger), withUpheld(claimId, corrected, state, change));
    }
    const leftFen = leftOf(payable, input);
    assert(leftFen >= 0n, `${adjustmentId} takes ${-leftFen} fen more than was promised`);
    const move = withheldMove(input, payable, state);
    guardMove(payable, state, change);
    const { dueFen, debtFen, recalled } = consequenceOf(input, payable, move, state.must(books.key(treating)));
    post(state, change, context, {
      id: adjustmentId,
      county: home,
      day: adjustedOn,
      about: claimId,
      lines: linesOf(input, dueFen, move, state),
      ...(movesBetween(input)
        ? { obligation: { rowId: adjustmentId, ...debtBetween(input), institutionId, dischargedOn: "", totalFen: 0n } }
        : {}),
    });
    const adjustedFen = (payable.adjustedFen ?? 0n) + amountOf(input);
    const adjusted: Payable = { ...payable, adjustedFen, ...(move.after ? { withheld: move.after } : {}) };
    const book = withDebt(state.must(books.key(treating)), payeeOf(input), debtFen);
    if (dueFen < 0n) {
      change.put(books.key(treating), withoutHeld(book, payable.amountFen));
      change.put(payables.key(approvalId), { ...adjusted, state: "CANCELLED" });
      return { posted: true };
    }
    change.put(books.key(treating), book);
    change.put(payables.key(approvalId), recalled ? { ...adjusted, recall: "ASKED" } : adjusted);
    if (recalled) change.tell("PayableRecalled", treating, { payableId: approvalId, county: treating });
    // The payable is the payee's: the bank's word on it changes no claim.
    if (dueFen > 0n) {
      const promised = { payableId: adjustmentId, county: treating, payee: payeeOf(input), claimId: "", day: adjustedOn };
      promise(state, change, { ...promised, amountFen: dueFen });
    }
    return { posted: true };
  },
};
