/**
 * Enters a member into a household and covers them for a year: a newborn under the mother from birth (新生儿随母), who married in, moved in from a county that
 * has let them go, or has returned. Outside of the campaign nobody else joins, and nobody for days that are over: cover is not bought after the illness.
 */
import { addDays, yearOf } from "../../values/days.ts";
import type { Decision } from "../../values/decision.ts";
import { badRequest, isRefusal, type Refusal } from "../../values/outcome.ts";
import { isCovered } from "./covers.ts";
import {
  type Cover,
  campaigns,
  coversOf,
  type Household,
  households,
  type Identity,
  identities,
  type JoinCause,
  type Member,
  personIdOf,
  receipts,
  tallyKey,
} from "./documents.ts";
import type { EnrollmentEvents } from "./events.ts";
import { BACKDATE_DAYS, byNumber, changeKeys, keep, numberFault, withCovers } from "./household-change.ts";
import { lastDayOf, type MemberForm, readMember } from "./listing.ts";
import { refuse } from "./refusals.ts";
import { isEmpty, placeIn, tallyKeys } from "./tally.ts";

export interface JoinInput {
  readonly requestId: string;
  readonly county: string;
  readonly householdId: string;
  readonly member: MemberForm;
  readonly cause: JoinCause;
  readonly year: number;
  readonly fromDay: string;
  readonly motherNo: string;
  readonly contributionFen: bigint;
  readonly evidence: string;
}

/** A mother is at least so many years older: a wrong number is likelier than a younger one. */
const MOTHER_YEARS = 12;

/** Replies with the new cover. */
export const addMember: Decision<JoinInput, Cover, EnrollmentEvents> = {
  needs({ requestId, county, householdId, member, year, contributionFen }, loaded) {
    const key = households.key(householdId);
    const household = loaded.get(key);
    return [
      key,
      identities.key(member.identityNumber),
      campaigns.key(county, year),
      ...changeKeys(household, householdId),
      ...tallyKeys(household, year),
      ...(household ? [tallyKey(county, year, placeIn(household, year))] : []),
      ...(contributionFen > 0n ? [receipts.key(county, requestId)] : []),
    ];
  },
  decide(input, state, change, context) {
    const { county, householdId, year, fromDay, cause, evidence, contributionFen } = input;
    const household = state.get(households.key(householdId));
    if (household?.county !== county) return refuse("UNKNOWN_HOUSEHOLD", { field: "household_id", household: householdId });
    if (household.year < year || household.members.length === 0) return refuse("NOT_ENROLLED", { field: "household_id", year });
    const read = readMember({ ...input.member, head: false }, "member", year, context.day);
    if (isRefusal(read)) return read;
    const known = household.members.find(({ memberNo }) => memberNo === read.memberNo);
    const taken = numberFault(household, read, "member.member_no");
    if (taken) return taken;
    const personId = personIdOf(householdId, read.memberNo);
    const number = identities.key(read.identityNumber);
    const identity = state.get(number);
    const fault = mayNot(input, household, identity, personId, context.day);
    if (fault) return fault;

    const paidBefore = hasPaidFor(input, household, identity, personId);
    const free = cause === "BORN" || paidBefore;
    const perHeadFen = state.get(campaigns.key(county, year))?.rates.find(({ source }) => source === "INDIVIDUAL")?.fenPerHead;
    const wantedFen = free || read.category !== "ORDINARY" ? 0n : (perHeadFen ?? household.contributionFenPerHead);
    if (contributionFen !== wantedFen) return refuse("WRONG_RATE", { field: "contribution_fen", year, fen: wantedFen });

    const elsewhere = identity !== undefined && identity.personId !== personId;
    const cover: Cover = {
      personId,
      county,
      householdId,
      fromDay,
      toDay: lastDayOf(year),
      category: read.category,
      ...(free ? { free: true as const } : {}),
      ...(paidBefore && elsewhere ? { moved: true as const } : {}),
    };
    const member: Member = { ...read, head: known?.head ?? false, ...(elsewhere ? { movedFrom: identity.personId } : {}) };
    const joined: Household = {
      ...household,
      members: byNumber([...household.members.filter((one) => one !== known), member]),
      former: household.former.filter(({ memberNo }) => memberNo !== member.memberNo),
      covers: withCovers(household.covers, [cover]),
    };
    const other = cause === "BORN" ? personIdOf(householdId, input.motherNo) : elsewhere ? identity.personId : "";
    const happened = { kind: "JOINED", cause, personId, other, day: fromDay, evidence } as const;
    const kept = keep(household, joined, happened, state, change, context);
    if (isRefusal(kept)) return kept;
    const toDay = coversOf(kept, personId).at(-1)?.toDay ?? cover.toDay;
    change.put(number, { county, personId, toDay });
    if (contributionFen > 0n) {
      const key = receipts.key(county, input.requestId);
      if (state.get(key)) return badRequest("request_id", "该请求号已为另一笔收款所用", "this request id is another receipt's");
      const received = {
        receiptId: `contributions/${key.id}`,
        county,
        year,
        heads: 1,
        contributionsFen: contributionFen,
        receivedOn: context.day,
      };
      change.put(key, { ...received, receivedBy: context.caller.name });
      change.tell("ContributionsReceived", county, { ...received, source: "INDIVIDUAL" });
      change.about(received.receiptId);
    }
    change.about(personId);
    return cover;
  },
};

/** Why the person may not be covered here from that day. */
function mayNot(
  { cause, year, fromDay, motherNo, member }: JoinInput,
  household: Household,
  identity: Identity | undefined,
  personId: string,
  today: string,
): Refusal | undefined {
  if (identity?.diedOn !== undefined) return refuse("DEAD", { field: "member.identity_number", day: identity.diedOn });
  if (identity && identity.personId !== personId && identity.toDay >= fromDay)
    return refuse("ENROLLED_ELSEWHERE", { field: "member.identity_number", county: identity.county, day: identity.toDay });
  const standing = coversOf(household, personId).find(
    (cover) => !isEmpty(cover) && cover.toDay >= fromDay && cover.fromDay <= lastDayOf(year),
  );
  if (standing) return refuse("COVERED_ALREADY", { field: "from_day", day: standing.toDay });
  if (cause === "BORN") {
    if (yearOf(member.bornOn) !== year || fromDay !== member.bornOn)
      return badRequest("from_day", "新生儿自出生之日起参合当年", "one born is covered from the day of birth, in its year");
    return isMother(household, motherNo, member.bornOn) ? undefined : refuse("MOTHER_NOT_COVERED", { field: "mother_no", day: fromDay });
  }
  const uninterrupted = cause === "MOVED_IN" && identity !== undefined && fromDay === addDays(identity.toDay, 1);
  return fromDay < today && !uninterrupted ? refuse("BACKDATED", { field: "from_day", days: BACKDATE_DAYS }) : undefined;
}

/** She may have died since: who was covered on the day of birth covered her child. */
function isMother(household: Household, motherNo: string, bornOn: string): boolean {
  const mother = [...household.members, ...household.former].find(({ memberNo }) => memberNo === motherNo);
  if (mother?.sex !== "FEMALE" || yearOf(mother.bornOn) + MOTHER_YEARS > yearOf(bornOn)) return false;
  return coversOf(household, personIdOf(household.householdId, motherNo)).some((cover) => isCovered(cover, bornOn));
}

/** Whether the year was paid for already: here, before the cover was ended, or in the county that has let the person go. */
function hasPaidFor({ cause, year }: JoinInput, household: Household, identity: Identity | undefined, personId: string): boolean {
  const here = coversOf(household, personId).some((cover) => yearOf(cover.fromDay) === year && !isEmpty(cover));
  const elsewhere = cause === "MOVED_IN" && identity !== undefined && identity.personId !== personId && yearOf(identity.toDay) === year;
  return here || elsewhere;
}
