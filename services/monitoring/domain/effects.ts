/** What each kind of event does to its county's overview, and which alarm it raises. What stands here as `{}` is only counted. */
import { bankOf, bankPart, MAIN_BANK } from "../../values/banks.ts";
import { PROVINCE } from "../../values/region.ts";
import type { Alarm, AlarmKind, Overview } from "./documents.ts";
import type { EventName, HeardBodies } from "./events.ts";

/** An alarm before it is known whether it is the day's first. `subject` is empty where the day is what it is about. */
export type Raised = Pick<Alarm, "kind" | "subject" | "count" | "amountFen" | "detail" | "county">;

export interface Effect<B> {
  readonly overview?: { county(body: B): string; fold(before: Overview, body: B): Overview };
  /** Undefined where this one is nothing to look at. */
  readonly alarm?: (body: B) => Raised | undefined;
}

export function emptyOverview(county: string): Overview {
  return {
    county,
    approved: 0,
    approvedFen: 0n,
    held: 0,
    refused: 0,
    paid: 0,
    paidFen: 0n,
    submitToPaidMs: 0n,
    contributionsFen: 0n,
    crossRegion: 0,
  };
}

const homeCounty = (body: { readonly homeCounty: string }) => body.homeCounty;
const county = (body: { readonly county: string }) => body.county;

/** One of a day's many of its kind in a county. */
function daily(kind: AlarmKind, of: string, amountFen: bigint): Raised {
  return { kind, county: of, subject: "", count: 1, amountFen, detail: "" };
}

export const effects: { readonly [N in EventName]: Effect<HeardBodies[N]> } = {
  HouseholdCovered: { overview: { county, fold: (before) => before } },
  HouseholdAccountChanged: {},
  ContributionsReceived: {
    overview: {
      county,
      fold: (before, { contributionsFen }) => ({ ...before, contributionsFen: before.contributionsFen + contributionsFen }),
    },
  },
  ClaimApproved: {
    overview: {
      county: homeCounty,
      fold: (before, claim) => ({
        ...before,
        approved: before.approved + 1,
        approvedFen: before.approvedFen + claim.fundFen,
        crossRegion: before.crossRegion + (claim.treatingCounty === claim.homeCounty ? 0 : 1),
      }),
    },
  },
  ClaimAdjusted: {
    overview: {
      county: homeCounty,
      fold: (before, { deltaFen }) => ({ ...before, approvedFen: before.approvedFen + deltaFen }),
    },
  },
  ClaimHeld: { overview: { county: homeCounty, fold: (before) => ({ ...before, held: before.held + 1 }) } },
  ClaimRefused: { overview: { county: homeCounty, fold: (before) => ({ ...before, refused: before.refused + 1 }) } },
  ClaimsPaid: {
    overview: {
      county: homeCounty,
      fold: (before, { claims, paidAtMs }) => ({
        ...before,
        paid: before.paid + claims.length,
        paidFen: claims.reduce((sum, claim) => sum + claim.fundFen, before.paidFen),
        submitToPaidMs: claims.reduce((sum, claim) => sum + (paidAtMs - claim.submittedAtMs), before.submitToPaidMs),
      }),
    },
  },
  SecondCompensationGranted: {
    overview: {
      county,
      fold: (before, { shares }) => ({ ...before, approvedFen: shares.reduce((sum, { shareFen }) => sum + shareFen, before.approvedFen) }),
    },
  },
  SchemePublished: {},
  PrefundRequested: {},
  PrefundReleased: {},
  PayableDue: {},
  PayableSetOff: {},
  PayableRecalled: {},
  RecallAnswered: {},
  PrefundReserved: {},
  PrefundRefused: { alarm: (refused) => daily("PREFUND_EXHAUSTED", refused.homeCounty, refused.fundFen) },
  PrefundChanged: {
    // Each change is an alarm of its own, unless all is well again.
    alarm: ({ county: of, state, proposedCallFen, openCallFen, version }) =>
      state === "ACTIVE"
        ? undefined
        : {
            kind: "PREFUND_LOW",
            county: of,
            subject: `${of}/${version}`,
            count: 1,
            amountFen: proposedCallFen,
            detail: `${state}/${openCallFen}`,
          },
  },
  WindowChanged: {},
  WindowUnanswered: {
    alarm: ({ windowId, county, silence, rows, owedFen }) => ({
      kind: "WINDOW_UNANSWERED",
      county,
      subject: `${windowId}/${county}`,
      count: rows,
      amountFen: owedFen,
      detail: silence,
    }),
  },
  DisputeChanged: {
    // A dispute is the debtor's right; one that was upheld is somebody's work.
    alarm: ({ rowId, creditor, owedFen, state, reason }) =>
      state === "UPHELD"
        ? { kind: "ROW_UPHELD", county: creditor, subject: rowId, count: 1, amountFen: owedFen, detail: reason }
        : undefined,
  },
  PaymentsPosted: {},
  PayableHeld: { alarm: (held) => daily("FUND_AT_FLOOR", held.county, held.amountFen) },
  PaymentsSettled: {},
  PaymentsReturned: {
    alarm: (back) => ({
      kind: "PAYMENT_RETURNED",
      county: back.county,
      subject: back.returnId,
      count: back.payables.length,
      amountFen: back.amountFen,
      detail: back.reason,
    }),
  },
  BatchChanged: {},
  BankMessageDoubted: {
    alarm: ({ messageHash, messageId, why, from, bank }) => ({
      kind: "BANK_MESSAGE_DOUBTED",
      county: PROVINCE,
      subject: `${bankPart(bankOf({ bank }), messageHash.slice(0, 16))}/${why}`,
      count: 1,
      amountFen: 0n,
      detail: `${messageId === "" ? "?" : messageId} · ${from}${named(bank)}`,
    }),
  },
  StatementBooked: {},
  BankCompared: {
    alarm: ({ day, version, isOpen, differenceFen, bank }) =>
      isOpen
        ? {
            kind: "LEDGER_BALANCE",
            county: PROVINCE,
            subject: `${bankPart(bankOf({ bank }), day)}/${version}`,
            count: 1,
            amountFen: differenceFen,
            detail: `${day}${named(bank)}`,
          }
        : undefined,
  },
  CountyChanged: { overview: { county: ({ county }) => county?.county ?? "", fold: (before) => before } },
  InstitutionChanged: {},
  PairOrdered: {},
};

/** Which bank it is, where it is not the main one. */
function named(bank: string): string {
  return bankOf({ bank }) === MAIN_BANK ? "" : ` · ${bank}`;
}
