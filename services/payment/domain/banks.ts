/** What a bank's orders are made and sent by; each decision that needs it takes that of the bank of its batch. */
import type { BankAccount } from "../../values/account.ts";
import type { Calendar } from "./calendar.ts";
import type { BankFormat } from "./file.ts";

export interface BankTerms {
  /** The payment centre's own account there (支出户). */
  readonly debtor: BankAccount;
  /** How the bank wants its files. */
  readonly format: BankFormat;
  readonly calendar: Calendar;
}

/** The terms of each bank, by its id. */
export type Terms = Readonly<Record<string, BankTerms>>;

/** Undefined where the configuration knows no such bank (any more). */
export function termsOf(bank: string, terms: Terms): BankTerms | undefined {
  return Object.hasOwn(terms, bank) ? terms[bank] : undefined;
}
