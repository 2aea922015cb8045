/** What monitoring hears, in its own words: of each event, the fields that it folds. It tells nothing. */

/** Where an event came from: the source's twin and its number there, without holes (protocols 10). */
export interface Origin {
  readonly source: string;
  readonly twin: string;
  readonly number: number;
}

/** An event that is only counted. */
export type Counted = object;

export interface HeardBodies {
  HouseholdCovered: {
    readonly householdId: string;
    readonly county: string;
    readonly version: bigint;
    readonly covers: readonly { readonly county: string; readonly fromDay: string; readonly toDay: string }[];
  };
  HouseholdAccountChanged: Counted;
  ContributionsReceived: { readonly county: string; readonly contributionsFen: bigint };
  ClaimApproved: { readonly homeCounty: string; readonly treatingCounty: string; readonly fundFen: bigint };
  ClaimAdjusted: { readonly homeCounty: string; readonly deltaFen: bigint };
  ClaimHeld: { readonly homeCounty: string };
  ClaimRefused: { readonly homeCounty: string };
  ClaimsPaid: {
    readonly homeCounty: string;
    readonly paidAtMs: bigint;
    readonly claims: readonly { readonly fundFen: bigint; readonly submittedAtMs: bigint }[];
  };
  SecondCompensationGranted: { readonly county: string; readonly shares: readonly { readonly shareFen: bigint }[] };
  SchemePublished: Counted;
  PrefundRequested: Counted;
  PrefundReleased: Counted;
  PayableDue: Counted;
  PayableSetOff: Counted;
  PayableRecalled: Counted;
  RecallAnswered: Counted;
  PrefundReserved: Counted;
  PrefundRefused: { readonly homeCounty: string; readonly fundFen: bigint };
  PrefundChanged: {
    readonly county: string;
    readonly state: string;
    readonly proposedCallFen: bigint;
    readonly openCallFen: bigint;
    readonly version: bigint;
  };
  WindowChanged: Counted;
  WindowUnanswered: {
    readonly windowId: string;
    readonly county: string;
    readonly silence: string;
    readonly rows: number;
    readonly owedFen: bigint;
  };
  DisputeChanged: {
    readonly rowId: string;
    readonly debtor: string;
    readonly creditor: string;
    readonly owedFen: bigint;
    readonly state: string;
    readonly reason: string;
  };
  PaymentsPosted: Counted;
  PayableHeld: { readonly county: string; readonly amountFen: bigint };
  PaymentsSettled: Counted;
  PaymentsReturned: {
    readonly returnId: string;
    readonly county: string;
    readonly payables: readonly object[];
    readonly amountFen: bigint;
    readonly reason: string;
  };
  BatchChanged: Counted;
  BankMessageDoubted: {
    readonly messageHash: string;
    readonly messageId: string;
    readonly why: string;
    readonly from: string;
    readonly bank: string;
  };
  StatementBooked: Counted;
  BankCompared: {
    readonly day: string;
    readonly version: bigint;
    readonly isOpen: boolean;
    readonly differenceFen: bigint;
    readonly bank: string;
  };
  CountyChanged: { readonly county?: { readonly county: string } | undefined };
  InstitutionChanged: Counted;
  PairOrdered: Counted;
}

export type EventName = keyof HeardBodies;

/** One event as it comes to the fold. */
export type Heard = { readonly [N in EventName]: { readonly origin: Origin; readonly name: N; readonly body: HeardBodies[N] } }[EventName];
