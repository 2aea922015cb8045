/** What payment remembers. Amounts in fen, days YYYY-MM-DD in Asia/Shanghai. An order carries one county's money to one payee. What is a bank's says which (`bank`), or is the main one's. */
import type { BankAccount } from "../../values/account.ts";
import { bankPart } from "../../values/banks.ts";
import { type Doc, type Key, kind } from "../../values/decision.ts";

export type Schedule = "IMMEDIATE" | "DAILY" | "WEEKLY" | "MONTHLY";
export type BatchState = "PROPOSED" | "APPROVED" | "SENDING" | "UNKNOWN" | "ACCEPTED" | "DONE";
export type OrderState = "OPEN" | "SETTLED" | "REJECTED" | "RETURNED" | "REPLACED" | "WITHDRAWN" | "DECLINED";
export type BreakKind =
  | "MISSING_AT_BANK"
  | "MISSING_HERE"
  | "AMOUNT"
  | "DUPLICATE"
  | "STATEMENT_SUM"
  | "BALANCE_GAP"
  | "RETURN_UNMATCHED"
  | "BATCH_SUM"
  | "LEDGER_BALANCE";

/** What waits for a maker: declined by the checker, rejected by the bank, or come back. */
export const TO_REISSUE: readonly OrderState[] = ["DECLINED", "REJECTED", "RETURNED"];

/** A payable that settlement told; its county is the one whose money pays. */
export interface Due extends Doc {
  readonly payableId: string;
  readonly amountFen: bigint;
  readonly payeeId: string;
  /** Empty for a transfer between counties. */
  readonly claimId: string;
  readonly dueOn: string;
  readonly dueAtMs: number;
  readonly schedule: Schedule;
  /** NO_ACCOUNT: the household that is to be paid has not named its account yet. ON_CHECK: the bank has disproved the account. WITHDRAWN: called back before anything was sent. */
  readonly state: "NO_ACCOUNT" | "ON_CHECK" | "WAITING" | "ORDERED" | "WITHDRAWN";
  readonly orderId: string;
  /** How often it has been put on the check list; absent: never. */
  readonly checks?: number;
}

/** Projection of administration's institutions and counties, and of households as far as enrollment has told their accounts or something is due to them. */
export interface Payee extends Doc {
  readonly payeeId: string;
  readonly account: BankAccount;
  readonly schedule: Schedule;
  /** 0: nothing told yet. */
  readonly stateVersion: bigint;
  /** Dues that wait for a household's account; present while there are some. */
  readonly waiting?: readonly string[];
}

export interface OrderedPayable {
  readonly payableId: string;
  readonly claimId: string;
  readonly amountFen: bigint;
}

export interface Order extends Doc {
  readonly bank?: string;
  readonly orderId: string;
  readonly batchId: string;
  readonly payeeId: string;
  readonly account: BankAccount;
  readonly amountFen: bigint;
  /** 1, and one more each time that it replaces another. */
  readonly attempt: number;
  readonly endToEndId: string;
  readonly state: OrderState;
  /** The bank's code, or the checker's name and words. */
  readonly reason: string;
  readonly payables: readonly OrderedPayable[];
  readonly replaces: string;
  readonly replacedBy: string;
  /** The bank's booking day of the debit, empty before it. */
  readonly settledOn: string;
  /** The day on which the money came back, empty before it. */
  readonly returnedOn: string;
  /** What the bank said against what it had said before; empty where it never did. A person decides then. */
  readonly contradiction: string;
}

export interface Batch extends Doc {
  readonly bank?: string;
  /** Also the MsgId and the PmtInfId at the bank. */
  readonly batchId: string;
  readonly serial: number;
  readonly state: BatchState;
  readonly maker: string;
  /** Whose approval let it go; empty before. */
  readonly checker: string;
  /** Who has approved it while another must as well. Left out where nobody has. */
  readonly approvals?: readonly string[];
  readonly orderIds: readonly string[];
  /** Orders without an outcome. */
  readonly open: number;
  readonly amountFen: bigint;
  readonly contentHash: string;
  readonly attempts: number;
  /** The lease's epoch of the last attempt. */
  readonly attemptEpoch: number;
  /** Hash of the bank's last status report, so that an unchanged one is not entered again and again. */
  readonly answerHash: string;
  /** PaymentsSettled told so far. */
  readonly settlements: number;
  readonly createdOn: string;
  /** The day whose statement books it as one entry that its orders do not sum to (BATCH_SUM); fetched again once one of them has another end. Left out where there is none. */
  readonly unlikeOn?: string;
  /** Counts its changes of state; goes out with BatchChanged. */
  readonly revision: number;
}

/** The exact bytes for the bank, apart from the batch so that worklists stay light. */
export interface PaymentFile extends Doc {
  readonly batchId: string;
  /** Its exact text, in the bank's own form. */
  readonly content: string;
}

/** ASKED: told to the bank until it answers. PENDING: it has, and decides later. */
export type CancellationState = "ASKED" | "PENDING" | "GRANTED" | "REFUSED";

/** One order that the bank was asked to cancel. */
export interface Cancellation extends Doc {
  readonly bank?: string;
  readonly caseId: string;
  readonly orderId: string;
  readonly endToEndId: string;
  readonly state: CancellationState;
  readonly reason: string;
  readonly by: string;
  readonly askedOn: string;
  /** The bank's code; empty where it gave none. */
  readonly answer: string;
  /** The exact text for the bank. */
  readonly content: string;
}

export interface Counter extends Doc {
  readonly next: number;
}

/** The sentence of a break says what a person should look at. */
export interface Break {
  readonly kind: BreakKind;
  /** The batch's id where it is of a batch; empty where it is of the statement, or the bank names none. */
  readonly endToEndId: string;
  /** The order that it looks like by amount, account and day; left out where there is none. Nothing is done with it by itself. */
  readonly looksLike?: string;
  readonly oursFen: bigint;
  readonly banksFen: bigint;
  readonly zh: string;
  readonly en: string;
}

export interface Statement extends Doc {
  readonly bank?: string;
  readonly day: string;
  readonly state: "WANTED" | "BOOKED";
  /** How often it was asked for. */
  readonly wanted: number;
  /** The bank's MsgId; empty while none is booked. */
  readonly messageId: string;
  readonly entries: number;
  readonly debitsFen: bigint;
  readonly creditsFen: bigint;
  readonly openingFen: bigint;
  readonly closingFen: bigint;
  readonly breaks: readonly Break[];
  /** Of its entries, what is orders' of the day; of orders of the day, what it lacks. Left out while none is booked. */
  readonly sums?: StatementSums;
  /** How often it was told. */
  readonly told?: number;
  /** As settlement last compared it with the ledger. */
  readonly ledger?: LedgerBeside;
}

export interface StatementSums {
  readonly ordersFen: bigint;
  readonly returnsFen: bigint;
  readonly missingDebitsFen: bigint;
  readonly missingReturnsFen: bigint;
}

/** The counties' bank accounts beside a statement, as settlement tells it. */
export interface LedgerBeside {
  readonly version: bigint;
  readonly isOpen: boolean;
  readonly bankFen: bigint;
  readonly expectedFen: bigint;
  readonly differenceFen: bigint;
  readonly standingFen: bigint;
  readonly pendingFen: bigint;
  readonly baselineFen: bigint;
  readonly paidFen: bigint;
  readonly returnedFen: bigint;
  readonly transfersFen: bigint;
  readonly receiptsFen: bigint;
  readonly accountsFen: bigint;
}

/** What a message said that was not applied. */
export interface Unapplied {
  /** A batch's id where the message booked it as one. */
  readonly endToEndId: string;
  readonly why: "UNKNOWN" | "AMOUNT" | "CONTRADICTION" | "NEVER_SENT";
}

/** A message from the bank, by its own MsgId. */
export interface BankMessage extends Doc {
  readonly bank?: string;
  readonly messageKind: string;
  readonly hash: string;
  readonly entries: number;
  readonly unapplied: readonly Unapplied[];
}

/**
 * UNSIGNED, UNKNOWN_KEY, EXPIRED_KEY, FORGED: what the signature says. STALE: signed too long ago, or in the future, and never seen before.
 * ALTERED: its id has come before with other content.
 */
export type Distrust = "UNSIGNED" | "UNKNOWN_KEY" | "EXPIRED_KEY" | "FORGED" | "STALE" | "ALTERED";

/** A message as it came. */
export interface Original {
  /** Its id as the sender gave it; empty where none could be read. */
  readonly messageId: string;
  /** SHA-256 of the bytes, hex. */
  readonly hash: string;
  /** The caller, the folder's file, or the question that it answers. */
  readonly from: string;
  readonly bytes: number;
  /** The first MAX_KEPT bytes, base64. */
  readonly head: string;
}

/** A message that was not believed to be the bank's, as it came (`doubt.ts`). */
export interface Doubted extends Doc, Original {
  readonly bank?: string;
  readonly why: Distrust;
  readonly firstAtMs: number;
  readonly times: number;
}

/** The bank's own reference (AcctSvcrRef) of an order, as a notification named both. */
export interface Reference extends Doc {
  readonly bank?: string;
  readonly orderId: string;
  readonly endToEndId: string;
}

/** An account that orders were made to, and what is known of it. PROVEN: the bank has paid to it under this name. DISPROVED: it said that it is not right. CONFIRMED: a person made sure. */
export interface KnownAccount extends Doc {
  readonly bank?: string;
  readonly account: BankAccount;
  readonly state: "PROVEN" | "DISPROVED" | "CONFIRMED";
  /** The bank's code, or the person's words. */
  readonly reason: string;
  /** The order's EndToEndId, or the person. */
  readonly by: string;
  readonly on: string;
  /** How often this has been written. */
  readonly changes: number;
}

/** What one checker has approved on a day. */
export interface Approved extends Doc {
  readonly checker: string;
  readonly day: string;
  readonly amountFen: bigint;
}

export const dues = kind<Due>("dues");
export const payees = kind<Payee>("payees");
export const orders = kind<Order>("orders");
export const batches = kind<Batch>("batches");
export const files = kind<PaymentFile>("files", { immutable: true });
export const counters = kind<Counter>("counters");
/** statements/<day>, of another bank than the main one `<bank>|<day>`, and so in all that follow (`bankPart`). */
export const statements = kind<Statement>("statements");
export const messages = kind<BankMessage>("messages");
/** knownaccounts/<bank code>/<account number>, as one bank of ours knows it */
export const knownAccounts = kind<KnownAccount>("knownaccounts");
/** approvedby/<checker>/<day> */
export const approvedBy = kind<Approved>("approvedby");
/** cancellations/C<EndToEndId> */
export const cancellations = kind<Cancellation>("cancellations");
/** doubted/<hash>/<why> */
export const doubted = kind<Doubted>("doubted");
/** references/<AcctSvcrRef> */
export const references = kind<Reference>("references");

/** A bank's statement of a day. */
export function statementKey(bank: string, day: string): Key<Statement> {
  return statements.key(bankPart(bank, day));
}
