/**
 * A person in two counties (重复参合、跨县转移): the county that wants the person asks the one that has them, and a reviewer there decides. Released, the person leaves
 * with the last day and may be entered by whoever asked; kept, the asking county's household stays refused. One case for each person, asking county and year.
 */
import { addDays, yearOf } from "../../values/days.ts";
import type { Change, Context, Decision, Key, Loaded } from "../../values/decision.ts";
import { badRequest, isRefusal, type Refusal } from "../../values/outcome.ts";
import { leave, leavingKeys } from "./departure.ts";
import { type Departure, householdIdOf, households, type Identity, identities, memberOf, type Release, releases } from "./documents.ts";
import type { EnrollmentEvents } from "./events.ts";
import { firstDayOf } from "./listing.ts";
import { refuse } from "./refusals.ts";

export interface AskInput {
  readonly county: string;
  readonly identityNumber: string;
  readonly householdId: string;
  readonly year: number;
  readonly reason: string;
}

export function releaseIdOf(identity: Identity, askingCounty: string, year: number): string {
  return `${identity.personId}-${askingCounty}-${year}`;
}

/** Whether another county has the person on a day of the year. */
export function isElsewhere(identity: Identity | undefined, county: string, year: number): identity is Identity {
  return identity !== undefined && identity.county !== county && identity.toDay >= firstDayOf(year);
}

export const askRelease: Decision<AskInput, Release, EnrollmentEvents> = {
  needs({ county, identityNumber, year }, loaded) {
    const key = identities.key(identityNumber);
    const identity = loaded.get(key);
    return isElsewhere(identity, county, year) ? [key, releases.key(releaseIdOf(identity, county, year))] : [key];
  },
  decide({ county, identityNumber, householdId, year, reason }, state, change, context) {
    const identity = state.get(identities.key(identityNumber));
    if (!identity) return refuse("UNKNOWN_IDENTITY", { field: "identity_number" });
    if (identity.diedOn !== undefined) return refuse("DEAD", { field: "identity_number", day: identity.diedOn });
    if (!isElsewhere(identity, county, year)) return refuse("NOT_ELSEWHERE", { field: "identity_number", year });
    return openCase(identity, { county, householdId, year, reason }, state, change, context);
  },
};

/** The case as it is, or a new one; one that was released and has come back is asked anew. */
export function openCase(
  identity: Identity,
  { county, householdId, year, reason }: Omit<AskInput, "identityNumber">,
  state: Loaded,
  change: Change<EnrollmentEvents>,
  context: Context,
): Release {
  const releaseId = releaseIdOf(identity, county, year);
  const stored = state.get(releases.key(releaseId));
  if (stored && stored.state !== "RELEASED") return stored;
  const release: Release = {
    county: identity.county,
    releaseId,
    askingCounty: county,
    personId: identity.personId,
    householdId,
    year,
    state: "OPEN",
    askedOn: context.day,
    decidedOn: "",
    decidedBy: "",
    lastDay: "",
    reason,
  };
  change.put(releases.key(releaseId), release);
  change.about(releaseId);
  return release;
}

export interface DecideReleaseInput {
  /** The holding county. */
  readonly county: string;
  readonly releaseId: string;
  readonly released: boolean;
  readonly lastDay: string;
  readonly newHeadNo: string;
  readonly reason: string;
}

/** The same word again changes nothing. */
export const decideRelease: Decision<DecideReleaseInput, Release, EnrollmentEvents> = {
  needs({ releaseId, released }, loaded): readonly Key[] {
    const key = releases.key(releaseId);
    const release = loaded.get(key);
    return release && released ? [key, ...leavingKeys(release.personId, loaded)] : [key];
  },
  decide({ county, releaseId, released, lastDay, newHeadNo, reason }, state, change, context) {
    const release = state.get(releases.key(releaseId));
    if (release?.county !== county) return refuse("UNKNOWN_RELEASE", { field: "release_id", release: releaseId });
    if (release.state === (released ? "RELEASED" : "KEPT")) return release;
    if (release.state === "RELEASED") return refuse("RELEASE_DECIDED", { field: "release_id", state: release.state });
    const fault = released ? letGo(release, lastDay) : undefined;
    if (fault) return fault;
    change.about(releaseId);
    const decided: Release = {
      ...release,
      state: released ? "RELEASED" : "KEPT",
      decidedOn: context.day,
      decidedBy: context.caller.name,
      lastDay: released ? lastDay : "",
      reason,
    };
    change.put(releases.key(releaseId), decided);
    return decided;

    function letGo({ personId, year }: Release, last: string): Refusal | undefined {
      const household = state.get(households.key(householdIdOf(personId)));
      const member = household && memberOf(household, personId);
      if (!household || !member) return refuse("UNKNOWN_RELEASE", { field: "release_id", release: releaseId });
      // For a year that has not begun the person may go at its end; otherwise not later than today.
      const latest = yearOf(context.day) < year ? addDays(firstDayOf(year), -1) : context.day;
      if (last > latest) return badRequest("last_day", `不得晚于 ${latest}`, `must not be later than ${latest}`);
      const left: Departure = { cause: "MOVED_OUT", lastDay: last, enteredOn: context.day, toPersonId: "" };
      const after = leave(household, member, left, newHeadNo, releaseId, state, change, context);
      return isRefusal(after) ? after : undefined;
    }
  },
};
