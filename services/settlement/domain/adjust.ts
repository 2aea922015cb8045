/**
 * ClaimAdjusted: what was promised has changed after its approval, by an entry of its own. What was paid or will be paid stays as it is; the difference stands in
 * the institution's current account (医疗机构往来) of the treating county: below nothing it owes, above nothing it is owed.
 * Treated elsewhere, the counties owe each other the difference, in the window that is open now (a reversed row goes to a later window than the row).
 */
import type { Decision, Key } from "../../values/decision.ts";
import { assert, unavailable } from "../../values/outcome.ts";
import { BENEFITS, dueFrom, dueTo, FAMILY_BENEFITS, hospitalAccount } from "./chart.ts";
import { books, EMPTY_LEDGER, entries, LEDGER, type Line, payables } from "./documents.ts";
import type { SettlementEvents } from "./events.ts";
import { newLines, post, postingKeys } from "./posting.ts";
import { movePrefund } from "./prefund.ts";
import { FIRST_WINDOW, openWindowKey, withObligation } from "./windows.ts";

export interface AdjustInput {
  /** claim/<claim id>/void, claim/<claim id>/correction/<n> */
  readonly adjustmentId: string;
  /** The approval that it changes. */
  readonly approvalId: string;
  readonly claimId: string;
  readonly homeCounty: string;
  readonly treatingCounty: string;
  readonly institutionId: string;
  /** Of the pooled fund's part, and of what the family account pays; not both 0. */
  readonly deltaFen: bigint;
  readonly accountDeltaFen: bigint;
  readonly adjustedOn: string;
}

/** Of what the institution is promised. */
function amountOf({ deltaFen, accountDeltaFen }: AdjustInput): bigint {
  return deltaFen + accountDeltaFen;
}

/** Who owes whom the difference, where they are two: what comes back is a new debt of the treating county, for the old one may be settled already. */
function debtOf(input: AdjustInput) {
  const { homeCounty: home, treatingCounty: treating } = input;
  const fen = amountOf(input);
  return fen > 0n ? { debtor: home, creditor: treating, fen } : { debtor: treating, creditor: home, fen: -fen };
}

function movesBetween(input: AdjustInput): boolean {
  return input.homeCounty !== input.treatingCounty && amountOf(input) !== 0n;
}

function linesOf(input: AdjustInput): readonly Line[] {
  const { homeCounty: home, treatingCounty: treating, institutionId, deltaFen, accountDeltaFen } = input;
  const lines = newLines();
  lines.move(home, BENEFITS, deltaFen);
  lines.move(home, FAMILY_BENEFITS, accountDeltaFen);
  lines.move(treating, hospitalAccount(institutionId), -amountOf(input));
  if (movesBetween(input)) {
    const { debtor, creditor, fen } = debtOf(input);
    lines.credit(debtor, dueTo(creditor), fen);
    lines.debit(creditor, dueFrom(debtor), fen);
  }
  return lines.all();
}

export const adjust: Decision<AdjustInput, { posted: boolean }, SettlementEvents> = {
  needs(input, loaded) {
    const keys: Key[] = [
      payables.key(input.approvalId),
      entries.key(input.adjustmentId),
      ...postingKeys(input.adjustmentId, linesOf(input)),
    ];
    if (!movesBetween(input)) return keys;
    return [...keys, books.key(debtOf(input).debtor), openWindowKey(loaded.get(LEDGER) ?? EMPTY_LEDGER)];
  },
  decide(input, state, change, context) {
    const { adjustmentId, approvalId, claimId, homeCounty: home, deltaFen, accountDeltaFen, adjustedOn } = input;
    change.about(claimId);
    assert(deltaFen !== 0n || accountDeltaFen !== 0n, `${adjustmentId} changes nothing`);
    if (state.get(entries.key(adjustmentId))) return { posted: false };
    const payable = state.get(payables.key(approvalId));
    if (!payable) return unavailable(`${approvalId} is not posted yet`);
    if (movesBetween(input)) {
      const ledger = state.get(LEDGER) ?? EMPTY_LEDGER;
      const window = state.get(openWindowKey(ledger)) ?? FIRST_WINDOW;
      const { debtor, creditor, fen } = debtOf(input);
      const book = state.get(books.key(debtor));
      if (!book) return unavailable(`county ${debtor} is not known yet`);
      change.put(openWindowKey(ledger), withObligation(window, debtor, creditor, fen));
      change.put(books.key(debtor), movePrefund(book, { committedFen: fen }));
    }
    post(state, change, context, { id: adjustmentId, county: home, day: adjustedOn, about: claimId, lines: linesOf(input) });
    change.put(payables.key(approvalId), { ...payable, adjustedFen: (payable.adjustedFen ?? 0n) + amountOf(input) });
    return { posted: true };
  },
};
