/** What settlement tells and hears. */
import { CountyChanged } from "../../proto/generated/nrcms/administration/v1/administration.ts";
import {
  type BenefitFund,
  ClaimAdjusted,
  ClaimApproved,
  PrefundReleased,
  PrefundRequested,
  SchemePublished,
  SecondCompensationGranted,
} from "../../proto/generated/nrcms/claims/v1/claims.ts";
import { ContributionsReceived } from "../../proto/generated/nrcms/enrollment/v1/enrollment.ts";
import { PaymentsReturned, PaymentsSettled, RecallAnswered, StatementBooked } from "../../proto/generated/nrcms/payment/v1/payment.ts";
import {
  BankCompared,
  DisputeChanged,
  PayableDue,
  PayableHeld,
  PayableRecalled,
  PayableSetOff,
  PaymentsPosted,
  PrefundChanged,
  PrefundRefused,
  PrefundReserved,
  WindowChanged,
  WindowUnanswered,
} from "../../proto/generated/nrcms/settlement/v1/settlement.ts";
import { type Message, told } from "../mesh/wiring.ts";
import { bankOf } from "../values/banks.ts";
import { assert } from "../values/outcome.ts";
import { adjust } from "./domain/adjust.ts";
import { approve } from "./domain/approve.ts";
import { knowStatement } from "./domain/bank-days.ts";
import type { SettlementEvents } from "./domain/events.ts";
import { grant } from "./domain/grant.ts";
import { knowCounty } from "./domain/know-county.ts";
import { knowSplit } from "./domain/know-split.ts";
import { recallAnswered } from "./domain/recall-answered.ts";
import { receiveContributions } from "./domain/receive-contributions.ts";
import { releasePrefund } from "./domain/release-prefund.ts";
import { reservePrefund } from "./domain/reserve-prefund.ts";
import { settle } from "./domain/settle.ts";
import { takeBack } from "./domain/take-back.ts";

/** A codec that takes what the domain tells under that name. */
type Tells = { readonly [N in keyof SettlementEvents]: { encode(body: SettlementEvents[N]): unknown } };

export const tells = {
  PayableDue,
  PayableHeld,
  PayableRecalled,
  PayableSetOff,
  PrefundReserved,
  PrefundRefused,
  PrefundChanged,
  WindowChanged,
  WindowUnanswered,
  DisputeChanged,
  PaymentsPosted,
  BankCompared,
} satisfies Tells;

export const messages: readonly Message[] = [
  told("administration", "CountyChanged", CountyChanged, {
    input({ county, version }) {
      assert(county, "CountyChanged carries its county");
      return { county: county.county, floorFen: county.fundFloorFen, countyVersion: version };
    },
    decision: knowCounty,
  }),
  told("enrollment", "ContributionsReceived", ContributionsReceived, {
    input: ({ receiptId, county, contributionsFen, receivedOn, source }) => ({
      receiptId,
      county,
      contributionsFen,
      receivedOn,
      // Events of before there were sources say none: then the households had paid.
      source: source === "UNSPECIFIED" ? "INDIVIDUAL" : source,
    }),
    decision: receiveContributions,
  }),
  told("claims", "ClaimApproved", ClaimApproved, {
    input: ({
      approvalId,
      claimId,
      homeCounty,
      treatingCounty,
      institutionId,
      fundFen,
      accountFen,
      fund,
      approvedOn,
      dischargedOn,
      totalFen,
      householdId,
    }) => ({
      approvalId,
      claimId,
      homeCounty,
      treatingCounty,
      institutionId,
      fundFen,
      accountFen,
      fund: fundFrom(fund),
      approvedOn,
      dischargedOn,
      totalFen,
      ...paidTo(householdId),
    }),
    decision: approve,
  }),
  told("claims", "ClaimAdjusted", ClaimAdjusted, {
    input: ({
      adjustmentId,
      approvalId,
      claimId,
      homeCounty,
      treatingCounty,
      institutionId,
      deltaFen,
      accountDeltaFen,
      fund,
      adjustedOn,
      householdId,
    }) => ({
      adjustmentId,
      approvalId,
      claimId,
      homeCounty,
      treatingCounty,
      institutionId,
      deltaFen,
      accountDeltaFen,
      fund: fundFrom(fund),
      adjustedOn,
      ...paidTo(householdId),
    }),
    decision: adjust,
  }),
  told("claims", "SchemePublished", SchemePublished, {
    input: ({ county, year, version, funds, capitation }) => ({
      county,
      year,
      version,
      funds: funds.flatMap(({ fund, weight }) => (fund === "UNSPECIFIED" ? [] : [{ fund, weight }])),
      capitation: capitation.map((terms) => ({ ...terms, withheldBp: BigInt(terms.withheldBp) })),
    }),
    decision: knowSplit,
  }),
  told("claims", "SecondCompensationGranted", SecondCompensationGranted, {
    input: ({ grantId, county, grantedOn, shares }) => ({ grantId, county, grantedOn, shares }),
    decision: grant,
  }),
  told("claims", "PrefundRequested", PrefundRequested, {
    input: ({ reservationId, claimId, homeCounty, fundFen, admitted }) => ({ reservationId, claimId, homeCounty, fundFen, admitted }),
    decision: reservePrefund,
  }),
  told("claims", "PrefundReleased", PrefundReleased, {
    input: ({ reservationId, claimId }) => ({ reservationId, claimId }),
    decision: releasePrefund,
  }),
  told("payment", "PaymentsSettled", PaymentsSettled, {
    input: ({ settlementId, batchId, bank, county, payables, amountFen, settledOn }) => ({
      id: settlementId,
      batchId,
      bank: bankOf({ bank }),
      county,
      payables,
      amountFen,
      settledOn,
    }),
    decision: settle,
  }),
  told("payment", "StatementBooked", StatementBooked, {
    input: ({ ordersFen: _, returnsFen: __, ...booked }) => ({ ...booked, bank: bankOf(booked) }),
    decision: knowStatement,
  }),
  told("payment", "RecallAnswered", RecallAnswered, {
    input: ({ payableId, withdrawn }) => ({ payableId, withdrawn }),
    decision: recallAnswered,
  }),
  told("payment", "PaymentsReturned", PaymentsReturned, {
    input: ({ returnId, batchId, bank, county, payables, amountFen }) => ({
      id: returnId,
      batchId,
      bank: bankOf({ bank }),
      county,
      payables,
      amountFen,
    }),
    decision: takeBack,
  }),
];

/** Events of before there were purposes say none: then it was the one pool. */
function fundFrom(fund: BenefitFund): Exclude<BenefitFund, "UNSPECIFIED"> {
  return fund === "UNSPECIFIED" ? "INPATIENT" : fund;
}

/** The household that is paid instead of the institution, where there is one. */
function paidTo(householdId: string): { readonly householdId?: string } {
  return householdId === "" ? {} : { householdId };
}
