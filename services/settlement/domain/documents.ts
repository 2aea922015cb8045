/**
 * What settlement remembers. Every sum is a bigint in fen. An entry never changes; all else follows from the entries and is kept beside them so that
 * a decision reads a few documents by key and never a history.
 */
import { type Doc, kind } from "../../values/decision.ts";
import { PROVINCE } from "../../values/region.ts";
import type { Fund, Purpose } from "./chart.ts";

/** One side of an entry in one account of one county's book; exactly one of the two amounts is above zero. */
export interface Line {
  readonly county: string;
  readonly account: string;
  readonly debitFen: bigint;
  readonly creditFen: bigint;
}

/** What one payable takes part in an entry of the bank's, in fen. */
export interface PaidPart {
  readonly payableId: string;
  readonly fen: bigint;
}

/** What an entry makes one county owe another: a row of a clearing window (清算明细). No diagnosis, no person: what the debtor needs to know its own claim by. */
export interface Obligation {
  /** The entry's id. */
  readonly rowId: string;
  readonly debtor: string;
  readonly creditor: string;
  readonly fen: bigint;
  readonly institutionId: string;
  /** Empty, and 0, for a correction: the claim's approval says them. */
  readonly dischargedOn: string;
  readonly totalFen: bigint;
}

/** One double entry (凭证). Its id is the business fact: `claim/<id>/decision/<n>`, `receipt/<county>/<reference>`, `settled/<settlement id>` … */
export interface Entry extends Doc {
  /** The place in the ledger's order, from 1 without holes. */
  readonly sequence: bigint;
  /** The day of the fact, YYYY-MM-DD. */
  readonly day: string;
  readonly atMs: number;
  readonly lines: readonly Line[];
  /** The claim, batch, window or receipt that it is about. */
  readonly about: string;
  /** For the bank's entries: which payables, and how much of each; and of which bank, where it is not the main one (`values/banks.ts`). */
  readonly payables?: readonly PaidPart[];
  readonly bank?: string;
  /** For promises and corrections across counties. */
  readonly obligation?: Obligation;
}

/** One account of one county's book. */
export interface Account extends Doc {
  readonly account: string;
  /** Debit less credit. */
  readonly balanceFen: bigint;
  /** How many entries touched it. */
  readonly entries: number;
}

/** What the entries of one day moved in one account: a balance of any evening is the present one less what came after. */
export interface DayTotal extends Doc {
  readonly account: string;
  /** The entries' day, YYYY-MM-DD. */
  readonly day: string;
  readonly debitFen: bigint;
  readonly creditFen: bigint;
  readonly entries: number;
}

/** BLOCKED_NEW: nothing is left, and only who was admitted before is settled elsewhere. */
export type PrefundState = "ACTIVE" | "YELLOW" | "RED" | "BLOCKED_NEW";

/** How much of a county's money may be owed to other counties before they are settled (周转金). */
export interface Prefund {
  readonly limitFen: bigint;
  /** Promised to stays that are not approved yet. */
  readonly reservedFen: bigint;
  /** Approved, in windows that are not settled yet. */
  readonly committedFen: bigint;
  /** Owed by others in such windows; left out where nothing is. */
  readonly incomingFen?: bigint;
  /** From what part of the limit in use the state is YELLOW and RED, in basis points; left out for 70 and 90 %. Set with the limit. */
  readonly yellowBp?: bigint;
  readonly redBp?: bigint;
  /** How often its state or limit was told; left out while it never was. */
  readonly version?: number;
}

/** A county's fund: what is at the bank, and what of it is spoken for. A county that has none is not known. */
export interface Book extends Doc {
  /** The version of the county that was heard last. */
  readonly countyVersion: bigint;
  /** Payables are held back rather than take the money at the bank below this (基金监管). */
  readonly floorFen: bigint;
  /** The balance of account 1003. */
  readonly bankFen: bigint;
  /** Payables in state DUE: with the payment centre, not yet paid. */
  readonly dueFen: bigint;
  readonly duePayables: number;
  /** Payables in state HELD. */
  readonly heldFen: bigint;
  readonly heldPayables: number;
  readonly prefund: Prefund;
  /** The last year that is closed; what comes later is booked after it. Left out while none is. */
  readonly closedThrough?: number;
  /** What institutions owe this book and the next payment to each is less by; left out where none owes anything. */
  readonly debts?: Readonly<Record<string, bigint>>;
}

/** HELD: the floor holds it back. DUE: told to payment. PAID: the bank has paid, or there was nothing to pay. CANCELLED: its claim was taken back before anything was sent. */
export type PayableState = "HELD" | "DUE" | "PAID" | "CANCELLED";

/** What one county's money owes to one payee: what a claim was promised, a household's share of a second compensation, or a transfer of a clearing window. */
export interface Payable extends Doc {
  readonly payableId: string;
  /** To be paid by the bank. */
  readonly amountFen: bigint;
  /** Promised besides, and set off against what the payee owed. Present once something was. */
  readonly setOffFen?: bigint;
  /** What of the promise is withheld until the institution is assessed. Present where a part is withheld of its fund's part. */
  readonly withheld?: Withheld;
  /** Called back from payment after its claim was taken back: not answered yet, or too late. */
  readonly recall?: "ASKED" | "LATE";
  /** An institution, a household, or a county's code for a transfer. */
  readonly payee: string;
  /** Empty for a transfer and for a share. */
  readonly claimId: string;
  readonly state: PayableState;
  /** The day it was told to payment; empty while it never was. */
  readonly dueOn: string;
  /** The entry of the bank's payment, while it is PAID. */
  readonly paidBy: string;
  /** What its claim's later adjustments sum to; they stand in the institution's current account. Present once there is one. */
  readonly adjustedFen?: bigint;
  /** Paid by the bank over and above the amount; stands in account 1101. */
  readonly surplusFen: bigint;
}

/** What is withheld of one claim's promise: always its rate's part of what the fund pays on it now. */
export interface Withheld {
  readonly purpose: Exclude<Purpose, "SECOND">;
  /** The rate of the day of the promise; a later one changes no promise. */
  readonly bp: bigint;
  /** The institution's round of assessment that it is part of. */
  readonly round: number;
  /** Of the promise at first. */
  readonly promisedFen: bigint;
  /** The fund's part now, with all corrections, and what is withheld of it. */
  readonly fundFen: bigint;
  readonly heldFen: bigint;
}

/** What a county withholds of its promises to one of its institutions (预留质量保证金), and which round of assessment is open. */
export interface Withholding extends Doc {
  readonly institutionId: string;
  readonly withheldBp: bigint;
  /** From 1; what is withheld now joins this one. */
  readonly round: number;
  /** YYYY-MM, of the last assessment; empty before the first. */
  readonly assessedPeriod: string;
}

/** How an institution was judged in a round (考核): what it gets of what was withheld. Sums are 0 until it is approved. */
export interface Assessment extends Doc {
  readonly institutionId: string;
  /** YYYY-MM: the month up to which it is. */
  readonly period: string;
  readonly state: "PROPOSED" | "APPROVED";
  readonly scoreBp: bigint;
  readonly reason: string;
  readonly proposedBy: string;
  /** Empty, as the day is, before it is approved. */
  readonly approvedBy: string;
  readonly approvedOn: string;
  readonly withheldFen: bigint;
  /** The institution's, with what is set off of it; and what went back to the fund. */
  readonly releasedFen: bigint;
  readonly setOffFen: bigint;
  readonly returnedFen: bigint;
}

/** REFUSED: the prefund did not suffice. COMMITTED: the claim was approved. RELEASED: it will not be. */
export type ReservationState = "RESERVED" | "REFUSED" | "COMMITTED" | "RELEASED";

/** A part of the home county's prefund kept for one stay elsewhere. */
export interface Reservation extends Doc {
  readonly claimId: string;
  readonly amountFen: bigint;
  readonly state: ReservationState;
}

export interface Pair {
  readonly fen: bigint;
  readonly obligations: number;
}

/** What a county owes (negative) or is owed (positive). */
export interface NetPosition {
  readonly county: string;
  readonly netFen: bigint;
}

export interface Transfer {
  readonly fromCounty: string;
  readonly toCounty: string;
  readonly amountFen: bigint;
  readonly settled: boolean;
}

/** OPEN: takes what is posted. CONFIRMING: cut; its debtors look at their rows. PAYING: netted; the transfers are with the payment centre. */
export type WindowState = "OPEN" | "CONFIRMING" | "PAYING" | "SETTLED";

/** What is done for a county that has not answered when the deadline has passed: its rows are taken as confirmed, or as disputed. */
export type Silence = "CONFIRM" | "DISPUTE";

/** A debtor's word on what was left to it of a window after its disputes. */
export interface Answer {
  readonly rows: number;
  readonly fen: bigint;
  /** Who said it; empty where nobody did and the rule of silence stands for it. */
  readonly by: string;
  readonly day: string;
}

/** A clearing window (清算期). Its pairs grow while it is open, shrink by disputes while it is confirmed; once netted, only `state`, the transfers' marks and `revision` change. */
export interface ClearingWindow extends Doc {
  readonly number: number;
  readonly state: WindowState;
  /** Covers the ledger's sequence numbers after `from`, up to and with `to`; `to` is 0 while it is open. */
  readonly fromSequence: bigint;
  readonly toSequence: bigint;
  /** `<debtor>/<creditor>` → what the debtor owes. At most 22 × 21 pairs. */
  readonly pairs: Readonly<Record<string, Pair>>;
  readonly positions: readonly NetPosition[];
  readonly transfers: readonly Transfer[];
  readonly hash: string;
  readonly revision: number;
  /** The days on which it was cut and netted, YYYY-MM-DD; the last on which a debtor may answer. Present from then on. */
  readonly closedOn?: string;
  readonly deadlineOn?: string;
  readonly nettedOn?: string;
  readonly silence?: Silence;
  /** By debtor. */
  readonly answers?: Readonly<Record<string, Answer>>;
  /** What each debtor has disputed out of it. */
  readonly disputed?: Readonly<Record<string, { readonly rows: number; readonly fen: bigint }>>;
}

/**
 * DISPUTED: by its debtor; it is in a later window than before. WITHDRAWN: taken back; it is where it was. OVERRULED: the province's centre has ruled that it is owed; it is disputed no more.
 * UPHELD: the centre has ruled that it is not; in no window, until its claim is reversed or corrected. CORRECTED: it was; in the same window as the correction.
 */
export type DisputeState = "DISPUTED" | "WITHDRAWN" | "OVERRULED" | "UPHELD" | "CORRECTED";

/** A row of a clearing window that its debtor has disputed, and where it stands. A row without one is in the window of its entry's sequence number. The county is the debtor. */
export interface Dispute extends Doc {
  /** The entry's id. */
  readonly rowId: string;
  readonly claimId: string;
  readonly creditor: string;
  readonly fen: bigint;
  readonly sequence: bigint;
  /** The window that it joined when it was posted. */
  readonly origin: number;
  /** The window that it is in now; 0 while it is in none. */
  readonly window: number;
  readonly state: DisputeState;
  /** Oldest first; at most as many as the settings allow. */
  readonly times: readonly { readonly window: number; readonly reason: string; readonly by: string; readonly day: string }[];
  /** What the province's centre said. */
  readonly ruling?: { readonly reason: string; readonly by: string; readonly day: string };
  readonly revision: number;
}

/** The rows of one claim that wait outside of every window for its reversal or correction. */
export interface Upheld extends Doc {
  readonly rowIds: readonly string[];
}

/** The ledger's newest sequence number, and the window that what follows joins. One document, so that the window is decided in the order of the ledger. */
export interface Ledger extends Doc {
  readonly sequence: bigint;
  readonly openWindow: number;
}

/** How a year's income of a county is shared by funds, as its newest scheme says. */
export interface Split extends Doc {
  readonly schemeVersion: number;
  readonly funds: readonly { readonly fund: Fund; readonly weight: bigint }[];
  /** Which institutions are paid by head; left out where none is. */
  readonly capitation?: readonly CapitationTerms[];
}

/** What a scheme pays an institution for a head and period, and what part of it is withheld until it is assessed. */
export interface CapitationTerms {
  readonly institutionId: string;
  readonly fenPerHead: bigint;
  readonly withheldBp: bigint;
}

/** What an institution is paid by head for a month (按人头付费). */
export interface Capitation extends Doc {
  readonly institutionId: string;
  /** YYYY-MM. */
  readonly period: string;
  readonly state: "PROPOSED" | "PAID";
  readonly heads: number;
  readonly fenPerHead: bigint;
  readonly withheldBp: bigint;
  /** heads × fenPerHead, with what is withheld and what was set off of it. */
  readonly amountFen: bigint;
  readonly withheldFen: bigint;
  readonly setOffFen: bigint;
  readonly proposedBy: string;
  /** Empty, as the day is, before it is approved. */
  readonly approvedBy: string;
  readonly approvedOn: string;
}

/** splits/<county>/<year> */
export const splits = kind<Split>("splits");
export const entries = kind<Entry>("entries", { immutable: true });
export const accounts = kind<Account>("accounts");
/** totals/<county>/<account>/<day>; an account of many parts keeps its slashes. */
export const totals = kind<DayTotal>("totals");
export const books = kind<Book>("books");
export const payables = kind<Payable>("payables");
export const reservations = kind<Reservation>("reservations");
export const windows = kind<ClearingWindow>("windows");
export const sequences = kind<Ledger>("sequences");
/** disputes/<row id> */
export const disputes = kind<Dispute>("disputes");
/** upheld/<claim id> */
export const upheld = kind<Upheld>("upheld");

/** withholdings/<institution> */
export const withholdings = kind<Withholding>("withholdings");
/** capitations/<institution>/<period> */
export const capitations = kind<Capitation>("capitations");
/** assessments/<institution>/<round> */
export const assessments = kind<Assessment>("assessments");

export const LEDGER = sequences.key("ledger");
/** The ledger before its first entry. */
export const EMPTY_LEDGER: Ledger = { county: PROVINCE, sequence: 0n, openWindow: 1 };
