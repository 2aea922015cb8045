/**
 * What enrollment is asked. At the door stands what makes a request as a whole unreadable; what is wrong with one household
 * is that household's result.
 */
import { AdministrationServiceDefinition } from "../../proto/generated/nrcms/administration/v1/administration.ts";
import {
  EnrollmentServiceDefinition as definition,
  type EndCoverRequest,
  type EnrolHouseholdsRequest,
} from "../../proto/generated/nrcms/enrollment/v1/enrollment.ts";
import { type Ask, type Call, command, query, type Reader } from "../mesh/wiring.ts";
import { accountFault } from "../values/account.ts";
import { FIRST_YEAR, isDay, LAST_YEAR } from "../values/days.ts";
import { MAX_FEN } from "../values/money.ts";
import { badRequest, type Refusal } from "../values/outcome.ts";
import { isCountyCode } from "../values/region.ts";
import { eligibilityOf } from "./domain/covers.ts";
import { endCover } from "./domain/end-cover.ts";
import { type EnrolInput, enrol } from "./domain/enrol.ts";
import { isHouseholdId } from "./domain/listing.ts";
import { refuse } from "./domain/refusals.ts";
import { type AccountInput, registerAccount } from "./domain/register-account.ts";
import { accountOf, householdIn, householdOfPerson } from "./store.ts";

const MAX_HOUSEHOLDS = 500;
/** One request is one input of one transaction: a document for each member. */
const MAX_MEMBERS = 3000;
const MAX_REASON = 200;

export function calls({ reader, ask }: { readonly reader: Reader; readonly ask: Ask }): readonly Call[] {
  const { methods } = definition;
  return [
    command(methods.enrolHouseholds, {
      check: checkEnrolHouseholds,
      input: (request) => inputOf(request, undefined),
      async ask(request) {
        const { counties } = await ask(AdministrationServiceDefinition, "listCounties", {});
        const known = counties.some(({ county }) => county === request.county);
        return inputOf(request, known);
      },
      decision: enrol,
      reply: ({ results, membersEnrolled, contributionsFen }) => ({ results: [...results], membersEnrolled, contributionsFen }),
    }),
    command(methods.endCover, {
      check: checkEndCover,
      input: ({ county, personId, lastDay, reason }) => ({ county, personId, lastDay, reason }),
      decision: endCover,
      reply: (cover) => ({ cover }),
    }),
    command(methods.registerAccount, {
      check: ({ county, householdId, account }) =>
        (isCountyCode(county) ? undefined : badCounty()) ?? badHousehold(householdId) ?? accountFault("account", account),
      input: ({ county, householdId, account }): AccountInput | Refusal =>
        account ? { county, householdId, account } : badRequest("account", "必填", "is missing"),
      decision: registerAccount,
      reply: (account) => ({ account }),
    }),
    query(methods.checkEligibility, async ({ personId, day }) => {
      const wrong = badPerson(personId) ?? badDay("day", day);
      if (wrong) return wrong;
      const household = await householdOfPerson(reader, personId);
      const eligibility = household && eligibilityOf(household, personId, day);
      return eligibility ?? refuse("UNKNOWN_PERSON", { field: "person_id", person: personId });
    }),
    query(methods.getHousehold, async ({ county, householdId }) => {
      const wrong = badHousehold(householdId);
      if (wrong) return wrong;
      const household = await householdIn(reader, county, householdId);
      if (!household) return refuse("UNKNOWN_HOUSEHOLD", { field: "household_id", household: householdId });
      const { township, village, members, year } = household;
      const stored = await accountOf(reader, householdId);
      return { household: { householdId, township, village, members: [...members] }, year, account: stored?.account };
    }),
  ];
}

function inputOf(request: EnrolHouseholdsRequest, ownerKnowsCounty: boolean | undefined): EnrolInput {
  const { requestId, county, year, contributionFenPerHead, households } = request;
  return { requestId, county, year, contributionFenPerHead, households, ownerKnowsCounty };
}

function checkEnrolHouseholds(request: EnrolHouseholdsRequest): Refusal | undefined {
  const { county, year, contributionFenPerHead, households } = request;
  if (!isCountyCode(county)) return badCounty();
  if (year < FIRST_YEAR || year > LAST_YEAR)
    return badRequest("year", `须在 ${FIRST_YEAR} 与 ${LAST_YEAR} 之间`, `must be between ${FIRST_YEAR} and ${LAST_YEAR}`);
  if (households.length === 0) return badRequest("households", "必填", "is missing");
  if (households.length > MAX_HOUSEHOLDS)
    return badRequest("households", `不得超过 ${MAX_HOUSEHOLDS} 户`, `must not be more than ${MAX_HOUSEHOLDS}`);
  const members = households.reduce((total, household) => total + household.members.length, 0);
  if (members > MAX_MEMBERS)
    return badRequest("households", `成员合计不得超过 ${MAX_MEMBERS} 人`, `must not have more than ${MAX_MEMBERS} members in all`);
  if (contributionFenPerHead < 0n || contributionFenPerHead * BigInt(members) > MAX_FEN)
    return badRequest(
      "contribution_fen_per_head",
      `不得为负，合计不得超过 ${MAX_FEN} 分`,
      `must not be negative, nor come to more than ${MAX_FEN} fen in all`,
    );
  return undefined;
}

function checkEndCover({ county, personId, lastDay, reason }: EndCoverRequest): Refusal | undefined {
  if (!isCountyCode(county)) return badCounty();
  const wrong = badPerson(personId) ?? badDay("last_day", lastDay);
  if (wrong) return wrong;
  if (reason.trim() !== "" && reason.length <= MAX_REASON && !/\p{Cc}/u.test(reason)) return undefined;
  return badRequest("reason", `须为 1 至 ${MAX_REASON} 个字符`, `must be 1 to ${MAX_REASON} characters`);
}

function badHousehold(householdId: string): Refusal | undefined {
  return isHouseholdId(householdId) ? undefined : badRequest("household_id", "须为 14 位数字", "must be 14 digits");
}

function badCounty(): Refusal {
  return badRequest("county", "不是本省的县级区划代码", "is not a county division code of the province");
}

function badPerson(personId: string): Refusal | undefined {
  if (/^\d{16}$/.test(personId)) return undefined;
  return badRequest("person_id", "须为 16 位数字", "must be 16 digits");
}

function badDay(field: string, day: string): Refusal | undefined {
  return isDay(day) ? undefined : badRequest(field, "须为 YYYY-MM-DD 的日期", "must be a day YYYY-MM-DD");
}
