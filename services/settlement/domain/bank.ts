/** What the bank's word on one payable moves, and which documents that looks at. Shared by payments that went (settle) and that came back (take-back). */
import type { Key, Loaded } from "../../values/decision.ts";
import { sum } from "../../values/money.ts";
import { assert } from "../../values/outcome.ts";
import { BANK, CLEARING, PAYABLE, PAYABLE_COUNTY, PAYABLE_HOUSEHOLD, SUSPENSE } from "./chart.ts";
import { books, payables } from "./documents.ts";
import { isHouseholds } from "./payables.ts";
import { type Lines, postingKeys } from "./posting.ts";
import { readTransfer, transferKeys } from "./windows.ts";

/** One payable that the bank speaks of. */
export interface BankedPayable {
  readonly payableId: string;
  readonly claimId: string;
  readonly amountFen: bigint;
}

export interface BankInput {
  /** The settlement's or the return's id. */
  readonly id: string;
  readonly batchId: string;
  /** Which bank paid, or has it back. */
  readonly bank: string;
  readonly county: string;
  readonly payables: readonly BankedPayable[];
  readonly amountFen: bigint;
}

/** Every document that an entry for these payables may touch. */
export function bankKeys(entryId: string, day: string, input: BankInput, loaded: Loaded): Key[] {
  const transfers = input.payables.flatMap(({ payableId }) => readTransfer(payableId) ?? []);
  const own = new Set([BANK, SUSPENSE, ...input.payables.map(({ payableId }) => owedIn(payableId))]);
  const touched = [
    ...[...own].map((account) => ({ county: input.county, account })),
    ...transfers.flatMap(({ to }) => [BANK, CLEARING, SUSPENSE].map((account) => ({ county: to, account }))),
  ];
  return [
    ...input.payables.map(({ payableId }) => payables.key(payableId)),
    books.key(input.county),
    ...postingKeys(entryId, day, touched),
    ...transfers.flatMap((transfer) => transferKeys(transfer, loaded)),
  ];
}

export function assertSum(input: BankInput): void {
  const total = sum(input.payables.map((payable) => payable.amountFen));
  assert(total === input.amountFen && total > 0n, `${input.id} says ${input.amountFen} fen, its payables sum to ${total}`);
}

/** The account in which a payable stands until it is paid: its id says whose it is. */
export function owedIn(payableId: string): string {
  if (readTransfer(payableId)) return PAYABLE_COUNTY;
  return isHouseholds(payableId) ? PAYABLE_HOUSEHOLD : PAYABLE;
}

/**
 * The lines of one payment that went: the payable is met from 1003. A transfer arrives in the other county's book at once.
 * A payment of what is paid already (`surplus`) stands in 1101 until it comes back.
 */
export function addPayment(lines: Lines, county: string, payableId: string, fen: bigint, surplus: boolean): void {
  const transfer = readTransfer(payableId);
  lines.debit(county, surplus ? SUSPENSE : owedIn(payableId), fen);
  lines.credit(county, BANK, fen);
  if (!transfer) return;
  lines.debit(transfer.to, BANK, fen);
  lines.credit(transfer.to, surplus ? SUSPENSE : CLEARING, fen);
}
