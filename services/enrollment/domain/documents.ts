/** What enrollment remembers. A person_id is the household's id and the member's number; it means the same person for ever. */
import type { BankAccount } from "../../values/account.ts";
import { type Doc, kind } from "../../values/decision.ts";

export type Sex = "FEMALE" | "MALE";
export type Category = "ORDINARY" | "FIVE_GUARANTEES" | "MINIMUM_LIVING";

export interface Member {
  readonly memberNo: string;
  readonly name: string;
  readonly identityNumber: string;
  readonly sex: Sex;
  readonly bornOn: string;
  readonly head: boolean;
  readonly category: Category;
}

/** Days are inclusive. */
export interface Cover {
  readonly personId: string;
  readonly county: string;
  readonly householdId: string;
  readonly fromDay: string;
  readonly toDay: string;
  readonly category: Category;
}

/** A cover that was ended before its time, and why (迁出, 死亡). */
export interface Ending {
  readonly personId: string;
  readonly lastDay: string;
  readonly reason: string;
  readonly enteredOn: string;
}

export interface Household extends Doc {
  readonly householdId: string;
  readonly township: string;
  readonly village: string;
  /** The newest enrolment year, and what each ordinary member paid for it. */
  readonly year: number;
  readonly contributionFenPerHead: bigint;
  /** As enrolled for `year`, by member number. */
  readonly members: readonly Member[];
  /** Members of earlier years who are no longer on the list; their numbers stay theirs. */
  readonly former: readonly Member[];
  /** Of all years, oldest first. */
  readonly covers: readonly Cover[];
  readonly endings: readonly Ending[];
  /** Counts the changes of the covers from 1; goes out as HouseholdCovered's version. */
  readonly revision: number;
}

/** Where an identity number is enrolled, and the last day of its newest cover. */
export interface Identity extends Doc {
  readonly personId: string;
  readonly toDay: string;
}

/** What one request brought in: the `_id` of its money, kept for ever (protocols 8, 11). */
export interface Receipt extends Doc {
  readonly receiptId: string;
  readonly year: number;
  readonly heads: number;
  readonly contributionsFen: bigint;
  readonly receivedOn: string;
  readonly receivedBy: string;
}

/** Administration's county, as far as it matters here: that there is one. */
export interface KnownCounty extends Doc {
  readonly revision: number;
}

/** Where a household is paid. Apart from the household, which is read and written for every cover. */
export interface PayAccount extends Doc {
  readonly account: BankAccount;
  readonly enteredBy: string;
  /** Counts its changes from 1; goes out as HouseholdAccountChanged's version. */
  readonly revision: number;
}

/** accounts/<household> */
export const accounts = kind<PayAccount>("accounts");
export const households = kind<Household>("households");
export const identities = kind<Identity>("identities");
export const receipts = kind<Receipt>("receipts", { immutable: true });
export const counties = kind<KnownCounty>("counties");

export function personIdOf(householdId: string, memberNo: string): string {
  return householdId + memberNo;
}

/** The household's part of a person_id of 16 digits. */
export function householdIdOf(personId: string): string {
  return personId.slice(0, -2);
}

export function memberOf(household: Household, personId: string): Member | undefined {
  const memberNo = personId.slice(-2);
  return [...household.members, ...household.former].find((member) => member.memberNo === memberNo);
}

/** A person's covers, oldest first. */
export function coversOf(household: Household, personId: string): readonly Cover[] {
  return household.covers.filter((cover) => cover.personId === personId);
}
