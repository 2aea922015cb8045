/** A bank account as payers and payees name it, and what is wrong with one at the door. */
import { badRequest, type Refusal } from "./outcome.ts";

export interface BankAccount {
  /** 12-digit CNAPS code (联行号). */
  readonly bankCode: string;
  readonly accountNumber: string;
  /** As the bank has it: it compares name and number. */
  readonly accountName: string;
}

/** What a payment file's field holds. */
const MAX_NAME = 140;

/** What is wrong with an account under that field's name; undefined where nothing is. */
export function accountFault(field: string, account: BankAccount | undefined): Refusal | undefined {
  if (!account) return badRequest(field, "必填", "is missing");
  const { bankCode, accountNumber, accountName: name } = account;
  if (!/^\d{12}$/.test(bankCode)) return badRequest(`${field}.bank_code`, "须为 12 位数字的联行号", "must be a 12-digit CNAPS code");
  if (!/^[0-9A-Za-z]{6,34}$/.test(accountNumber))
    return badRequest(`${field}.account_number`, "须为 6 至 34 位字母或数字", "must be 6 to 34 letters or digits");
  if (name.trim() === "") return badRequest(`${field}.account_name`, "必填", "is missing");
  if (name.length > MAX_NAME || name !== name.trim() || /\p{Cc}/u.test(name))
    return badRequest(
      `${field}.account_name`,
      `不得超过 ${MAX_NAME} 个字符，不得含控制字符或首尾空格`,
      `must have at most ${MAX_NAME} characters, no control characters, no outer spaces`,
    );
  return undefined;
}

export function sameAccount(a: BankAccount, b: BankAccount): boolean {
  return a.bankCode === b.bankCode && a.accountNumber === b.accountNumber && a.accountName === b.accountName;
}
