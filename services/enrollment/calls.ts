/**
 * What enrollment is asked. At the door stands what makes a request as a whole unreadable; what is wrong with one household
 * is that household's result.
 */
import { AdministrationServiceDefinition } from "../../proto/generated/nrcms/administration/v1/administration.ts";
import {
  type CheckHouseholdsRequest,
  EnrollmentServiceDefinition as definition,
  type EndCoverRequest,
  type EnrolHouseholdsRequest,
} from "../../proto/generated/nrcms/enrollment/v1/enrollment.ts";
import { type Ask, type Call, command, query, type Reader, trial } from "../mesh/wiring.ts";
import { accountFault } from "../values/account.ts";
import { MAX_FEN } from "../values/money.ts";
import { badRequest, type Refusal } from "../values/outcome.ts";
import { eligibilityOf } from "./domain/covers.ts";
import { endCover } from "./domain/end-cover.ts";
import { type EnrolInput, type EnrolResult, enrol } from "./domain/enrol.ts";
import { badCounty, badDay, badHousehold, badPerson, badText, badYear } from "./domain/fields.ts";
import { refuse } from "./domain/refusals.ts";
import { type AccountInput, registerAccount } from "./domain/register-account.ts";
import { accountOf, householdIn, householdOfPerson } from "./store.ts";

const MAX_HOUSEHOLDS = 500;
/** One request is one input of one transaction: a document for each member. */
const MAX_MEMBERS = 3000;

export function calls({ reader, ask }: { readonly reader: Reader; readonly ask: Ask }): readonly Call[] {
  const { methods } = definition;
  const isKnown = async (county: string) => {
    const { counties } = await ask(AdministrationServiceDefinition, "listCounties", {});
    return counties.some((one) => one.county === county);
  };
  return [
    command(methods.enrolHouseholds, {
      check: (request: EnrolHouseholdsRequest) => checkEnrolHouseholds(request),
      input: (request: EnrolHouseholdsRequest) => inputOf(request, undefined),
      ask: async (request: EnrolHouseholdsRequest) => inputOf(request, await isKnown(request.county)),
      decision: enrol,
      reply: enrolled,
    }),
    trial(methods.checkHouseholds, {
      check: checkEnrolHouseholds,
      input: (request) => inputOf(request, undefined),
      ask: async (request) => inputOf(request, await isKnown(request.county)),
      decision: enrol,
      reply: async (result) => enrolled(result),
    }),
    command(methods.endCover, {
      check: checkEndCover,
      input: ({ county, personId, lastDay, reason }) => ({ county, personId, lastDay, reason }),
      decision: endCover,
      reply: (cover) => ({ cover }),
    }),
    command(methods.registerAccount, {
      check: ({ county, householdId, account }) => badCounty(county) ?? badHousehold(householdId) ?? accountFault("account", account),
      input: ({ county, householdId, account }): AccountInput | Refusal =>
        account ? { county, householdId, account } : badRequest("account", "必填", "is missing"),
      decision: registerAccount,
      reply: (account) => ({ account }),
    }),
    query(
      methods.checkEligibility,
      async ({ personId, day }) => {
        const wrong = badPerson(personId) ?? badDay("day", day);
        if (wrong) return wrong;
        const household = await householdOfPerson(reader, personId);
        const eligibility = household && eligibilityOf(household, personId, day);
        return eligibility ?? refuse("UNKNOWN_PERSON", { field: "person_id", person: personId });
      },
      ({ covered }) => !covered,
    ),
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

type Enrolling = CheckHouseholdsRequest & Partial<Pick<EnrolHouseholdsRequest, "requestId" | "queueDuplicates">>;

/** A check has no request id of its own, and opens no case. */
function inputOf(request: Enrolling, ownerKnowsCounty: boolean | undefined): EnrolInput {
  const { requestId = "", county, year, contributionFenPerHead, households, queueDuplicates = false } = request;
  return { requestId, county, year, contributionFenPerHead, households, ownerKnowsCounty, queueDuplicates };
}

function enrolled({ results, membersEnrolled, contributionsFen }: EnrolResult) {
  return { results: [...results], membersEnrolled, contributionsFen };
}

function checkEnrolHouseholds(request: CheckHouseholdsRequest): Refusal | undefined {
  const { county, year, contributionFenPerHead, households } = request;
  const wrong = badCounty(county) ?? badYear(year);
  if (wrong) return wrong;
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
  return badCounty(county) ?? badPerson(personId) ?? badDay("last_day", lastDay) ?? badText("reason", reason, "WANTED");
}
