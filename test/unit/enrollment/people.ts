/** Households for the enrollment tests. */
import type { EnrolInput } from "../../../services/enrollment/domain/enrol.ts";
import type { HouseholdForm, MemberForm } from "../../../services/enrollment/domain/listing.ts";
import { checkCharacter } from "../../../services/values/identity.ts";

/** A right identity number: the serial's parity is the sex (odd is male). */
export function identityNumber(bornOn: string, serial: number): string {
  const first17 = `640521${bornOn.replaceAll("-", "")}${String(serial).padStart(3, "0")}`;
  return first17 + checkCharacter(first17);
}

export function member(memberNo: string, serial: number, change: Partial<MemberForm> = {}): MemberForm {
  const bornOn = change.bornOn ?? "1970-05-01";
  return {
    memberNo,
    name: "马小山",
    identityNumber: identityNumber(bornOn, serial),
    sex: serial % 2 === 1 ? "MALE" : "FEMALE",
    bornOn,
    head: memberNo === "01",
    category: "ORDINARY",
    ...change,
  };
}

export const H1 = "64052100000001";
export const H2 = "64052100000002";

export function household(householdId: string, members: readonly MemberForm[], change: Partial<HouseholdForm> = {}): HouseholdForm {
  return { householdId, township: "鸣沙镇", village: "二道渠村", members, ...change };
}

export function request(households: readonly HouseholdForm[], change: Partial<EnrolInput> = {}): EnrolInput {
  return {
    requestId: "r-1",
    county: "640521",
    year: 2011,
    contributionFenPerHead: 3000n,
    households,
    ownerKnowsCounty: undefined,
    ...change,
  };
}
