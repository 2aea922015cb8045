/**
 * The account on which a household is paid (一卡通). Its name is that of a member: the bank compares name and number, and the county answers for whose it is. Of a household that has ended, it is that of
 * one who was a member: what is still owed belongs to what they leave.
 */
import { type BankAccount, sameAccount } from "../../values/account.ts";
import type { Decision } from "../../values/decision.ts";
import { accounts, households } from "./documents.ts";
import type { EnrollmentEvents } from "./events.ts";
import { refuse } from "./refusals.ts";

export interface AccountInput {
  readonly county: string;
  readonly householdId: string;
  readonly account: BankAccount;
}

/** Replies with the account; the same one again changes nothing. Refuses UNKNOWN_HOUSEHOLD, also for another county's, and NOT_A_MEMBER. */
export const registerAccount: Decision<AccountInput, BankAccount, EnrollmentEvents> = {
  needs: ({ householdId }) => [households.key(householdId), accounts.key(householdId)],
  decide({ county, householdId, account }, state, change, { caller }) {
    const household = state.get(households.key(householdId));
    if (household?.county !== county) return refuse("UNKNOWN_HOUSEHOLD", { field: "household_id", household: householdId });
    const stored = state.get(accounts.key(householdId));
    if (stored && sameAccount(stored.account, account)) return stored.account;
    const persons = household.members.length > 0 ? household.members : household.former;
    if (!persons.some(({ name }) => name === account.accountName))
      return refuse("NOT_A_MEMBER", { field: "account.account_name", zh: "户名", en: "the account's name" });
    const revision = (stored?.revision ?? 0) + 1;
    change.put(accounts.key(householdId), { county, account, enteredBy: caller.name, revision });
    change.tell("HouseholdAccountChanged", county, { householdId, county, version: BigInt(revision), account });
    change.about(householdId);
    return account;
  },
};
