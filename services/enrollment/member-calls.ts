/** What enrollment is asked of the life of a household: who joins, leaves and moves, and whom another county has. */
import {
  type AddMemberRequest,
  type DecideReleaseRequest,
  EnrollmentServiceDefinition as definition,
  type Household as HouseholdMessage,
  type MoveMemberRequest,
  type RecordDepartureRequest,
  type Release as ReleaseMessage,
} from "../../proto/generated/nrcms/enrollment/v1/enrollment.ts";
import { type Call, command, query, type Reader } from "../mesh/wiring.ts";
import { yearOf } from "../values/days.ts";
import { readIdentityNumber } from "../values/identity.ts";
import { MAX_FEN } from "../values/money.ts";
import { badRequest, type Refusal } from "../values/outcome.ts";
import { type DepartureInput, recordDeparture } from "./domain/departure.ts";
import type { Household, HouseholdChange, Release } from "./domain/documents.ts";
import {
  badCounty,
  badDay,
  badHousehold,
  badMemberNo,
  badMemberNoIfAny,
  badOwnHousehold,
  badPerson,
  badText,
  badYear,
  missing,
} from "./domain/fields.ts";
import { addMember, type JoinInput } from "./domain/join.ts";
import { changeHead, moveHousehold, moveMember } from "./domain/move.ts";
import { refuse } from "./domain/refusals.ts";
import { askRelease, decideRelease } from "./domain/release.ts";
import { changesOf, householdIn, releasesOf } from "./store.ts";

export function memberCalls({ reader }: { readonly reader: Reader }): readonly Call[] {
  const { methods } = definition;
  return [
    command(methods.addMember, {
      check: checkAddMember,
      input: joinInput,
      decision: addMember,
      reply: (cover) => ({ cover }),
    }),
    command(methods.recordDeparture, {
      check: checkDeparture,
      input: departureInput,
      decision: recordDeparture,
      reply: (departed) => departed,
    }),
    command(methods.moveMember, {
      check: checkMoveMember,
      input: ({ requestId: _, ...move }) => move,
      decision: moveMember,
      reply: ({ personId, covers }) => ({ personId, covers: [...covers] }),
    }),
    command(methods.moveHousehold, {
      check: ({ county, householdId, day, evidence }) =>
        badCounty(county) ?? badHousehold(householdId) ?? badDay("day", day) ?? badText("evidence", evidence, "MAY_BE_EMPTY"),
      input: ({ requestId: _, ...move }) => move,
      decision: moveHousehold,
      reply: (household) => ({ household: householdMessage(household) }),
    }),
    command(methods.changeHead, {
      check: ({ county, householdId, headNo, evidence }) =>
        badCounty(county) ?? badHousehold(householdId) ?? badMemberNo(headNo, "head_no") ?? badText("evidence", evidence, "MAY_BE_EMPTY"),
      input: ({ requestId: _, ...change }) => change,
      decision: changeHead,
      reply: (household) => ({ household: householdMessage(household) }),
    }),
    query(methods.getHistory, async ({ county, householdId }) => {
      const wrong = badHousehold(householdId);
      if (wrong) return wrong;
      const household = await householdIn(reader, county, householdId);
      if (!household) return refuse("UNKNOWN_HOUSEHOLD", { field: "household_id", household: householdId });
      return { changes: (await changesOf(reader, household)).map(changeMessage) };
    }),
    command(methods.askRelease, {
      check: ({ county, identityNumber, householdId, year, reason }) =>
        badCounty(county) ??
        (readIdentityNumber(identityNumber)
          ? undefined
          : badRequest(
              "identity_number",
              "须为 18 位，出生日期真实，校验码正确",
              "must be 18 digits with a real birth date and a right check digit",
            )) ??
        badOwnHousehold(householdId, county) ??
        badYear(year) ??
        badText("reason", reason, "MAY_BE_EMPTY"),
      input: ({ requestId: _, ...ask }) => ask,
      decision: askRelease,
      reply: (release) => ({ release: releaseMessage(release) }),
    }),
    command(methods.decideRelease, {
      check: checkDecideRelease,
      input: ({ requestId: _, ...decide }) => decide,
      decision: decideRelease,
      reply: (release) => ({ release: releaseMessage(release) }),
    }),
    query(methods.listReleases, async ({ county }) => {
      const wrong = badCounty(county);
      if (wrong) return wrong;
      return { releases: (await releasesOf(reader, county)).map(releaseMessage) };
    }),
  ];
}

function checkAddMember(request: AddMemberRequest): Refusal | undefined {
  const { county, householdId, member, cause, year, fromDay, motherNo, contributionFen, evidence } = request;
  const wrong = badCounty(county) ?? badHousehold(householdId) ?? badYear(year) ?? badDay("from_day", fromDay);
  if (wrong) return wrong;
  if (!member) return missing("member");
  if (!readIdentityNumber(member.identityNumber))
    return badRequest(
      "member.identity_number",
      "须为 18 位，出生日期真实，校验码正确",
      "must be 18 digits with a real birth date and a right check digit",
    );
  if (member.head) return badRequest("member.head", "加入者不能是户主", "who joins is not the head");
  if (cause === "UNSPECIFIED") return missing("cause");
  if (yearOf(fromDay) !== year) return badRequest("from_day", `须在 ${year} 年`, `must be in ${year}`);
  const mother = cause === "BORN" ? badMemberNo(motherNo, "mother_no") : undefined;
  if (mother) return mother;
  if (cause !== "BORN" && motherNo !== "") return badRequest("mother_no", "仅新生儿填写", "is only of one born");
  if (contributionFen < 0n || contributionFen > MAX_FEN)
    return badRequest("contribution_fen", `须在 0 与 ${MAX_FEN} 分之间`, `must be between 0 and ${MAX_FEN} fen`);
  return badText("evidence", evidence, "MAY_BE_EMPTY");
}

function joinInput({ member, cause, ...rest }: AddMemberRequest): JoinInput | Refusal {
  return member && cause !== "UNSPECIFIED" ? { ...rest, member, cause } : missing("member");
}

function checkDeparture({ county, personId, cause, lastDay, newHeadNo, evidence }: RecordDepartureRequest): Refusal | undefined {
  if (cause === "UNSPECIFIED") return missing("cause");
  return (
    badCounty(county) ??
    badPerson(personId) ??
    badDay("last_day", lastDay) ??
    badMemberNoIfAny(newHeadNo, "new_head_no") ??
    badText("evidence", evidence, "MAY_BE_EMPTY")
  );
}

function departureInput({ requestId: _, cause, ...rest }: RecordDepartureRequest): DepartureInput | Refusal {
  return cause === "UNSPECIFIED" ? missing("cause") : { ...rest, cause };
}

function checkMoveMember({
  county,
  personId,
  toHouseholdId,
  toMemberNo,
  fromDay,
  newHeadNo,
  evidence,
}: MoveMemberRequest): Refusal | undefined {
  return (
    badCounty(county) ??
    badPerson(personId) ??
    badOwnHousehold(toHouseholdId, county, "to_household_id") ??
    badMemberNo(toMemberNo, "to_member_no") ??
    badDay("from_day", fromDay) ??
    badMemberNoIfAny(newHeadNo, "new_head_no") ??
    badText("evidence", evidence, "MAY_BE_EMPTY")
  );
}

function checkDecideRelease({ county, releaseId, released, lastDay, newHeadNo, reason }: DecideReleaseRequest): Refusal | undefined {
  const wrong = badCounty(county) ?? badText("reason", reason, "WANTED");
  if (wrong) return wrong;
  if (!/^\d{16}-\d{6}-\d{4}$/.test(releaseId)) return badRequest("release_id", "不是转出申请号", "is not the id of a case");
  if (released) return badDay("last_day", lastDay) ?? badMemberNoIfAny(newHeadNo, "new_head_no");
  if (lastDay !== "") return badRequest("last_day", "仅准予转出时填写", "is only of one who is released");
  return newHeadNo === "" ? undefined : badRequest("new_head_no", "仅准予转出时填写", "is only of one who is released");
}

function householdMessage({ householdId, township, village, members }: Household): HouseholdMessage {
  return { householdId, township, village, members: [...members] };
}

function changeMessage({ county: _, householdId: __, ...change }: HouseholdChange) {
  return change;
}

function releaseMessage({ county: holdingCounty, ...release }: Release): ReleaseMessage {
  return { ...release, holdingCounty };
}
