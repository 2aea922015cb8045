/** What claims tells; all are facts. Told under the home county. */
import type { Fund } from "../../benefit/scheme.ts";
import type { Level, VisitKind } from "../../benefit/words.ts";
import type { BenefitFund } from "./documents.ts";

export type ClaimsEvents = {
  readonly ClaimApproved: {
    readonly approvalId: string;
    readonly claimId: string;
    readonly decision: number;
    readonly homeCounty: string;
    readonly treatingCounty: string;
    readonly institutionId: string;
    readonly personId: string;
    readonly fundFen: bigint;
    readonly accountFen: bigint;
    readonly fund: BenefitFund;
    readonly totalFen: bigint;
    readonly visitKind: VisitKind;
    readonly dischargedOn: string;
    readonly approvedOn: string;
    readonly level: Level;
    readonly submittedAtMs: bigint;
    readonly approvedAtMs: bigint;
    readonly reviewed: boolean;
    /** Empty: the institution is paid. */
    readonly householdId: string;
  };
  readonly ClaimAdjusted: {
    readonly adjustmentId: string;
    readonly claimId: string;
    readonly approvalId: string;
    readonly homeCounty: string;
    readonly treatingCounty: string;
    readonly institutionId: string;
    readonly deltaFen: bigint;
    readonly accountDeltaFen: bigint;
    readonly fund: BenefitFund;
    readonly adjustedOn: string;
    readonly householdId: string;
  };
  /** State: of a county's year the newest version wins. */
  readonly SchemePublished: {
    readonly county: string;
    readonly year: number;
    readonly version: number;
    readonly funds: { readonly fund: Fund; readonly weight: bigint }[];
    readonly capitation: { readonly institutionId: string; readonly fenPerHead: bigint; readonly withheldBp: number }[];
  };
  readonly SecondCompensationGranted: {
    readonly grantId: string;
    readonly county: string;
    readonly year: number;
    readonly grantedOn: string;
    readonly shares: { readonly payableId: string; readonly claimId: string; readonly householdId: string; readonly shareFen: bigint }[];
  };
  readonly ClaimHeld: {
    readonly claimId: string;
    readonly homeCounty: string;
    readonly reason: string;
    readonly fundFen: bigint;
  };
  readonly ClaimRefused: {
    readonly claimId: string;
    readonly homeCounty: string;
    readonly reason: string;
  };
  readonly PrefundRequested: {
    readonly reservationId: string;
    readonly claimId: string;
    readonly homeCounty: string;
    readonly treatingCounty: string;
    readonly fundFen: bigint;
    readonly admitted: boolean;
  };
  readonly PrefundReleased: {
    readonly reservationId: string;
    readonly claimId: string;
    readonly homeCounty: string;
    readonly fundFen: bigint;
  };
  readonly ClaimsPaid: {
    readonly homeCounty: string;
    readonly paidAtMs: bigint;
    readonly claims: readonly {
      readonly claimId: string;
      readonly treatingCounty: string;
      readonly fundFen: bigint;
      readonly dischargedOn: string;
      readonly submittedAtMs: bigint;
    }[];
  };
};
