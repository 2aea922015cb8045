/** What monitoring hears: everything that every service tells, each event into the one fold. It tells nothing. */
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
import { ContributionsReceived, HouseholdAccountChanged, HouseholdCovered } from "../../proto/generated/nrcms/enrollment/v1/enrollment.ts";
import {
  BankMessageDoubted,
  BatchChanged,
  PaymentsReturned,
  PaymentsSettled,
  RecallAnswered,
  StatementBooked,
} from "../../proto/generated/nrcms/payment/v1/payment.ts";
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
import { PairOrdered } from "../../proto/generated/nrcms/values/v1/pairs.ts";
import { type Codec, type Message, told } from "../mesh/wiring.ts";
import type { EventName, Heard, HeardBodies } from "./domain/events.ts";
import { fold } from "./domain/fold.ts";

export const tells = {};

export const messages: readonly Message[] = [
  hear("administration", "CountyChanged", CountyChanged),
  hear("administration", "InstitutionChanged", InstitutionChanged),
  hear("administration", "PairOrdered", PairOrdered),
  hear("enrollment", "HouseholdCovered", HouseholdCovered),
  hear("enrollment", "HouseholdAccountChanged", HouseholdAccountChanged),
  hear("enrollment", "ContributionsReceived", ContributionsReceived),
  hear("claims", "ClaimApproved", ClaimApproved),
  hear("claims", "ClaimAdjusted", ClaimAdjusted),
  hear("claims", "ClaimHeld", ClaimHeld),
  hear("claims", "ClaimRefused", ClaimRefused),
  hear("claims", "ClaimsPaid", ClaimsPaid),
  hear("claims", "PrefundRequested", PrefundRequested),
  hear("claims", "PrefundReleased", PrefundReleased),
  hear("claims", "SchemePublished", SchemePublished),
  hear("claims", "SecondCompensationGranted", SecondCompensationGranted),
  hear("settlement", "PayableDue", PayableDue),
  hear("settlement", "PayableSetOff", PayableSetOff),
  hear("settlement", "PayableRecalled", PayableRecalled),
  hear("settlement", "PrefundReserved", PrefundReserved),
  hear("settlement", "PrefundRefused", PrefundRefused),
  hear("settlement", "PrefundChanged", PrefundChanged),
  hear("settlement", "WindowChanged", WindowChanged),
  hear("settlement", "WindowUnanswered", WindowUnanswered),
  hear("settlement", "DisputeChanged", DisputeChanged),
  hear("settlement", "PaymentsPosted", PaymentsPosted),
  hear("settlement", "PayableHeld", PayableHeld),
  hear("payment", "PaymentsSettled", PaymentsSettled),
  hear("payment", "PaymentsReturned", PaymentsReturned),
  hear("payment", "RecallAnswered", RecallAnswered),
  hear("payment", "BatchChanged", BatchChanged),
  hear("payment", "BankMessageDoubted", BankMessageDoubted),
  hear("payment", "StatementBooked", StatementBooked),
  hear("settlement", "BankCompared", BankCompared),
];

function hear<N extends EventName, B extends HeardBodies[N]>(source: string, name: N, codec: Codec<B>): Message {
  return told(source, name, codec, {
    input: (body, { source, twin, number }) => ({ origin: { source, twin, number }, name, body }) as unknown as Heard,
    decision: fold,
    record: "own",
  });
}
