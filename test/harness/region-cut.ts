/** Four counties of the sample region with their institutions and households: small enough to start in seconds, with both pilots of cross-region settlement. */
import type { PaySchedule } from "../../proto/generated/nrcms/administration/v1/administration.ts";
import type { Household } from "../../proto/generated/nrcms/enrollment/v1/enrollment.ts";
import { problemText } from "../../services/nrcms/import/problems.ts";
import { type Region, readRegion } from "../../services/nrcms/region.ts";
import { REGION } from "../../services/nrcms/run.ts";

/** Zhongning and Jingyuan: they treat each other's members. */
export const PILOTS = ["640521", "640424"] as const;
const COUNTIES: ReadonlySet<string> = new Set([...PILOTS, "640104", "640522"]);
/** Nobody in these counties is paid by the week in the files; one is here, so that all three schedules are played. */
const HOUSEHOLD_DIGITS = 14;
const WEEKLY = "H640424014";

/** A long test on a slow machine bills more than a year brings in: no floor and no prefund is to stop it. */
const RICHER = 10n;
/** So many households of each county come to be enrolled during a test. */
const LATE_HOUSEHOLDS = 40;

export interface RegionCut {
  readonly region: Region;
  readonly waiting: { readonly county: string; readonly household: Household }[];
}

/** Reads the sample region's files and keeps what belongs to the four counties; some households wait. Throws where the files have a problem. */
export async function readRegionCut(): Promise<RegionCut> {
  const whole = await readRegion(REGION);
  if (whole.problems.length > 0) throw new Error(whole.problems.map(problemText).join("\n"));
  const institutions = whole.institutions
    .filter((institution) => COUNTIES.has(institution.county))
    .map((institution) => (institution.institutionId === WEEKLY ? { ...institution, paySchedule: "WEEKLY" as PaySchedule } : institution));
  const known = new Set(institutions.map((institution) => institution.institutionId));
  const ours = whole.households.filter((row) => COUNTIES.has(row.county));
  const referred = new Set(whole.referrals.map((referral) => referral.personId.slice(0, HOUSEHOLD_DIGITS)));
  const waits = ours.map(({ county, households }) => {
    const free = households.filter(({ householdId }) => !referred.has(householdId)).slice(-LATE_HOUSEHOLDS);
    return free.map((household) => ({ county, household }));
  });
  const waiting = Array.from({ length: LATE_HOUSEHOLDS }, (_, index) => waits.flatMap((rows) => rows.slice(index, index + 1))).flat();
  const isWaiting = new Set(waiting.map(({ household }) => household.householdId));
  const region: Region = {
    ...whole,
    counties: whole.counties
      .filter((row) => COUNTIES.has(row.county.county))
      .map((row) => ({ ...row, subsidyFenPerHead: RICHER * row.subsidyFenPerHead, prefundFen: RICHER * row.prefundFen })),
    contributions: whole.contributions.filter((row) => COUNTIES.has(row.county)),
    institutions,
    schemes: whole.schemes.filter(({ scheme }) => COUNTIES.has(scheme.county)),
    households: ours.map((row) => ({ ...row, households: row.households.filter(({ householdId }) => !isWaiting.has(householdId)) })),
    referrals: whole.referrals.filter((referral) => COUNTIES.has(referral.county) && known.has(referral.toInstitutionId)),
  };
  return { region, waiting };
}
