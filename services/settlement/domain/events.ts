/** What settlement tells, by name: the bodies are the contract's messages. */
import type { DisputeState, NetPosition, PrefundState, Silence, Transfer, WindowState } from "./documents.ts";

/** A debtor of a window: what is left to it, what it disputed, what it said. */
export interface PartyView {
  readonly county: string;
  readonly rows: number;
  readonly owedFen: bigint;
  readonly disputedRows: number;
  readonly disputedFen: bigint;
  readonly answer: "WAITING" | "CONFIRMED" | "SILENT";
  readonly answeredBy: string;
  readonly answeredOn: string;
}

/** A window as others see it. */
export interface WindowView {
  readonly windowId: string;
  readonly state: WindowState;
  readonly fromSequence: bigint;
  readonly toSequence: bigint;
  readonly obligations: number;
  readonly grossFen: bigint;
  readonly positions: NetPosition[];
  readonly transfers: Transfer[];
  readonly hash: string;
  readonly closedOn: string;
  readonly deadlineOn: string;
  readonly nettedOn: string;
  readonly silence: Silence | "UNSPECIFIED";
  readonly parties: PartyView[];
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
  readonly PrefundChanged: {
    readonly county: string;
    readonly state: PrefundState;
    readonly limitFen: bigint;
    readonly reservedFen: bigint;
    readonly committedFen: bigint;
    readonly incomingFen: bigint;
    readonly openCallFen: bigint;
    readonly proposedCallFen: bigint;
    readonly version: bigint;
  };
  readonly DisputeChanged: {
    readonly rowId: string;
    readonly claimId: string;
    readonly debtor: string;
    readonly creditor: string;
    readonly owedFen: bigint;
    /** Empty while it is in none. */
    readonly windowId: string;
    readonly state: DisputeState;
    readonly disputes: number;
    readonly reason: string;
    readonly version: bigint;
  };
  readonly WindowUnanswered: {
    readonly windowId: string;
    readonly county: string;
    readonly silence: Silence;
    readonly rows: number;
    readonly owedFen: bigint;
    readonly deadlineOn: string;
  };
  readonly PaymentsPosted: {
    readonly batchId: string;
    readonly county: string;
    readonly payables: number;
    readonly amountFen: bigint;
    readonly bankBalanceFen: bigint;
  };
  readonly BankCompared: {
    readonly day: string;
    readonly bank: string;
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
