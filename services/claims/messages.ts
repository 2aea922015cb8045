/** What claims tells, and what it hears: covers, institutions and counties as states, the prefund's and the bank's answers as facts. */
import { CountyChanged, InstitutionChanged } from "../../proto/generated/nrcms/administration/v1/administration.ts";
import {
  ClaimAdjusted,
  ClaimApproved,
  ClaimHeld,
  ClaimRefused,
  ClaimsPaid,
  PrefundReleased,
  PrefundRequested,
  SchemePublished,
  SecondCompensationGranted,
} from "../../proto/generated/nrcms/claims/v1/claims.ts";
import { type CoveredPerson, HouseholdCovered } from "../../proto/generated/nrcms/enrollment/v1/enrollment.ts";
import { PaymentsReturned, PaymentsSettled, type SettledPayable } from "../../proto/generated/nrcms/payment/v1/payment.ts";
import { PayableSetOff, PrefundChanged, PrefundRefused, PrefundReserved } from "../../proto/generated/nrcms/settlement/v1/settlement.ts";
import { type Message, told } from "../mesh/wiring.ts";
import { assert } from "../values/outcome.ts";
import { countyChanged } from "./domain/county-changed.ts";
import { stretchFrom } from "./domain/ground.ts";
import { householdCovered } from "./domain/household-covered.ts";
import { institutionChanged } from "./domain/institution-changed.ts";
import { paymentsReturned } from "./domain/payments-returned.ts";
import { type PaidClaim, paymentsSettled } from "./domain/payments-settled.ts";
import { prefundChanged } from "./domain/prefund-changed.ts";
import { prefundRefused } from "./domain/prefund-refused.ts";
import { prefundReserved } from "./domain/prefund-reserved.ts";

export const tells = {
  ClaimAdjusted,
  ClaimApproved,
  ClaimHeld,
  ClaimRefused,
  PrefundRequested,
  PrefundReleased,
  ClaimsPaid,
  SchemePublished,
  SecondCompensationGranted,
};

export const messages: readonly Message[] = [
  told("enrollment", "HouseholdCovered", HouseholdCovered, {
    input: ({ householdId, county, version, covers, persons }) => ({
      householdId,
      county,
      version: Number(version),
      covers: covers.map((cover) => ({ personId: cover.personId, stretch: stretchFrom(cover), ...personIn(persons, cover.personId) })),
    }),
    decision: householdCovered,
  }),
  told("administration", "InstitutionChanged", InstitutionChanged, {
    input: ({ institution, version }) => {
      assert(institution && institution.level !== "UNSPECIFIED", "an institution that changed is there and has a level");
      return { institutionId: institution.institutionId, county: institution.county, level: institution.level, version: Number(version) };
    },
    decision: institutionChanged,
  }),
  told("administration", "CountyChanged", CountyChanged, {
    input: ({ county, version }) => {
      assert(county, "a county that changed is there");
      return { county: county.county, version: Number(version) };
    },
    decision: countyChanged,
  }),
  told("settlement", "PrefundReserved", PrefundReserved, {
    input: ({ claimId }) => ({ claimId }),
    decision: prefundReserved,
  }),
  told("settlement", "PrefundRefused", PrefundRefused, {
    input: ({ claimId }) => ({ claimId }),
    decision: prefundRefused,
  }),
  told("settlement", "PrefundChanged", PrefundChanged, {
    input: ({ county, state, version }) => {
      assert(state !== "UNSPECIFIED", "a prefund that changed has a state");
      return { county, state, version: Number(version) };
    },
    decision: prefundChanged,
  }),
  told("payment", "PaymentsSettled", PaymentsSettled, {
    input: ({ payables, settledAtMs }) => ({ paid: claimsAmong(payables), settledAtMs: Number(settledAtMs) }),
    decision: paymentsSettled,
  }),
  // Nothing went to the bank: the order's place is taken by the payable itself.
  told("settlement", "PayableSetOff", PayableSetOff, {
    input: ({ claimId, payableId }, { atMs }) => ({ paid: [{ claimId, payableId, orderId: payableId }], settledAtMs: atMs }),
    decision: paymentsSettled,
  }),
  told("payment", "PaymentsReturned", PaymentsReturned, {
    input: ({ payables }) => ({ returned: claimsAmong(payables) }),
    decision: paymentsReturned,
  }),
];

/** Households told before they said so say nothing of their members. */
function personIn(persons: readonly CoveredPerson[], personId: string) {
  const { sex, bornOn = "" } = persons.find((one) => one.personId === personId) ?? {};
  return (sex === "FEMALE" || sex === "MALE") && bornOn !== "" ? { person: { sex, bornOn } as const } : {};
}

/** A transfer between counties is no claim's. */
function claimsAmong(payables: readonly SettledPayable[]): PaidClaim[] {
  return payables.filter(({ claimId }) => claimId !== "").map(({ claimId, payableId, orderId }) => ({ claimId, payableId, orderId }));
}
