/**
 * Enrols households for a year and books what they paid. Each household is judged on its own: a refused one changes nothing and stops no other.
 * An identity number has a document of its own, so that two twins cannot enrol one person in two counties (protocols 2).
 */

import type { Decision, State } from "../../values/decision.ts";
import { readIdentityNumber } from "../../values/identity.ts";
import { askOwner, badRequest, isRefusal, type Refusal } from "../../values/outcome.ts";
import { coverFor, personsOf } from "./covers.ts";
import { counties, type Household, households, type Identity, identities, type Member, receipts } from "./documents.ts";
import type { EnrollmentEvents } from "./events.ts";
import { type HouseholdForm, isHouseholdId, type Listing, readListing } from "./listing.ts";
import { refuse } from "./refusals.ts";

export interface EnrolInput {
  readonly requestId: string;
  readonly county: string;
  readonly year: number;
  readonly contributionFenPerHead: bigint;
  readonly households: readonly HouseholdForm[];
  /** What administration said of the county; undefined while it has not been asked, because the projection mostly knows. */
  readonly ownerKnowsCounty: boolean | undefined;
}

/** One household's result, in the order of the request; `code` is empty when it is enrolled. */
export interface HouseholdResult {
  readonly householdId: string;
  readonly enrolled: boolean;
  readonly code: string;
  readonly field: string;
  readonly zh: string;
  readonly en: string;
}

export interface EnrolResult {
  readonly results: readonly HouseholdResult[];
  /** Of all households that are enrolled now, those that were so before included. */
  readonly membersEnrolled: number;
  /** What this request brought in: nothing for a household that was enrolled before. */
  readonly contributionsFen: bigint;
}

/** Refuses UNKNOWN_COUNTY; BAD_REQUEST where another caller's request of this id brought in money. */
export const enrol: Decision<EnrolInput, EnrolResult, EnrollmentEvents> = {
  needs: (input) => [
    counties.key(input.county),
    receipts.key(input.county, input.requestId),
    ...input.households.filter((form) => isHouseholdId(form.householdId)).map((form) => households.key(form.householdId)),
    ...input.households.flatMap((form) =>
      form.members.filter((member) => readIdentityNumber(member.identityNumber)).map((member) => identities.key(member.identityNumber)),
    ),
  ],
  decide(input, state, change, context) {
    const { county, year } = input;
    if (!state.get(counties.key(county)) && !input.ownerKnowsCounty)
      return input.ownerKnowsCounty === undefined ? askOwner() : refuse("UNKNOWN_COUNTY", { field: "county", county });
    const register = registerOver(state);
    const results: HouseholdResult[] = [];
    let membersEnrolled = 0;
    let heads = 0;
    for (const form of input.households) {
      const listing = readListing(form, county, year, context.day);
      const enrolled = isRefusal(listing) ? listing : judge(listing, input, register);
      results.push(resultOf(form.householdId, enrolled));
      if (isRefusal(enrolled)) continue;
      membersEnrolled += enrolled.household.members.length;
      if (!enrolled.fresh) continue;
      register.enter(enrolled.household);
      heads += enrolled.household.members.filter(paysItself).length;
    }
    for (const household of register.households.values()) {
      change.put(households.key(household.householdId), household);
      const { householdId, covers, revision } = household;
      const told = { householdId, county, version: BigInt(revision), covers: [...covers], persons: personsOf(household) };
      change.tell("HouseholdCovered", county, told);
    }
    for (const [number, identity] of register.identities) change.put(identities.key(number), identity);
    const contributionsFen = BigInt(heads) * input.contributionFenPerHead;
    if (contributionsFen > 0n) {
      const key = receipts.key(county, input.requestId);
      if (state.get(key)) return badRequest("request_id", "该请求号已为另一笔收款所用", "this request id is another receipt's");
      const received = { receiptId: `contributions/${key.id}`, county, year, heads, contributionsFen, receivedOn: context.day };
      change.put(key, { ...received, receivedBy: context.caller.name });
      change.tell("ContributionsReceived", county, received);
      change.about(received.receiptId);
    }
    return { results, membersEnrolled, contributionsFen };
  },
};

/** Contributions of the other categories come from medical assistance, not from the household. */
function paysItself(member: Member): boolean {
  return member.category === "ORDINARY";
}

/** What is stored, under what this request has changed so far. */
interface Register {
  readonly households: ReadonlyMap<string, Household>;
  readonly identities: ReadonlyMap<string, Identity>;
  household(id: string): Household | undefined;
  identity(number: string): Identity | undefined;
  enter(household: Household): void;
}

function registerOver(state: State): Register {
  const entered = new Map<string, Household>();
  const numbers = new Map<string, Identity>();
  return {
    households: entered,
    identities: numbers,
    household: (id) => entered.get(id) ?? state.get(households.key(id)),
    identity: (number) => numbers.get(number) ?? state.get(identities.key(number)),
    enter(household) {
      const { county, householdId, members, year } = household;
      entered.set(householdId, household);
      for (const member of members) {
        const { personId, toDay } = coverFor(county, householdId, member, year);
        numbers.set(member.identityNumber, { county, personId, toDay });
      }
    },
  };
}

/** The household as it is to be stored; `fresh` is false where it is enrolled so already. */
function judge(listing: Listing, input: EnrolInput, register: Register): { household: Household; fresh: boolean } | Refusal {
  const { county, year, contributionFenPerHead } = input;
  const { householdId, township, village } = listing;
  const members = listing.members.toSorted((a, b) => (a.memberNo < b.memberNo ? -1 : 1));
  const known = register.household(householdId);
  if (known && year <= known.year) {
    if (year < known.year || !sameContent(known, { ...listing, members }))
      return refuse("HOUSEHOLD_EXISTS", { year: known.year, zh: "名册不同", en: "the list differs" });
    if (members.some(paysItself) && known.contributionFenPerHead !== contributionFenPerHead)
      return refuse("WRONG_CONTRIBUTION", { year, fen: known.contributionFenPerHead });
    return { household: known, fresh: false };
  }
  const before = known ? [...known.members, ...known.former] : [];
  for (const [index, member] of listing.members.entries()) {
    const at = `members[${index}]`;
    if (before.some((other) => (other.memberNo === member.memberNo) !== (other.identityNumber === member.identityNumber)))
      return refuse("HOUSEHOLD_EXISTS", {
        field: `${at}.member_no`,
        year: known?.year,
        zh: "成员号与以往不是同一人",
        en: "the member number is another person's there",
      });
    const identity = register.identity(member.identityNumber);
    const cover = coverFor(county, householdId, member, year);
    if (identity && identity.personId !== cover.personId && identity.toDay >= cover.fromDay)
      return refuse("ENROLLED_ELSEWHERE", { field: `${at}.identity_number`, county: identity.county, day: identity.toDay });
  }
  const covers = members.map((member) => coverFor(county, householdId, member, year));
  const household: Household = {
    county,
    householdId,
    township,
    village,
    year,
    contributionFenPerHead,
    members,
    former: before.filter((other) => !members.some((member) => member.memberNo === other.memberNo)),
    covers: [...(known?.covers ?? []), ...covers],
    endings: known?.endings ?? [],
    revision: (known?.revision ?? 0) + 1,
  };
  return { household, fresh: true };
}

/** Both lists of members are in the order of their numbers. */
function sameContent(known: Household, listing: Listing): boolean {
  if (known.township !== listing.township || known.village !== listing.village || known.members.length !== listing.members.length)
    return false;
  return known.members.every((member, index) => {
    const other = listing.members[index];
    return (
      other !== undefined &&
      member.memberNo === other.memberNo &&
      member.name === other.name &&
      member.identityNumber === other.identityNumber &&
      member.head === other.head &&
      member.category === other.category
    );
  });
}

function resultOf(householdId: string, enrolled: { household: Household } | Refusal): HouseholdResult {
  if (!isRefusal(enrolled)) return { householdId, enrolled: true, code: "", field: "", zh: "", en: "" };
  const { code, field, zh, en } = enrolled;
  return { householdId: householdId.slice(0, 40), enrolled: false, code, field, zh, en };
}
