/**
 * The check list of accounts and names (户名核验). The bank proves an account by paying to it, and disproves it by refusing its number or its name; what is due to a payee whose
 * account is disproved is not ordered again and again, but waits until the register has another account, or a person has made sure of this one.
 */
import { type BankAccount, sameAccount } from "../../values/account.ts";
import { bankField, bankOf, bankOfCounty, bankPart, type CountyBanks } from "../../values/banks.ts";
import type { Change, Decision, Key, State } from "../../values/decision.ts";
import { PROVINCE } from "../../values/region.ts";
import { type Due, dues, type KnownAccount, knownAccounts, type Order, payees } from "./documents.ts";
import type { PaymentEvents } from "./events.ts";
import { refuse } from "./refusals.ts";

/** Reasons by which a bank says that the account or its name is not right: ISO 20022 external status reasons. */
const DISPROVED = new Set(["AC01", "AC03", "AC04", "AC05", "AC06", "AC13", "AC14", "BE01", "BE04", "BE05", "MD07", "RC01", "RC04"]);

/** As the bank that pays to it knows it. */
export function accountKey(bank: string, { bankCode, accountNumber }: Pick<BankAccount, "bankCode" | "accountNumber">): Key<KnownAccount> {
  return knownAccounts.key(bankPart(bank, bankCode), accountNumber);
}

/** Whether the bank has disproved this number under this name. */
export function isDisproved(known: KnownAccount | undefined, account: BankAccount): boolean {
  return known?.state === "DISPROVED" && sameAccount(known.account, account);
}

/** Keeps what an order's outcome says of its account. Looks at `accountKey`; writes only what is new. */
export function learn(
  order: Order,
  outcome: { readonly paid: boolean; readonly reason: string },
  state: State,
  change: Change,
  day: string,
): void {
  const key = accountKey(bankOf(order), order.account);
  const known = state.get(key);
  const same = known !== undefined && sameAccount(known.account, order.account);
  const put = (state: KnownAccount["state"], reason: string) =>
    change.put(key, {
      county: PROVINCE,
      ...bankField(bankOf(order)),
      account: order.account,
      state,
      reason,
      by: order.endToEndId,
      on: day,
      changes: (known?.changes ?? 0) + 1,
    });
  if (DISPROVED.has(outcome.reason)) {
    if (!same || known.state !== "DISPROVED") put("DISPROVED", outcome.reason);
  } else if (outcome.paid && (!same || known.state === "DISPROVED")) put("PROVEN", "");
}

export interface ConfirmAccount {
  /** The bank of ours that disproved it. */
  readonly bank: string;
  readonly bankCode: string;
  readonly accountNumber: string;
  /** How it was made sure of. */
  readonly reason: string;
}

/** A person has made sure of an account that the bank had disproved. What waited for it is looked at again by itself. */
export const confirmAccount: Decision<ConfirmAccount, KnownAccount, PaymentEvents> = {
  needs: ({ bank, ...account }) => [accountKey(bank, account)],
  decide({ bank, bankCode, accountNumber, reason }, state, change, context) {
    const key = accountKey(bank, { bankCode, accountNumber });
    const known = state.get(key);
    if (!known) return refuse("UNKNOWN_ACCOUNT", { field: "account_number", account: `${bankCode} ${accountNumber}` });
    if (known.state !== "DISPROVED") return known;
    const confirmed: KnownAccount = {
      ...known,
      state: "CONFIRMED",
      reason,
      by: context.caller.name,
      on: context.day,
      changes: known.changes + 1,
    };
    change.put(key, confirmed);
    return confirmed;
  },
};

export interface Recheck {
  readonly payableIds: readonly string[];
  readonly countyBanks: CountyBanks;
}

/** Dues on the check list whose payee now has an account that is not disproved wait for their order again. */
export const recheck: Decision<Recheck, { released: number }, PaymentEvents> = {
  needs({ payableIds, countyBanks }, loaded) {
    const keys: Key[] = [];
    for (const id of payableIds) {
      const due = loaded.get(dues.key(id));
      const payee = due && loaded.get(payees.key(due.payeeId));
      keys.push(dues.key(id), ...(due ? [payees.key(due.payeeId)] : []));
      if (payee) keys.push(accountKey(bankOfCounty(due.county, countyBanks), payee.account));
    }
    return keys;
  },
  decide({ payableIds, countyBanks }, state, change) {
    const released = payableIds
      .map((id) => state.get(dues.key(id)))
      .filter((due): due is Due => due?.state === "ON_CHECK")
      .filter(({ payeeId, county }) => {
        const { account } = state.must(payees.key(payeeId));
        return !isDisproved(state.get(accountKey(bankOfCounty(county, countyBanks), account)), account);
      });
    for (const due of released) change.put(dues.key(due.payableId), { ...due, state: "WAITING" });
    return { released: released.length };
  },
};
