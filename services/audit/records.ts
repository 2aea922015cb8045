/**
 * What the audit reads of every service: narrow views of their stored documents, as streams in a named order. No service is imported: an audit that
 * used their code would share their mistakes. `store.ts` gives these from MongoDB, the tests from arrays.
 */

interface Stored {
  readonly _id: string;
}

export interface CountyView extends Stored {}

export interface ClaimView extends Stored {
  readonly county: string;
  readonly treatingCounty: string;
  readonly state: string;
  readonly decision: number;
  readonly year: number;
  readonly reason: string;
  readonly submittedAtMs: number;
  readonly decidedAtMs: number;
  readonly paidAtMs: number;
  readonly waitingSinceMs?: number;
  readonly returned?: readonly string[];
  readonly bill: {
    readonly institutionId: string;
    readonly personId: string;
    readonly newborn: number;
    readonly dischargedOn: string;
    readonly totalFen: bigint;
  };
  readonly benefit: {
    readonly schemeId: string;
    readonly totalFen: bigint;
    readonly subsidyFen: bigint;
    readonly fundFen: bigint;
    readonly accountFen: bigint;
    readonly assistanceFen: bigint;
    readonly catastrophicFen: bigint;
    readonly hospitalFen: bigint;
    readonly patientFen: bigint;
  };
  readonly drawn: DrawnView;
  /** Handed in on paper: its home county pays its household. */
  readonly paper?: {
    readonly submittedBy: string;
    readonly confirmation?: { readonly confirmed: boolean; readonly code: string; readonly enteredBy: string };
  };
  /** What its household got as second compensation. */
  readonly sharedFen?: bigint;
  /** What corrections have made of it since. */
  readonly corrected?: { readonly fen: bigint; readonly drawn: DrawnView };
}

export interface DrawnView {
  readonly caps: readonly { readonly code: string; readonly holder: string }[];
  readonly stay: boolean;
  readonly borneFen: bigint;
  readonly accountFen: bigint;
}

/** A kind of event that claims told in an entry, and a claim that the entry is about. */
export interface ClaimEventView {
  readonly claimId: string;
  readonly name: string;
}

/** A page of a county's second compensation. `_id` is county/year/plan/page. */
export interface SharePageView extends Stored {
  readonly county: string;
  readonly granted: boolean;
  readonly shares: readonly { readonly claimId: string; readonly personId: string; readonly shareFen: bigint }[];
}

/** `_id` is county/year. */
export interface SecondView extends Stored {
  readonly county: string;
  readonly state: string;
  readonly plan: number;
  readonly potFen: bigint;
  readonly sharedFen: bigint;
  readonly grantedFen: bigint;
}

/** One share of a page that was granted. */
export interface GrantedView {
  /** second/county/year/claim */
  readonly payableId: string;
  readonly claimId: string;
  readonly personId: string;
  readonly county: string;
  readonly fen: bigint;
}

/** What a household's account has paid. */
export interface HouseholdView extends Stored {
  readonly heads: Readonly<Record<string, number>>;
  readonly takenFen: bigint;
}

export interface YearView extends Stored {
  /** A person, a newborn under its mother, or a household. */
  readonly holder: string;
  readonly year: number;
  readonly usedFen: Readonly<Record<string, bigint>>;
  readonly compensatedStays: number;
  readonly borneFen: bigint;
}

export interface SchemeView extends Stored {
  readonly scheme: {
    readonly county: string;
    readonly year: number;
    readonly caps: readonly { readonly code: string; readonly fen: bigint }[];
    readonly funds: readonly { readonly fund: string; readonly shareBp?: number; readonly fenPerHead?: bigint }[];
    readonly financing: readonly { readonly fenPerHead: bigint; readonly categories: readonly string[] }[];
  };
}

interface BillTotalsView {
  readonly bills: number;
  readonly totalFen: bigint;
  readonly fundFen: bigint;
}

/** An institution's day as it was compared last. `_id` is institution/day. */
export interface BillReportView extends Stored {
  readonly institutionId: string;
  readonly day: string;
  readonly revision: number;
  readonly hospital?: BillTotalsView;
  readonly pages: number;
  readonly compared: {
    readonly state: string;
    readonly claims: BillTotalsView;
    readonly breaks: readonly { readonly kind: string; readonly zh: string; readonly en: string }[];
    readonly breaksLeft: number;
  };
  readonly comparedAtMs: number;
  readonly openSinceMs?: number;
}

/** A statement beside the ledger, as settlement compared them. `_id` is the day, with its bank where it is not the main one (`values/banks.ts`). */
export interface BankDayView extends Stored {
  readonly bank?: string;
  readonly day: string;
  readonly heardAtMs: number;
  readonly openSinceMs?: number;
  readonly statement: {
    readonly openingFen: bigint;
    readonly closingFen: bigint;
    readonly otherDebitsFen: bigint;
    readonly otherCreditsFen: bigint;
    readonly missingDebitsFen: bigint;
    readonly missingReturnsFen: bigint;
  };
  readonly found?: {
    readonly ledger: { readonly paidFen: bigint; readonly returnedFen: bigint; readonly receiptsFen: bigint };
    readonly differenceFen: bigint;
    readonly standingFen: bigint;
    readonly pendingFen: bigint;
    readonly isOpen: boolean;
  };
}

export interface LineView {
  readonly county: string;
  readonly account: string;
  readonly debitFen: bigint;
  readonly creditFen: bigint;
}

export interface EntryView extends Stored {
  readonly sequence: bigint;
  readonly day: string;
  readonly lines: readonly LineView[];
  /** What a debtor is shown of it. */
  readonly obligation?: { readonly rowId: string; readonly debtor: string; readonly creditor: string; readonly fen: bigint };
  readonly payables?: readonly { readonly payableId: string; readonly fen: bigint }[];
  readonly bank?: string;
}

export interface AccountView extends Stored {
  readonly county: string;
  readonly account: string;
  readonly balanceFen: bigint;
  readonly entries: number;
}

/** `_id` is county/account/day. */
export interface DayTotalView extends Stored {
  readonly debitFen: bigint;
  readonly creditFen: bigint;
}

/** What all lines of one account's day sum to. */
export interface DayMoveView {
  /** county/account/day */
  readonly key: string;
  readonly debitFen: bigint;
  readonly creditFen: bigint;
}

export interface BookView extends Stored {
  readonly county: string;
  readonly countyVersion: bigint;
  readonly floorFen: bigint;
  readonly bankFen: bigint;
  readonly dueFen: bigint;
  readonly duePayables: number;
  readonly heldFen: bigint;
  readonly heldPayables: number;
  readonly prefund: { readonly reservedFen: bigint; readonly committedFen: bigint; readonly incomingFen?: bigint };
  /** The last year that is closed. */
  readonly closedThrough?: number;
  /** What institutions owe it. */
  readonly debts?: Readonly<Record<string, bigint>>;
}

export interface PayableView extends Stored {
  readonly county: string;
  readonly amountFen: bigint;
  readonly payee: string;
  readonly claimId: string;
  readonly state: string;
  readonly dueOn: string;
  readonly surplusFen: bigint;
  readonly setOffFen?: bigint;
  readonly recall?: string;
  readonly adjustedFen?: bigint;
  readonly withheld?: {
    readonly purpose: string;
    readonly bp: bigint;
    readonly round: number;
    readonly promisedFen: bigint;
    readonly fundFen: bigint;
    readonly heldFen: bigint;
  };
}

/** An institution's open round of assessment; `_id` is the institution. */
export interface WithholdingView extends Stored {
  readonly county: string;
  readonly round: number;
}

/** How an institution was judged; `_id` is the institution and the round. */
export interface AssessmentView extends Stored {
  readonly county: string;
  readonly institutionId: string;
  readonly period: string;
  readonly state: string;
  readonly proposedBy: string;
  readonly approvedBy: string;
  readonly withheldFen: bigint;
  readonly releasedFen: bigint;
  readonly setOffFen: bigint;
  readonly returnedFen: bigint;
}

/** What an institution is paid by head; `_id` is the institution and the period. */
export interface CapitationView extends Stored {
  readonly county: string;
  readonly institutionId: string;
  readonly state: string;
  readonly heads: number;
  readonly fenPerHead: bigint;
  readonly amountFen: bigint;
  readonly proposedBy: string;
  readonly approvedBy: string;
}

export interface ReservationView extends Stored {
  readonly county: string;
  readonly amountFen: bigint;
  readonly state: string;
}

export interface WindowView extends Stored {
  readonly number: number;
  readonly state: string;
  readonly fromSequence: bigint;
  readonly toSequence: bigint;
  readonly pairs: Readonly<Record<string, { readonly fen: bigint; readonly obligations: number }>>;
  readonly positions: readonly { readonly county: string; readonly netFen: bigint }[];
  readonly transfers: readonly {
    readonly fromCounty: string;
    readonly toCounty: string;
    readonly amountFen: bigint;
    readonly settled: boolean;
  }[];
  readonly hash: string;
  readonly answers?: Readonly<Record<string, { readonly rows: number; readonly fen: bigint }>>;
}

/** A row that its debtor has disputed; `_id` is its entry. */
export interface DisputeView extends Stored {
  readonly county: string;
  readonly creditor: string;
  readonly claimId: string;
  readonly fen: bigint;
  readonly sequence: bigint;
  readonly origin: number;
  /** 0 while it is in none. */
  readonly window: number;
  readonly state: string;
}

/** The rows of one claim that wait outside of every window; `_id` is the claim. */
export interface UpheldView extends Stored {
  readonly rowIds: readonly string[];
}

export interface LedgerView extends Stored {
  readonly sequence: bigint;
  readonly openWindow: number;
}

export interface DueView extends Stored {
  readonly county: string;
  readonly amountFen: bigint;
  readonly payeeId: string;
  readonly claimId: string;
  readonly state: string;
  readonly orderId: string;
}

export interface OrderView extends Stored {
  readonly bank?: string;
  readonly county: string;
  readonly payeeId: string;
  readonly amountFen: bigint;
  readonly state: string;
  readonly replaces: string;
  readonly replacedBy: string;
  readonly settledOn: string;
  readonly payables: readonly { readonly payableId: string; readonly amountFen: bigint }[];
}

/** One payable of one order. */
export interface OrderPartView {
  readonly payableId: string;
  readonly partFen: bigint;
  readonly order: Pick<OrderView, "_id" | "county" | "payeeId" | "state" | "replaces" | "replacedBy" | "settledOn">;
}

export interface StatementView extends Stored {
  readonly bank?: string;
  readonly day: string;
  readonly state: string;
  readonly debitsFen: bigint;
  readonly creditsFen: bigint;
  readonly openingFen: bigint;
  readonly closingFen: bigint;
  readonly breaks: readonly { readonly kind: string; readonly zh: string; readonly en: string }[];
  /** Of its entries, what is orders' of the day; of orders of the day, what it lacks. */
  readonly sums?: { readonly ordersFen: bigint; readonly missingDebitsFen: bigint };
}

export interface JournalView extends Stored {
  readonly twin: string;
  readonly number: number;
  readonly atMs: number;
  readonly caller: string;
  readonly method: string;
  readonly hash: string;
  readonly outcome: "done" | "refused";
  readonly reply: Uint8Array;
  readonly events: readonly { readonly number: number; readonly name: string; readonly county: string; readonly bytes: Uint8Array }[];
  readonly about?: readonly string[];
  readonly trace: string;
  readonly previous: string;
  readonly chain: string;
}

export interface HeadView extends Stored {
  readonly number: number;
  readonly chain: string;
  readonly event: number;
  readonly published: number;
}

export interface ParkedView extends Stored {
  readonly atMs: number;
}

export interface SeenView extends Stored {
  readonly reached: number;
  readonly early: readonly { readonly from: number; readonly to: number }[];
}

export interface ParkedCountView extends Stored {
  readonly parked: number;
}

interface CoverView {
  readonly personId: string;
  readonly fromDay: string;
  readonly toDay: string;
  readonly category: string;
  readonly free?: true;
  readonly moved?: true;
}

interface MemberView {
  readonly memberNo: string;
  readonly head: boolean;
  readonly left?: { readonly lastDay: string };
}

/** A household as enrollment has it; no names. */
export interface EnrolledView extends Stored {
  readonly county: string;
  readonly township: string;
  readonly village: string;
  readonly members: readonly MemberView[];
  readonly former: readonly MemberView[];
  readonly covers: readonly CoverView[];
  readonly places?: readonly { readonly untilYear: number; readonly township: string; readonly village: string }[];
  readonly tallied?: true;
}

/** One member's covers in one household. */
export interface PersonCoversView {
  readonly identityNumber: string;
  readonly personId: string;
  readonly covers: readonly CoverView[];
}

/** `_id` is the identity number. */
export interface IdentityView extends Stored {
  readonly toDay: string;
  readonly diedOn?: string;
}

/** How many of a village are enrolled for a year. */
export interface TallyView extends Stored {
  readonly county: string;
  readonly year: number;
  readonly township: string;
  readonly village: string;
  readonly households: number;
  readonly heads: number;
  readonly paying: number;
  readonly assisted: number;
}

/** What a campaign brought in, from households or from another source. */
export interface ContributionView {
  /** The ledger entry's id. */
  readonly receiptId: string;
  readonly receivedOn: string;
  readonly fen: bigint;
}

/** How many documents of one kind belong to one county; `county` is empty where a document has none. */
export interface PlacementView {
  readonly service: string;
  readonly kind: string;
  readonly county: string;
  readonly documents: number;
}

export interface Records {
  /** The services that have a database, by name. */
  services(): Promise<readonly string[]>;
  counties(): AsyncIterable<CountyView>;

  /** By `_id`. */
  claims(): AsyncIterable<ClaimView>;
  /** By person. */
  claimsByPerson(): AsyncIterable<ClaimView>;
  /** By institution and the bill's day. */
  claimsByBillDay(): AsyncIterable<ClaimView>;
  /** By institution and day. */
  billReports(): AsyncIterable<BillReportView>;
  /** By claim. */
  claimEvents(names: readonly string[]): AsyncIterable<ClaimEventView>;
  /** By holder. */
  years(): AsyncIterable<YearView>;
  /** By `_id`. */
  households(): AsyncIterable<HouseholdView>;
  schemes(): AsyncIterable<SchemeView>;

  /** Enrollment's households, by `_id`. */
  enrolled(): AsyncIterable<EnrolledView>;
  /** By identity number. */
  personCovers(): AsyncIterable<PersonCoversView>;
  /** By `_id`. */
  identities(): AsyncIterable<IdentityView>;
  tallies(): AsyncIterable<TallyView>;
  /** By receipt. */
  contributions(): AsyncIterable<ContributionView>;
  seconds(): AsyncIterable<SecondView>;
  sharePages(): AsyncIterable<SharePageView>;
  /** By claim, or by payable. */
  granted(by: "claimId" | "payableId"): AsyncIterable<GrantedView>;

  /** By sequence. */
  entries(): AsyncIterable<EntryView>;
  /** The bank's payments and what it sent back. */
  bankEntries(): AsyncIterable<EntryView>;
  /** Of contributions and receipts, by `_id`. */
  receiptEntries(): AsyncIterable<EntryView>;
  accounts(): AsyncIterable<AccountView>;
  /** By `_id`. */
  totals(): AsyncIterable<DayTotalView>;
  /** By key. */
  dayMoves(): AsyncIterable<DayMoveView>;
  books(): AsyncIterable<BookView>;
  ledger(): Promise<LedgerView | undefined>;
  /** By `_id`. */
  payables(): AsyncIterable<PayableView>;
  /** Those of claims, by claim. */
  payablesByClaim(): AsyncIterable<PayableView>;
  /** Households' shares of second compensations, by `_id`. */
  sharePayables(): AsyncIterable<PayableView>;
  withholdings(): AsyncIterable<WithholdingView>;
  assessments(): AsyncIterable<AssessmentView>;
  capitations(): AsyncIterable<CapitationView>;
  reservations(): AsyncIterable<ReservationView>;
  /** By number. */
  windows(): AsyncIterable<WindowView>;
  /** By sequence. */
  disputes(): AsyncIterable<DisputeView>;
  upheld(): AsyncIterable<UpheldView>;

  /** By `_id`. */
  dues(): AsyncIterable<DueView>;
  orders(): AsyncIterable<OrderView>;
  /** By payable. */
  orderParts(): AsyncIterable<OrderPartView>;
  /** By day. */
  statements(): AsyncIterable<StatementView>;
  /** By day. */
  bankDays(): AsyncIterable<BankDayView>;

  heads(service: string): AsyncIterable<HeadView>;
  /** By number. */
  journal(service: string, twin: string): AsyncIterable<JournalView>;
  /** Those that nobody has resolved. */
  parked(service: string): AsyncIterable<ParkedView>;

  /** Keyed `<service>.<twin>`. */
  seens(): AsyncIterable<SeenView>;
  /** Keyed by service. */
  parkedCounts(): AsyncIterable<ParkedCountView>;

  placements(): AsyncIterable<PlacementView>;
}

/** Whether what lags between services may still be on its way. */
export interface Flight {
  readonly nowMs: number;
  /** Nothing is on its way any more: every service must agree with every other. */
  readonly settled: boolean;
  /** How long an event may take from one service to the next. */
  readonly graceMs: number;
}

/** True where something of that time should have arrived by now. */
export function isLate(flight: Flight, atMs: number): boolean {
  return flight.settled || flight.nowMs - atMs > flight.graceMs;
}
