/** What settlement tells, by name: the bodies are the contract's messages. */
import type { NetPosition, Transfer } from "./documents.ts";

/** A window as others see it. */
export interface WindowView {
  readonly windowId: string;
  readonly state: "OPEN" | "PAYING" | "SETTLED";
  readonly fromSequence: bigint;
  readonly toSequence: bigint;
  readonly obligations: number;
  readonly grossFen: bigint;
  readonly positions: NetPosition[];
  readonly transfers: Transfer[];
  readonly hash: string;
}

interface PrefundAnswer {
  readonly reservationId: string;
  readonly claimId: string;
  readonly homeCounty: string;
  readonly fundFen: bigint;
}

export type SettlementEvents = {
  readonly PayableDue: {
    readonly payableId: string;
    readonly county: string;
    readonly amountFen: bigint;
    readonly payeeId: string;
    readonly claimId: string;
    readonly dueOn: string;
  };
  readonly PayableSetOff: {
    readonly payableId: string;
    readonly county: string;
    readonly claimId: string;
    readonly setOffFen: bigint;
    readonly setOffOn: string;
  };
  readonly PayableRecalled: { readonly payableId: string; readonly county: string };
  readonly PayableHeld: { readonly payableId: string; readonly county: string; readonly amountFen: bigint };
  readonly PrefundReserved: PrefundAnswer;
  readonly PrefundRefused: PrefundAnswer;
  readonly WindowChanged: { readonly window: WindowView; readonly version: bigint };
  readonly PaymentsPosted: {
    readonly batchId: string;
    readonly county: string;
    readonly payables: number;
    readonly amountFen: bigint;
    readonly bankBalanceFen: bigint;
  };
  readonly BankCompared: {
    readonly day: string;
    readonly version: bigint;
    readonly bankFen: bigint;
    readonly expectedFen: bigint;
    readonly differenceFen: bigint;
    readonly standingFen: bigint;
    readonly pendingFen: bigint;
    readonly baselineFen: bigint;
    readonly isOpen: boolean;
    readonly paidFen: bigint;
    readonly returnedFen: bigint;
    readonly transfersFen: bigint;
    readonly receiptsFen: bigint;
    readonly accountsFen: bigint;
  };
};
