/**
 * Enrols households for a year and books what they paid. Each household is judged on its own: a refused one changes nothing and stops no other.
 * An identity number has a document of its own, so that two twins cannot enrol one person in two counties (protocols 2).
 */

import { yearOf } from "../../values/days.ts";
import type { Decision, Key, Loaded, State } from "../../values/decision.ts";
import { readIdentityNumber } from "../../values/identity.ts";
import { askOwner, badRequest, isRefusal, type Refusal } from "../../values/outcome.ts";
import { coverFor, personsOf } from "./covers.ts";
import {
  type Campaign,
  type Cover,
  campaigns,
  counties,
  type Household,
  households,
  type Identity,
  identities,
  personIdOf,
  receipts,
  releases,
  tallyKey,
} from "./documents.ts";
import type { EnrollmentEvents } from "./events.ts";
import { withCovers } from "./household-change.ts";
import { badPlace, type HouseholdForm, isHouseholdId, type Listing, readListing } from "./listing.ts";
import { movedTo } from "./move.ts";
import { refuse } from "./refusals.ts";
import { isElsewhere, openCase, releaseIdOf } from "./release.ts";
import { isEmpty, recount, tallyKeys } from "./tally.ts";

export interface EnrolInput {
  readonly requestId: string;
  readonly county: string;
  readonly year: number;
  readonly contributionFenPerHead: bigint;
  readonly households: readonly HouseholdForm[];
  /** What administration said of the county; undefined while it has not been asked, because the projection mostly knows. */
  readonly ownerKnowsCounty: boolean | undefined;
  /** Opens a case for each person whom another county has. */
  readonly queueDuplicates?: boolean;
}

/** One household's result, in the order of the request; `code` is empty when it is enrolled. */
export interface HouseholdResult {
  readonly householdId: string;
  readonly enrolled: boolean;
  readonly code: string;
  readonly field: string;
  readonly zh: string;
  readonly en: string;
  /** The case that was opened for one of its members; empty where none was. */
  readonly releaseId: string;
}

export interface EnrolResult {
  readonly results: readonly HouseholdResult[];
  /** Of all households that are enrolled now, those that were so before included. */
  readonly membersEnrolled: number;
  /** What this request brought in: nothing for a household that was enrolled before. */
  readonly contributionsFen: bigint;
}

/** Refuses UNKNOWN_COUNTY, WRONG_RATE; BAD_REQUEST where another caller's request of this id brought in money. */
export const enrol: Decision<EnrolInput, EnrolResult, EnrollmentEvents> = {
  needs: (input, loaded) => [
    counties.key(input.county),
    campaigns.key(input.county, input.year),
    receipts.key(input.county, input.requestId),
    ...input.households.flatMap((form) => householdKeys(form, input, loaded)),
    ...input.households.flatMap((form) =>
      form.members
        .filter((member) => readIdentityNumber(member.identityNumber))
        .flatMap((member) => identityKeys(member.identityNumber, input, loaded)),
    ),
  ],
  decide(input, state, change, context) {
    const { county, year, contributionFenPerHead } = input;
    if (!state.get(counties.key(county)) && !input.ownerKnowsCounty)
      return input.ownerKnowsCounty === undefined ? askOwner() : refuse("UNKNOWN_COUNTY", { field: "county", county });
    const campaign = state.get(campaigns.key(county, year));
    const fen = campaign?.rates.find(({ source }) => source === "INDIVIDUAL")?.fenPerHead;
    if (fen !== undefined && fen !== contributionFenPerHead) return refuse("WRONG_RATE", { field: "contribution_fen_per_head", year, fen });
    const register = registerOver(state);
    const results: HouseholdResult[] = [];
    let membersEnrolled = 0;
    let heads = 0;
    for (const form of input.households) {
      const listing = readListing(form, county, year, context.day);
      const enrolled = isRefusal(listing) ? listing : judge(listing, input, register, campaign, context.day);
      if (isRefusal(enrolled)) {
        const cases =
          input.queueDuplicates && enrolled.code === "ENROLLED_ELSEWHERE" && !isRefusal(listing) ? wantedElsewhere(listing) : [];
        results.push({ ...resultOf(form.householdId, enrolled), releaseId: cases[0] ?? "" });
        continue;
      }
      results.push(resultOf(form.householdId, enrolled));
      membersEnrolled += enrolled.household.members.length;
      register.enter(enrolled);
      heads += enrolled.added.filter(({ category }) => category === "ORDINARY").length;
    }
    for (const household of register.households.values()) {
      const key = households.key(household.householdId);
      recount(state.get(key), household, state, change);
      change.put(key, household);
      const { householdId, covers, revision } = household;
      const told = { householdId, county, version: BigInt(revision), covers: [...covers], persons: personsOf(household) };
      change.tell("HouseholdCovered", county, told);
    }
    for (const [number, identity] of register.identities) change.put(identities.key(number), identity);
    const contributionsFen = BigInt(heads) * contributionFenPerHead;
    if (contributionsFen > 0n) {
      const key = receipts.key(county, input.requestId);
      if (state.get(key)) return badRequest("request_id", "该请求号已为另一笔收款所用", "this request id is another receipt's");
      const received = { receiptId: `contributions/${key.id}`, county, year, heads, contributionsFen, receivedOn: context.day };
      change.put(key, { ...received, receivedBy: context.caller.name });
      change.tell("ContributionsReceived", county, { ...received, source: "INDIVIDUAL" });
      change.about(received.receiptId);
    }
    return { results, membersEnrolled, contributionsFen };

    /** Opens a case for every member whom another county has. */
    function wantedElsewhere({ householdId, members }: Listing): string[] {
      return members.flatMap(({ identityNumber }) => {
        const identity = state.get(identities.key(identityNumber));
        if (!isElsewhere(identity, county, year) || identity.diedOn !== undefined) return [];
        return [openCase(identity, { county, householdId, year, reason: "" }, state, change, context).releaseId];
      });
    }
  },
};

function householdKeys(form: HouseholdForm, { county, year }: EnrolInput, loaded: Loaded): Key[] {
  const { householdId, township, village } = form;
  if (!isHouseholdId(householdId)) return [];
  const key = households.key(householdId);
  const known = (badPlace("township", township) ?? badPlace("village", village)) ? [] : [tallyKey(county, year, { township, village })];
  return [key, ...known, ...tallyKeys(loaded.get(key), year)];
}

function identityKeys(number: string, { county, year, queueDuplicates }: EnrolInput, loaded: Loaded): Key[] {
  const key = identities.key(number);
  const identity = queueDuplicates ? loaded.get(key) : undefined;
  return isElsewhere(identity, county, year) ? [key, releases.key(releaseIdOf(identity, county, year))] : [key];
}

/** What is stored, under what this request has changed so far. */
interface Register {
  readonly households: ReadonlyMap<string, Household>;
  readonly identities: ReadonlyMap<string, Identity>;
  household(id: string): Household | undefined;
  identity(number: string): Identity | undefined;
  enter(enrolled: Enrolled): void;
}

/** A household as it is to be stored, and the covers that it has got; none where it is enrolled so already. */
interface Enrolled {
  readonly household: Household;
  readonly added: readonly Cover[];
}

function registerOver(state: State): Register {
  const entered = new Map<string, Household>();
  const numbers = new Map<string, Identity>();
  return {
    households: entered,
    identities: numbers,
    household: (id) => entered.get(id) ?? state.get(households.key(id)),
    identity: (number) => numbers.get(number) ?? state.get(identities.key(number)),
    enter({ household, added }) {
      if (added.length === 0) return;
      const { county, householdId, members } = household;
      entered.set(householdId, household);
      for (const { memberNo, identityNumber } of members) {
        const cover = added.find(({ personId }) => personId === personIdOf(householdId, memberNo));
        if (cover) numbers.set(identityNumber, { county, personId: cover.personId, toDay: cover.toDay });
      }
    },
  };
}

function judge(listing: Listing, input: EnrolInput, register: Register, campaign: Campaign | undefined, today: string): Enrolled | Refusal {
  const { county, year, contributionFenPerHead } = input;
  const { householdId } = listing;
  const members = listing.members.toSorted((a, b) => (a.memberNo < b.memberNo ? -1 : 1));
  const known = register.household(householdId);
  if (known && year <= known.year) {
    if (year < known.year || !sameContent(known, { ...listing, members }))
      return refuse("HOUSEHOLD_EXISTS", { year: known.year, zh: "名册不同", en: "the list differs" });
    if (members.some(({ category }) => category === "ORDINARY") && known.contributionFenPerHead !== contributionFenPerHead)
      return refuse("WRONG_CONTRIBUTION", { year, fen: known.contributionFenPerHead });
    return { household: known, added: [] };
  }
  if (campaign && (today < campaign.opensOn || today > campaign.closesOn))
    return refuse("CAMPAIGN_CLOSED", { year, opens: campaign.opensOn, closes: campaign.closesOn });
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
    if (identity?.diedOn !== undefined) return refuse("DEAD", { field: `${at}.identity_number`, day: identity.diedOn });
    const cover = coverFor(county, householdId, member, year);
    if (identity && identity.personId !== cover.personId && identity.toDay >= cover.fromDay)
      return refuse("ENROLLED_ELSEWHERE", { field: `${at}.identity_number`, county: identity.county, day: identity.toDay });
  }
  // Who came in the year by a move has the rest of that year's cover already, and has paid for it.
  const covered = new Set(
    known?.covers.filter((cover) => yearOf(cover.fromDay) === year && !isEmpty(cover)).map(({ personId }) => personId),
  );
  const added = members.map((member) => coverFor(county, householdId, member, year)).filter(({ personId }) => !covered.has(personId));
  const here = new Map(before.map((member) => [member.memberNo, member]));
  const places = known ? movedTo(known, listing, year).places : undefined;
  const household: Household = {
    county,
    householdId,
    township: listing.township,
    village: listing.village,
    year,
    contributionFenPerHead,
    members: members.map((member) => {
      const movedFrom = here.get(member.memberNo)?.movedFrom;
      return movedFrom === undefined ? member : { ...member, movedFrom };
    }),
    former: before
      .filter((other) => !members.some((member) => member.memberNo === other.memberNo))
      .map((member) => ({ ...member, head: false })),
    covers: withCovers(known?.covers ?? [], added),
    endings: known?.endings ?? [],
    revision: (known?.revision ?? 0) + 1,
    ...(places ? { places } : {}),
    ...(known?.changes === undefined ? {} : { changes: known.changes }),
    tallied: true,
  };
  return { household, added };
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

function resultOf(householdId: string, enrolled: Enrolled | Refusal): HouseholdResult {
  if (!isRefusal(enrolled)) return { householdId, enrolled: true, code: "", field: "", zh: "", en: "", releaseId: "" };
  const { code, field, zh, en } = enrolled;
  return { householdId: householdId.slice(0, 40), enrolled: false, code, field, zh, en, releaseId: "" };
}
