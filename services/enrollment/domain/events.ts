/** What enrollment tells. No cover carries a name or an identity number; an account carries the name that the bank has. */
import type { BankAccount } from "../../values/account.ts";
import type { Cover, FundSource, Sex } from "./documents.ts";

export interface CoveredPerson {
  readonly personId: string;
  readonly sex: Sex;
  readonly bornOn: string;
}

export type EnrollmentEvents = {
  /** State: the newest version wins. */
  readonly HouseholdCovered: {
    readonly householdId: string;
    readonly county: string;
    readonly version: bigint;
    readonly covers: Cover[];
    readonly persons: CoveredPerson[];
  };
  /** State: the newest version wins. */
  readonly HouseholdAccountChanged: {
    readonly householdId: string;
    readonly county: string;
    readonly version: bigint;
    readonly account: BankAccount;
  };
  /** Fact, follows nothing. */
  readonly ContributionsReceived: {
    readonly receiptId: string;
    readonly county: string;
    readonly year: number;
    readonly heads: number;
    readonly contributionsFen: bigint;
    readonly receivedOn: string;
    readonly source: FundSource;
  };
};
