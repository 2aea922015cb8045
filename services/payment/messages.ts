/** What payment hears: who is paid where (administration, of households enrollment), what is due (settlement). And the codecs of what it tells. */
import { CountyChanged, InstitutionChanged } from "../../proto/generated/nrcms/administration/v1/administration.ts";
import { HouseholdAccountChanged } from "../../proto/generated/nrcms/enrollment/v1/enrollment.ts";
import {
  BankMessageDoubted,
  BatchChanged,
  PaymentsReturned,
  PaymentsSettled,
  RecallAnswered,
  StatementBooked,
} from "../../proto/generated/nrcms/payment/v1/payment.ts";
import { BankCompared, PayableDue, PayableRecalled } from "../../proto/generated/nrcms/settlement/v1/settlement.ts";
import { type Message, told } from "../mesh/wiring.ts";
import type { BankAccount } from "../values/account.ts";
import { bankOf } from "../values/banks.ts";
import { assert } from "../values/outcome.ts";
import type { Payee, Schedule } from "./domain/documents.ts";
import { ledgerCompared } from "./domain/ledger-compared.ts";
import { payableDue } from "./domain/payable-due.ts";
import { payeeChanged } from "./domain/payee-changed.ts";
import { recall } from "./domain/recall.ts";

export const tells = { PaymentsSettled, PaymentsReturned, RecallAnswered, BatchChanged, BankMessageDoubted, StatementBooked };

export const messages: readonly Message[] = [
  told("administration", "InstitutionChanged", InstitutionChanged, {
    input({ institution, version }): Payee {
      assert(institution, "InstitutionChanged names its institution");
      const { institutionId, county, account, paySchedule } = institution;
      const schedule: Schedule = paySchedule === "UNSPECIFIED" ? "IMMEDIATE" : paySchedule;
      return { county, payeeId: institutionId, account: accountOf(account), schedule, stateVersion: version };
    },
    decision: payeeChanged,
  }),
  // A county is a payee of what other counties owe it: such a transfer waits for no schedule.
  told("administration", "CountyChanged", CountyChanged, {
    input({ county, version }): Payee {
      assert(county, "CountyChanged names its county");
      return {
        county: county.county,
        payeeId: county.county,
        account: accountOf(county.account),
        schedule: "IMMEDIATE",
        stateVersion: version,
      };
    },
    decision: payeeChanged,
  }),
  told("enrollment", "HouseholdAccountChanged", HouseholdAccountChanged, {
    input: ({ householdId, county, account, version }): Payee => ({
      county,
      payeeId: householdId,
      account: accountOf(account),
      schedule: "IMMEDIATE",
      stateVersion: version,
    }),
    decision: payeeChanged,
  }),
  told("settlement", "PayableDue", PayableDue, {
    input: ({ payableId, county, amountFen, payeeId, claimId, dueOn }) => ({ payableId, county, amountFen, payeeId, claimId, dueOn }),
    decision: payableDue,
  }),
  told("settlement", "BankCompared", BankCompared, {
    input: (compared) => ({ ...compared, bank: bankOf(compared) }),
    decision: ledgerCompared,
  }),
  told("settlement", "PayableRecalled", PayableRecalled, {
    input: ({ payableId, county }) => ({ payableId, county }),
    decision: recall,
  }),
];

/** An account that is not there is empty: what is due to it waits. */
function accountOf(account: BankAccount | undefined): BankAccount {
  return account ?? { bankCode: "", accountNumber: "", accountName: "" };
}
