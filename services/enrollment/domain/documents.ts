/** What enrollment remembers. A person_id is the household's id and the member's number; it means the same person for ever. */
import type { BankAccount } from "../../values/account.ts";
import { type Doc, type Key, kind } from "../../values/decision.ts";

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
  /** Gone for good: present among former members only. */
  readonly left?: Departure;
  /** Who this person was in the household before; present after a move. */
  readonly movedFrom?: string;
}

export const LEAVE_CAUSES = ["DIED", "MARRIED_OUT", "MOVED_OUT", "OTHER_SCHEME"] as const;
export type LeaveCause = (typeof LEAVE_CAUSES)[number];
export const JOIN_CAUSES = ["BORN", "MARRIED_IN", "MOVED_IN", "RETURNED"] as const;
export type JoinCause = (typeof JOIN_CAUSES)[number];

/** How a member left; MOVED: to another household of the county, as `toPersonId`. */
export interface Departure {
  readonly cause: LeaveCause | "MOVED";
  readonly lastDay: string;
  readonly enteredOn: string;
  /** Empty but for MOVED. */
  readonly toPersonId: string;
}

/** Days are inclusive. */
export interface Cover {
  readonly personId: string;
  readonly county: string;
  readonly householdId: string;
  readonly fromDay: string;
  readonly toDay: string;
  readonly category: Category;
  /** Nobody has paid for it: of one born in the year, or who has paid for the year before. */
  readonly free?: true;
  /** The rest of a cover that began in another household in the same year: the person counts there. */
  readonly moved?: true;
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
  /** Who lives in it, by member number: as enrolled for `year`, and as it has changed since. Exactly one is the head; none are left of a household that has ended. */
  readonly members: readonly Member[];
  /** Those who left, and members of earlier years who are no longer on the list; their numbers stay theirs. */
  readonly former: readonly Member[];
  /** Of all years, oldest first. */
  readonly covers: readonly Cover[];
  readonly endings: readonly Ending[];
  /** Counts the changes of the covers from 1; goes out as HouseholdCovered's version. */
  readonly revision: number;
  /** Where it counted in the years up to one, oldest first; present once it has moved. */
  readonly places?: readonly { readonly untilYear: number; readonly township: string; readonly village: string }[];
  /** How many changes are kept of it; none of before they were kept. */
  readonly changes?: number;
  /** It is in the tallies. Not so where a release of before there were tallies has stored it last. */
  readonly tallied?: true;
}

export type ChangeKind = "JOINED" | "LEFT" | "MOVED_IN" | "MOVED_OUT" | "MOVED_HOUSE" | "HEAD" | "COVER_ENDED";

/** One thing that happened in a household. Never changes. */
export interface HouseholdChange extends Doc {
  readonly householdId: string;
  /** From 1, in the order in which they were entered. */
  readonly number: number;
  readonly kind: ChangeKind;
  readonly cause: string;
  readonly personId: string;
  readonly other: string;
  readonly day: string;
  readonly enteredOn: string;
  readonly enteredBy: string;
  readonly evidence: string;
}

/** How many of a village are enrolled for a year: what its households' covers come to, kept so that nobody has to count them each time. Invariant: it is what a count would give. */
export interface Tally extends Doc {
  readonly year: number;
  readonly township: string;
  readonly village: string;
  /** With anybody covered. */
  readonly households: number;
  /** Persons covered, each once in the province: one who moves within the year counts where the year began. */
  readonly heads: number;
  /** Of these, who pays for themselves. */
  readonly paying: number;
  /** And for whom assistance pays. */
  readonly assisted: number;
}

/** How many of a village may enrol for a year (应参合人口). */
export interface Roll extends Doc {
  readonly year: number;
  readonly township: string;
  readonly village: string;
  readonly entitled: number;
  readonly enteredBy: string;
}

/** Who pays a fixed sum a head. */
export const RATED_SOURCES = ["INDIVIDUAL", "CENTRAL", "PROVINCE", "PREFECTURE", "COUNTY", "COLLECTIVE"] as const;
export type RatedSource = (typeof RATED_SOURCES)[number];
export type FundSource = RatedSource | "ASSISTANCE";

/** A county's campaign for a year (参合筹资). */
export interface Campaign extends Doc {
  readonly year: number;
  /** Both inclusive. */
  readonly opensOn: string;
  readonly closesOn: string;
  /** Assistance pays what individuals do, for those whom it enrols. */
  readonly rates: readonly { readonly source: RatedSource; readonly fenPerHead: bigint }[];
}

/** A person whom one county holds and another wants. Its county is the holding one. */
export interface Release extends Doc {
  readonly releaseId: string;
  readonly askingCounty: string;
  readonly personId: string;
  readonly householdId: string;
  readonly year: number;
  readonly state: "OPEN" | "RELEASED" | "KEPT";
  readonly askedOn: string;
  readonly decidedOn: string;
  readonly decidedBy: string;
  readonly lastDay: string;
  readonly reason: string;
}

/** Where an identity number is enrolled, and the last day of its newest cover. */
export interface Identity extends Doc {
  readonly personId: string;
  readonly toDay: string;
  /** Present once the death is recorded: nobody enrols them again. */
  readonly diedOn?: string;
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

/** What another source paid to a campaign, under the bank's reference. Kept for ever. */
export interface SourceReceipt extends Doc {
  readonly receiptId: string;
  readonly year: number;
  readonly source: FundSource;
  readonly amountFen: bigint;
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
/** sourcereceipts/<county>/<reference> */
export const sourceReceipts = kind<SourceReceipt>("sourcereceipts", { immutable: true });
/** changes/<household>/<number> */
export const changes = kind<HouseholdChange>("changes", { immutable: true });
/** campaigns/<county>/<year> */
export const campaigns = kind<Campaign>("campaigns");
/** releases/<person>-<asking county>-<year> */
export const releases = kind<Release>("releases");
export const tallies = kind<Tally>("tallies");
export const rolls = kind<Roll>("rolls");

/** tallies/<county>/<year>/<township>/<village> */
export function tallyKey(county: string, year: number, { township, village }: Place): Key<Tally> {
  return tallies.key(county, year, keyPart(township), keyPart(village));
}

/** rolls/<county>/<year>/<township>/<village> */
export function rollKey(county: string, year: number, { township, village }: Place): Key<Roll> {
  return rolls.key(county, year, keyPart(township), keyPart(village));
}

export interface Place {
  readonly township: string;
  readonly village: string;
}

/** A name may have a slash, which would make it two parts. */
function keyPart(name: string): string {
  return name.replaceAll("%", "%25").replaceAll("/", "%2F");
}

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
