/** What payment tells. BatchChanged and StatementBooked are states; the others are facts. */
import type { BatchState } from "./documents.ts";

export interface SettledPayable {
  readonly payableId: string;
  readonly claimId: string;
  readonly orderId: string;
  readonly amountFen: bigint;
}

export interface BatchView {
  readonly batchId: string;
  readonly bank: string;
  readonly state: BatchState;
  readonly maker: string;
  readonly checker: string;
  readonly approvals: string[];
  readonly orders: number;
  readonly amountFen: bigint;
  readonly contentHash: string;
  readonly attempts: number;
  readonly createdOn: string;
}

export type PaymentEvents = {
  readonly PaymentsSettled: {
    readonly settlementId: string;
    readonly batchId: string;
    readonly bank: string;
    readonly county: string;
    readonly payables: SettledPayable[];
    readonly amountFen: bigint;
    readonly settledAtMs: bigint;
    readonly settledOn: string;
  };
  readonly PaymentsReturned: {
    readonly returnId: string;
    readonly batchId: string;
    readonly bank: string;
    readonly county: string;
    readonly payables: SettledPayable[];
    readonly amountFen: bigint;
    readonly reason: string;
  };
  readonly RecallAnswered: { readonly payableId: string; readonly county: string; readonly withdrawn: boolean };
  readonly BankMessageDoubted: {
    readonly messageHash: string;
    readonly messageId: string;
    readonly why: string;
    readonly from: string;
    readonly bank: string;
  };
  /** A state. */
  readonly StatementBooked: {
    readonly day: string;
    readonly bank: string;
    readonly openingFen: bigint;
    readonly closingFen: bigint;
    readonly ordersFen: bigint;
    readonly returnsFen: bigint;
    readonly otherDebitsFen: bigint;
    readonly otherCreditsFen: bigint;
    readonly missingDebitsFen: bigint;
    readonly missingReturnsFen: bigint;
    readonly version: bigint;
  };
  readonly BatchChanged: { readonly batch: BatchView; readonly version: bigint };
};
